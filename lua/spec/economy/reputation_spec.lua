-- economy/reputation.lua: what an NPC thinks of a player.

local Mock = require("mock_core")
local ORIGIN = {x = 0, y = 0, z = 0}

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
	before_each(function() storage = {} end)

	describe("the reputation of a player", function()
		it("is kept with the world, bounded, and forgotten with the NPC", function()
			start()
			local reputation = mock.mod.economy.reputation
			for _ = 1, 50 do reputation.change("bram", "Robin", 0.1) end
			for i = 1, 70 do reputation.change("bram", "p" .. i, 0.02) end
			assert.equal(1, reputation.of("bram", "Robin"))
			start()
			reputation = mock.mod.economy.reputation
			assert.equal(1, reputation.of("bram", "Robin"))
			local _, count = storage["standing:bram"]:gsub('"p%d', "")
			assert.equal(49, count)
			reputation.drop("bram")
			assert.is_nil(storage["standing:bram"])
		end)
	end)
end)
