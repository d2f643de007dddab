-- The ledger: exchanges between NPCs and players are whole or not at all, escrows, money and the words for goods.

local Mock = require("mock_core")

local ORIGIN = {x = 0, y = 0, z = 0}

describe("the ledger", function()
	local mock, agent, ledger, items

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
		ledger, items = mock.mod.economy.ledger, mock.mod.economy.items
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
			assert.is_truthy(message:find("mod_ledger_spec.lua", 1, true), message)
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

	describe("after the server was killed", function()
		local storage, saves

		local function copy(fields)
			local out = {}
			for key, value in pairs(fields) do out[key] = value end
			return out
		end

		-- All is on disk: Ann has 10 apples, Robin 20 coins.
		local function start_saved()
			start()
			ledger.mint("ann", "zoo:apple", 10)
			robin("llm_agent:coin 20")
			mock:leave("Robin")
			storage, saves = copy(mock.storage), copy(mock.saves)
			mock:join("Robin", ORIGIN)
		end

		local function save_storage() storage = copy(mock.storage) end

		local function save_robin()
			mock:save_player("Robin")
			saves = copy(mock.saves)
		end

		local function kill()
			start({storage = copy(storage), saves = copy(saves)})
			return mock:join("Robin", ORIGIN):get_inventory()
		end

		local function buy(count)
			return ledger.swap("ann", "Robin", {["zoo:apple"] = count}, {["llm_agent:coin"] = 2 * count})
		end

		local function assert_robin_has(inventory, apples, coins)
			assert.equal(apples, inventory:remove_item("main", "zoo:apple 99"):get_count())
			assert.equal(coins, inventory:remove_item("main", "llm_agent:coin 99"):get_count())
		end

		it("does again what only the player's data know", function()
			start_saved()
			assert.is_true(buy(3))
			save_robin()
			local inventory = kill()
			assert.same({["zoo:apple"] = 7, ["llm_agent:coin"] = 6}, ledger.stock("ann"))
			assert.equal(1, #mock:logged("redone an exchange of Robin with ann"))
			assert_robin_has(inventory, 3, 14)
		end)

		it("undoes what only the storage knows", function()
			start_saved()
			buy(3)
			save_storage()
			local inventory = kill()
			assert.same({["zoo:apple"] = 10}, ledger.stock("ann"))
			assert.equal(1, #mock:logged("undone an exchange of Robin with ann"))
			assert_robin_has(inventory, 0, 20)
		end)

		it("does neither where both are saved, or neither", function()
			start_saved()
			buy(3)
			assert_robin_has(kill(), 0, 20)
			assert.same({["zoo:apple"] = 10}, ledger.stock("ann"))
			start_saved()
			buy(3)
			save_robin()
			save_storage()
			assert_robin_has(kill(), 3, 14)
			assert.same({["zoo:apple"] = 7, ["llm_agent:coin"] = 6}, ledger.stock("ann"))
			assert.equal(0, #mock:logged("an exchange of Robin"))
		end)

		it("knows an exchange that was undone from one that came after it", function()
			start_saved()
			buy(1)
			save_storage()
			kill()
			buy(2)
			save_robin()
			assert_robin_has(kill(), 2, 16) -- the storage still has the first, and not the second
			assert.same({["zoo:apple"] = 8, ["llm_agent:coin"] = 4}, ledger.stock("ann"))
		end)

		it("lets an NPC owe what went elsewhere meanwhile, shown as nothing", function()
			start_saved()
			buy(10)
			save_robin()
			start({storage = copy(storage), saves = copy(saves)})
			mock:join("Jo", ORIGIN):get_inventory():add_item("main", "llm_agent:coin 20")
			assert.is_true(ledger.swap("ann", "Jo", {["zoo:apple"] = 4}, {})) -- before Robin is here
			mock:join("Robin", ORIGIN)
			assert.equal(0, ledger.count("ann", "zoo:apple"))
			assert.equal(-4, ledger.total()["zoo:apple"])
			assert.is_nil(ledger.stock("ann")["zoo:apple"])
			assert.is_false(ledger.swap("ann", "Robin", {["zoo:apple"] = 1}, {}))
			ledger.mint("ann", "zoo:apple", 5)
			assert.equal(1, ledger.count("ann", "zoo:apple"))
		end)

		-- The reward was set apart and paid; then one side is lost. What was told of it, and the escrow.
		local function paid(save)
			local told = {}
			start_saved()
			ledger.reserve("ann", "quest", {["zoo:apple"] = 4})
			save_storage()
			assert.is_true(ledger.pay("quest", "Robin", {["llm_agent:coin"] = 1}))
			save()
			start({storage = copy(storage), saves = copy(saves)})
			ledger.watch(function(player_name, entry, what) told = {player_name, entry.key, what} end)
			mock:join("Robin", ORIGIN)
			return told, (ledger.escrow("quest"))
		end

		it("opens an escrow again, or closes it, and tells who asked to be told", function()
			local told, escrow = paid(save_storage)
			assert.same({"Robin", "quest", "undone"}, told)
			assert.same({["zoo:apple"] = 4}, escrow)
			assert.is_true(ledger.pay("quest", "Robin", {["llm_agent:coin"] = 1}))
			told, escrow = paid(save_robin)
			assert.same({"Robin", "quest", "redone"}, told)
			assert.is_nil(escrow)
			assert.same({["zoo:apple"] = 6, ["llm_agent:coin"] = 1}, ledger.stock("ann"))
		end)

		it("turns to the settlement where the NPC is gone by now", function()
			start_saved()
			buy(3)
			save_storage()
			start({storage = copy(storage), saves = copy(saves)})
			ledger.close("ann")
			mock:join("Robin", ORIGIN)
			assert.same({["zoo:apple"] = 10}, ledger.stock("place:"))
			assert.same({}, ledger.stock("ann"))
		end)

		it("forgets exchanges that are surely on disk on both sides, and no others", function()
			start_saved()
			buy(1)
			local player = mock.players.Robin
			local function entries()
				local count = 0
				for key in pairs(mock.storage) do count = count + (key:find("^swap:") and 1 or 0) end
				for key in pairs(player:get_meta():to_table().fields) do count = count + (key:find("^llm_agent:swap:") and 1 or 0) end
				return count
			end
			assert.equal(2, entries())
			mock:step(1, 15)
			buy(1)
			mock:step(1, 15)
			assert.equal(2, entries()) -- the second
			mock:step(1, 30)
			assert.equal(0, entries())
			mock.settings.server_map_save_interval = "60"
			buy(1)
			mock:step(1, 100)
			assert.equal(2, entries())
		end)

		it("touches nothing where one of the two comes out of an old backup", function()
			start_saved()
			local old = copy(saves)
			buy(1)
			mock:step(1, 60)
			buy(1)
			save_robin()
			save_storage()
			saves = old
			kill()
			assert.equal(8, ledger.count("ann", "zoo:apple"))
			assert.equal(1, #mock:logged("are of different times"))
			buy(1)
			save_robin()
			save_storage()
			kill()
			assert.equal(7, ledger.count("ann", "zoo:apple"))
			assert.equal(0, #mock:logged("are of different times"))
		end)
	end)
end)
