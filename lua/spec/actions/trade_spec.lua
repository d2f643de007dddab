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
			trade.offer(bram, "Robin", "zoo:apple", true, 3)
			local question = ask("Too much. I pay 2.")
			assert.same({"apple"}, offered(question).properties.item.enum)
			assert.same({{apple = 8}, 2, "trade"}, {question.context.stock, question.context.price, question.context.intent})
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

		it("offers only what is there, at the price that the window shows", function()
			start()
			join("Robin")
			local schema = offered(ask("How much for three apples?"))
			assert.same({"apple"}, schema.properties.item.enum)
			assert.same({minimum = 1, maximum = 8, type = "integer"}, schema.properties.count)
			local price = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:apple", true)
			assert.same({price, price}, {schema.properties.price.minimum, schema.properties.price.maximum})
			assert.same({"item", "count", "price"}, schema.required)
			assert.same({"steel sword", "apple"}, offered(ask("What do you sell?")).properties.item.enum)
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
			ledger.burn("bram", "llm_agent:coin", 36)
			assert.equal(2, offered(ask("Will you buy my bread?")).properties.count.maximum)
			ledger.burn("bram", "llm_agent:coin", 3)
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

		it("opens no form on a player who plays: a line says how, and the window that follows has the offer", function()
			local robin = choose_in_talk("Three apples please", {item = "apple", count = 3, price = 2})
			assert.is_nil(mock.forms.Robin)
			assert.same({"Bram asks 2 coins for each: 3 × Apple. To trade: right-click Bram and press Trade, or type /llm trade Bram"},
				mock:chat_of("Robin"))
			assert.equal(0, has(robin, "zoo:apple")) -- nothing before the player agrees
			shop.open("Robin")
			assert.is_truthy(spec():find("get_count;;3", 1, true))
			assert.equal("2 coins for each, what do you say?", shop.words())
			press("Robin", "buy", {get_count = "3"})
			assert.equal(3, has(robin, "zoo:apple"))
			assert.equal(14, has(robin, "llm_agent:coin"))
		end)

		it("leaves the form of a player who is in another one alone", function()
			start({reply = function()
				return {{event = "done", text = "Here.", cache = "off", model = "m", action = {name = "offer_trade",
					params = {item = "apple", count = 3, price = 2}}}}
			end})
			join("Robin", "llm_agent:coin 20")
			llm_agent.register_npc("odo", {name = "Odo", role = "elder", pos = NEAR})
			mock.mod.talk.dialog.open(llm_agent.get_npc("odo"), "Robin")
			ask("Three apples please")
			assert.equal("llm_agent:dialog", mock.forms.Robin.name)
			mock.mod.talk.dialog.open(llm_agent.get_npc("bram"), "Robin") -- and in a talk with this NPC the window takes its place
			ask("Three apples please")
			assert.equal(FORM, mock.forms.Robin.name)
		end)

		it("offers to buy in the same way", function()
			local robin = choose_in_talk("Will you buy my bread?", {item = "bread", count = 4, price = 2})
			shop.open("Robin")
			assert.is_truthy(spec():find("give_count;;4", 1, true))
			press("Robin", "sell", {give_count = "4"})
			assert.equal(5, has(robin, "zoo:bread"))
			assert.equal(28, has(robin, "llm_agent:coin"))
		end)

		it("offers nothing where nobody speaks of trade", function()
			start()
			join("Robin", "zoo:bread 3")
			for _, words in ipairs({
				"Hello!", "Mira, I am done with the quest", "Where is the mill?", "asdfgh qwerty zzz", "What is a good deal of rain to you?",
				"Attention, a wolf!", "I like your hat", "The apple tree behind the house is old",
			}) do
				assert.is_nil(offered(ask(words)), words)
				assert.is_nil(requests[#requests].context.price, words)
			end
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

		it("is at the price of the rules, whatever number the model chose among several goods", function()
			choose_in_talk("What do you sell?", {item = "steel sword", count = 5, price = 2})
			assert.same({item = "zoo:sword_steel", is_sale = true, count = 1, price = 32}, -- there is only one
				trade.on_table("bram", "Robin"))
		end)
	end)

	describe("by rule", function()
		local function talk(words, text_of_model, action)
			start({reply = function(request)
				requests[#requests + 1] = request
				return {{event = "done", text = text_of_model, cache = "off", model = "m", action = action}}
			end})
			join("Robin", "zoo:bread 4", "llm_agent:coin 20")
			local reply
			llm_agent.get_npc("bram"):think({player = "Robin", utterance = words, actions = true}, function(answer) reply = answer end)
			mock:step(0.05, 10)
			return reply, trade.on_table("bram", "Robin")
		end

		it("offers what is asked for by name, whatever the model makes of it", function()
			for _, words in ipairs({"How much for three apples?", "three apples pls", "sell me 3 apples", "I want to buy 3 apples"}) do
				local reply, open = talk(words, "The weather is fine.")
				assert.equal("offer_trade", reply.action and reply.action.name, words)
				assert.same({item = "zoo:apple", count = 3, price = 2, is_sale = true}, open)
				assert.equal("2 coins for each, what do you say?", reply.text)
			end
			local reply, open = talk("Will you buy my bread?", "I like bread.")
			assert.same({item = "zoo:bread", count = 1, price = 2, is_sale = false}, open)
			assert.equal("I pay 2 coins, what do you say?", reply.text)
			assert.is_nil(talk("The apple tree is old", "Yes.").action)
		end)

		it("has the model's words where they name its price and no other", function()
			local action = {name = "offer_trade", params = {item = "apple", count = 3, price = 2}}
			for words, stands in pairs({
				["Two coins each, fresh from the tree!"] = true, ["That makes 6 coins, 2 for each."] = true, ["9 coins for each!"] = false,
				["I need 10 steel pickaxes, Robin."] = false, ["I cannot sell them for 2 coins."] = false,
			}) do
				local reply = talk("How much for three apples?", words, action)
				assert.equal(stands and words or "2 coins for each, what do you say?", reply.text)
			end
		end)
	end)

	describe("haggled in talk", function()
		local function say(words)
			mock:say("Robin", words)
			mock:step(2, 4)
			local chat = mock:chat_of("Robin")
			return chat[#chat - 1], requests[#requests] -- before what the NPC says
		end
		local HOW = " To trade: right-click Bram and press Trade, or type /llm trade Bram"

		before_each(function()
			start()
			mock.settings["llm_agent.greet"] = "false"
			join("Robin", "llm_agent:coin 90")
		end)

		it("says that it is agreed, and at what price, which holds in the window", function()
			local told, question = say("Bram, I give you 31 coins for the steel sword")
			assert.equal("<Bram> Agreed. 31 coins.", mock:chat_of("Robin")[2]) -- not the model's "Fine with me."
			assert.equal("Agreed with Bram: 31 coins, 1 × Steel Sword." .. HOW, told)
			assert.equal(31, question.context.price)
			for _, action in ipairs(question.actions or {}) do assert.not_equal("offer_trade", action.name) end
			mock.mod.economy.market.note("", "zoo:sword_steel", 26, 20, true) -- others buy meanwhile
			shop.open("Robin")
			assert.equal("Agreed. 31 coins.", shop.words())
			press("Robin", "buy")
			assert.equal(59, has(mock.players.Robin:get_inventory(), "llm_agent:coin"))
		end)

		it("goes on about the thing on the table, until a yes", function()
			assert.equal("Bram asks 28 coins: 1 × Steel Sword.", (say("Bram, would you take 22 coins for the steel sword?")))
			say("And 25?")
			assert.is_truthy(table.concat(mock:chat_of("Robin"), "\n"):find("asks 28 coins: 1 × Steel Sword.\n<Bram>", 1, true))
			assert.equal("Agreed with Bram: 28 coins, 1 × Steel Sword." .. HOW, (say("Deal!")))
			assert.equal(28, trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true))
			trade.offer(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true, 1) -- asked again by the model
			assert.same({28, true}, {trade.on_table("bram", "Robin").price, trade.on_table("bram", "Robin").is_agreed})
		end)

		it("takes a price for several as one for all of them, unless it is said to be for each", function()
			say("Bram, 9 coins for 3 apples")
			assert.same({3, 2}, {trade.on_table("bram", "Robin").count, trade.on_table("bram", "Robin").price})
			say("Bram, 3 apples for 2 coins each")
			assert.is_true(trade.on_table("bram", "Robin").is_agreed)
		end)

		it("ends in a refusal, and no insult brings the price below the floor", function()
			for _ = 1, 5 do say("Bram, 1 coin for the steel sword") say("Bram, 2 coins for the steel sword") end
			assert.equal("Bram will not haggle any further: 28 coins, 1 × Steel Sword.",
				(say("Bram, 3 coins for the steel sword")))
		end)

		it("answers an offer below its price by rule, whatever a model makes of it", function()
			mock:open_daemon(function() return {{event = "done", text = "I cannot pay you 1 coin for that today."}} end)
			for words, thing in pairs({
				["Bram, two apples please"] = "Apple", ["Bram, ill give you 1 coin for all your apples"] = "Apple",
				["Bram, I give you 22 coins for the sword"] = "Steel Sword", ["Bram, 22 coins for the swor"] = "Steel Sword",
			}) do
				say(words)
				local open, chat = trade.on_table("bram", "Robin"), table.concat(mock:chat_of("Robin"), "\n")
				local line = chat:match(".*<Bram> ([^\n]*)")
				assert.is_truthy(line:find(("%d coin"):format(open.price), 1, true), words .. ": " .. line)
				assert.is_nil(line:find("cannot pay", 1, true), line)
				assert.is_truthy(chat:find("× " .. thing, 1, true), words)
			end
		end)

		it("tells of it below what the player said", function()
			mock:say("Robin", "Bram, I give you 31 coins for the steel sword")
			assert.same({}, mock:chat_of("Robin")) -- the server sends the player's own line after this
			mock:step(0.05)
			assert.matches("^Agreed with Bram", mock:chat_of("Robin")[1])
		end)

		it("takes no number for a price that is none", function()
			for _, words in ipairs({"Bram, I saw 3 wolves", "How much for 3 apples?", "Bram, 3 apples please", "I am 30 years old, Bram"}) do
				say(words)
				local open = trade.on_table("bram", "Robin")
				assert.is_true(not open or open.item == "zoo:apple" and open.count == 3 and open.price == 2, words)
				assert.is_nil(table.concat(mock:chat_of("Robin"), "\n"):find("Agreed", 1, true), words)
			end
		end)
	end)
end)
