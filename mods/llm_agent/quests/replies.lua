-- What an NPC answers where its words touch a quest: the line of what has just come of it, how far it is, that there is no
-- work; and what of a model's words may be said: no pay that nobody promised, no other numbers, no bargain that never was.
-- Heard by think/wording.lua before each reply. Changes no quest.

local settings, text, wording, claims, offers, reply, roles, translate, items, spoken, kinds, quests, voice, heard = ...

local replies = {}

-- What a quest is about, as it is called in the language of the talk and in all that the mod speaks: who has chosen none with
-- /llm lang may still say it in their own.
local function names_of(quest, code)
	local names = {}
	for item in pairs(quest.item and {[quest.item] = true} or quest.carries or {}) do
		names[#names + 1] = items.words(item)
		names[#names + 1] = (item:match(":(.+)$") or item):gsub("_", " ") -- "cobble": players say what the game calls it
		if code then names[#names + 1] = spoken.name(item, code) end
		for _, language in ipairs(translate.LANGUAGES) do names[#names + 1] = spoken.name(item, language) end
	end
	if kinds[quest.kind].foe then names[#names + 1] = kinds[quest.kind].foe(quest) end
	return names
end

function replies.names_part_of(message, quest, code)
	for _, name in ipairs(names_of(quest, code)) do
		if heard.names_part_of(message, name) then return true end
	end
	return false
end

local function numbers_of(quest)
	local known = {[quest.count] = true, [quest.progress or 0] = true, [voice.missing(quest)] = true}
	for _, goods in ipairs({quest.reward, quest.carries}) do
		for _, count in pairs(goods) do known[count] = true end
	end
	return known
end

local KEPT = " kept the promise " -- what the daemon remembers of a quest that was paid, with its numbers (quests/text.lua)

-- Does a sentence say of pay or of a task what is not so? quest: the open one between the two, or nil.
local function is_untrue(sentence, quest, code)
	local folded = claims.fold(sentence)
	local of_pay, of_task = claims.speaks_of_pay(folded), claims.speaks_of_a_task(folded)
	local numbers = claims.numbers(folded)
	if not quest then
		if folded:find(KEPT, 1, true) then return false end
		return of_pay and of_task or (of_pay or of_task) and numbers[1] ~= nil or folded:find(" delivery to ", 1, true) ~= nil
	end
	local known, names_it = numbers_of(quest), replies.names_part_of(sentence, quest, code)
	if not (of_pay or of_task or names_it) then return false end
	-- true or not, what there is to say of it the quest says
	if (of_pay or of_task) and (names_it or claims.speaks_of_a_promise(folded)) then return true end
	if of_task and not names_it and (numbers[1] and not of_pay or items.names_any(folded)) then return true end
	for _, number in ipairs(numbers) do
		if not known[number] then return true end
	end
	return false
end

-- The sentences that are not untrue, and whether any was left out.
local function true_words(line, quest, code, is_bad)
	local good, is_cut = {}, false
	for _, sentence in ipairs(claims.sentences(line)) do
		if is_bad(sentence, quest, code) then is_cut = true else good[#good + 1] = sentence end
	end
	return table.concat(good, " "), is_cut
end

-- A greeting asks for nothing: what there is to remind of the game's own line says.
local function is_no_greeting(sentence, quest, code)
	return is_untrue(sentence, quest, code) or claims.speaks_of_a_task(claims.fold(sentence))
end

-- Beside a line of a quest no thing of the game may be named: it would be heard as a part of the bargain.
local function may_stand(folded) return not items.names_any(folded) end

local function told(words, before)
	return words and {line = words.line, opening = words.opening, before = before, may_stand = may_stand}
end

-- Of the quests between the two the one that this is about: of those to be handed in here, then of those that were given here.
local function quest_with(npc, player_name)
	for _, quest in ipairs(quests.of_player(player_name, quests.is_active)) do
		if quests.receiver(quest) == npc.id then return quest end
	end
	return quests.between(npc.id, player_name)
end

local function replaced(npc, opts, code)
	local function say_it(line) return translate.line(code, line) end
	return opts.fallback or reply.fallback_line(roles.by_name[npc.role], npc, opts.player, say_it)
end

-- An NPC that greets: with an open quest it reminds of it; without one it speaks of none.
local function greeting(npc, answer, opts, code)
	local quest = quest_with(npc, opts.player)
	local active = quest and quests.is_active(quest) and quest or nil
	local words, is_cut = answer.text, false
	if not answer.fallback then words, is_cut = true_words(answer.text, quest, code, is_no_greeting) end
	if active then return told(voice.words("progress", active, npc, opts.player, code), words) end
	return is_cut and {text = words ~= "" and words or replaced(npc, opts, code)} or nil
end

-- Which line of the game's own answers this, if any: what, quest.
local function due(npc, answer, opts, quest, code)
	local message, folded = opts.utterance, claims.fold(opts.utterance)
	local action = answer.action
	if action and action.ok then return nil end
	local says_done = heard.says_done(message) or quest and (heard.hands_over(folded) and replies.names_part_of(message, quest, code)
		or heard.has_got_some(folded, claims.numbers(folded)))
	local asks = heard.asks_for_work(folded)
	local failed = action and action.name
	if quest and quests.is_active(quest) then
		if says_done or failed == "complete_quest" then return quest.state == "fulfilled" and "progress" or "missing", quest end
		if asks or failed == "offer_quest" or heard.asks_about_quest(folded) then return "progress", quest end
	elseif quest then
		if asks or heard.asks_about_quest(folded) then return "offered", quest end
	elseif failed == "offer_quest" or asks and settings.quests and offers.knows(npc, "offer_quest") then
		return "none"
	elseif failed == "complete_quest" then
		return "no_debt"
	end
end

-- What is left of the model's words, where some of them were untrue.
local function corrected(npc, answer, opts, quest, code)
	if answer.fallback or heard.speaks_of_trade(opts.utterance) or answer.action then return nil end
	local words, is_cut = true_words(answer.text, quest, code, is_untrue)
	if not is_cut then return nil end
	if words ~= "" and not (quest and claims.speaks_of_a_promise(claims.fold(answer.text))) then return {text = words} end
	if quest then return told(voice.words(quest.state == "offered" and "offered" or "progress", quest, npc, opts.player, code)) end
	if heard.says_done(opts.utterance) then return told(voice.words("no_debt", nil, npc, opts.player, code)) end
	return {text = replaced(npc, opts, code)}
end

local function is_here(player_name) return player_name ~= nil and core.get_player_by_name(player_name) ~= nil end

local function has_words(opts) return opts.utterance ~= nil and text.clean(opts.utterance) ~= "" end

local function is_talk(opts) return opts.actions or opts.intent == "quest" end

local function tell(npc, answer, opts, code)
	local player_name = opts.player
	if not is_here(player_name) then return nil end
	local entry = voice.take(npc, player_name)
	if entry then
		local found = told(voice.words(entry.what, entry.quest, npc, player_name, code, entry.why))
		if found and entry.what == "brought" then found.may_stand = nil end -- a model thinks of goods as of a gift: "Keep it."
		return found
	end
	if not has_words(opts) then return (opts.intent or "dialogue") == "dialogue" and greeting(npc, answer, opts, code) or nil end
	if not is_talk(opts) then return nil end
	if answer.told then return nil end -- it is true already
	local quest = quest_with(npc, player_name)
	local what, about = due(npc, answer, opts, quest, code)
	if what then
		local found = told(voice.words(what, about, npc, player_name, code))
		if found and what == "progress" then found.may_stand = nil end -- a model that does not know how far it is guesses
		return found
	end
	return corrected(npc, answer, opts, quest, code)
end

-- Known before there is an answer: a quest is open or was just ended, or the player speaks of work, pay, or of what is done.
local function may_tell(npc, opts)
	if not is_here(opts.player) then return false end
	if not has_words(opts) or voice.is_due(npc, opts.player) or quest_with(npc, opts.player) then return true end
	local folded = claims.fold(opts.utterance)
	return is_talk(opts) and (heard.speaks_of_work(folded) or heard.says_done(opts.utterance) or claims.speaks_of_pay(folded))
end

wording.add(tell, may_tell)

return replies
