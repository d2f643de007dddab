-- /llm market: what things cost in a settlement now, what they usually cost, and which way trade has moved them.
-- Runs in the chat command; only reads.

local S, commands, npcs, places, items, market, goods, trade, trade_view = ...

local LINES_MAX = 20
local NOTABLE = 0.02 -- a move below 2 % is none

local function add(found, item) found[item] = true end

local function items_at(place)
	local found = {}
	for _, npc in ipairs(npcs.list) do
		if places.settlement_of(npc) == place then
			for item in pairs(goods.for_sale(npc)) do add(found, item) end
		end
	end
	for _, item in ipairs(market.moved(place)) do add(found, item) end
	return found
end

local function rows(place)
	local list = {}
	for item in pairs(items_at(place)) do
		local base = trade.base_price(item)
		list[#list + 1] = {item = item, base = base, factor = market.factor(place, item, base)}
	end
	table.sort(list, function(a, b)
		local x, y = math.abs(math.log(a.factor)), math.abs(math.log(b.factor))
		if x ~= y then return x > y end -- what has moved most comes first
		return a.item < b.item
	end)
	return list
end

local function coins(price) return items.coins(math.max(1, math.floor(price + 0.5))) end

local function line(row)
	local name, now, usual = trade_view.shown(row.item), coins(row.base * row.factor), coins(row.base)
	local percent = math.floor(math.abs(row.factor - 1) * 100 + 0.5)
	if row.factor > 1 + NOTABLE then return S("@1: @2 (usually @3; @4 % dearer)", name, now, usual, percent) end
	if row.factor < 1 - NOTABLE then return S("@1: @2 (usually @3; @4 % cheaper)", name, now, usual, percent) end
	return name .. ": " .. now
end

local function show(player_name, rest)
	local player = core.get_player_by_name(player_name)
	local place = rest ~= "" and rest or places.name_at(player and player:get_pos()) or ""
	local list = rows(place)
	local called = place ~= "" and place or S("the wilds")
	if not list[1] then return true, S("Nobody has anything to sell in @1.", called) end
	local lines = {S("What things are worth in @1:", called)}
	for i = 1, math.min(LINES_MAX, #list) do lines[#lines + 1] = line(list[i]) end
	if #list > LINES_MAX then lines[#lines + 1] = S("… and @1 more", #list - LINES_MAX) end
	return true, table.concat(lines, "\n")
end

commands.register("market", {params = S("[PLACE]"), help = S("what things cost where you are, or in another place"), run = show})
