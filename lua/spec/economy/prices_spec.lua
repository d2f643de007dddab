-- economy/prices.lua: base prices, bounds, haggling. Pure.

local prices = assert(loadfile("mods/llm_agent/economy/prices.lua"))()

local function no_recipe() return nil end

describe("a base price", function()
	it("comes from what is known of a name, the same in all games", function()
		for name, coins in pairs({
			["default:sword_steel"] = 26, ["mcl_tools:sword_iron"] = 26, ["basetools:sword_steel"] = 26, ["default:apple"] = 3,
			["mcl_core:apple"] = 3, ["default:coal_lump"] = 3, ["mcl_raw_ores:raw_iron"] = 8, ["farming:bread"] = 6,
			["default:pick_diamond"] = 180, ["farming:seed_wheat"] = 1, ["group:wood"] = 1.5, ["default:mese_crystal_fragment"] = 5,
		}) do
			assert.equal(coins, prices.base(name, no_recipe), name)
		end
	end)

	it("comes from what a thing is made of, where its name says nothing", function()
		local recipes = {
			["default:chest"] = {items = {"group:wood", "group:wood", "group:wood", "group:wood", [6] = "group:wood", [7] = ""}, count = 1},
			["x:box"] = {items = {"default:chest", "default:chest"}, count = 4},
		}
		local function recipe_of(name) return recipes[name] end
		assert.near(9, prices.base("default:chest", recipe_of), 1e-9)
		assert.near(5.4, prices.base("x:box", recipe_of), 1e-9)
		assert.is_false(select(2, prices.base("x:box", recipe_of)))
	end)

	it("is a guess where nobody knows, also of what is made in a circle", function()
		local function circle(name) return {items = {name == "x:a" and "x:b" or "x:a"}, count = 1} end
		for _, recipe_of in ipairs({no_recipe, circle}) do
			local coins, is_guess = prices.base("x:a", recipe_of)
			assert.is_true(coins >= 5 and coins < 10)
			assert.is_true(is_guess)
		end
	end)
end)

describe("the bounds of a price", function()
	-- Deterministic, so that a failure can be looked at.
	local function random(seed)
		math.randomseed(seed)
		return math.random
	end

	it("hold whatever mood, market and reputation say, and keep a gap between buying and selling", function()
		local pick = random(1)
		local moods = {"happy", "angry", "furious", "calm", "", "no such mood", "happy as a lark"}
		for _ = 1, 5000 do
			local market, reputation = pick() ^ 3 * 400, pick() * 4 - 2
			local attitude = prices.attitude(moods[pick(#moods)], reputation)
			assert.is_true(attitude >= -1 and attitude <= 1)
			local low, high = prices.bounds(market, true)
			local least, most = prices.bounds(market, false)
			assert.is_true(1 <= low and low <= high and 0 <= least and least <= most)
			assert.is_true(most <= low, "more is paid than asked at " .. market)
			local asks, pays = prices.first(market, true, attitude), prices.first(market, false, attitude)
			assert.is_true(low <= asks and asks <= high and least <= pays and pays <= most)
		end
	end)

	it("hold in every haggling, which ends", function()
		local pick = random(2)
		for _ = 1, 2000 do
			local market, attitude, is_sale = pick() * 100, pick() * 2 - 1, pick() < 0.5
			local low, high = prices.bounds(market, is_sale)
			local haggle = {price = prices.first(market, is_sale, attitude), patience = prices.patience(attitude)}
			local rounds = 0
			repeat
				rounds = rounds + 1
				local answer, price = prices.answer(haggle, pick(0, 200), market, is_sale, attitude)
				assert.is_true(price >= low and price <= high)
				if pick() < 0.1 then market = market * (0.5 + pick()) end -- the market moves meanwhile
				low, high = prices.bounds(market, is_sale)
				haggle.price = prices.clamp(haggle.price, low, high)
			until answer ~= "countered"
			assert.is_true(rounds <= 6)
		end
	end)

	it("make a friend cheaper to deal with than a stranger, and a stranger than an enemy", function()
		assert.is_true(prices.first(100, true, 1) < prices.first(100, true, 0))
		assert.is_true(prices.first(100, true, 0) < prices.first(100, true, -1))
		assert.is_true(prices.first(100, false, 1) > prices.first(100, false, 0))
		assert.is_true(prices.patience(1) > prices.patience(0) and prices.patience(0) > prices.patience(-1))
	end)
end)

describe("haggling", function()
	local function begin(attitude) return {price = prices.first(20, true, attitude), patience = prices.patience(attitude)} end

	it("takes what is fair, counters what is not, and asks no more than it said", function()
		local haggle = begin(0)
		assert.equal(23, haggle.price)
		assert.same({"countered", 20, false}, {prices.answer(haggle, 16, 20, true, 0)})
		assert.same({"accepted", 20}, {prices.answer(haggle, 50, 20, true, 0)})
		assert.same({"accepted", 23}, {prices.answer(begin(0), 23, 20, true, 0)})
	end)

	it("comes to an end: patience runs out, an insult costs double", function()
		local haggle, answers = begin(0), {}
		for i = 1, 3 do answers[i] = prices.answer(haggle, 16, 20, true, 0) end
		assert.same({"countered", "countered", "refused"}, answers)
		assert.same({"accepted", 20}, {prices.answer(haggle, 20, 20, true, 0)}) -- its last word still stands
		local insulted = begin(0)
		assert.is_true(select(3, prices.answer(insulted, 2, 20, true, 0)))
		assert.equal("refused", (prices.answer(insulted, 2, 20, true, 0)))
	end)

	it("is the same the other way round, where the NPC buys", function()
		local haggle = {price = prices.first(20, false, 0), patience = 3}
		assert.equal(11, haggle.price)
		assert.equal("countered", (prices.answer(haggle, 15, 20, false, 0)))
		assert.same({"accepted", 13}, {prices.answer(haggle, 12, 20, false, 0)}) -- it pays what it said, not less
	end)
end)
