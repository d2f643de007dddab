-- npc:think: asks the model. Never blocks a step.
-- Its parts are done one after the other, each in a step with room for it (core/jobs.lua): look into it; describe it; ask, and
-- obey.
-- Promise: the callback of every think comes exactly once, in a later step, with a reply or a fallback line.
-- A reply that repeats what the NPC just said is asked for once more, while there is time. One to a question whose answer the
-- game knows says that answer, and a greeting fits the hour, whatever the model makes of them. What is
-- said at last belongs to what was done (wording.lua).

local log, now_us, settings, check, translate, rate_limit, jobs, client, report, events, npcs, Npc, roles, nearby, observe,
	answers, hours, language, repeats, name_calls, reply, offers, wording, request = ...

local INTENTS = {dialogue = true, quest = true, trade = true, tactics = true, gesture = true}
local PRIORITIES = {spoken = true, ambient = true, background = true}
local CACHE_MODES = {use = true, refresh = true, off = true}
local RETRY_LEFT_MIN_US = 500e3 -- with less time than that no second answer comes

local THINK_FIELDS = {
	player = "string?", utterance = "string?", intent = check.one_of(INTENTS), priority = check.one_of(PRIORITIES),
	cache = check.one_of(CACHE_MODES), deadline_ms = check.number_in(1, 600000), max_tokens = check.number_in(1, 8192),
	temperature = check.number_in(0, 5), seed = check.number_in(0, 2^32 - 2),
	context = "table?", actions = check.names_or_true, history = check.turns,
	audience = check.name_list, lang = "string?", stream = "boolean?", remember = "boolean?",
	on_delta = "function?", fallback = check.words, draft = "table?",
}

-- Did it, or somebody beside it, say this a moment ago?
local function is_repeat(question, line)
	local npc, player_name, now, is_chatter = question.npc, question.opts.player, now_us(), not question.was_in_world
	return repeats.is_repeat(npc.recent_lines, line, player_name, now, is_chatter)
		or repeats.is_repeat(npc.overheard, line, player_name, now, is_chatter)
end

local function may_become_repeat(npc, beginning, name)
	local now = now_us()
	return repeats.may_become(npc.recent_lines, beginning, name, now) or repeats.may_become(npc.overheard, beginning, name, now)
end

-- A reply whatever the event holds: a schema with a mistake in it must not cost the callback.
local function build(question, kind, event)
	local npc, opts = question.npc, question.opts
	local about = {
		npc_id = npc.id, npc_state = npc, role = roles.by_name[npc.role], player = opts.player, offered = question.offered,
		ms = (now_us() - question.started_us) / 1000, fallback = opts.fallback,
		translate = function(line) return translate.line(question.lang or language.between(npc), line) end,
		is_stale = function(line) return is_repeat(question, line) end,
	}
	local ok, answer = pcall(reply.build, kind, event, about)
	if not ok then
		log("error", ("a reply for %s could not be read: %s"):format(npc.id, tostring(answer)))
		answer = reply.build("error", {code = reply.CODES.internal, message = tostring(answer)}, about)
	end
	offers.heed(npc, answer, question.opts, question.meant, question.told ~= nil)
	if question.told then
		answers.correct(question.told, answer)
		answer.mind = nil -- the words are the game's
	end
	answer.text = name_calls.fit(hours.fit(answer.text, question.hour), opts.player, question.may_call)
	answer.id = question.id
	return answer
end

-- Words that a deed may come with wait for it, and so do those that touch what the game knows better: they may have to be others.
-- Where the daemon says that no deed comes (`acts`), they need not wait.
local function must_wait(question, event)
	if next(question.offered) and event.acts ~= false then return true end
	if question.is_touchy == nil then
		question.is_touchy = wording.may_tell(question.npc, question.opts) or question.is_order
	end
	return question.is_touchy
end

-- Words that stream in are passed on once they can be no repeat of what the NPC said a moment ago.
local function hear(question, event)
	question.heard = question.heard .. event.text
	local on_delta = question.opts.on_delta
	-- what is told is known when all is said
	if not on_delta or question.told or must_wait(question, event) then return end
	if not question.passed and (may_become_repeat(question.npc, question.heard, question.opts.player)
			or hours.may_become(question.heard)) then
		return
	end
	local all = name_calls.fit_beginning(hours.fit(question.heard, question.hour), question.opts.player, question.may_call)
	if all == "" then return end
	local new = all:sub((question.passed or 0) + 1)
	question.passed = #all
	on_delta(new, all)
end

local ask

-- True if the answer says again what was said a moment ago, and the model is asked once more for something else.
local function asked_again(question, answer)
	local left_us = question.deadline_us - now_us()
	if question.avoid or left_us < RETRY_LEFT_MIN_US or npcs.by_id[question.npc.id] ~= question.npc then return false end
	question.avoid = repeats.lines(question.npc, answer.text, now_us(), not question.was_in_world)
	question.heard = ""
	client.counts.repeats = client.counts.repeats + 1
	log("info", ("%s was about to repeat itself: %s"):format(question.npc.id, answer.text))
	jobs.add(function() ask(question) end)
	return true
end

