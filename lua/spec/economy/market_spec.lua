-- economy/market.lua: supply and demand.

local Mock = require("mock_core")
local prices = assert(loadfile("mods/llm_agent/economy/prices.lua"))()

describe("a market", function()
	local mock, market

	local function start(storage)
		mock = Mock.new({storage = storage})
		_G.core = mock.core
		market = assert(loadfile("mods/llm_agent/economy/market.lua"))(
			{market_half_life_min = 60}, mock:mod_storage(), prices)
	end

	before_each(function() start() end)

	it("gets dearer where players buy, cheaper where they sell, there alone and within bounds", function()
		market.note("Oakford", "x:apple", 2, 10, true)
		assert.is_true(market.factor("Oakford", "x:apple", 2) > 1.1)
		assert.equal(1, market.factor("Millbrook", "x:apple", 2))
		market.note("Oakford", "x:sword", 26, 2, false)
		assert.is_true(market.factor("Oakford", "x:sword", 26) < 0.9)
		for _ = 1, 100 do
			market.note("Oakford", "x:apple", 2, 50, true)
			market.note("Oakford", "x:sword", 26, 50, false)
		end
		assert.near(3, market.factor("Oakford", "x:apple", 2), 1e-9)
		assert.near(0.5, market.factor("Oakford", "x:sword", 26), 1e-9)
		assert.near(3, market.factor("Oakford", "x:apple", 2, 999, true), 1e-9)
		assert.near(0.5, market.factor("Oakford", "x:sword", 26, 999, false), 1e-9)
	end)

	it("comes back by half in an hour of the game, and in the end all the way", function()
		market.note("", "x:apple", 2, 30, true)
		local before = math.log(market.factor("", "x:apple", 2))
		mock.game_s = mock.game_s + 3600
		assert.near(before / 2, math.log(market.factor("", "x:apple", 2)), 1e-9)
		mock.game_s = mock.game_s + 20 * 3600
		assert.equal(1, market.factor("", "x:apple", 2))
		assert.same({}, market.moved(""))
		market.note("", "x:bread", 4, 5, true)
		assert.is_nil(mock.storage.market:find("apple")) -- and is not kept
	end)

	it("is kept with the world", function()
		market.note("Oakford", "x:apple", 2, 30, true)
		local factor = market.factor("Oakford", "x:apple", 2)
		start(mock.storage)
		assert.near(factor, market.factor("Oakford", "x:apple", 2), 1e-9)
		start({market = "no such thing"})
		assert.equal(1, market.factor("Oakford", "x:apple", 2))
	end)

	it("holds no more than it may", function()
		for i = 1, 80 do market.note("Oakford", "x:" .. i, 5, i, true) end
		assert.is_true(#market.moved("Oakford") <= 65)
		assert.is_true(market.factor("Oakford", "x:80", 5) > 2)
		for i = 1, 80 do market.note("Place " .. i, "x:a", 5, 5, true) end
		local _, count = mock.storage.market:gsub("Place", "")
		assert.is_true(count <= 65)
	end)

	it("lets nobody gain by buying and selling in a circle, in whatever steps", function()
		math.randomseed(3)
		for _ = 1, 300 do
			start()
			local base, held, coins = math.random() * 60 + 0.2, 0, 0
			local function trade(count, is_sale)
				local low = prices.bounds(base * market.factor("", "x", base, count, true), true)
				local _, most = prices.bounds(base * market.factor("", "x", base, count, false), false)
				coins = coins + (is_sale and -low or most) * count -- the best that haggling could bring
				held = held + (is_sale and count or -count)
				market.note("", "x", base, count, is_sale)
			end
			for _ = 1, 12 do
				if held > 0 and math.random() < 0.5 then trade(math.random(held), false) else trade(math.random(40), true) end
				if math.random() < 0.3 then mock.game_s = mock.game_s + math.random(4000) end
			end
			while held > 0 do trade(math.random(held), false) end
			assert.is_true(coins <= 0, ("gained %g at a base of %g"):format(coins, base))
		end
	end)
end)
