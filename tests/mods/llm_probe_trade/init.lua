-- Plays the player Robin, who has no client, as a customer of Salma, docs/examples/merchant: he buys, sells and haggles in the
-- trade window, and the model makes him an offer. His pack is a real inventory, a node's, so it lies in the world as hers does.
-- A second run of the same world finds goods and prices as they were. The mod llm_probe runs the checks.
-- The engine's functions are wrapped here; llm_agent and the example look them up when they call them.

local ROBIN, FORM = "Robin", "llm_agent:trade"
local COIN, ROSE, MUSHROOM = "llm_agent:coin", "flowers:rose", "flowers:mushroom_brown"
local PLACE = llm_probe.place
local PACK = {x = PLACE.x, y = 4, z = PLACE.z} -- the node whose inventory Robin's is

local storage = core.get_mod_storage()
local is_second = storage:get_string("played") ~= ""

local function pack() return core.get_meta(PACK):get_inventory() end

local robin = {
	is_player = function() return true end,
	get_player_name = function() return ROBIN end,
	get_pos = function() return PLACE end,
	get_player_control = function() return {sneak = false} end,
	get_wielded_item = function() return pack():get_stack("main", 1) end,
	get_wield_list = function() return "main" end,
	get_inventory = pack,
	get_meta = function() return core.get_meta(PACK) end,
}

local form, spec, told = nil, "", "" -- what Robin is shown
local agreed -- the game's remark on an agreed price
local get_player_by_name, chat_send_player, show_formspec = core.get_player_by_name, core.chat_send_player, core.show_formspec

function core.get_player_by_name(name)
	if name == ROBIN then return robin end
	return get_player_by_name(name)
end

function core.chat_send_player(name, words)
	if name ~= ROBIN then return chat_send_player(name, words) end
	told = words
	if words:find("Agreed with", 1, true) then agreed = words end
end

function core.show_formspec(name, form_name, form_spec)
	if name ~= ROBIN then return show_formspec(name, form_name, form_spec) end
	form, spec = form_name, form_spec
end

local function send(fields)
	for _, fn in ipairs(core.registered_on_player_receive_fields) do
		if core.callback_origins[fn].mod == "llm_agent" and fn(robin, FORM, fields) then return end
	end
end

local function button(begin) return spec:match(";(" .. begin .. "_%d+);") or "none" end
local function press(begin) send({[button(begin)] = "x"}) end
local function choose(side, item) send({[spec:match(item .. " %d+;(" .. side .. "_item_%d+);") or "none"] = "x"}) end

local function command(words) return select(2, core.registered_chatcommands.llm.func(ROBIN, words)) end
local function plain(words) return core.get_translated_string("", words):gsub("\27%b()", ""):gsub("\27.", "") end

local function salma()
	for _, object in ipairs(core.get_objects_inside_radius(PLACE, 30)) do
		local self = object:get_luaentity()
		local npc = self and self.npc_id and llm_agent.get_npc(self.npc_id)
		if npc and npc.name == "Salma" then return npc end
	end
end

local function count(item)
	local found = 0
	for _, stack in ipairs(pack():get_list("main")) do
		if stack:get_name() == item then found = found + stack:get_count() end
	end
	return found
end

-- Of both together: nothing is made or lost in a deal.
local function both(item) return count(item) + (salma():get_goods()[item] or 0) end

local function is_state(roses, dandelions)
	local goods = salma() and salma():get_goods()
	if not goods then return nil, "no Salma" end
	local right = goods[ROSE] == roses and goods["flowers:dandelion_yellow"] == dandelions
	right = right and both(COIN) == 45 and both(MUSHROOM) == 3
	return right, core.serialize(goods) .. " and " .. count(ROSE) .. " roses, " .. count(COIN) .. " coins"
end

local said, chosen, asked = nil, nil, 0
llm_agent.on("say", function(_, line) said = line end)
llm_agent.on("action", function(_, _, name, params, ok) chosen = {name = name, params = params, ok = ok} end)

-- Until the model makes an offer: it says what it likes, but not what it cannot keep.
local WISHES = {
	"How much for three dandelions?", "I want to buy 2 dandelions.", "Sell me 3 dandelions.", "Give me a dandelion, I pay.",
}
local function wish()
	asked = asked + 1
	local opts = {player = ROBIN, utterance = WISHES[asked], actions = true, temperature = 0, seed = 1, cache = "off"}
	salma():think(opts, function()
		if not chosen and WISHES[asked + 1] then wish() elseif not chosen then chosen = {name = "none"} end
	end)
end

local before -- the window, drawn for the last time

