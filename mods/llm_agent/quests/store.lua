-- What state_machine.lua needs of the world: the mod's storage, the game's clock, what a player carries, the limits.

local log, settings, storage, ledger = ...

local store = {}

local QUEST_KEY = "quest:" -- with the quest's id behind it
local NUMBER_KEY = "quests" -- the number of the last one
local OFFER_S = 600 -- an offer that nobody takes up is over then

store.limits = {
	per_player = settings.quests_per_player, per_npc = settings.quests_per_npc, cooldown_s = settings.quest_cooldown_s,
	offer_s = OFFER_S,
}

-- Seconds of the game: they go on over a restart, and stand still while the server is down.
function store.now_s() return core.get_gametime() or 0 end

function store.save(id, quest)
	storage:set_string(QUEST_KEY .. id, quest and core.serialize(quest) or "")
	if quest then storage:set_string(NUMBER_KEY, tostring(math.max(quest.number, tonumber(storage:get_string(NUMBER_KEY)) or 0))) end
end

-- What was kept: a list of quests, and the number of the last one ever.
function store.read()
	local list = {}
	for key, serialized in pairs(storage:to_table().fields) do
		if key:sub(1, #QUEST_KEY) == QUEST_KEY then
			local quest = storage.decode(serialized)
			if quest and type(quest.id) == "string" and type(quest.number) == "number" then
				list[#list + 1] = quest
			else
				log("error", ("%s in the mod storage cannot be read, and is left out: %q"):format(key, serialized))
			end
		end
	end
	return list, tonumber(storage:get_string(NUMBER_KEY))
end

-- How many of an item a player has on them that could change hands.
function store.player_has(player_name, item)
	local player = core.get_player_by_name(player_name)
	return player and ledger.carried(player, item) or 0
end

return store
