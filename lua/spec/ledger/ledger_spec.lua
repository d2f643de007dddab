-- ledger/ledger.lua and its accounts: goods change hands, or nothing happens.

local Mock = require("mock_core")
local ORIGIN = {x = 0, y = 0, z = 0}

describe("the ledger", function()
	local mock, agent, ledger
	local function start(options)
		options = options or {}
		mock = Mock.new(options)
		local core = mock.core
		core.register_craftitem("zoo:apple", {description = "Apple"})
		core.register_craftitem("zoo:bread", {description = "Loaf of Bread", stack_max = 10})
		core.register_craftitem("zoo:sword", {description = "Steel Sword\nDamage: 6", stack_max = 1})
		core.registered_items["zoo:pick"] = {description = "Pick", type = "tool"}
		core.register_alias("old:apple", "zoo:apple")
		agent = mock:load_mod()
		ledger = mock.mod.ledger.ledger
		agent.register_npc("ann", {name = "Ann", role = "merchant", pos = ORIGIN})
	end
	local function robin(...)
		local player = mock:join("Robin", ORIGIN)
		for i, stack in ipairs({...}) do player:get_inventory():set_stack("main", i, stack) end
		return player:get_inventory()
	end
	local function fill(inventory, item)
		for i, stack in ipairs(inventory:get_list("main")) do
			if stack:is_empty() then inventory:set_stack("main", i, item) end
		end
	end

	it("exchanges both sides at once", function()
		start()
		ledger.mint("ann", "zoo:apple", 5)
		local inventory = robin("llm_agent:coin 20")
		assert.is_true(ledger.swap("ann", "Robin", {["zoo:apple"] = 3}, {["llm_agent:coin"] = 6}))
		assert.same({["zoo:apple"] = 2, ["llm_agent:coin"] = 6}, ledger.stock("ann"))
		assert.is_true(inventory:contains_item("main", "zoo:apple 3"))
		assert.is_false(inventory:contains_item("main", "zoo:apple 4"))
		assert.is_true(inventory:contains_item("main", "llm_agent:coin 14"))
		assert.same({["zoo:apple"] = 5}, ledger.minted())
	end)

	it("changes nothing where one side lacks something, has no room or is gone, and says which", function()
		start()
		ledger.mint("ann", "zoo:apple", 5)
		ledger.mint("ann", "zoo:sword", 2)
		local inventory = robin("llm_agent:coin 6")
		local function refuses(code, ...)
			local stock, list = ledger.stock("ann"), inventory:get_list("main")
			local ok, why, message = ledger.swap(...)
			assert.same({false, code}, {ok, why})
			assert.is_string(message)
			assert.same(stock, ledger.stock("ann"))
			assert.same(list, inventory:get_list("main"))
		end
		refuses("npc_lacks", "ann", "Robin", {["zoo:apple"] = 6}, {})
		refuses("player_lacks", "ann", "Robin", {["zoo:apple"] = 1}, {["llm_agent:coin"] = 7})
		refuses("gone", "ann", "Nobody", {["zoo:apple"] = 1}, {})
		refuses("gone", "bob", "Robin", {}, {["llm_agent:coin"] = 1})
		fill(inventory, "zoo:bread")
		refuses("no_room", "ann", "Robin", {["zoo:apple"] = 1}, {["llm_agent:coin"] = 1})
		-- the coins' slot becomes free, for one sword
		refuses("no_room", "ann", "Robin", {["zoo:sword"] = 2}, {["llm_agent:coin"] = 6})
		assert.is_true(ledger.swap("ann", "Robin", {["zoo:sword"] = 1}, {["llm_agent:coin"] = 6}))
	end)

	it("fills stacks before slots, up to their limit", function()
		start()
		ledger.mint("ann", "zoo:bread", 40)
		local inventory = robin("zoo:bread 7")
		fill(inventory, "zoo:apple")
		inventory:set_stack("main", 32, "")
		assert.equal("no_room", select(2, ledger.swap("ann", "Robin", {["zoo:bread"] = 14}, {})))
		assert.is_true(ledger.swap("ann", "Robin", {["zoo:bread"] = 13}, {}))
		assert.equal(10, inventory:get_stack("main", 1):get_count())
		assert.equal(10, inventory:get_stack("main", 32):get_count())
	end)

	it("leaves stacks with wear or metadata alone", function()
		start()
		local inventory = robin("zoo:pick 1 300", {name = "zoo:apple", count = 9, meta = {description = "Golden"}}, "zoo:apple 2")
		assert.equal("player_lacks", select(2, ledger.swap("ann", "Robin", {}, {["zoo:apple"] = 3})))
		assert.equal("player_lacks", select(2, ledger.swap("ann", "Robin", {}, {["zoo:pick"] = 1})))
		assert.is_true(ledger.swap("ann", "Robin", {}, {["zoo:apple"] = 2}))
		assert.equal(9, inventory:get_stack("main", 2):get_count())
		assert.is_true(ledger.swap("ann", "Robin", {["zoo:apple"] = 2}, {})) -- not onto the golden ones
		assert.equal(9, inventory:get_stack("main", 2):get_count())
	end)

	it("sets goods apart and pays them once", function()
		start()
		ledger.mint("ann", "llm_agent:coin", 10)
		assert.is_true(ledger.reserve("ann", "quest 1", {["llm_agent:coin"] = 8}))
		assert.is_false(ledger.reserve("ann", "quest 1", {["llm_agent:coin"] = 1}))
		assert.is_false(ledger.reserve("ann", "quest 2", {["llm_agent:coin"] = 3}))
		assert.equal(2, ledger.count("ann", "llm_agent:coin"))
		assert.same({["llm_agent:coin"] = 10}, ledger.total())
		local inventory = robin("zoo:apple 4")
		assert.equal("player_lacks", select(2, ledger.pay("quest 1", "Robin", {["zoo:apple"] = 5})))
		assert.is_true(ledger.pay("quest 1", "Robin", {["zoo:apple"] = 4}))
		assert.equal("gone", select(2, ledger.pay("quest 1", "Robin", {})))
		assert.is_false(ledger.release("quest 1"))
		assert.is_true(inventory:contains_item("main", "llm_agent:coin 8"))
		assert.same({["llm_agent:coin"] = 2, ["zoo:apple"] = 4}, ledger.stock("ann"))
		assert.is_true(ledger.reserve("ann", "quest 2", {["llm_agent:coin"] = 2}))
		assert.is_true(ledger.release("quest 2"))
		assert.equal(2, ledger.count("ann", "llm_agent:coin"))
	end)

	it("keeps an NPC's goods while it sleeps, and its settlement's when it is gone for good", function()
		start()
		local object = mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "b", name = "Bob", role = "smith"}))
		ledger.mint("b", "zoo:apple", 5)
		ledger.reserve("b", "quest", {["zoo:apple"] = 1})
		object = mock.core.add_entity(ORIGIN, "llm_agent:npc", object:unload())
		assert.equal(4, ledger.count("b", "zoo:apple"))
		object:remove()
		assert.same({}, ledger.stock("b"))
		assert.equal(4, ledger.count("place:", "zoo:apple"))
		ledger.release("quest")
		assert.equal(5, ledger.count("place:", "zoo:apple"))
		agent.set_place("Oakford", ORIGIN, 20)
		object = mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "c", name = "Cora", role = "smith"}))
		ledger.mint("c", "zoo:bread", 2)
		object:remove()
		assert.equal(2, ledger.count("place:Oakford", "zoo:bread"))
		agent.unregister_npc("ann") -- by the mod that made it: it may come back
		ledger.mint("ann", "zoo:apple", 1)
		assert.equal(1, ledger.count("ann", "zoo:apple"))
	end)

	it("keeps the goods of a detached mind in its settlement", function()
		start()
		mock.core.register_entity("zoo:goat", {on_activate = function() end})
		local object = mock.core.add_entity(ORIGIN, "zoo:goat")
		agent.attach(object, {id = "goat", role = "farmer"}):add_goods("zoo:apple", 3)
		assert.is_true(agent.detach(object))
		assert.equal(3, ledger.count("place:", "zoo:apple"))
		assert.is_nil(ledger.stock("goat")["zoo:apple"])
	end)

	it("is given to by other mods, with words about their mistakes", function()
		start()
		local ann = agent.get_npc("ann")
		ann:add_goods("old:apple", 5)
		assert.is_true(ann:take_goods("zoo:apple", 2))
		assert.is_false(ann:take_goods("zoo:apple", 4))
		assert.same({["zoo:apple"] = 3}, ann:get_goods())
		local inventory = robin()
		assert.is_true(ann:exchange("Robin", {["zoo:apple"] = 1}, {}))
		assert.is_true(inventory:contains_item("main", "zoo:apple"))
		for words, call in pairs({
			["npc:add_goods: item: want the name of an item of this game, got zoo:dragon"] = function() ann:add_goods("zoo:dragon", 1) end,
			["npc:add_goods: count: want a whole number from 1, got 0"] = function() ann:add_goods("zoo:apple", 0) end,
			["npc:take_goods: count: want a whole number from 1, got 1.5"] = function() ann:take_goods("zoo:apple", 1.5) end,
		}) do
			local ok, message = pcall(call)
			assert.is_false(ok)
			assert.is_truthy(message:find(words, 1, true), message)
			assert.is_truthy(message:find("ledger_spec.lua", 1, true), message)
		end
	end)

	it("is saved with the world, and follows what aliases say", function()
		local storage = {}
		start({storage = storage})
		ledger.mint("ann", "old:apple", 5)
		ledger.move("ann", "place:Oakford", {["zoo:apple"] = 2})
		ledger.reserve("ann", "quest", {["zoo:apple"] = 1})
		assert.is_true(ledger.burn("ann", "zoo:apple", 1))
		assert.is_false(ledger.burn("ann", "zoo:apple", 2))
		assert.is_false(ledger.move("ann", "bob", {["zoo:apple"] = 2}))
		start({storage = storage})
		assert.same({["zoo:apple"] = 1}, ledger.stock("ann"))
		assert.same({["zoo:apple"] = 2}, ledger.stock("place:Oakford"))
		assert.same({["zoo:apple"] = 4}, ledger.total())
		assert.same({["zoo:apple"] = 4}, ledger.minted())
		assert.same({["zoo:apple"] = 1}, (ledger.escrow("quest")))
	end)

	it("takes no counts but whole ones", function()
		start()
		for _, goods in ipairs({{["zoo:apple"] = -1}, {["zoo:apple"] = 0.5}, {["zoo:apple"] = 0 / 0}, {"zoo:apple"}, "zoo:apple"}) do
			assert.has_error(function() ledger.swap("ann", "Robin", goods, {}) end)
		end
	end)
end)
