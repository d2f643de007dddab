-- Named places: spheres on the map that an admin or another mod gave a name. The name becomes a fact; a settlement has a market.
-- Kept with the world. Compares numbers only, reads no map.

local S, settings, text, geometry, check, storage, commands = ...

local places = {}

local KEY = "places" -- in the mod's storage
local NAME_MAX_BYTES = 64 -- a name, not a description; it stands in every prompt
local RADIUS_DEFAULT = 30 -- nodes; a hamlet
local RADIUS_MAX = 31000 -- the edge of the map
local WORLD = text.clean(settings.place_name, NAME_MAX_BYTES)

local known = storage:read_table(KEY) -- name → {x, y, z, radius, been: a player has stood in it}

local function save()
	storage:set_string(KEY, next(known) and core.serialize(known) or "")
end

-- Give the sphere around `pos` a name; a place of the same name moves. The model reads it as the fact `place`.
function llm_agent.set_place(name, pos, radius)
	local clean = type(name) == "string" and text.clean(name, NAME_MAX_BYTES)
	if not clean or clean == "" then error("llm_agent.set_place: name: want a text, got " .. tostring(name), 2) end
	local problem = check.position(pos)
	if problem then error("llm_agent.set_place: pos: " .. problem, 2) end
	problem = check.number_in(1, RADIUS_MAX)(radius)
	if problem then error("llm_agent.set_place: radius: " .. problem, 2) end
	known[clean] = {x = pos.x, y = pos.y, z = pos.z, radius = radius}
	save()
end

-- False if there is no place of that name.
function llm_agent.remove_place(name)
	if not known[name] then return false end
	known[name] = nil
	save()
	return true
end

