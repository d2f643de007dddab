-- Draws the trade window: goods of both sides with their prices, the chosen deal, the NPC's words.
-- Reads the world as it is in this step; decides nothing, and changes only what its own buttons mean.

local S, text, util, translate, forms, npcs, roles, items, ledger, goods, trade = ...

local trade_view = {COUNT_MAX = 999} -- of one thing in one deal

local COLUMNS, ROWS = 6, 2
local CELL_W, CELL_H = 1.4, 1.65
local LINE_CHARS, LINES_MAX = 52, 3 -- of what the NPC says, beside its portrait, in a window of 800x600
-- Each side of the window. is_sale: the NPC sells.
trade_view.SIDES = {
	get = {x = 0.5, is_sale = true},
	give = {x = 9.25, is_sale = false},
}
trade_view.ORDER = {"get", "give"}
trade_view.PAGE = COLUMNS * ROWS -- goods of a side that are seen at once

local SIDES, ORDER, PAGE = trade_view.SIDES, trade_view.ORDER, trade_view.PAGE
local esc = core.formspec_escape

-- An item as players see it, in their language.
function trade_view.shown(item)
	local def = core.registered_items[item]
	local words = def and (def.short_description or def.description) or ""
	words = words:match("^[^\n]*")
	return words ~= "" and words or item
end

-- What stands on a side -------------------------------------------------------------------------------------------------

local function wanted(npc, player_name)
	local player, out = core.get_player_by_name(player_name), {}
	for item, count in pairs(player and ledger.belongings(player) or {}) do
		if trade.buys(npc, item) then out[item] = count end
	end
	return out
end

local function available(side, npc, player_name)
	if SIDES[side].is_sale then return goods.for_sale(npc) end
	return wanted(npc, player_name)
end

-- What the side offers to trade, as trade.deal takes it: {item, count, price}, or nil where nothing is chosen.
local function part_of(shown, side, npc, player_name)
	local chosen = shown[side]
	if not chosen.item then return nil end
	local price = trade.price(npc, player_name, chosen.item, SIDES[side].is_sale, chosen.count)
	return {item = chosen.item, count = chosen.count, price = price}
end

-- Drawing --------------------------------------------------------------------------------------------------------------

