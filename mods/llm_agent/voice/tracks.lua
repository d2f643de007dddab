-- A track: the sentences of one line in one language, for those who are to hear them. Each sentence is asked for when it is
-- whole, sent to the clients in earshot when its sound is there, and heard when the one before has ended; one that comes too late
-- is left out. Nothing here holds a line up. Times are microseconds.

local now_us, settings, util, npcs, roles, Sentences, requests, sounds, media, listeners, mouth, speaking = ...

local tracks = {}

local AHEAD_MAX = 2 -- sentences asked for while one is heard: a line that is broken off has cost no more
local PAUSE_US = 150e3 -- between two sentences, as a speaker breathes
-- A voice later than this is of no use: after the sentence's last word was shown; of words that are shown whole, after it could
-- have begun.
local LATE_US, LATE_WHOLE_US = 1.5e6, 4e6
local DEADLINE_MIN_US, DEADLINE_MAX_US = 1e6, 15e6 -- of a sentence, for the daemon
-- Clients take a sound at different times. All near are to hear a sentence together, but no longer than this is waited for one,
-- and who has it so much later joins in.
local GATHER_US, JOIN_US = 400e3, 500e3
local LOOK_US = 0.25e6 -- where nobody is near: whether somebody has come
local FADE_S = 0.15 -- of a voice that is stopped: a click hurts
local LOUDEST = 4 -- of gains, so that a fade is never slower than FADE_S

local all = {} -- tracks with something left to do; a handful

