-- A player says something in chat: who is meant, and who answers. Never swallows a message.
-- Runs in the chat callback; the answers come later. What was said between a player and an NPC is kept for the dialog form.

local S, log, now_us, settings, text, phrases, geometry, util, rate_limit, client, commands, npcs, nearby, attention, history,
	conversation, dialog, silence, mutes, say = ...

local hearing = {}

local PARTNER_US = 30e6 -- so long an unnamed sentence goes to whom one talked with last

local last_heard_us = {} -- player → when an NPC last took up what they said
local partners = {} -- player → {id, at_us}: the NPC they talk with
local turns = {} -- player → the turn of their last sentence, see take_turns

local function names_a_player(message, speaker)
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if name ~= speaker and text.names(message, name) then return true end
	end
	return false
end

-- Who is meant, of those in earshot: everybody who is named, or all where all are meant; else whom one talked with last;
-- else the nearest, unless another player is named.
function hearing.addressed(player_name, pos, message)
	local near, named = {}, {}
	for _, npc in ipairs(nearby.in_earshot(pos)) do
		if not mutes.is_muted(player_name, npc) then
			near[#near + 1] = npc
			if nearby.is_named(message, npc) then named[#named + 1] = npc end
		end
	end
	if named[1] then return util.first_of(named, settings.group_answers_max) end
	if text.names_any(message, phrases.everybody) then return util.first_of(near, settings.group_answers_max) end
	if names_a_player(message, player_name) then return {} end
	local partner = partners[player_name]
	for _, npc in ipairs(near) do
		if partner and npc.id == partner.id and now_us() - partner.at_us < PARTNER_US then return {npc} end
	end
	return util.first_of(near, 1)
end

-- Those who answer a sentence do it one after the other, so that each knows what was said before. turn: {player, line,
-- gathering, waiting = NPCs' ids, depth = how often one took up another's words}.
local take_turns

-- An NPC that the answer calls by name takes it up, before the others have their turn.
local function take_up(turn, speaker, line)
	local pos = speaker:get_pos()
	if turn.depth >= settings.group_depth_max or not pos then return end
	local other = conversation.called(line, nearby.in_earshot(pos), nearby.is_named)
	if not other or other.is_answering or mutes.is_muted(turn.player, other) then return end
	for _, id in ipairs(turn.waiting) do
		if id == other.id then return end -- its turn comes
	end
	turn.depth = turn.depth + 1
	other.conversation = turn.conversation
	attention.attend(other, speaker.id)
	return other
end

-- `line`: what is answered, the player's sentence or another NPC's.
local function answer(npc, turn, line)
	local is_shared = conversation.has_others(turn.conversation, npc.name, line.speaker)
	local opts = {
		player = line.speaker, utterance = line.text, history = is_shared and conversation.history(turn.conversation, line) or nil,
		actions = line == turn.line or nil,
	}
	say.answer_once(npc, opts, function(current, reply)
		if current and not reply.fallback then
			local said = conversation.add(turn.conversation, current.name, reply.text, now_us())
			local other = take_up(turn, current, said)
			if other then answer(other, turn, said) end
		end
		if current and line == turn.line then history.add(turn.player, current, current.name, reply.text) end
		take_turns(turn)
		local next_turn = current and not current.is_answering and current.next_turn
		if next_turn then
			current.next_turn = nil
			if core.get_player_by_name(next_turn.player) then answer(current, next_turn, next_turn.line) end
		end
	end)
end

-- The next of those who are meant. What is said to one that is still thinking is taken up after, the latest only; a new
-- sentence of the player ends the turns of the last.
take_turns = function(turn)
	local npc = turns[turn.player] == turn and npcs.get(table.remove(turn.waiting, 1) or "")
	if not npc then return end
	if not npc.is_answering then return answer(npc, turn, turn.line) end
	npc.next_turn = turn
	take_turns(turn)
end

-- Too fast, or too much: then silence, which costs nothing and spams nobody.
local function is_patient(player_name, now)
	local last = last_heard_us[player_name]
	if last and now - last < settings.player_cooldown_s * 1e6 then return false end
	return not rate_limit.exhausted(player_name, nil, now)
end

function hearing.hear(player_name, message)
	if not client.enabled or message:sub(1, 1) == "/" or text.clean(message) == "" then return end
	local player = core.get_player_by_name(player_name)
	local pos = player and player:get_pos()
	local now = now_us()
	if not pos or not is_patient(player_name, now) or silence.minutes(player_name) then return end
	local addressed = hearing.addressed(player_name, pos, message)
	if not addressed[1] then return end
	last_heard_us[player_name] = now
	partners[player_name] = {id = addressed[1].id, at_us = now}
	local turn = {player = player_name, waiting = {}, depth = 0}
	turn.conversation = conversation.of(addressed[1], now) or conversation.new(now)
	turn.line = conversation.add(turn.conversation, player_name, text.clean(message), now)
	for i, npc in ipairs(addressed) do
		turn.waiting[i], npc.conversation = npc.id, turn.conversation
		attention.attend(npc, player_name)
		history.add_player_line(npc, player_name, message)
	end
	turns[player_name] = turn
	take_turns(turn)
end

-- A private word: only the player hears the answer.
local function talk(player_name, rest)
	local npc, name_length = nearby.find(rest, player_name)
	if not npc then return false, S("No NPC of that name. Use: /llm talk NAME TEXT") end
	local words = text.clean(rest:sub(name_length + 1))
	if words == "" then return false, S("Say something: /llm talk NAME TEXT") end
	local refusal = silence.words(player_name)
	if refusal then return false, refusal end
	local player, pos = core.get_player_by_name(player_name), npc:get_pos()
	local is_near = not pos or player and geometry.in_range(player:get_pos(), pos, settings.earshot)
	if not is_near and not core.check_player_privs(player_name, {llm_admin = true}) then
		return false, S("@1 is too far away to hear you.", npc.name)
	end
	dialog.whisper(npc, player_name, words, function(reply)
		core.chat_send_player(player_name, ("<%s> %s"):format(npc.name, reply.text))
		if reply.fallback and reply.code ~= "filtered" then
			core.chat_send_player(player_name, S("(the model did not answer: @1)", reply.error))
		end
	end)
	return true
end

commands.register("talk", {params = S("NAME TEXT"), help = S("a private word with an NPC"), run = talk})

core.register_on_chat_message(function(player_name, message)
	local ok, problem = pcall(hearing.hear, player_name, message)
	if not ok then log("error", "hearing failed: " .. tostring(problem)) end
	return false
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	last_heard_us[name], partners[name], turns[name] = nil, nil, nil
end)

return hearing
