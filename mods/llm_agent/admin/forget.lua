-- What NPCs remember of a player: `/llm memory` lists it, `/llm forget` and llm_agent.forget delete it.
-- The memory is the daemon's, so answers come in a later step. Lines that were not sent yet, the dialog's history, the
-- reputation, what NPCs gossip, and promises are deleted here.

local S, now_us, text, check, rate_limit, calls, commands, nearby, memory, history, reputation, happenings,
	promises = ...

local LISTED_MAX = 8 -- lines that a chat window shows at once

local PROBLEMS = {
	unreachable = S("The daemon, which remembers for NPCs, does not answer. /llm doctor tells why."),
	not_asked = S("The daemon, which remembers for NPCs, cannot be asked now. /llm doctor tells why."),
}
function PROBLEMS.refused() return PROBLEMS.unreachable end

local function ask(op, body, done)
	calls.call("POST", "/v1/memory/" .. op, body, PROBLEMS, done)
end

local function count(forgotten)
	local sum = 0
	for _, name in ipairs({"exchanges", "outcomes", "facts"}) do
		sum = sum + (type(forgotten) == "table" and tonumber(forgotten[name]) or 0)
	end
	return sum
end

local FIELDS = {player = check.words, npc = check.words}

-- Have NPCs forget a player, or an NPC (its id) forget all, or that NPC that player. callback(problem or nil, count of memories)
-- comes once, in a later step; at once where no call can be made.
function llm_agent.forget(def, callback)
	check.def("llm_agent.forget", def, FIELDS)
	if not (def.player or def.npc) then error("llm_agent.forget: player, npc: name one of them", 2) end
	if callback ~= nil and type(callback) ~= "function" then
		error("llm_agent.forget: callback: want a function, got " .. type(callback), 2)
	end
	memory.drop_unsent(def.npc, def.player)
	if def.player then happenings.forget_player(def.player, def.npc) else happenings.drop_npc(def.npc) end
	promises.drop({player = def.player, npc = def.npc})
	if def.player and not def.npc then
		history.forget(def.player)
		reputation.forget(def.player)
	end
	ask("forget", {player = def.player, npc = def.npc}, function(problem, data)
		if callback then callback(problem, not problem and count(data.forgotten) or nil) end
	end)
end

local function forget(name, rest)
	local whom = rest ~= "" and rest or name
	local refusal = whom ~= name and commands.refusal(name)
	if refusal then return false, refusal end
	if rate_limit.take(name, nil, now_us()) then return false, S("Not so fast. Try again in a minute.") end
	llm_agent.forget({player = whom}, function(problem, forgotten)
		core.chat_send_player(name, problem or whom == name and S("NPCs forget you (memories: @1).", forgotten)
			or S("NPCs forget @1 (memories: @2).", whom, forgotten))
	end)
	return true
end

local function shown(entry, name, npc_name)
	local words = text.clean(tostring(entry.text or ""))
	if entry.kind ~= "exchange" then return words end
	local sentence = text.clean(tostring(entry.said or ""))
	return (sentence ~= "" and ("%s: %s\n"):format(name, sentence) or "") .. ("%s: %s"):format(npc_name, words)
end

local function list(name, rest)
	local npc = nearby.find(rest, name)
	if not npc then return false, S("No NPC of that name. Use: /llm memory NAME") end
	if rate_limit.take(name, nil, now_us()) then return false, S("Not so fast. Try again in a minute.") end
	local npc_name = npc.name
	ask("memories", {npc = npc.id, player = name, limit = LISTED_MAX}, function(problem, data)
		if problem then return core.chat_send_player(name, problem) end
		local found = type(data.memories) == "table" and data.memories or {}
		local lines = {found[1] and S("@1 remembers of you:", npc_name) or S("@1 remembers nothing of you.", npc_name)}
		for i = #found, 1, -1 do
			if type(found[i]) == "table" then lines[#lines + 1] = shown(found[i], name, npc_name) end
		end
		core.chat_send_player(name, table.concat(lines, "\n"))
	end)
	return true
end

commands.register("memory", {params = S("NAME"), help = S("what this NPC remembers of you"), run = list})
commands.register("forget", {params = S("[PLAYER]"), help = S("have NPCs forget you; admins: a player"), run = forget})
