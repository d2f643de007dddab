-- Who is told: a player who asks for news, an NPC who is met for small talk, and the model, as the fact `news`.
-- A player is told of others, not of what they did themselves, and nothing twice.

local S, text, translate, nearby, observe, answers, language, small_talk, happenings, lines = ...

local FACTS_MAX = 2 -- sentences in a question

local told = {} -- player → NPC's id → event's number → true; until the player leaves

-- What this NPC knows and has not told the player: of somebody whom the words name first, then the latest.
local function news_for(npc, player_name, words)
	local before = (told[player_name] or {})[npc.id] or {}
	local best
	for _, event in ipairs(happenings.known_by(npc.id)) do
		if not before[event.number] and event.who ~= player_name then
			if words and event.who and text.names(words, event.who) then return event end
			best = best or event
		end
	end
	return best, next(before) ~= nil
end

local function note(npc, player_name, event)
	told[player_name] = told[player_name] or {}
	told[player_name][npc.id] = told[player_name][npc.id] or {}
	told[player_name][npc.id][event.number] = true
end

answers.register("news", function(npc, player_name, asked)
	local pos = npc:get_pos()
	local event, told_some = nil, nil
	if pos then event, told_some = news_for(npc, player_name, asked.words) end
	if event then
		return {line = lines.of(npc, event, pos, asked.lang), done = function() note(npc, player_name, event) end}
	end
	return told_some and {line = S("That is all I have heard.")} or nil
end)

-- English, as facts are. Only where the talk is of news, or of somebody in them: else it would only lengthen the prompt.
observe.add_facts(function(npc, player_name, facts, opts)
	local pos = opts.utterance and npc:get_pos()
	local is_asked = pos and answers.is_asked("news", opts.utterance)
	for _, event in ipairs(pos and happenings.known_by(npc.id) or {}) do
		local counts = is_asked or event.who and text.names(opts.utterance, event.who)
		if counts and event.who ~= player_name and #(facts.news or {}) < FACTS_MAX then
			facts.news = facts.news or {}
			table.insert(facts.news, text.clean(translate.into(nil, lines.of(npc, event, pos))))
		end
	end
end)

-- In whose language NPCs talk among themselves: that of the nearest player who hears it.
local function language_around(npc, pos)
	return language.between(npc, nearby.nearest_listener(pos))
end

-- How a talk among NPCs begins, where one has something to tell that the other does not know.
small_talk.on_begin(function(speaker, listener)
	local pos = speaker:get_pos()
	local event = pos and happenings.to_tell(speaker, listener, happenings.known_by(speaker.id))
	if not event then return nil end
	local code = language_around(speaker, pos)
	local line = text.clean(translate.into(code, lines.of(speaker, event, pos, code)))
	happenings.pass_on(event, speaker, listener)
	return line
end)

core.register_on_leaveplayer(function(player) told[player:get_player_name()] = nil end)
