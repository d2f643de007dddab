-- What things are worth and how an NPC haggles. Pure: no game, no clock, no randomness.
-- No price leaves its bounds, whatever a mood, a market or a model says. The most that an NPC pays lies below the least that it
-- asks, so nobody gains by buying and selling in a circle.

local prices = {}

local DEFAULT = 5 -- coins, for what nobody knows
local CRAFT_DEPTH = 3 -- a chest of planks of a tree; deeper costs time and says little
local WORK = 1.2 -- what is made costs so much more than what it is made of
prices.FACTOR_MIN, prices.FACTOR_MAX = 0.5, 3 -- of the base, whatever a market does
-- Of the market's price: what an NPC asks, at least and at most, and what it pays.
local ASK_MIN, ASK_MAX, PAY_MIN, PAY_MAX = 0.8, 1.5, 0.3, 0.75
local ASK_USUAL, ASK_SWAY = 1.15, 0.2 -- what it asks first of a stranger, and how far its attitude moves that
local PAY_USUAL, PAY_SWAY = 0.55, 0.12
local PRICE_MAX = 10000 -- coins for one piece

-- Words in an item's name → coins, the first that fits: "default:pick_steel" is a pick before it is steel. Common things of
-- minetest_game, Mineclonia, VoxeLibre and devtest. A word ending in * begins one.
local KNOWN = {
	{"mese crystal fragment", 5}, {"mese crystal", 40}, {"netherite", 300}, {"sword diamond", 130}, {"pick diamond", 180},
	{"axe diamond", 180}, {"shovel diamond", 65}, {"diamond", 60}, {"emerald", 20},
	{"sword steel", 26}, {"sword iron", 26}, {"sword bronze", 24}, {"sword stone", 5}, {"sword wood", 3}, {"sword gold", 40},
	{"pick steel", 36}, {"pick iron", 36}, {"pick bronze", 32}, {"pick stone", 6}, {"pick wood", 4}, {"pick gold", 50},
	{"axe steel", 36}, {"axe iron", 36}, {"axe bronze", 32}, {"axe stone", 6}, {"axe wood", 4}, {"axe gold", 50},
	{"shovel steel", 14}, {"shovel iron", 14}, {"shovel bronze", 12}, {"shovel stone", 3}, {"shovel wood", 2},
	{"hoe steel", 24}, {"hoe iron", 24}, {"hoe stone", 4}, {"hoe wood", 3}, {"shears", 20}, {"bow", 15}, {"crossbow", 25},
	{"arrow", 2}, {"shield", 30}, {"helmet", 50}, {"chestplate", 80}, {"leggings", 70}, {"boots", 40}, {"saddle", 30},
	{"steel ingot", 10}, {"iron ingot", 10}, {"bronze ingot", 9}, {"copper ingot", 7}, {"tin ingot", 6}, {"gold ingot", 18},
	{"iron lump", 8}, {"raw iron", 8}, {"copper lump", 5}, {"raw copper", 5}, {"tin lump", 4}, {"gold lump", 14}, {"raw gold", 14},
	{"iron nugget", 1}, {"gold nugget", 2}, {"coal*", 3}, {"charcoal*", 3}, {"flint", 3}, {"clay lump", 2}, {"clay brick", 2},
	{"bread", 6}, {"apple gold", 80}, {"apple", 3}, {"blueberries", 2}, {"mushroom", 3}, {"cookie", 2}, {"cake", 12},
	{"pumpkin pie", 8},
	{"stew", 5}, {"soup", 5}, {"cooked", 5}, {"fish", 4}, {"salmon", 5}, {"beef", 4}, {"mutton", 4}, {"porkchop", 4}, {"chicken", 3},
	{"rabbit", 3}, {"meat", 4},
	{"egg", 2}, {"honey", 5}, {"milk", 5}, {"cheese", 6}, {"carrot", 3}, {"potato", 3}, {"beetroot", 3},
	{"melon", 2}, {"pumpkin", 4}, {"flour", 6}, {"seed*", 1}, {"wheat", 2}, {"sugar", 2}, {"reeds", 2}, {"papyrus", 2},
	{"cactus", 2},
	{"cotton", 2}, {"string", 3}, {"wool", 3}, {"leather", 4}, {"feather", 2}, {"bone*", 2}, {"rope", 3}, {"paper", 4}, {"book", 14},
	{"map", 10}, {"potion", 20}, {"bottle", 2}, {"torch", 2}, {"lantern", 8}, {"candle", 3}, {"bucket", 30}, {"compass", 45},
	{"fishing", 8}, {"rod", 8}, {"boat", 6}, {"bed", 12}, {"ladder", 1}, {"stick", 0.5}, {"snowball", 0.3}, {"sapling", 2},
	{"rose", 2}, {"tulip", 2}, {"dandelion", 2}, {"flower*", 2}, {"obsidian", 12}, {"glass", 2}, {"brick", 2},
	{"tree", 6}, {"trunk", 6}, {"log", 6}, {"wood", 1.5}, {"plank*", 1.5}, {"cobble", 0.5}, {"stone", 0.5}, {"sand", 0.3},
	{"gravel", 0.3}, {"dirt", 0.2}, {"clay", 4},
}

