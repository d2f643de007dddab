-- The actions `follow`, `stay`, `go_to` and `flee`: what somebody asks an NPC to do with its legs. Targets and places are those
-- that are there when the question goes out. What came of it is told to the player and remembered.

local agent = ...
local S, legs, observe, path, places = agent.S, agent.legs, agent.observe, agent.path, agent.places

local NAMES_MAX = 6 -- in one list: a small model chooses better among few
local NEAR = 16 -- nodes: who is near enough to be followed
local FROM_HOME = 6 -- nodes: nearer it is at home
local LINGER_S = 60 -- it waits where it was sent to, then goes its own ways
local AT_PLACE = 2 -- nodes

local function one_of(parameter, names)
	if #names == 0 then return nil end
	return {type = "object", properties = {[parameter] = {type = "string", enum = names}}, required = {parameter}}
end

local function add(list, known, name, target)
	if not name or known[name] or #list >= NAMES_MAX then return end
	list[#list + 1], known[name] = name, target
end

-- Who can be followed from `pos`: names, who asks first, and name → a player's name or an NPC's id.
local function people(npc, player_name, pos)
	local names, targets = {}, {}
	if player_name and core.get_player_by_name(player_name) then add(names, targets, player_name, player_name) end
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if observe.in_range(player:get_pos(), pos, NEAR) then add(names, targets, name, name) end
	end
	for _, other in ipairs(agent.order) do
		local there = other ~= npc and observe.place_of(other)
		if there and observe.in_range(there, pos, NEAR) then add(names, targets, other.name, other.id) end
	end
	return names, targets
end

-- Where it can be sent: home, named places, things it sees, people. Names, and name → a position, a player's name or an id.
local function goals(npc, player_name, pos)
	local names, targets = {}, {}
	if npc.home and not observe.in_range(npc.home, pos, FROM_HOME) and observe.in_range(npc.home, pos, path.REACH) then
		add(names, targets, "home", npc.home)
	end
	for _, place in ipairs(places.around(pos, path.REACH)) do add(names, targets, place.name, place.pos) end
	for _, label in ipairs(npc.seen and npc.seen.things or {}) do add(names, targets, label, npc.seen.where[label]) end
	local others, ids = people(npc, player_name, pos)
	for _, name in ipairs(others) do add(names, targets, name, ids[name]) end
	table.sort(names)
	return names, targets
end

local function place_of(npc)
	return legs.can(npc) and npc:get_pos() or nil
end

-- It came to nothing, for a reason that is worth a word.
local WORTH_A_WORD = {no_way = true, stuck = true, too_far = true, timeout = true, cornered = true}

-- When an order ends in another step: `message` for the player, `sentence` for the NPC's memory, if it failed.
local function tell_failure(npc_id, player_name, why, message, sentence)
	local npc = agent.npcs[npc_id]
	if not npc or not WORTH_A_WORD[why] then return end
	agent.tell_outcome(npc, player_name, message)
	agent.remember(npc, player_name, sentence)
end

llm_agent.register_action("follow", {
	params = function(npc, player_name)
		local pos = place_of(npc)
		return pos and one_of("target", (people(npc, player_name, pos)))
	end,
	run = function(npc, player_name, params)
		local id, whom = npc.id, params.target
		local _, targets = people(npc, player_name, npc:get_pos())
		return legs.order(npc, {kind = "follow", target = targets[whom], done = function(_, why)
			tell_failure(id, player_name, why, S("@1 has lost @2.", npc.name, whom), ("%s lost %s on the way"):format(npc.name, whom))
		end}), S("@1 follows @2.", npc.name, whom)
	end,
})

llm_agent.register_action("stay", {
	params = function(npc)
		local order = legs.current(npc)
		return legs.can(npc) and not (order and order.kind == "stay") and {} or nil
	end,
	run = function(npc) return legs.order(npc, {kind = "stay"}), S("@1 stays here.", npc.name) end,
})

-- A walk to the place of that name is over, in another step.
local function arrived(npc_id, name, player_name, ok, why)
	local npc = agent.npcs[npc_id]
	if not npc then return end
	local is_home = name == "home"
	local where = is_home and name or "to " .. name
	if ok then
		agent.remember(npc, player_name, ("%s went %s as %s asked"):format(npc.name, where, player_name or "somebody"))
		if not is_home then legs.order(npc, {kind = "stay", timeout_s = LINGER_S}) end
		return
	end
	local message = is_home and S("@1 could not get home.", npc.name) or S("@1 could not get to @2.", npc.name, name)
	tell_failure(npc_id, player_name, why, message, ("%s could not get %s"):format(npc.name, where))
end

llm_agent.register_action("go_to", {
	params = function(npc, player_name)
		local pos = place_of(npc)
		return pos and one_of("place", (goals(npc, player_name, pos)))
	end,
	run = function(npc, player_name, params)
		local id, name = npc.id, params.place
		local _, targets = goals(npc, player_name, npc:get_pos())
		local goal = targets[name]
		local is_place = type(goal) == "table"
		return legs.order(npc, {
			kind = "go_to", pos = is_place and goal or nil, target = not is_place and goal or nil, distance = AT_PLACE,
			done = function(ok, why) arrived(id, name, player_name, ok, why) end,
		}), name == "home" and S("@1 goes home.", npc.name) or S("@1 goes to @2.", npc.name, name)
	end,
})

-- Is there something to flee from: a fight, an enemy that it was told of, a wound?
local function is_in_danger(npc, opts)
	local told = opts.context and opts.context.enemy or npc.context.enemy
	return npc.fight or told or npc:get_object():get_hp() < (npc.hp_max or 0)
end

local function nearest_player(pos)
	local best, best_distance
	for _, player in ipairs(core.get_connected_players()) do
		local distance = observe.distance_squared(player:get_pos(), pos)
		if not best or distance < best_distance then best, best_distance = player:get_player_name(), distance end
	end
	return best
end

llm_agent.register_action("flee", {
	params = function(npc, _, opts) return legs.can(npc) and is_in_danger(npc, opts) and {} or nil end,
	run = function(npc, player_name)
		if npc.fight then return agent.orders.give(npc, {kind = "flee"}, true) end -- from its foes
		local pos = npc:get_pos()
		local whom = player_name and core.get_player_by_name(player_name) and player_name or nearest_player(pos)
		return legs.order(npc, {kind = "flee", target = whom, pos = not whom and pos or nil}), S("@1 runs away.", npc.name)
	end,
})
