-- Builds the square out of minetest_game's nodes: houses, a smithy corner, a market table, trees and a hedge against the horizon.
-- Runs once, when the map around it is there. Knows nothing of NPCs; `y` is the height of the ground everywhere.

local y = ...

local HALF = 20 -- nodes from the middle to the hedge

local function put(name, x, dy, z, param2) core.set_node({x = x, y = y + dy, z = z}, {name = name, param2 = param2}) end

local function fill(name, x1, dy1, z1, x2, dy2, z2, param2)
	for x = x1, x2 do
		for dy = dy1, dy2 do
			for z = z1, z2 do put(name, x, dy, z, param2) end
		end
	end
end

local function ground()
	fill("default:dirt", -HALF, -2, -HALF, HALF, -1, HALF)
	fill("default:dirt_with_grass", -HALF, 0, -HALF, HALF, 0, HALF)
	fill("default:gravel", -1, 0, -HALF, 1, 0, HALF)
	fill("default:gravel", -HALF, 0, -1, HALF, 0, 1)
	fill("default:cobble", -6, 0, -4, 6, 0, 6)
	fill("default:stonebrick", -5, 0, -3, 5, 0, 5)
	for _, x in ipairs({-HALF, HALF}) do fill("default:bush_leaves", x, 1, -HALF, x, 3, HALF) end
	for _, z in ipairs({-HALF, HALF}) do fill("default:bush_leaves", -HALF, 1, z, HALF, 3, z) end
end

-- A house of 7 by 5, its door to the south (-z); x, z is its south-west corner.
local function house(x, z, wall, roof)
	fill("default:cobble", x, 0, z, x + 6, 0, z + 4)
	fill(wall, x, 1, z, x + 6, 3, z + 4)
	fill("air", x + 1, 1, z + 1, x + 5, 3, z + 3)
	for _, corner in ipairs({{x, z}, {x + 6, z}, {x, z + 4}, {x + 6, z + 4}}) do
		fill("default:tree", corner[1], 1, corner[2], corner[1], 3, corner[2])
	end
	for _, window in ipairs({x + 1, x + 5}) do put("default:glass", window, 2, z) end
	put("doors:door_wood_a", x + 3, 1, z, 0)
	put("doors:hidden", x + 3, 2, z, 0)
	put("default:torch_wall", x + 2, 3, z - 1, 4)
	for step = 0, 2 do
		fill(roof, x - 1, 4 + step, z - 1 + step, x + 7, 4 + step, z - 1 + step, 0)
		fill(roof, x - 1, 4 + step, z + 5 - step, x + 7, 4 + step, z + 5 - step, 2)
		fill("default:wood", x, 4 + step, z + step, x + 6, 4 + step, z + 4 - step)
	end
	fill("stairs:slab_wood", x - 1, 7, z + 2, x + 7, 7, z + 2)
end

-- Open to the plaza on two sides: stone behind, a roof on posts, fire, a chest and a stock of bars.
local function smithy()
	fill("default:brick", -11, 1, 4, -6, 3, 4)
	fill("default:brick", -11, 1, 0, -11, 3, 4)
	fill("default:cobble", -10, 0, 0, -6, 0, 3)
	for _, post in ipairs({{-6, 0}, {-6, 4}}) do fill("default:tree", post[1], 1, post[2], post[1], 3, post[2]) end
	fill("stairs:slab_cobble", -12, 4, -1, -5, 4, 5)
	put("default:furnace_active", -10, 1, 3, 0)
	put("default:furnace_active", -9, 1, 3, 0)
	put("default:chest", -10, 1, 1, 1)
	put("default:steelblock", -7, 1, 3)
	put("default:coalblock", -10, 1, 2)
	put("default:torch_wall", -9, 3, 3, 4)
	for _, x in ipairs({-10, -7}) do put("default:meselamp", x, 4, 1) end -- faces want light
end

local function market()
	fill("default:gravel", 7, 0, 2, 11, 0, 6)
	fill("default:wood", 5, 1, 3, 6, 1, 3)
	put("vessels:steel_bottle", 5, 2, 3)
	put("flowers:mushroom_brown", 6, 2, 3)
	fill("default:wood", 10, 1, 3, 10, 1, 4)
	put("vessels:glass_bottle", 10, 2, 3)
	fill("farming:straw", 11, 1, 2, 11, 1, 3)
	put("farming:straw", 11, 2, 3)
	put("default:bookshelf", 10, 1, 5, 0)
	put("vessels:shelf", 9, 1, 5, 0)
end

local function green()
	for _, tree in ipairs({{-15, 12}, {14, 13}, {15, -3}, {-15, -8}, {0, 17}, {9, -14}, {-8, 16}, {17, 5}}) do
		default.grow_new_apple_tree({x = tree[1], y = y + 1, z = tree[2]})
	end
	local plants = {
		"flowers:rose", "flowers:tulip", "flowers:dandelion_yellow", "flowers:geranium", "default:grass_3", "default:grass_5",
	}
	local random = PcgRandom(7) -- the same meadow on every picture
	for _ = 1, 160 do
		local x, z = random:next(-HALF + 1, HALF - 1), random:next(-HALF + 1, HALF - 1)
		local below = core.get_node({x = x, y = y, z = z}).name
		if below == "default:dirt_with_grass" and core.get_node({x = x, y = y + 1, z = z}).name == "air" then
			put(plants[random:next(1, #plants)], x, 1, z)
		end
	end
	for _, lamp in ipairs({{-6, 6}, {6, 6}, {-6, -4}, {6, -4}}) do
		fill("default:fence_wood", lamp[1], 1, lamp[2], lamp[1], 2, lamp[2])
		put("default:meselamp", lamp[1], 3, lamp[2])
	end
end

return function()
	ground()
	house(-3, 9, "default:wood", "stairs:stair_wood")
	house(8, 8, "default:brick", "stairs:stair_junglewood")
	smithy()
	market()
	green()
	local edge = {x = HALF + 1, y = y, z = HALF + 1}
	core.fix_light({x = -edge.x, y = y - 3, z = -edge.z}, {x = edge.x, y = y + 15, z = edge.z})
end
