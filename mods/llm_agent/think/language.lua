-- The language NPCs speak to a player: what the player chose (kept in the storage), else what the server or the role is set to.
-- The mod's own words are translated by each client; NPCs' words are asked for in this language.

local settings, storage, roles = ...

-- NAMES: languages to choose from in the menu, by their own names: who looks for theirs can read it.
local language = {
	NAMES = {{"en", "English"}, {"de", "Deutsch"}, {"fr", "Français"}, {"es", "Español"}, {"ru", "Русский"}},
}

local KEY = "lang:" -- and the player's name
local CODE = "^%l%l%l?[%w_-]*$" -- de, pt_BR, zh-CN
local CODE_MAX_BYTES = 16

-- The language NPCs speak to this player, or nil where nobody chose one (the daemon's then).
function language.of(player_name)
	local chosen = player_name and storage:get_string(KEY .. player_name) or ""
	if chosen ~= "" then return chosen end
	return settings.language ~= "" and settings.language or nil
end

-- The language of an NPC's words to a player: as the daemon takes it, the role's own where nobody chose one.
function language.between(npc, player_name)
	local role = roles.by_name[npc.role]
	return language.of(player_name) or role and role.language
end

-- de_AT and de are the same to a model. "": the daemon's own language, whichever that is.
function language.same(a, b)
	return (a:match("^%a+") or ""):lower() == (b:match("^%a+") or ""):lower()
end

-- What players read: its own name, where we know it, else the code.
function language.name(code)
	for _, known in ipairs(language.NAMES) do
		if language.same(known[1], code) then return known[2] end
	end
	return code
end

-- Is it a code of a language, as the daemon takes it?
function language.is_code(code)
	return code:find(CODE) ~= nil and #code <= CODE_MAX_BYTES
end

-- code: one that is_code, or nil for the server's.
function language.choose(player_name, code)
	storage:set_string(KEY .. player_name, code or "")
end

return language
