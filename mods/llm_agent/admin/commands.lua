-- The subcommands of /llm for admins: status, spawn, remove, on, off.
-- Owns whether the mod is switched off; that is kept in the storage and holds after a restart. With `all` it is the daemon's
-- master switch, which the daemon keeps: it stops every call of a model, for other games and programs, too.

local S, settings, text, limits, storage, client, calls, commands, npcs, roles, nearby, body = ...

local function state_words()
	if not client.enabled then return S("switched off") end
	if not client.has_http() then return S("no HTTP, fallback lines only") end
	if client.switched_off then return S("online, but all models are switched off; an admin can switch them on: /llm on all") end
	local known = {new = S("nothing asked yet"), online = S("online"), offline = S("offline")}
	return client.reason and S("@1 (@2)", known[client.state], client.reason) or known[client.state]
end

-- Which minds answered, where the daemon has two: for admins.
local function minds_words(name)
	local here, elsewhere = client.spoke["local"], client.spoke.remote
	if here + elsewhere == 0 or not commands.is_admin(name) then return nil end
	return S("Answered by the local model: @1, by the remote model: @2.", here, elsewhere)
end

local function status(name)
	local counts = client.counts
	local words = S("llm_agent: @1. NPCs: @2. Questions open: @3, asked: @4, answered: @5 (from the cache: @6), failed: @7.",
		state_words(), #npcs.list, client.open_count, counts.requests, counts.done, counts.hits, counts.failed)
	local minds = minds_words(name)
	return true, minds and words .. "\n" .. minds or words
end

local function spawn(name, rest)
	local role, npc_name = rest:match("^(%S+)%s*(.-)%s*$")
	if not role then return false, S("Use: /llm spawn ROLE [NAME]") end
	if not roles.by_name[role] then
		return false, S("No role @1. There are: @2", role, table.concat(roles.names(), ", "))
	end
	local player = core.get_player_by_name(name)
	if not player then return false, S("You need to be in the world for that.") end
	npc_name = text.clean(npc_name, limits.TYPED_NAME_MAX_BYTES)
	local npc = body.spawn_before(player, {role = role, name = npc_name ~= "" and npc_name or nil})
	if not npc then return false, S("This place is not loaded; try again.") end
	return true, S("@1, @2, is here.", npc.name, roles.shown_title(npc))
end

-- Only bodies of this mod: what other mods made is theirs to remove.
local function remove(name, rest)
	local player = core.get_player_by_name(name)
	local npc = rest ~= "" and nearby.find(rest, name) or rest == "" and player and nearby.in_earshot(player:get_pos())[1]
	if not npc then return false, rest ~= "" and S("No NPC called @1.", rest) or S("No NPC is near.") end
	local object = npc:get_object()
	if not npc.kept_by_body or npc.attached then return false, S("@1 belongs to another mod.", npc.name) end
	if not object then return false, S("@1 is not loaded; go there first.", npc.name) end
	object:remove()
	return true, S("@1 is gone.", npc.name)
end

-- Off stops every call and stays off after a restart.
local function set_enabled(enabled)
	client.enable(enabled)
	storage:set_string("off", enabled and "" or "yes")
end

local PROBLEMS = {
	unreachable = S("The daemon does not answer. /llm doctor tells why."),
	not_asked = S("The daemon is not asked, as this mod is switched off: /llm on"),
	refused = function(code) return S("The daemon refuses (HTTP @1). Its log tells why.", code) end,
}

local function switch_all(name, on)
	calls.call("POST", "/v1/switch", {on = on, by = name}, PROBLEMS, function(problem)
		if not problem then client.switched_off = not on end
		core.chat_send_player(name, problem or on and S("Models may be called again, for all games.")
			or S("No model is called any more, for any game or program, until /llm on all."))
	end)
	return true
end

local function switch(on)
	return function(name, rest)
		if rest ~= "" and rest ~= "all" then return false, S("Use: /llm on, /llm off, /llm on all, or /llm off all") end
		if rest == "all" then
			if on then set_enabled(true) end
			return switch_all(name, on)
		end
		set_enabled(on)
		return true, on and S("NPCs think again.") or S("NPCs are silent, and nothing is sent to the daemon, until /llm on.")
	end
end

commands.register("status", {help = S("how things stand"), run = status})
commands.register("spawn", {params = S("ROLE [NAME]"), admin = true, help = S("an NPC before you"), run = spawn})
commands.register("remove", {params = S("[NAME]"), admin = true, help = S("this NPC, or the nearest, for good"), run = remove})
commands.register("on", {params = "[all]", admin = true, help = S("let NPCs think again"), run = switch(true)})
commands.register("off", {params = "[all]", admin = true,
	help = S("stop every call of this game, or with all: of every game and program; stays off after a restart"),
	run = switch(false)})

if storage:get_string("off") ~= "" or not settings.enabled then client.enable(false) end
