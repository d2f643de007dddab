-- A plain yes or no to what an NPC offered, said aloud or in its dialog: taken up or turned down before it thinks of an answer.

local agent = ...
local text, quests, desk = agent.text, agent.quests, agent.quest_desk

local WORDS_MAX = 6 -- "Yes, I will do it"; more than that may say anything
-- What a player may say with a click where an offer is open; shown in the language of the talk. Each has one of the words below.
local QUICK = {"Yes, I will do it.", "No, not now."}
-- In the languages the mod speaks. A no anywhere counts first.
local YES_WORDS = {
	"yes", "sure", "okay", "ok", "deal", "gladly", "ja", "gerne", "oui", "volontiers", "sí", "si", "vale", "да", "хорошо",
}
local NO_WORDS = {"no", "not", "never", "nein", "nicht", "non", "pas", "nunca", "нет", "не"}

local function names_any(message, list)
	for _, word in ipairs(list) do
		if text.names(message, word) then return true end
	end
	return false
end

-- true: yes, false: no, nil: neither.
local function answer_of(message)
	local _, count = message:gsub("%S+", "")
	if count > WORDS_MAX then return nil end
	if names_any(message, NO_WORDS) then return false end
	return names_any(message, YES_WORDS) or nil
end

local function offered(npc, player_name)
	local quest = quests.between(npc.id, player_name)
	return quest and quest.state == "offered" and quest or nil
end

-- Lines for the dialog where this NPC waits for an answer.
function agent.quest_replies(npc, player_name)
	return offered(npc, player_name) and QUICK or {}
end

function agent.hear_quest_answer(npc, player_name, message)
	local quest = offered(npc, player_name)
	local yes
	if quest then yes = answer_of(message) end
	if yes == nil then return end
	local _, words = (yes and desk.accept or desk.refuse)(quest.id, player_name)
	if words then agent.tell_outcome(npc, player_name, words) end
end
