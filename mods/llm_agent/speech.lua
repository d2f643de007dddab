-- Whose turn it is to speak: one sentence at a time within earshot, so that NPCs don't talk into each other.
-- Pure; time is passed in. A line is {npc, spoken, start(now), step(now) -> over, finish(was_spoken)}; finish comes exactly once.

local settings, where, in_range = ...
-- where(npc_id) -> present (boolean), pos or nil; in_range(pos, pos, nodes) -> boolean

local speech = {}

local active, waiting = {}, {} -- lines being said, lines that wait for their turn

local function finish(line, was_spoken)
	if line.finished then return end
	line.finished = true
	if line.finish then line.finish(was_spoken) end
end

-- Room for one more line of this NPC: its oldest unimportant one goes; false if all are more important than `line`.
local function make_room(line)
	local own, victim = 0, nil
	for i, other in ipairs(waiting) do
		if other.npc == line.npc then
			own = own + 1
			if not victim and not other.spoken then victim = i end
		end
	end
	if own < settings.say_queue_max then return true end
	if not victim then return false end
	finish(table.remove(waiting, victim), false)
	return true
end

-- Queue a line. One that answers a player goes before those that don't. False, and finish(false), if there is no room.
function speech.add(line, now)
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
	return true
end

local function may_start(line, pos)
	for _, other in ipairs(active) do
		if other.npc == line.npc then return false end
		local present, other_pos = where(other.npc)
		if present and pos and other_pos and in_range(pos, other_pos, settings.earshot) then return false end
	end
	return true
end

function speech.step(now)
	if not active[1] and not waiting[1] then return end
	for i = #active, 1, -1 do
		local line = active[i] -- nil where an earlier one's end has silenced others
		local present = line and where(line.npc)
		if line and (not present or line.step(now)) then finish(table.remove(active, i), present) end
	end
	local i = 1
	while i <= #waiting do
		local line = waiting[i]
		local present, pos = where(line.npc)
		local overdue = not line.spoken and now - line.queued_us > settings.say_wait_ms * 1000
		if not present or overdue then
			finish(table.remove(waiting, i), false)
		elseif may_start(line, pos) then
			table.remove(waiting, i)
			active[#active + 1] = line
			line.start(now)
		else
			i = i + 1
		end
	end
end

-- Is this NPC speaking, or about to?
function speech.busy(npc_id)
	for _, list in ipairs({active, waiting}) do
		for _, line in ipairs(list) do
			if line.npc == npc_id then return true end
		end
	end
	return false
end

-- The NPC falls silent: what it wanted to say is forgotten.
function speech.hush(npc_id)
	for _, list in ipairs({active, waiting}) do
		for i = #list, 1, -1 do
			if list[i].npc == npc_id then finish(table.remove(list, i), false) end
		end
	end
end

return speech
