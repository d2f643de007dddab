-- How an NPC's words reach players: the bubble, the chat of those in earshot, the log, the event "say".
-- A line waits in speech_queue.lua for its turn; this file is what happens while it is spoken. Players and NPCs are looked up
-- again at each step. What else goes with the words, a voice, hooks in by add_voice; a failing one costs no line.

local log, now_us, settings, geometry, util, events, npcs, nearby, repeats, attention, mutes, languages, bubble,
	speech_queue = ...

local output = {}

-- What goes along with the words: tables of hooks, see output.add_voice.
local voices = {}

-- hooks, of which any may be missing: `start` is called when the words of a typewriter begin to be shown (more may come in), and
-- what it returns is `line` of the others. `goes_on` → true: it is still heard, so nobody else near begins to speak. `finish`:
-- the turn is over. `translated`: who wants another language is shown this. `say_privately`: this player alone is shown it, in a
-- window or in chat.
function output.add_voice(hooks)
	local guarded = {}
	for name, fn in pairs(hooks) do guarded[name] = util.guarded("a voice", fn) end
	table.insert(voices, guarded)
end

-- What each returned.
local function start_voices(npc, typing, opts)
	local lines = {}
	for i, voice in ipairs(voices) do lines[i] = voice.start and voice.start(npc, typing, opts) end
	return lines
end

-- lines: of start_voices, or nil where the words never began. True where one says so.
local function tell_voices(hook, lines, ...)
	local is_so = false
	for i, voice in ipairs(voices) do
		if voice[hook] and voice[hook](lines and lines[i], ...) then is_so = true end
	end
	return is_so
end

-- What an NPC says to one player in a window or the chat, where it is shown already. lang: of the words, or nil.
function output.say_privately(npc, player_name, words, lang)
	for _, voice in ipairs(voices) do
		if voice.say_privately then voice.say_privately(npc, player_name, words, lang) end
	end
end

local holds_back = {}

-- fn(npc, opts) -> true: it does not say such a line now, as in a fight. opts: as of npc:say.
function output.hold_back(fn)
	table.insert(holds_back, fn)
end

local function is_held_back(npc, opts)
	for _, fn in ipairs(holds_back) do
		if fn(npc, opts) then return true end
	end
	return false
end

local function log_line(npc, line, opts)
	local answer = opts.reply or {}
	log("action", ("say npc=%s name=%s role=%s fallback=%s cache=%s ms=%d text=%s"):format(
		npc.id:gsub("%s", "_"), npc.name:gsub("%s", "_"), npc.role, tostring(answer.fallback or false), answer.cache or "none",
		math.floor(answer.ms or 0), line))
end

local function chat(npc, name, line)
	core.chat_send_player(name, ("<%s> %s"):format(npc.name, line))
end

-- In the chat of everybody in earshot who has not muted this NPC. others: those who get it later in another language.
local function tell(npc, line, opts, others)
	local pos = not opts.in_bubble_only and npc:get_pos()
	for _, player in ipairs(pos and settings.chat and core.get_connected_players() or {}) do
		local name = player:get_player_name()
		if geometry.in_range(pos, player:get_pos(), settings.earshot) and not mutes.is_muted(name, npc) then
			others[name] = others[name] or languages.wants_other(npc, name, opts) or nil
			if not others[name] then chat(npc, name, line) end
		end
	end
end

-- Once, when all words are known and the first are said.
local function announce(npc, typing, opts, others, voiced)
	local line = typing:full_text()
	if line == "" then return end
	languages.pass_on(npc, line, opts, others, function(name, words, lang)
		if not core.get_player_by_name(name) then return end
		chat(npc, name, words)
		tell_voices("translated", voiced, name, words, lang)
	end)
	repeats.note(npc.recent_lines, line, opts.to, now_us())
	if not opts.reply then repeats.overhear(nearby.around(npc), line, opts.to, now_us()) end -- an answer they heard when it came
	if settings.log_lines then log_line(npc, line, opts) end
	events.emit("say", npc, line, opts)
end

-- A line to a player who has left, or who talks with it in a window by now, where the words stand too: nobody hears it.
local function is_not_for_all(npc, player_name)
	return not core.get_player_by_name(player_name) or npc and attention.is_private(player_name, npc)
end

-- Speak what a typewriter types (words may still come in) when it is this NPC's turn, unless the player it is for has left by
-- then. opts: as of npc:say. False, and on_done(false), if too much waits to be said already, or such a line has no place now.
function output.enqueue(npc, typing, opts)
	if is_held_back(npc, opts) then
		if opts.on_done then opts.on_done(false) end
		return false
	end
	local id, announced, begun, void, started_us, others, voiced = npc.id, false, false, false, nil, {}, nil
	local was_here = opts.to and core.get_player_by_name(opts.to) ~= nil
	return speech_queue.add({
		npc = id,
		spoken = (opts.priority or "spoken") == "spoken",
		start = util.guarded("speaking", function(now)
			started_us = now
			if opts.to and npcs.by_id[id] and core.get_player_by_name(opts.to) then attention.attend(npcs.by_id[id], opts.to) end
		end, true),
		step = util.guarded("speaking", function(now)
			local speaker = npcs.by_id[id]
			void = was_here and not begun and is_not_for_all(speaker, opts.to)
			if not speaker or void then return true end
			if not begun then begun, voiced = true, start_voices(speaker, typing, opts) end
			local shown = typing:step(now)
			if shown and settings.bubbles then bubble.show(speaker, shown) end
			for line in function() return typing:next_line() end do tell(speaker, line, opts, others) end
			if typing.closed and not announced then
				announced = true
				announce(speaker, typing, opts, others, voiced)
			end
			local is_over = typing.over
			if opts.ms then is_over = now - started_us >= opts.ms * 1000 end
			return is_over and not tell_voices("goes_on", voiced)
		end, true),
		finish = util.guarded("on_done", function(was_spoken)
			bubble.release(npc)
			tell_voices("finish", voiced)
			if was_spoken and npcs.by_id[id] then attention.pause(npcs.by_id[id]) end
			if opts.on_done then opts.on_done(was_spoken and not void) end
		end, true),
	}, now_us())
end

return output
