-- The actions `follow`, `stay`, `go_to` and `flee`: where a player sends an NPC.
-- A plain order is done whatever the model makes of it (order_words.lua); who asks for the way is told it, not left standing.
-- Targets and places are those that exist when the question goes out; they are looked up again when the action runs.
-- A failure on the way is told to the player, said by the NPC, and remembered.

local S, geometry, actions, npcs, nearby, memory, history, movement, orders, speech, questions, order_words, goals = ...

local LINGER_S = 60 -- it waits where it was sent to, then goes its own ways
local AT_PLACE = 2 -- nodes

local function one_of(parameter, names)
	if #names == 0 then return nil end
	return {type = "object", properties = {[parameter] = {type = "string", enum = names}}, required = {parameter}}
end

local NOTHING = {}
local read_by = setmetatable({}, {__mode = "k"}) -- a question's opts → what its words order, read once for all actions

local function read(npc, player_name, opts)
	local pos = npc:get_pos()
	if not pos or type(opts.utterance) ~= "string" then return NOTHING end
	local names = goals.all(npc, player_name, pos, goals.named_in(opts))
	for _, name in ipairs((goals.people(npc, player_name, pos, goals.named_in(opts)))) do names[#names + 1] = name end
	return order_words.read(opts.utterance, npc.name, names) or NOTHING
end

-- What the words alone order, of all that it may follow and go to: as order_words.read returns it, without a kind where nothing.
local function ordered(npc, player_name, opts)
	read_by[opts] = read_by[opts] or read(npc, player_name, opts)
	return read_by[opts]
end

local function place_of(npc)
	return movement.can(npc) and npc:get_pos() or nil
end

-- Reasons for which the player is told that it failed.
local WORTH_A_WORD = {no_way = true, stuck = true, too_far = true, timeout = true, cornered = true}

-- When an order ends in another step: `message` for the player, `sentence` for the NPC's memory, if it failed; `list` and
-- `values`: what it says (actions/lines.lua).
local function tell_failure(npc_id, player_name, why, message, sentence, list, values)
	local npc = npcs.by_id[npc_id]
	if not npc or not WORTH_A_WORD[why] then return end
	history.tell(npc, player_name, message)
	speech.fail(npc_id, player_name, list, values)
	memory.remember(npc, player_name, sentence)
end

actions.register("follow", {
	meant = function(npc, player_name, opts)
		local order = ordered(npc, player_name, opts)
		if order.kind ~= "follow_me" and order.kind ~= "follow" then return nil end
		return {target = order.name or player_name}, order.lang
	end,
	params = function(npc, player_name, opts)
		local pos = place_of(npc)
		return pos and one_of("target", (goals.people(npc, player_name, pos, goals.named_in(opts))))
	end,
	run = function(npc, player_name, params)
		local id, whom = npc.id, params.target
		local _, targets = goals.people(npc, player_name, npc:get_pos(), nearby.named(whom))
		return movement.order(npc, {kind = "follow", target = targets[whom], done = function(_, why)
			tell_failure(id, player_name, why, S("@1 has lost @2.", npc.name, whom),
				("%s lost %s on the way"):format(npc.name, whom), "follow_lost", {target = whom})
		end}), S("@1 follows @2.", npc.name, whom)
	end,
})

-- Which walks an order ends. Who flees does not hear it.
local STOPPED_BY = {stop_following = {follow = true}, halt = {follow = true, go_to = true}}

actions.register("stay", {
	meant = function(npc, player_name, opts)
		local order = ordered(npc, player_name, opts)
		local walk = movement.current(npc)
		local stops = walk and STOPPED_BY[order.kind]
		if stops and stops[walk.kind] or order.kind == "stay" then return {}, order.lang end
	end,
	params = function(npc)
		local order = movement.current(npc)
		return movement.can(npc) and not (order and order.kind == "stay") and {} or nil
	end,
	run = function(npc) return movement.order(npc, {kind = "stay"}), S("@1 stays here.", npc.name) end,
})

-- A walk to the place of that name is over, in another step.
local function arrived(npc_id, name, player_name, ok, why)
	local npc = npcs.by_id[npc_id]
	if not npc then return end
	local is_home = name == "home"
	local where = is_home and name or "to " .. name
	if ok then
		memory.remember(npc, player_name, ("%s went %s as %s asked"):format(npc.name, where, player_name or "somebody"))
		if not is_home then movement.order(npc, {kind = "stay", timeout_s = LINGER_S}) end
		return
	end
	local message = is_home and S("@1 could not get home.", npc.name) or S("@1 could not get to @2.", npc.name, name)
	tell_failure(npc_id, player_name, why, message, ("%s could not get %s"):format(npc.name, where),
		is_home and "go_home_failed" or "go_to_failed", {place = name})
end

local GOES = {go_to = true, go_home = true, come_here = true}

actions.register("go_to", {
	meant = function(npc, player_name, opts)
		local order = ordered(npc, player_name, opts)
		if not GOES[order.kind] then return nil end
		return {place = order.name or order.kind == "go_home" and "home" or player_name}, order.lang
	end,
	fits = function(_, _, opts)
		return questions.asked(opts.utterance) ~= "way"
	end,
	params = function(npc, player_name, opts)
		local pos = place_of(npc)
		return pos and one_of("place", (goals.all(npc, player_name, pos, goals.named_in(opts))))
	end,
	run = function(npc, player_name, params)
		local id, name = npc.id, params.place
		local _, targets = goals.all(npc, player_name, npc:get_pos(), nearby.named(name))
		local goal = targets[name]
		local is_place = type(goal) == "table"
		return movement.order(npc, {
			kind = "go_to", pos = is_place and goal or nil, target = not is_place and goal or nil, distance = AT_PLACE,
			hurry = true, -- it has just said that it goes: it does not stand there until the talk is over
			done = function(ok, why) arrived(id, name, player_name, ok, why) end,
		}), name == "home" and S("@1 goes home.", npc.name) or S("@1 goes to @2.", npc.name, name)
	end,
})

-- Is there something to flee from: a fight, an enemy that it was told of, a wound?
local function is_in_danger(npc, opts)
	local enemy = opts.context and opts.context.enemy or npc.context.enemy
	return npc.combat or enemy or npc:get_object():get_hp() < (npc.hp_max or 0)
end

local function nearest_player(pos)
	local best, best_distance
	for _, player in ipairs(core.get_connected_players()) do
		local distance = geometry.distance_squared(player:get_pos(), pos)
		if not best or distance < best_distance then best, best_distance = player:get_player_name(), distance end
	end
	return best
end

actions.register("flee", {
	params = function(npc, _, opts) return movement.can(npc) and is_in_danger(npc, opts) and {} or nil end,
	run = function(npc, player_name)
		if npc.combat then return orders.give(npc, {kind = "flee"}, true) end -- from its enemies
		local pos = npc:get_pos()
		local whom = player_name and core.get_player_by_name(player_name) and player_name or nearest_player(pos)
		return movement.order(npc, {kind = "flee", target = whom, pos = not whom and pos or nil}), S("@1 runs away.", npc.name)
	end,
})
