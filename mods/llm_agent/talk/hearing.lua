-- A player says something in chat: those who are meant (addressing.lua) hear it and answer in turn (turns.lua).
-- Never swallows a message. The chat callback does nothing of it: what is said is heard in the next step.

local S, now_us, settings, text, rate_limit, jobs, client, nearby, greetings, attention, history, conversation, silence,
	addressing, turns = ...

local hearing = {}

local last_heard_us = {} -- player → when an NPC last took up what they said

-- False for sentences that come too fast or beyond the rate limit. They are ignored without a word.
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
	local addressed, too_far = addressing.of(player_name, pos, message)
	if not addressed[1] and not too_far then return end
	last_heard_us[player_name] = now
	if too_far then return core.chat_send_player(player_name, S("@1 is too far away to hear you.", too_far.name)) end
	addressing.note_partner(player_name, addressed[1])
	local shared = conversation.of(addressed[1], now) or conversation.new(now)
	local line = conversation.add(shared, player_name, text.clean(message), now)
	local parts, to_answer = {}, {}
	for _, npc in ipairs(addressed) do
		local words, others = nearby.part_for(npc, line.text)
		parts[npc.id] = {words = words, others = others}
		npc.conversation = shared
		attention.attend(npc, player_name)
		greetings.mark(npc, player_name) -- whom one talks with needs no hello a moment later
		if not history.add_player_line(npc, player_name, words) then to_answer[#to_answer + 1] = npc end
	end
	jobs.add(function() turns.begin(player_name, to_answer, line, parts, shared) end)
end

core.register_on_chat_message(function(player_name, message)
	jobs.add(function() hearing.hear(player_name, message) end)
	return false
end)

core.register_on_leaveplayer(function(player)
	last_heard_us[player:get_player_name()] = nil
end)

return hearing
