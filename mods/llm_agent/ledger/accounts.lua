-- Accounts: who owns how many of which item. NPCs by their id, settlements as "place:NAME", and escrows that are set apart for a
-- purpose.
-- Each is a key in the mod's storage, written when it changes. The engine commits the storage between steps, so all changes of
-- one step reach the disk together.
-- Knows no player. After a crash an account may be below zero (see journal.lua): then it owes, and shows 0.

local log, storage, items = ...

local GOODS_KEY = "goods:" -- with the account behind it
local ESCROW_KEY = "escrow:" -- with its key
local MINTED_KEY = "minted"
local MOVES_MAX = 16 -- steps from a closed account to where its goods went; more than that would be a circle

local accounts = {}

local goods_of, moved_to = {}, {} -- id → {item = n}; id of a closed account → where its goods went
local escrows = {} -- key → {owner, goods}
local minted = {} -- item → n, what came from nothing less what was used up
local loaded = false

local function decode(text, what)
	local value = storage.decode(text)
	if value then return value end
	log("error", ("%s in the mod storage cannot be read, and is taken for nothing: %q"):format(what, text))
	return {}
end

local function renamed(goods)
	local out = {}
	for item, n in pairs(type(goods) == "table" and goods or {}) do
		local name = items.real_name(item)
		out[name] = (out[name] or 0) + n
	end
	return out
end

-- Once, at the first use and not while mods load: only then all mods have registered the aliases that old names stand for.
local function load()
	if loaded then return end
	loaded = true
	for key, text in pairs(storage:to_table().fields) do
		local kind, id = key:match("^(%l+:)(.*)$")
		if kind == GOODS_KEY then
			local saved = decode(text, key)
			goods_of[id], moved_to[id] = renamed(saved.goods), saved.moved_to
		elseif kind == ESCROW_KEY then
			local saved = decode(text, key)
			escrows[id] = {owner = saved.owner or "", goods = renamed(saved.goods)}
		elseif key == MINTED_KEY then
			minted = renamed(decode(text, key))
		end
	end
end

local function save(id)
	local goods, to = goods_of[id], moved_to[id]
	storage:set_string(GOODS_KEY .. id, core.serialize({goods = goods or {}, moved_to = to}))
end

local function save_escrow(key)
	storage:set_string(ESCROW_KEY .. key, escrows[key] and core.serialize(escrows[key]) or "")
end

local function put(into, goods, sign)
	for item, n in pairs(goods) do
		local sum = (into[item] or 0) + sign * n
		into[item] = sum ~= 0 and sum or nil
	end
end

function accounts.count(id, item)
	load()
	return math.max(0, (goods_of[id] or {})[item] or 0)
end

function accounts.stock(id)
	load()
	local copy = {}
	for item, n in pairs(goods_of[id] or {}) do
		if n > 0 then copy[item] = n end
	end
	return copy
end

function accounts.has(id, goods)
	for item, n in pairs(goods) do
		if accounts.count(id, item) < n then return false end
	end
	return true
end

-- sign: 1 puts in, -1 takes out, also what is not there.
function accounts.add(id, goods, sign)
	load()
	goods_of[id] = goods_of[id] or {}
	put(goods_of[id], goods, sign)
	save(id)
end

function accounts.mint(id, goods, sign)
	accounts.add(id, goods, sign)
	put(minted, goods, sign)
	storage:set_string(MINTED_KEY, next(minted) and core.serialize(minted) or "")
end

-- Where the goods of an account are by now. Accounts are closed into others, and those may be closed later; what is paid back or
-- undone for the first must reach the last.
function accounts.heir(id)
	load()
	for _ = 1, MOVES_MAX do
		if not moved_to[id] then break end
		id = moved_to[id]
	end
	return id
end

-- All its goods, and debts, go to another account; what turns up later for it goes there too.
function accounts.close(id, to)
	load()
	local goods = goods_of[id]
	if not goods or id == to then return end
	goods_of[id], moved_to[id], moved_to[to] = nil, to, nil
	accounts.add(to, goods, 1)
	save(id)
end

-- An NPC of that id is there again.
function accounts.reopen(id)
	load()
	if not moved_to[id] then return end
	moved_to[id] = nil
	save(id)
end

-- Escrows --------------------------------------------------------------------------------------------------------------

-- A copy of its goods, and whose they were; nil where there is none.
function accounts.escrow(key)
	load()
	local escrow = escrows[key]
	if not escrow then return nil end
	local copy = {}
	put(copy, escrow.goods, 1)
	return copy, escrow.owner
end

function accounts.open_escrow(key, owner, goods)
	load()
	escrows[key] = escrows[key] or {owner = owner, goods = {}}
	put(escrows[key].goods, goods, 1)
	save_escrow(key)
end

-- Ends it; what is in it goes back to its owner, or who came after.
function accounts.close_escrow(key)
	local goods, owner = accounts.escrow(key)
	if not goods then return false end
	escrows[key] = nil
	save_escrow(key)
	accounts.add(accounts.heir(owner), goods, 1)
	return true
end

-- An exchange with a player, done or undone. entry: {account, key?, gives, gets}: `gives` went to the player, out of the
-- escrow `key` if there is one, and `gets` came from them.
function accounts.apply(entry)
	if entry.key then accounts.close_escrow(entry.key) end
	local id = accounts.heir(entry.account)
	accounts.add(id, entry.gives, -1)
	accounts.add(id, entry.gets, 1)
end

function accounts.undo(entry)
	local id = accounts.heir(entry.account)
	accounts.add(id, entry.gets, -1)
	if entry.key then
		accounts.open_escrow(entry.key, entry.account, entry.gives)
	else
		accounts.add(id, entry.gives, 1)
	end
end

-- Sums -----------------------------------------------------------------------------------------------------------------

function accounts.total()
	load()
	local sum = {}
	for _, goods in pairs(goods_of) do put(sum, goods, 1) end
	for _, escrow in pairs(escrows) do put(sum, escrow.goods, 1) end
	return sum
end

function accounts.minted()
	load()
	local copy = {}
	put(copy, minted, 1)
	return copy
end

return accounts
