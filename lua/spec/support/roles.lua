-- A game whose daemon keeps role files, and an admin in it.

local Mock = require("mock_core")
local assert = require("luassert")

local fixture = {}
local mock

-- The daemon's half: role files by name, as GET and POST /v1/roles have them.
local function role_keeper(shipped)
	local keeper = {own = {}, gets = 0, version = 1, refuse = nil, note = nil}

	function keeper.set(name, fields)
		keeper.own[name] = fields
		keeper.version = keeper.version + 1
	end

	local function listing()
		local roles = {}
		local function view(name, fields)
			local role = {name = name, own = keeper.own[name] ~= nil, shipped = shipped[name] ~= nil}
			for key, value in pairs(fields) do role[key] = value end
			roles[#roles + 1] = role
		end
		for name, fields in pairs(shipped) do
			if not keeper.own[name] then view(name, fields) end
		end
		for name, fields in pairs(keeper.own) do view(name, fields) end
		return {roles = roles, version = "v" .. keeper.version, problems = {}}
	end

	function keeper.call(method, path, body)
		local name, taken = path:match("^/v1/roles/([%w_]+)(.*)$")
		if path == "/v1/roles" and method == "GET" then
			keeper.gets = keeper.gets + 1
			return 200, listing()
		elseif not name then
			return 200, {ready = true}
		elseif keeper.refuse then
			return 400, {error = {code = "bad_request", message = keeper.refuse}}
		end
		assert.equal("POST", method) -- one PUT or DELETE spoils all later calls before 5.9
		keeper.set(name, taken ~= "/delete" and body or nil)
		return 200, {version = "v" .. keeper.version, notes = {keeper.note}}
	end
	return keeper
end

function fixture.keeper()
	return role_keeper({
		smith = {title = "the smith", persona = "A smith works iron."}, baker = {title = "the baker", persona = "A baker bakes."},
	})
end

-- Returns the mock, its daemon and the mod's API.
function fixture.start(keeper, storage, options)
	options = options or {}
	options.storage = storage
	mock = Mock.new(options)
	local daemon = mock:open_daemon(function(request)
		local who = request.draft and request.draft.title or "nobody"
		return {{event = "done", cache = "off", text = ("%s says: %s"):format(who, request.utterance or "-")}}
	end)
	daemon.call = keeper.call
	mock.privs.Ada = {llm_admin = true}
	return mock, daemon, mock:load_mod()
end

-- What Ada reads who spawns an NPC of this role, or nil.
function fixture.titles(role)
	local ok, message = mock:command("Ada", "spawn " .. role .. " Tess")
	return ok and message or nil
end

return fixture
