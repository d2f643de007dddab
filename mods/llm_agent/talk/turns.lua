-- NPCs that answer the same sentence do it one after the other, so that each knows what was said before.
-- An NPC that an answer calls by name takes it up, before the others have their turn. Runs in callbacks of the model's answers.

local now_us, settings, util, questions, npcs, nearby, attention, history, conversation, mutes, say = ...

local turns = {}

local latest = {} -- player → the turn of their last sentence

-- turn: {player, line, parts = id → {words, others}: what of the line is for an NPC and who else is called by that, conversation,
-- waiting = NPCs' ids, depth = how often one took up another's words}
local take_turns

-- Those whom a line names and who may take it up, as a set. Not whom the player asked about, nor who is pointed out with what
-- they are: "Piet the farmer is over there."
local function named_by(line, turn)
	local named, _, asked_about = nearby.named(line.text), nearby.meant(turn.line.text)
	for npc in pairs(named) do
		local _, last = line.text:find(npc.name, 1, true)
		local is_shown = last and line.text:find("^,? the ", last + 1)
		if is_shown or util.contains(asked_about, npc) then named[npc] = nil end
	end
	return named
end

-- An NPC that the answer calls by name takes it up, before the others have their turn. Not one who is only named: "I go to Bram"
-- is a deed, and who is here was asked by the player.
local function take_up(turn, speaker, line)
	local pos = speaker:get_pos()
	if turn.depth >= settings.group_depth_max or not pos then return end
	local other = conversation.called(line, nearby.in_earshot(pos), named_by(line, turn))
	if not other or other.is_answering or mutes.is_muted(turn.player, other) then return end
	for _, id in ipairs(turn.waiting) do
		if id == other.id then return end -- it will answer anyway
	end
	turn.depth = turn.depth + 1
	other.conversation = turn.conversation
	attention.attend(other, speaker.id)
	return other
end

-- `line`: what is answered, the player's sentence or another NPC's.
local function answer(npc, turn, line)
	if npc.combat then return take_turns(turn) end -- it fights: what it says then is combat's affair
	local is_shared = conversation.has_others(turn.conversation, npc.name, line.speaker)
	local opts = {
		player = line.speaker, utterance = line.text, history = is_shared and conversation.history(turn.conversation, line) or nil,
	}
	if line == turn.line then
		local part = turn.parts[npc.id]
		opts.actions, opts.utterance, opts.audience = true, part.words, part.others
	end
	say.answer_once(npc, opts, function(current, reply)
		if current and not reply.fallback then
			local spoken = conversation.add(turn.conversation, current.name, reply.text, now_us())
			local is_word_to_them = not reply.action and not reply.told and questions.asked(line.text) ~= "near"
			local other = is_word_to_them and take_up(turn, current, spoken)
			if other then answer(other, turn, spoken) end
		end
		if current and line == turn.line then history.add(turn.player, current, current.name, reply.text, reply.mind) end
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
	local npc = latest[turn.player] == turn and npcs.get(table.remove(turn.waiting, 1) or "")
	if not npc then return end
	if not npc.is_answering then return answer(npc, turn, turn.line) end
	npc.next_turn = turn
	take_turns(turn)
end

-- Have those who are meant (a list of NPCs) answer a line of the player. parts: id → {words, others}.
function turns.begin(player_name, npcs_meant, line, parts, of_conversation)
	local turn = {player = player_name, line = line, parts = parts, conversation = of_conversation, waiting = {}, depth = 0}
	for i, npc in ipairs(npcs_meant) do turn.waiting[i] = npc.id end
	latest[player_name] = turn
	take_turns(turn)
end

core.register_on_leaveplayer(function(player) latest[player:get_player_name()] = nil end)

return turns
