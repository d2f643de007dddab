-- economy/market_list.lua: /llm market.

local shop = require("spec.support.trade")
local join, open = shop.join, shop.open

describe("trade", function()
	local mock, storage
	local function start(options) mock = shop.start(storage, options) end
	before_each(function() storage = {} end)

	it("shows a market: what is dearer, what is cheaper, and where", function()
		start()
		join("Robin", "zoo:bread 40", "llm_agent:coin 40")
		open("Robin")
		llm_agent.set_place("Oakford", {x = 0, y = 0, z = 0}, 30)
		local _, words = mock:command("Robin", "market")
		assert.equal("What things are worth in Oakford:\nApple: 2 coins\nSteel Sword: 26 coins", words)
		mock.mod.economy.market.note("Oakford", "zoo:apple", 2, 25, true)
		mock.mod.economy.market.note("Oakford", "zoo:bread", 4, 10, false)
		_, words = mock:command("Robin", "market Oakford")
		assert.is_truthy(words:find("Apple: 3 coins (usually 2 coins; 40 % dearer)", 1, true), words)
		assert.is_truthy(words:find("Bread: 3 coins (usually 4 coins; 23 % cheaper)", 1, true), words)
		_, words = mock:command("Robin", "market Nowhere")
		assert.equal("Nobody has anything to sell in Nowhere.", words)
		assert.equal("Oakford", mock.mod.perception.places.settlement_of(llm_agent.get_npc("bram")))
	end)
end)
