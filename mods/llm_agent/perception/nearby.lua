-- Who is near whom, who can hear, and who is meant by a name.
-- Only reads; asks for every position again.

local settings, text, geometry, npcs, positions = ...

local nearby = {}

local EYES_Y = 1.5 -- nodes over the feet
local WORD_OF_NAME_MIN = 3 -- "Mira" calls Mira of the Hill; "of" calls nobody
local NOT_A_NAME = {
	old = true, young = true, the = true, big = true, little = true, sir = true, lady = true, mother = true, father = true,
}

-- NPCs that can be spoken to from `pos`, the nearest first.
function nearby.in_earshot(pos)
	local found = {}
	for _, npc in ipairs(npcs.list) do
		local npc_pos = positions.may_be_near(npc, pos, settings.earshot) and npc:get_pos()
		if npc_pos and geometry.in_range(pos, npc_pos, settings.earshot) then
			found[#found + 1] = {npc = npc, distance = geometry.distance_squared(npc_pos, pos)}
		end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	for i, candidate in ipairs(found) do found[i] = candidate.npc end
	return found
end

-- Can any player hear what is said at `pos`?
function nearby.has_listeners(pos)
	for _, player in ipairs(core.get_connected_players()) do
		if geometry.in_range(pos, player:get_pos(), settings.earshot) then return true end
	end
	return false
end

-- How urgent words to somebody are: distance and sight decide. nil where nothing is known of either (a voice without a place).
function nearby.urgency(npc, player_name)
	local pos = npc:get_pos()
	if not pos then return nil end
	local player = player_name and core.get_player_by_name(player_name)
	if player then
		local there = player:get_pos()
		local sees = geometry.in_range(pos, there, settings.earshot)
			and core.line_of_sight({x = pos.x, y = pos.y + EYES_Y, z = pos.z}, {x = there.x, y = there.y + EYES_Y, z = there.z})
		return sees and "spoken" or "ambient"
	end
	return nearby.has_listeners(pos) and "ambient" or "background"
end

-- Does the sentence hold this NPC's name, whole or its first word?
function nearby.is_named(message, npc)
	if text.names(message, npc.name) then return true end
	local first = npc.name:match("^%S+")
	return #first >= WORD_OF_NAME_MIN and first ~= npc.name and not NOT_A_NAME[first:lower()] and text.names(message, first)
end

local function distance_to(npc, pos)
	local npc_pos = pos and npc:get_pos()
	return npc_pos and geometry.distance_squared(npc_pos, pos) or math.huge
end

-- The NPC whose name `words` begins with, the longest name first, the nearest to the player among equals; and the words after.
function nearby.find(words, player_name)
	local player = player_name and core.get_player_by_name(player_name)
	local pos = player and player:get_pos()
	local best, best_length, best_distance = nil, 0, nil
	words = words:lower() .. " "
	for _, npc in ipairs(npcs.list) do
		for _, name in ipairs({npc.name, npc.name:match("^%S+")}) do
			local distance = distance_to(npc, pos)
			local begins = words:sub(1, #name + 1) == name:lower() .. " "
			if begins and (#name > best_length or #name == best_length and distance < best_distance) then
				best, best_length, best_distance = npc, #name, distance
			end
		end
	end
	return best, best_length
end

return nearby
