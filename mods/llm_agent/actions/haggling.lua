-- Haggling in talk: a price that a player names aloud or in the dialog, and a yes to the one that is on the table. Answered by
-- the rules of economy/trade.lua before the NPC thinks, so that the game says what is agreed, and the model speaks of the price
-- that holds.

local S, text, history, items, trade, trade_view, trade_form, quests, trade_words, trade_subject = ...

local haggling = {}

local answered = {} -- player → {id, words, answer, price, is_sale}: what the rules answered last

-- How the rules answered these words of the player, if they did: {answer = as of trade.haggle, price, is_sale}; else nil.
function haggling.answered(npc, player_name, words)
	local last = words and answered[player_name]
	return last and last.id == npc.id and last.words == text.clean(words) and last or nil
end

-- What a price was named for: {item, is_sale, count}, or nil. What is named counts first, then what is on the table.
local function thing_of(npc, player_name, words, bid)
	local about = trade_subject.of(npc, player_name, {utterance = words})
	if not about or about.lacks then return nil end
	if about.gives then return {item = about.gives, is_sale = false, count = bid.count or 1, most = about.gives_count} end
	local open = trade.on_table(npc.id, player_name)
	local item = about.is_named and about.sale[1] or open and open.item
	if not item or about.is_named and about.sale[2] then return nil end -- one of several: which is it?
	local same = open and open.item == item and open
	return {item = item, is_sale = not same or same.is_sale, count = bid.count or same and same.count or 1,
		most = about.for_sale[item]}
end

local function answer_words(npc, answer, price, thing)
	local shown = ("%d × %s"):format(thing.count, trade_view.shown(thing.item))
	local coins = items.coins(price)
	if thing.count == 1 then
		if answer == "accepted" then return S("Agreed with @1: @2, @3.", npc.name, coins, shown) .. " " .. trade_form.how_to(npc) end
		if answer == "refused" then return S("@1 will not haggle any further: @2, @3.", npc.name, coins, shown) end
		return trade_form.price_line(npc, thing.is_sale, coins, shown, 1)
	end
	if answer == "accepted" then
		return S("Agreed with @1: @2 for each, @3.", npc.name, coins, shown) .. " " .. trade_form.how_to(npc)
	end
	if answer == "refused" then return S("@1 will not haggle any further: @2 for each, @3.", npc.name, coins, shown) end
	return trade_form.price_line(npc, thing.is_sale, coins, shown, thing.count)
end

local function bid_on(npc, player_name, words, bid)
	local thing = thing_of(npc, player_name, words, bid)
	if not thing then return nil end
	thing.count = math.max(1, math.min(thing.count, thing.most or thing.count))
	-- of a price for all the NPC gets no part of a coin less, and pays none more
	local each = bid.is_each and bid.coins or bid.coins / (bid.count or 1)
	each = thing.is_sale and math.floor(each) or math.ceil(each)
	local answer, price = trade.haggle(npc, player_name, thing.item, thing.is_sale, thing.count, math.max(1, each))
	history.tell(npc, player_name, answer_words(npc, answer, price, thing))
	return {answer = answer, price = price, is_sale = thing.is_sale, count = thing.count}
end

local function agree(npc, player_name)
	local open = trade.agree(npc.id, player_name)
	if not open then return nil end
	history.tell(npc, player_name, answer_words(npc, "accepted", open.price, open))
	return {answer = "accepted", price = open.price, is_sale = open.is_sale, count = open.count}
end

local function hear(npc, player_name, words)
	if trade.out_of_reach(npc, player_name, npc.name) then return end
	local open = trade.on_table(npc.id, player_name)
	local bid = trade_words.bid(words, open ~= nil)
	local may_be_plain = not quests.between(npc.id, player_name) -- else a yes may be one to the quest
	local done = bid and bid_on(npc, player_name, words, bid)
	if not bid and open and trade_words.agrees(words, may_be_plain) then done = agree(npc, player_name) end
	if not done then return end
	done.id, done.words = npc.id, text.clean(words)
	answered[player_name] = done
end

history.on_player_line(hear)
core.register_on_leaveplayer(function(player) answered[player:get_player_name()] = nil end)

return haggling
