-- Who is heard now: for what goes with a voice, such as a mouth that moves (body), and for who stops it (barge-in). Pure; time is
-- passed in.

local now_us = ...

local speaking = {}

local current = {} -- id of an NPC → the sentence that is heard: {started_us, until_us, mouth}
local listeners = {}
local stop = function() end

-- fn(npc, sound): a sentence begins to be heard. sound: {id, seconds, mouth (a digit, 0 to 9, for each tenth of a second: how
-- loud), started_us, until_us}.
function speaking.on_sound(fn)
	table.insert(listeners, fn)
end

function speaking.begin(npc, sound)
	current[npc.id] = sound
	for _, fn in ipairs(listeners) do fn(npc, sound) end
end

-- A sentence has ended, or was broken off. Another may have begun meanwhile: in a window, or in another language.
function speaking.ended(npc, sound)
	if current[npc.id] == sound then current[npc.id] = nil end
end

-- The sentence of this NPC that is heard now, or nil.
function speaking.is_speaking(npc)
	local sound = current[npc.id]
	return sound and now_us() < sound.until_us and sound or nil
end

-- It falls silent in mid-sentence, and what it was still to say of this line stays unheard. Its words are shown as ever.
function speaking.stop(npc)
	stop(npc)
end

-- The one who plays sounds brings this.
function speaking.use_stop(fn)
	stop = fn
end

return speaking
