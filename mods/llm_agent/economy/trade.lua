-- The rules of trade: what a thing costs with this NPC, for this player, now; haggling; the deal.
-- Everything is looked up again in the step in which it happens: who is there, what they have, what it costs. Goods and coins
-- change hands by ledger.swap only.
-- Windows and the model's offers call this file; they decide nothing.

local S, now_us, settings, geometry, events, npcs, places, memory, items, ledger, market, reputation, goods, prices = ...

local trade = {}

local COUNT_MAX = 999 -- of one thing in one deal
local PLEASED, INSULTED = 0.03, -0.1 -- what a deal and an insulting offer change between the two

local bases = {} -- item → {coins, whether it is a guess}
local haggles = {} -- player → NPC's id → key → {price, count, patience, is_agreed, last?, offer?, until_us}
local tables = {} -- player → NPC's id → {item, is_sale}: what the two talked about last

-- Prices ---------------------------------------------------------------------------------------------------------------

local function recipe_of(item)
	for _, recipe in ipairs(core.get_all_craft_recipes(item) or {}) do
		if recipe.method == "normal" or recipe.method == "cooking" then
			return {items = recipe.items, count = tonumber((recipe.output or ""):match("%s(%d+)")) or 1}
		end
	end
end

local function base_of(item)
	local set = goods.price_of(item)
	if set then return set, false end
	local known = bases[item]
	if not known then
		known = {prices.base(item, recipe_of)}
		bases[item] = known
	end
	return known[1], known[2]
end

-- What a thing is worth before markets and moods, in coins; may be less than one.
function trade.base_price(item)
	return (base_of(item))
end

local function market_price(npc, item, is_sale, count)
	local base = trade.base_price(item)
	return base * market.factor(places.settlement_of(npc), item, base, count, is_sale)
end

-- The least and the most for one of `count` pieces. is_sale: the NPC sells.
function trade.bounds(npc, item, is_sale, count)
	return prices.bounds(market_price(npc, item, is_sale, count or 1), is_sale)
end

function trade.attitude(npc, player_name)
	return prices.attitude(npc.mood, reputation.of(npc.id, player_name))
end

local function key_of(item, is_sale) return (is_sale and "sale " or "buy ") .. item end

-- What the two agreed on or talk about, if that is not over.
local function haggle_of(npc_id, player_name, item, is_sale)
	local found = ((haggles[player_name] or {})[npc_id] or {})[key_of(item, is_sale)]
	return found and now_us() < found.until_us and found or nil
end

local function money_words(n) return items.counted(n, items.money()) end

local function of_both(all, player_name, npc_id)
	all[player_name] = all[player_name] or {}
	all[player_name][npc_id] = all[player_name][npc_id] or {}
	return all[player_name][npc_id]
end

local function begin_haggle(npc, player_name, item, is_sale, price)
	local haggle = {price = price, patience = prices.patience(trade.attitude(npc, player_name))}
	of_both(haggles, player_name, npc.id)[key_of(item, is_sale)] = haggle
	return haggle
end

-- The price stands for a while, for so many pieces.
local function lay_on_table(npc, player_name, item, is_sale, count, haggle)
	haggle.until_us, haggle.count = now_us() + settings.offer_s * 1e6, count
	local last = of_both(tables, player_name, npc.id)
	last.item, last.is_sale = item, is_sale
end

-- Coins for one of `count` pieces now: what was offered or agreed lately, else what the NPC asks or pays first. A price that was
-- named for so many pieces holds for them, whatever the market does meanwhile; more of them are in its bounds of now.
function trade.price(npc, player_name, item, is_sale, count)
	count = count or 1
	local haggle = haggle_of(npc.id, player_name, item, is_sale)
	if haggle and count <= haggle.count then return haggle.price end
	local worth = market_price(npc, item, is_sale, count)
	if not haggle then return prices.first(worth, is_sale, trade.attitude(npc, player_name)) end
	local floor, ceiling = prices.bounds(worth, is_sale)
	return prices.clamp(haggle.price, floor, ceiling)
end

-- Would it pay for such a thing at all? What nobody knows the price of it takes only where its role says so.
function trade.buys(npc, item)
	local _, is_guess = base_of(item)
	if not core.registered_items[item] or not goods.wants(npc, item, is_guess) then return false end
	local _, ceiling = trade.bounds(npc, item, false, 1)
	return ceiling >= 1
end

-- Is there a window to open? It may have nothing at present.
function trade.is_possible(npc)
	return settings.trade and (goods.has_trade(npc) or next(goods.for_sale(npc)) ~= nil)
end

-- Haggling -------------------------------------------------------------------------------------------------------------

-- The NPC offers `count` pieces, or to buy them, at its price, which stands for a while. Returns it. What the two haggled out
-- before stands as it is.
function trade.offer(npc, player_name, item, is_sale, count)
	local price = trade.price(npc, player_name, item, is_sale, count)
	local haggle = haggle_of(npc.id, player_name, item, is_sale) or begin_haggle(npc, player_name, item, is_sale, price)
	haggle.price = price
	lay_on_table(npc, player_name, item, is_sale, count, haggle)
	return price
end