local function finish(question, kind, event)
	local npc, opts = question.npc, question.opts
	local answer = build(question, kind, event)
	local may_repeat = answer.fallback or answer.action or question.passed or question.told
	if not may_repeat and is_repeat(question, answer.text) then
		if asked_again(question, answer) then return end
		answer = build(question, "error", {code = reply.CODES.repeated, message = "the model said the same again"})
	end
	if answer.action_error then log("warning", ("%s: %s"):format(npc.id, answer.action_error)) end
	if npcs.by_id[npc.id] == npc then
		if answer.action and answer.action ~= question.obeyed then offers.run(npc, answer, opts, question.was_in_world) end
		local ordered_in = answer.action and answer.action.lang
		wording.settle(npc, answer, opts, question.lang or language.between(npc, opts.player) or ordered_in, function(line)
			return not question.passed and is_repeat(question, line)
		end)
	end
	answer.text = name_calls.fit(answer.text, opts.player, question.may_call) -- of a line that took the place of the model's
	name_calls.note(npc, answer.text, opts.player)
	repeats.overhear(nearby.around(npc), answer.text, opts.player, now_us())
	events.emit("reply", npc, answer, opts)
	if answer.fallback then events.emit("error", npc, answer, opts) end
	report.note(answer)
	question.callback(answer)
end

-- Why it is not asked: a code and a message; nil where it is.
local function refusal(question, now)
	local npc, name = question.npc, question.opts.player
	if npcs.by_id[npc.id] ~= npc then return client.CODES.cancelled, "the NPC is gone" end
	if question.problem then return reply.CODES.internal, question.problem end
	local empty = client.enabled and rate_limit.take(name and core.get_player_by_name(name) and name, npc.id, now)
	if empty then return reply.CODES.restrained, ("too many questions for now (llm_agent.%s_rate_per_min)"):format(empty) end
end

-- Sends the question, or answers it in the next step where it is refused.
ask = function(question)
	local npc, now = question.npc, now_us()
	local id, answered = nil, false
	local function handler(kind, event)
		if kind == "delta" then return hear(question, event) end
		answered = true
		if id then npc.open_requests[id] = nil end
		finish(question, kind, event)
	end
	local code, message = refusal(question, now)
	if code then
		id = client.refuse(code, message, handler)
	else
		local record = question.record or request.record_of(question)
		question.record = nil -- who asks again says what to avoid
		id = client.ask(record, math.max(1, (question.deadline_us - now) / 1000), handler)
	end
	if not answered then npc.open_requests[id] = true end -- while the server goes down the answer comes at once
	question.id = id
end

local function question_of(npc, opts)
	local now, time_of_day, own = now_us(), core.get_timeofday() or 0.5, {}
	for key, value in pairs(opts) do own[key] = value end -- this question's alone: what actions find out for it is kept by it
	return {
		npc = npc, opts = own, started_us = now, heard = "",
		deadline_us = now + (opts.deadline_ms or settings.deadline_ms) * 1000,
		may_call = opts.player == nil or name_calls.may_call(npc, opts.player),
		hour = hours.part(time_of_day, observe.time_name(time_of_day)),
		priority = opts.priority or nearby.urgency(npc, opts.player),
		was_in_world = opts.player ~= nil and core.get_player_by_name(opts.player) ~= nil, -- it may be an NPC's name as well
		offered = {},
	}
end

-- What the game says to it itself, what can be done about it, and what of that the words ask for.
local function look_into(question)
	local npc, opts = question.npc, question.opts
	local lang = opts.lang or language.of(opts.player)
	local told = answers.of(npc, opts, lang or language.between(npc, opts.player))
	question.told = told
	question.lang = lang or told and told.lang -- a question in German is answered in German, where nobody chose otherwise
	-- in plain talk only where they are asked for: they lengthen the prompt
	local offers_any = ((opts.intent or "dialogue") ~= "dialogue" or opts.actions) and not (told and told.is_final)
	if offers_any then question.offered = offers.of(npc, opts) end
	question.meant = offers.meant(npc, opts, question.offered)
	question.is_order = question.meant ~= nil and question.meant.lang ~= nil
	return question
end

-- A plain order is done at once, whether the model is quick, slow or down: of it only the words are awaited.
local function obey(question)
	if not question.is_order or not question.was_in_world then return end
	question.obeyed = question.meant
	offers.run(question.npc, {action = question.obeyed}, question.opts, true)
end

-- With the facts as they are before the deed.
local function describe(question) question.record = request.record_of(question) end

-- In one step: what is ordered is done before an answer can come.
local function ask_and_obey(question)
	ask(question)
	obey(question)
end

-- The parts of a think, one after the other. What fails in one must not cost the callback.
local function later(question, part, ...)
	local rest = {...}
	jobs.add(function()
		local ok, problem = pcall(part, question)
		if ok and rest[1] then return later(question, unpack(rest)) end
		if ok then return end
		question.problem = tostring(problem)
		log("error", ("%s could not be asked: %s"):format(question.npc.id, question.problem))
		if not question.id then ask(question) end
	end)
end

-- Ask the model; never blocks. callback(reply) comes once, in a later step (at once where none follows: the server goes
-- down; without `id` then). NPC and player may be gone by then: look them up again by id and name. reply is
-- {text, told?, fallback, error?, code?, action? {name, params, ok, message}, cache, model, finish, usage, timing_ms, ms, npc,
-- id}. told: the words are the game's answer to a question of this kind.
function Npc:think(opts, callback)
	check.def("npc:think", opts or {}, THINK_FIELDS)
	if type(callback) ~= "function" then error("npc:think: callback: want a function, got " .. type(callback), 2) end
	local question = question_of(self, opts or {})
	question.callback = callback
	later(question, look_into, describe, ask_and_obey)
end

-- Asks what the model would be given if the NPC thought; nothing is generated. handler(kind, event) as of client.ask.
local function explain(npc, opts, handler)
	local record = request.record_of(look_into(question_of(npc, opts)))
	record.explain = true
	client.ask(record, settings.deadline_ms, handler)
end

-- What the daemon would be sent, as in request.lua.
local function record_of(npc, opts) return request.record_of(look_into(question_of(npc, opts))) end

return {explain = explain, record_of = record_of}
