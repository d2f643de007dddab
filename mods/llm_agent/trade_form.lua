-- The trade window: the NPC's goods on the left, what of the player's own it would buy on the right, a price to haggle about
-- below each. It only shows and asks: every button goes to trade.lua, which looks at the world as it is then.
-- Buttons that trade carry a serial that changes with each press, so a double click, or an old window, does nothing.

local agent = ...
local settings, goods, trade, items, text, S =
	agent.settings, agent.goods, agent.trade, agent.items, agent.text, agent.S

local trade_form = {}

local FORM = "llm_agent:trade"
local COLUMNS, ROWS = 6, 2
local PAGE = COLUMNS * ROWS
local CELL_W, CELL_H = 1.4, 1.65
local COUNT_MAX, PRICE_MAX = 999, 99999
local LINE_CHARS, LINES_MAX = 52, 3 -- of what the NPC says, beside its portrait, in a window of 800x600
local SPEECH_COLOUR, QUIET_COLOUR = "#ffe9a8", "#aaaaaa"
-- Each side of the window. is_sale: the NPC sells.
local SIDES = {
	get = {x = 0.5, is_sale = true},
	give = {x = 9.25, is_sale = false},
}
local ORDER = {"get", "give"}

local esc = core.formspec_escape

local open = {} -- player → {id, name, serial, line, get = {item, count, offer, page}, give = the same}
local serial = 0 -- of all windows, so that none of them has another's

-- An item as players see it, in their language.
function trade_form.shown(item)
	local def = core.registered_items[item]
	local words = def and (def.short_description or def.description) or ""
	words = words:match("^[^\n]*")
	return words ~= "" and words or item
end

-- What stands on a side -------------------------------------------------------------------------------------------------

local function wanted(npc, player_name)
	local player, out = core.get_player_by_name(player_name), {}
	for item, count in pairs(player and agent.ledger.belongings(player) or {}) do
		if trade.buys(npc, item) then out[item] = count end
	end
	return out
end

local function available(side, npc, player_name)
	if SIDES[side].is_sale then return goods.for_sale(npc) end
	return wanted(npc, player_name)
end

