-- The answers to what an NPC sells and what a thing costs: its stock and its prices for this player, as the trade window has
-- them. Only reads.

local S, settings, text, phrases, translate, answers, items, spoken, goods, trade = ...

local told = {}

local GOODS_MAX = 4 -- in one answer; the trade window has all

-- The words for an item in a language; English ones as the model reads them.
local function words_for(item, lang)
	return translate.into(lang, items.shown_name(item))
end

local function sorted(for_sale)
	local list = {}
	for item in pairs(for_sale) do list[#list + 1] = item end
	table.sort(list, function(a, b)
		local x, y = trade.base_price(a), trade.base_price(b)
		if x ~= y then return x > y end
		return a < b
	end)
	return list
end

-- The goods of a list that the words name: in full, or else by the last word of a name ("sword").
local function named(list, asked)
	local sentence = " " .. items.gist(text.spaced(asked.words)) .. " "
	local full, partly = {}, {}
	for _, item in ipairs(list) do
		for _, words in ipairs({items.words(item), text.lower(words_for(item, asked.lang))}) do
			local gist = items.gist(words)
			local last = gist:match("%S+$")
			if gist ~= "" and sentence:find(" " .. gist .. " ", 1, true) then full[#full + 1] = item break end
			if last and sentence:find(" " .. last .. " ", 1, true) then partly[#partly + 1] = item break end
		end
	end
	return full[1] and full or partly
end

-- One of it as it is said: "a steel sword".
local function one_of(item, lang)
	return (lang == nil or lang:find("^en")) and items.one(item) or spoken.name(item, lang)
end

-- "an apple for 2 coins and a loaf of bread for 4 coins", and the words that a true line has.
local function priced(npc, player_name, list, lang)
	local shown, holds = nil, {}
	local last = math.min(GOODS_MAX, #list)
	for i = last, 1, -1 do
		local item = list[i]
		local price = trade.price(npc, player_name, item, true)
		local offer = S("@1 for @2", one_of(item, lang), items.coins(price))
		shown = shown and (i == last - 1 and S("@1 and @2", offer, shown) or S("@1, @2", offer, shown)) or offer
		holds[#holds + 1] = {text.first(items.words(item), 60) .. "*", words_for(item, lang) .. "*"}
		holds[#holds + 1] = {tostring(price)}
	end
	return shown, holds
end

local function may_trade(npc, player_name)
	if not settings.trade or trade.out_of_reach(npc, player_name, npc.name) then return false end
	goods.visit(npc)
	return true
end

-- Who is asked for what it has not got.
function told.lacks(npc, player_name, lang)
	local list = sorted(goods.for_sale(npc))
	if not list[1] then return S("I have nothing to sell today.") end
	return S("I have none of that. I sell @1.", (priced(npc, player_name, list, lang)))
end

-- What there is, or of a single thing what it costs.
function told.has(npc, player_name, lang, item)
	local list = sorted(goods.for_sale(npc))
	if item then return S("I sell @1.", (priced(npc, player_name, {item}, lang))) end
	return S("I sell @1.", (priced(npc, player_name, list, lang)))
end

answers.register("goods", function(npc, player_name, asked)
	if not may_trade(npc, player_name) then return nil end
	local list = sorted(goods.for_sale(npc))
	if not list[1] then return {line = S("I have nothing to sell today.")} end
	local shown, holds = priced(npc, player_name, list, asked.lang)
	return {line = S("I sell @1.", shown), holds = holds}
end)

answers.register("price", function(npc, player_name, asked)
	if text.holds_any(asked.words:lower(), phrases.sell) or not may_trade(npc, player_name) then return nil end
	local for_sale = goods.for_sale(npc)
	local item = named(sorted(for_sale), asked)[1]
	if not item then return nil end -- it is no price of this stall that is asked for
	local price = trade.price(npc, player_name, item, true)
	return {
		line = S("@1: @2 for one. I have @3.", items.shown_name(item), items.coins(price), for_sale[item]),
		holds = {{tostring(price)}},
	}
end)

return told
