-- Sounds of sentences, by who says what: kept for a while, so that what is said again, as greetings and set phrases are, is not
-- asked again. The daemon keeps them all; here are the latest. Pure.

local requests = ...

local sounds = {}

local KEPT_MAX_BYTES = 4 * 2^20 -- ten minutes of speech; the two halves of it are thrown away in turn

local young, old, young_bytes = {}, {}, 0

local function keep(key, sound)
	if young_bytes + #sound.ogg > KEPT_MAX_BYTES / 2 then young, old, young_bytes = {}, young, 0 end
	young[key], young_bytes = sound, young_bytes + #sound.ogg
end

local function kept(key)
	local sound = young[key] or old[key]
	if sound and not young[key] then keep(key, sound) end
	return sound
end

-- The sentence of this record, which has no field that does not belong to the sound but `priority`.
local function key_of(record)
	local npc = record.npc
	return table.concat({npc.id, npc.name, npc.role, record.voice or "", record.lang or "", record.text}, "\n")
end

-- As requests.ask.
function sounds.get(record, opts, callback)
	local key = key_of(record)
	local sound = kept(key)
	if sound then return callback(sound) end
	requests.ask(record, opts, function(got)
		if got then keep(key, got) end
		callback(got)
	end)
end

-- Another daemon may have other voices.
function sounds.forget()
	young, old, young_bytes = {}, {}, 0
end

return sounds
