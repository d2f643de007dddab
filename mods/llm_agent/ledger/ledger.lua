-- The only way by which goods change hands between NPCs and players. Nothing is doubled and nothing is lost.
-- NPCs' goods are counts in accounts (accounts.lua); players' goods are stacks (player_inventory.lua).
-- An exchange is checked on both sides, then done on both in the same step, and written to a journal (journal.lua), which
-- repairs it if the server is killed between its two saves.

local S, npcs, Npc, places, items, accounts, journal, player_inventory = ...

local PLACE = "place:"

local ledger = {
	count = function(id, item) return accounts.count(id, items.real_name(item)) end, -- never below 0
	stock = accounts.stock, -- (id) -> {item = n}, a copy
	total = accounts.total, -- () -> {item = n}, of all accounts and escrows, debts included
	minted = accounts.minted, -- () -> {item = n}, what came from nothing less what was used up
	escrow = accounts.escrow, -- (key) -> {item = n}, owner; nil where none is open
	carried = player_inventory.count, -- (player, item) -> n, of plain stacks
	wielded = player_inventory.wielded, -- (player) -> item, n; nil where nothing plain is held
	belongings = player_inventory.belongings, -- (player) -> {item = n}, all their plain stacks
	watch = journal.watch, -- (fn(player_name, entry, what)), see there
	step = journal.step,
}

-- A copy by real names, without zeros. Anything but whole counts above zero is the caller's mistake.
local function checked(what, goods)
	local out = {}
	if type(goods) ~= "table" then error(what .. ": goods: want {item = count}, got " .. type(goods), 3) end
	for item, n in pairs(goods) do
		if type(item) ~= "string" or item == "" or item:find("%s") then
			error(("%s: goods: want names of items as keys, got %s"):format(what, tostring(item)), 3)
		elseif type(n) ~= "number" or n % 1 ~= 0 or n < 0 or n > 2 ^ 31 then
			error(("%s: goods: %s: want a whole count from 0, got %s"):format(what, item, tostring(n)), 3)
		end
		local name = items.real_name(item)
		if n > 0 then out[name] = (out[name] or 0) + n end
	end
	return out
end

-- Goods from nothing: a first stock, a restock.
function ledger.mint(id, item, n)
	local goods = checked("ledger.mint", {[item] = n})
	accounts.reopen(id)
	accounts.mint(id, goods, 1)
end

-- Used up. False where there is not so much.
function ledger.burn(id, item, n)
	local goods = checked("ledger.burn", {[item] = n})
	if not accounts.has(id, goods) then return false end
	accounts.mint(id, goods, -1)
	return true
end

-- From one account to another, whole or not at all.
function ledger.move(from, to, goods)
	goods = checked("ledger.move", goods)
	if not accounts.has(from, goods) then return false end
	accounts.add(from, goods, -1)
	accounts.add(accounts.heir(to), goods, 1)
	return true
end

-- Exchanges with players ------------------------------------------------------------------------------------------------

-- lacks: what the player has not, {item = n}.
local function refused(code, id, lacks)
	local npc = id and npcs.by_id[id]
	local messages = {
		npc_lacks = npc and S("@1 does not have that any more.", npc.name) or S("It is not there any more."),
		player_lacks = lacks and S("You do not have @1.", items.shown(lacks)),
		no_room = S("You have no room for that."),
		gone = S("That is over."),
	}
	return false, code, messages[code]
end

-- The player, in step with the accounts; nil where they are not in the world. A player is settled before the first exchange: the
-- comparison of both sides must see them as they were saved.
local function ready(player_name)
	local player = core.get_player_by_name(player_name)
	if player then journal.settle(player) end
	return player
end

-- entry: as accounts.apply takes it; the account has what it gives.
-- The order matters. The plan may fail and changes nothing, so it comes first. The rest cannot fail: accounts, journal and
-- inventory change in the same step, and the engine saves between steps only.
local function exchange(player, entry)
	local plan, code, lacks = player_inventory.plan(player, entry.gets, entry.gives)
	if not plan then return refused(code, entry.account, lacks) end
	accounts.apply(entry)
	journal.record(player, entry)
	player_inventory.carry_out(player, plan)
	return true
end

-- Whole or not at all: true, or false, a code ("npc_lacks", "player_lacks", "no_room", "gone") and words for the player.
-- The account of an NPC by its id, or of a settlement ("place:NAME").
function ledger.swap(id, player_name, from_npc, from_player)
	local gives, gets = checked("ledger.swap", from_npc), checked("ledger.swap", from_player)
	local player, is_place = ready(player_name), id:sub(1, #PLACE) == PLACE
	if not player or not npcs.by_id[id] and not is_place then return refused("gone", id) end
	if not is_place then accounts.reopen(id) end
	if not accounts.has(id, gives) then return refused("npc_lacks", id) end
	return exchange(player, {account = id, gives = gives, gets = gets})
end

-- Set goods apart, out of the stock, for one purpose: a quest's reward. False where they lack or the key is in use.
function ledger.reserve(id, key, goods)
	goods = checked("ledger.reserve", goods)
	if accounts.escrow(key) or not accounts.has(id, goods) then return false end
	accounts.add(id, goods, -1)
	accounts.open_escrow(key, id, goods)
	return true
end

-- Back to who set them apart. False where there is no such escrow.
function ledger.release(key)
	return accounts.close_escrow(key)
end

-- All that was set apart goes to the player, for what they bring. As swap; a second time it is "gone".
function ledger.pay(key, player_name, from_player)
	local gets, player = checked("ledger.pay", from_player), ready(player_name)
	local gives, owner = accounts.escrow(key)
	if not player or not gives then return refused("gone") end
	return exchange(player, {account = owner, key = key, gives = gives, gets = gets})
end

-- An NPC is gone for good: what it had stays in its settlement.
function ledger.close(id)
	local npc = npcs.by_id[id]
	accounts.close(id, PLACE .. (npc and places.settlement_of(npc) or ""))
end

-- For other mods --------------------------------------------------------------------------------------------------------

local function check_item(what, item, count)
	if type(item) ~= "string" or not core.registered_items[items.real_name(item)] then
		error(("%s: item: want the name of an item of this game, got %s"):format(what, tostring(item)), 3)
	elseif type(count) ~= "number" or count % 1 ~= 0 or count < 1 then
		error(("%s: count: want a whole number from 1, got %s"):format(what, tostring(count)), 3)
	end
end

-- Goods from nothing for this NPC. They are kept with the world: give a first stock once, not at each start.
function Npc:add_goods(item, count)
	check_item("npc:add_goods", item, count)
	ledger.mint(self.id, item, count)
end

-- Goods it uses up. False, and nothing is taken, where it has not so many.
function Npc:take_goods(item, count)
	check_item("npc:take_goods", item, count)
	return ledger.burn(self.id, item, count)
end

-- All it owns and has not set apart: {item name = count}, a copy.
function Npc:get_goods()
	return ledger.stock(self.id)
end

-- Goods change hands with a player, whole or not at all. gives, gets: {item name = count}, from and to the NPC.
-- True, or false, a code ("npc_lacks", "player_lacks", "no_room", "gone") and a sentence for the player.
function Npc:exchange(player_name, gives, gets)
	return ledger.swap(self.id, player_name, gives, gets)
end

return ledger
