-- The trade window: what its buttons do. Every button goes to trade.lua, which looks at the world as it is then; trade_view.lua
-- draws.
-- Buttons carry a serial that changes with each press, so a double click, or a click in an old window, does nothing.
-- What a client sends is done in the step that follows, and shown in one after that, each where there is room for it.
-- Owns which window each player has open.

local S, settings, jobs, commands, npcs, nearby, attention, dialog, items, goods, trade, trade_view = ...

local trade_form = {}

local FORM = "llm_agent:trade"
local COUNT_MAX, PRICE_MAX = trade_view.COUNT_MAX, 99999
local SIDES, ORDER, PAGE = trade_view.SIDES, trade_view.ORDER, trade_view.PAGE

local open = {} -- player → {id, name, serial, line, get = {item, count, offer, page}, give = the same}
local serial = 0 -- of all windows, so that none of them has another's

-- What its buttons meant so far is over.
local function renew(shown)
	serial = serial + 1
	shown.serial = serial
end

-- Draws it; what is drawn is what a press of a button agrees to.
local function show(player_name, shown)
	renew(shown)
	core.show_formspec(player_name, FORM, trade_view.formspec(player_name, shown))
end

-- The same in a step with room for it, if it is still open then. after(): when it is shown.
local function show_soon(player_name, shown, after)
	renew(shown)
	jobs.add(function()
		if open[player_name] ~= shown or not npcs.get(shown.id) then return end
		show(player_name, shown)
		if after then after() end
	end)
end

local function close(player_name, words)
	open[player_name] = nil
	core.close_formspec(player_name, FORM)
	if words then core.chat_send_player(player_name, words) end
end

-- Opening --------------------------------------------------------------------------------------------------------------

-- What the NPC says of the price on the table (as of trade.on_table).
function trade_form.offer_line(offer)
	local coins = items.coins(offer.price)
	if offer.count == 1 then
		if offer.is_agreed then return S("Agreed. @1.", coins) end
		return offer.is_sale and S("@1, what do you say?", coins) or S("I pay @1, what do you say?", coins)
	end
	if offer.is_agreed then return S("Agreed. @1 for each.", coins) end
	return offer.is_sale and S("@1 for each, what do you say?", coins) or S("I pay @1 for each, what do you say?", coins)
end

-- Opens the window, or tells the player why not. It begins with what the two talk about the price of.
function trade_form.open(npc, player_name)
	local words = not settings.trade and S("Trade is switched off on this server.")
		or trade.out_of_reach(npc, player_name, npc.name)
	if words then return false, words end
	goods.visit(npc)
	attention.attend(npc, player_name)
	dialog.leave(player_name)
	local offer = trade.on_table(npc.id, player_name)
	local shown = {id = npc.id, name = npc.name, get = {}, give = {}, line = S("Have a look.")}
	if offer then shown.line = trade_form.offer_line(offer) end
	if offer then shown[offer.is_sale and "get" or "give"] = {item = offer.item, count = offer.count} end
	open[player_name] = shown
	show(player_name, shown)
	return true
end

-- For the chat: what the NPC asks or would pay. coins, thing: as players see them.
function trade_form.price_line(npc, is_sale, coins, thing, count)
	if count == 1 then
		return is_sale and S("@1 asks @2: @3.", npc.name, coins, thing) or S("@1 would pay @2: @3.", npc.name, coins, thing)
	end
	return is_sale and S("@1 asks @2 for each: @3.", npc.name, coins, thing)
		or S("@1 would pay @2 for each: @3.", npc.name, coins, thing)
end

-- For the chat: how a player gets to the window, which never opens by itself on somebody who plays.
function trade_form.how_to(npc)
	return S("To trade: right-click @1 and press Trade, or type /llm trade @2", npc.name, npc.name)
end

-- The same, for a button: the player is told why not.
function trade_form.open_or_tell(npc, player_name)
	local ok, problem = trade_form.open(npc, player_name)
	if not ok then core.chat_send_player(player_name, problem) end
end

-- What the client sends ------------------------------------------------------------------------------------------------

local function whole_number(words, max)
	local n = type(words) == "string" and #words <= 8 and tonumber(words)
	return n and n % 1 == 0 and n >= 1 and n <= max and n or nil
end

-- The NPC's words for an answer of trade.haggle, at once and by rule.
function trade_form.answer_line(answer, price, is_sale, count)
	local coins = items.coins(price)
	if answer == "accepted" then return count == 1 and S("Agreed. @1.", coins) or S("Agreed. @1 for each.", coins) end
	if count == 1 then
		if answer == "refused" then return is_sale and S("@1, not one less.", coins) or S("@1, not one more.", coins) end
		return is_sale and S("That is too little. Say @1.", coins) or S("That is too much. I pay @1.", coins)
	end
	if answer == "refused" then return S("No. @1 for each, or none at all.", coins) end
	return is_sale and S("That is too little. Say @1 for each.", coins) or S("That is too much. I pay @1 for each.", coins)
end

-- It says no other number than this price.
local function says_no_other(line, price)
	for number in line:gmatch("%d+") do
		if tonumber(number) ~= price then return false end
	end
	return true
end

-- Without a first sentence that is only the price, which the rule has just said: "6 coins. Look at it, it is worth every one."
local function without_price(line, price)
	local rest = line:match("^" .. price .. " [^%s%p]+[.!] (.+)$")
	return rest or line
end

-- What the model is asked. The player's offer is left out, else the model would invent a price in between.
local function question(is_sale, thing)
	return is_sale and ("How much is the %s?"):format(thing) or ("What do you pay for my %s?"):format(thing)
end

-- The model's words stand behind those of the rule, never in their place. A price that is agreed or refused needs none.
local function ask_for_words(npc, player_name, shown, side, price)
	local chosen, is_sale, by_rule = shown[side], SIDES[side].is_sale, shown.line
	local round, thing = shown.serial, items.words(chosen.item)
	npc:think({
		player = player_name, utterance = question(is_sale, thing), intent = "trade", actions = {}, priority = "spoken",
		context = {stock = is_sale and {[thing] = goods.for_sale(npc)[chosen.item]} or false, price = price},
	}, function(reply)
		local is_late = open[player_name] ~= shown or shown.serial ~= round or not npcs.get(shown.id)
		if is_late or reply.fallback or not says_no_other(reply.text, price) then return end
		shown.line = by_rule .. " " .. without_price(reply.text, price)
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
	shown.line = trade_form.answer_line(answer, price, is_sale, chosen.count)
	return answer == "countered" and function() ask_for_words(npc, player_name, shown, side, price) end or nil
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

local function receive(name, fields)
	local shown = open[name]
	if not shown then return end
	local npc = npcs.get(shown.id)
	if fields.quit then
		if npc then trade.walk_away(npc, name) end
		open[name] = nil
		return
	end
	local away = trade.out_of_reach(npc, name, shown.name)
	if away then
		close(name, away)
	elseif fields.talk then
		open[name] = nil
		dialog.open(npc, name)
	else
		local changed, after = press(npc, name, shown, fields)
		if changed then show_soon(name, shown, after) end
	end
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	jobs.add(function() receive(name, fields) end)
	return true
end)

core.register_on_leaveplayer(function(player) open[player:get_player_name()] = nil end)

commands.register("trade", {params = S("NAME"), help = S("open the trade window of an NPC"), run = function(player_name, rest)
	local npc = nearby.find(rest, player_name)
	if not npc then return false, S("No NPC of that name. Use: /llm trade NAME") end
	return trade_form.open(npc, player_name)
end})

return trade_form
