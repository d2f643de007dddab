-- What a player says about a quest, aloud or in the dialog: yes or no to an offer, or that it is done.
-- A plain yes or no counts before the NPC thinks of an answer. That something is done counts after it, where the model did not
-- pay by itself.

local text, phrases, events, npcs, history, items, quests, quest_text, service = ...

local WORDS_MAX = 6 -- "Yes, I will do it". A longer sentence may mean anything and is no answer
-- What a player may say with a click where an offer is open; shown in the language of the talk. Each has a word of phrases.yes or
-- phrases.no.
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

-- Does it name what was asked for, or a word of it: "the torches", "coal"?
local function names_part_of(message, name)
	local gist = " " .. items.gist(message) .. " "
	for word in items.gist(name):gmatch("%S+") do
		if gist:find(" " .. word .. " ", 1, true) then return true end
	end
	return false
end

-- Is it about work, or about this quest? The model heeds what a talk is about.
function answers.is_about(message, quest)
	return text.names_any(message, phrases.work) or text.names_any(message, phrases.done)
		or names_part_of(message, (quest_text.requested(quest)))
end

events.on("reply", function(npc, _, opts)
	local player_name, message = opts.player, opts.utterance
	local is_here = player_name and core.get_player_by_name(player_name) and npcs.get(npc.id)
	local is_talk = is_here and message and opts.actions
	local quest = is_talk and service.ready(npc, player_name)
	if not quest then return end
	local is_about_it = text.names_any(message, phrases.done) or names_part_of(message, (quest_text.requested(quest)))
	if not is_about_it then return end
	local ok, problem = service.hand_in(quest.id, player_name)
	if not ok then history.tell(npc, player_name, problem) end
end)

function answers.hear(npc, player_name, message)
	local quest = offered(npc, player_name)
	local yes
	if quest then yes = answer_of(message) end
	if yes == nil then return end
	local _, outcome = (yes and service.accept or service.refuse)(quest.id, player_name)
	if outcome then history.tell(npc, player_name, outcome) end
end

return answers
