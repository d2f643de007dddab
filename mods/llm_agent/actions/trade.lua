-- The action `offer_trade`, and what the model is told of an NPC's goods (`stock`, `price`) where the player speaks of trade.
-- The schema holds only goods that are there and prices within the bounds of economy/prices.lua. An offer opens the trade
-- window.
-- Other talk gets no such facts: they would only lengthen the prompt.

local S, settings, text, phrases, util, actions, observe, items, ledger, goods, trade, trade_view, trade_form = ...

local FACTS_MAX = 3 -- goods in a question
local ENUM_MAX = 8 -- goods to choose from in an offer where none is named
local COUNT_MAX = 99

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

-- Of a list of items those that the words name, in full ("steel sword") or else by the last word ("sword").
local function named(list, words)
	local sentence, full, partly = " " .. items.gist(words) .. " ", {}, {}
	for _, item in ipairs(list) do
		local gist = gist_of(item)
		local last = gist:match("%S+$")
		if gist ~= "" and sentence:find(" " .. gist .. " ", 1, true) then
			full[#full + 1] = item
		elseif last and sentence:find(" " .. last .. " ", 1, true) then
			partly[#partly + 1] = item
		end
	end
	return full[1] and full or partly
end

local function sorted(for_sale)
	local list = {}
	for item in pairs(for_sale) do list[#list + 1] = item end
	table.sort(list, worthier)
	return list
end

local function on_the_table(npc, player_name, list)
	local out = {}
	for _, item in ipairs(list) do
		if trade.is_open(npc, player_name, item, true) then out[#out + 1] = item end
	end
	return out
end

-- What this question is about: nil where the two cannot trade, else {sale = items the NPC may sell, the most telling first,
-- for_sale = how many of each, is_named, lacks, gives = what the player wants to sell, gives_count}.
local function subject(npc, player_name, opts)
	local player = settings.trade and player_name and core.get_player_by_name(player_name)
	if not player or trade.out_of_reach(npc, player_name, npc.name) then return nil end
	goods.visit(npc)
	local words = (opts.utterance or ""):lower()
	local about = {words = words, for_sale = goods.for_sale(npc)}
	local all = sorted(about.for_sale)
	local chosen = named(all, words)
	if not chosen[1] and not text.holds_any(words, phrases.any_goods) then
		-- nothing is offered where a thing is asked for that the NPC lacks: the model would promise it and sell something else
		about.lacks = text.holds_any(words, phrases.one_thing)
		if not about.lacks then chosen = on_the_table(npc, player_name, all) end
	end
	about.is_named = chosen[1] ~= nil
	about.sale = about.is_named and chosen or all
	local held, count = ledger.wielded(player)
	if held and (sells_to_npc(words) or not all[1]) and trade.buys(npc, held) then
		about.gives, about.gives_count = held, count
	end
	return about
end

-- Facts ----------------------------------------------------------------------------------------------------------------

local function is_about_trade(about, opts)
	return opts.intent == "trade" or about.is_named or text.holds_any(about.words, phrases.trade)
end

observe.add_facts(function(npc, player_name, facts, opts)
	local about = opts.utterance and subject(npc, player_name, opts)
	if not about or not is_about_trade(about, opts) then return end
	facts.intent = "trade" -- as the model knows questions of this kind, whatever the caller took it for
	if about.gives then
		facts.price = trade.price(npc, player_name, about.gives, false)
		return
	end
	local shown = util.first_of(about.sale, FACTS_MAX)
	if not shown[1] then return end
	local stock, price = {}, {}
	for _, item in ipairs(shown) do
		local words = items.words(item)
		stock[words], price[words] = about.for_sale[item], trade.price(npc, player_name, item, true)
	end
	facts.stock, facts.price = stock, shown[2] and price or price[items.words(shown[1])]
end)

-- The action -----------------------------------------------------------------------------------------------------------

local last_offers = {} -- player → {id, gives}: what was offered to be chosen last, for `run` has only the parameters

local function schema(words, count_max, floor, ceiling)
	return {
		type = "object",
		properties = {
			item = {type = "string", enum = words},
			count = {type = "integer", minimum = 1, maximum = count_max},
			price = {type = "integer", minimum = floor, maximum = ceiling}, -- of one
		},
		required = {"item", "count", "price"},
	}
end

local function sale_schema(npc, about)
	local words, count_max, low, high = {}, 1, math.huge, 1
	for _, item in ipairs(util.first_of(about.sale, ENUM_MAX)) do
		local floor, ceiling = trade.bounds(npc, item, true)
		words[#words + 1] = items.words(item)
		count_max = math.max(count_max, math.min(about.for_sale[item], COUNT_MAX))
		low, high = math.min(low, floor), math.max(high, ceiling)
	end
	return words[1] and schema(words, count_max, low, high) or nil
end

-- It pays no more than it has.
local function purchase_schema(npc, about)
	local floor, ceiling = trade.bounds(npc, about.gives, false)
	local purse = ledger.count(npc.id, items.money())
	ceiling = math.min(ceiling, purse)
	floor = math.max(1, floor)
	if ceiling < floor then return nil end
	local count_max = math.max(1, math.min(about.gives_count, COUNT_MAX, math.floor(purse / floor)))
	return schema({items.words(about.gives)}, count_max, floor, ceiling)
end

local function params(npc, player_name, opts)
	local about = subject(npc, player_name, opts)
	if not about then return nil end
	last_offers[player_name] = {id = npc.id, gives = about.gives}
	if about.gives then return purchase_schema(npc, about) end
	if about.lacks then return nil end
	return sale_schema(npc, about)
end

local function run(npc, player_name, chosen)
	local last = last_offers[player_name]
	local gives = last and last.id == npc.id and last.gives or nil
	local item, count = gives, chosen.count
	if not gives then
		local for_sale = goods.for_sale(npc)
		item = items.by_words(sorted(for_sale))[chosen.item]
		count = item and math.min(count, for_sale[item])
	end
	if not item then return false, S("@1 does not have that any more.", npc.name) end
	local price = trade.offer(npc, player_name, item, not gives, count, chosen.price)
	trade_form.open(npc, player_name, {item = item, count = count, is_sale = not gives})
	local thing = ("%d × %s"):format(count, trade_view.shown(item))
	return true, gives and S("@1 would pay @2 for each: @3.", npc.name, items.coins(price), thing)
		or S("@1 asks @2 for each: @3.", npc.name, items.coins(price), thing)
end

actions.register("offer_trade", {
	params = params, run = run,
})

core.register_on_leaveplayer(function(player) last_offers[player:get_player_name()] = nil end)
