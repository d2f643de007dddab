-- Occasions to speak: a player says something in earshot, comes near, or NPCs stand together.
-- Runs in chat callbacks and once in a while in a step. Never swallows a chat message.

local agent = ...
local settings, text, speech, observe = agent.settings, agent.text, agent.speech, agent.observe

local LOOK_EVERY_S = 1 -- who is near whom
-- What somebody who opens a talk has in mind; unspoken: the listener hears only the answer. "" is a greeting.
local OPENERS = {
	"", "Any news?", "How is work?", "What do you think of the weather?", "Did anything strange happen lately?", "How are you?",
}

local last_heard_us = {} -- player → when an NPC last took up what they said
local talks = 0
local since_look_s = 0
local cursor = 0 -- where in the list of NPCs the next look for talkers begins, so that all get their turn

local function present_in_earshot(pos)
	local found = {}
	for _, npc in ipairs(agent.order) do
		local own = npc:is_present() and npc:get_pos()
		if own and observe.in_range(pos, own, settings.earshot) then
			found[#found + 1] = {npc = npc, distance = (own.x - pos.x) ^ 2 + (own.y - pos.y) ^ 2 + (own.z - pos.z) ^ 2}
		end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	return found
end

local function names_a_player(message, speaker)
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if name ~= speaker and text.names(message, name) then return true end
	end
	return false
end

-- Who is meant: the nearest NPC that is named, else the nearest, unless another player is named.
function agent.addressed(player_name, pos, message)
	local found = present_in_earshot(pos)
	for _, candidate in ipairs(found) do
		if text.names(message, candidate.npc.name) then return candidate.npc end
	end
	if not found[1] or names_a_player(message, player_name) then return nil end
	return found[1].npc
end

-- One answer at a time: what is said to an NPC that is still thinking is taken up after, the latest only.
local function answer(npc, player_name, message)
	if npc.answering then
		npc.heard_meanwhile = {player_name, message}
		return
	end
	npc.answering = true
	local id = npc.id
	npc:think({player = player_name, utterance = message, priority = "spoken"}, function(reply)
		npc.answering = nil
		npc = llm_agent.get_npc(id)
		if not npc then return end
		npc:say(reply.text, {to = player_name, reply = reply})
		local next_message = npc.heard_meanwhile
		npc.heard_meanwhile = nil
		if next_message then answer(npc, next_message[1], next_message[2]) end
	end)
end

function agent.hear(player_name, message)
	if not agent.client.enabled or message:sub(1, 1) == "/" or text.clean(message) == "" then return end
	local player = core.get_player_by_name(player_name)
	local pos = player and player:get_pos()
	local npc = pos and agent.addressed(player_name, pos, message)
	if not npc then return end
	local now, last = agent.now_us(), last_heard_us[player_name]
	if last and now - last < settings.player_cooldown_s * 1e6 then return end
	last_heard_us[player_name] = now
	agent.face(npc, pos)
	answer(npc, player_name, message)
end

-- A greeting; the role's own greeting line stands in where the model is away.
function agent.greet(npc, player_name)
	if not agent.client.enabled or npc.answering then return end
	local role, id = agent.roles[npc.role], npc.id
	npc.greeted = npc.greeted or {}
	npc.greeted[player_name] = agent.now_us()
	local line = role.greeting and text.fill(role.greeting[math.random(#role.greeting)], player_name)
	npc.answering = true
	npc:think({player = player_name, priority = "spoken", fallback = line}, function(reply)
		npc.answering = nil
		npc = llm_agent.get_npc(id)
		if npc and core.get_player_by_name(player_name) then npc:say(reply.text, {to = player_name, reply = reply}) end
	end)
end

local function greet_who_comes_near(players, now)
	for _, player in ipairs(players) do
		local name, pos = player:get_player_name(), player:get_pos()
		for _, npc in ipairs(agent.order) do
			local own = npc:is_present() and npc:get_pos()
			if own and observe.in_range(pos, own, settings.greet_distance) and not npc.talk and not speech.busy(npc.id) then
				local last = npc.greeted and npc.greeted[name]
				if not last or now - last > settings.greet_cooldown_s * 1e6 then
					agent.greet(npc, name)
					break -- one of a crowd greets, the others nod
				end
			end
		end
	end
end

-- NPCs among themselves ------------------------------------------------------------------------------------------------

local function free(npc, now)
	if npc.talk or npc.answering or speech.busy(npc.id) or not npc:is_present() then return false end
	if not npc.next_talk_us then
		-- the first time they all start at different moments
		npc.next_talk_us = now + math.random() * settings.npc_talk_interval_s * 1e6
	end
	return now >= npc.next_talk_us
end

local function partner_of(npc, pos)
	local found = {}
	for _, candidate in ipairs(present_in_earshot(pos)) do
		local other = candidate.npc
		if other ~= npc and not other.talk and not other.answering and not speech.busy(other.id) then found[#found + 1] = other end
	end
	return found[1] and found[math.random(#found)]
end

local function rest(npc)
	npc.talk = nil
	npc.next_talk_us = agent.now_us() + (0.5 + math.random()) * settings.npc_talk_interval_s * 1e6
end

local function end_talk(talk)
	if talk.over then return end
	talk.over = true
	talks = talks - 1
	for _, id in ipairs({talk.speaker, talk.listener}) do
		local npc = llm_agent.get_npc(id)
		if npc then rest(npc) end
	end
end

-- Speaker and listener as they are now, or nil when one is gone, asleep or out of earshot.
local function both(talk)
	local speaker, listener = llm_agent.get_npc(talk.speaker), llm_agent.get_npc(talk.listener)
	local a, b = speaker and speaker:get_pos(), listener and listener:get_pos()
	if a and b and observe.in_range(a, b, settings.earshot) then return speaker, listener end
	return nil
end

local function next_line(talk)
	local speaker, listener = both(talk)
	if not speaker or talk.left == 0 or not agent.client.enabled then return end_talk(talk) end
	talk.left = talk.left - 1
	local heard = talk.heard ~= "" and talk.heard or nil
	speaker:think({player = listener.name, utterance = heard, priority = "ambient"}, function(reply)
		speaker, listener = both(talk)
		if not speaker then return end_talk(talk) end
		agent.face(speaker, listener:get_pos())
		if reply.fallback then talk.left = 0 end -- no small talk of stock phrases
		talk.heard = reply.text
		speaker:say(reply.text, {to = listener.name, reply = reply, priority = "ambient", on_done = function(was_spoken)
			if not was_spoken then return end_talk(talk) end
			talk.speaker, talk.listener = talk.listener, talk.speaker
			next_line(talk)
		end})
	end)
end

local function begin_talk(npc, other)
	local talk = {
		speaker = npc.id, listener = other.id, left = settings.npc_talk_chain_max, heard = OPENERS[math.random(#OPENERS)],
	}
	npc.talk, other.talk = talk, talk
	talks = talks + 1
	next_line(talk)
end

local function heard_by_a_player(players, pos)
	if settings.npc_talk == "always" then return true end
	for _, player in ipairs(players) do
		if observe.in_range(pos, player:get_pos(), settings.earshot) then return true end
	end
	return false
end

-- Begins at most one talk a look: no burst of questions in one step.
local function begin_talks(players, now)
	if settings.npc_talk == "off" or talks >= settings.npc_talk_groups_max then return end
	local count = #agent.order
	for i = 1, count do
		local npc = agent.order[(cursor + i - 1) % count + 1]
		local pos = free(npc, now) and npc:get_pos()
		if pos and heard_by_a_player(players, pos) then
			local other = partner_of(npc, pos)
			cursor = (cursor + i) % count
			if other then return begin_talk(npc, other) end
			rest(npc)
		end
	end
end

function agent.look_around(dtime)
	since_look_s = since_look_s + dtime
	if since_look_s < LOOK_EVERY_S then return end
	since_look_s = 0
	if not agent.client.enabled or not agent.order[1] then return end
	local now, players = agent.now_us(), core.get_connected_players()
	if settings.greet then greet_who_comes_near(players, now) end
	begin_talks(players, now)
end

core.register_on_chat_message(function(player_name, message)
	local ok, problem = pcall(agent.hear, player_name, message)
	if not ok then agent.log("error", "hearing failed: " .. tostring(problem)) end
	return false
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	last_heard_us[name] = nil
	for _, npc in ipairs(agent.order) do
		if npc.greeted then npc.greeted[name] = nil end
	end
end)
