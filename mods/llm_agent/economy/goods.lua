-- What an NPC of a role sells and buys, its first stock, and how that is restocked.
-- Goods come from nothing only here, by ledger.mint, which counts them; a stock never grows beyond the role's amount.
-- Owns the table of roles and goods. What an NPC really has is in the ledger.

local log, settings, check, storage, npcs, shipped_goods, items, ledger = ...

local goods = {}

local SHOP_KEY = "shop:" -- and the NPC's id: the game time in seconds up to which it is stocked
local ROUND_SHARE = 0.25 -- of the role's amount comes back in each round of restocking
local ROUNDS_MAX = 4 -- then it is full

local by_role = {} -- role → {sells = {item → count}, buys = {item → true} or true, coins}
local set_prices = {} -- item → coins, with all NPCs: else one could carry things between two roles for ever
local ready = false -- all items of the game are known

local function counts(value)
	if type(value) ~= "table" then return "want a table {[item] = number}" end
	for item, count in pairs(value) do
		if type(item) ~= "string" then return "want names of items as keys, got " .. tostring(item) end
		if type(count) ~= "number" or count < 0 or count > 10000 or count % 1 ~= 0 then
			return ("%s: want a whole number from 0 to 10000"):format(item)
		end
	end
end

local GOODS_FIELDS = {sells = counts, buys = check.names_or_true, coins = check.number_in(0, 10000), prices = counts}

local function warn_unknown(role, sells)
	for item in pairs(sells) do
		if not core.registered_items[item] then
			log("warning", ("goods of role %s: no item %s in this game; left out"):format(role, item))
		end
	end
end

-- What NPCs of a role have when they first live and what they trade in. Again for a role replaces it; an empty table: nothing.
function llm_agent.register_goods(role, def)
	check.name("llm_agent.register_goods", role)
	check.def("llm_agent.register_goods: " .. role, def, GOODS_FIELDS)
	local entry = {sells = {}, buys = def.buys == true or {}, coins = math.floor(def.coins or 0)}
	for item, count in pairs(def.sells or {}) do entry.sells[item] = count end
	for item, price in pairs(def.prices or {}) do set_prices[item] = price end
	if entry.buys ~= true then
		for _, item in ipairs(def.buys or {}) do entry.buys[item] = true end
	end
	by_role[role] = entry
	if ready then warn_unknown(role, entry.sells) end
end

-- Coins that a mod set for an item, or nil.
function goods.price_of(item) return set_prices[item] end

-- Is trade a part of its role?
function goods.has_trade(npc) return by_role[npc.role] ~= nil end

-- What it would sell of what it has: item → count, without coins and what the game does not know.
function goods.for_sale(npc)
	local out, money = {}, items.money()
	for item, count in pairs(ledger.stock(npc.id)) do
		if item ~= money and core.registered_items[item] then out[item] = count end
	end
	return out
end

-- Would it take such a thing? What it deals in, what its role buys, and everything whose price is no guess where the role
-- buys all.
function goods.wants(npc, item, is_guess)
	local entry = by_role[npc.role]
	if not entry or item == items.money() then return false end
	if entry.sells[item] then return true end
	if entry.buys == true then return not is_guess end
	return entry.buys[item] == true
end

local function mint(npc, item, count)
	if count > 0 and core.registered_items[item] then ledger.mint(npc.id, item, count) end
end

local function now() return core.get_gametime() or 0 end

local function restock(npc, entry, rounds)
	local function fill(item, amount)
		local missing = amount - ledger.count(npc.id, item)
		mint(npc, item, math.min(missing, math.ceil(amount * ROUND_SHARE * rounds)))
	end
	for item, amount in pairs(entry.sells) do fill(item, amount) end
	fill(items.money(), entry.coins)
end

-- Brings the stock up to date. Called when the NPC wakes and before anybody looks at its goods; costs little when nothing is due.
function goods.visit(npc)
	local entry = by_role[npc.role]
	if not ready or not settings.goods or not entry then return end
	local stocked = tonumber(storage:get_string(SHOP_KEY .. npc.id))
	local every_s = settings.restock_min * 60
	if not stocked then
		restock(npc, entry, ROUNDS_MAX)
		stocked = now()
	elseif every_s > 0 and now() - stocked >= every_s then
		local rounds = math.floor((now() - stocked) / every_s)
		restock(npc, entry, math.min(rounds, ROUNDS_MAX))
		stocked = stocked + rounds * every_s
	else
		return
	end
	storage:set_string(SHOP_KEY .. npc.id, ("%d"):format(stocked))
end

-- The NPC is gone for good. What it had is the ledger's affair.
function goods.drop(npc_id)
	storage:set_string(SHOP_KEY .. npc_id, "")
end

-- The shipped roles', with the names this game has; what a mod registered stays.
local function pick(candidates)
	for _, name in ipairs(candidates.names) do
		if core.registered_items[name] then return name end
	end
end

local function register_shipped()
	for role, def in pairs(shipped_goods) do
		if not by_role[role] then
			local sells, buys = {}, def.buys
			for _, thing in ipairs(def.sells) do
				local name = pick(thing)
				if name then sells[name] = thing.count end
			end
			if buys ~= true then
				buys = {}
				for _, thing in ipairs(def.buys) do buys[#buys + 1] = pick(thing) end
			end
			llm_agent.register_goods(role, {sells = sells, buys = buys, coins = def.coins})
		end
	end
end

core.register_on_mods_loaded(function()
	for role, entry in pairs(by_role) do warn_unknown(role, entry.sells) end
	register_shipped()
	ready = true
	for _, npc in ipairs(npcs.list) do goods.visit(npc) end
end)

return goods
