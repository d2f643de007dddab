-- The Lua API, second half: what an NPC does. It thinks (asks the model) and speaks; never blocks a step.
-- The promise: the callback of every think comes exactly once, in a later step, with a reply or a fallback line.

local agent = ...
local settings, text, client, observe, reply, check, repeats, role_fields =
	agent.settings, agent.text, agent.client, agent.observe, agent.reply, agent.check, agent.repeats, agent.role_fields

local Npc = agent.Npc

local INTENTS = {dialogue = true, quest = true, trade = true, tactics = true, gesture = true}
local PRIORITIES = {spoken = true, ambient = true, background = true}
local CACHE_MODES = {use = true, refresh = true, off = true}
local NAME_MAX_BYTES = 128 -- the daemon's limit
local RETRY_LEFT_MIN_US = 500e3 -- with less time than that no second answer comes
local RETRY_TEMPERATURE = 1.2 -- freer than the daemon's default: the likely words were just said
local EYES_Y = 1.5
local WORDS_MAX_BYTES = 2000 -- four chat messages; more than that nobody says at once

local function contains(list, value)
	for _, item in ipairs(list or {}) do
		if item == value then return true end
	end
	return false
end

-- An action's schema as the world is now, or nil where it cannot be done.
local function params_now(npc, action, opts)
	if type(action.params) ~= "function" then return action.params end
	local ok, params = pcall(action.params, npc, opts.player, opts)
	if ok then return params or nil end
	agent.log("error", ("params of action %s failed: %s"):format(action.name, tostring(params)))
	return nil
end

-- name → {params, description}, of the actions this NPC may choose and can do now; only those in `wanted` if it is a list.
local function offered_actions(npc, opts)
	local role, wanted, found = agent.roles[npc.role], opts.actions, {}
	for name, action in pairs(agent.actions) do
		local may = contains(role and role.actions, name) or contains(npc.actions, name) or contains(action.roles, npc.role)
		if may and (type(wanted) ~= "table" or contains(wanted, name)) then
			local params = params_now(npc, action, opts)
			if params then found[name] = {params = params, description = action.description} end
		end
	end
	return found
end

local THINK_FIELDS = {
	player = "string?", utterance = "string?", intent = check.one_of(INTENTS), priority = check.one_of(PRIORITIES),
	cache = check.one_of(CACHE_MODES), deadline_ms = check.number_in(1, 600000), max_tokens = check.number_in(1, 8192),
	temperature = check.number_in(0, 5), seed = check.number_in(0, 2^32 - 2),
	context = "table?", actions = check.names_or_true, history = check.turns,
	audience = check.name_list, lang = "string?", stream = "boolean?", remember = "boolean?",
	on_delta = "function?", fallback = check.words, draft = "table?",
}

