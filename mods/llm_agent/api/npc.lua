-- NPCs: their registry, their fields, and the methods that need nothing else (further ones stand where their subject is:
-- npc:think in think/think.lua, npc:say in talk/say.lua …). Knows neither roles nor bodies nor goods: folders that load later and
-- keep something for an NPC register here for its awakening and its end.

local text, limits, check, client = ...

local Npc = {}
Npc.__index = Npc

-- Every field of an NPC that any file of the mod uses. A spec fails for one that is not here.
-- Times end in _us: microseconds of core.get_us_time. A field is nil until something is known.
local FIELDS = {
	-- Who it is: set by llm_agent.register_npc, spawn and attach; an admin or another mod may change name to actions.
	id = "text of 1 to 128 bytes, unique and lasting: memory, goods and quests hang on it",
	name = "text, as players see it",
	role = "name of a role that is known now",
	saved_role = "roles, body: the role it had before that role went away; it gets it back",
	persona = "text, added to the role's persona",
	mood = "text, one word or a few",
	voice = "text: words for how it sounds, over its role's",
	actions = "list of names of actions it may choose beside its role's",
	context = "name → fact that the model shall see; false hides one (npc:set_context)",

	-- Its body.
	object = "the engine's object; may be gone at any time, so use npc:get_object()",
	pos = "position of an NPC without a body",
	has_body = "true: it is only there while its body is; false: a voice without a body",
	kept_by_body = "true: made by spawn or attach; the mind is saved with the body and ends with it",
	attached = "true: the body is an entity of another mod",
	home = "position it strolls around and goes home to; its market and settlement are there",
	is_model = "true: the player model, which has animations and bones; false: a flat figure",
	rests_until_us = "body/idle: when it may stroll again",
	hand = "body/hand: the entity that shows what it holds; may be gone at any time",
	in_hand = "body/hand: the item that it holds",
	foot_y = "nodes from the object's position to its feet",
	hp_max = "hit points of an unhurt body of ours",
	saved_stays = "body: it was told to stay when it was unloaded; cleared when it wakes",

	-- Bodies of other mods: functions that llm_agent.attach or an adapter brings.
	hold = "function(object, talking): stand still while talking, then go on",
	is_held = "body/hold: true while it was told to stand still",
	turn = "function(object, yaw): how this mob is turned",
	bones = "the rig: joint → {name, at, turned} of its model's bones, for gestures",
	own_click = "function(object, clicker) -> true if a plain click is the mob's own",
	shown_properties = "body/attach: nametag and infotext that we gave the mob",

	-- Perception.
	last_pos = "perception/positions: where it was some steps ago, false while it sleeps",
	seen = "perception/surroundings: {at_us, pos, things, where}: the last look at the nodes around",

	-- Questions and answers.
	open_requests = "think: id → true, questions the daemon has not answered",
	recent_lines = "think/repeats: what it said of late, the oldest first",
	overheard = "think/repeats: what NPCs beside it said of late, as recent_lines",
	warmed_us = "think/warming: player → when the daemon was last told that they may speak to it",
	lines_unnamed = "think/name_calls: name → how many lines since it called them by name",
	last_lines = "think/lines: written lines that it chose of late, the oldest first",
	heard_lines = "think/lines: those that NPCs beside it chose, as last_lines",
	fallback_index = "think/reply: number of the role's fallback line that came last",

	-- Talk.
	conversation = "talk/conversation: what is said aloud around it, shared with all who take part",
	is_answering = "talk/say: true while an answer is thought of",
	next_turn = "talk/hearing: what was said to it meanwhile, the latest only",
	greeted_us = "talk/greetings: player → when it greeted them",
	small_talk = "talk/small_talk: the talk among NPCs that it is in",
	next_small_talk_us = "talk/small_talk: it begins no talk before",
	attention = "talk/attention: name or id of whom it turns to",
	attention_until_us = "talk/attention: how long",
	bubble = "talk/bubble: the object over its head",
	bubble_lines = "talk/bubble: line breaks in it",

	mouth = "voice/mouth: the object that its voice comes from",

	-- Movement, of bodies of ours.
	next_look_us = "body/idle: when it looks around again; nil for all that is not a body of ours that is awake",
	stroll_left_s = "body/idle: seconds it still strolls in this direction",
	movement = "body/movement: the order to go somewhere that it carries out",

	-- Combat.
	combat = "combat/squads: {squad, enemies, order, …} while it fights",
	beaten = "combat/damage: true while it lies on the ground",
	recovers_us = "combat/damage: when it gets up again",
	last_hurt_us = "combat/damage: when it was hurt, or healed a point",
	last_strike_us = "combat/damage: when it struck",
}

local NPC_FIELDS = {
	name = check.words, role = "string", persona = check.words, mood = check.words, voice = check.words, pos = check.position,
	actions = check.name_list,
	object = function(value)
		if not (type(value) == "userdata" or type(value) == "table") then return "want an object of the game" end
	end,
}

