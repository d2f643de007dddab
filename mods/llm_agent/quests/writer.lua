-- Writes quests from a snapshot (world.lua). Pure: takes the snapshot and random(low, high), returns a quest or nil.
-- Nothing is invented: what it writes can be done, and the NPC can pay for it, as the world is in the snapshot.

local quest_limits = ... -- {reward_max (coins), lasts_s}

local writer = {}

local REWARD_MIN = 2 -- coins; less is not offered
local FETCH_MAX, HUNT_MAX, CARRY_MAX = 12, 4, 5 -- how many of a thing are asked for
local FAIR = 1.3 -- times what the things are worth: more than a stall asks for them
local CARRY_WORTH_MAX = 40 -- coins: what an NPC hands over to be carried is worth no more
local NODES_A_COIN = 20 -- of the way there
local COINS_A_FOE, HP_A_COIN = 3, 5

-- The reward in coins as the NPC can and may give it, or nil where that is too little.
local function reward_of(world, fair)
	local reward = math.min(math.ceil(fair), quest_limits.reward_max, world.coins)
	return reward >= REWARD_MIN and reward >= math.min(fair, quest_limits.reward_max) * 0.5 and reward or nil
end

local function fetch(world, random)
	if not world.wants[1] then return nil end
	local want = world.wants[random(1, #world.wants)]
	local most = math.min(FETCH_MAX, want.most, math.floor(math.min(quest_limits.reward_max, world.coins) / (want.worth * FAIR)))
	if most < 1 then return nil end
	local count = random(1, most)
	return {kind = "fetch", item = want.item, count = count}, count * want.worth * FAIR
end

local function deliver(world, random)
	if not world.trusted or not world.goods[1] or not world.people[1] then return nil end
	local good, person = world.goods[random(1, #world.goods)], world.people[random(1, #world.people)]
	local most = math.min(CARRY_MAX, good.count, math.floor(CARRY_WORTH_MAX / math.max(1, good.worth)))
	if most < 1 then return nil end
	local count = random(1, most)
	return {
		kind = "deliver", carries = {[good.item] = count}, count = count, target = person.id, target_name = person.name,
	}, REWARD_MIN + person.distance / NODES_A_COIN
end

local function hunt(world, random)
	if not world.mobs[1] then return nil end
	local mob = world.mobs[random(1, #world.mobs)]
	local count = random(1, math.min(HUNT_MAX, mob.count))
	return {kind = "hunt", target = mob.name, count = count}, count * (COINS_A_FOE + mob.hp / HP_A_COIN)
end

local function visit(world, random)
	if not world.places[1] then return nil end
	local place = world.places[random(1, #world.places)]
	return {kind = "visit", target = place.name, count = 1}, REWARD_MIN + place.distance / NODES_A_COIN
end

-- Kinds with how often each is tried: errands for things are what villagers want most.
local KINDS = {{fetch, 4}, {hunt, 3}, {deliver, 2}, {visit, 2}}

local function shuffled(random)
	local bag, order = {}, {}
	for _, kind in ipairs(KINDS) do
		for _ = 1, kind[2] do bag[#bag + 1] = kind[1] end
	end
	while bag[1] do order[#order + 1] = table.remove(bag, random(1, #bag)) end
	return order
end

-- world: {coins, trusted, wants = {{item, worth, most}}, goods = {{item, count, worth}}, people = {{id, name, distance}},
-- mobs = {{name, count, hp}}, places = {{name, distance}}}, distances in nodes. Returns a quest without names and reward's item:
-- {kind, count, coins, lasts_s, …}, or nil where there is nothing to do.
function writer.write(world, random)
	for _, kind in ipairs(shuffled(random)) do
		local quest, fair = kind(world, random)
		quest = quest or {}
		quest.coins = fair and reward_of(world, fair)
		if quest.coins then
			quest.lasts_s = quest_limits.lasts_s
			return quest
		end
	end
	return nil
end

return writer
