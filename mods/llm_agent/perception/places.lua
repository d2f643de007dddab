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
