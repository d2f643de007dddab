-- The Lua API (the global `llm_agent`): roles, NPCs, actions, thinking, events. Other mods call in here and nowhere else.
-- Owns the registries. A wrong argument is an error at the caller's line, naming the field and the cure.

local agent = ...
local settings, text, client, observe, reply = agent.settings, agent.text, agent.client, agent.observe, agent.reply

local INTENTS = {dialogue = true, quest = true, trade = true, tactics = true, gesture = true}
local PRIORITIES = {spoken = true, ambient = true, background = true}
local CACHE_MODES = {use = true, refresh = true, off = true}
local EVENTS = {"reply", "action", "error", "online", "offline", "say"}
local NAME_MAX_BYTES = 128 -- the daemon's limit
local WORDS_MAX_BYTES = 2000 -- four chat messages; more than that nobody says at once

local listeners = {}
for _, event in ipairs(EVENTS) do listeners[event] = {} end

-- Checking arguments ---------------------------------------------------------------------------------------------------

local function names_of(fields)
	local names = {}
	for name in pairs(fields) do names[#names + 1] = name end
	table.sort(names)
	return table.concat(names, ", ")
end

-- def against fields {name = "type" or "type?" or function(value) -> problem}. The level points at the API's caller.
local function check_def(where, def, fields)
	if type(def) ~= "table" then error(("%s: want a table, got %s"):format(where, type(def)), 3) end
	for name in pairs(def) do
		if not fields[name] then
			error(("%s: unknown field %s; known: %s"):format(where, tostring(name), names_of(fields)), 3)
		end
	end
	for name, want in pairs(fields) do
		local value, problem = def[name], nil
		if type(want) == "function" then
			problem = value ~= nil and want(value) or nil
		elseif not (value == nil and want:sub(-1) == "?") and type(value) ~= want:gsub("%?", "") then
			problem = ("want a %s, got %s"):format((want:gsub("%?", "")), type(value))
		end
		if problem then error(("%s: %s: %s"):format(where, name, problem), 3) end
	end
end

local function one_of(known)
	return function(value)
		if not known[value] then return "want one of " .. names_of(known) .. ", got " .. tostring(value) end
	end
end

local function lines(value)
	if type(value) ~= "table" or #value == 0 then return "want a list with at least one line" end
	for i, line in ipairs(value) do
		if type(line) ~= "string" or line == "" then return ("entry %d: want a line of text"):format(i) end
	end
end

local function words(value)
	if type(value) ~= "string" or text.clean(value) == "" then return "want a text that is not empty" end
end

local function name_list(value)
	if type(value) ~= "table" then return "want a list of names" end
	for i, name in ipairs(value) do
		if type(name) ~= "string" then return ("entry %d: want a name"):format(i) end
	end
end

local function position(value)
	if type(value) ~= "table" or type(value.x) ~= "number" or type(value.y) ~= "number" or type(value.z) ~= "number" then
		return "want a position {x=, y=, z=}"
	end
end

local function check_name(where, name)
	if type(name) ~= "string" or not name:find("^[a-z][a-z0-9_]*$") or #name > 64 then
		error(("%s: name: want lower-case letters, digits and _, got %s"):format(where, tostring(name)), 3)
	end
end

-- Events ---------------------------------------------------------------------------------------------------------------

function agent.emit(event, ...)
	for _, fn in ipairs(listeners[event]) do
		local ok, problem = pcall(fn, ...)
		if not ok then agent.log("error", ("a listener of %q failed: %s"):format(event, tostring(problem))) end
	end
end

-- "reply" (npc, reply, opts), "error" (npc, reply, opts), "action" (npc, player_name, name, params, ok, message),
-- "say" (npc, text, opts), "online" (), "offline" (reason). "error" comes with every fallback line.
function llm_agent.on(event, fn)
	if not listeners[event] then
		error(("llm_agent.on: unknown event %s; known: %s"):format(tostring(event), table.concat(EVENTS, ", ")), 2)
	end
	if type(fn) ~= "function" then error("llm_agent.on: want a function, got " .. type(fn), 2) end
	table.insert(listeners[event], fn)
end

-- Roles and actions ----------------------------------------------------------------------------------------------------

local ROLE_FIELDS = {
	persona = words, title = words, greeting = lines, fallback = lines, actions = name_list, voice = "string?",
	textures = name_list,
}

-- A role that the daemon does not ship (or has as YAML) needs a persona: a sentence or two that describe it.
function llm_agent.register_role(name, def)
	check_name("llm_agent.register_role", name)
	check_def("llm_agent.register_role: " .. name, def, ROLE_FIELDS)
	if not def.persona and not agent.shipped[name] then
		error(("llm_agent.register_role: %s: persona: missing; describe the role in a sentence or two"):format(name), 2)
	end
	local role = {name = name}
	for key in pairs(ROLE_FIELDS) do role[key] = def[key] end
	role.title = role.title or "the " .. name:gsub("_", " ")
	agent.roles[name] = role
end

local ACTION_FIELDS = {description = "string?", params = "table?", run = "function", roles = name_list}

-- An action may be chosen by NPCs whose role or own def lists it under `actions`, or whose role stands in def.roles.
function llm_agent.register_action(name, def)
	check_name("llm_agent.register_action", name)
	check_def("llm_agent.register_action: " .. name, def, ACTION_FIELDS)
	agent.actions[name] = {
		name = name, description = def.description, params = def.params or {}, run = def.run, roles = def.roles or {},
	}
end

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

-- NPCs -----------------------------------------------------------------------------------------------------------------

local Npc = {}
Npc.__index = Npc

local NPC_FIELDS = {
	name = words, role = "string", persona = words, mood = words, pos = position, actions = name_list,
	object = function(value)
		if not (type(value) == "userdata" or type(value) == "table") then return "want an object of the game" end
	end,
}

-- `id` is unique and lasting: memory hangs on it. Without object and pos the NPC is a voice that anybody may use.
function llm_agent.register_npc(id, def)
	if type(id) ~= "string" or id == "" or #id > NAME_MAX_BYTES then
		error("llm_agent.register_npc: id: want a text of 1 to 128 bytes, got " .. tostring(id), 2)
	end
	check_def("llm_agent.register_npc: " .. id, def, NPC_FIELDS)
	if not def.name then error(("llm_agent.register_npc: %s: name: missing"):format(id), 2) end
	if not agent.roles[def.role] then
		error(("llm_agent.register_npc: %s: role: unknown role %s; register it with llm_agent.register_role first, or take one of %s")
			:format(id, def.role, names_of(agent.roles)), 2)
	end
	if agent.npcs[id] then
		error(("llm_agent.register_npc: %s: exists already; llm_agent.unregister_npc it first"):format(id), 2)
	end
	local npc = setmetatable({
		id = id,
		name = text.clean(def.name, NAME_MAX_BYTES),
		role = def.role,
		persona = def.persona,
		mood = def.mood,
		actions = def.actions,
		pos = def.pos and {x = def.pos.x, y = def.pos.y, z = def.pos.z},
		object = def.object,
		bodily = def.object ~= nil, -- with a body it is only there while the body is
		context = {},
		asking = {},
	}, Npc)
	agent.npcs[id] = npc
	table.insert(agent.order, npc)
	return npc
end

function llm_agent.get_npc(id)
	return agent.npcs[id]
end

-- What it was about to say is dropped; what it was asked still gets its callback, with a fallback line.
function llm_agent.unregister_npc(id)
	local npc = agent.npcs[id]
	if not npc then return false end
	agent.npcs[id] = nil
	for i, other in ipairs(agent.order) do
		if other == npc then
			table.remove(agent.order, i)
			break
		end
	end
	agent.speech.hush(id)
	for request in pairs(npc.asking) do client.cancel(request) end
	return true
end

function agent.title(npc)
	return agent.roles[npc.role] and agent.roles[npc.role].title or "the " .. npc.role
end

-- The body, or nil while it is unloaded or gone. Objects die at any time: ask anew in every callback.
function Npc:get_object()
	return self.object and self.object:get_pos() and self.object or nil
end

function Npc:get_pos()
	local object = self:get_object()
	if object then return object:get_pos() end
	return not self.bodily and self.pos or nil
end

-- Can it be spoken to? An NPC whose body is unloaded is asleep.
function Npc:is_present()
	return not self.bodily or self:get_object() ~= nil
end

-- Merge facts that the model shall see; false takes one away that would be seen otherwise.
function Npc:set_context(facts)
	if type(facts) ~= "table" then error("npc:set_context: want a table, got " .. type(facts), 2) end
	for key, value in pairs(facts) do
		if type(key) ~= "string" then error("npc:set_context: keys: want names, got " .. tostring(key), 2) end
		self.context[key] = value
	end
end

-- Thinking -------------------------------------------------------------------------------------------------------------

local function number_in(min, max)
	return function(value)
		if type(value) ~= "number" or not (value >= min and value <= max) then
			return ("want a number from %s to %s"):format(min, max)
		end
	end
end

local THINK_FIELDS = {
	player = "string?", utterance = "string?", intent = one_of(INTENTS), priority = one_of(PRIORITIES),
	cache = one_of(CACHE_MODES), deadline_ms = number_in(1, 600000), max_tokens = number_in(1, 8192),
	temperature = number_in(0, 5), seed = number_in(0, 2^32 - 2),
	context = "table?", actions = name_list, audience = name_list, lang = "string?", stream = "boolean?", on_delta = "function?",
	fallback = words,
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
			persona = whole_persona(npc),
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
		stream = opts.stream or opts.on_delta ~= nil or nil,
		max_tokens = opts.max_tokens or (settings.max_tokens > 0 and settings.max_tokens or nil),
		temperature = opts.temperature,
		seed = opts.seed,
	}
end

local function run_action(npc, answer, player)
	local name, params = answer.action.name, answer.action.params
	local ok, done, message = pcall(agent.actions[name].run, npc, player, params)
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

-- Ask the model; never blocks. callback(reply) comes once, in a later step, with
-- {text, fallback, error?, code?, action? {name, params, ok, message}, cache, model, finish, usage, timing_ms, ms, npc, id}.
function Npc:think(opts, callback)
	check_def("npc:think", opts or {}, THINK_FIELDS)
	if type(callback) ~= "function" then error("npc:think: callback: want a function, got " .. type(callback), 2) end
	opts = opts or {}
	local intent = opts.intent or "dialogue"
	-- plain talk cannot choose an action: sending them would only lengthen the prompt
	local offered = (intent ~= "dialogue" or opts.actions) and allowed_actions(self, opts.actions) or {}
	local started, heard, id = agent.now_us(), {}, nil
	local function handler(kind, event)
		if kind == "delta" then
			heard[#heard + 1] = event.text
			if opts.on_delta then opts.on_delta(event.text, table.concat(heard)) end
			return
		end
		self.asking[id] = nil
		local answer = build(kind, event, {
			npc_id = self.id, npc_state = self, role = agent.roles[self.role], player = opts.player, offered = offered,
			ms = (agent.now_us() - started) / 1000, fallback = opts.fallback,
		})
		answer.id = id
		if answer.action_error then agent.log("warning", ("%s: %s"):format(self.id, answer.action_error)) end
		if answer.action and agent.npcs[self.id] == self then
			run_action(self, answer, opts.player)
		end
		agent.emit("reply", self, answer, opts)
		if answer.fallback then agent.emit("error", self, answer, opts) end
		callback(answer)
	end
	id = client.ask(record_of(self, opts, offered), opts.deadline_ms or settings.deadline_ms, handler)
	self.asking[id] = true
	return id
end

-- Speaking -------------------------------------------------------------------------------------------------------------

local SAY_FIELDS = {
	to = "string?", reply = "table?", priority = one_of(PRIORITIES), ms = number_in(0, 600000), on_done = "function?",
}

-- Say it when it is this NPC's turn. opts: to (name of whom it is said to), reply (of think, for the log), priority
-- ("spoken" lines go first), ms (how long it takes), on_done(was_spoken). False if too much waits to be said already.
function Npc:say(words_said, opts)
	if type(words_said) ~= "string" then error("npc:say: text: want a text, got " .. type(words_said), 2) end
	opts = opts or {}
	check_def("npc:say", opts, SAY_FIELDS)
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
