-- Minds for the entities of other mods: llm_agent.attach and llm_agent.detach.
-- Runs in the entity's own callbacks, which are wrapped once for each kind of entity. Entities without a mind are not affected.
-- The mind's data lie in the luaentity's field `llm_agent`, so a mob whose mod saves its fields keeps its mind.
-- Knows no other mod; what is special to one stands in adapters/.

local text, limits, check, json, util, storage, entity_hooks, client, npcs, names, roles, dialog,
	rigs = ...

local attach = {}

local FIELD = "llm_agent"
-- In storage: kinds of entities that once got a mind. They are wrapped at start, before any of them is loaded.
local KNOWN_KEY = "attached"

local HOOKS = {"hold", "turn", "own_click"} -- what an adapter or a caller of attach may bring, see there

local minds = setmetatable({}, {__mode = "k"}) -- luaentity → its NPC
local kinds = {} -- entity name → what its adapter knows
local cursor = 0 -- where in npcs.list the last look was

local function mind_of(self)
	local npc = minds[self]
	return npc and npcs.by_id[npc.id] == npc and npc or nil -- another mod may have unregistered it
end

-- Name and infotext, only where the mob shows none of its own.
local function show(object, npc)
	local properties, added = object:get_properties(), {}
	if (properties.nametag or "") == "" then added.nametag, added.nametag_color = npc.name, "#e8d9a0" end
	if (properties.infotext or "") == "" then added.infotext = roles.caption(npc) end
	if next(added) then object:set_properties(added) end
	npc.shown_properties = {nametag = added.nametag, infotext = added.infotext}
end

local function hide(object, npc)
	local properties, cleared = object:get_properties(), {}
	for field, value in pairs(npc.shown_properties or {}) do
		if properties[field] == value then cleared[field] = "" end
	end
	npc.shown_properties = nil
	if next(cleared) then object:set_properties(cleared) end
end

-- An id that no NPC has, or `id` itself if its NPC has no body at present. A copy of a mob (a captured one set free
-- twice, say) is somebody else.
local function id_for(object, id)
	local npc = id and npcs.by_id[id]
	local body = npc and npc:get_object()
	if id and (not body or body == object) then return id end
	repeat id = ("mob_%d_%d"):format(os.time(), math.random(10 ^ 6)) until not npcs.by_id[id]
	return id
end

-- Connects an entity with its NPC, which is registered if it is not known. `data` is kept in the entity from now on.
local function bind(self, data, given, returns)
	local object, kind = self.object, kinds[self.name] or {}
	data.id = id_for(object, data.id)
	local role = roles.known(data.role)
	local npc = npcs.by_id[data.id] or npcs.register(data.id, {name = data.name, role = role, object = object})
	npc.name, npc.role = text.clean(data.name, limits.NAME_MAX_BYTES), role
	npc.mood, npc.persona, npc.actions, npc.voice = data.mood, data.persona, data.actions, data.voice
	for key, value in pairs(type(data.context) == "table" and data.context or {}) do npc.context[key] = value end
	npc.object, npc.has_body, npc.attached, npc.kept_by_body = object, true, true, true
	npc.saved_role = role ~= data.role and data.role or nil -- one that is not known at present stays what it was
	for _, hook in ipairs(HOOKS) do
		local fn = given[hook] or kind[hook]
		if fn then npc[hook] = util.guarded(hook .. " of an attached mind", fn) end
	end
	self[FIELD], minds[self] = data, npc
	npc.bones = given.bones and rigs.read(given.bones) or kind.bones
	show(object, npc)
	npcs.wake(npc)
	if returns and npc.hold then -- it may have been unloaded while it talked
		npc.is_held = nil
		npc.hold(object, false)
	end
	return npc
end

local function is_data(data)
	return type(data) == "table" and type(data.id) == "string" and data.id ~= "" and #data.id <= limits.NAME_MAX_BYTES
		and type(data.name) == "string" and text.clean(data.name, limits.NAME_MAX_BYTES) ~= "" and type(data.role) == "string"
