-- economy/journal.lua: players and accounts after the server was killed.

local books = require("spec.support.ledger")
local ORIGIN, robin = books.ORIGIN, books.robin

describe("the ledger", function()
	local mock, ledger
	local function start(options) mock, ledger = books.start(options) end

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
			local report = {}
			start_saved()
			ledger.reserve("ann", "quest", {["zoo:apple"] = 4})
			save_storage()
			assert.is_true(ledger.pay("quest", "Robin", {["llm_agent:coin"] = 1}))
			save()
			start({storage = copy(storage), saves = copy(saves)})
			ledger.watch(function(player_name, entry, what) report = {player_name, entry.key, what} end)
			mock:join("Robin", ORIGIN)
			return report, (ledger.escrow("quest"))
		end

		it("opens an escrow again, or closes it, and tells who asked to be told", function()
			local report, escrow = paid(save_storage)
			assert.same({"Robin", "quest", "undone"}, report)
			assert.same({["zoo:apple"] = 4}, escrow)
			assert.is_true(ledger.pay("quest", "Robin", {["llm_agent:coin"] = 1}))
			report, escrow = paid(save_robin)
			assert.same({"Robin", "quest", "redone"}, report)
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
