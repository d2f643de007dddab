-- The Lua API (the global `llm_agent`), first half: roles, actions, NPCs and events; think.lua has what an NPC does.
-- Owns the registries. A wrong argument is an error at the caller's line, naming the field and the cure.

local agent = ...
local text, client, check = agent.text, agent.client, agent.check

local EVENTS = {"reply", "action", "error", "online", "offline", "say", "quest", "trade"}
local NAME_MAX_BYTES = 128 -- the daemon's limit

local listeners = {}
for _, event in ipairs(EVENTS) do listeners[event] = {} end

-- Events ---------------------------------------------------------------------------------------------------------------

function agent.emit(event, ...)
	for _, fn in ipairs(listeners[event]) do
		local ok, problem = pcall(fn, ...)
		if not ok then agent.log("error", ("a listener of %q failed: %s"):format(event, tostring(problem))) end
	end
end

-- "reply" (npc, reply, opts), "error" (npc, reply, opts), "action" (npc, player_name, name, params, ok, message),
-- "say" (npc, text, opts), "quest" (npc or nil, player_name, quest, state),
-- "trade" (npc, player_name, from_npc, from_player; both {item = count}), "online" (), "offline" (reason). "error" comes with
-- every fallback line.
function llm_agent.on(event, fn)
	if not listeners[event] then
		error(("llm_agent.on: unknown event %s; known: %s"):format(tostring(event), table.concat(EVENTS, ", ")), 2)
	end
	if type(fn) ~= "function" then error("llm_agent.on: want a function, got " .. type(fn), 2) end
	table.insert(listeners[event], fn)
end

-- Roles and actions ----------------------------------------------------------------------------------------------------

local COURAGES = {meek = true, brave = true, watchful = true}

local ROLE_FIELDS = {
	persona = check.words, title = check.words, greeting = check.lines, fallback = check.lines, quick = check.lines,
	actions = check.name_list, voice = "string?", textures = check.name_list,
	courage = check.one_of(COURAGES),
}

-- A role that the daemon does not ship (or has as YAML) needs a persona: a sentence or two that describe it.
function llm_agent.register_role(name, def)
	check.name("llm_agent.register_role", name)
	check.def("llm_agent.register_role: " .. name, def, ROLE_FIELDS)
	if not def.persona and not agent.shipped[name] then
		error(("llm_agent.register_role: %s: persona: missing; describe the role in a sentence or two"):format(name), 2)
	end
	local role = {name = name}
	for key in pairs(ROLE_FIELDS) do role[key] = def[key] end
	role.title = role.title or "the " .. name:gsub("_", " ")
	agent.registered[name] = role
	agent.apply_role(name) -- an admin's file may go over it
end

local function is_schema_or_function(value)
	if type(value) ~= "table" and type(value) ~= "function" then return "want a JSON schema, or a function that returns one" end
end

local ACTION_FIELDS = {description = "string?", params = is_schema_or_function, run = "function", roles = check.name_list}

-- An action may be chosen by NPCs whose role or own def lists it under `actions`, or whose role stands in def.roles.
-- params: a JSON schema, or params(npc, player_name, opts) -> schema for the world as it is, or nil where it cannot be done
-- now. Asked when the question goes out, and again when the reply is there.
function llm_agent.register_action(name, def)
	check.name("llm_agent.register_action", name)
	check.def("llm_agent.register_action: " .. name, def, ACTION_FIELDS)
	agent.actions[name] = {
		name = name, description = def.description, params = def.params or {}, run = def.run, roles = def.roles or {},
	}
end

-- NPCs -----------------------------------------------------------------------------------------------------------------

local Npc = {}
Npc.__index = Npc
agent.Npc = Npc

local NPC_FIELDS = {
	name = check.words, role = "string", persona = check.words, mood = check.words, pos = check.position,
	actions = check.name_list,
	object = function(value)
		if not (type(value) == "userdata" or type(value) == "table") then return "want an object of the game" end
	end,
}

-- `id` is unique and lasting: memory hangs on it. Without object and pos the NPC is a voice that anybody may use.
function llm_agent.register_npc(id, def)
	if type(id) ~= "string" or id == "" or #id > NAME_MAX_BYTES then
		error("llm_agent.register_npc: id: want a text of 1 to 128 bytes, got " .. tostring(id), 2)
	end
	check.def("llm_agent.register_npc: " .. id, def, NPC_FIELDS)
	if not def.name then error(("llm_agent.register_npc: %s: name: missing"):format(id), 2) end
	if not agent.roles[def.role] then
		error(("llm_agent.register_npc: %s: role: unknown role %s; register it with llm_agent.register_role first, or take one of %s")
			:format(id, def.role, check.names_of(agent.roles)), 2)
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
		asking = {}, -- ids of open questions
		said = {}, -- lines of late, see repeats.lua
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
	agent.legs.clear(npc, "gone")
	for request in pairs(npc.asking) do client.cancel(request) end
	return true
end

-- Gone for good with its body: its goods stay in its settlement. A mod that unregisters an NPC may register it anew.
function agent.bury(id)
	agent.quests.npc_gone(id, agent.quest_store.now_s()) -- what it had set apart for rewards is its own again
	agent.ledger.close(id)
	agent.goods.drop(id)
	agent.standing.drop(id)
	return llm_agent.unregister_npc(id)
end

-- For the model, in English; players see agent.shown_title.
function agent.title(npc)
	return agent.roles[npc.role] and agent.roles[npc.role].title or "the " .. npc.role
end

-- The body, or nil while it is unloaded or gone. Objects die at any time: ask anew in every callback.
function Npc:get_object()
	return self.object and self.object:get_pos() and self.object or nil
end

function Npc:get_pos()
	local pos = self.object and self.object:get_pos() -- asked once: this is what a crowd's steps are made of
	return pos or not self.bodily and self.pos or nil
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
