-- A player says something in chat: who is meant, and who answers. Never swallows a message.
-- Runs in the chat callback; the answers come later. What was said between a player and an NPC is kept for the dialog form.

local agent = ...
local settings, text, observe, S = agent.settings, agent.text, agent.observe, agent.S

local PARTNER_US = 30e6 -- so long an unnamed sentence goes to whom one talked with last
-- Words that mean everybody, in the languages the mod speaks.
local EVERYBODY = {"everyone", "everybody", "folks", "alle", "leute", "tous", "todos", "все"}

local last_heard_us = {} -- player → when an NPC last took up what they said
local partners = {} -- player → {id, at_us}: the NPC they talk with

local function names_a_player(message, speaker)
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if name ~= speaker and text.names(message, name) then return true end
	end
	return false
end

local function means_everybody(message)
	for _, word in ipairs(EVERYBODY) do
		if text.names(message, word) then return true end
	end
	return false
end

local function first_of(list, count)
	local out = {}
	for i = 1, math.min(count, #list) do out[i] = list[i] end
	return out
end

-- Who is meant, of those in earshot: everybody who is named, or all where all are meant; else whom one talked with last;
-- else the nearest, unless another player is named.
function agent.addressed(player_name, pos, message)
	local near, named = {}, {}
	for _, npc in ipairs(agent.in_earshot(pos)) do
		if not agent.is_muted(player_name, npc) then
			near[#near + 1] = npc
			if agent.is_named(message, npc) then named[#named + 1] = npc end
		end
	end
	if named[1] then return first_of(named, settings.group_answers_max) end
	if means_everybody(message) then return first_of(near, settings.group_answers_max) end
	if names_a_player(message, player_name) then return {} end
	local partner = partners[player_name]
	for _, npc in ipairs(near) do
		if partner and npc.id == partner.id and agent.now_us() - partner.at_us < PARTNER_US then return {npc} end
	end
	return first_of(near, 1)
end

-- Think and speak, one thing at a time: `npc.answering` is set until the reply is there. callback(npc or nil if gone, reply).
function agent.answer_once(npc, opts, callback)
	local id = npc.id
	npc.answering = true
	local ok, problem = pcall(npc.converse, npc, opts, function(reply)
		npc.answering = nil
		callback(llm_agent.get_npc(id), reply)
	end)
	if ok then return end
	npc.answering = nil
	agent.log("error", ("%s could not be asked: %s"):format(id, tostring(problem)))
end

-- What is said to an NPC that is still thinking is taken up after, the latest only.
local function answer(npc, player_name, message)
	if npc.answering then
		npc.heard_meanwhile = {player_name, message}
		return
	end
	agent.answer_once(npc, {player = player_name, utterance = message, actions = true}, function(current, reply)
		if not current then return end
		agent.remember_line(player_name, current, current.name, reply.text)
		local next_message = current.heard_meanwhile
		current.heard_meanwhile = nil
		if next_message and core.get_player_by_name(next_message[1]) then answer(current, next_message[1], next_message[2]) end
	end)
end

-- Too fast, or too much: then silence, which costs nothing and spams nobody.
local function is_patient(player_name, now)
	local last = last_heard_us[player_name]
	if last and now - last < settings.player_cooldown_s * 1e6 then return false end
	return not agent.restraint.exhausted(player_name, nil, now)
end

function agent.hear(player_name, message)
	if not agent.client.enabled or message:sub(1, 1) == "/" or text.clean(message) == "" then return end
	local player = core.get_player_by_name(player_name)
	local pos = player and player:get_pos()
	local now = agent.now_us()
	if not pos or not is_patient(player_name, now) then return end
	for i, npc in ipairs(agent.addressed(player_name, pos, message)) do
		if i == 1 then
			last_heard_us[player_name] = now
			partners[player_name] = {id = npc.id, at_us = now}
		end
		agent.attend(npc, player_name)
		agent.remember_line(player_name, npc, player_name, message)
		answer(npc, player_name, message)
	end
end

-- A private word: only the player hears the answer.
local function talk(player_name, rest)
	local npc, name_length = agent.find_npc(rest, player_name)
	if not npc then return false, S("No NPC of that name. Use: /llm talk NAME TEXT") end
	local words = text.clean(rest:sub(name_length + 1))
	if words == "" then return false, S("Say something: /llm talk NAME TEXT") end
	local player, pos = core.get_player_by_name(player_name), npc:get_pos()
	local is_near = not pos or player and observe.in_range(player:get_pos(), pos, settings.earshot)
	if not is_near and not core.check_player_privs(player_name, {llm_admin = true}) then
		return false, S("@1 is too far away to hear you.", npc.name)
	end
	agent.whisper(npc, player_name, words, function(reply)
		core.chat_send_player(player_name, ("<%s> %s"):format(npc.name, reply.text))
		if reply.fallback then core.chat_send_player(player_name, S("(the model did not answer: @1)", reply.error)) end
	end)
	return true
end

agent.command("talk", {params = S("NAME TEXT"), help = S("a private word with an NPC"), run = talk})

core.register_on_chat_message(function(player_name, message)
	local ok, problem = pcall(agent.hear, player_name, message)
	if not ok then agent.log("error", "hearing failed: " .. tostring(problem)) end
	return false
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	last_heard_us[name], partners[name] = nil, nil
end)
