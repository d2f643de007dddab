-- Which items a player can get in this game: dug from what the map generator places, grown, or crafted from that.
-- Worked out once, when all mods are loaded; only reads the registries.
-- A quest asks for nothing else, unless somebody has it.

local obtainable = {}

-- What grows or is planted counts as part of the world, though no map generator places it.
local GROWS = {"plant", "flora", "flower", "mushroom", "sapling", "leaves", "tree", "seed", "sand", "soil", "snowy"}

local can_be_had = {} -- item name → true

local function add_names(set, value)
	if type(value) == "string" then
		set[value] = true
	elseif type(value) == "table" then
		for _, name in ipairs(value) do add_names(set, name) end
	end
end

-- The nodes of a decoration that is drawn by a schematic: trees, mostly.
local function add_schematic(set, schematic)
	if type(schematic) == "string" and core.read_schematic then
		local ok, read = pcall(core.read_schematic, schematic, {})
		schematic = ok and read
	end
	for _, node in ipairs(type(schematic) == "table" and schematic.data or {}) do add_names(set, node.name) end
end

-- Names of the nodes that map generators place.
local function placed_nodes()
	local set = {}
	for _, biome in pairs(core.registered_biomes or {}) do
		for field, value in pairs(biome) do
			if field:find("^node_") then add_names(set, value) end
		end
	end
	for _, ore in pairs(core.registered_ores or {}) do add_names(set, ore.ore) end
	for _, decoration in pairs(core.registered_decorations or {}) do
		add_names(set, decoration.decoration)
		add_schematic(set, decoration.schematic)
	end
	for alias in pairs(core.registered_aliases or {}) do
		if alias:find("^mapgen_") then set[alias] = true end
	end
	return set
end

local function can_be_dug(def)
	local groups = def.groups or {}
	return def.diggable ~= false and not groups.immortal and not groups.unbreakable and (def.liquidtype or "none") == "none"
end

local function grows(def)
	for _, group in ipairs(GROWS) do
		if ((def.groups or {})[group] or 0) > 0 then return true end
	end
	return false
end

local function take(item)
	local name = type(item) == "string" and item:match("^%S+")
	name = name and (core.registered_aliases or {})[name] or name
	local def = name and name ~= "air" and core.registered_items[name]
	if not def or can_be_had[name] then return false end
	can_be_had[name] = true
	return true
end

local function dig(name, def)
	local drop = def.drop
	if drop == nil then take(name) end
	if type(drop) == "string" then take(drop) end
	for _, choice in ipairs(type(drop) == "table" and drop.items or {}) do
		for _, item in ipairs(choice.items or {}) do take(item) end
	end
end

local function has_groups(name, wanted)
	local groups = core.registered_items[name].groups or {}
	for group in wanted:gmatch("[^,]+") do
		if (groups[group] or 0) == 0 then return false end
	end
	return true
end

-- An ingredient: an item, or "group:wood".
local function have(ingredient)
	local wanted = ingredient:match("^group:(.+)$")
	if not wanted then
		local name = ingredient:match("^%S*")
		return can_be_had[(core.registered_aliases or {})[name] or name] or name == ""
	end
	for name in pairs(can_be_had) do
		if has_groups(name, wanted) then return true end
	end
	return false
end

local function can_be_made(recipes)
	for _, recipe in ipairs(recipes) do
		local all = true
		for _, ingredient in pairs(recipe.items or {}) do all = all and have(ingredient) end
		if all then return true end
	end
	return false
end

-- Makes what can be made from what can be had, until nothing new comes of it.
local function craft()
	local recipes = {}
	for name in pairs(core.registered_items) do
		local known = name ~= "" and core.get_all_craft_recipes(name)
		if known then recipes[name] = known end
	end
	local more
	repeat
		more = false
		for name, list in pairs(recipes) do
			if not can_be_had[name] and can_be_made(list) then more = take(name) or more end
		end
	until not more
end

local function is_hidden(name)
	local def = core.registered_items[name]
	return not def or ((def.groups or {}).not_in_creative_inventory or 0) > 0 or (def.description or "") == ""
end

core.register_on_mods_loaded(function()
	for name in pairs(placed_nodes()) do
		name = core.registered_aliases and core.registered_aliases[name] or name
		local def = core.registered_nodes[name]
		if def and can_be_dug(def) then dig(name, def) end
	end
	for name, def in pairs(core.registered_nodes) do
		if grows(def) and can_be_dug(def) then dig(name, def) end
	end
	craft()
end)

-- Can anybody get this item, and would know it by its name?
function obtainable.has(name) return can_be_had[name] == true and not is_hidden(name) end

return obtainable
