-- Who is near whom, who can hear, and who is meant by a name.
-- Only reads; asks for every position again.

local settings, geometry, names, calling, npcs, positions = ...

local nearby = {}

local EYES_Y = 1.5 -- nodes over the feet
local MEANT_MAX = 50 -- sentences: more are not answered at the same time
local VIEW = 32 -- nodes at which a player sees whom they call, and would wonder why there is no answer

-- NPCs within so many nodes of `pos`, the nearest first.
local function within(pos, nodes)
	local found = {}
	for _, npc in ipairs(positions.may_be_near(pos, nodes)) do
		local npc_pos = npc:get_pos()
		if npc_pos and geometry.in_range(pos, npc_pos, nodes) then
			found[#found + 1] = {npc = npc, distance = geometry.distance_squared(npc_pos, pos)}
		end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	for i, candidate in ipairs(found) do found[i] = candidate.npc end
	return found
end

-- NPCs that can be spoken to from `pos`, the nearest first.
function nearby.in_earshot(pos) return within(pos, settings.earshot) end

-- Of a list of NPCs the nearest that is beyond earshot, but where a player sees it; nil where there is none.
function nearby.in_view(list, pos)
	local best, best_distance
	for _, npc in ipairs(list) do
		local there = npc:is_present() and npc:get_pos()
		local distance = there and geometry.distance(there, pos)
		if distance and distance > settings.earshot and distance <= VIEW and (not best or distance < best_distance) then
			best, best_distance = npc, distance
		end
	end
	return best
end

-- Does the player stand within earshot of an NPC that is in the world? One without a place is near everybody.
function nearby.can_talk(npc, player_name)
	local player, pos = core.get_player_by_name(player_name), npc:get_pos()
	return player ~= nil and npc:is_present() and (not pos or geometry.in_range(player:get_pos(), pos, settings.earshot))
end

-- The NPCs that a player may hear who hears this one: to them the words of all are one talk.
function nearby.around(npc)
	local pos, found = npc:get_pos(), {}
	for _, other in ipairs(pos and within(pos, 2 * settings.earshot) or {}) do
		if other ~= npc then found[#found + 1] = other end
	end
	return found
end

-- Can any player hear what is said at `pos`?
function nearby.has_listeners(pos)
	for _, player in ipairs(core.get_connected_players()) do
		if geometry.in_range(pos, player:get_pos(), settings.earshot) then return true end
	end
	return false
end

-- The nearest player who hears what is said at `pos`, or nil.
function nearby.nearest_listener(pos)
	local best, best_distance = nil, settings.earshot ^ 2
	for _, player in ipairs(core.get_connected_players()) do
		local distance = geometry.distance_squared(pos, player:get_pos())
		if distance <= best_distance then best, best_distance = player:get_player_name(), distance end
	end
	return best
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

local index, players = names.index({}), {} -- of all who have names, as `everybody` found them last
local indexed, indexed_names = {}, {} -- the NPCs and their names in it, then the names of players
local meant_by, meant_count = {}, 0 -- words → what `meant` found in them by this index: one sentence is read in several places

-- Is the index of these NPCs and players, under the names they have now?
local function is_current(player_names)
	local count = #npcs.list
	if #indexed ~= count + #player_names then return false end
	for i, npc in ipairs(npcs.list) do
		if indexed[i] ~= npc or indexed_names[i] ~= npc.name then return false end
	end
	for i, name in ipairs(player_names) do
		if indexed[count + i] ~= name then return false end
	end
	return true
end

-- All who have names, NPCs and players, as an index of names, and the players alone as a set. Both are kept until somebody comes,
-- goes or has another name: to make them for each sentence would be most of what hearing it costs.
local function everybody()
	local player_names = {}
	for i, player in ipairs(core.get_connected_players()) do player_names[i] = player:get_player_name() end
	if is_current(player_names) then return index, players end
	local list = {}
	players, indexed, indexed_names = {}, {}, {}
	for i, npc in ipairs(npcs.list) do list[i], indexed[i], indexed_names[i] = npc, npc, npc.name end
	for _, name in ipairs(player_names) do
		local one = {name = name}
		list[#list + 1], players[one], indexed[#indexed + 1] = one, true, name
	end
	index, meant_by = names.index(list), {}
	return index, players
end

local function read(words, all, among_players)
	local called, spoken_of = calling.read(words, all)
	local npcs_called, npcs_spoken_of, players_called = {}, {}, {}
	for _, one in ipairs(called) do
		if among_players[one] then table.insert(players_called, one.name) else table.insert(npcs_called, one) end
	end
	for _, one in ipairs(spoken_of) do
		if not among_players[one] then table.insert(npcs_spoken_of, one) end
	end
	return {npcs_called, npcs_spoken_of, players_called}
end

-- NPCs whom words call by name, NPCs of whom they only speak, and names of players whom they call. The lists are kept: they must
-- not be changed.
function nearby.meant(words)
	local all, among_players = everybody()
	local found = meant_by[words]
	if not found then
		if meant_count >= MEANT_MAX then meant_by, meant_count = {}, 0 end
		found = read(words, all, among_players)
		meant_by[words], meant_count = found, meant_count + 1
	end
	return found[1], found[2], found[3]
end

-- Whom the words call by something else than their name. called_so: list of {name =, npc =}.
function nearby.called_as(words, called_so)
	local found = {}
	for i, one in ipairs((calling.read(words, names.index(called_so)))) do found[i] = one.npc end
	return found
end

-- Everybody whose name is in the words, as a set: among NPCs "Bram knows that" is a call too.
function nearby.named(words)
	local set = {}
	local called, spoken_of = nearby.meant(words)
	for _, list in ipairs({called, spoken_of}) do
		for _, npc in ipairs(list) do set[npc] = true end
	end
	return set
end

-- Is this NPC's name in the words, called or spoken of? For one; of many ask `named`, which reads the words once.
function nearby.is_named(words, npc)
	local called, spoken_of = calling.read(words, names.index({npc}))
	return called[1] ~= nil or spoken_of[1] ~= nil
end

-- What of the words is for this NPC where several are called by them, and the names of the others whom that calls.
function nearby.part_for(npc, words)
	local part, others = calling.part_for(npc, words, (everybody()))
	for i, other in ipairs(others) do others[i] = other.name end
	return part ~= "" and part or words, others
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
