-- A private word to an NPC, in the dialog or by `/llm talk`: only the player hears the answer.

local S, now_us, settings, text, geometry, rate_limit, commands, npcs, nearby, repeats, attention, history,
	silence, output, mind_mark = ...

local whisper = {}

-- Is the player within earshot of the NPC? A voice without a place is everywhere.
function whisper.is_in_reach(npc, player_name)
	local player, pos = core.get_player_by_name(player_name), npc:get_pos()
	return not pos or player ~= nil and geometry.in_range(player:get_pos(), pos, settings.earshot)
end

-- Why the NPC does not hear this player now: words for them, or nil. Counts as a question for the rate limit.
function whisper.refusal(npc, player_name)
	local words = silence.words(player_name)
	if words then return words end
	return rate_limit.exhausted(player_name, npc.id, now_us()) and S("(@1 needs a moment.)", npc.name) or nil
end

-- Ask privately: nothing is said aloud. callback(reply) after the talk's history has both lines; nil where it is answered
-- already.
function whisper.ask(npc, player_name, words, callback)
	local id = npc.id
	attention.attend(npc, player_name)
	if history.add_player_line(npc, player_name, words) then return callback(nil) end
	npc:think({player = player_name, utterance = words, priority = "spoken", actions = true}, function(reply)
		local current = npcs.get(id)
		if current then
			repeats.note(current.recent_lines, reply.text, player_name, now_us())
			history.add(player_name, current, current.name, reply.text, reply.mind)
			output.say_privately(current, player_name, reply.text, reply.lang)
		end
		callback(reply)
	end)
end

local function talk(player_name, rest)
	local npc, name_length = nearby.find(rest, player_name)
	if not npc then return false, S("No NPC of that name. Use: /llm talk NAME TEXT") end
	local words = text.clean(rest:sub(name_length + 1))
	if words == "" then return false, S("Say something: /llm talk NAME TEXT") end
	local refusal = silence.words(player_name)
	if refusal then return false, refusal end
	if not whisper.is_in_reach(npc, player_name) and not commands.is_admin(player_name) then
		return false, S("@1 is too far away to hear you.", npc.name)
	end
	whisper.ask(npc, player_name, words, function(reply)
		if not reply then return end
		core.chat_send_player(player_name, ("<%s> %s"):format(npc.name, reply.text))
		local mark = mind_mark(player_name, reply.mind)
		if mark then core.chat_send_player(player_name, mark) end
		if reply.fallback and reply.code ~= "filtered" then
			core.chat_send_player(player_name, S("(the model did not answer: @1)", reply.error))
		end
	end)
	return true
end

commands.register("talk", {params = S("NAME TEXT"), help = S("a private word with an NPC"), run = talk})

return whisper
