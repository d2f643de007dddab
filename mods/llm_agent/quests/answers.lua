-- What a player says about a quest, aloud or in the dialog: yes or no to an offer, or that it is done.
-- A plain yes or no counts before the NPC thinks of an answer, and becomes its reply. That something is done counts when the
-- reply is there, whether or not the model thought of paying (is_reported, for the action complete_quest).

local text, phrases, language, claims, history, quests, quest_text, service, voice, heard, replies = ...

local WORDS_MAX = 6 -- "Yes, I will do it". A longer sentence may mean anything and is no answer
-- What a player may say with a click where an offer is open; shown in the language of the talk. Each has a word of phrases.yes
-- or phrases.no.
local QUICK = {"Yes, I will do it.", "No, not now."}

local answers = {}

-- true: yes, false: no, nil: neither.
local function answer_of(message)
	local _, count = message:gsub("%S+", "")
	if count > WORDS_MAX then return nil end
	if text.names_any(message, phrases.no) then return false end
	return text.names_any(message, phrases.yes) or nil
end

local function offered(npc, player_name)
	local quest = quests.between(npc.id, player_name)
	return quest and quest.state == "offered" and quest or nil
end

-- Lines for the dialog where this NPC waits for an answer.
function answers.quick_replies(npc, player_name)
	return offered(npc, player_name) and QUICK or {}
end

-- Is it about work, or about this quest? The model heeds what a talk is about.
function answers.is_about(npc, message, quest)
	return heard.asks_for_work(claims.fold(message)) or text.names_any(message, phrases.work) or heard.says_done(message)
		or replies.names_part_of(message, quest, language.between(npc, quest.player))
end

-- Does the player say that the quest which this NPC would pay now is done, or name what it was about?
function answers.is_reported(npc, player_name, message)
	local quest = service.ready(npc, player_name)
	if not quest then return false end
	return heard.says_done(message) or heard.names_part_of(message, (quest_text.requested(quest)))
		or replies.names_part_of(message, quest, language.between(npc, player_name))
end

function answers.hear(npc, player_name, message)
	local quest = offered(npc, player_name)
	local yes
	if quest then yes = answer_of(message) end
	if yes == nil then return end
	local ok, outcome, why = voice.in_talk(npc, player_name, yes and service.accept or service.refuse, quest.id, player_name)
	if not ok and yes then voice.keep(npc, player_name, "cannot", quest, why) end
	if outcome then history.tell(npc, player_name, outcome) end
end

return answers