-- {name, x, y, z, radius, been} of each, by name.
function places.list()
	local list = {}
	for name, place in pairs(known) do
		list[#list + 1] = {name = name, x = place.x, y = place.y, z = place.z, radius = place.radius, been = place.been}
	end
	table.sort(list, function(a, b) return a.name < b.name end)
	return list
end

local function is_inside(pos, place)
	local x, y, z = pos.x - place.x, pos.y - place.y, pos.z - place.z
	return x * x + y * y + z * z <= place.radius * place.radius
end

places.is_inside = is_inside

-- Is `pos` in the place of that name? Nil where there is none.
function places.contains(name, pos)
	return known[name] and is_inside(pos, known[name])
end

-- A player stands at `pos`: marks the places around it as reachable.
function places.note_player(pos)
	local new = false
	for _, place in pairs(known) do
		if not place.been and is_inside(pos, place) then place.been, new = true, true end
	end
	if new then save() end
end

-- Has a player ever been in a place that `pos` is in?
function places.somebody_was_at(pos)
	for _, place in pairs(known) do
		if place.been and is_inside(pos, place) then return true end
	end
	return false
end

local function smallest_place(pos)
	local best, best_radius
	for name, place in pairs(known) do
		if is_inside(pos, place) and (not best or place.radius < best_radius or place.radius == best_radius and name < best) then
			best, best_radius = name, place.radius
		end
	end
	return best
end

local function size_of(area)
	local a, b = area.pos1, area.pos2
	return math.abs((a.x - b.x) * (a.y - b.y) * (a.z - b.z))
end

local function smallest(areas)
	local best
	for _, area in pairs(areas) do
		if area.name ~= "" and (not best or size_of(area) < size_of(best)) then best = area end
	end
	return best and text.clean(best.name, NAME_MAX_BYTES)
end

-- The smallest area with a name, where the mod `areas` is. If `areas` has unexpected data, only the name is missing.
local function smallest_area(pos)
	local areas = rawget(_G, "areas")
	if type(areas) ~= "table" or not areas.getAreasAtPos then return nil end
	local ok, name = pcall(function() return smallest(areas:getAreasAtPos(pos)) end)
	return ok and name or nil
end

-- What this place is called, or nil: the smallest named place around, else an area, else the setting for the whole world.
function places.name_at(pos)
	local found = pos and (smallest_place(pos) or smallest_area(pos))
	return found or WORLD ~= "" and WORLD or nil
end

-- The place whose market an NPC belongs to: the named one at its home, or "".
function places.settlement_of(npc)
	return places.name_at(npc.home or npc:get_pos()) or ""
end

-- Named places whose middle is loaded and within so many nodes of `pos`, the nearest first: {name=, pos=}.
function places.around(pos, nodes)
	local found = {}
	for name, place in pairs(known) do
		local distance = geometry.distance_squared(place, pos)
		if distance <= nodes * nodes and core.get_node_or_nil(place) then
			found[#found + 1] = {name = name, pos = {x = place.x, y = place.y, z = place.z}, distance = distance}
		end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	return found
end

-- Which place is meant --------------------------------------------------------------------------------------------------

-- Words of a name that do not tell it from others.
local TELLS_NOTHING = {}
for word in ("the of at old new great little big north south east west der die das den dem am im alte alter altes neue neuer "
	.. "le la les du de des vieux vieille grand grande el los las del viejo vieja gran nuevo nueva"):gmatch("%S+") do
	TELLS_NOTHING[word] = true
end
local TELLING_MIN = 3 -- characters
local ENDING_MAX = 2 -- characters by which a word may differ at its end: "mills", "мельницу"
local STEM_MIN = 4
local AREAS_MAX = 500 -- of the mod `areas`, looked at for one question

local function is_same_word(a, b)
	if a == b then return true end
	local length = math.max(text.length(a), text.length(b))
	local stem = text.first(a, length - ENDING_MAX)
	return text.length(stem) >= STEM_MIN and stem == text.first(b, length - ENDING_MAX)
end

local function holds_word(words, wanted)
	for _, word in ipairs(words) do
		if is_same_word(word, wanted) then return true end
	end
	return false
end

local function words_of(s)
	local list = {}
	for word in text.spaced(s):gmatch("%S+") do list[#list + 1] = word end
	return list
end

-- 2: the words hold the name, whole; 1: a word that tells it from others ("the mill" of the Old Mill); 0: they do not mean it.
local function meaning(words, name)
	local all, some = true, false
	for _, word in ipairs(words_of(name)) do
		local has_it = holds_word(words, word)
		all = all and (has_it or TELLS_NOTHING[word] == true and text.length(word) <= TELLING_MIN)
		some = some or has_it and not TELLS_NOTHING[word] and text.length(word) >= TELLING_MIN
	end
	return some and (all and 2 or 1) or 0
end

-- Areas with a name, as places; none where the mod `areas` is not there or has unexpected data.
local function named_areas()
	local areas, list = rawget(_G, "areas"), {}
	if type(areas) ~= "table" or type(areas.areas) ~= "table" then return list end
	pcall(function()
		for _, area in pairs(areas.areas) do
			local a, b, name = area.pos1, area.pos2, text.clean(area.name, NAME_MAX_BYTES)
			if #list >= AREAS_MAX then return end
			if name ~= "" then
				list[#list + 1] = {name = name, x = (a.x + b.x) / 2, y = (a.y + b.y) / 2, z = (a.z + b.z) / 2,
					radius = math.max(1, math.min(math.abs(a.x - b.x), math.abs(a.z - b.z)) / 2)}
			end
		end
	end)
	return list
end

-- The places that the words mean, the nearest to `pos` first: {name, x, y, z, radius}. Those that are named in full, where there
-- are such; else, unless `in_full`, those that a part of the name tells.
function places.meant(sentence, pos, in_full)
	local words, found, best = words_of(sentence), {}, in_full and 2 or 1
	for _, list in ipairs({places.list(), named_areas()}) do
		for _, place in ipairs(list) do
			local fits = meaning(words, place.name)
			if fits > best then found, best = {}, fits end
			if fits == best then found[#found + 1] = place end
		end
		if found[1] then break end -- what an admin named for NPCs goes before areas
	end
	table.sort(found, function(a, b) return geometry.distance_squared(a, pos) < geometry.distance_squared(b, pos) end)
	return found
end

-- /llm place -------------------------------------------------------------------------------------------------------------

local function list(player)
	local lines = {}
	for name, place in pairs(known) do
		lines[#lines + 1] = S("@1 (radius: @2) around @3, @4, @5", name, place.radius,
			math.floor(place.x + 0.5), math.floor(place.y + 0.5), math.floor(place.z + 0.5))
	end
	table.sort(lines)
	local here = places.name_at(player and player:get_pos())
	lines[#lines + 1] = here and S("This is @1.", here) or S("This place has no name. Give it one: /llm place NAME [RADIUS]")
	return true, table.concat(lines, "\n")
end

local function remove(name)
	if llm_agent.remove_place(name) then return true, S("@1 is no place any more.", name) end
	return false, S("There is no place @1. /llm place lists all.", name)
end

local function set(player, rest)
	if not player then return false, S("You need to be in the world for that.") end
	local name, radius = rest:match("^(.-)%s+(%d+%.?%d*)$")
	name, radius = text.clean(name or rest, NAME_MAX_BYTES), tonumber(radius or RADIUS_DEFAULT)
	if radius < 1 or radius > RADIUS_MAX then return false, S("A radius is @1 to @2 nodes.", 1, RADIUS_MAX) end
	llm_agent.set_place(name, player:get_pos(), radius)
	return true, S("This is @1 now (radius: @2).", name, radius)
end

commands.register("place", {
	params = S("[NAME [RADIUS] | remove NAME]"),
	admin = true,
	help = S("name the place where you stand, as NPCs shall know it; list or remove names"),
	run = function(player_name, rest)
		local player, gone = core.get_player_by_name(player_name), rest:match("^remove%s+(.+)$")
		if rest == "" then return list(player) end
		if gone then return remove(text.clean(gone)) end
		return set(player, rest)
	end,
})

return places