local npcs = {
	Npc = Npc,
	FIELDS = FIELDS,
	by_id = {}, -- id → NPC
	list = {}, -- the same in the order of registration
}

-- Hooks ----------------------------------------------------------------------------------------------------------------

local hooks = {wake = {}, unregister = {}, bury = {}}

-- fn(npc): its body is there, for the first time or again.
function npcs.on_wake(fn) table.insert(hooks.wake, fn) end

-- fn(npc): it is unregistered, and no longer in the registry.
function npcs.on_unregister(fn) table.insert(hooks.unregister, fn) end

-- fn(npc): it is gone for good, and still in the registry.
function npcs.on_bury(fn) table.insert(hooks.bury, fn) end

-- The last that loaded runs first, for it builds on the others: a quest's reward must be back in the account before the account
-- is closed.
local function run_backwards(list, npc)
	for i = #list, 1, -1 do list[i](npc) end
end

function npcs.wake(npc)
	for _, fn in ipairs(hooks.wake) do fn(npc) end
end

-- The registry -----------------------------------------------------------------------------------------------------------

local known_roles -- name → role; set once, by the folder roles

-- The names that register_npc accepts as a role. Roles load after this file, for they need the list of NPCs.
function npcs.use_roles(by_name)
	known_roles = by_name
end

-- `id` is unique and lasting: the daemon's memory is kept by it. Without object and pos the NPC is a voice without a place.
function llm_agent.register_npc(id, def)
	if type(id) ~= "string" or id == "" or #id > limits.NAME_MAX_BYTES then
		error("llm_agent.register_npc: id: want a text of 1 to 128 bytes, got " .. tostring(id), 2)
	end
	check.def("llm_agent.register_npc: " .. id, def, NPC_FIELDS)
	if not def.name then error(("llm_agent.register_npc: %s: name: missing"):format(id), 2) end
	if not known_roles[def.role] then
		error(("llm_agent.register_npc: %s: role: unknown role %s; register it with llm_agent.register_role first, or take one of %s")
			:format(id, def.role, check.names_of(known_roles)), 2)
	end
	if npcs.by_id[id] then
		error(("llm_agent.register_npc: %s: exists already; llm_agent.unregister_npc it first"):format(id), 2)
	end
	local npc = setmetatable({
		id = id,
		name = text.clean(def.name, limits.NAME_MAX_BYTES),
		role = def.role,
		persona = def.persona,
		mood = def.mood,
		voice = def.voice,
		actions = def.actions,
		pos = def.pos and {x = def.pos.x, y = def.pos.y, z = def.pos.z},
		object = def.object,
		has_body = def.object ~= nil,
		context = {},
		open_requests = {},
		recent_lines = {},
		overheard = {},
	}, Npc)
	npcs.by_id[id] = npc
	table.insert(npcs.list, npc)
	return npc
end

npcs.register = llm_agent.register_npc

function llm_agent.get_npc(id)
	return npcs.by_id[id]
end

npcs.get = llm_agent.get_npc

-- Lines that it was about to say are dropped. Open questions still get their callbacks, with a fallback line.
function llm_agent.unregister_npc(id)
	local npc = npcs.by_id[id]
	if not npc then return false end
	npcs.by_id[id] = nil
	for i, other in ipairs(npcs.list) do
		if other == npc then
			table.remove(npcs.list, i)
			break
		end
	end
	run_backwards(hooks.unregister, npc)
	for request in pairs(npc.open_requests) do client.cancel(request) end
	return true
end

npcs.unregister = llm_agent.unregister_npc

-- Gone for good with its body: its goods stay in its settlement. A mod that unregisters an NPC may register it anew.
function npcs.bury(id)
	if npcs.by_id[id] then run_backwards(hooks.bury, npcs.by_id[id]) end
	return npcs.unregister(id)
end

-- Methods ----------------------------------------------------------------------------------------------------------------

-- The body, or nil while it is unloaded or gone. Objects die at any time: ask anew in every callback.
function Npc:get_object()
	return self.object and self.object:get_pos() and self.object or nil
end

function Npc:get_pos()
	local pos = self.object and self.object:get_pos() -- one call into the engine: this runs for every NPC in every few steps
	return pos or not self.has_body and self.pos or nil
end

-- Can it be spoken to? An NPC whose body is unloaded is asleep.
function Npc:is_present()
	return not self.has_body or self:get_object() ~= nil
end

-- Merge facts that the model shall see; false takes one away that would be seen otherwise.
function Npc:set_context(facts)
	if type(facts) ~= "table" then error("npc:set_context: want a table, got " .. type(facts), 2) end
	for key, value in pairs(facts) do
		if type(key) ~= "string" then error("npc:set_context: keys: want names, got " .. tostring(key), 2) end
		self.context[key] = value
	end
end

return npcs
