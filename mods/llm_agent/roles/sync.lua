-- Fetches role files from the daemon (GET /v1/roles), and writes the admin's changes there.
-- Asks when the daemon comes online, after a change made here, and now and then while NPCs are asked things. An idle server asks
-- nothing.
-- The last answer is kept in the storage, so that an admin's lines hold while the daemon is away.

local S, now_us, text, check, storage, client, calls, events, roles, role_fields = ...

local sync = {}

local ASK_EVERY_US = 30e6 -- a changed file may take so long to be seen
local NOTE_MAX_BYTES = 400 -- as of a problem in the form
local KEY = "roles" -- in the mod's storage

local version, asked_us = nil, -math.huge

-- A role of the daemon's answer, or of the storage; nil for what is none.
local function read(given)
	if type(given) ~= "table" or not check.is_name(given.name) then return nil end
	return {name = given.name, own = given.own == true, shipped = given.shipped == true, fields = role_fields.clean(given)}
end

local function keep(files)
	local list = {}
	for name, file in pairs(files) do
		if file.own or not roles.registered[name] then
			local entry = {name = name, own = file.own, shipped = file.shipped}
			for key, value in pairs(file.fields) do entry[key] = value end
			list[#list + 1] = entry
		end
	end
	storage:set_string(KEY, list[1] and core.write_json(list) or "")
end

-- list: as the daemon answers, or as it was kept. Returns name → file.
local function take(list)
	local files = {}
	for _, given in ipairs(list) do
		local file = read(given)
		if file then files[file.name] = file end
	end
	roles.use_files(files)
	return files
end

local PROBLEMS = {
	unreachable = S("The daemon, which keeps the roles, does not answer. /llm doctor looks why."),
	not_asked = S("The daemon, which keeps the roles, cannot be asked now. /llm doctor tells why."),
	refused = function(code) return S("The daemon refused it (HTTP @1). /llm doctor looks why.", code) end,
}

local function call(method, path, body, done)
	calls.call(method, path, body, PROBLEMS, done)
end

-- Ask the daemon for its roles. done(problem or nil), if given, comes when they are in force.
function sync.refresh(done)
	asked_us = now_us()
	call("GET", "/v1/roles", nil, function(problem, data)
		if not problem and type(data.roles) == "table" and (data.version == nil or data.version ~= version) then
			version = data.version
			keep(take(data.roles))
		end
		if done then done(problem) end
	end)
end

local function change(path, body, done)
	call("POST", "/v1/roles/" .. path, body, function(problem, data)
		if problem then return done(problem) end
		local note = type(data.notes) == "table" and data.notes[1] -- an older daemon has none
		sync.refresh(function(later) done(later, note and text.clean(tostring(note), NOTE_MAX_BYTES) or nil) end)
	end)
end

-- Write the admin's own file of a role, or take it away. done(problem or nil, note or nil) comes when the change is in force
-- here, too; note: what of it is passed over, in the daemon's English.
-- By POST: in engines before 5.9 one PUT or DELETE turns every later call of the server into the same.
function sync.save(name, fields, done) change(name, fields, done) end
function sync.delete(name, done) change(name .. "/delete", {}, done) end

events.on("online", function() sync.refresh() end)
events.on("reply", function()
	if client.state == "online" and now_us() - asked_us >= ASK_EVERY_US then sync.refresh() end
end)

local kept = storage.decode_json(storage:get_string(KEY))
if kept then take(kept) end

return sync