end

-- What an adapter says of a mob: its name, or nil, and role.
local function described(self, kind)
	local name, role = kind.describe(self)
	name = type(name) == "string" and text.clean(name, limits.NAME_MAX_BYTES) or "" -- it may be translated
	return name ~= "" and name or nil, role
end

-- After the entity's own on_activate: restores its mind, or gives it a first one where an adapter says so.
local function wake(self)
	if mind_of(self) or not self.object or not self.object:get_pos() then return end
	local data, kind = self[FIELD], kinds[self.name]
	if is_data(data) and (kind or not data.described) then
		bind(self, data, {}, true)
	elseif kind and not (type(data) == "table" and data.detached) and kind.accepts(self) then
		local name, role = described(self, kind)
		bind(self, {name = name or names.unused(), role = role, described = {name = name, role = role}}, {})
	end
end

-- Before the entity is saved: what the mind has become.
local function keep(self)
	local npc, data = mind_of(self), self[FIELD]
	if not npc or type(data) ~= "table" then return end
	data.name, data.role, data.mood, data.persona = npc.name, npc.saved_role or npc.role, npc.mood, npc.persona
	data.actions, data.context, data.voice = npc.actions, json.plain(npc.context), npc.voice
end

-- Unloaded, the NPC sleeps. Removed for good, it is buried: open questions get their fallback lines.
local function leave(self, removal)
	local npc = mind_of(self)
	minds[self] = nil
	if npc and removal then npcs.bury(npc.id) end
end

local function owned(self)
	return self.tamed == true or type(self.owner) == "string" and self.owner ~= ""
end

-- A plain click opens the dialog and a click while sneaking is passed to the mob; the other way round where the mob's own click
-- matters more.
local function is_talk(self, npc, clicker, mob_click)
	if not mob_click then return true end
	local mob_first
	if npc.own_click then mob_first = npc.own_click(self.object, clicker) else mob_first = owned(self) end
	local sneaks = clicker:get_player_control().sneak
	return mob_first and sneaks or not mob_first and not sneaks
end

local function click(mob_click, self, clicker, ...)
	local npc = mind_of(self)
	if npc and client.enabled and clicker and clicker:is_player() and is_talk(self, npc, clicker, mob_click) then
		return dialog.approach(npc, clicker)
	end
	if mob_click then return mob_click(self, clicker, ...) end
end

-- One without a mind notices nothing.
local wrap = entity_hooks.once(function(def)
	entity_hooks.after(def, "on_activate", wake)
	entity_hooks.before(def, "on_deactivate", leave)
	if def.get_staticdata then entity_hooks.before(def, "get_staticdata", keep) end
	local mob_click = def.on_rightclick
	function def.on_rightclick(self, ...) return click(mob_click, self, ...) end
end)

-- For adapters. kind: accepts(luaentity) -> boolean; describe(luaentity) -> name or nil, role (asked again once in a
-- while: a mob may get a nametag or a trade); hold, turn and own_click as for attach.
function attach.adapt(name, kind)
	kinds[name] = kind
	wrap(name)
end

local function remember_kind(name)
	local known = storage:get_string(KNOWN_KEY)
	if not ("," .. known .. ","):find("," .. name .. ",", 1, true) then
		storage:set_string(KNOWN_KEY, known == "" and name or known .. "," .. name)
	end
end

core.register_on_mods_loaded(function()
	for name in storage:get_string(KNOWN_KEY):gmatch("[^,]+") do wrap(name) end
end)

-- The API --------------------------------------------------------------------------------------------------------------

local ATTACH_FIELDS = {
	id = check.words, name = check.words, role = "string?", persona = check.words, mood = check.words,
	voice = check.words, actions = check.name_list, hold = "function?", turn = "function?", own_click = "function?",
	bones = function(bones) return select(2, rigs.read(bones)) end,
}

