-- The mod's own words in a player's language. S marks a sentence for the player's client to translate; where the text is wrapped,
-- cut or sent to the model it is translated here. Pure: the engine's functions are handed in.

local S, translated, player_information = ...
-- translated(language, text), player_information(player_name): core.get_translated_string, core.get_player_information

local translate = {}

translate.LANGUAGES = {"en", "de", "fr", "es", "ru"} -- those the mod has words in

-- A line that may be one of the mod's own, made ready to be translated. What an admin or another mod wrote stays as it is.
function translate.mark(line)
	if line:find("@", 1, true) then return line end -- the translator's own mark: none of ours has it
	return S(line)
end

-- A line of the mod's own in a language, or as it is where it has no translation. `{player}` in it stays.
-- Where there are no words for a region's language (de_AT) those of the language (de) are used.
function translate.line(language, line)
	if not language then return line end
	local words = translated(language, translate.mark(line))
	if words ~= line then return words end
	return translated(language:match("^%a+") or language, translate.mark(line))
end

-- A message that S made, in a language; nil: in English. For words of NPCs, which no client is to translate.
function translate.into(language, message)
	language = language or "en"
	local words = translated(language, message)
	local base = language:match("^%a+") or language
	if base == language or words ~= translated("en", message) then return words end
	return translated(base, message)
end

-- A message as this player's client would show it, for what is wrapped or cut here. Anything else the client translates.
function translate.as_shown_to(player_name, message)
	local info = player_information(player_name)
	local language = info and info.lang_code or ""
	return language ~= "" and translated(language, message) or message
end

return translate
