-- The action `offer_trade`, and what the model is told of an NPC's goods (`stock`, `price`), where the player speaks of trade.
-- The schema holds only goods that are there, at the price that economy/trade.lua asks now: what the NPC says is what the
-- window shows. An offer stands for a while; it never opens a form on somebody who is not in one.
-- Other talk gets neither: the facts would only lengthen the prompt, and the offer would barge in.

local S, util, actions, observe, dialog, items, ledger, goods, trade, trade_view, trade_form,
	trade_words, trade_subject, haggling, translate, wording, claims, told = ...

local FACTS_MAX = 3 -- goods in a question
local ENUM_MAX = 8 -- goods to choose from in an offer where none is named
local COUNT_MAX = 99

-- Facts ----------------------------------------------------------------------------------------------------------------

observe.add_facts(function(npc, player_name, facts, opts)
	local about = opts.utterance and trade_subject.of(npc, player_name, opts)
	if not about then return end
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

local function sale_schema(npc, player_name, about)
	local words, count_max, low, high = {}, 1, math.huge, 1
	for _, item in ipairs(util.first_of(about.sale, ENUM_MAX)) do
		local price = trade.price(npc, player_name, item, true)
		words[#words + 1] = items.words(item)
		count_max = math.max(count_max, math.min(about.for_sale[item], COUNT_MAX))
		low, high = math.min(low, price), math.max(high, price)
	end
	return words[1] and schema(words, count_max, low, high) or nil
end

-- It pays no more than it has.
local function purchase_schema(npc, player_name, about)
	local price, purse = trade.price(npc, player_name, about.gives, false), ledger.count(npc.id, items.money())
	if price < 1 or purse < price then return nil end
	local count_max = math.min(about.gives_count, COUNT_MAX, math.floor(purse / price))
	return schema({items.words(about.gives)}, count_max, price, price)
end

local function params(npc, player_name, opts)
	if haggling.answered(npc, player_name, opts.utterance) then return nil end
	local about = trade_subject.of(npc, player_name, opts)
	if not about then return nil end
	last_offers[player_name] = {id = npc.id, gives = about.gives}
	if about.gives then return purchase_schema(npc, player_name, about) end
	if about.lacks then return nil end
	return sale_schema(npc, player_name, about)
end

local function run(npc, player_name, chosen)
	local last = last_offers[player_name]
	local gives = last and last.id == npc.id and last.gives or nil
	local item, count = gives, chosen.count
	if not gives then
		local for_sale = goods.for_sale(npc)
		item = items.by_words(trade_subject.sorted(for_sale))[chosen.item]
		count = item and math.min(count, for_sale[item])
	end
	if not item then return false, S("@1 does not have that any more.", npc.name) end
	local price = trade.offer(npc, player_name, item, not gives, count)
	if dialog.is_open(player_name, npc.id) then trade_form.open(npc, player_name) end
	local thing = ("%d × %s"):format(count, trade_view.shown(item))
	local words = trade_form.price_line(npc, not gives, items.coins(price), thing, count)
	return true, words .. " " .. trade_form.how_to(npc)
end

-- What the player's words alone ask for, where they name a thing that one of the two has: its price, or to have it.
local function meant(npc, player_name, opts)
	local about = not haggling.answered(npc, player_name, opts.utterance) and trade_subject.of(npc, player_name, opts)
	local item = about and (about.gives or not about.lacks and about.is_said and about.sale[1])
	if not item then return nil end
	local count = math.min(trade_words.count(opts.utterance or "") or 1, about.gives_count or about.for_sale[item], COUNT_MAX)
	return {item = items.words(item), count = count, price = trade.price(npc, player_name, item, not about.gives)}
end

actions.register("offer_trade", {
	params = params, run = run, meant = meant,
})

-- What is said ---------------------------------------------------------------------------------------------------------

local function says_price(line, open)
	local folded, is_said = claims.fold(line), false
	for _, number in ipairs(claims.numbers(folded)) do
		if number ~= open.price and number ~= open.count and number ~= open.price * open.count then return false end
		is_said = is_said or number == open.price
	end
	return is_said and not claims.refuses(folded)
end

-- Where the game knows what there is: of a thing that it lacks an NPC says so, and what it has it does not deny.
local function goods_line(npc, answer, opts, code)
	local about = not answer.told and opts.utterance and trade_subject.of(npc, opts.player, opts)
	if not about or about.gives then return nil end
	local lang = code or "en"
	if about.lacks then
		return trade_words.asks_for_goods(opts.utterance) and {line = translate.into(code, told.lacks(npc, opts.player, lang))} or nil
	end
	local folded = claims.fold(answer.text)
	if not next(about.for_sale) or not (claims.denies(folded) or claims.refuses(folded)) then return nil end
	return {line = translate.into(code, told.has(npc, opts.player, lang, about.is_said and about.sale[1] or nil))}
end

-- The price is the rules': the model's words stand where they name it and no other, and not at all beside a haggle's answer.
wording.add(function(npc, answer, opts, code)
	local outcome = haggling.answered(npc, opts.player, opts.utterance)
	if outcome then
		return {line = translate.into(code, trade_form.answer_line(outcome.answer, outcome.price, outcome.is_sale,
			outcome.count))}
	end
	local action = answer.action
	local open = action and action.name == "offer_trade" and action.ok and trade.on_table(npc.id, opts.player)
	if not open then return not action and goods_line(npc, answer, opts, code) or nil end
	if not answer.fallback and says_price(answer.text, open) then return {text = answer.text} end
	return {line = translate.into(code, trade_form.offer_line(open))}
end, function(npc, opts)
	return opts.player ~= nil and opts.utterance ~= nil and trade_subject.of(npc, opts.player, opts) ~= nil
end)

core.register_on_leaveplayer(function(player) last_offers[player:get_player_name()] = nil end)
