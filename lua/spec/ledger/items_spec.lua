-- economy/items.lua: items by words, and what is money.

local books = require("spec.support.ledger")

describe("an item of this game", function()
	local mock, items
	local function start(options)
		mock = books.start(options)
		items = mock.mod.ledger.items
	end

	it("finds items by words, in the singular and the plural", function()
		start()
		for words, name in pairs({
			["steel swords"] = "zoo:sword", ["Steel Sword"] = "zoo:sword", ["the steel sword"] = "zoo:sword", apple = "zoo:apple",
			["5 apples"] = "zoo:apple", ["loaves of bread"] = "zoo:bread", ["zoo:pick"] = "zoo:pick", coins = "llm_agent:coin",
		}) do
			assert.equal(name, items.find(words), words)
		end
		assert.is_nil(items.find("dragon"))
		assert.is_nil(items.find("apple", {"zoo:sword"}))
		assert.is_nil(items.find(""))
		assert.equal("2 apples", items.counted(2, "zoo:apple"))
		assert.equal("1 steel sword", items.counted(1, "zoo:sword"))
	end)

	it("has coins of its own, or takes another item for money", function()
		start()
		assert.equal("llm_agent:coin", items.money())
		assert.equal("2 coins", items.coins(2))
		start({settings = {["llm_agent.money"] = "old:apple"}})
		assert.equal("zoo:apple", items.money())
		assert.equal("3 × apple", items.coins(3))
		start({settings = {["llm_agent.money"] = "zoo:dragon"}})
		assert.equal("llm_agent:coin", items.money())
		assert.equal(1, #mock:logged("no such item in this game"))
	end)
end)
