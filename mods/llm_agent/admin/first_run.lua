-- What is said to who joins: to an admin the setting that is missing, that the daemon is away, or the first command to try; to a
-- player how to talk, in one line.
-- Each hint comes at most once per server run and admin, the welcome and the player's line once ever. Nothing is said while the
-- mod is switched off.
-- Also logs at start that HTTP is not allowed.

local S, log, settings, storage, client, events, doctor = ...

local WELCOMED = "welcomed." -- key in the mod's storage, the admin's name behind it

local HINTED = "hinted." -- the same of a player

local hints_given = {} -- admin → {hint → true}, in this run

local function is_admin(name)
	return core.check_player_privs(name, {llm_admin = true}) or core.check_player_privs(name, {server = true})
end

local function tell_once(name, hint, line)
	hints_given[name] = hints_given[name] or {}
	if hints_given[name][hint] then return end
	hints_given[name][hint] = true
	core.chat_send_player(name, line)
end

local function tell_of_http(name)
	if not core.request_http_api then
		tell_once(name, "http", S("NPCs cannot think: this server was built without cURL. /llm doctor tells more."))
		return
	end
	tell_once(name, "http", S("NPCs cannot think yet: they may not use HTTP. Put this line into minetest.conf and restart: @1",
		doctor.http_mods_line()))
end

local function welcome(name)
	if storage:get_string(WELCOMED .. name) ~= "" then return end
	storage:set_string(WELCOMED .. name, "yes")
	core.chat_send_player(name,
		S("Your NPCs can think. Bring the first one: /llm spawn smith. Then say hello to it. More: /llm help"))
end

-- How to talk, to a player who was never here before. One line, and never again.
local function hint(name)
	if not settings.hint or not client.enabled or not client.has_http() or storage:get_string(HINTED .. name) ~= "" then return end
	storage:set_string(HINTED .. name, "yes")
	core.chat_send_player(name, S("People here answer: say hello near one, or click them. /llm shows more."))
end

core.register_on_joinplayer(function(player)
	local name = player:get_player_name()
	if not is_admin(name) then return hint(name) end
	if not client.has_http() then return tell_of_http(name) end
	client.call("GET", "/readyz", nil, function(answer)
		if not core.get_player_by_name(name) then return end
		if answer.code == 200 then return welcome(name) end
		tell_once(name, "away",
			S("NPCs speak only their fallback lines: the daemon (llm-agentd) is not reached. /llm doctor looks why."))
	end)
end)

-- The daemon came up while its admins were here already.
events.on("online", function()
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if is_admin(name) then welcome(name) end
	end
end)

if not client.has_http() then
	log("warning", core.request_http_api
		and "NPCs speak fallback lines only: HTTP is not allowed for this mod. Add to minetest.conf: " .. doctor.http_mods_line()
		or "NPCs speak fallback lines only: this server was built without cURL, so mods cannot use HTTP")
end
