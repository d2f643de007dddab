-- Whose turn it is to speak: one line at a time within earshot, so that NPCs do not talk over each other. Pure; time is passed
-- in.
-- A line is {npc, spoken, start(now), step(now) -> over, finish(was_spoken)}; finish comes exactly once.

local settings, whereabouts, in_range = ...
-- whereabouts(npc_id) -> present (boolean), pos or nil; in_range(pos, pos, nodes) -> boolean

local speech_queue = {}

local LINE_EVERY_US = 90e3 -- a line goes on: every other step at 20 a second; words appear no faster
local LOOK_EVERY_US = 0.25e6 -- whether those who wait have got out of earshot by walking

local active, waiting = {}, {} -- lines being said, lines that wait for their turn
local next_presence_us = 0
local changed, next_look_us = false, 0 -- has anybody begun to wait or fallen silent since the last look?

local lines_of = {} -- NPC → how many lines it says or waits to say; counted, because `busy` is called for every NPC all the time

local function count(line, change)
	local lines = (lines_of[line.npc] or 0) + change
	lines_of[line.npc] = lines > 0 and lines or nil
end

local function finish(line, was_spoken)
	if line.finished then return end
	line.finished = true
	if line.queued_us then count(line, -1) end
	if line.finish then line.finish(was_spoken) end
end

-- Room for one more line of this NPC: its oldest unimportant one goes; false if all are more important than `line`.
local function make_room(line)
	local lines, victim = 0, nil
	for i, other in ipairs(waiting) do
		if other.npc == line.npc then
			lines = lines + 1
			if not victim and not other.spoken then victim = i end
		end
	end
	if lines < settings.say_queue_max then return true end
	if not victim then return false end
	finish(table.remove(waiting, victim), false)
	return true
end

-- Queue a line. One that answers a player goes before those that don't. False, and finish(false), if there is no room.
function speech_queue.add(line, now)
	if not make_room(line) then
		finish(line, false)
		return false
	end
	line.queued_us = now
	local at = #waiting + 1
	if line.spoken then
		while at > 1 and not waiting[at - 1].spoken do at = at - 1 end
	end
	table.insert(waiting, at, line)
	changed = true
	count(line, 1)
	return true
end

-- speaking: {npc, pos} of all who speak, looked up once for all who wait.
local function may_start(line, pos, speaking)
	for _, other in ipairs(speaking) do
		if other.npc == line.npc then return false end
		if pos and other.pos and in_range(pos, other.pos, settings.earshot) then return false end
	end
	return true
end

-- Whether speakers are still there is checked every LOOK_EVERY_US. An NPC that is unregistered is silenced at once, by hush.
local function go_on(now)
	local looks = now >= next_presence_us
	if looks then next_presence_us = now + LOOK_EVERY_US end
	for i = #active, 1, -1 do
		local line = active[i] -- nil where an earlier one's end has silenced others
		local present = line and (not looks or whereabouts(line.npc))
		local goes_on = line and now >= line.next_us
		if goes_on then line.next_us = now + LINE_EVERY_US end
		if line and (not present or goes_on and line.step(now)) then
			changed = true
			if active[i] == line then -- a listener may have silenced it, or others before it
				table.remove(active, i)
				finish(line, present)
			end
		end
	end
end

local function give_turns(now)
	changed, next_look_us = false, now + LOOK_EVERY_US
	local speaking = {}
	for i, line in ipairs(active) do
		local present, pos = whereabouts(line.npc)
		speaking[i] = {npc = line.npc, pos = present and pos}
	end
	local i = 1
	while i <= #waiting do
		local line = waiting[i]
		local present, pos = whereabouts(line.npc)
		local overdue = not line.spoken and now - line.queued_us > settings.say_wait_ms * 1000
		if not present or overdue then
			finish(table.remove(waiting, i), false)
		elseif may_start(line, pos, speaking) then
			table.remove(waiting, i)
			active[#active + 1] = line
			line.next_us = now
			speaking[#speaking + 1] = {npc = line.npc, pos = pos}
			line.start(now)
		else
			i = i + 1
		end
	end
end

function speech_queue.step(now)
	if active[1] then go_on(now) end
	if waiting[1] and (changed or now >= next_look_us) then give_turns(now) end
end

-- Is this NPC speaking, or about to?
function speech_queue.busy(npc_id)
	return lines_of[npc_id] ~= nil
end

-- The NPC falls silent: what it wanted to say is forgotten.
function speech_queue.hush(npc_id)
	for _, list in ipairs({active, waiting}) do
		for i = #list, 1, -1 do
			if list[i].npc == npc_id then
				changed = true
				finish(table.remove(list, i), false)
			end
		end
	end
end

return speech_queue
