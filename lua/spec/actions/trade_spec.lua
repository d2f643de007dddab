-- actions/trade.lua: trade in talk.

local shop = require("spec.support.trade")
local NEAR, FORM, join, has, spec, press = shop.NEAR, shop.FORM, shop.join, shop.has, shop.spec, shop.press

describe("trade", function()
	local mock, ledger, trade, storage, requests
	local function start(options)
		local _
		mock, _, requests = shop.start(storage, options)
		ledger, trade = mock.mod.ledger.ledger, mock.mod.economy.trade
	end
	before_each(function() storage = {} end)

	describe("in talk", function()
		local function ask(words, opts)
			opts = opts or {}
			opts.player, opts.utterance, opts.actions = opts.player or "Robin", words, true
			llm_agent.get_npc("bram"):think(opts, function() end)
			mock:step(0.05, 10)
			return requests[#requests]
		end

		local function offered(question)
			for _, action in ipairs(question.actions or {}) do
				if action.name == "offer_trade" then return action.params end
			end
		end

		it("tells the model what is asked for, and no more", function()
			start()
			join("Robin")
			local question = ask("How much for three apples?")
			assert.same({apple = 8}, question.context.stock)
			assert.equal(2, question.context.price)
			question = ask("What do you sell?")
			assert.same({apple = 8, ["steel sword"] = 1}, question.context.stock)
			assert.same({apple = 2, ["steel sword"] = 32}, question.context.price)
			question = ask("Good morning!")
			assert.is_nil(question.context.stock)
			assert.is_nil(question.context.price)
		end)

		it("knows what is on the table, and offers nothing where a thing is asked for that is not here", function()
			start()
			join("Robin")
			local bram = llm_agent.get_npc("bram")
			assert.is_nil(offered(ask("Sell me 2 fish.")))
			assert.same({"steel sword", "apple"}, offered(ask("What do you have for sale?")).properties.item.enum)
			trade.offer(bram, "Robin", "zoo:apple", true, 3, 3)
			local question = ask("Too much. I pay 2.")
			assert.same({"apple"}, offered(question).properties.item.enum)
			assert.same({{apple = 8}, 3, "trade"}, {question.context.stock, question.context.price, question.context.intent})
			assert.equal(8, question.context.stock.apple)
		end)

		it("leaves out what the NPC needs and pays: the model would take it for the price", function()
			start()
			join("Robin")
			llm_agent.register_quest("bread", {kind = "fetch", item = "zoo:bread", reward = 7, roles = {"merchant"}})
			mock.mod.economy.goods.visit(llm_agent.get_npc("bram"))
			assert.equal(7, ask("Do you have work for me?").context.reward)
			local facts = ask("How much for an apple?").context
			assert.same({nil, nil, 2, "trade"}, {facts.need, facts.reward, facts.price, facts.intent})
		end)

		it("tells NPCs among themselves nothing of it", function()
			start()
			llm_agent.register_npc("odo", {name = "Odo", role = "elder", pos = NEAR})
			local question = ask("What do you sell?", {player = "Odo"})
			assert.is_nil(question.context.stock)
			assert.is_nil(offered(question))
		end)

		it("offers only what is there, at prices within its bounds", function()
			start()
			join("Robin")
			local schema = offered(ask("How much for three apples?"))
			assert.same({"apple"}, schema.properties.item.enum)
			assert.same({minimum = 1, maximum = 8, type = "integer"}, schema.properties.count)
			local low, high = trade.bounds(llm_agent.get_npc("bram"), "zoo:apple", true)
			assert.same({low, high}, {schema.properties.price.minimum, schema.properties.price.maximum})
			assert.same({"item", "count", "price"}, schema.required)
			assert.same({"steel sword", "apple"}, offered(ask("Hello!")).properties.item.enum)
			for item, count in pairs(ledger.stock("bram")) do ledger.burn("bram", item, count) end
			assert.is_nil(offered(ask("How much for three apples?")))
		end)

		it("offers to buy what the player holds, for no more than it has", function()
			start()
			local robin = join("Robin", "zoo:bread 9")
			local question = ask("Will you buy my bread?")
			assert.same({"bread"}, offered(question).properties.item.enum)
			assert.equal(9, offered(question).properties.count.maximum)
			assert.equal(2, question.context.price)
			assert.is_nil(question.context.stock)
			ledger.burn("bram", "llm_agent:coin", 38)
			assert.equal(2, offered(ask("Will you buy my bread?")).properties.count.maximum)
			ledger.burn("bram", "llm_agent:coin", 2)
			assert.is_nil(offered(ask("Will you buy my bread?")))
			robin:set_stack("main", 1, "zoo:oddity")
			assert.is_nil(offered(ask("Will you buy this?")))
		end)

		local function choose_in_talk(words, params)
			start({reply = function(request)
				requests[#requests + 1] = request
				return {{event = "done", text = "Here.", cache = "off", model = "m", action = {name = "offer_trade", params = params}}}
			end})
			local robin = join("Robin", "zoo:bread 9", "llm_agent:coin 20")
			ask(words)
			return robin
		end

		it("opens the window with the model's offer, which stands", function()
			local robin = choose_in_talk("Three apples please", {item = "apple", count = 3, price = 3})
			assert.equal(FORM, mock.forms.Robin.name)
			assert.is_truthy(spec():find("get_count;;3", 1, true))
			assert.same({"Bram asks 3 coins for each: 3 × Apple."}, mock:chat_of("Robin"))
			assert.equal(0, has(robin, "zoo:apple")) -- nothing before the player agrees
			press("Robin", "buy", {get_count = "3"})
			assert.equal(3, has(robin, "zoo:apple"))
			assert.equal(11, has(robin, "llm_agent:coin"))
		end)

		it("offers to buy in the window as well", function()
			local robin = choose_in_talk("Will you buy my bread?", {item = "bread", count = 4, price = 2})
			assert.is_truthy(spec():find("give_count;;4", 1, true))
			press("Robin", "sell", {give_count = "4"})
			assert.equal(5, has(robin, "zoo:bread"))
			assert.equal(28, has(robin, "llm_agent:coin"))
		end)

		it("refuses a price out of the bounds, and what is not there", function()
			for _, params in ipairs({
				{item = "apple", count = 3, price = 1}, {item = "apple", count = 3, price = 1000}, {item = "apple", count = 3},
				{item = "dragon", count = 1, price = 3}, {item = "apple", count = 99, price = 3}, {item = "apple", count = -1, price = 3},
			}) do
				choose_in_talk("Three apples please", params)
				assert.is_nil(mock.forms.Robin)
			end
		end)

		it("brings an offer among several goods into the bounds of the one", function()
			choose_in_talk("Hello", {item = "steel sword", count = 5, price = 2})
			local floor = trade.bounds(llm_agent.get_npc("bram"), "zoo:sword_steel", true)
			assert.is_truthy(spec():find("get_count;;1", 1, true)) -- there is only one
			assert.equal(floor, trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true))
		end)
	end)
end)
