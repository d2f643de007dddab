-- The chat command /llm: a list of words that each part of the mod adds its own to, and the plain ones here.
-- What changes things needs the privilege llm_admin.

local agent = ...
local client, text, S = agent.client, agent.text, agent.S

core.register_privilege("llm_admin", {
	description = S("May spawn talking NPCs, edit their roles and switch them off and on"),
	give_to_singleplayer = true,
})

local NAME_MAX_BYTES = 60
local words = {} -- word → {params, help, admin, run(player_name, rest) -> ok, message}

-- Adds `/llm WORD PARAMS`. help: one line; admin: wants the privilege; run(player_name, rest) -> ok, message.
function agent.command(word, def)
	words[word] = def
end

-- Why this player may not do what only admins may, or nil.
function agent.refusal(name)
	if core.check_player_privs(name, {llm_admin = true}) then return nil end
	return S("You need the privilege llm_admin for that: /grant @1 llm_admin", name)
end

local function state_words()
	if not client.enabled then return S("switched off") end
	if not client.has_http() then return S("no HTTP, fallback lines only") end
	local known = {new = S("nothing asked yet"), online = S("online"), offline = S("offline")}
	return client.reason and S("@1 (@2)", known[client.state], client.reason) or known[client.state]
end

local function status()
	local counts = client.counts
	return true, S("llm_agent: @1. NPCs: @2. Questions open: @3, asked: @4, answered: @5 (from the cache: @6), failed: @7.",
		state_words(), #agent.order, client.open_count, counts.asked, counts.done, counts.hits, counts.failed)
end

local function spawn(name, rest)
	local role, npc_name = rest:match("^(%S+)%s*(.-)%s*$")
	if not role then return false, S("Use: /llm spawn ROLE [NAME]") end
	if not agent.roles[role] then
		return false, S("No role @1. There are: @2", role, table.concat(agent.role_names(), ", "))
	end
	local player = core.get_player_by_name(name)
	if not player then return false, S("You need to be in the world for that.") end
	npc_name = text.clean(npc_name, NAME_MAX_BYTES)
	local npc = llm_agent.spawn(player:get_pos(), {role = role, name = npc_name ~= "" and npc_name or nil})
	if not npc then return false, S("This place is not loaded; try again.") end
	return true, S("@1, @2, is here.", npc.name, agent.shown_title(npc))
end

-- Only bodies of this mod: what other mods made is theirs to remove.
local function remove(name, rest)
	local player = core.get_player_by_name(name)
	local npc = rest ~= "" and agent.find_npc(rest, name) or rest == "" and player and agent.in_earshot(player:get_pos())[1]
	if not npc then return false, rest ~= "" and S("No NPC called @1.", rest) or S("No NPC is near.") end
	local object = npc:get_object()
	if not npc.lives_in_body or npc.attached then return false, S("@1 belongs to another mod.", npc.name) end
	if not object then return false, S("@1 is not loaded; go there first.", npc.name) end
	object:remove()
	return true, S("@1 is gone.", npc.name)
end

local function switch(on)
	return function()
		agent.set_enabled(on)
		return true, on and S("NPCs think again.") or S("NPCs are silent, and nothing is sent to the daemon, until /llm on.")
	end
end

agent.command("status", {help = S("how things stand"), run = status})
agent.command("spawn", {params = S("ROLE [NAME]"), admin = true, help = S("an NPC where you stand"), run = spawn})
agent.command("remove", {params = S("[NAME]"), admin = true, help = S("this NPC, or the nearest, for good"), run = remove})
agent.command("on", {admin = true, help = S("let NPCs think again"), run = switch(true)})
agent.command("off", {admin = true, help = S("stop every call; stays off after a restart"), run = switch(false)})

agent.command("help", {help = S("this list"), run = function()
	local shown = {}
	for word, def in pairs(words) do
		shown[#shown + 1] = ("/llm %s%s – %s"):format(word, def.params and " " .. def.params or "", def.help)
	end
	table.sort(shown)
	return true, table.concat(shown, "\n")
end})

core.register_chatcommand("llm", {
	params = S("WORD …"),
	description = S("Talking NPCs; /llm help lists what there is"),
	func = function(name, param)
		local word, rest = param:match("^%s*(%S*)%s*(.-)%s*$")
		local def = words[word == "" and "help" or word]
		if not def then return false, S("No such command: /llm @1. /llm help lists all.", word) end
		local refusal = def.admin and agent.refusal(name)
		if refusal then return false, refusal end
		return def.run(name, rest)
	end,
})
