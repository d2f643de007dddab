-- Where the story plays, and who lives there: a piece of a village with real ground, kept awake without players, and NPCs with
-- bodies, goods and a quest. Far from the voices of cast.lua, so that neither hears the other.

local COIN, MUSHROOM = "llm_agent:coin", "flowers:mushroom_brown"
local CORNER, SIZE = {x = 0, y = 0, z = 1008}, {x = 48, z = 16} -- whole mapblocks, three of them
local BLOCK, GROUND_Y = 16, 7 -- nodes
local FEET_Y = GROUND_Y + 0.5

local function at(x, z) return {x = CORNER.x + x, y = FEET_Y, z = CORNER.z + z} end
local function node_at(x, y, z) return {x = CORNER.x + x, y = CORNER.y + y, z = CORNER.z + z} end

local stage = {
	COIN = COIN, MUSHROOM = MUSHROOM, SWORD = "default:sword_steel", QUEST_COUNT = 3, QUEST_REWARD = 12,
	GATE = at(7, 7), INN = at(25, 7), FORGE = at(42, 7), WOOD = at(34, 4), WOLF = at(2, 13),
	MUSHROOMS = {node_at(34, GROUND_Y + 1, 3), node_at(35, GROUND_Y + 1, 3), node_at(35, GROUND_Y + 1, 4)},
	PACKS = {node_at(1, 1, 1), node_at(2, 1, 1)}, -- nodes below the ground whose inventories are the visitors'
	npcs = {}, -- name → id
}

local PEOPLE = {
	{name = "Ragna", role = "guard", mood = "calm", pos = at(8, 8), persona = "Keeps the gate of Alderbrook and misses nothing."},
	{name = "Ivo", role = "guard", mood = "happy", pos = at(10, 10), persona = "Young, and eager for his first fight."},
	{name = "Hedda", role = "innkeeper", mood = "happy", pos = at(26, 8), persona = "Runs the Crooked Lantern and knows all gossip.",
		facts = {rumour = "a grey wolf has taken two sheep by the ford"}},
	{name = "Osric", role = "fisher", mood = "worried", pos = at(28, 9), persona = "Fishes at the ford and is afraid of the wolf.",
		facts = {rumour = "something big has torn the nets at the ford"}},
	{name = "Brenna", role = "smith", mood = "calm", pos = at(43, 8), persona = "Never sells a blade below its worth."},
}

local function lay_ground()
	local last_x, last_z = SIZE.x - 1, SIZE.z - 1
	local ground, wall = {}, {}
	for x = 0, last_x do
		for z = 0, last_z do
			ground[#ground + 1] = node_at(x, GROUND_Y, z)
			if x == 0 or z == 0 or x == last_x or z == last_z then
				for y = 1, 2 do wall[#wall + 1] = node_at(x, GROUND_Y + y, z) end
			end
		end
	end
	core.bulk_set_node(ground, {name = "mapgen_dirt_with_grass"})
	core.bulk_set_node(wall, {name = "mapgen_cobble"})
	for _, pos in ipairs(stage.MUSHROOMS) do core.set_node(pos, {name = MUSHROOM}) end
	for _, pos in ipairs(stage.PACKS) do core.set_node(pos, {name = "mapgen_stone"}) end
	llm_agent.set_place("Alderbrook", at(24, 8), 40)
	llm_agent.set_place("Crooked Lantern", stage.INN, 5)
	llm_agent.set_place("Red Forge", stage.FORGE, 5)
end

local function settle(on_npc)
	for _, def in ipairs(PEOPLE) do
		local npc = llm_agent.spawn(def.pos, {name = def.name, role = def.role, mood = def.mood, persona = def.persona})
		assert(npc, "no body for " .. def.name)
		npc:set_context(def.facts or {})
		npc:stay()
		npc.next_small_talk_us = math.huge -- they wait for the story
		stage.npcs[def.name] = npc.id
		on_npc(npc)
	end
	llm_agent.register_quest("mushrooms_for_the_inn", {
		kind = "fetch", item = MUSHROOM, count = stage.QUEST_COUNT, reward = stage.QUEST_REWARD, npcs = {stage.npcs.Hedda},
	})
end

local function for_each_block(fn)
	for x = CORNER.x, CORNER.x + SIZE.x - 1, BLOCK do fn({x = x, y = CORNER.y, z = CORNER.z}) end
end

function stage.npc(name) return llm_agent.get_npc(stage.npcs[name]) end

-- Why the story cannot be played in this game, or nil.
function stage.missing()
	for _, item in ipairs({MUSHROOM, stage.SWORD}) do
		if not core.registered_items[item] then return item end
	end
end

-- Builds the place; on_npc(npc) for each who lives there, then on_ready().
function stage.build(on_npc, on_ready)
	local corner_to = node_at(SIZE.x - 1, BLOCK - 1, SIZE.z - 1)
	local is_laid = false
	local function settle_when_awake()
		local is_awake = true
		for_each_block(function(pos) is_awake = is_awake and core.compare_block_status(pos, "active") end)
		if not is_awake then return core.after(0.1, settle_when_awake) end
		settle(on_npc)
		on_ready()
	end
	core.emerge_area(CORNER, corner_to, function(_, _, left)
		if left > 0 or is_laid then return end
		is_laid = true
		for_each_block(function(pos) assert(core.forceload_block(pos, true), "max_forceloaded_blocks is too small") end)
		lay_ground()
		settle_when_awake()
	end)
end

return stage
