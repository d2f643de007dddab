-- What NPCs start by themselves: greetings, and talks among each other.
-- Does one thing in a step, and nothing in quiet hours, while the mod is switched off, or to players who do not want to hear it.

local log, now_us, settings, geometry, client, npcs, nearby, attention, conversation, greetings, quiet_hours,
	warming = ...

local small_talk = {}

local LOOK_EVERY_S = 1 -- who is near whom
-- What the first speaker is asked, so that it has something to say. Nobody hears the question. "" is a greeting.
local OPENERS = {
	"", "Any news?", "How is work?", "What do you think of the weather?", "Did anything strange happen lately?", "How are you?",
	"What are you thinking of?", "What did you do today?", "Did you sleep well?", "Have you heard any rumours?",
	"What is for supper?", "Seen any travellers?", "How is the family?", "What would you do with a purse of gold?",
	"Do you never get bored?",
}

local JOINS = 0.25 -- chance that somebody near joins in without being called
local WAIT_MAX_S = 1 -- after this wait the next line of a talk is asked for even in a busy step

local talks = 0
local due, waited_s = {}, 0 -- talks whose next line is due, one a step
local since_look_s = 0
local cursor = 0 -- where in the list of NPCs the next look for talkers begins, so that all get their turn
local hours = quiet_hours.parse(settings.quiet_hours)

if hours == false then
	log("warning", ("llm_agent.quiet_hours = %s: want two hours, such as 22-6; there are none now")
		:format(settings.quiet_hours))
end

local function is_free(npc, now)
	if npc.combat or npc.beaten then return false end
	if attention.is_talking(npc, now) then return false end
	npc.next_small_talk_us = npc.next_small_talk_us or now + math.random() * settings.npc_talk_interval_s * 1e6
	return npc.next_small_talk_us <= now and npc:is_present()
end

