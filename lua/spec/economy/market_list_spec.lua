-- economy/market_list.lua: /llm market.

local Mock = require("mock_core")
local ORIGIN, NEAR = {x = 0, y = 0, z = 0}, {x = 3, y = 0, z = 0}

describe("trade", function()
	local mock, storage, requests, remembered
	local function start(options)
		options = options or {}
		options.storage = options.storage or storage
		mock = Mock.new(options)
		requests, remembered = {}, {}
		mock:open_daemon(options.reply or function(request)
			requests[#requests + 1] = request
			return {{event = "done", text = "Fine with me.", cache = "miss", model = "m"}}
		end)
		local core = mock.core
		core.register_craftitem("zoo:apple", {description = "Apple"})
		core.register_craftitem("zoo:bread", {description = "Bread"})
		core.register_craftitem("zoo:oddity", {description = "Oddity"})
		core.registered_items["zoo:sword_steel"] = {description = "Steel Sword\nDamage: 6", type = "tool"}
		mock:load_mod()
		mock.mod.think.memory.remember = function(npc, player, sentence) remembered[#remembered + 1] = {npc.id, player, sentence} end
		llm_agent.register_goods("merchant", {
			sells = {["zoo:apple"] = 8, ["zoo:sword_steel"] = 1}, buys = {"zoo:bread"}, coins = 40,
			prices = {["zoo:apple"] = 2, ["zoo:bread"] = 4},
		})
		return llm_agent.register_npc("bram", {name = "Bram", role = "merchant", pos = ORIGIN})
	end
	local function join(name, ...)
		local player = mock:join(name, NEAR)
		for i, stack in ipairs({...}) do player:get_inventory():set_stack("main", i, stack) end
		return player:get_inventory()
	end
	local function open(name) assert.is_true((mock:command(name, "trade Bram"))) end
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
