-- What is said aloud among several, kept once and shared, so that each knows what the others said. Pure; time is passed in.
-- Who takes up a line is decided by names, without asking the model.

local conversation = {}

local LINES_MAX = 8 -- sent with a question as history; the daemon takes 20
local OVER_US = 60e6 -- after this long a silence a new conversation begins

function conversation.new(now)
	return {lines = {}, heard_us = now}
end

-- The one that somebody (an NPC) takes part in, or nil.
function conversation.of(npc, now)
	local shared = npc.conversation
	if shared and now - shared.heard_us > OVER_US then npc.conversation = nil end
	return npc.conversation
end

-- Somebody said something aloud. Returns the line, for `history`.
function conversation.add(shared, speaker, words, now)
	local line = {speaker = speaker, text = words}
	shared.heard_us = now
	shared.lines[#shared.lines + 1] = line
	if #shared.lines > LINES_MAX then table.remove(shared.lines, 1) end
	return line
end

-- What was said beside the line that a question is about; nil where nothing was.
function conversation.history(shared, about)
	local rest = {}
	for _, line in ipairs(shared.lines) do
		if line ~= about then rest[#rest + 1] = line end
	end
	return rest[1] and rest or nil
end

-- Did anybody but these two speak? What an NPC and a player alone said to each other the daemon remembers by itself.
function conversation.has_others(shared, name, other_name)
	for _, line in ipairs(shared.lines) do
		if line.speaker ~= name and line.speaker ~= other_name then return true end
	end
	return false
end

-- Who of a list of NPCs takes up a line: the first who is named in it and did not say it. named: NPC → true.
function conversation.called(line, npcs, named)
	for _, npc in ipairs(npcs) do
		if npc.name ~= line.speaker and named[npc] then return npc end
	end
	return nil
end

return conversation
