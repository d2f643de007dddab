-- Roles, as Lua registered them and as the daemon's role files have them: the admin's own files go over Lua's.
-- Asks the daemon (GET /v1/roles) when it comes online, after a change made here, and now and then while NPCs are asked
-- things; an idle server asks nothing. The last answer is kept, so that an admin's lines hold while the daemon is away.

local agent = ...
local client, storage, S, role_fields = agent.client, agent.storage, agent.S, agent.role_fields

local ASK_EVERY_US = 30e6 -- a changed file may take so long to be seen
local STORED = "roles" -- key in the mod's storage
local REFUGE = "villager" -- what an NPC is while its role is unknown

agent.registered = {} -- name → role as Lua registered it

local files = {} -- name → {name, own, shipped, fields}: the daemon's
local version, asked_us = nil, -math.huge

-- What the daemon knows of a role (fields, own, shipped), or nil.
function agent.role_file(name)
	return files[name]
end

-- Makes agent.roles[name] anew. A role with a file of its own, or one that only the daemon knows, has no persona here: the
-- daemon has it.
function agent.apply_role(name)
	local base, file = agent.registered[name], files[name]
	if not file or base and not file.own then
		agent.roles[name] = base
		return
	end
	local fields = file.fields
	base = base or {}
	agent.roles[name] = {
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
		courage = base.courage,
	}
end

-- An NPC whose role is gone lives on as a villager and gets it back when it appears; names over heads follow titles.
local function settle_npcs()
	for _, npc in ipairs(agent.order) do
		local wanted = npc.saved_role or npc.role
		if not agent.roles[wanted] then npc.saved_role = wanted end
		npc.role = agent.roles[wanted] and wanted or REFUGE
		local object = npc.lives_in_body and npc:get_object()
		if object then object:set_properties({infotext = agent.caption(npc)}) end
	end
end

-- A role of the daemon's answer, or of the storage; nil for what is none.
local function read(given)
	if type(given) ~= "table" or not agent.check.is_name(given.name) then return nil end
	return {name = given.name, own = given.own == true, shipped = given.shipped == true, fields = role_fields.clean(given)}
end

local function keep()
	local list = {}
	for name, file in pairs(files) do
		if file.own or not agent.registered[name] then
			local entry = {name = name, own = file.own, shipped = file.shipped}
			for key, value in pairs(file.fields) do entry[key] = value end
			list[#list + 1] = entry
		end
	end
	storage:set_string(STORED, list[1] and core.write_json(list) or "")
end

local function take(list)
	local before = files
	files = {}
	for _, given in ipairs(list) do
		local file = read(given)
		if file then files[file.name] = file end
	end
	for name in pairs(before) do agent.apply_role(name) end
	for name in pairs(files) do agent.apply_role(name) end
	settle_npcs()
end

local function load_kept()
	local kept = storage:get_string(STORED)
	if kept == "" then return end -- the engine would log an error for it
	local ok, list = pcall(core.parse_json, kept)
	if ok and type(list) == "table" then take(list) end
end

-- Why a call for roles failed, in the daemon's words where it has some; nil if it did not fail.
local function problem_of(answer)
	if answer.code == 200 and answer.data then return nil end
	local inner = answer.data and answer.data.error
	if type(inner) == "table" and type(inner.message) == "string" then return agent.text.clean(inner.message, 400) end
	if answer.code == 0 then return S("The daemon, which keeps the roles, does not answer. /llm doctor looks why.") end
	return S("The daemon refused it (HTTP @1). /llm doctor looks why.", answer.code)
end

local function call(method, path, body, done)
	local asked = client.call(method, path, body, function(answer) done(problem_of(answer), answer.data) end)
	if not asked then done(S("The daemon, which keeps the roles, cannot be asked now. /llm doctor tells why.")) end
end

-- Ask the daemon for its roles. done(problem or nil), if given, comes when they are in force.
function agent.sync_roles(done)
	asked_us = agent.now_us()
	call("GET", "/v1/roles", nil, function(problem, data)
		if not problem and type(data.roles) == "table" and (data.version == nil or data.version ~= version) then
			version = data.version
			take(data.roles)
			keep()
		end
		if done then done(problem) end
	end)
end

local function change(path, body, done)
	call("POST", "/v1/roles/" .. path, body, function(problem)
		if problem then return done(problem) end
		agent.sync_roles(done)
	end)
end

-- Write the admin's own file of a role, or take it away. done(problem or nil) comes when the change is in force here, too.
-- By POST: in engines before 5.9 one PUT or DELETE turns every later call of the server into the same.
function agent.save_role(name, fields, done) change(name, fields, done) end
function agent.delete_role(name, done) change(name .. "/delete", {}, done) end

llm_agent.on("online", function() agent.sync_roles() end)
llm_agent.on("reply", function()
	if client.state == "online" and agent.now_us() - asked_us >= ASK_EVERY_US then agent.sync_roles() end
end)

load_kept()
