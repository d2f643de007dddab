-- economy/goods.lua: what NPCs of a role have.

local Mock = require("mock_core")
local shop = require("spec.support.trade")
local ORIGIN, join, open = shop.ORIGIN, shop.join, shop.open

describe("trade", function()
	local mock, ledger, storage
	local function start(options)
		mock = shop.start(storage, options)
		ledger = mock.mod.ledger.ledger
	end
	before_each(function() storage = {} end)

	describe("the goods of a role", function()
		it("are minted when its NPC first lives, once, also over a restart", function()
			start()
			local npc = llm_agent.spawn(ORIGIN, {role = "merchant", name = "Odo"})
			local goods = {["zoo:apple"] = 8, ["zoo:sword_steel"] = 1, ["llm_agent:coin"] = 40}
			assert.same(goods, ledger.stock(npc.id))
			local id, saved = npc.id, npc:get_object():unload()
			assert.is_true(ledger.burn(id, "zoo:apple", 8))
			start()
			mock.core.add_entity(ORIGIN, "llm_agent:npc", saved)
			assert.equal(0, ledger.count(id, "zoo:apple"))
		end)

		it("of an NPC that is gone for good are forgotten, and its stock stays in the world", function()
			start()
			local npc = llm_agent.spawn(ORIGIN, {role = "merchant", name = "Odo"})
			local id = npc.id
			npc:get_object():remove()
			assert.is_nil(storage["shop:" .. id])
			assert.equal(8, ledger.total()["zoo:apple"])
		end)

		it("come back by rule, never beyond the role's amount", function()
			start({settings = {["llm_agent.restock_min"] = "20"}})
			join("Robin")
			open("Robin")
			ledger.burn("bram", "zoo:apple", 7)
			ledger.burn("bram", "llm_agent:coin", 40)
			ledger.mint("bram", "zoo:bread", 50)
			mock.game_s = mock.game_s + 1199
			open("Robin")
			assert.equal(1, ledger.count("bram", "zoo:apple"))
			mock.game_s = mock.game_s + 1
			open("Robin")
			assert.equal(3, ledger.count("bram", "zoo:apple"))
			assert.equal(10, ledger.count("bram", "llm_agent:coin"))
			mock.game_s = mock.game_s + 10 * 1200
			open("Robin")
			assert.same({["zoo:apple"] = 8, ["zoo:sword_steel"] = 1, ["llm_agent:coin"] = 40, ["zoo:bread"] = 50}, ledger.stock("bram"))
		end)

		it("can be switched off, and say what is wrong with them", function()
			start({settings = {["llm_agent.goods"] = "false"}})
			assert.same({}, ledger.stock(llm_agent.spawn(ORIGIN, {role = "merchant"}).id))
			for field, def in pairs({
				["sells: zoo:apple: want a whole number from 0 to 10000"] = {sells = {["zoo:apple"] = 1.5}},
				["sells: want names of items as keys, got 1"] = {sells = {"zoo:apple"}},
				["buys: want a list of names"] = {buys = "zoo:apple"},
				["coins: want a number from 0 to 10000"] = {coins = -1},
				["unknown field sell; known: buys, coins, prices, sells"] = {sell = {}},
			}) do
				local ok, problem = pcall(llm_agent.register_goods, "merchant", def)
				assert.is_false(ok)
				assert.is_truthy(problem:find("llm_agent.register_goods: merchant: " .. field, 1, true), problem)
			end
			llm_agent.register_goods("hermit", {sells = {["zoo:nothing"] = 3}})
			assert.equal(1, #mock:logged("goods of role hermit: no item zoo:nothing in this game"))
		end)

		it("are shipped for games by the names they have there", function()
			local shipped = assert(loadfile("mods/llm_agent/roles/goods.lua"))()
			for role, def in pairs(shipped) do
				for _, list in ipairs({def.sells, def.buys ~= true and def.buys or {}}) do
					for _, thing in ipairs(list) do assert.is_true(thing.count > 0 and #thing.names > 0, role) end
				end
			end
			mock = Mock.new({})
			mock.core.register_craftitem("mcl_farming:bread", {description = "Bread"})
			mock:load_mod()
			local npc = llm_agent.spawn(ORIGIN, {role = "innkeeper"})
			assert.same({["mcl_farming:bread"] = 8, ["llm_agent:coin"] = 50}, mock.mod.ledger.ledger.stock(npc.id))
		end)
	end)
end)