local function grid(parts, shown, side, npc, player_name)
	local counts, x0 = available(side, npc, player_name), SIDES[side].x
	-- the same order each time, so that a click means what it showed; the serial guards what a trade changed
	local list, chosen = util.sorted_keys(counts), shown[side]
	local pages = math.max(1, math.ceil(#list / PAGE))
	chosen.page = math.min(chosen.page or 1, pages)
	chosen.list = list -- what the buttons mean
	if not counts[chosen.item] then chosen.item = nil end
	parts[#parts + 1] = forms.well(x0 - 0.1, 3.65, 8.5, 3.55)
	chosen.count = chosen.item and math.min(chosen.count, counts[chosen.item])
	for i = 1, PAGE do
		local item = list[(chosen.page - 1) * PAGE + i]
		if not item then break end
		local x, y = x0 + (i - 1) % COLUMNS * CELL_W, 3.85 + math.floor((i - 1) / COLUMNS) * CELL_H
		if item == chosen.item then parts[#parts + 1] = ("box[%g,%g;1.3,1.6;#c8a04080]"):format(x - 0.05, y - 0.05) end
		parts[#parts + 1] = ("item_image_button[%g,%g;1.2,1.1;%s;%s_item_%d;]"):format(x, y,
			esc(("%s %d"):format(item, math.min(counts[item], trade_view.COUNT_MAX))), side, (chosen.page - 1) * PAGE + i)
		parts[#parts + 1] = ("image[%g,%g;0.4,0.4;llm_agent_coin.png]"):format(x + 0.1, y + 1.17)
			.. forms.label(x + 0.55, y + 1.38, ("%d"):format(trade.price(npc, player_name, item, SIDES[side].is_sale)))
		parts[#parts + 1] = forms.tooltip(("%s_item_%d"):format(side, (chosen.page - 1) * PAGE + i),
			("%d × %s"):format(counts[item], trade_view.shown(item)))
	end
	if pages > 1 then
		parts[#parts + 1] = forms.button(x0 + 6.9, 2.95, 1.5, 0.65, side .. "_page", ("%d/%d"):format(chosen.page, pages))
	end
	return #list
end

local function deal_rows(parts, shown, side)
	local x, chosen, is_sale, put = SIDES[side].x, shown[side], SIDES[side].is_sale, shown[side].part
	local function add(element) parts[#parts + 1] = element end
	if not put then return add(forms.label(x, 7.6, S("Choose something to trade."))) end
	local total = items.coins(put.count * put.price)
	add(forms.label(x, 7.6, trade_view.shown(put.item)))
	add(forms.button(x, 7.95, 0.7, 0.8, side .. "_less", "-"))
	add(forms.field(x + 0.75, 7.95, 1.2, 0.8, side .. "_count", ("%d"):format(put.count)))
	add(forms.button(x + 2, 7.95, 0.7, 0.8, side .. "_more", "+"))
	add(forms.button(x + 2.75, 7.95, 5.5, 0.8, ("%s_%d"):format(is_sale and "buy" or "sell", shown.serial),
		is_sale and S("Buy for @1", total) or S("Sell for @1", total)))
	add(forms.label(x, 9.35, S("Your price each:")))
	add(forms.field(x + 4.15, 8.95, 1.2, 0.8, side .. "_offer", tostring(chosen.offer or "")))
	add(forms.button(x + 5.4, 8.95, 2.85, 0.8, ("%s_haggle_%d"):format(side, shown.serial), S("Haggle")))
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
	for words in text.wrap(text.clean(translate.as_shown_to(player_name, line)), LINE_CHARS):gmatch("[^\n]+") do
		if #parts == LINES_MAX then break end
		parts[#parts + 1] = forms.label(2.1, 1.8 + #parts * 0.53, words, "speech")
	end
	return table.concat(parts)
end

-- The whole window. Notes in `shown` what its buttons mean: {get, give = {list, page, item, count, part}}.
function trade_view.formspec(player_name, shown)
	local npc = npcs.get(shown.id)
	local player, money = core.get_player_by_name(player_name), items.money()
	local parts = {
		forms.begin(18, 11.4),
		("image[0.5,0.4;1.3,2.6;%s]"):format(esc(roles.portrait(npc))),
		forms.label(2.1, 0.7, roles.caption(npc)),
		forms.label(2.1, 1.25, mood_words(npc, player_name), "quiet"),
		speech(player_name, shown.line),
		forms.label(12.6, 0.7, S("You have @1", items.coins(ledger.belongings(player)[money] or 0))),
		forms.label(12.6, 1.25, S("@1 has @2", npc.name, items.coins(ledger.count(npc.id, money)))),
		forms.label(0.5, 3.4, S("For sale")),
		forms.label(9.25, 3.4, S("What @1 would buy from you", npc.name)),
	}
	for _, side in ipairs(ORDER) do
		local is_stocked = grid(parts, shown, side, npc, player_name) > 0
		shown[side].part = part_of(shown, side, npc, player_name)
		if is_stocked then
			deal_rows(parts, shown, side)
		else
			parts[#parts + 1] = forms.label(SIDES[side].x + 0.1, 4.1, S("Nothing."), "quiet")
		end
	end
	local get, give = shown.get.part, shown.give.part
	parts[#parts + 1] = forms.button(0.5, 10.15, 3.4, 0.8, "talk", S("Talk"))
	if get and give then
		parts[#parts + 1] = forms.button(4.6, 10.15, 8.8, 0.8, "swap_" .. shown.serial, swap_words(get, give))
	end
	parts[#parts + 1] = forms.button(14.1, 10.15, 3.4, 0.8, "close", S("Close"), true)
	return table.concat(parts)
end

return trade_view
