-- Trade: first goods and restock of roles, deals through the window in all their ways, haggling, offers of the model, and that a
-- double click, an old window or two buyers of the last piece never trade twice.

local Mock = require("mock_core")

local ORIGIN, NEAR = {x = 0, y = 0, z = 0}, {x = 3, y = 0, z = 0}
local FORM = "llm_agent:trade"

describe("trade", function()
	local mock, ledger, trade, items, storage, asked, remembered

	local function start(options)
		options = options or {}
		options.storage = options.storage or storage
		mock = Mock.new(options)
		asked, remembered = {}, {}
		mock:open_door(options.reply or function(request)
			asked[#asked + 1] = request
			return {{event = "done", text = "Fine with me.", cache = "miss", model = "m"}}
		end)
		local core = mock.core
		core.register_craftitem("zoo:apple", {description = "Apple"})
		core.register_craftitem("zoo:bread", {description = "Bread"})
		core.register_craftitem("zoo:oddity", {description = "Oddity"})
		core.registered_items["zoo:sword_steel"] = {description = "Steel Sword\nDamage: 6", type = "tool"}
		mock:load_mod()
		local economy = mock.mod.economy
		ledger, trade, items = economy.ledger, economy.trade, economy.items
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
			assert.same({["mcl_farming:bread"] = 8, ["llm_agent:coin"] = 50}, mock.mod.economy.ledger.stock(npc.id))
		end)
	end)

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

	describe("haggling in the window", function()
		local function offer(price)
			press("Robin", "get_haggle", {get_count = "1", get_offer = tostring(price)})
		end

		it("lowers the price at once, and the deal is made at it", function()
			start()
			local robin = join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			local first = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true)
			offer(22)
			local countered = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true)
			assert.is_true(countered < first)
			assert.is_truthy(spec():find(("Say %d coins for each."):format(countered), 1, true))
			offer(countered)
			assert.is_truthy(spec():find(("Agreed. %d coins for each."):format(countered), 1, true))
			press("Robin", "buy", {get_count = "1", get_offer = tostring(countered)})
			assert.equal(90 - countered, has(robin, "llm_agent:coin"))
			assert.equal(("Robin bought 1 steel sword for %d coins"):format(countered), remembered[1][3])
		end)

		it("never goes below the floor, and ends in a refusal that is remembered", function()
			start()
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			local npc = llm_agent.get_npc("bram")
			local floor = trade.bounds(npc, "zoo:sword_steel", true)
			for _, price in ipairs({1, 2, 3, 1, 5, 4}) do
				offer(price)
				assert.is_true(trade.price(npc, "Robin", "zoo:sword_steel", true) >= floor)
			end
			assert.is_truthy(spec():find("or none at all", 1, true))
			assert.same({"bram", "Robin", "I refused Robin's price of 2 coins for 1 steel sword"}, remembered[1])
			assert.is_true(trade.attitude(npc, "Robin") < 0) -- and was no way to make friends
		end)

		it("is over after a while", function()
			start()
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			local npc = llm_agent.get_npc("bram")
			local first = trade.price(npc, "Robin", "zoo:sword_steel", true)
			offer(22)
			mock:step(1, 121)
			assert.equal(first, trade.price(npc, "Robin", "zoo:sword_steel", true))
			assert.is_false(trade.is_open(npc, "Robin", "zoo:sword_steel", true))
		end)

		it("remembers who walked away from its price", function()
			start()
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			offer(22)
			local price = trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true)
			for _ = 1, 2 do send("Robin", {quit = "true"}) end
			assert.same({{"bram", "Robin", ("Robin refused my price of %d coins for 1 steel sword"):format(price)}}, remembered)
		end)

		it("has the model's words where they come in time and say no other number", function()
			local says = "{price} coins, by my beard, and that is my last word!"
			start({reply = function(request)
				asked[#asked + 1] = request
				local words = says:gsub("{price}", ("%d"):format(request.context.price))
				return {{event = "done", text = words, cache = "miss", model = "m"}}
			end})
			join("Robin", "llm_agent:coin 90")
			open("Robin")
			choose("Robin", "get", "zoo:sword")
			offer(22)
			mock:step(0.05, 10)
			assert.is_truthy(spec():find("coins\\, by my beard", 1, true))
			local question = asked[#asked]
			assert.same({"trade", {["steel sword"] = 1}}, {question.intent, question.context.stock})
			assert.equal("How much is the steel sword?", question.utterance)
			assert.equal(trade.price(llm_agent.get_npc("bram"), "Robin", "zoo:sword_steel", true), question.context.price)
			assert.is_nil(question.actions)
			says = "Take it for 3 coins!"
			offer(23)
			mock:step(0.05, 10)
			assert.is_nil(spec():find("3 coins!", 1, true))
		end)
	end)

	describe("in talk", function()
		local function ask(words, opts)
			opts = opts or {}
			opts.player, opts.utterance, opts.actions = opts.player or "Robin", words, true
			llm_agent.get_npc("bram"):think(opts, function() end)
			mock:step(0.05, 10)
			return asked[#asked]
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
				asked[#asked + 1] = request
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

	describe("how the NPC stands to a player", function()
		it("is kept with the world, bounded, and forgotten with the NPC", function()
			start()
			local standing = mock.mod.economy.reputation
			for _ = 1, 50 do standing.change("bram", "Robin", 0.1) end
			for i = 1, 70 do standing.change("bram", "p" .. i, 0.02) end
			assert.equal(1, standing.of("bram", "Robin"))
			start()
			standing = mock.mod.economy.reputation
			assert.equal(1, standing.of("bram", "Robin"))
			local _, count = storage["standing:bram"]:gsub('"p%d', "")
			assert.equal(49, count)
			standing.drop("bram")
			assert.is_nil(storage["standing:bram"])
		end)
	end)

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

	it("says in words what money is", function()
		start({settings = {["llm_agent.money"] = "zoo:oddity"}})
		local npc = llm_agent.spawn(ORIGIN, {role = "merchant"})
		assert.equal(40, ledger.count(npc.id, "zoo:oddity"))
		assert.equal("zoo:oddity", items.money())
	end)
end)