local function partner_of(npc, pos, now)
	local found = {}
	for _, other in ipairs(nearby.in_earshot(pos)) do
		if other.combat then return nil end -- nobody gossips beside a fight
		if other ~= npc and not other.beaten and not attention.is_talking(other, now) then found[#found + 1] = other end
	end
	return found[1] and found[math.random(#found)]
end

local function rest(npc)
	npc.small_talk = nil
	npc.next_small_talk_us = now_us() + (0.5 + math.random()) * settings.npc_talk_interval_s * 1e6
end

local function end_talk(talk)
	if talk.over then return end
	talk.over = true
	talks = talks - 1
	for _, id in ipairs(talk.members) do
		local npc = npcs.get(id)
		if npc and npc.small_talk == talk then rest(npc) end
	end
end

-- Speaker and listener as they are now, or nil when one is gone, asleep, out of earshot or in a fight.
local function both(talk)
	local speaker, listener = npcs.get(talk.speaker), npcs.get(talk.listener)
	local a, b = speaker and speaker:get_pos(), listener and listener:get_pos()
	local at_peace = a and b and not (speaker.combat or listener.combat or speaker.beaten or listener.beaten)
	if at_peace and geometry.in_range(a, b, settings.earshot) then return speaker, listener end
	return nil
end

local function joins(talk, npc, now)
	if npc.small_talk or attention.is_talking(npc, now) or #talk.members >= settings.npc_talk_members_max then return false end
	npc.small_talk = talk
	talk.members[#talk.members + 1] = npc.id
	return true
end

-- Who speaks after a line: whom it calls by name, once in a while somebody else who stands by, else the listener.
local function next_speaker(talk, speaker, pos)
	local now, near = now_us(), nearby.in_earshot(pos)
	local called = talk.heard and conversation.called(talk.heard, near, nearby.named(talk.heard.text))
	if called and (called.small_talk == talk or joins(talk, called, now)) then return called.id end
	local by = math.random() < JOINS and partner_of(speaker, pos, now)
	return by and joins(talk, by, now) and by.id or talk.listener
end

local function pass_on(talk)
	local speaker = npcs.get(talk.speaker)
	local pos = speaker and speaker:get_pos()
	if not pos then return end_talk(talk) end
	talk.speaker, talk.listener = next_speaker(talk, speaker, pos), talk.speaker
	due[#due + 1] = talk
end

local begin_sources = {}

-- fn(speaker, listener) -> a line that a talk of the two begins with, or nil. Then nobody is asked for it.
function small_talk.on_begin(fn) table.insert(begin_sources, fn) end

local function first_line(speaker, listener)
	for _, fn in ipairs(begin_sources) do
		local line = fn(speaker, listener)
		if line then return line end
	end
end

local function next_line(talk)
	local speaker, listener = both(talk)
	if not speaker or talk.left == 0 or not client.enabled then return end_talk(talk) end
	talk.left = talk.left - 1
	local name = speaker.name
	attention.attend(speaker, listener.id)
	attention.attend(listener, speaker.id)
	local priority = nearby.has_listeners(speaker:get_pos()) and "ambient" or "background"
	local in_bubble_only = not settings.npc_talk_chat
	local function on_done(was_spoken)
		if not was_spoken then return end_talk(talk) end
		pass_on(talk)
	end
	local known = not talk.heard and first_line(speaker, listener)
	if known then
		talk.heard = conversation.add(talk.conversation, name, known, now_us())
		return speaker:say(known, {to = listener.name, priority = priority, on_done = on_done, in_bubble_only = in_bubble_only})
	end
	speaker:converse({
		player = listener.name,
		utterance = talk.heard and talk.heard.text or talk.opener,
		history = talk.heard and conversation.history(talk.conversation, talk.heard),
		remember = false, -- so it may come from the cache, and does not push what players said out of the memory
		priority = priority, on_done = on_done, in_bubble_only = in_bubble_only, no_stopgap = true,
	}, function(reply)
		if reply.fallback then talk.left = 0 end -- fallback lines make no talk
		talk.heard = conversation.add(talk.conversation, name, reply.text, now_us())
	end)
end

local function begin_talk(npc, other)
	local opener = OPENERS[math.random(#OPENERS)]
	local talk = {
		speaker = npc.id, listener = other.id, members = {npc.id, other.id}, left = settings.npc_talk_chain_max,
		opener = opener ~= "" and opener or nil, conversation = conversation.new(now_us()),
	}
	npc.small_talk, other.small_talk = talk, talk
	talks = talks + 1
	next_line(talk)
end

-- Begins at most one talk a look: no burst of questions in one step.
local function begin_talks(now)
	if settings.npc_talk == "off" or talks >= settings.npc_talk_groups_max then return end
	local count = #npcs.list
	for i = 1, count do
		local npc = npcs.list[(cursor + i - 1) % count + 1]
		local pos = is_free(npc, now) and npc:get_pos()
		if pos and (settings.npc_talk == "always" or nearby.has_listeners(pos)) then
			local other = partner_of(npc, pos, now)
			cursor = (cursor + i) % count
			if other then return begin_talk(npc, other) end
			rest(npc)
		end
	end
end

-- The next line of one talk, in a step with room for it.
local function go_on(dtime, until_us)
	waited_s = waited_s + dtime
	if now_us() >= until_us and waited_s < WAIT_MAX_S then return end
	waited_s = 0
	next_line(table.remove(due, 1))
end

-- One thing in a step: what NPCs do by themselves may wait, and steps that have done enough already (`until_us`) are left alone.
function small_talk.step(_, until_us, dtime)
	since_look_s = since_look_s + dtime
	if due[1] and since_look_s < 2 * LOOK_EVERY_S then return go_on(dtime, until_us) end
	local now = now_us()
	if since_look_s < LOOK_EVERY_S or now >= until_us and since_look_s < 2 * LOOK_EVERY_S then return end
	since_look_s = 0
	for _, npc in ipairs(npcs.list) do attention.let_go(npc, now) end
	if not client.enabled or not npcs.list[1] then return end
	warming.look(core.get_connected_players(), now)
	if quiet_hours.is_quiet(hours, core.get_timeofday() or 0.5) then return end
	if settings.greet then greetings.greet_who_comes_near(core.get_connected_players(), now) end
	begin_talks(now)
end

return small_talk
