-- economy/trade.lua: haggling in the trade window.

local shop = require("spec.support.trade")
local join, has, open, spec, send, press, choose = shop.join, shop.has, shop.open, shop.spec, shop.send, shop.press, shop.choose

describe("trade", function()
	local mock, trade, storage, requests, remembered
	local function start(options)
		mock, remembered, requests = shop.start(storage, options)
		trade = mock.mod.economy.trade
	end
	before_each(function() storage = {} end)

	describe("haggling in the window", function()
		local function offer(price)
			press("Robin", "get_haggle", {get_count = "1", get_offer = tostring(price)})
		end

		it("lowers the price at once, and the deal is made at it", function()
			start()
			local robin = join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			local first = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true)
			offer(22)
			local countered = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true)
			assert.is_true(countered < first)
			assert.is_truthy(spec():find(("Say %d coins."):format(countered), 1, true))
			offer(countered)
			assert.is_truthy(spec():find(("Agreed. %d coins."):format(countered), 1, true))
			press("Robin", "buy", {get_count = "1", get_offer = tostring(countered)})
			assert.equal(90 - countered, has(robin, "llm_agent:coin"))
			assert.equal(("Robin bought 1 steel sword for %d coins"):format(countered), remembered[1][3])
		end)

		it("never goes below the floor, and ends in a refusal that is remembered", function()
			start()
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			local npc = llm_agent.get_npc("bram")
			local floor = trade.bounds(npc, "zoo:sword_steel", true)
			for _, price in ipairs({1, 2, 3, 1, 5, 4}) do
				offer(price)
				assert.is_true(trade.price(npc, "Robin", "zoo:sword_steel", true) >= floor)
			end
			assert.is_truthy(spec():find("not one less", 1, true))
			assert.same({"bram", "Robin", "I refused Robin's price of 2 coins for 1 steel sword"}, remembered[1])
			assert.is_true(trade.attitude(npc, "Robin") < 0) -- and was no way to make friends
		end)

		it("is over after a while", function()
			start()
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			local npc = llm_agent.get_npc("bram")
			local first = trade.price(npc, "Robin", "zoo:sword_steel", true)
			offer(22)
			mock:step(1, 121)
			assert.equal(first, trade.price(npc, "Robin", "zoo:sword_steel", true))
			assert.is_nil(trade.on_table("bram", "Robin"))
		end)

		it("remembers who walked away from its price", function()
			start()
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			offer(22)
			local price = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true)
			for _ = 1, 2 do send("Robin", {quit = "true"}) end
			assert.same({{"bram", "Robin", ("Robin refused my price of %d coins for 1 steel sword"):format(price)}}, remembered)
		end)

		it("says the price once, where the model begins with nothing else", function()
			start({reply = function(request)
				return {{event = "done", text = ("%d coins. Look at it!"):format(request.context.price), cache = "miss", model = "m"}}
			end})
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			offer(22)
			mock:step(0.05, 10)
			assert.is_truthy(shop.words():find("Say %d+ coins. Look at it!$"), shop.words())
		end)

		it("has the model's words behind its own, where they come in time and say no other number", function()
			local says = "{price} coins, by my beard, and that is my last word!"
			start({settings = {["llm_agent.greet"] = "false"}, reply = function(request)
				requests[#requests + 1] = request
				local words = says:gsub("{price}", ("%d"):format(request.context.price))
				return {{event = "done", text = words, cache = "miss", model = "m"}}
			end})
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			offer(22)
			mock:step(0.05, 10)
			assert.is_truthy(shop.words():find("That is too little. Say %d+ coins. %d+ coins, by my beard"), shop.words())
			local question = requests[#requests]
			assert.same({"trade", {["steel sword"] = 1}}, {question.intent, question.context.stock})
			assert.equal("How much is the steel sword?", question.utterance)
			assert.equal(trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true), question.context.price)
			assert.is_nil(question.actions)
			says = "Take it for 3 coins!"
			offer(23)
			mock:step(0.05, 10)
			assert.is_nil(shop.words():find("3 coins!", 1, true))
			assert.is_truthy(shop.words():find("That is too little. Say %d+ coins.$"))
		end)

		it("says that it is agreed, and at what price, in the game's own words only", function()
			start({reply = function(request)
				requests[#requests + 1] = request
				return {{event = "done", text = "No, never!", cache = "miss", model = "m"}}
			end})
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			offer(31)
			mock:step(0.05, 10)
			assert.equal("Agreed. 31 coins.", shop.words())
			assert.equal(0, #requests)
			send("Robin", {quit = "true"})
			mock.mod.economy.market.note("", "zoo:sword_steel", 26, 20, true) -- others buy meanwhile
			open("Robin")
			assert.equal("Agreed. 31 coins.", shop.words())
			assert.is_truthy(spec():find("Buy for 31 coins", 1, true))
			shop.press("Robin", "buy")
			assert.equal(59, has(mock.players.Robin:get_inventory(), "llm_agent:coin"))
			assert.is_nil(trade.on_table("bram", "Robin")) -- the next piece is haggled about from the start
		end)
	end)
end)
