-- What quests.lua needs of the world: the mod's storage, and who hears of a change: the player, the NPC's memory, other mods.
-- A player who is away is told at the next joining.

local agent = ...
local storage, settings, words, S = agent.storage, agent.settings, agent.quest_words, agent.S

local store = {}

local QUEST_KEY = "quest:" -- with the quest's id behind it
local NUMBER_KEY = "quests" -- the number of the last one
local OFFER_S = 600 -- an offer that nobody takes up is over then

store.limits = {
	per_player = settings.quests_per_player, per_npc = settings.quests_per_npc, cooldown_s = settings.quest_cooldown_s,
	offer_s = OFFER_S,
}
store.ledger = agent.ledger

-- Seconds of the game: they go on over a restart, and stand still while the server is down.
function store.now_s() return core.get_gametime() or 0 end

function store.save(id, quest)
	storage:set_string(QUEST_KEY .. id, quest and core.serialize(quest) or "")
	if quest then storage:set_string(NUMBER_KEY, tostring(math.max(quest.number, tonumber(storage:get_string(NUMBER_KEY)) or 0))) end
end

-- What was kept: a list of quests, and the number of the last one ever.
function store.read()
	local list = {}
	for key, text in pairs(storage:to_table().fields) do
		if key:sub(1, #QUEST_KEY) == QUEST_KEY then
			local ok, quest = pcall(core.deserialize, text, true)
			if ok and type(quest) == "table" and type(quest.id) == "string" and type(quest.number) == "number" then
				list[#list + 1] = quest
			else
				agent.log("error", ("%s in the mod storage cannot be read, and is left out: %q"):format(key, text))
			end
		end
	end
	return list, tonumber(storage:get_string(NUMBER_KEY))
end

-- How many of an item a player has on them that could change hands.
function store.player_has(player_name, item)
	local player = core.get_player_by_name(player_name)
	return player and agent.ledger.carried(player, item) or 0
end

local NEWS = {
	offered = function(quest)
		return S("@1 has work for you: @2. Reward: @3. Time: @4. Take it with /llm quests accept, or look at it with /llm quests.",
			quest.npc_name, words.title(quest), words.reward(quest), words.time_left(quest.lasts_s))
	end,
	accepted = function(quest) return S("You have a quest: @1. Reward: @2.", words.title(quest), words.reward(quest)) end,
	fulfilled = function(quest) return S("@1: done. Go and tell @2.", words.title(quest), quest.npc_name) end,
	paid = function(quest) return S("@1: you get @2.", words.title(quest), words.reward(quest)) end,
	failed = function(quest) return S("@1: this cannot be done any more (@2).", words.title(quest), words.why(quest, quest.why)) end,
	expired = function(quest) return quest.accepted_s and S("@1: the time is up.", words.title(quest)) or nil end,
	abandoned = function(quest) return S("@1: given up.", words.title(quest)) end,
}

-- Is it news? What a player carries to somebody is done all the way, and apples may come and go.
local function is_new(quest, before)
	if quest.state == "accepted" then return before == "offered" end
	if quest.state ~= "fulfilled" then return true end
	local first = not quest.told_done
	quest.told_done = true
	return first and quest.kind ~= "deliver"
end

function store.tell(quest)
	local news = NEWS[quest.state] and NEWS[quest.state](quest)
	if not news then return end
	local npc = llm_agent.get_npc(quest.npc)
	if npc then agent.tell_outcome(npc, quest.player, news) else core.chat_send_player(quest.player, news) end
end

function store.changed(quest, before)
	local npc, new, counts = llm_agent.get_npc(quest.npc), is_new(quest, before), quest.accepted_s ~= nil
	local is_here = core.get_player_by_name(quest.player) ~= nil
	if new and is_here then store.tell(quest) end
	quest.untold = new and counts and not is_here or nil
	local sentence = new and (counts or quest.state == "refused") and words.outcome(quest)
	if npc and sentence then agent.remember(npc, quest.player, sentence) end
	local copy = {}
	for field, value in pairs(quest) do copy[field] = value end
	agent.emit("quest", npc, quest.player, copy, quest.state)
end

-- What happened while the player was away.
function store.tell_missed(player_name)
	for _, quest in ipairs(agent.quests.of_player(player_name, function(quest) return quest.untold end)) do
		quest.untold = nil
		store.save(quest.id, quest)
		store.tell(quest)
	end
end

return store
