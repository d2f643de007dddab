-- economy/trade_form.lua, trade_view.lua and trade.lua: the trade window.

local Mock = require("mock_core")
local ORIGIN, NEAR = {x = 0, y = 0, z = 0}, {x = 3, y = 0, z = 0}
local FORM = "llm_agent:trade"

describe("trade", function()
	local mock, ledger, items, storage, requests, remembered
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
		ledger, items = mock.mod.ledger.ledger, mock.mod.ledger.items
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
	local function has(inventory, item)
		local count = 0
		for _, stack in ipairs(inventory:get_list("main")) do
			if stack:get_name() == item then count = count + stack:get_count() end
		end
		return count
	end
	local function open(name) assert.is_true((mock:command(name, "trade Bram"))) end
	local function spec(name) return assert(mock.forms[name or "Robin"], "no form is open").spec end
	-- The name of a button whose name begins so, as it stands in the form.
	local function button(name, begin)
		return assert(spec(name):match("button%[[%d.,]+;[%d.,]+;(" .. begin .. "_%d+);"), "no button " .. begin)
	end
	local function send(name, fields) mock:submit(name, FORM, fields) end
	local function press(name, begin, fields)
		fields = fields or {}
		fields[button(name, begin)] = "x"
		send(name, fields)
	end
	local function choose(name, side, item)
		for index, shown in spec(name):gmatch("item_image_button%[[^;]*;[^;]*;([^;]*);" .. side .. "_item_%d+") do
			if index:find(item, 1, true) then
				local number = spec(name):match(index:gsub("%p", "%%%0") .. ";" .. side .. "_item_(%d+)")
				return send(name, {[side .. "_item_" .. number] = "x"}), shown
			end
		end
		error("no " .. item .. " on the side " .. side)
	end
	local function sum(...)
		local total = ledger.total()
		for _, inventory in ipairs({...}) do
			for _, stack in ipairs(inventory:get_list("main")) do
				if not stack:is_empty() then total[stack:get_name()] = (total[stack:get_name()] or 0) + stack:get_count() end
			end
		end
		return total
	end
	before_each(function() storage = {} end)

	describe("the window", function()
		it("buys for coins: the price is shown, then paid, then a little higher", function()
			start()
			local robin = join("Robin", "llm_agent:coin 30")
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			send("Robin", {get_count = "3", get_more = "x"})
			assert.is_truthy(spec():find("get_count;;4", 1, true))
			local before = sum(robin)
			press("Robin", "buy", {get_count = "4"})
			assert.equal(4, has(robin, "zoo:apple"))
			local paid = 30 - has(robin, "llm_agent:coin")
			assert.is_true(paid >= 4 and paid <= 12)
			assert.same(before, sum(robin))
			assert.same({{"bram", "Robin", ("Robin bought 4 apples for %d coins"):format(paid)}}, remembered)
			assert.is_true(mock.mod.economy.market.factor("", "zoo:apple", 2) > 1)
		end)

		it("sells what the NPC wants, as long as it has coins", function()
			start()
			local robin = join("Robin", "zoo:bread 60", "zoo:oddity 1")
			open("Robin")
			assert.is_nil(spec():find("zoo:oddity", 1, true))
			choose("Robin", "give", "zoo:bread")
			press("Robin", "sell")
			assert.equal(59, has(robin, "zoo:bread"))
			assert.equal(2, has(robin, "llm_agent:coin"))
			assert.same({"bram", "Robin", "Robin sold me 1 bread for 2 coins"}, remembered[1])
			send("Robin", {give_count = "59", key_enter_field = "give_count"})
			local before, events = sum(robin), 0
			llm_agent.on("trade", function() events = events + 1 end)
			press("Robin", "sell", {give_count = "59"})
			assert.same(before, sum(robin))
			assert.is_truthy(spec():find("Bram has not enough coins for that.", 1, true))
			assert.equal(59, has(robin, "zoo:bread"))
			assert.equal(0, events)
		end)

		it("swaps one thing for another, the difference in coins", function()
			start()
			local robin = join("Robin", "zoo:bread 5", "llm_agent:coin 40")
			open("Robin")
			assert.is_nil(spec():find("swap_", 1, true))
			choose("Robin", "get", "zoo:sword")
			choose("Robin", "give", "zoo:bread")
			send("Robin", {give_count = "5", key_enter_field = "give_count"})
			local before = sum(robin)
			press("Robin", "swap")
			assert.equal(1, has(robin, "zoo:sword_steel"))
			assert.equal(0, has(robin, "zoo:bread"))
			assert.same(before, sum(robin))
			local paid = 40 - has(robin, "llm_agent:coin")
			assert.is_true(paid > 0 and paid < 40)
			assert.equal(("Robin swapped 5 breads for 1 steel sword and paid %d coins"):format(paid), remembered[1][3])
		end)

		it("sells once where a button is pressed twice, or in a window that is not shown any more", function()
			start()
			local robin = join("Robin", "llm_agent:coin 30")
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			local buy = button("Robin", "buy")
			for _ = 1, 3 do send("Robin", {[buy] = "x", get_count = "1"}) end
			assert.equal(1, has(robin, "zoo:apple"))
			local stale = button("Robin", "buy")
			open("Robin")
			send("Robin", {[stale] = "x"})
			assert.equal(1, has(robin, "zoo:apple"))
			send("Robin", {quit = "true"})
			send("Robin", {[stale] = "x"})
			assert.equal(1, has(robin, "zoo:apple"))
		end)

		it("sells the last piece to one of two who want it", function()
			start()
			local robin, marian = join("Robin", "llm_agent:coin 90"), join("Marian", "llm_agent:coin 90")
			for _, name in ipairs({"Robin", "Marian"}) do
				open(name)
				choose(name, "get", "zoo:sword")
			end
			local before = sum(robin, marian)
			press("Robin", "buy")
			press("Marian", "buy")
			assert.equal(1, has(robin, "zoo:sword_steel"))
			assert.equal(0, has(marian, "zoo:sword_steel"))
			assert.equal(90, has(marian, "llm_agent:coin"))
			assert.is_truthy(spec("Marian"):find("Bram does not have that any more.", 1, true))
			assert.same(before, sum(robin, marian))
		end)

		it("asks again where the price has changed since it was shown", function()
			start()
			local robin = join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			mock.mod.economy.market.note("", "zoo:apple", 2, 200, true)
			press("Robin", "buy")
			assert.equal(0, has(robin, "zoo:apple"))
			assert.is_truthy(spec():find("The price has changed. Look again.", 1, true))
			press("Robin", "buy")
			assert.equal(1, has(robin, "zoo:apple"))
		end)

		it("shows the price of a count that was typed before it takes it for agreed", function()
			start()
			local robin = join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			press("Robin", "buy", {get_count = "7"})
			assert.equal(0, has(robin, "zoo:apple"))
			press("Robin", "buy", {get_count = "7"})
			assert.equal(7, has(robin, "zoo:apple"))
			send("Robin", {get_count = "7000", get_more = "x"})
			for _, bad in ipairs({"-3", "1.5", "1e9", "x", ("9"):rep(5000), "nan", "inf", "0"}) do
				press("Robin", "buy", {get_count = bad})
				assert.equal(7, has(robin, "zoo:apple"), bad)
			end
		end)

		it("closes where the NPC is gone, or one of the two went away", function()
			start()
			local robin = join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			mock.players.Robin:set_pos({x = 50, y = 0, z = 0})
			press("Robin", "buy")
			assert.is_nil(mock.forms.Robin)
			assert.same({"Bram is too far away."}, mock:chat_of("Robin"))
			mock.players.Robin:set_pos(NEAR)
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			llm_agent.unregister_npc("bram")
			press("Robin", "buy")
			assert.is_nil(mock.forms.Robin)
			assert.equal("Bram is not here any more.", mock:chat_of("Robin")[2])
			assert.equal(0, has(robin, "zoo:apple"))
			assert.is_false((mock:command("Robin", "trade Bram")))
		end)

		it("says what the player lacks: coins, room", function()
			start({inventory_slots = 2})
			local robin = join("Robin", "llm_agent:coin 90", "zoo:bread 99")
			open("Robin")
			choose("Robin", "get", "zoo:apple")
			press("Robin", "buy")
			assert.is_truthy(spec():find("You have no room for that.", 1, true))
			robin:set_stack("main", 1, "llm_agent:coin 1")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			press("Robin", "buy")
			assert.is_truthy(spec():find("You do not have that.", 1, true))
			assert.equal(1, has(robin, "llm_agent:coin"))
		end)

		it("believes nothing that a client sends: names, numbers, forms that were never shown", function()
			start()
			local robin = join("Robin", "llm_agent:coin 90")
			for _, fields in ipairs({{buy_1 = "x"}, {get_item_1 = "x"}, {swap_1 = "x"}, {talk = "x"}, {get_page = "x"}}) do
				send("Robin", fields)
			end
			open("Robin")
			local before = sum(robin)
			for _, fields in ipairs({
				{get_item_99 = "x"}, {give_item_1 = "x"}, {get_more = "x"}, {get_less = "x"}, {get_page = "x"}, {give_page = "x"},
				{get_count = "5", key_enter_field = "get_count"}, {get_offer = "5", key_enter_field = "get_offer"}, {},
			}) do
				send("Robin", fields)
			end
			assert.same(before, sum(robin))
			assert.is_string(spec())
		end)

		it("comes from the dialog's button, and leads back to it", function()
			start()
			join("Robin")
			mock.mod.talk.dialog.open(llm_agent.get_npc("bram"), "Robin")
			assert.is_truthy(spec():find("trade;Trade", 1, true))
			mock:submit("Robin", "llm_agent:dialog", {trade = "x"})
			assert.equal(FORM, mock.forms.Robin.name)
			send("Robin", {talk = "x"})
			assert.equal("llm_agent:dialog", mock.forms.Robin.name)
		end)

		it("is not there where trade is switched off", function()
			start({settings = {["llm_agent.trade"] = "false"}})
			join("Robin")
			assert.same({false, "Trade is switched off on this server."}, {mock:command("Robin", "trade Bram")})
			mock.mod.talk.dialog.open(llm_agent.get_npc("bram"), "Robin")
			assert.is_nil(spec():find("trade;Trade", 1, true))
		end)

		it("has pages for many goods", function()
			start()
			for i = 10, 40 do
				mock.core.register_craftitem("zoo:thing_" .. i, {description = "Thing " .. i})
				ledger.mint("bram", "zoo:thing_" .. i, 1)
			end
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			assert.is_truthy(spec():find("get_page;1/3", 1, true))
			assert.is_nil(spec():find("zoo:thing_40", 1, true))
			for _ = 1, 2 do send("Robin", {get_page = "x"}) end
			assert.is_truthy(spec():find("zoo:thing_40", 1, true))
			choose("Robin", "get", "zoo:thing_40")
			press("Robin", "buy")
			assert.equal(0, ledger.count("bram", "zoo:thing_40"))
			send("Robin", {get_page = "x"})
			assert.is_truthy(spec():find("zoo:apple", 1, true))
		end)
	end)

	it("says in words what money is", function()
		start({settings = {["llm_agent.money"] = "zoo:oddity"}})
		local npc = llm_agent.spawn(ORIGIN, {role = "merchant"})
		assert.equal(40, ledger.count(npc.id, "zoo:oddity"))
		assert.equal("zoo:oddity", items.money())
	end)
end)