-- of: npc, lang (or nil), priority, hears(player_name) -> boolean, and `typing` (a typewriter whose words are said) or `words`.
function tracks.begin(of)
	local track = {
		npc = of.npc, lang = of.lang, priority = of.priority, hears = of.hears, typing = of.typing, cutter = Sentences.new(),
		sentences = {}, next = 1, free_us = now_us(), look_us = 0, is_over = false,
	}
	if of.words then track.sentences = track.cutter:take(of.words, true) end
	all[#all + 1] = track
	return track
end

local function record_of(track, sentence)
	local npc = track.npc
	return {
		npc = {id = npc.id, name = npc.name, role = npc.role}, voice = roles.voice(npc), text = sentence.text, lang = track.lang,
		priority = track.priority,
	}
end

-- Until when a sentence is of use, as far as can be told now: what is typed before it takes its time, and so does what is heard.
local function deadline_of(track, sentence, now)
	local typing, us = track.typing, LATE_WHOLE_US
	if typing then us = LATE_US + math.max(0, sentence.last - typing:shown_until()) * settings.read_char_ms * 1000 end
	if track.playing then us = us + math.max(0, track.playing.until_us - now) end
	return now + math.max(DEADLINE_MIN_US, math.min(us, DEADLINE_MAX_US))
end

-- Playing --------------------------------------------------------------------------------------------------------------

local function play_to(track, name, gain)
	local playing, npc = track.playing, track.npc
	local sound_name = media.name(name, playing.sentence.sound)
	if not sound_name or playing.handles[name] then return end
	-- With `to_player` the engine tests no distance, and the client places the sound and dims it with distance as any other.
	local object = mouth.of(npc)
	playing.handles[name] = core.sound_play({name = sound_name}, {
		object = object, pos = not object and npc:get_pos() or nil, to_player = name, gain = gain,
		max_hear_distance = settings.earshot,
	})
end

-- The sentence is heard from now on by all who have it. False where nobody is left to.
local function play(track, sentence, now)
	local here = listeners.of(track.npc, track.hears)
	local sound = sentence.sound
	track.playing = {sentence = sentence, started_us = now, until_us = now + sound.seconds * 1e6, handles = {}}
	for name, gain in pairs(here or {}) do play_to(track, name, gain) end
	if not next(track.playing.handles) then
		track.playing = nil
		return false
	end
	if track.typing then track.typing:keep_pace(sentence.last, track.playing.until_us + PAUSE_US) end
	track.playing.told = {
		id = sound.id, seconds = sound.seconds, mouth = sound.mouth, started_us = now, until_us = track.playing.until_us,
	}
	speaking.begin(track.npc, track.playing.told)
	return true
end

local function fade(handle)
	core.sound_fade(handle, LOUDEST / FADE_S, 0)
end

-- Falls silent now, and for good.
function tracks.stop(track)
	if track.is_over then return end
	track.is_over = true
	if not track.playing then return end
	for _, handle in pairs(track.playing.handles) do fade(handle) end
	speaking.ended(track.npc, track.playing.told)
	track.playing = nil
	if track.typing then track.typing:keep_pace(0, 0) end
end

-- One player hears no more of the sentence that they hear now.
function tracks.hush(player_name, but)
	for _, track in ipairs(all) do
		local handle = track ~= but and track.playing and track.playing.handles[player_name]
		if handle then
			fade(handle)
			track.playing.handles[player_name] = nil
		end
	end
end

-- Sentences ------------------------------------------------------------------------------------------------------------

-- Has the text left this sentence behind, or has nobody anything of it in time?
local function is_late(track, sentence, now)
	local typing = track.typing
	if not typing then return now - track.free_us > LATE_WHOLE_US end
	if typing.over or typing:is_past(sentence.last) then return true end
	if typing:shown_until() < sentence.last then return false end
	sentence.shown_us = sentence.shown_us or now
	return now - sentence.shown_us > LATE_US
end

-- Do enough clients have it to begin?
local function is_gathered(sentence, now)
	if not sentence.is_with_some then return false end
	return not next(sentence.missing) or now - sentence.sent_us >= GATHER_US
end

-- The next sentence, where it is its turn.
local function go_on(track, now)
	local sentence = track.sentences[track.next]
	if not sentence or now < track.free_us then return end
	local late = is_late(track, sentence, now)
	if not late and sentence.sent_us and is_gathered(sentence, now) and play(track, sentence, now) then return end
	local is_lost = sentence.has_failed or sentence.sent_us and not sentence.is_with_some and not next(sentence.missing)
	if is_lost or late then track.next = track.next + 1 end
end

-- A client has a sentence's sound: it begins, where all have waited for this one, or has just begun without.
local function has_come(track, sentence, name)
	sentence.missing[name], sentence.is_with_some = nil, true
	local playing, now = track.playing, now_us()
	if track.is_over then return end
	if not playing then return go_on(track, now) end
	if playing.sentence ~= sentence or now - playing.started_us > JOIN_US then return end
	local here = listeners.of(track.npc, function(one) return one == name and track.hears(one) end)
	if here then play_to(track, name, here[name]) end
end

local function send(track, sentence)
	sentence.missing = {}
	mouth.of(track.npc) -- clients know it by the time it speaks
	local here = listeners.of(track.npc, track.hears) or {}
	for name in pairs(here) do sentence.missing[name] = true end
	sentence.sent_us = now_us()
	for name in pairs(here) do
		local gets_it = media.give(name, sentence.sound, function() has_come(track, sentence, name) end)
		if not gets_it then sentence.missing[name] = nil end
	end
end

local function ask(track, sentence, now)
	sentence.is_asked = true
	local opts = {
		deadline_us = deadline_of(track, sentence, now), is_next = sentence == track.sentences[track.next] and not track.playing,
		is_wanted = function() return not track.is_over end,
	}
	sounds.get(record_of(track, sentence), opts, function(sound)
		sentence.sound, sentence.has_failed = sound, sound == nil
		if sound and not track.is_over then send(track, sentence) end
	end)
end

local function has_listeners(track, now)
	if now < track.look_us then return false end
	local here = listeners.of(track.npc, track.hears) ~= nil
	track.look_us = here and 0 or now + LOOK_US
	return here
end

local function ask_ahead(track, now)
	local last, is_heard = math.min(track.next + AHEAD_MAX, #track.sentences), nil
	for i = track.next, last do
		local sentence = track.sentences[i]
		if not sentence.is_asked then
			if is_heard == nil then is_heard = has_listeners(track, now) end
			if not is_heard or requests.is_full() then return end
			ask(track, sentence, now)
		end
	end
end

local function end_sentence(track, now)
	local playing = track.playing
	if not playing or now < playing.until_us then return end
	track.free_us = playing.until_us + PAUSE_US
	track.playing, track.next = nil, track.next + 1
	speaking.ended(track.npc, playing.told)
end

-- True, unless it fails: then it is silent from now on, and the game goes on.
local step = util.guarded("a voice", function(track, now)
	local typing = track.typing
	if typing then
		for _, sentence in ipairs(track.cutter:take(typing.heard, typing.closed)) do table.insert(track.sentences, sentence) end
	end
	end_sentence(track, now)
	if not track.playing then go_on(track, now) end
	ask_ahead(track, now)
	local is_whole = not typing or typing.closed
	if is_whole and not track.sentences[track.next] then track.is_over = true end
	return true
end)

-- Is it heard, or about to be?
function tracks.goes_on(track)
	if track.is_over then return false end
	local sentence = track.sentences[track.next]
	return track.playing ~= nil or sentence ~= nil and sentence.sound ~= nil
end

-- All tracks of an NPC: fn(track).
function tracks.each_of(npc, fn)
	for _, track in ipairs(all) do
		if track.npc == npc then fn(track) end
	end
end

local function is_needed(npc)
	for _, track in ipairs(all) do
		if track.npc == npc then return true end
	end
	return false
end

function tracks.step(now)
	if not all[1] then return end
	for i = #all, 1, -1 do
		local track = all[i]
		local is_here = npcs.by_id[track.npc.id] == track.npc
		if not is_here or not track.is_over and not step(track, now) then tracks.stop(track) end
		if track.is_over then
			table.remove(all, i)
			if not is_needed(track.npc) then mouth.release(track.npc) end
		end
	end
	requests.step(now)
end

return tracks
