-- What each player chose: the language NPCs speak to them, whom they do not want to hear. Kept in the mod's storage.
-- The mod's own words (menus, chat, fallback lines) come through the translator; NPCs' words are asked for in a language.

local agent = ...
local settings, storage, S = agent.settings, agent.storage, agent.S

local LANGUAGE = "^%l%l%l?[%w_-]*$" -- de, pt_BR, zh-CN
local LANGUAGE_MAX_BYTES = 16
local ALL = "*" -- in the list of the muted

-- The language NPCs speak to this player, or nil where nobody chose one (the daemon's then).
function agent.language_of(player_name)
	local own = player_name and storage:get_string("lang:" .. player_name) or ""
	if own ~= "" then return own end
	return settings.language ~= "" and settings.language or nil
end

-- The language of an NPC's words to a player: as the daemon takes it, the role's own where nobody chose one.
function agent.language_between(npc, player_name)
	local role = agent.roles[npc.role]
	return agent.language_of(player_name) or role and role.language
end

-- A line that may be one of the mod's own, made ready to be translated. What an admin or another mod wrote stays as it is.
local function translatable(line)
	if line:find("@", 1, true) then return line end -- the translator's own mark: none of ours has it
	return S(line)
end

-- A line of the mod's own in a language, or as it is where it has no translation. `{player}` in it stays.
-- Where there are no words for a region's language (de_AT) those of the language (de) do.
function agent.in_language(language, line)
	if not language then return line end
	local words = core.get_translated_string(language, translatable(line))
	if words ~= line then return words end
	return core.get_translated_string(language:match("^%a+") or language, translatable(line))
end

-- A message as this player's client would show it, for what is wrapped or cut here. Anything else the client translates.
function agent.as_shown_to(player_name, message)
	local info = core.get_player_information(player_name)
	local language = info and info.lang_code or ""
	return language ~= "" and core.get_translated_string(language, message) or message
end

-- The title of an NPC's role, and name and title, as players see them.
function agent.shown_title(npc)
	return translatable(agent.title(npc))
end

function agent.caption(npc)
	return S("@1, @2", npc.name, agent.shown_title(npc))
end

local function choose_language(name, rest)
	local code = rest:gsub("-", "_")
	if rest == "" then
		return true, S("NPCs speak to you in: @1. Change it with /llm lang CODE (de, fr, …), or /llm lang default.",
			agent.language_of(name) or S("the language of this server"))
	end
	if code == "default" then
		storage:set_string("lang:" .. name, "")
		return true, S("NPCs speak the language of this server to you.")
	end
	if not code:find(LANGUAGE) or #code > LANGUAGE_MAX_BYTES then
		return false, S("@1 is no code of a language. Use one such as en, de, fr, es or ru.", rest)
	end
	storage:set_string("lang:" .. name, code)
	agent.languages.chosen(name, code)
	return true, S("NPCs will speak this language to you: @1. How well they do depends on the model.", code)
end

local function muted_by(name)
	local muted = {}
	for id in storage:get_string("mute:" .. name):gmatch("[^\n]+") do muted[id] = true end
	return muted
end

local mutes = {} -- player → {id or ALL = true}, read from storage once

-- Does this player not want to hear this NPC?
function agent.is_muted(player_name, npc)
	local muted = mutes[player_name]
	if not muted then
		muted = muted_by(player_name)
		mutes[player_name] = muted
	end
	return muted[ALL] or muted[npc.id] or false
end

local function set_muted(name, id, on)
	local muted, ids = id == ALL and {} or muted_by(name), {}
	muted[id] = on or nil
	for key in pairs(muted) do ids[#ids + 1] = key end
	storage:set_string("mute:" .. name, table.concat(ids, "\n"))
	mutes[name] = muted
end

local function mute(on)
	return function(name, rest)
		if rest == "" then
			set_muted(name, ALL, on)
			return true, on and S("You hear no NPCs any more, and they do not speak to you. /llm unmute brings them back.")
				or S("NPCs speak to you again.")
		end
		local npc = agent.find_npc(rest, name)
		if not npc then return false, S("No NPC called @1.", rest) end
		set_muted(name, npc.id, on)
		return true, on and S("@1 is muted for you.", npc.name) or S("You hear @1 again.", npc.name)
	end
end

agent.command("lang", {params = S("[CODE]"), help = S("the language NPCs speak to you"), run = choose_language})
agent.command("mute", {params = S("[NAME]"), help = S("hear no NPC, or not this one"), run = mute(true)})
agent.command("unmute", {params = S("[NAME]"), help = S("hear them again"), run = mute(false)})

core.register_on_leaveplayer(function(player) mutes[player:get_player_name()] = nil end)