-- What a client sends is done, and shown, in the next steps.
local function shows(begin)
	return function() return button(begin) ~= "none" or nil, plain(spec) end
end

local LATER_US = 2e6 -- by then it is done
local sent_us
local function later() sent_us = core.get_us_time() end
local function is_later() return core.get_us_time() - sent_us > LATER_US end

-- {name, begin, done() -> true, or nil or false and why not}
local FIRST = {
	{"merchant_comes_with_her_goods", function()
		pack():set_size("main", 8)
		pack():set_list("main", {COIN .. " 20", MUSHROOM .. " 3"})
		core.registered_chatcommands.herbs.func(ROBIN)
	end, function() return is_state(6, 12) end},
	{"window_shows_them", function() command("trade Salma") end, function()
		return form == FORM and spec:find(ROSE .. " 6;", 1, true) ~= nil and spec:find(MUSHROOM .. " 3;", 1, true) ~= nil, spec
	end},
	{"shows_a_chosen_rose", function() choose("get", ROSE) end, shows("buy")},
	{"shows_two", function()
		before = spec
		send({get_more = "x"}) -- one alone would move the market by no more than is forgotten in the next second
	end, function() return spec ~= before or nil, plain(spec) end},
	{"buys_them_once", function()
		local buy = button("buy")
		for _ = 1, 3 do send({[buy] = "x"}) end
		later()
	end, function()
		if not is_later() then return nil end
		if count(ROSE) ~= 2 then return false, count(ROSE) .. " roses" end
		return is_state(4, 12)
	end},
	{"mod_hears_of_it", nil, function() return said == "A rose for Robin!" or nil, tostring(said) end},
	{"shows_a_chosen_mushroom", function() choose("give", MUSHROOM) end, shows("sell")},
	{"sells_a_mushroom", function() press("sell") end, function()
		if count(MUSHROOM) == 3 then return nil, "3 mushrooms" end
		return is_state(4, 12)
	end},
	{"haggles", function()
		send({[button("get_haggle")] = "x", get_count = "1", get_offer = "3"})
		later() -- the model's words draw the window once more, and what is pressed in the one before is lost
	end, function() return is_later() or nil end},
	{"swaps", function() press("swap") end, function()
		if count(ROSE) ~= 3 or count(MUSHROOM) ~= 1 then return nil, plain(spec) end
		return is_state(3, 12)
	end},
	{"market_has_moved", function() told = plain(command("market")) end, function()
		return told:find("Rose: %d+ coins %(usually 3 coins; %d+ %% dearer%)") ~= nil, told
	end},
	{"model_makes_an_offer_that_is_kept", function()
		form = nil
		wish()
	end, function()
		if not chosen then return nil, "no answer" end
		local params = chosen.params or {}
		local right = chosen.name == "offer_trade" and chosen.ok and params.item == "yellow dandelion"
			and params.count >= 1 and params.count <= 12 and params.price >= 2 and params.price <= 3
		return right, core.write_json(chosen)
	end},
	{"no_form_opened_by_itself_and_a_line_says_how", nil, function()
		return form == nil and plain(told):find("type /llm trade Salma", 1, true) ~= nil, tostring(form) .. ": " .. plain(told)
	end},
	{"price_haggled_in_chat_is_agreed", function()
		for _, fn in ipairs(core.registered_on_chat_messages) do
			if core.callback_origins[fn].mod == "llm_agent" then fn(ROBIN, "Salma, I give you 2 coins for a dandelion") end
		end
	end, function()
		if not agreed then return nil, "no remark" end -- it comes in the next step, below Robin's line
		return plain(agreed):find("Agreed with Salma: 2 coins, 1 × Yellow Dandelion", 1, true) ~= nil, plain(agreed)
	end},
	{"and_holds_in_the_window", function() command("trade Salma") end, function()
		local right = form == FORM and plain(spec):find("Agreed. 2 coins.", 1, true) and plain(spec):find("Buy for 2 coins", 1, true)
		return right ~= nil and right ~= false, plain(spec)
	end},
	{"nothing_was_paid_for_an_offer", nil, function() return is_state(3, 12) end},
	{"next_run_is_the_second", function() storage:set_string("played", "yes") end, function() return true end},
}
local SECOND = {
	{"goods_are_as_they_were", nil, function()
		local right, why = is_state(3, 12)
		return right and count(ROSE) == 3 or right, why
	end},
	{"prices_are_as_they_were", function() told = plain(command("market")) end, function()
		return told:find("Rose: %d+ coins %(usually 3 coins; %d+ %% dearer%)") ~= nil, told
	end},
}

llm_probe.run(is_second and SECOND or FIRST)
