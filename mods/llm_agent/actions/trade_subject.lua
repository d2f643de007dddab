-- What a player and an NPC talk about where they may trade: which goods, how many, who gives them. Reads the world as it is.

local settings, text, phrases, items, ledger, goods, trade, trade_words = ...

local trade_subject = {}

local SHORT_MIN = 4 -- letters of a short name

local gists = {} -- item → what tells it from others

local function gist_of(item)
	gists[item] = gists[item] or items.gist(items.words(item))
	return gists[item]
end

local function sells_to_npc(words)
	return text.holds_any(words, phrases.sell) and not text.holds_any(words, phrases.asks_for_goods)
end

local function worthier(a, b)
	local x, y = trade.base_price(a), trade.base_price(b)
	if x ~= y then return x > y end
	return a < b
end

-- Is the thing called short: "pick" for a pickaxe?
local function begins_short(sentence, last)
	for word in sentence:gmatch("%S+") do
		if #word >= SHORT_MIN and #word < #last and last:sub(1, #word) == word then return true end
	end
	return false
end

-- Of a list of items those that the words name, in full ("steel sword"), else by the last word ("sword"), else by its beginning.
local function named(list, words)
	local sentence, full, partly, begun = " " .. items.gist(words) .. " ", {}, {}, {}
	for _, item in ipairs(list) do
		local gist = gist_of(item)
		local last = gist:match("%S+$")
		if gist ~= "" and sentence:find(" " .. gist .. " ", 1, true) then
			full[#full + 1] = item
		elseif last and sentence:find(" " .. last .. " ", 1, true) then
			partly[#partly + 1] = item
		elseif last and begins_short(sentence, last) then
			begun[#begun + 1] = item
		end
	end
	return full[1] and full or partly[1] and partly or begun
end

-- The goods of a map of them, the dearest first.
function trade_subject.sorted(for_sale)
	local list = {}
	for item in pairs(for_sale) do list[#list + 1] = item end
	table.sort(list, worthier)
	return list
end

-- The item that the two talk about a price of, as a list, if the NPC still has it.
local function on_the_table(npc, player_name, for_sale)
	local open = trade.on_table(npc.id, player_name)
	return open and open.is_sale and for_sale[open.item] and {open.item} or {}
end

-- What a question is about: nil where the two cannot trade, or do not speak of it. Else {sale = items the NPC may sell, the most
-- telling first, for_sale = how many of each, is_named, is_said = by these words, lacks, gives = what the player wants to
-- sell, gives_count}.
function trade_subject.of(npc, player_name, opts)
	local player = settings.trade and player_name and core.get_player_by_name(player_name)
	if not player or trade.out_of_reach(npc, player_name, npc.name) then return nil end
	goods.visit(npc)
	local words = (opts.utterance or ""):lower()
	local about = {words = words, for_sale = goods.for_sale(npc)}
	local all = trade_subject.sorted(about.for_sale)
	local chosen = named(all, words)
	local is_said = chosen[1] ~= nil
	local is_open = trade.on_table(npc.id, player_name) ~= nil
	local speaks_of_it = trade_words.is_about_trade(opts.utterance or "", is_said, is_open)
		or trade_words.asks_for_goods(opts.utterance or "")
	if opts.intent ~= "trade" and not speaks_of_it then return nil end
	if not chosen[1] and not text.holds_any(words, phrases.any_goods) then
		-- nothing is offered where a thing is asked for that the NPC lacks: the model would promise it and sell something else
		about.lacks = text.holds_any(words, phrases.one_thing) or trade_words.asks_for_goods(opts.utterance or "")
		if not about.lacks then chosen = on_the_table(npc, player_name, about.for_sale) end
	end
	about.is_named, about.is_said = chosen[1] ~= nil, is_said
	about.sale = about.is_named and chosen or all
	local held, count = ledger.wielded(player)
	if held and (sells_to_npc(words) or not all[1]) and trade.buys(npc, held) then
		about.gives, about.gives_count = held, count
	end
	return about
end

return trade_subject