-- How a mood moves prices: above 0 is good for the player.
local MOODS = {
	happy = 0.4, cheerful = 0.4, merry = 0.4, friendly = 0.4, content = 0.2, calm = 0.1, afraid = 0.2, sad = 0,
	proud = -0.1, tired = -0.1, worried = -0.1, grumpy = -0.4, bitter = -0.4, angry = -0.6, furious = -0.8,
}

local function has_words(name, wanted)
	local begins = wanted:sub(-1) == "*"
	if begins then return name:find(" " .. wanted:sub(1, -2), 1, true) ~= nil end
	for word in wanted:gmatch("%S+") do
		if not name:find(" " .. word .. " ", 1, true) then return false end
	end
	return true
end

-- What an item's name says, or nil.
local function known_price(name)
	local words = " " .. name:gsub("^[^:]*:", ""):gsub("[^%a]+", " "):lower() .. " "
	for _, entry in ipairs(KNOWN) do
		if has_words(words, entry[1]) then return entry[2] end
	end
end

local function counted(list)
	local counts = {}
	for _, item in pairs(list) do
		if item ~= "" then counts[item] = (counts[item] or 0) + 1 end
	end
	return counts
end

-- recipe_of(name) -> {items = {names}, count = how many come out} or nil. Returns coins for one, not rounded (four sticks cost
-- two), and true where it is a guess.
function prices.base(name, recipe_of, depth)
	local known, recipe = known_price(name), nil
	if known then return known, false end
	depth = depth or 0
	if depth < CRAFT_DEPTH then recipe = recipe_of(name) end
	local sum, guess = 0, true
	for item, count in pairs(recipe and counted(recipe.items) or {}) do
		local price, guessed = prices.base(item, recipe_of, depth + 1)
		sum, guess = sum + price * count, guess and guessed
	end
	if sum == 0 then return DEFAULT, true end
	return math.min(sum * WORK / math.max(recipe.count, 1), PRICE_MAX), guess
end

local function clamp(value, low, high) return math.max(low, math.min(value, high)) end
prices.clamp = clamp

-- -1 (would rather not sell to you) to 1 (a friend), from a mood's word and what there was between the two.
function prices.attitude(mood, reputation)
	local word = mood and mood:lower():match("%a+") or ""
	return clamp((MOODS[word] or 0) + (reputation or 0), -1, 1)
end

-- Whole coins: the least and the most for one piece. market: base times what supply and demand make of it.
-- A sale is the NPC's: it gives the goods.
function prices.bounds(market, is_sale)
	market = clamp(market, 0, PRICE_MAX)
	if is_sale then
		local floor = math.max(1, math.ceil(market * ASK_MIN))
		return floor, math.max(floor, math.floor(market * ASK_MAX + 0.5))
	end
	local ceiling = math.floor(market * PAY_MAX)
	return math.min(math.floor(market * PAY_MIN), ceiling), ceiling -- 0: it does not pay for such a thing
end

-- What it asks, or pays, before anybody haggles.
function prices.first(market, is_sale, attitude)
	local floor, ceiling = prices.bounds(market, is_sale)
	local usual = is_sale and ASK_USUAL - ASK_SWAY * attitude or PAY_USUAL + PAY_SWAY * attitude
	return clamp(math.floor(market * usual + 0.5), floor, ceiling)
end

-- How far it goes in the end: a friend gets most of the room there is, a stranger half of it.
local function last_price(now, bound, attitude)
	local share = 0.5 + 0.4 * attitude
	local price = now + (bound - now) * share
	return bound < now and math.ceil(price) or math.floor(price)
end

-- How many counter-offers it listens to.
function prices.patience(attitude)
	return clamp(math.floor(3 + 2 * attitude + 0.5), 1, 5)
end

-- A player's offer for one piece. haggle: {price = what it asked or would pay, patience =, last =?}; is changed.
-- Returns "accepted", "countered", "refused" (no patience left, or an insult), and the price that holds now.
function prices.answer(haggle, offer, market, is_sale, attitude)
	local floor, ceiling = prices.bounds(market, is_sale)
	local sign = is_sale and 1 or -1 -- from here on: the NPC wants `sign * price` high
	local function better_for_npc(a, b) return sign * a >= sign * b end
	haggle.price = clamp(haggle.price, floor, ceiling)
	if better_for_npc(offer, haggle.price) then return "accepted", haggle.price end
	haggle.last = haggle.last or last_price(haggle.price, is_sale and floor or ceiling, attitude)
	local last = clamp(haggle.last, floor, ceiling)
	if haggle.patience <= 0 then return "refused", haggle.price end
	if better_for_npc(offer, last) then
		haggle.price = offer
		return "accepted", offer
	end
	local insult = is_sale and offer * 2 < floor or not is_sale and offer > ceiling * 2
	haggle.patience = haggle.patience - (insult and 2 or 1)
	if haggle.patience <= 0 then return "refused", haggle.price, insult end
	local middle = (haggle.price + offer) / 2
	middle = is_sale and math.ceil(middle) or math.floor(middle)
	haggle.price = better_for_npc(middle, last) and middle or last
	return "countered", haggle.price, insult
end

return prices