local function problem_of(object)
	if type(object) ~= "userdata" and type(object) ~= "table" or not object.get_pos then
		return "want an object of the game, got " .. type(object)
	elseif not object:get_pos() then
		return "the object is gone; attach while it is there, in on_activate or after core.add_entity"
	elseif object:is_player() then
		return "players have a mind of their own; attach to an entity"
	end
	local self = object:get_luaentity()
	if not self then return "the object has no Lua entity; attach to an entity that a mod registered" end
	local npc = mind_of(self)
	return npc and ("has a mind already, %s; llm_agent.detach the object first"):format(npc.id)
end

-- A mind for any entity. def: name, role, persona, mood, voice, actions as for register_npc; id, made up and kept if left out;
-- hold(object, talking): stand still or go on; turn(object, yaw): for mobs that set their yaw anew in each step;
-- own_click(object, clicker): true if a plain right-click stays the mob's; bones: joint → bone, for gestures and a mouth.
-- What def leaves out comes from what the body remembers. Gone with the object; unloaded, it sleeps.
function llm_agent.attach(object, def)
	local problem = problem_of(object)
	if problem then error("llm_agent.attach: object: " .. problem, 2) end
	check.def("llm_agent.attach", def, ATTACH_FIELDS)
	local self = object:get_luaentity()
	local saved = is_data(self[FIELD]) and self[FIELD] or {}
	local role = def.role or saved.role
	if not role or def.role and not roles.by_name[def.role] then
		error(("llm_agent.attach: role: %s; known: %s"):format(
			role and "unknown role " .. role or "missing", check.names_of(roles.by_name)), 2)
	end
	local id = def.id or saved.id
	local npc = id and npcs.by_id[id]
	if def.id and (#id > limits.NAME_MAX_BYTES or npc and npc:get_object()) then
		error(("llm_agent.attach: id: %s"):format(npc and id .. " has a body already; take another id, or none"
			or "want at most 128 bytes"), 2)
	end
	remember_kind(self.name)
	wrap(self.name)
	return bind(self, {
		id = id, name = def.name or saved.name or names.unused(), role = role, persona = def.persona or saved.persona,
		mood = def.mood or saved.mood, voice = def.voice or saved.voice, actions = def.actions or saved.actions,
		context = saved.context, held = saved.held,
	}, def, saved.id ~= nil)
end

-- Takes the mind away and leaves the mob as it was before. True if it had one.
function llm_agent.detach(object)
	local self = object and object:get_pos() and not object:is_player() and object:get_luaentity()
	local npc = self and mind_of(self)
	if not npc then return false end
	if npc.hold then npc.hold(object, false) end
	hide(object, npc)
	self[FIELD] = kinds[self.name] and {detached = true} or nil -- else its adapter would give it another
	npcs.bury(npc.id)
	return true
end

-- A mob may get a nametag, take up a trade or grow up. Only what changed in the mob is taken over, so that what an admin set
-- stays.
local function follow(self, npc, kind)
	local before, name, role = self[FIELD].described, described(self, kind)
	if name == before.name and role == before.role then return end
	hide(self.object, npc)
	if name and name ~= before.name then npc.name = name end
	if role ~= before.role then npc.role, npc.saved_role = role, nil end
	self[FIELD].described = {name = name, role = role}
	show(self.object, npc)
end

-- Looks at one NPC in each step, so the cost does not grow with their number.
function attach.step()
	local count = #npcs.list
	if count == 0 then return end
	cursor = cursor % count + 1
	local npc = npcs.list[cursor]
	local object = npc.attached and npc:get_object()
	local self = object and object:get_luaentity()
	local kind = self and mind_of(self) == npc and kinds[self.name]
	if kind and self[FIELD].described then follow(self, npc, kind) end
end

return attach