-- The player names a price for each of `count`: "accepted", "countered" or "refused", and the price that stands.
function trade.haggle(npc, player_name, item, is_sale, count, offer)
	local haggle = haggle_of(npc.id, player_name, item, is_sale)
		or begin_haggle(npc, player_name, item, is_sale, trade.price(npc, player_name, item, is_sale, count))
	local is_same = haggle.offer == offer and haggle.count == count
	lay_on_table(npc, player_name, item, is_sale, count, haggle)
	if is_same then return haggle.answer, haggle.price end -- said twice: the answer is the same
	local attitude = trade.attitude(npc, player_name)
	local answer, price, insult = prices.answer(haggle, offer, market_price(npc, item, is_sale, count), is_sale, attitude)
	haggle.offer, haggle.answer, haggle.is_agreed = offer, answer, answer == "accepted"
	if insult then reputation.change(npc.id, player_name, INSULTED) end
	if answer == "refused" then
		memory.remember(npc, player_name, ("I refused %s's price of %s for %s"):format(player_name,
			money_words(offer), items.counted(1, item)))
	end
	return answer, price
end

-- What the two talk about the price of: {item, is_sale, count, price, is_agreed}, or nil.
function trade.on_table(npc_id, player_name)
	local last = (tables[player_name] or {})[npc_id]
	local haggle = last and haggle_of(npc_id, player_name, last.item, last.is_sale)
	return haggle and {item = last.item, is_sale = last.is_sale, count = haggle.count, price = haggle.price,
		is_agreed = haggle.is_agreed} or nil
end

-- The player agrees to the price on the table: as trade.on_table, or nil where there is none.
function trade.agree(npc_id, player_name)
	local last = (tables[player_name] or {})[npc_id]
	local haggle = last and haggle_of(npc_id, player_name, last.item, last.is_sale)
	if haggle then haggle.is_agreed, haggle.answer = true, "accepted" end
	return trade.on_table(npc_id, player_name)
end

-- The player goes without a deal although a price was talked about.
function trade.walk_away(npc, player_name)
	for key, haggle in pairs((haggles[player_name] or {})[npc.id] or {}) do
		if haggle.offer and haggle.answer == "countered" and not haggle.is_remembered then
			haggle.is_remembered = true
			memory.remember(npc, player_name, ("%s refused my price of %s for %s"):format(player_name,
				money_words(haggle.price), items.counted(1, (key:match(" (.*)")))))
		end
	end
end

-- Deals ----------------------------------------------------------------------------------------------------------------

-- Who trades must be there and near. nil, or the words for the player.
function trade.out_of_reach(npc, player_name, name)
	local player, pos = core.get_player_by_name(player_name), npc and npc:get_pos()
	if not npc or not npc:is_present() then return S("@1 is not here any more.", name) end
	if not player or pos and not geometry.in_range(player:get_pos(), pos, settings.earshot) then
		return S("@1 is too far away.", npc.name)
	end
	return nil
end

local function is_count(n) return type(n) == "number" and n % 1 == 0 and n >= 1 and n <= COUNT_MAX end

-- Is the price still the one that the player saw?
local function is_price(npc, player_name, part, is_sale)
	return part.price == trade.price(npc, player_name, part.item, is_sale, part.count)
end

local function refusal(npc, player_name, get, give)
	if get and not (is_count(get.count) and goods.for_sale(npc)[get.item]) then
		return "npc_lacks", S("@1 does not have that any more.", npc.name)
	elseif give and not (is_count(give.count) and trade.buys(npc, give.item)) then
		return "unwanted", S("@1 does not want that.", npc.name)
	elseif get and not is_price(npc, player_name, get, true) or give and not is_price(npc, player_name, give, false) then
		return "price", S("The price has changed. Look again.")
	end
end

local function sentence(player_name, get, give, coins)
	local paid = money_words(math.abs(coins))
	local got = get and items.counted(get.count, get.item)
	local gave = give and items.counted(give.count, give.item)
	if got and gave then
		local rest = coins ~= 0 and (" and %s %s"):format(coins > 0 and "paid" or "got", paid) or ""
		return ("%s swapped %s for %s%s"):format(player_name, gave, got, rest)
	end
	return got and ("%s bought %s for %s"):format(player_name, got, paid)
		or ("%s sold me %s for %s"):format(player_name, gave, paid)
end

local function note(npc, player_name, part, is_sale)
	if not part then return end
	market.note(places.settlement_of(npc), part.item, trade.base_price(part.item), part.count, is_sale)
	of_both(haggles, player_name, npc.id)[key_of(part.item, is_sale)] = nil -- the next piece is haggled about from the start
end

-- The player gets `get` from the NPC and gives `give`, each {item =, count =, price = of one, as the player saw it} or nil; the
-- difference is paid in coins. True and words, or false, words and a code.
function trade.deal(npc_id, player_name, get, give)
	local npc = npcs.get(npc_id)
	local away = trade.out_of_reach(npc, player_name, npc and npc.name or npc_id)
	if away then return false, away, "gone" end
	local code, words = refusal(npc, player_name, get, give)
	if code then return false, words, code end
	local coins = (get and get.count * get.price or 0) - (give and give.count * give.price or 0)
	local from_npc, from_player, money = {}, {}, items.money()
	if get then from_npc[get.item] = get.count end
	if give then from_player[give.item] = give.count end
	local payer = coins > 0 and from_player or from_npc
	if coins ~= 0 then payer[money] = math.abs(coins) end
	local ok, why, message = ledger.swap(npc_id, player_name, from_npc, from_player)
	if not ok then
		local broke = why == "npc_lacks" and coins < 0 and ledger.count(npc_id, money) < -coins
		return false, broke and S("@1 has not enough coins for that.", npc.name) or message, why
	end
	note(npc, player_name, get, true)
	note(npc, player_name, give, false)
	reputation.change(npc_id, player_name, PLEASED)
	memory.remember(npc, player_name, sentence(player_name, get, give, coins))
	events.emit("trade", npc, player_name, from_npc, from_player)
	return true, S("Done, thank you.")
end

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	haggles[name], tables[name] = nil, nil
end)

return trade
