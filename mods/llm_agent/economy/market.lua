-- Supply and demand: what players buy in a settlement gets dearer there, what they sell gets cheaper.
-- Prices return to the base by half in each llm_agent.market_half_life_min of game time. Kept with the world.
-- Runs in the step of a trade or a question. Knows items and numbers, no NPC.

local settings, storage, prices = ...

local market = {}

local MARKET_KEY = "market" -- in the mod's storage
local SHIFT = 0.4 -- a usual amount bought moves the price by e^0.4, to about 1.5 times
local USUAL_WORTH, USUAL_MIN, USUAL_MAX = 60, 3, 40 -- coins: a usual amount is worth so much, and is so many pieces
local FORGOTTEN = 0.02 -- below 2 % it is the base
local GOODS_MAX = 64 -- in a settlement, and settlements: what has moved least is forgotten
local LOWEST, HIGHEST = math.log(prices.FACTOR_MIN), math.log(prices.FACTOR_MAX)

local moved = storage:read_table(MARKET_KEY) -- settlement → item → {p = logarithm of the factor, at = game time in seconds}

local function now() return core.get_gametime() or 0 end

local function pressure(entry)
	if not entry then return 0 end
	local p = entry.p * 0.5 ^ (math.max(0, now() - entry.at) / (settings.market_half_life_min * 60))
	return math.abs(p) >= FORGOTTEN and p or 0
end

local function least(list, weight)
	local name, smallest, count = nil, math.huge, 0
	for key, value in pairs(list) do
		count = count + 1
		local size = weight(value)
		if size < smallest or size == smallest and key < name then name, smallest = key, size end
	end
	return count > GOODS_MAX and name or nil
end

local function size(entry) return math.abs(pressure(entry)) end

local function largest(goods)
	local found = 0
	for _, entry in pairs(goods) do found = math.max(found, size(entry)) end
	return found
end

local function save()
	for place, goods in pairs(moved) do
		for item, entry in pairs(goods) do
			if pressure(entry) == 0 then goods[item] = nil end
		end
		local out = least(goods, size)
		if out then goods[out] = nil end
		if not next(goods) then moved[place] = nil end
	end
	local out = least(moved, largest)
	if out then moved[out] = nil end
	storage:set_string(MARKET_KEY, next(moved) and core.serialize(moved) or "")
end

-- How far one piece moves the price. Cheap things are traded in larger numbers, so one of them moves it less.
local function shift_of(base)
	return SHIFT / prices.clamp(USUAL_WORTH / math.max(base, 0.1), USUAL_MIN, USUAL_MAX)
end

-- The integral of e^x from below up to p, where what is outside the bounds counts as they do.
local function area(p)
	local inside = math.exp(prices.clamp(p, LOWEST, HIGHEST))
	return inside + math.max(0, p - HIGHEST) * prices.FACTOR_MAX + math.min(0, p - LOWEST) * prices.FACTOR_MIN
end

-- What multiplies the base price now. With `count` pieces that change hands (is_sale: to a player): the mean on the way, so
-- that a dozen at once costs what it costs one by one, and the way back pays no more than the way there.
function market.factor(place, item, base, count, is_sale)
	local p = pressure((moved[place] or {})[item])
	local way = (is_sale and 1 or -1) * shift_of(base) * (count or 0)
	if way == 0 then return math.exp(prices.clamp(p, LOWEST, HIGHEST)) end
	return (area(p + way) - area(p)) / way
end

-- A trade took place: `count` pieces went to a player (is_sale), or came from one.
function market.note(place, item, base, count, is_sale)
	local goods = moved[place] or {}
	moved[place] = goods
	local p = pressure(goods[item]) + (is_sale and 1 or -1) * shift_of(base) * count
	goods[item] = {p = prices.clamp(p, LOWEST, HIGHEST), at = now()}
	save()
end

-- Items whose price there is not the base: a list, in the order of their names.
function market.moved(place)
	local items = {}
	for item, entry in pairs(moved[place] or {}) do
		if pressure(entry) ~= 0 then items[#items + 1] = item end
	end
	table.sort(items)
	return items
end

return market