-- The same order each time, so that a click means what it showed; the serial guards what a trade changed.
local function in_order(counts)
	local list = {}
	for item in pairs(counts) do list[#list + 1] = item end
	table.sort(list)
	return list
end

-- What the side offers to trade, as trade.deal takes it: {item, count, price}, or nil where nothing is chosen.
local function part(shown, side, npc, player_name)
	local chosen = shown[side]
	if not chosen.item then return nil end
	local price = trade.price(npc, player_name, chosen.item, SIDES[side].is_sale, chosen.count)
	return {item = chosen.item, count = chosen.count, price = price}
end

-- Drawing --------------------------------------------------------------------------------------------------------------

local function grid(parts, shown, side, npc, player_name)
	local counts, x0 = available(side, npc, player_name), SIDES[side].x
	local list, chosen = in_order(counts), shown[side]
	local pages = math.max(1, math.ceil(#list / PAGE))
	chosen.page = math.min(chosen.page or 1, pages)
	chosen.list = list -- what the buttons mean
	if not counts[chosen.item] then chosen.item = nil end
	parts[#parts + 1] = ("box[%g,3.65;8.5,3.55;#00000050]"):format(x0 - 0.1)
	chosen.count = chosen.item and math.min(chosen.count, counts[chosen.item])
	for i = 1, PAGE do
		local item = list[(chosen.page - 1) * PAGE + i]
		if not item then break end
		local x, y = x0 + (i - 1) % COLUMNS * CELL_W, 3.85 + math.floor((i - 1) / COLUMNS) * CELL_H
		if item == chosen.item then parts[#parts + 1] = ("box[%g,%g;1.3,1.6;#c8a04080]"):format(x - 0.05, y - 0.05) end
		parts[#parts + 1] = ("item_image_button[%g,%g;1.2,1.1;%s;%s_item_%d;]"):format(x, y,
			esc(("%s %d"):format(item, math.min(counts[item], COUNT_MAX))), side, (chosen.page - 1) * PAGE + i)
		parts[#parts + 1] = ("image[%g,%g;0.4,0.4;llm_agent_coin.png]label[%g,%g;%d]"):format(x + 0.1, y + 1.12,
			x + 0.55, y + 1.32, trade.price(npc, player_name, item, SIDES[side].is_sale))
		parts[#parts + 1] = ("tooltip[%s_item_%d;%s]"):format(side, (chosen.page - 1) * PAGE + i,
			esc(("%d × %s"):format(counts[item], trade_form.shown(item))))
	end
	if pages > 1 then
		parts[#parts + 1] = ("button[%g,2.95;1.5,0.65;%s_page;%d/%d]"):format(x0 + 6.9, side, chosen.page, pages)
	end
	return #list
end

local function deal_rows(parts, shown, side, npc, player_name)
	local x, chosen, is_sale = SIDES[side].x, shown[side], SIDES[side].is_sale
	local put = part(shown, side, npc, player_name)
	local function add(form, ...) parts[#parts + 1] = form:format(...) end
	if not put then return add("label[%g,7.6;%s]", x, esc(S("Choose something to trade."))) end
	local total = items.coins(put.count * put.price)
	add("label[%g,7.6;%s]", x, esc(trade_form.shown(put.item)))
	add("button[%g,7.95;0.8,0.8;%s_less;-]", x, side)
	add("field[%g,7.95;1.3,0.8;%s_count;;%d]field_close_on_enter[%s_count;false]", x + 0.9, side, put.count, side)
	add("button[%g,7.95;0.8,0.8;%s_more;+]", x + 2.3, side)
	add("button[%g,7.95;5,0.8;%s_%d;%s]", x + 3.25, is_sale and "buy" or "sell", shown.serial,
		esc(is_sale and S("Buy for @1", total) or S("Sell for @1", total)))
	add("label[%g,9.35;%s]", x, esc(S("Your price each:")))
	add("field[%g,8.95;1.4,0.8;%s_offer;;%s]field_close_on_enter[%s_offer;false]", x + 3.7, side, chosen.offer or "", side)
	add("button[%g,8.95;3,0.8;%s_haggle_%d;%s]", x + 5.25, side, shown.serial, esc(S("Haggle")))
end

local function mood_words(npc, player_name)
	local attitude = trade.attitude(npc, player_name)
	if attitude >= 0.3 then return S("glad to trade with you") end
	return attitude <= -0.3 and S("in no mood for favours") or S("ready to trade")
end

local function swap_words(get, give)
	local coins = get.count * get.price - give.count * give.price
	if coins == 0 then return S("Swap both") end
	return coins > 0 and S("Swap both, and pay @1", items.coins(coins)) or S("Swap both, and get @1", items.coins(-coins))
end

local function speech(player_name, line)
	local parts = {}
	for words in text.wrap(text.clean(agent.as_shown_to(player_name, line)), LINE_CHARS):gmatch("[^\n]+") do
		if #parts == LINES_MAX then break end
		parts[#parts + 1] = ("label[2.1,%g;%s]"):format(1.9 + #parts * 0.5, esc(core.colorize(SPEECH_COLOUR, words)))
	end
	return table.concat(parts)
end

local function formspec(player_name, shown)
	local npc = llm_agent.get_npc(shown.id)
	local player, money = core.get_player_by_name(player_name), items.money()
	local parts = {
		"formspec_version[4]size[18,11.4]",
		("image[0.5,0.4;1.3,2.6;%s]"):format(esc(agent.portrait(npc))),
		("label[2.1,0.7;%s]"):format(esc(agent.caption(npc))),
		("label[2.1,1.25;%s]"):format(esc(core.colorize(QUIET_COLOUR, mood_words(npc, player_name)))),
		speech(player_name, shown.line),
		("label[13.4,0.7;%s]"):format(esc(S("You have @1", items.coins(agent.ledger.belongings(player)[money] or 0)))),
		("label[13.4,1.25;%s]"):format(esc(S("@1 has @2", npc.name, items.coins(agent.ledger.count(npc.id, money))))),
		("label[0.5,3.4;%s]label[9.25,3.4;%s]"):format(esc(S("For sale")), esc(S("What @1 would buy from you", npc.name))),
	}
	for _, side in ipairs(ORDER) do
		if grid(parts, shown, side, npc, player_name) > 0 then
			deal_rows(parts, shown, side, npc, player_name)
		else
			parts[#parts + 1] = ("label[%g,4.1;%s]"):format(SIDES[side].x + 0.1, esc(core.colorize(QUIET_COLOUR, S("Nothing."))))
		end
	end
	local get, give = part(shown, "get", npc, player_name), part(shown, "give", npc, player_name)
	parts[#parts + 1] = ("button[0.5,10.15;3.4,0.8;talk;%s]"):format(esc(S("Talk")))
	if get and give then
		parts[#parts + 1] = ("button[4.6,10.15;8.8,0.8;swap_%d;%s]"):format(shown.serial, esc(swap_words(get, give)))
	end
	parts[#parts + 1] = ("button_exit[14.1,10.15;3.4,0.8;close;%s]"):format(esc(S("Close")))
	return table.concat(parts)
end

local function show(player_name, shown)
	serial = serial + 1
	shown.serial = serial
	core.show_formspec(player_name, FORM, formspec(player_name, shown))
	for _, side in ipairs(ORDER) do -- as it was drawn: this is what a press of the button agrees to
		shown[side].part = part(shown, side, llm_agent.get_npc(shown.id), player_name)
	end
end

local function close(player_name, words)
	open[player_name] = nil
	core.close_formspec(player_name, FORM)
	if words then core.chat_send_player(player_name, words) end
end

-- Opening --------------------------------------------------------------------------------------------------------------

-- Opens the window, or tells the player why not. offer: {item, count, is_sale} to begin with, or nil.
function trade_form.open(npc, player_name, offer)
	local words = not settings.trade and S("Trade is switched off on this server.")
		or trade.out_of_reach(npc, player_name, npc.name)
	if words then return false, words end
	goods.visit(npc)
	agent.attend(npc, player_name)
	agent.leave_dialog(player_name)
	local shown = {id = npc.id, name = npc.name, get = {}, give = {}, line = S("Have a look.")}
	if offer then
		local side = offer.is_sale and "get" or "give"
		shown[side] = {item = offer.item, count = offer.count}
		shown.line = S("@1 for each, what do you say?",
			items.coins(trade.price(npc, player_name, offer.item, offer.is_sale, offer.count)))
	end
	open[player_name] = shown
	show(player_name, shown)
	return true
end

-- What the client sends ------------------------------------------------------------------------------------------------

local function whole_number(words, max)
	local n = type(words) == "string" and #words <= 8 and tonumber(words)
	return n and n % 1 == 0 and n >= 1 and n <= max and n or nil
end

-- The NPC's words for an answer, at once and by rule; the model's come after, if they come in time and say no other number.
local function answer_line(answer, price, is_sale)
	if answer == "accepted" then return S("Agreed. @1 for each.", items.coins(price)) end
	if answer == "refused" then return S("No. @1 for each, or none at all.", items.coins(price)) end
	return is_sale and S("That is too little. Say @1 for each.", items.coins(price))
		or S("That is too much. I pay @1 for each.", items.coins(price))
end

local function says_other_numbers(line, known)
	for number in line:gmatch("%d+") do
		if not known[tonumber(number)] then return true end
	end
	return false
end

local function ask_for_words(npc, player_name, shown, side, answer, price, offer)
	local chosen, is_sale = shown[side], SIDES[side].is_sale
	local round, words = shown.serial, items.words(chosen.item)
	local said = is_sale and ("I give you %d coins for the %s."):format(offer, words)
		or ("I want %d coins for my %s."):format(offer, words)
	npc:think({
		player = player_name, utterance = said, intent = "trade", actions = {}, priority = "spoken",
		context = {stock = is_sale and {[words] = goods.for_sale(npc)[chosen.item]} or false, price = price, answer = answer},
	}, function(reply)
		if open[player_name] ~= shown or shown.serial ~= round or reply.fallback or not llm_agent.get_npc(shown.id) then return end
		if says_other_numbers(reply.text, {[price] = true, [offer] = answer == "accepted", [chosen.count] = true}) then return end
		shown.line = reply.text
		show(player_name, shown)
	end)
end

local function haggle(npc, player_name, shown, side, words)
	local chosen, is_sale = shown[side], SIDES[side].is_sale
	local offer = whole_number(words, PRICE_MAX)
	if not chosen.item or not offer then
		shown.line = S("Name a price: a whole number of coins for one.")
		return
	end
	chosen.offer = offer
	local answer, price = trade.haggle(npc, player_name, chosen.item, is_sale, chosen.count, offer)
	shown.line = answer_line(answer, price, is_sale)
	return function() ask_for_words(npc, player_name, shown, side, answer, price, offer) end
end

local function deal(npc, player_name, shown, get, give)
	local _, words = trade.deal(npc.id, player_name, get, give)
	shown.line = words
	for _, side in ipairs(ORDER) do shown[side].offer = nil end
end

local function choose(shown, side, fields)
	local chosen = shown[side]
	local count = whole_number(fields[side .. "_count"], COUNT_MAX)
	if chosen.item and count then chosen.count = count end
	for i, item in ipairs(chosen.list or {}) do
		if fields[side .. "_item_" .. i] then
			if chosen.item ~= item then chosen.item, chosen.count, chosen.offer = item, 1, nil end
			return true
		end
	end
	if fields[side .. "_page"] then
		chosen.page = (chosen.page or 1) % math.max(1, math.ceil(#(chosen.list or {}) / PAGE)) + 1
	elseif fields[side .. "_more"] and chosen.item then
		chosen.count = math.min(chosen.count + 1, COUNT_MAX)
	elseif fields[side .. "_less"] and chosen.item then
		chosen.count = math.max(chosen.count - 1, 1)
	else
		return fields.key_enter_field == side .. "_count"
	end
	return true
end

-- Returns whether anything happened, and what is to be done once it is shown.
local function press(npc, player_name, shown, fields)
	local get, give = shown.get.part, shown.give.part
	local function pressed(name) return fields[name .. "_" .. shown.serial] end
	local function typed(side, name) return fields[side .. "_" .. name] end
	for _, side in ipairs(ORDER) do
		local enters = fields.key_enter_field == side .. "_offer" and typed(side, "offer") ~= tostring(shown[side].offer)
		if pressed(side .. "_haggle") or enters then
			choose(shown, side, {[side .. "_count"] = typed(side, "count")})
			return true, haggle(npc, player_name, shown, side, typed(side, "offer"))
		end
	end
	-- a count that was typed but never shown with its price is no agreement: it is shown first
	for _, side in ipairs(ORDER) do
		local put, count = shown[side].part, typed(side, "count")
		if put and count and whole_number(count, COUNT_MAX) ~= put.count then
			choose(shown, side, fields)
			return true
		end
	end
	if pressed("buy") and get then
		deal(npc, player_name, shown, get, nil)
	elseif pressed("sell") and give then
		deal(npc, player_name, shown, nil, give)
	elseif pressed("swap") and get and give then
		deal(npc, player_name, shown, get, give)
	else
		local chose_get, chose_give = choose(shown, "get", fields), choose(shown, "give", fields)
		return chose_get or chose_give
	end
	return true
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	local shown = open[name]
	if not shown then return true end
	local npc = llm_agent.get_npc(shown.id)
	if fields.quit then
		if npc then trade.walk_away(npc, name) end
		open[name] = nil
		return true
	end
	local away = trade.out_of_reach(npc, name, shown.name)
	if away then
		close(name, away)
	elseif fields.talk then
		open[name] = nil
		agent.open_dialog(npc, name)
	else
		local changed, after = press(npc, name, shown, fields)
		if changed then show(name, shown) end
		if after then after() end
	end
	return true
end)

core.register_on_leaveplayer(function(player) open[player:get_player_name()] = nil end)

agent.command("trade", {params = S("NAME"), help = S("open the trade window of an NPC"), run = function(player_name, rest)
	local npc = agent.find_npc(rest, player_name)
	if not npc then return false, S("No NPC of that name. Use: /llm trade NAME") end
	return trade_form.open(npc, player_name)
end})

return trade_form
