-- Builds the stage in any game: a meadow, a path and a hedge, out of what its mapgen is made of. Runs once, when the map around
-- it is there. Knows nothing of NPCs; `y` is the height of the ground everywhere.

local y = ...

local HALF = 20 -- nodes from the middle to the hedge

-- The first of these that the game has.
local function known(...)
	for _, name in ipairs({...}) do
		name = core.registered_aliases[name] or name
		if core.registered_nodes[name] then return name end
	end
	return "air"
end

local function fill(name, x1, dy1, z1, x2, dy2, z2)
	for x = x1, x2 do
		for dy = dy1, dy2 do
			for z = z1, z2 do core.set_node({x = x, y = y + dy, z = z}, {name = name}) end
		end
	end
end

return function()
	local stone = known("mapgen_stone", "basenodes:stone")
	fill(stone, -HALF, -2, -HALF, HALF, -1, HALF)
	fill(known("mcl_core:dirt_with_grass", "mapgen_dirt_with_grass", "basenodes:dirt_with_grass"), -HALF, 0, -HALF, HALF, 0, HALF)
	fill(known("mapgen_cobble", "mcl_core:cobble", "basenodes:cobble"), -1, 0, -HALF, 1, 0, HALF)
	local hedge = known("mcl_core:leaves", "mcl_trees:leaves_oak", "basenodes:leaves")
	for _, edge in ipairs({-HALF, HALF}) do
		fill(hedge, edge, 1, -HALF, edge, 3, HALF)
		fill(hedge, -HALF, 1, edge, HALF, 3, edge)
	end
end
