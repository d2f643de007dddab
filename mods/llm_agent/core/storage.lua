-- The mod's storage (one string a key, kept with the world), and what was serialized, read back with care.
-- The methods are those of the engine's object: get_string, set_string, to_table.
-- Every key is declared here; to write another one is an error. docs/admins.md tells admins what each holds.

local mod_storage, deserialize, parse_json = ...

local storage = {}

-- A key that ends in ":" or "." is followed by an id or a name.
storage.KEYS = {
	["attached"] = true, -- body/attach: kinds of entities that once got a mind
	["escrow:"] = true, -- ledger/accounts: goods set apart, by the key of their purpose
	["gifts:"] = true, -- actions/gifts: day and worth of what a player was given
	["goods:"] = true, -- ledger/accounts: an account, by its id
	["gossip:"] = true, -- gossip/happenings: what happened and who knows of it, by its number
	["hinted."] = true, -- admin/first_run: a player who was told how to talk
	["lang:"] = true, -- think/language: the language a player chose
	["market"] = true, -- economy/market: how far prices have moved, by settlement
	["minted"] = true, -- ledger/accounts: what came from nothing
	["mute:"] = true, -- speech/mutes: ids that a player does not hear
	["off"] = true, -- admin/commands: set while `/llm off` holds
	["places"] = true, -- perception/places: named places
	["promises"] = true, -- promises/promises: where NPCs promised to be, and when
	["quest:"] = true, -- quests/store: a quest, by its id
	["quests"] = true, -- quests/store: the number of the last quest
	["roles"] = true, -- roles/sync: the admin's role files, as the daemon last told them
	["shop:"] = true, -- economy/goods: until when an NPC is stocked
	["silence:"] = true, -- talk/silence: until when NPCs do not hear a player
	["standing:"] = true, -- economy/reputation: what an NPC thinks of players
	["swap:"] = true, -- ledger/journal: an exchange with a player
	["swaps:"] = true, -- ledger/journal: the serials of a player's exchanges
	["unsent"] = true, -- think/memory: lines that the daemon has not taken yet
	["welcomed."] = true, -- admin/first_run: an admin who was welcomed
}

function storage.get_string(_, key)
	return mod_storage:get_string(key)
end

function storage.set_string(_, key, value)
	if not storage.KEYS[key] and not storage.KEYS[key:match("^[^:.]*[:.]")] then
		error("llm_agent: no key " .. key .. " is declared in core/storage.lua", 2)
	end
	mod_storage:set_string(key, value)
end

function storage.to_table()
	return mod_storage:to_table()
end

local function read(parse, serialized, ...)
	if type(serialized) ~= "string" or serialized == "" then return nil end -- of an empty text the engine would log an error
	local ok, value = pcall(parse, serialized, ...)
	return ok and type(value) == "table" and value or nil
end

-- The table that core.serialize wrote, or nil where it is none. No function in it is run.
function storage.decode(serialized)
	return read(deserialize, serialized, true)
end

-- The same of JSON.
function storage.decode_json(serialized)
	return read(parse_json, serialized)
end

-- The table kept under a key, or an empty one.
function storage:read_table(key)
	return self.decode(self:get_string(key)) or {}
end

return storage
