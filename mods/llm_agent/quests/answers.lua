-- What a player says about a quest, aloud or in the dialog: yes or no to an offer, or that it is done.
-- A plain yes or no counts before the NPC thinks of an answer, and becomes its reply. That something is done counts when the
-- reply is there, whether or not the model thought of paying (is_reported, for the action complete_quest).

local text, phrases, language, claims, history, quests, quest_text, store, service, voice, heard, replies = ...

local WORDS_MAX = 6 -- "Yes, I will do it". A longer sentence may mean anything and is no answer
-- What a player may say with a click where an offer is open; shown in the language of the talk. Each has a word of phrases.yes
-- or phrases.no.
local QUICK = {"Yes, I will do it.", "No, not now."}

local answers = {}

-- Is it a bare word of assent, but for the name of whom it is said to?
local function is_only_yes(npc, message)
	local bare = (text.spaced(message):gsub(text.spaced(npc.name), " ", 1))
	for _, phrase in ipairs(phrases.only_yes) do
		if bare == " " .. phrase .. " " then return true end
	end
	return false
end

-- true: yes, false: no, nil: neither.
local function answer_of(npc, message)
	local _, count = message:gsub("%S+", "")
	if count > WORDS_MAX then return nil end
	if text.names_any(message, phrases.no) then return false end
	return text.names_any(message, phrases.yes) or is_only_yes(npc, message) or nil
end

local BEGINS_NO = {"no", "nope", "nein", "non", "нет"}
local NO_MAX = 3 -- words: "No, not now". More may be a no to anything

local function begins(message, list)
	local spaced = text.spaced(message)
	for _, phrase in ipairs(list) do
		local word = text.spaced(phrase)
		if spaced:sub(1, #word) == word then return true end
	end
	return false
end

-- Do the words answer this NPC's offer or ask about its quest, whoever stands nearer? Stricter than answer_of: here nobody was
-- called.
function answers.is_waited_for(npc, player_name, message)
	local quest = quests.between(npc.id, player_name)
	if not quest then return false end
	if heard.asks_about_quest(claims.fold(message)) then return true end
	if quest.state ~= "offered" then return false end
	local yes = answer_of(npc, message)
	if yes then return begins(message, phrases.yes) or begins(message, phrases.only_yes) end
	return yes == false and begins(message, BEGINS_NO) and select(2, message:gsub("%S+", "")) <= NO_MAX
end

-- Goods that are brought for an offer, and are there: nobody who brings them need say yes as well.
local function brings(npc, player_name, message, quest)
	if not quest.item or message:find("?", 1, true) or text.names_any(message, phrases.no) then return false end
	if heard.speaks_of_trade(message) or store.player_has(player_name, quest.item) < 1 then return false end
	return (heard.says_done(message) or heard.hands_over(claims.fold(message)))
		and replies.names_part_of(message, quest, language.between(npc, player_name))
end

-- The goods are the yes, and what is there of them is handed in at once.
local function take_brought(npc, player_name, quest)
	local ok, outcome, why = service.accept(quest.id, player_name)
	if not ok then return ok, outcome, why end
	if service.ready(npc, player_name) == quest then service.hand_in(quest.id, player_name) end
	voice.keep(npc, player_name, "brought", quest)
	return true
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
	if not quest then return end
	local ok, outcome, why
	local yes = brings(npc, player_name, message, quest) or nil
	if yes then
		ok, outcome, why = voice.in_talk(npc, player_name, take_brought, npc, player_name, quest)
	else
		yes = answer_of(npc, message)
		if yes == nil then return end
		ok, outcome, why = voice.in_talk(npc, player_name, yes and service.accept or service.refuse, quest.id, player_name)
	end
	if not ok and yes then voice.keep(npc, player_name, "cannot", quest, why) end
	if outcome then history.tell(npc, player_name, outcome) end
end

return answers
