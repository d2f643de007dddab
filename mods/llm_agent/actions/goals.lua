-- Whom and what an NPC can be sent to, can follow and point at: the names that a model may choose from, and what each stands for.
-- Names and places are those that exist when the question goes out; whoever acts on one looks it up again.

local geometry, npcs, nearby, positions, places, pathfinder = ...

local goals = {}

local NAMES_MAX = 6 -- in one list: a small model chooses better among few
local NEAR = 16 -- nodes: who is near enough to be followed
local FROM_HOME = 6 -- nodes: nearer it is at home

local function add(list, known, name, target)
	if not name or known[name] or #list >= NAMES_MAX then return end
	list[#list + 1], known[name] = name, target
end

-- A question's opts → the NPCs that its words name, read once for all actions.
local named_by = setmetatable({}, {__mode = "k"})

function goals.named_in(opts)
	named_by[opts] = named_by[opts] or type(opts.utterance) == "string" and nearby.named(opts.utterance) or {}
	return named_by[opts]
end

local function by_name(a, b)
	if a.name ~= b.name then return a.name < b.name end
	return a.id < b.id
end

-- The NPCs that can be followed from `pos`: those that are named, then all.
local function add_npcs(names, targets, npc, pos, named)
	local near = {}
	for _, other in ipairs(positions.may_be_near(pos, NEAR)) do
		local there = other ~= npc and positions.last_known(other)
		if there and geometry.in_range(there, pos, NEAR) then near[#near + 1] = other end
	end
	table.sort(near, by_name) -- the same order each time: it stands in the prompt
	for _, other in ipairs(near) do
		if named[other] then add(names, targets, other.name, other.id) end
	end
	for _, other in ipairs(near) do add(names, targets, other.name, other.id) end
end

-- Who can be followed from `pos`: names, who asks first, then those in the set `named`; and name → a player's name or an NPC's
-- id.
function goals.people(npc, player_name, pos, named)
	local names, targets = {}, {}
	if player_name and core.get_player_by_name(player_name) then add(names, targets, player_name, player_name) end
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if geometry.in_range(player:get_pos(), pos, NEAR) then add(names, targets, name, name) end
	end
	add_npcs(names, targets, npc, pos, named)
	return names, targets
end

-- Where it can be sent: people who are named, home, named places, things it sees, other people. Names, and name → a position,
-- a player's name or an id.
function goals.all(npc, player_name, pos, named)
	local names, targets = {}, {}
	if player_name and core.get_player_by_name(player_name) then add(names, targets, player_name, player_name) end
	for other in pairs(named) do
		local there = other ~= npc and positions.last_known(other)
		if there and geometry.in_range(there, pos, NEAR) then add(names, targets, other.name, other.id) end
	end
	if npc.home and not geometry.in_range(npc.home, pos, FROM_HOME) and geometry.in_range(npc.home, pos, pathfinder.REACH) then
		add(names, targets, "home", npc.home)
	end
	for _, place in ipairs(places.around(pos, pathfinder.REACH)) do add(names, targets, place.name, place.pos) end
	for _, label in ipairs(npc.seen and npc.seen.things or {}) do add(names, targets, label, npc.seen.where[label]) end
	local others, ids = goals.people(npc, player_name, pos, named)
	for _, name in ipairs(others) do add(names, targets, name, ids[name]) end
	table.sort(names)
	return names, targets
end

-- Where the target of a name is now, or nil: a position, a player's name or an NPC's id.
function goals.where(target)
	if type(target) == "table" then return target end
	local player = target and core.get_player_by_name(target)
	if player then return player:get_pos() end
	local npc = npcs.by_id[target]
	return npc and npc:get_pos()
end

return goals
