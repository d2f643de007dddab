-- The action `open_door`: the NPC opens the nearest closed door, and walks there first where it is a few steps away.
-- A locked door stays shut, and so does a door in an area that is protected from the player who asks. The result is told to the
-- player and remembered.

local S, geometry, actions, npcs, memory, history, doors, movement, speech = ...

local REACH, ABOVE = 6, 2 -- nodes around that it looks for a door
local ARM = 2.5 -- nodes: nearer it need not walk

local are_there -- has the game doors at all? Known once all its nodes are registered

local function has_doors()
	for _, def in pairs(are_there == nil and core.registered_nodes or {}) do
		are_there = are_there or (def.groups and def.groups.door or 0) > 0
	end
	are_there = are_there or false
	return are_there
end

-- The nearest closed door of which the lower half is around `pos`, or nil. Minetest 5.6 crashes where it is to look for a group
-- that no node of the game is in.
local function nearest(pos)
	if not has_doors() then return nil end
	local found, best, best_distance = core.find_nodes_in_area(
		{x = pos.x - REACH, y = pos.y - ABOVE, z = pos.z - REACH}, {x = pos.x + REACH, y = pos.y + ABOVE, z = pos.z + REACH},
		{"group:door"}, true), nil, nil
	for name, places in pairs(found) do
		for _, place in ipairs(doors.is_door(name) and places or {}) do
			local distance = geometry.distance_squared(place, pos)
			if (not best or distance < best_distance) and not doors.is_open(place) then best, best_distance = place, distance end
		end
	end
	return best
end

-- Why it stays shut for this player, in words and as a code; or nil.
local function refusal(npc, pos, player_name)
	if doors.is_locked(pos) then return S("@1 cannot open this door: it is locked.", npc.name), "locked" end
	if player_name and core.get_player_by_name(player_name) and core.is_protected(pos, player_name) then
		return S("@1 will not open this door for you: it is protected.", npc.name), "protected"
	end
end

local function open(npc, pos, player_name)
	local message, why = refusal(npc, pos, player_name)
	if not message and not doors.set(pos, true) then message, why = S("@1 cannot open this door.", npc.name), "failed" end
	if message then return false, message, why end
	memory.remember(npc, player_name, ("%s opened a door for %s"):format(npc.name, player_name or "somebody"))
	return true, S("@1 opens the door.", npc.name)
end

-- It is there, in another step, or not.
local function arrived(npc_id, pos, player_name, ok, why)
	local npc, message, failure = npcs.by_id[npc_id], nil, nil
	if not npc then return end
	if ok and doors.is_door(core.get_node(pos).name) then
		message, failure = select(2, open(npc, pos, player_name))
	elseif why == "no_way" or why == "stuck" or why == "timeout" then
		message, failure = S("@1 could not get to the door.", npc.name), "failed"
		memory.remember(npc, player_name, npc.name .. " could not get to the door")
	end
	if message then history.tell(npc, player_name, message) end
	if failure then speech.fail(npc_id, player_name, "open_door_" .. failure, {}) end
end

actions.register("open_door", {
	params = function(npc) return movement.can(npc) and nearest(npc:get_pos()) and {} or nil end,
	run = function(npc, player_name)
		local id, npc_pos = npc.id, npc:get_pos()
		local pos = nearest(npc_pos)
		if not pos then return false, S("There is no closed door near @1.", npc.name), "none" end
		if geometry.in_range(pos, npc_pos, ARM) then return open(npc, pos, player_name) end
		local message, why = refusal(npc, pos, player_name)
		if message then return false, message, why end
		return movement.order(npc, {kind = "go_to", pos = pos, distance = ARM - 0.5, done = function(ok, reason)
			arrived(id, pos, player_name, ok, reason)
		end}), S("@1 goes to open the door.", npc.name)
	end,
})
