-- Writes quests from a snapshot (world.lua). Pure: takes the snapshot and random(low, high), returns a quest or nil.
-- Nothing is invented: what it writes can be done, and the NPC can pay for it, as the world is in the snapshot.

local kinds, quest_limits = ... -- quest_limits: {reward_max (coins), lasts_s}

local writer = {}

local REWARD_MIN = 2 -- coins; less is not offered

-- The reward in coins as the NPC can and may give it, or nil where that is too little.
local function reward_of(world, fair)
	local reward = math.min(math.ceil(fair), quest_limits.reward_max, world.coins)
	return reward >= REWARD_MIN and reward >= math.min(fair, quest_limits.reward_max) * 0.5 and reward or nil
end

-- How often each kind is tried: errands for things are what villagers want most. In a fixed order, for a seed gives one quest.
local BY_WEIGHT = {}
for name, kind in pairs(kinds) do
	if kind.write then BY_WEIGHT[#BY_WEIGHT + 1] = {name = name, weight = kind.weight} end
end
table.sort(BY_WEIGHT, function(a, b) return a.weight > b.weight or a.weight == b.weight and a.name < b.name end)

local function shuffled(random)
	local bag, order = {}, {}
	for _, kind in ipairs(BY_WEIGHT) do
		for _ = 1, kind.weight do bag[#bag + 1] = kind.name end
	end
	while bag[1] do order[#order + 1] = table.remove(bag, random(1, #bag)) end
	return order
end

-- world: {coins, trusted, wants = {{item, worth, most}}, goods = {{item, count, worth}}, people = {{id, name, distance}},
-- mobs = {{name, count, hp}}, places = {{name, distance}}}, distances in nodes. Returns a quest without names and reward's item:
-- {kind, count, coins, lasts_s, …}, or nil where there is nothing to do.
function writer.write(world, random)
	local coins_max = math.min(quest_limits.reward_max, world.coins)
	for _, name in ipairs(shuffled(random)) do
		local quest, fair = kinds[name].write(world, random, coins_max)
		local coins = quest and reward_of(world, fair)
		if coins then
			quest.kind, quest.coins, quest.lasts_s = name, coins, quest_limits.lasts_s
			return quest
		end
	end
	return nil
end

return writer
