-- The lines that are heard: what an NPC says aloud, the same for those who want another language, and private words. Hooks into
-- the speech output, and stops a voice where a player speaks to the NPC.

local now_us, settings, output, languages, language, history, listeners, speaking, tracks = ...

local HOLD_MAX_US = 20e6 -- a turn lasts no longer for a voice that its words have ended before

local private = {} -- player → the track that is for them alone

local function is_in_private(name)
	return private[name] ~= nil and not private[name].is_over
end

local function code_of(...)
	for i = 1, select("#", ...) do
		local code = select(i, ...)
		if code and code ~= "" then return code end
	end
	return nil
end

-- Who wants another language hears that (translated), where the model has it; who talks in a window hears that window.
local function hears_main(line, name)
	if line.foreign[name] == nil then line.foreign[name] = languages.wants_other(line.npc, name, line.opts) or false end
	return not line.foreign[name] and not is_in_private(name)
end

local function start(npc, typing, opts)
	local line = {npc = npc, opts = opts, foreign = {}, dubbed = {}}
	line.main = tracks.begin({
		npc = npc, typing = typing, priority = opts.priority or "spoken",
		lang = code_of(opts.reply and opts.reply.lang, opts.lang, language.between(npc, opts.to)),
		hears = function(name) return hears_main(line, name) end,
	})
	return line
end

-- All who want the same language get it in one callback after the other: their track begins with the next step.
local function translated(line, name, words, lang)
	if not line or line.is_over then return end
	local dub = line.dubbed[words]
	if not dub then
		dub = {names = {}}
		line.dubbed[words] = dub
		dub.track = tracks.begin({
			npc = line.npc, words = words, lang = lang, priority = "ambient",
			hears = function(one) return dub.names[one] ~= nil and not is_in_private(one) end,
		})
	end
	dub.names[name] = true
end

local function goes_on(line)
	if not line then return false end
	line.hold_until_us = line.hold_until_us or now_us() + HOLD_MAX_US
	if now_us() >= line.hold_until_us then return false end
	local any = tracks.goes_on(line.main)
	for _, dub in pairs(line.dubbed) do any = any or tracks.goes_on(dub.track) end
	return any
end

local function finish(line)
	if not line then return end
	line.is_over = true
	tracks.stop(line.main)
	for _, dub in pairs(line.dubbed) do tracks.stop(dub.track) end
end

-- Nothing else is heard by this player meanwhile.
local function say_privately(npc, player_name, words, lang)
	if is_in_private(player_name) then tracks.stop(private[player_name]) end
	private[player_name] = tracks.begin({
		npc = npc, words = words, lang = code_of(lang, language.between(npc, player_name)), priority = "spoken",
		hears = function(name) return name == player_name end,
	})
	tracks.hush(player_name)
end

-- Who is heard and is spoken to falls silent, and does not keep its words for long: an answer is waited for.
local function break_off(track)
	if track.playing and track.typing then track.typing:hurry() end
	tracks.stop(track)
end

if settings.voice then
	output.add_voice({
		start = start, goes_on = goes_on, finish = finish, translated = translated, say_privately = say_privately,
	})
end

speaking.use_stop(function(npc) tracks.each_of(npc, tracks.stop) end)
history.on_player_line(function(npc) tracks.each_of(npc, break_off) end)
listeners.on_silence(function(name) tracks.hush(name) end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	if is_in_private(name) then tracks.stop(private[name]) end
	private[name] = nil
end)
