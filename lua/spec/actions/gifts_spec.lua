-- actions/gifts.lua: gifts between an NPC and a player.

local Mock = require("mock_core")

local function at(x) return {x = x, y = 0, z = 0} end

describe("gifts", function()
	local mock, daemon, agent, ledger, npc, remembered, questions
	local function start(settings)
		settings = settings or {}
		settings["llm_agent.player_burst"], settings["llm_agent.npc_burst"] = "100", "100"
		settings["llm_agent.goods"] = "false"
		mock = Mock.new({settings = settings})
		daemon = mock:open_daemon(function() return {} end)
		mock.core.register_craftitem("zoo:apple", {description = "Apple"})
		mock.core.register_craftitem("zoo:bread", {description = "Loaf of Bread"})
		mock.core.register_craftitem("zoo:crown", {description = "Crown"})
		agent = mock:load_mod()
		local private = mock.mod
		ledger = private.ledger.ledger
		private.economy.trade.base_price = function(item) return item == "zoo:crown" and 500 or item == "zoo:bread" and 2 or 0.5 end
		remembered, questions = {}, 0
		private.think.memory.remember = function(_, player, sentence) remembered[#remembered + 1] = player .. ": " .. sentence end
		npc = agent.register_npc("ann", {name = "Ann", role = "merchant", pos = at(0)})
	end
	-- The action's schema in the question that is asked now, or nil.
	local function offered(name, utterance)
		npc:think({player = "Robin", utterance = utterance, actions = true}, function() end)
		questions = questions + 1
		mock:step()
		assert.equal(questions, #daemon.received)
		for _, action in ipairs(daemon.received[#daemon.received].request.actions or {}) do
			if action.name == name then return action.params.properties end
		end
	end
	local function reply(name, item, count)
		local question = daemon.received[#daemon.received]
		local event = {id = question.request.id, event = "done", text = "Here.", action = {name = name, params = {item = item, count = count}}}
		daemon:event(question.session, event)
		mock:step(0.05, 4)
	end
	local function robin(wielded, x)
		return mock:join("Robin", at(x or 2), wielded):get_inventory()
	end
	local function has(inventory, item) return inventory:contains_item("main", item) end

	it("from farther than hands reach are asked to come nearer, and stay with the player", function()
		start()
		local inventory = robin("zoo:apple 3", 8)
		local said
		npc:think({player = "Robin", utterance = "Ann, take this apple", actions = true}, function(answer) said = answer.text end)
		mock:step()
		local question = daemon.received[#daemon.received]
		daemon:event(question.session, {id = question.request.id, event = "done", text = "Hold it in your hand."})
		mock:step(0.05, 4)
		assert.is_true(said:find("closer", 1, true) ~= nil or said:find("nearer", 1, true) ~= nil, said)
		assert.is_true(has(inventory, "zoo:apple 3"))
	end)

	it("are given of an NPC's goods, up to what it gives away in a day", function()
		start()
		local inventory = robin()
		assert.is_nil(offered("give_item"))
		ledger.mint("ann", "zoo:apple", 20)
		ledger.mint("ann", "zoo:bread", 20)
		ledger.mint("ann", "zoo:crown", 1)
		local params = offered("give_item")
		assert.same({"apple", "loaf of bread"}, params.item.enum) -- no crown
		assert.same({1, 10}, {params.count.minimum, params.count.maximum})
		reply("give_item", "apple", 6)
		assert.is_true(has(inventory, "zoo:apple 6"))
		assert.equal(14, ledger.count("ann", "zoo:apple"))
		assert.same({"Robin: Ann gave 6 apples to Robin as a gift"}, remembered)
		assert.is_truthy(table.concat(mock:chat_of("Robin"), "\n"):find("Ann gives you: 6 × apple", 1, true))
		params = offered("give_item")
		assert.same({"apple", "loaf of bread"}, params.item.enum)
		assert.equal(4, params.count.maximum)
		reply("give_item", "loaf of bread", 3) -- fits the schema, not the day
		assert.is_false(has(inventory, "zoo:bread"))
		assert.equal("Robin: Ann could not give 3 loaves of bread to Robin", remembered[2])
		reply("give_item", "apple", 4)
		assert.is_false(has(inventory, "zoo:apple 7")) -- that question is answered already
	end)

	it("are limited per player and day, over restarts and with all NPCs together", function()
		start({["llm_agent.gift_coins_per_day"] = "1"})
		ledger.mint("ann", "zoo:apple", 20)
		agent.register_npc("bob", {name = "Bob", role = "smith", pos = at(1)})
		ledger.mint("bob", "zoo:apple", 20)
		robin()
		assert.equal(2, offered("give_item").count.maximum)
		reply("give_item", "apple", 2)
		npc = agent.get_npc("bob")
		assert.is_nil(offered("give_item"))
		mock.day = 2
		assert.equal(2, offered("give_item").count.maximum)
		start({["llm_agent.gift_coins_per_day"] = "0"})
		ledger.mint("ann", "zoo:apple", 20)
		robin()
		assert.is_nil(offered("give_item"))
	end)

	it("need both to stand together, and name what is in the way", function()
		start()
		ledger.mint("ann", "zoo:apple", 20)
		local inventory = robin(nil, 7)
		assert.is_nil(offered("give_item"))
		mock.players.Robin:set_pos(at(5))
		for i = 1, 32 do inventory:set_stack("main", i, "zoo:crown") end
		assert.not_nil(offered("give_item"))
		reply("give_item", "apple", 1)
		assert.equal(20, ledger.count("ann", "zoo:apple"))
		assert.equal("You have no room for that.", mock:chat_of("Robin")[1])
		assert.equal("Robin: Ann could not give 1 apple to Robin", remembered[1])
		offered("give_item")
		mock.players.Robin:set_pos(at(50)) -- meanwhile
		inventory:set_stack("main", 1, "")
		reply("give_item", "apple", 1)
		assert.equal(20, ledger.count("ann", "zoo:apple"))
	end)

	it("are taken from a player's hand where the player's words say so", function()
		start()
		local inventory = robin("zoo:apple 5")
		inventory:set_stack("main", 2, "zoo:crown")
		for words, most in pairs({["Here, take these"] = 5, ["I brought you 3 apples"] = 3, ["take an apple"] = 1, ["Nimm das!"] = 5}) do
			local params = offered("take_item", words)
			assert.same({{"apple"}, 1, most}, {params.item.enum, params.count.minimum, params.count.maximum}, words)
		end
		for _, words in ipairs({"hello", "What can I do for you?", "I have 5 apples", "Don't take it", "take the crown", "Give me a crown"}) do
			assert.is_nil(offered("take_item", words), words)
		end
		assert.is_nil(offered("take_item"))
		offered("take_item", "take 2 apples")
		reply("take_item", "apple", 2)
		assert.equal(2, ledger.count("ann", "zoo:apple"))
		assert.same({"Robin: Robin gave 2 apples to Ann as a gift"}, remembered)
		offered("take_item", "take these")
		mock.players.Robin:set_wielded_item("zoo:crown") -- meanwhile
		reply("take_item", "apple", 1)
		assert.equal(0, ledger.count("ann", "zoo:crown"))
		assert.equal(2, ledger.count("ann", "zoo:apple"))
	end)

	it("leave worn and named stacks alone", function()
		start()
		robin({name = "zoo:apple", count = 1, meta = {description = "My apple"}})
		assert.is_nil(offered("take_item", "take this"))
	end)
end)
