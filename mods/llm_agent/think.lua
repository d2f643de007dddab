-- The Lua API, second half: what an NPC does. It thinks (asks the model) and speaks; never blocks a step.
-- The promise: the callback of every think comes exactly once, in a later step, with a reply or a fallback line.

local agent = ...
local settings, text, client, observe, reply, check, role_fields =
	agent.settings, agent.text, agent.client, agent.observe, agent.reply, agent.check, agent.role_fields

local Npc = agent.Npc

local INTENTS = {dialogue = true, quest = true, trade = true, tactics = true, gesture = true}
local PRIORITIES = {spoken = true, ambient = true, background = true}
local CACHE_MODES = {use = true, refresh = true, off = true}
local NAME_MAX_BYTES = 128 -- the daemon's limit
local WORDS_MAX_BYTES = 2000 -- four chat messages; more than that nobody says at once

local function contains(list, value)
	for _, item in ipairs(list or {}) do
		if item == value then return true end
	end
	return false
end

-- name → action, of those this NPC may choose; only those in `wanted` if it is given.
local function allowed_actions(npc, wanted)
	local role, found = agent.roles[npc.role], {}
	for name, action in pairs(agent.actions) do
		local may = contains(role and role.actions, name) or contains(npc.actions, name) or contains(action.roles, npc.role)
		if may and (not wanted or contains(wanted, name)) then found[name] = action end
	end
	return found
end

local THINK_FIELDS = {
	player = "string?", utterance = "string?", intent = check.one_of(INTENTS), priority = check.one_of(PRIORITIES),
	cache = check.one_of(CACHE_MODES), deadline_ms = check.number_in(1, 600000), max_tokens = check.number_in(1, 8192),
	temperature = check.number_in(0, 5), seed = check.number_in(0, 2^32 - 2),
	context = "table?", actions = check.name_list, audience = check.name_list, lang = "string?", stream = "boolean?",
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
local function record_of(npc, opts, offered)
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
		priority = opts.priority,
		cache = opts.cache,
		context = observe.facts(npc, opts),
		actions = action_list(offered),
		audience = opts.audience and observe.plain(opts.audience),
		lang = clean(opts.lang, 32),
		draft = opts.draft and role_fields.clean(opts.draft), -- a role's fields, unsaved, in the place of npc.role's
		stream = opts.stream or opts.on_delta ~= nil or nil,
		max_tokens = opts.max_tokens or (settings.max_tokens > 0 and settings.max_tokens or nil),
		temperature = opts.temperature,
		seed = opts.seed,
	}
end

-- Chosen for a moment that is over: the one it was for has left, or the body sleeps with its mapblock.
local function too_late(npc, player, was_in_world)
	if was_in_world and not core.get_player_by_name(player) then return "the player has left" end
	return not npc:is_present() and "the NPC is asleep" or nil
end

local function run_action(npc, answer, player, was_in_world)
	local name, params = answer.action.name, answer.action.params
	local message, ok, done = too_late(npc, player, was_in_world), true, false
	if not message then
		ok, done, message = pcall(agent.actions[name].run, npc, player, params)
	end
	if not ok then
		agent.log("error", ("action %s of %s failed: %s"):format(name, npc.id, tostring(done)))
		done, message = false, "failed"
	end
	answer.action.ok, answer.action.message = done and true or false, message
	agent.emit("action", npc, player, name, params, answer.action.ok, message)
end

-- A reply whatever the event holds: a schema with a mistake in it must not cost the callback.
local function build(kind, event, about)
	local ok, answer = pcall(reply.build, kind, event, about)
	if ok then return answer end
	agent.log("error", ("a reply for %s could not be read: %s"):format(about.npc_id, tostring(answer)))
	return reply.build("error", {code = "internal", message = tostring(answer)}, about)
end

-- Ask the model; never blocks. callback(reply) comes once, in a later step (at once where none follows: the server goes
-- down; without `id` then). NPC and player may be gone by then: look them up again by id and name. reply is
-- {text, fallback, error?, code?, action? {name, params, ok, message}, cache, model, finish, usage, timing_ms, ms, npc, id}.
function Npc:think(opts, callback)
	check.def("npc:think", opts or {}, THINK_FIELDS)
	if type(callback) ~= "function" then error("npc:think: callback: want a function, got " .. type(callback), 2) end
	opts = opts or {}
	local intent = opts.intent or "dialogue"
	-- plain talk cannot choose an action: sending them would only lengthen the prompt
	local offered = (intent ~= "dialogue" or opts.actions) and allowed_actions(self, opts.actions) or {}
	local was_in_world = opts.player ~= nil and core.get_player_by_name(opts.player) ~= nil -- it may be an NPC's name as well
	local started, heard, answered, id = agent.now_us(), {}, false, nil
	local function handler(kind, event)
		if kind == "delta" then
			heard[#heard + 1] = event.text
			if opts.on_delta then opts.on_delta(event.text, table.concat(heard)) end
			return
		end
		answered = true
		if id then self.asking[id] = nil end
		local answer = build(kind, event, {
			npc_id = self.id, npc_state = self, role = agent.roles[self.role], player = opts.player, offered = offered,
			ms = (agent.now_us() - started) / 1000, fallback = opts.fallback,
		})
		answer.id = id
		if answer.action_error then agent.log("warning", ("%s: %s"):format(self.id, answer.action_error)) end
		if answer.action and agent.npcs[self.id] == self then
			run_action(self, answer, opts.player, was_in_world)
		end
		agent.emit("reply", self, answer, opts)
		if answer.fallback then agent.emit("error", self, answer, opts) end
		callback(answer)
	end
	id = client.ask(record_of(self, opts, offered), opts.deadline_ms or settings.deadline_ms, handler)
	if not answered then self.asking[id] = true end -- while the server goes down the answer comes at once
	return id
end

local SAY_FIELDS = {
	to = "string?", reply = "table?", priority = check.one_of(PRIORITIES), ms = check.number_in(0, 600000), on_done = "function?",
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
	return agent.speech.add({
		npc = self.id,
		ms = opts.ms or settings.read_base_ms + settings.read_char_ms * text.length(line),
		spoken = (opts.priority or "spoken") == "spoken",
		start = function()
			local ok, problem = pcall(agent.utter, self, line, opts)
			if not ok then agent.log("error", ("%s could not speak: %s"):format(self.id, tostring(problem))) end
		end,
		finish = opts.on_done and function(was_spoken)
			local ok, problem = pcall(opts.on_done, was_spoken)
			if not ok then agent.log("error", "on_done failed: " .. tostring(problem)) end
		end,
	}, agent.now_us())
end
