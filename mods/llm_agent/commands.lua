-- /llm: status, doctor, talk, spawn, on, off, help. What changes things needs the privilege llm_admin.
-- The doctor names each broken link between this mod and the daemon, and its cure.

local agent = ...
local settings, client, text = agent.settings, agent.client, agent.text

local STEP_ADVISED_S = 0.05 -- 20 steps a second; a reply is seen at the next step

core.register_privilege("llm_admin", {
	description = "May spawn talking NPCs and switch them off and on",
	give_to_singleplayer = true,
})

local tell = core.chat_send_player

-- The line for minetest.conf, with what stands there already.
function agent.http_mods_line()
	local given = core.settings:get("secure.http_mods") or ""
	local mods = {}
	for mod in given:gmatch("[^,%s]+") do
		if mod ~= agent.name then mods[#mods + 1] = mod end
	end
	mods[#mods + 1] = agent.name
	return "secure.http_mods = " .. table.concat(mods, ",")
end

local function status()
	local counts = client.counts
	local state = not client.enabled and "switched off" or not client.has_http() and "no HTTP, fallback lines only" or client.state
	if client.reason then state = state .. " (" .. client.reason .. ")" end
	return ("llm_agent: %s. %d NPCs, %d questions open; asked %d, answered %d (%d from cache), failed %d, in %d exchanges.")
		:format(state, #agent.order, client.open_count, counts.asked, counts.done, counts.hits, counts.failed, counts.exchanges)
end

-- What can be said without asking the daemon: a list of lines, ✗ with its cure.
function agent.diagnose()
	local found = {}
	local function note(good, line) found[#found + 1] = (good and "✓ " or "✗ ") .. line end
	if client.has_http() then
		note(true, "HTTP is allowed for this mod")
	elseif not core.request_http_api then
		note(false, "this server was built without cURL: mods cannot use HTTP. Install a server package with cURL")
	else
		note(false, "HTTP is not allowed for this mod. Add to minetest.conf and restart: " .. agent.http_mods_line())
	end
	note(client.enabled, client.enabled and "switched on" or "switched off: /llm on")
	local step_s = tonumber(core.settings:get("dedicated_server_step")) or 0.09
	note(step_s <= STEP_ADVISED_S, step_s <= STEP_ADVISED_S and ("a step of %g s"):format(step_s)
		or ("a step of %g s makes replies later than they need be: dedicated_server_step = %g"):format(step_s, STEP_ADVISED_S))
	return found
end

local VERDICTS = {
	[0] = "✗ nobody answers at %s: start the daemon (llm-agentd serve) or set llm_agent.url",
	[200] = "✓ the daemon at %s can answer",
	[401] = "✗ %s wants another token: set llm_agent.token to the daemon's http.token",
	[403] = "✗ %s wants another token: set llm_agent.token to the daemon's http.token",
	[404] = "✗ %s is not llm-agentd: look at llm_agent.url",
	[503] = "✗ the daemon at %s is there but cannot answer yet: wait a moment, then look at its log",
}

local function doctor(name)
	for _, line in ipairs(agent.diagnose()) do tell(name, line) end
	local asked = client.check("/readyz", function(answer)
		local verdict = VERDICTS[answer.code] or ("✗ %s answers HTTP " .. answer.code .. ": look at the daemon's log")
		tell(name, verdict:format(settings.url))
	end)
	return true, asked and "Asking the daemon …" or nil
end

local function find_by_name(words)
	local best
	for _, npc in ipairs(agent.order) do
		local spoken_name = npc.name
		if words:lower():sub(1, #spoken_name + 1) == spoken_name:lower() .. " " and (not best or #spoken_name > #best.name) then
			best = npc
		end
	end
	return best, best and words:sub(#best.name + 2):match("^%s*(.-)%s*$")
end

local function talk(name, rest)
	local npc, utterance = find_by_name(rest)
	if not npc or utterance == "" then
		return false, npc and "Say something: /llm talk NAME TEXT" or "No NPC of that name. Use: /llm talk NAME TEXT"
	end
	local id = npc.id
	npc:think({player = name, utterance = utterance, priority = "spoken"}, function(reply)
		tell(name, ("<%s> %s"):format(npc.name, reply.text))
		if reply.fallback then tell(name, "(fallback: " .. reply.error .. ")") end
		npc = llm_agent.get_npc(id)
		if npc and npc:get_pos() then npc:say(reply.text, {to = name, reply = reply}) end
	end)
	return true
end

local NAMES = {
	"Ada", "Bram", "Clara", "Dora", "Edda", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Kai", "Lena", "Mira", "Nora", "Odo", "Petra",
	"Rolf", "Sven", "Tilda", "Ulf", "Vera", "Wim", "Yuri", "Zoe",
}

-- A name that nobody has, while there are such.
local function unused_name()
	local taken, left = {}, {}
	for _, npc in ipairs(agent.order) do taken[npc.name] = true end
	for _, candidate in ipairs(NAMES) do
		if not taken[candidate] then left[#left + 1] = candidate end
	end
	return left[1] and left[math.random(#left)] or NAMES[math.random(#NAMES)]
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
	if npc_name == "" then npc_name = unused_name() end
	local npc = agent.spawn(player:get_pos(), role, npc_name)
	if not npc then return false, "This place is not loaded; try again." end
	return true, ("%s %s is here."):format(npc.name, agent.title(npc))
end

local function switch(on)
	return function()
		agent.set_enabled(on)
		return true, on and "NPCs think again." or "NPCs are silent, and nothing is sent to the daemon, until /llm on."
	end
end

local ACTIONS = {
	status = {run = function() return true, status() end, help = "status – how things stand"},
	doctor = {run = doctor, admin = true, help = "doctor – find what is broken, with its cure"},
	talk = {run = talk, help = "talk NAME TEXT – ask an NPC anywhere"},
	spawn = {run = spawn, admin = true, help = "spawn ROLE [NAME] – an NPC where you stand"},
	on = {run = switch(true), admin = true, help = "on – let NPCs think again"},
	off = {run = switch(false), admin = true, help = "off – stop every call; stays off after a restart"},
}

local function help()
	local shown = {}
	for _, action in pairs(ACTIONS) do shown[#shown + 1] = "/llm " .. action.help end
	table.sort(shown)
	return true, table.concat(shown, "\n")
end

ACTIONS.help = {run = help, help = "help – this list"}

core.register_chatcommand("llm", {
	params = "status | doctor | talk NAME TEXT | spawn ROLE [NAME] | on | off | help",
	description = "Talking NPCs",
	func = function(name, param)
		local word, rest = param:match("^%s*(%S*)%s*(.-)%s*$")
		local action = ACTIONS[word == "" and "help" or word]
		if not action then return false, ("No such command: /llm %s. /llm help lists all."):format(word) end
		if action.admin and not core.check_player_privs(name, {llm_admin = true}) then
			return false, "You need the privilege llm_admin for that: /grant NAME llm_admin"
		end
		return action.run(name, rest)
	end,
})
