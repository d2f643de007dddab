-- Who hears that a quest changed: the player, the NPC's memory, other mods. What the NPC says of it: voice.lua.
-- A player who is away is told at the next joining (tracker.lua).

local S, events, npcs, memory, history, kinds, quest_text, voice = ...

local news = {}

local SENTENCES = {
	offered = function(quest)
		return S("@1 has work for you: @2. Reward: @3. Time: @4. Take it with /llm quests accept, or look at it with /llm quests.",
			quest.npc_name, quest_text.title(quest), quest_text.reward(quest), quest_text.time_left(quest.lasts_s))
	end,
	accepted = function(quest) return S("You have a quest: @1. Reward: @2.", quest_text.title(quest), quest_text.reward(quest)) end,
	fulfilled = function(quest) return S("@1: done. Go and tell @2.", quest_text.title(quest), quest.npc_name) end,
	paid = function(quest) return S("@1: you get @2.", quest_text.title(quest), quest_text.reward(quest)) end,
	failed = function(quest)
		return S("@1: this cannot be done any more (@2).", quest_text.title(quest), quest_text.why(quest, quest.why))
	end,
	expired = function(quest) return quest.accepted_s and S("@1: the time is up.", quest_text.title(quest)) or nil end,
	abandoned = function(quest) return S("@1: given up.", quest_text.title(quest)) end,
}

-- Is it worth a message? A delivery is "fulfilled" all the way, and a fetch quest each time the things are back in the
-- inventory.
local function is_new(quest, before)
	if quest.state == "accepted" then return before == "offered" end
	if quest.state ~= "fulfilled" then return true end
	local first = not quest.told_done
	quest.told_done = true
	return first and not kinds[quest.kind].is_done_at_once
end

function news.tell(quest)
	local sentence = SENTENCES[quest.state] and SENTENCES[quest.state](quest)
	if not sentence then return end
	local npc = npcs.get(quest.npc)
	if npc then history.tell(npc, quest.player, sentence) else core.chat_send_player(quest.player, sentence) end
end

function news.changed(quest, before)
	local npc, new, counts = npcs.get(quest.npc), is_new(quest, before), quest.accepted_s ~= nil
	local is_here = core.get_player_by_name(quest.player) ~= nil
	if new and is_here then
		news.tell(quest)
		voice.tell(quest.state, quest)
	end
	quest.untold = new and counts and not is_here or nil
	local sentence = new and (counts or quest.state == "refused") and quest_text.outcome(quest)
	if npc and sentence then memory.remember(npc, quest.player, sentence) end
	local copy = {}
	for field, value in pairs(quest) do copy[field] = value end
	events.emit("quest", npc, quest.player, copy, quest.state)
end

return news