local function action_list(offered)
	local list = {}
	for name in pairs(offered) do list[#list + 1] = name end
	table.sort(list) -- the same order each time: it stands in the prompt
	for i, name in ipairs(list) do
		local action = offered[name]
		list[i] = {name = name, description = action.description, params = observe.plain(action.params)}
	end
	return list[1] and list or nil
end

local function whole_persona(npc)
	local role = agent.roles[npc.role]
	local parts = {}
	if role and role.persona then parts[1] = role.persona end
	if npc.persona then parts[#parts + 1] = npc.persona end
	return parts[1] and text.clean(table.concat(parts, " "), WORDS_MAX_BYTES) or nil
end

-- The request as the daemon takes it. A snapshot: nothing of the game is referred to any more.
local function record_of(question)
	local npc, opts = question.npc, question.opts
	local function clean(value, max) return value and value ~= "" and text.clean(value, max) or nil end
	local pos = npc:get_pos()
	return {
		op = "think",
		npc = {
			id = npc.id,
			name = npc.name,
			role = npc.role,
			persona = not opts.draft and whole_persona(npc) or nil, -- a draft brings its own
			mood = clean(npc.mood, NAME_MAX_BYTES),
			pos = pos and {pos.x, pos.y, pos.z} or nil,
		},
		player = clean(opts.player, NAME_MAX_BYTES),
		utterance = clean(opts.utterance, WORDS_MAX_BYTES),
		intent = opts.intent,
		priority = question.priority,
		cache = question.avoid and "off" or opts.cache,
		avoid = question.avoid,
		context = observe.facts(npc, opts, question.priority),
		actions = action_list(question.offered),
		history = opts.history and observe.plain(opts.history),
		audience = opts.audience and observe.plain(opts.audience),
		lang = clean(question.lang, 32),
		remember = opts.remember,
		draft = opts.draft and role_fields.clean(opts.draft), -- a role's fields, unsaved, in the place of npc.role's
		stream = opts.stream or opts.on_delta ~= nil or nil,
		max_tokens = opts.max_tokens or (settings.max_tokens > 0 and settings.max_tokens or nil),
		temperature = question.avoid and RETRY_TEMPERATURE or opts.temperature,
		seed = opts.seed,
	}
end

-- Chosen for a moment that is over: the one it was for has left, or the body sleeps with its mapblock.
local function too_late(npc, player, was_in_world)
	if was_in_world and not core.get_player_by_name(player) then return "the player has left" end
	return not npc:is_present() and "the NPC is asleep" or nil
end

-- Why it cannot be done as the world is by now, or nil. It fitted what was on offer when the question went out.
local function not_possible(npc, name, params, opts)
	local schema = params_now(npc, agent.actions[name], opts)
	if not schema then return "not possible any more" end
	local problem = reply.check_params(schema, params)
	return problem and "not possible any more: " .. problem
end

local function run_action(npc, answer, opts, was_in_world)
	local name, params, player = answer.action.name, answer.action.params, opts.player
	local message = too_late(npc, player, was_in_world) or not_possible(npc, name, params, opts)
	local ok, done = true, false
	if not message then
		ok, done, message = pcall(agent.actions[name].run, npc, player, params)
		if ok and message then agent.tell_outcome(npc, player, message) end
	end
	if not ok then
		agent.log("error", ("action %s of %s failed: %s"):format(name, npc.id, tostring(done)))
		done, message = false, "failed"
	end
	answer.action.ok, answer.action.message = done and true or false, message
	agent.emit("action", npc, player, name, params, answer.action.ok, message)
end

-- A reply whatever the event holds: a schema with a mistake in it must not cost the callback.
local function build(question, kind, event)
	local npc, opts = question.npc, question.opts
	local about = {
		npc_id = npc.id, npc_state = npc, role = agent.roles[npc.role], player = opts.player, offered = question.offered,
		ms = (agent.now_us() - question.started_us) / 1000, fallback = opts.fallback,
		translate = function(line) return agent.in_language(question.lang or agent.language_between(npc), line) end,
	}
	local ok, answer = pcall(reply.build, kind, event, about)
	if not ok then
		agent.log("error", ("a reply for %s could not be read: %s"):format(npc.id, tostring(answer)))
		answer = reply.build("error", {code = "internal", message = tostring(answer)}, about)
	end
	answer.id = question.id
	return answer
end

-- Words that stream in are passed on once they can be no repeat of what the NPC said a moment ago.
local function hear(question, event)
	question.heard = question.heard .. event.text
	local on_delta = question.opts.on_delta
	if not on_delta then return end
	if not question.passed and repeats.may_become(question.npc.said, question.heard, agent.now_us()) then return end
	local new = question.heard:sub((question.passed or 0) + 1)
	question.passed = #question.heard
	on_delta(new, question.heard)
end

local ask

-- True if the answer says again what was said a moment ago, and the model is asked once more for something else.
local function asked_again(question, answer)
	local left_us = question.deadline_us - agent.now_us()
	if question.avoid or left_us < RETRY_LEFT_MIN_US or agent.npcs[question.npc.id] ~= question.npc then return false end
	question.avoid = repeats.lines(question.npc.said, agent.now_us())
	question.heard = ""
	client.counts.repeats = client.counts.repeats + 1
	agent.log("info", ("%s was about to repeat itself: %s"):format(question.npc.id, answer.text))
	ask(question)
	return true
end

local function finish(question, kind, event)
	local npc, opts = question.npc, question.opts
	local answer = build(question, kind, event)
	local may_repeat = answer.fallback or answer.action or question.passed
	if not may_repeat and repeats.is_repeat(npc.said, answer.text, opts.player, agent.now_us()) then
		if asked_again(question, answer) then return end
		answer = build(question, "error", {code = "repeated", message = "the model said the same again"})
	end
	if answer.action_error then agent.log("warning", ("%s: %s"):format(npc.id, answer.action_error)) end
	if answer.action and agent.npcs[npc.id] == npc then run_action(npc, answer, opts, question.was_in_world) end
	agent.emit("reply", npc, answer, opts)
	if answer.fallback then agent.emit("error", npc, answer, opts) end
	question.callback(answer)
end

-- Sends the question, or answers it in the next step where restraint forbids to.
ask = function(question)
	local npc, opts, now = question.npc, question.opts, agent.now_us()
	local id, answered = nil, false
	local function handler(kind, event)
		if kind == "delta" then return hear(question, event) end
		answered = true
		if id then npc.asking[id] = nil end
		finish(question, kind, event)
	end
	local player = opts.player and core.get_player_by_name(opts.player) and opts.player
	local empty = client.enabled and agent.restraint.take(player, npc.id, now)
	if empty then
		id = client.refuse("restrained", ("too many questions for now (llm_agent.%s_rate_per_min)"):format(empty), handler)
	else
		id = client.ask(record_of(question), (question.deadline_us - now) / 1000, handler)
	end
	if not answered then npc.asking[id] = true end -- while the server goes down the answer comes at once
	question.id = id
end

-- How urgent words to somebody are: distance and sight decide. nil where nothing is known of either (a voice without a place).
local function urgency(npc, player_name)
	local pos = npc:get_pos()
	if not pos then return nil end
	local player = player_name and core.get_player_by_name(player_name)
	if player then
		local other = player:get_pos()
		local sees = observe.in_range(pos, other, settings.earshot)
			and core.line_of_sight({x = pos.x, y = pos.y + EYES_Y, z = pos.z}, {x = other.x, y = other.y + EYES_Y, z = other.z})
		return sees and "spoken" or "ambient"
	end
	return agent.has_listeners(pos) and "ambient" or "background"
end

-- Ask the model; never blocks. callback(reply) comes once, in a later step (at once where none follows: the server goes
-- down; without `id` then). NPC and player may be gone by then: look them up again by id and name. reply is
-- {text, fallback, error?, code?, action? {name, params, ok, message}, cache, model, finish, usage, timing_ms, ms, npc, id}.
function Npc:think(opts, callback)
	check.def("npc:think", opts or {}, THINK_FIELDS)
	if type(callback) ~= "function" then error("npc:think: callback: want a function, got " .. type(callback), 2) end
	opts = opts or {}
	local intent, now = opts.intent or "dialogue", agent.now_us()
	ask({
		npc = self, opts = opts, callback = callback, started_us = now, heard = "",
		deadline_us = now + (opts.deadline_ms or settings.deadline_ms) * 1000,
		lang = opts.lang or agent.language_of(opts.player),
		priority = opts.priority or urgency(self, opts.player),
		was_in_world = opts.player ~= nil and core.get_player_by_name(opts.player) ~= nil, -- it may be an NPC's name as well
		-- in plain talk only where they are asked for: they lengthen the prompt
		offered = (intent ~= "dialogue" or opts.actions) and offered_actions(self, opts) or {},
	})
end

local SAY_FIELDS = {
	to = "string?", reply = "table?", lang = "string?", priority = check.one_of(PRIORITIES), ms = check.number_in(0, 600000),
	on_done = "function?",
}

-- Say it when it is this NPC's turn. opts: to (name of whom it is said to), reply (of think, for the log), priority
-- ("spoken" lines go first), ms (how long it takes), on_done(was_spoken). False if too much waits to be said already.
function Npc:say(words_said, opts)
	if type(words_said) ~= "string" then error("npc:say: text: want a text, got " .. type(words_said), 2) end
	opts = opts or {}
	check.def("npc:say", opts, SAY_FIELDS)
	local line = text.clean(words_said, WORDS_MAX_BYTES)
	if line == "" then
		if opts.on_done then opts.on_done(false) end
		return false
	end
	return agent.utter(self, agent.utterance(line), opts)
end

-- Think, and say it; as the words come where a player waits for them, whole where nobody does, which costs a crowd less.
-- opts as of think, without on_delta, and on_done(was_spoken) as of say. callback(reply) comes once, when all words are known.
-- Nothing is said to a player who has left, nor by an NPC that is gone.
function Npc:converse(opts, callback)
	local asked, say = {}, {to = opts.player, priority = opts.priority, on_done = opts.on_done}
	say.lang = opts.lang or agent.language_between(self, opts.player) or ""
	for key, value in pairs(opts) do asked[key] = value end
	asked.on_done, asked.priority = nil, opts.priority or urgency(self, opts.player)
	local is_player = opts.player and core.get_player_by_name(opts.player) ~= nil
	local utterance
	local function is_wanted()
		return agent.npcs[self.id] == self and not (is_player and not core.get_player_by_name(opts.player))
	end
	local function hear_more(_, all)
		if not utterance and is_wanted() then
			utterance = agent.utterance()
			agent.utter(self, utterance, say)
		end
		if utterance then utterance:hear(text.clean(all, WORDS_MAX_BYTES)) end
	end
	asked.on_delta = (asked.priority or "spoken") == "spoken" and hear_more or nil
	self:think(asked, function(answer)
		say.reply = answer
		if utterance then
			utterance:close(not answer.fallback and answer.text or nil)
			-- moderation stopped a reply in the middle: the line in its place follows
			if answer.code == "filtered" and is_wanted() then self:say(answer.text, {to = opts.player, priority = opts.priority}) end
		elseif is_wanted() then
			self:say(answer.text, say)
		elseif say.on_done then
			say.on_done(false)
		end
		if callback then callback(answer) end
	end)
end
