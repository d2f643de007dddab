-- Which actions go out with a question, and what happens with the one that the model chose.
-- What comes from a model is data: an action runs only if it was offered, fits its schema, and can still be done.

local log, json, util, events, actions, roles, reply = ...

local offers = {}

local SCHEMA_DEPTH_MAX = 12 -- of tables: a list of objects with lists in them has nine, and the engine writes 16

local outcome_listeners = {}

-- fn(npc, player_name, message): an action was run, and has words for the player it was for.
function offers.on_outcome(fn)
	table.insert(outcome_listeners, fn)
end

-- An action's schema as the world is now, or nil where it cannot be done.
local function params_now(npc, action, opts)
	if type(action.params) ~= "function" then return action.params end
	local ok, params = pcall(action.params, npc, opts.player, opts)
	if ok then return params or nil end
	log("error", ("params of action %s failed: %s"):format(action.name, tostring(params)))
	return nil
end

-- May this NPC ever choose the action?
function offers.knows(npc, name)
	local role, action = roles.by_name[npc.role], actions.by_name[name]
	return util.contains(role and role.actions, name) or util.contains(npc.actions, name)
		or util.contains(action and action.roles, npc.role)
end

-- name → {params, description}, of the actions this NPC may choose and can do now; only those in `wanted` if it is a list.
function offers.of(npc, opts)
	local wanted, found = opts.actions, {}
	for name, action in pairs(actions.by_name) do
		if offers.knows(npc, name) and (type(wanted) ~= "table" or util.contains(wanted, name)) then
			local params = params_now(npc, action, opts)
			if params then found[name] = {params = params, description = action.description} end
		end
	end
	return found
end

-- The same as the daemon takes them: a list, or nil where there are none.
function offers.as_list(offered)
	local list = util.sorted_keys(offered) -- the same order each time: it stands in the prompt
	for i, name in ipairs(list) do
		local action = offered[name]
		list[i] = {name = name, description = action.description, params = json.plain(action.params, 1, SCHEMA_DEPTH_MAX)}
	end
	return list[1] and list or nil
end

-- What another mod's function makes of the player's words; nil where it fails.
local function asked(action, which, npc, opts)
	if not action[which] then return nil end
	local ok, found, lang = pcall(action[which], npc, opts.player, opts)
	if ok then return found, lang end
	log("error", ("%s of action %s failed: %s"):format(which, action.name, tostring(found)))
end

-- The action {name, params, lang} that the player's words alone ask for, of those on offer; nil where there is none. lang: they
-- are an order as a whole, in this language, which can be done at once.
function offers.meant(npc, opts, offered)
	if not opts.utterance then return nil end
	for _, name in ipairs(util.sorted_keys(offered)) do
		local params, lang = asked(actions.by_name[name], "meant", npc, opts)
		if params and not reply.check_params(offered[name].params, params) then
			return {name = name, params = params, lang = lang}
		end
	end
end

-- Flat parameters alone: those of an order.
local function same(params, others)
	for name, value in pairs(params) do
		if others[name] ~= value then return false end
	end
	for name in pairs(others) do
		if params[name] == nil then return false end
	end
	return true
end

-- What the player's words alone ask for is done, whatever the model chose; what they have nothing to do with is not. A model
-- whose own data matched words and deed is believed: it has understood more than rules do. Not so where the words are an order as
-- a whole, or a question that the game itself answers. meant: as of offers.meant, when the question went out.
function offers.heed(npc, answer, opts, meant, is_told)
	if answer.code == "filtered" or not opts.utterance then return end
	local chosen = answer.action and actions.by_name[answer.action.name]
	local is_same = meant and chosen and chosen.name == meant.name
	if meant and meant.lang then
		local is_matched = answer.matched and is_same and same(answer.action.params, meant.params)
		answer.action, answer.matched = meant, is_matched or nil
	elseif answer.matched and not is_told then
		return
	elseif meant then
		answer.action = is_same and answer.action or meant
	elseif chosen and asked(chosen, "fits", npc, opts) == false then
		answer.action, answer.action_error = nil, ("action %s: not asked for"):format(chosen.name)
	end
end

-- Why an action comes too late, or nil: the player has left, or the NPC sleeps with its mapblock.
local function too_late(npc, player, was_in_world)
	if was_in_world and not core.get_player_by_name(player) then return "the player has left" end
	return not npc:is_present() and "the NPC is asleep" or nil
end

-- Why the action cannot be done any more, or nil. Its schema is made again, for the world may have changed since the question.
local function not_possible(npc, name, params, opts)
	local schema = params_now(npc, actions.by_name[name], opts)
	if not schema then return "not possible any more" end
	local problem = reply.check_params(schema, params)
	return problem and "not possible any more: " .. problem
end

-- Run the action of a reply; answer.action gets `ok` and `message`. was_in_world: the player was there when it was asked.
function offers.run(npc, answer, opts, was_in_world)
	local name, params, player = answer.action.name, answer.action.params, opts.player
	local message = too_late(npc, player, was_in_world) or not_possible(npc, name, params, opts)
	local ok, done, why = true, false, message and "impossible"
	if not message then
		ok, done, message, why = pcall(actions.by_name[name].run, npc, player, params)
		if ok and message then
			for _, fn in ipairs(outcome_listeners) do fn(npc, player, message) end
		end
	end
	if not ok then
		log("error", ("action %s of %s failed: %s"):format(name, npc.id, tostring(done)))
		done, message = false, "failed"
	end
	answer.action.ok, answer.action.message, answer.action.why = done and true or false, message, why or nil
	events.emit("action", npc, player, name, params, answer.action.ok, message)
end

return offers
