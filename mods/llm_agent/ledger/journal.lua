-- Keeps players and accounts in step over `kill -9`, after which one database may be older than the other.
-- What the engine does (server.cpp, serverenvironment.cpp, database-sqlite3.cpp): it saves a player's inventory and metadata in
-- one transaction, at each server_map_save_interval and when the player leaves. It commits the mod storage in another
-- transaction, at another beat of the same length. Both happen between steps. So after a crash each side is whole, as it was at
-- some step, but not the same step.
-- Each exchange gets a serial and is written on both sides: to the player's metadata (saved with the inventory) and to the
-- storage (saved with the accounts). When the player joins, the two lists are compared. The player's side is right: an exchange
-- that only the player has is done again in the accounts, one that only the storage has is undone there. Entries are deleted
-- once both sides are surely on disk.

local log, storage, accounts = ...

local SERIALS_KEY = "swaps:" -- with the player's name behind it
local SWAP_KEY = "swap:" -- with name and serial
local META_SERIALS, META_SWAP = "llm_agent:swaps", "llm_agent:swap:"
local SAVE_INTERVAL_S = 5.3 -- the engine's default
-- An entry is surely on disk on both sides after one full interval of each database. They run at different beats, so two
-- intervals are waited for, and this much more, because an interval may end late when steps are long.
local SPARE_S = 10
local LOOK_EVERY_S = 5

local journal = {}

local books = {} -- player → {first, next, at}: of serials first to next - 1, when (s on our clock) each was written
local watchers = {}
local clock_s, next_look_s = 0, 0

local function save_interval_s()
	return tonumber(core.settings:get("server_map_save_interval")) or SAVE_INTERVAL_S
end

local interval_at_start_s = save_interval_s() -- players are saved at this beat, whatever is set later

local function decode(text)
	if text == "" then return nil end
	local value = storage.decode(text)
	if value then return value end
	log("error", ("an exchange with a player cannot be read and is left out: %q"):format(text))
	return nil
end

-- One side's serials and entries: those from `first` to `next` - 1 may still be there. get(key) -> text.
local function read(get, serials_key, swap_key)
	local serials = decode(get(serials_key)) or {first = 1, next = 1}
	local side = {first = serials.first, next = serials.next, entries = {}}
	for serial = side.first, side.next - 1 do side.entries[serial] = decode(get(swap_key .. serial)) end
	return side
end

local function tell(player_name, entry, what)
	log("action", ("%s an exchange of %s with %s that was only partly saved"):format(what, player_name, entry.account))
	for _, fn in ipairs(watchers) do fn(player_name, entry, what) end
end

-- fn(player_name, entry, what): an exchange was "redone" or "undone" after a crash.
function journal.watch(fn)
	watchers[#watchers + 1] = fn
end

local function save_serials(name, book, meta)
	local text = core.serialize({first = book.first, next = book.next})
	storage:set_string(SERIALS_KEY .. name, text)
	if meta then meta:set_string(META_SERIALS, text) end
end

-- theirs: the player's side, ours: the storage's. Undoing runs from the last serial back and redoing forward, so that an account
-- goes through the same states as it did before, in the opposite or the same order: goods that a later exchange gave away were
-- got by an earlier one.
-- An account may go below zero in between (the goods are with a player whose side was saved earlier, or later). That is a debt,
-- not an error: the sum of all accounts, escrows and inventories stays what it was.
local function compare(name, theirs, ours, first, next_serial)
	for serial = next_serial - 1, first, -1 do
		local entry = ours.entries[serial]
		if entry and not theirs.entries[serial] then
			accounts.undo(entry)
			storage:set_string(SWAP_KEY .. name .. ":" .. serial, "")
			tell(name, entry, "undone")
		end
	end
	for serial = first, next_serial - 1 do
		local entry = theirs.entries[serial]
		if entry and not ours.entries[serial] then
			accounts.apply(entry)
			storage:set_string(SWAP_KEY .. name .. ":" .. serial, core.serialize(entry))
			tell(name, entry, "redone")
		end
	end
end

-- Compare both sides; once for each time a player is in the world. A serial is never used twice, also after a crash: the next
-- one is the larger of both sides, else an entry that only one side has could be taken for another exchange.
function journal.settle(player)
	local name = player:get_player_name()
	if books[name] then return books[name] end
	local meta = player:get_meta()
	local theirs = read(function(key) return meta:get_string(key) end, META_SERIALS, META_SWAP)
	local ours = read(function(key) return storage:get_string(key) end, SERIALS_KEY .. name, SWAP_KEY .. name .. ":")
	local first, next_serial = math.max(theirs.first, ours.first), math.max(theirs.next, ours.next)
	-- One side begins after the other one's end: they are further apart than a crash can set them, as where an old backup of one
	-- database was put back. Nothing can be said of what lies between, so nothing is done or undone.
	if math.min(theirs.next, ours.next) < first then
		log("warning", ("%s and the mod storage are of different times (a backup?): what they exchanged between is not known")
			:format(name))
		for serial = ours.first, ours.next - 1 do storage:set_string(SWAP_KEY .. name .. ":" .. serial, "") end
		first = next_serial
		save_serials(name, {first = first, next = next_serial}, meta)
	else
		compare(name, theirs, ours, first, next_serial)
	end
	-- What is repaired now is on disk on neither side yet: the clock of its entries begins here.
	local book = {first = first, next = next_serial, at = {}}
	for serial = first, next_serial - 1 do book.at[serial] = clock_s end
	if ours.first ~= first or ours.next ~= next_serial then save_serials(name, book) end
	books[name] = book
	return book
end

-- Write down an exchange, in the step in which it happens. Entry and goods of a side are then saved by the same transaction of
-- the engine, so a side has both or neither.
function journal.record(player, entry)
	local book, name, meta = journal.settle(player), player:get_player_name(), player:get_meta()
	local serial, text = book.next, core.serialize(entry)
	book.next, book.at[serial] = serial + 1, clock_s
	storage:set_string(SWAP_KEY .. name .. ":" .. serial, text)
	meta:set_string(META_SWAP .. serial, text)
	save_serials(name, book, meta)
end

local function trim(name, book, before_s)
	local player = core.get_player_by_name(name)
	if not player or book.first == book.next or book.at[book.first] > before_s then return end
	local meta = player:get_meta()
	while book.first < book.next and book.at[book.first] <= before_s do
		storage:set_string(SWAP_KEY .. name .. ":" .. book.first, "")
		meta:set_string(META_SWAP .. book.first, "")
		book.at[book.first] = nil
		book.first = book.first + 1
	end
	save_serials(name, book, meta)
end

-- Deletes entries that are surely on disk on both sides: no crash can part the sides over them any more.
function journal.step(dtime)
	clock_s = clock_s + dtime
	if clock_s < next_look_s then return end
	next_look_s = clock_s + LOOK_EVERY_S
	local sure_s = 2 * math.max(interval_at_start_s, save_interval_s()) + SPARE_S
	for name, book in pairs(books) do trim(name, book, clock_s - sure_s) end
end

core.register_on_joinplayer(function(player) journal.settle(player) end)
core.register_on_leaveplayer(function(player) books[player:get_player_name()] = nil end)

return journal
