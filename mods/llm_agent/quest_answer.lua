-- What a player says about a quest, aloud or in the dialog, in the languages the mod speaks. A plain yes or no to an offer is
-- taken before the NPC thinks of an answer; that something is done, after it: where the model did not pay, this does.

local agent = ...
local text, items, quests, desk, words = agent.text, agent.items, agent.quests, agent.quest_desk, agent.quest_words

local WORDS_MAX = 6 -- "Yes, I will do it"; more than that may say anything
-- What a player may say with a click where an offer is open; shown in the language of the talk. Each has one of the words below.
local QUICK = {"Yes, I will do it.", "No, not now."}
-- A no anywhere counts first.
local YES_WORDS = {
	"yes", "sure", "okay", "ok", "deal", "gladly", "ja", "gerne", "oui", "volontiers", "sí", "si", "vale", "да", "хорошо",
}
local NO_WORDS = {"no", "not", "never", "nein", "nicht", "non", "pas", "nunca", "нет", "не"}

local WORK_WORDS = {
	"work", "job", "jobs", "quest", "quests", "task", "tasks", "errand", "mission", "help", "need", "earn",
	"arbeit", "aufgabe", "helfen", "brauchst", "travail", "quête", "aider", "besoin",
	"trabajo", "misión", "ayudar", "necesitas", "работа", "задание", "помочь", "нужно",
}
local DONE_WORDS = {
	"done", "finished", "brought", "reward", "fertig", "erledigt", "gebracht", "lohn", "fini", "terminé", "apporté", "récompense",
	"hecho", "terminado", "traje", "recompensa", "готово", "сделано", "принёс", "принесла", "награда",
}

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

-- Does it name what was asked for, or a word of it: "the torches", "coal"?
local function names_part_of(message, name)
	local said = " " .. items.gist(message) .. " "
	for word in items.gist(name):gmatch("%S+") do
		if said:find(" " .. word .. " ", 1, true) then return true end
	end
	return false
end

-- Is it about work, or about this quest? The model heeds what a talk is about.
function agent.is_about_quest(message, quest)
	return names_any(message, WORK_WORDS) or names_any(message, DONE_WORDS) or names_part_of(message, (words.asked(quest)))
end

llm_agent.on("reply", function(npc, _, opts)
	local player_name, message = opts.player, opts.utterance
	local said = player_name and message and opts.actions and core.get_player_by_name(player_name) and llm_agent.get_npc(npc.id)
	local quest = said and desk.ready(npc, player_name)
	if not quest or not (names_any(message, DONE_WORDS) or names_part_of(message, (words.asked(quest)))) then return end
	local ok, problem = desk.hand_in(quest.id, player_name)
	if not ok then agent.tell_outcome(npc, player_name, problem) end
end)

function agent.hear_quest_answer(npc, player_name, message)
	local quest = offered(npc, player_name)
	local yes
	if quest then yes = answer_of(message) end
	if yes == nil then return end
	local _, told = (yes and desk.accept or desk.refuse)(quest.id, player_name)
	if told then agent.tell_outcome(npc, player_name, told) end
end
