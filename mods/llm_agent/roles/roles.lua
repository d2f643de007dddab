-- The registry of roles: what Lua registered, and over it the daemon's role files; names, titles and portraits.
-- Does not ask the daemon; sync.lua brings the files.

local S, util, check, translate, npcs, shipped = ...

local roles = {
	by_name = {}, -- name → role in force
	registered = {}, -- name → role as Lua registered it
	shipped = {}, -- name → true: this mod brings it, and pictures for it
}

local FALLBACK_ROLE = "villager" -- what an NPC is while its role is unknown

local files = {} -- name → {name, own, shipped, fields}: the daemon's; own: the admin wrote or changed it

for name, def in pairs(shipped) do
	if not def.persona then roles.shipped[name] = true end -- the daemon has the persona
end
npcs.use_roles(roles.by_name)

-- Makes roles.by_name[name] anew. A role with a file of its own, or one that only the daemon knows, has no persona here: the
-- daemon has it.
local function apply(name)
	local base, file = roles.registered[name], files[name]
	if not file or base and not file.own then
		roles.by_name[name] = base
		return
	end
	local fields = file.fields
	base = base or {}
	roles.by_name[name] = {
		name = name,
		own = file.own,
		title = fields.title or base.title or "the " .. name:gsub("_", " "),
		greeting = fields.greetings or base.greeting,
		fallback = fields.fallback or base.fallback,
		quick = fields.quick or base.quick,
		actions = fields.actions or base.actions,
		voice = fields.voice or base.voice,
		language = fields.language,
		textures = base.textures,
		hand = base.hand,
		courage = base.courage,
	}
end

-- "meek" runs, "brave" strikes back, "watchful" attacks monsters on sight.
local COURAGES = {meek = true, brave = true, watchful = true}

local ROLE_FIELDS = {
	persona = check.words, title = check.words, greeting = check.lines, fallback = check.lines, quick = check.lines,
	actions = check.name_list, voice = "string?", textures = check.name_list, hand = "string?",
	courage = check.one_of(COURAGES),
}

-- A role that the daemon does not ship (or has as YAML) needs a persona: a sentence or two that describe it.
function llm_agent.register_role(name, def)
	check.name("llm_agent.register_role", name)
	check.def("llm_agent.register_role: " .. name, def, ROLE_FIELDS)
	if not def.persona and not roles.shipped[name] then
		error(("llm_agent.register_role: %s: persona: missing; describe the role in a sentence or two"):format(name), 2)
	end
	local role = {name = name}
	for key in pairs(ROLE_FIELDS) do role[key] = def[key] end
	role.title = role.title or "the " .. name:gsub("_", " ")
	roles.registered[name] = role
	apply(name) -- an admin's file may go over it
end

for name, def in pairs(shipped) do llm_agent.register_role(name, def) end

-- The daemon's files -----------------------------------------------------------------------------------------------------

-- What the daemon knows of a role (fields, own, shipped), or nil.
function roles.file(name)
	return files[name]
end

-- An NPC whose role is gone lives on as a villager and gets it back when it appears; names over heads follow titles.
local function settle_npcs()
	for _, npc in ipairs(npcs.list) do
		local wanted = npc.saved_role or npc.role
		if not roles.by_name[wanted] then npc.saved_role = wanted end
		npc.role = roles.by_name[wanted] and wanted or FALLBACK_ROLE
		local object = npc.kept_by_body and npc:get_object()
		if object then object:set_properties({infotext = roles.caption(npc)}) end
	end
end

local change_listeners = {}

-- fn(): the daemon's files of roles have changed, and are in force.
function roles.on_change(fn)
	table.insert(change_listeners, fn)
end

-- All files of the daemon anew. given: name → {name, own, shipped, fields}.
function roles.use_files(given)
	local before = files
	files = given
	for name in pairs(before) do apply(name) end
	for name in pairs(files) do apply(name) end
	settle_npcs()
	for _, fn in ipairs(change_listeners) do fn() end
end

-- Names and looks --------------------------------------------------------------------------------------------------------

-- A role that is known, in the place of one that is not.
function roles.known(name)
	return roles.by_name[name] and name or FALLBACK_ROLE
end

function roles.names()
	return util.sorted_keys(roles.by_name)
end

-- For the model, in English; players see roles.shown_title.
function roles.title(npc)
	return roles.by_name[npc.role] and roles.by_name[npc.role].title or "the " .. npc.role
end

-- The title of an NPC's role, and name and title, as players see them.
function roles.shown_title(npc)
	return translate.mark(roles.title(npc))
end

function roles.caption(npc)
	return S("@1, @2", npc.name, roles.shown_title(npc))
end

-- How an NPC sounds, in words: its own, else those of its role, which for a role of ours are in the daemon's file.
function roles.voice(npc)
	local role, file = roles.by_name[npc.role], files[npc.role]
	return npc.voice or role and role.voice or file and file.fields.voice
end

-- What an NPC looks like from the front, for forms. npc: an NPC, {role =} or nil.
function roles.portrait(npc)
	return ("llm_agent_%s_front.png"):format(npc and roles.shipped[npc.role] and npc.role or FALLBACK_ROLE)
end

return roles
