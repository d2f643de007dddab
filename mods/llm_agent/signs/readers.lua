-- Who reads signs, and in which language: `/llm signs`, and `/llm sign WORD` to practise. Kept in the player's metadata.

local S, settings, text, now_us, commands, pictures, overhead = ...

local readers = {}

local KEY = "llm_agent:signs" -- in the player's metadata: a code of a sign language
local LAST_KEY = "llm_agent:signs_last" -- the one that `on` switches on again
local PAUSE_US = 1e6 -- between words of one player who practises
local WORD_MAX_CHARS = 24 -- as the daemon takes it

local langs = {} -- player → code, of those in the world who read signs
local practised_us = {} -- player → when

-- player → code.
function readers.all() return langs end

local function set(player, code)
	local meta = player:get_meta()
	meta:set_string(KEY, code or "")
	if code then meta:set_string(LAST_KEY, code) end
	langs[player:get_player_name()] = code
	overhead.clear(player:get_player_name())
end

local function name_of(languages, code)
	for _, one in ipairs(languages) do
		if one.code == code then return one.name end
	end
end

-- fn(player, languages) in a later step; a player who has left is asked for nothing.
local function with_languages(name, fn)
	pictures.languages(function(languages, problem)
		local player = core.get_player_by_name(name)
		if not player then return end
		if languages then return fn(player, languages) end
		core.chat_send_player(name, S("This server cannot draw signs now: @1", problem))
	end)
end

-- code: nil for the last one.
local function switch_on(name, code)
	with_languages(name, function(player, languages)
		local last = player:get_meta():get_string(LAST_KEY)
		local wanted = code or last ~= "" and last or languages.default
		local language = name_of(languages, wanted)
		if not language then
			return core.chat_send_player(name, S("@1 is no sign language of this server. /llm signs list names them.", wanted))
		end
		set(player, wanted)
		core.chat_send_player(name, S("Names that NPCs say are spelled over their heads now: @1. /llm signs off ends it.", language))
	end)
	return true
end

local function list(name)
	with_languages(name, function(_, languages)
		local lines = {}
		for i, one in ipairs(languages) do lines[i] = ("%s – %s"):format(one.code, one.name) end
		core.chat_send_player(name, S("Choose one with /llm signs CODE:") .. "\n" .. table.concat(lines, "\n"))
	end)
	return true
end

local function state(name)
	if not langs[name] then
		return true, S("You see no signs. For readers of SignWriting, /llm signs on spells names over the heads of NPCs.")
	end
	return true, S("You see signs: @1. /llm signs list names the languages; /llm signs off ends it.", langs[name])
end

local function run(name, rest)
	local player = core.get_player_by_name(name)
	if not player then return false, S("You need to be in the world for that.") end
	if not settings.signs then return false, S("This server shows no signs (llm_agent.signs).") end
	local word = text.lower(rest)
	if word == "" then return state(name) end
	if word == "list" then return list(name) end
	if word == "off" then
		set(player, nil)
		return true, S("You see no signs any more.")
	end
	if word == "on" then return switch_on(name, nil) end
	return switch_on(name, word)
end

local function practise(name, rest)
	local player, word = core.get_player_by_name(name), text.clean(rest)
	if not player then return false, S("You need to be in the world for that.") end
	if not settings.signs then return false, S("This server shows no signs (llm_agent.signs).") end
	if word == "" or text.length(word) > WORD_MAX_CHARS then
		return false, S("Give a word of at most @1 letters.", WORD_MAX_CHARS)
	end
	local now = now_us()
	if practised_us[name] and now - practised_us[name] < PAUSE_US then return false, S("Wait a moment.") end
	practised_us[name] = now
	with_languages(name, function(_, languages)
		local lang = langs[name] or languages.default
		pictures.get(word, lang, function(png)
			if not core.get_player_by_name(name) then return end
			if png then return overhead.practise(name, word, lang, png) end
			core.chat_send_player(name, pictures.problem and S("This server cannot draw signs now: @1", pictures.problem)
				or S("No letter of @1 has a sign in @2.", word, name_of(languages, lang) or lang))
		end)
	end)
	return true
end

commands.register("signs", {
	params = S("[on | off | list | CODE]"),
	help = S("names fingerspelled over the heads of NPCs, in SignWriting"),
	run = run,
})
commands.register("sign", {params = S("WORD"), help = S("a word fingerspelled, to practise"), run = practise})

core.register_on_joinplayer(function(player)
	local code = settings.signs and player:get_meta():get_string(KEY) or ""
	if code ~= "" then langs[player:get_player_name()] = code end
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	langs[name], practised_us[name] = nil, nil
end)

return readers
