-- The chat command /llm: a list of words that each part of the mod adds its own to, and the plain ones here.
-- What changes things needs the privilege llm_admin.

local agent = ...
local client, text, S = agent.client, agent.text, agent.S

core.register_privilege("llm_admin", {
	description = S("May spawn talking NPCs, edit their roles and switch them off and on"),
	give_to_singleplayer = true,
})

-- Looked up at each call: other mods may have wrapped it by then.
local function tell(name, line) core.chat_send_player(name, line) end

local words = {} -- word → {params, help, admin, run(player_name, rest) -> ok, message}

-- Adds `/llm WORD PARAMS`. help: one line; admin: wants the privilege; run(player_name, rest) -> ok, message.
function agent.command(word, def)
	words[word] = def
end

local function status()
	local counts = client.counts
	local state = not client.enabled and "switched off" or not client.has_http() and "no HTTP, fallback lines only" or client.state
	if client.reason then state = state .. " (" .. client.reason .. ")" end
	return ("llm_agent: %s. %d NPCs, %d questions open; asked %d, answered %d (%d from cache), failed %d, in %d exchanges.")
		:format(state, #agent.order, client.open_count, counts.asked, counts.done, counts.hits, counts.failed, counts.exchanges)
end

local function find_by_name(line)
	local best
	for _, npc in ipairs(agent.order) do
		local spoken_name = npc.name
		if line:lower():sub(1, #spoken_name + 1) == spoken_name:lower() .. " " and (not best or #spoken_name > #best.name) then
			best = npc
		end
	end
	return best, best and line:sub(#best.name + 2):match("^%s*(.-)%s*$")
end

local function talk(name, rest)
	local npc, utterance = find_by_name(rest)
	if not npc or utterance == "" then
		return false, npc and "Say something: /llm talk NAME TEXT" or "No NPC of that name. Use: /llm talk NAME TEXT"
	end
	local id, in_world = npc.id, core.get_player_by_name(name) ~= nil -- a server's terminal is nowhere, and stays
	npc:think({player = name, utterance = utterance, priority = "spoken"}, function(reply)
		if in_world and not core.get_player_by_name(name) then return end -- left
		tell(name, ("<%s> %s"):format(npc.name, reply.text))
		if reply.fallback then tell(name, "(fallback: " .. reply.error .. ")") end
		npc = llm_agent.get_npc(id)
		if npc and npc:get_pos() then npc:say(reply.text, {to = name, reply = reply}) end
	end)
	return true
end

local function spawn(name, rest)
	local role, npc_name = rest:match("^(%S+)%s*(.-)%s*$")
	if not role then return false, "Use: /llm spawn ROLE [NAME]" end
	if not agent.roles[role] then
		local names = {}
		for known in pairs(agent.roles) do names[#names + 1] = known end
		table.sort(names)
		return false, ("No role %s. There are: %s"):format(role, table.concat(names, ", "))
	end
	local player = core.get_player_by_name(name)
	if not player then return false, "You need to be in the world for that." end
	npc_name = text.clean(npc_name, 60)
	local npc = llm_agent.spawn(player:get_pos(), {role = role, name = npc_name ~= "" and npc_name or nil})
	if not npc then return false, "This place is not loaded; try again." end
	return true, ("%s %s is here."):format(npc.name, agent.title(npc))
end

local function switch(on)
	return function()
		agent.set_enabled(on)
		return true, on and "NPCs think again." or "NPCs are silent, and nothing is sent to the daemon, until /llm on."
	end
end

agent.command("status", {help = "how things stand", run = function() return true, status() end})
agent.command("talk", {params = "NAME TEXT", help = "ask an NPC anywhere", run = talk})
agent.command("spawn", {params = "ROLE [NAME]", admin = true, help = "an NPC where you stand", run = spawn})
agent.command("on", {admin = true, help = "let NPCs think again", run = switch(true)})
agent.command("off", {admin = true, help = "stop every call; stays off after a restart", run = switch(false)})

agent.command("help", {help = "this list", run = function()
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
		if def.admin and not core.check_player_privs(name, {llm_admin = true}) then
			return false, S("You need the privilege llm_admin for that: /grant @1 llm_admin", name)
		end
		return def.run(name, rest)
	end,
})
