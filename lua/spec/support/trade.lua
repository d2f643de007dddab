-- A game with a merchant, and hands for its trade window.

local Mock = require("mock_core")
local assert = require("luassert")

local shop = {ORIGIN = {x = 0, y = 0, z = 0}, NEAR = {x = 3, y = 0, z = 0}, FORM = "llm_agent:trade"}
local mock

-- storage: what the mod keeps, unless the options have their own. Returns the mock, what NPCs remember, and the requests that the
-- daemon gets; both lists fill as the game goes on.
function shop.start(storage, options)
	options = options or {}
	options.storage = options.storage or storage
	mock = Mock.new(options)
	local requests, remembered = {}, {}
	mock:open_daemon(options.reply or function(request)
		requests[#requests + 1] = request
		return {{event = "done", text = "Fine with me.", cache = "miss", model = "m"}}
	end)
	local core = mock.core
	core.register_craftitem("zoo:apple", {description = "Apple"})
	core.register_craftitem("zoo:bread", {description = "Bread"})
	core.register_craftitem("zoo:oddity", {description = "Oddity"})
	core.registered_items["zoo:sword_steel"] = {description = "Steel Sword\nDamage: 6", type = "tool"}
	local agent = mock:load_mod()
	mock.mod.think.memory.remember = function(npc, player, sentence) remembered[#remembered + 1] = {npc.id, player, sentence} end
	agent.register_goods("merchant", {
		sells = {["zoo:apple"] = 8, ["zoo:sword_steel"] = 1}, buys = {"zoo:bread"}, coins = 40,
		prices = {["zoo:apple"] = 2, ["zoo:bread"] = 4},
	})
	agent.register_npc("bram", {name = "Bram", role = "merchant", pos = shop.ORIGIN})
	return mock, remembered, requests
end

-- A player joins near the merchant with these stacks: the inventory.
function shop.join(name, ...)
	local player = mock:join(name, shop.NEAR)
	for i, stack in ipairs({...}) do player:get_inventory():set_stack("main", i, stack) end
	return player:get_inventory()
end

function shop.has(inventory, item)
	local count = 0
	for _, stack in ipairs(inventory:get_list("main")) do
		if stack:get_name() == item then count = count + stack:get_count() end
	end
	return count
end

function shop.open(name) assert.is_true((mock:command(name, "trade Bram"))) end

function shop.spec(name) return assert(mock.forms[name or "Robin"], "no form is open").spec end

-- What the NPC says in the window.
function shop.words(name)
	local lines = {}
	for y, words in shop.spec(name):gmatch("label%[2%.1,([%d.]+);\27%b()(.-)\27%b()%]") do
		if tonumber(y) >= 1.8 then lines[#lines + 1] = words:gsub("\\", "") end
	end
	return table.concat(lines, " ")
end

-- The name of a button whose name begins so, as it stands in the form.
function shop.button(name, begin)
	return assert(shop.spec(name):match("button%[[%d.,]+;[%d.,]+;(" .. begin .. "_%d+);"), "no button " .. begin)
end

-- It is done in the next step.
function shop.send(name, fields)
	mock:submit(name, shop.FORM, fields)
	mock:step()
end

function shop.press(name, begin, fields)
	fields = fields or {}
	fields[shop.button(name, begin)] = "x"
	shop.send(name, fields)
end

function shop.choose(name, side, item)
	local spec = shop.spec(name)
	for index, shown in spec:gmatch("item_image_button%[[^;]*;[^;]*;([^;]*);" .. side .. "_item_%d+") do
		if index:find(item, 1, true) then
			local number = spec:match(index:gsub("%p", "%%%0") .. ";" .. side .. "_item_(%d+)")
			return shop.send(name, {[side .. "_item_" .. number] = "x"}), shown
		end
	end
	error("no " .. item .. " on the side " .. side)
end

return shop
