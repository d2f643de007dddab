-- What is around an NPC: weather, darkness, and nodes worth a word (a furnace, a chest, a bed …).
-- Runs in the step that asks; only reads. Looking for nodes costs most, so it has a budget per step; beyond it the NPC knows
-- what it last saw, or nothing. Walls are not considered.

local now_us, settings, geometry = ...

local surroundings = {}

local REACH, BELOW, ABOVE = 6, 2, 3 -- nodes; a room and a bit of the street
local SEEN_MAX = 3 -- more would crowd out what matters in a small context
local KEEP_US = {spoken = 10e6, other = 60e6} -- what stands in a room seldom changes; a player may be building it
local HEAD_Y = 1.5
local DARK_MAX = 4 -- of 14; by day and next to a torch it is more

-- The most telling first. A node gets a label if its name has these words: default:chest_locked is a chest, default:bedrock no
-- bed.
local KINDS = {
	{"an anvil", "anvil"}, {"a furnace", "furnace"}, {"an altar", "altar"}, {"a lectern", "lectern"}, {"a bookshelf", "bookshelf"},
	{"a brewing stand", "brewing_stand"}, {"an enchanting table", "enchanting_table"}, {"a loom", "loom"},
	{"a cauldron", "cauldron"}, {"a workbench", "crafting_table", "workbench"}, {"a bell", "bell"}, {"a barrel", "barrel"},
	{"a chest", "chest"}, {"a campfire", "campfire", "bonfire"}, {"a bed", "bed"}, {"a hay bale", "hay_block", "straw"},
	{"crops", "wheat", "carrot", "carrots", "potato", "potatoes", "beetroot", "cotton", "corn", "tomato"}, {"lava", "lava"},
	{"fire", "fire", "flame"}, {"a sign", "sign"}, {"a ladder", "ladder"}, {"a gate", "gate"},
	{"water", "water"}, {"a door", "door"}, {"a torch", "torch"},
}

local labels, rank = {}, {} -- node → what it is called; that → its place above
local names = {} -- the nodes to look for
local spent_us = 0 -- looking at nodes, in this step

local function label_of(node_name)
	local words = "_" .. (node_name:match(":(.*)$") or node_name) .. "_"
	if words:find("_stair_", 1, true) or words:find("_slab_", 1, true) then return nil end -- of straw, say
	for _, kind in ipairs(KINDS) do
		for i = 2, #kind do
			if words:find("_" .. kind[i] .. "_", 1, true) then return kind[1] end
		end
	end
end

core.register_on_mods_loaded(function()
	for i, kind in ipairs(KINDS) do rank[kind[1]] = i end
	for node_name in pairs(core.registered_nodes) do
		labels[node_name] = label_of(node_name)
		if labels[node_name] then names[#names + 1] = node_name end
	end
	table.sort(names)
end)

local function look(pos)
	local found = core.find_nodes_in_area(
		{x = pos.x - REACH, y = pos.y - BELOW, z = pos.z - REACH}, {x = pos.x + REACH, y = pos.y + ABOVE, z = pos.z + REACH},
		names, true)
	local seen, where = {}, {}
	for node_name, places in pairs(found) do
		local label = labels[node_name]
		if not where[label] then
			where[label] = places[1]
			seen[#seen + 1] = label
		end
	end
	table.sort(seen, function(a, b) return rank[a] < rank[b] end)
	for i = #seen, SEEN_MAX + 1, -1 do where[seen[i]], seen[i] = nil, nil end
	return seen, where
end

-- Up to three things near `pos` in a fixed order, so that the same room reads the same; nil where there are none.
-- priority: of the question; for one that nobody waits for, older knowledge will do.
function surroundings.seen(npc, pos, priority)
	local now, last = now_us(), npc.seen
	local keep_us = KEEP_US[priority] or KEEP_US.other
	local fresh = last and now - last.at_us < keep_us and geometry.in_range(pos, last.pos, REACH / 2)
	if not fresh and names[1] and spent_us < settings.facts_budget_ms * 1000 then
		last = {at_us = now, pos = pos}
		last.things, last.where = look(pos) -- and where one of each is
		npc.seen = last
		spent_us = spent_us + now_us() - now
	end
	return last and last.things[1] and last.things or nil
end

-- A new step has a new budget.
function surroundings.step()
	spent_us = 0
end

function surroundings.is_dark(pos)
	local light = core.get_node_light({x = pos.x, y = pos.y + HEAD_Y, z = pos.z})
	return light ~= nil and light <= DARK_MAX -- nil where nothing is loaded
end

-- Weather ----------------------------------------------------------------------------------------------------------------

-- Words of weather mods and what the model calls it. The first that is found in the mod's own name of it counts.
local WEATHERS = {
	{"thunder", "storm"}, {"storm", "storm"}, {"hail", "storm"}, {"snow", "snow"}, {"rain", "rain"}, {"fog", "fog"},
	{"wind", "wind"},
}

local function word_for(state)
	for _, pair in ipairs(type(state) == "string" and WEATHERS or {}) do
		if state:find(pair[1], 1, true) then return pair[2] end
	end
end

-- Mineclonia and VoxeLibre have one weather for the world, climate_api one for each player: that of whom it is asked for. Where
-- no mod makes any the sky is clear; nil where a mod does, and it is not known.
function surroundings.weather(player_name)
	local mcl_weather, climate = rawget(_G, "mcl_weather"), rawget(_G, "climate_api")
	if type(mcl_weather) == "table" and mcl_weather.get_weather then
		local ok, state = pcall(mcl_weather.get_weather)
		return ok and (state == "none" and "clear" or word_for(state)) or nil
	end
	if type(climate) ~= "table" then return "clear" end
	local player = player_name and core.get_player_by_name(player_name)
	if player and climate.environment and climate.environment.get_weather_presets then
		local ok, presets = pcall(climate.environment.get_weather_presets, player)
		for _, preset in ipairs(ok and presets or {}) do
			if word_for(preset) then return word_for(preset) end
		end
	end
	return nil
end

return surroundings
