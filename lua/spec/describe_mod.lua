-- Loads the mod under mock_core and prints as JSON what the guides name: its API, actions, settings, commands, stored keys.
-- Run from the repository's root: luajit lua/spec/describe_mod.lua. tests/project/test_docs.py compares this with the guides.

package.path = "lua/?.lua;" .. package.path
local dkjson = require("dkjson")
local Mock = require("mock_core")

local game = Mock.new()
game.privs.admin = {llm_admin = true}
local api = game:load_mod()
local mod = game.mod

local function sorted_keys(map)
	local keys = {}
	for key in pairs(map) do keys[#keys + 1] = key end
	table.sort(keys)
	return keys
end

local roles = sorted_keys(mod.roles.roles.by_name) -- before anything here registers more

-- The names of a function's parameters, without `self`.
local function parameters(fn)
	local names, i = {}, 1
	while true do
		local name = debug.getlocal(fn, i)
		if not name then break end
		if name ~= "self" then names[#names + 1] = name end
		i = i + 1
	end
	return names
end

local function functions()
	local out = {}
	for name, fn in pairs(api) do out["llm_agent." .. name] = parameters(fn) end
	for name, fn in pairs(mod.api.Npc) do
		if type(fn) == "function" and not name:find("^__") then out["npc:" .. name] = parameters(fn) end
	end
	return out
end

-- A table of fields is checked as a whole: an unknown field is answered with a list of those that are known.
local function known_fields(fn, ...)
	local ok, problem = pcall(fn, ...)
	local list = not ok and tostring(problem):match("unknown field %?; known: (.*)$")
	assert(list, tostring(problem))
	local names = {}
	for name in list:gmatch("[%w_]+") do names[#names + 1] = name end
	return names
end

local UNKNOWN, NOWHERE = {["?"] = true}, {x = 0, y = 0, z = 0}

local function fields()
	local npc = api.register_npc("described", {name = "Described", role = "villager", pos = NOWHERE})
	game.core.register_entity("describe:mob", {})
	local mob = game.core.add_entity(NOWHERE, "describe:mob")
	local function nothing() end
	return {
		["llm_agent.register_role"] = known_fields(api.register_role, "described", UNKNOWN),
		["llm_agent.register_action"] = known_fields(api.register_action, "described", UNKNOWN),
		["llm_agent.register_npc"] = known_fields(api.register_npc, "other", UNKNOWN),
		["llm_agent.register_quest"] = known_fields(api.register_quest, "described", UNKNOWN),
		["llm_agent.register_goods"] = known_fields(api.register_goods, "villager", UNKNOWN),
		["llm_agent.spawn"] = known_fields(api.spawn, NOWHERE, UNKNOWN),
		["llm_agent.attach"] = known_fields(api.attach, mob, UNKNOWN),
		["llm_agent.report_event"] = known_fields(api.report_event, UNKNOWN),
		["llm_agent.forget"] = known_fields(api.forget, UNKNOWN),
		["npc:think"] = known_fields(npc.think, npc, UNKNOWN, nothing),
		["npc:say"] = known_fields(npc.say, npc, "Words.", UNKNOWN),
		["npc:go_to"] = known_fields(npc.go_to, npc, NOWHERE, UNKNOWN),
	}
end

local function events()
	local _, problem = pcall(api.on, "?", print)
	local names = {}
	for name in problem:match("known: (.*)$"):gmatch("%w+") do names[#names + 1] = name end
	return names
end

local function commands()
	local _, help = game:command("admin", "help")
	local words = {}
	for word in help:gmatch("/llm (%l+)") do words[word] = true end
	return sorted_keys(words)
end

-- Those that need no privilege.
local function player_commands(words)
	local open = {}
	game:join("Robin", NOWHERE)
	for _, word in ipairs(words) do
		local _, message = game:command("Robin", word)
		if not tostring(message):find("You need the privilege llm_admin", 1, true) then open[#open + 1] = word end
	end
	return open
end

-- What a reply may hold: of an answer with all that the daemon may say, of an error, and where the game knows the answer.
local function reply_fields()
	local reply, found = mod.think.reply, {}
	local about = {
		npc_id = "a", npc_state = {id = "a"}, ms = 1, offered = {fall = {params = {}}}, translate = function(line) return line end,
	}
	local everything = {
		id = "1", cache = "hit", model = "m", lang = "en", finish = "stop", usage = {}, timing_ms = {}, text = "Words.",
		matched = true, mind = "remote",
	}
	for _, changes in ipairs({{action = {name = "fall"}}, {action = {name = "rise"}}, {code = "filtered", by = "player", message = "m"}}) do
		local event = {}
		for _, given in ipairs({everything, changes}) do
			for key, value in pairs(given) do event[key] = value end
		end
		local built = reply.build(event.code and "error" or "done", event, about)
		mod.perception.answers.correct({kind = "time", lang = "en", text = "It is noon."}, built)
		for key in pairs(built) do found[key] = true end
	end
	return sorted_keys(found)
end

local DAEMON = {
	ready = {code = 200, data = {ready = true}},
	info = {code = 200, data = {engine = "llama", model = "m", version = "0.1.0"}},
	roles = {code = 200, data = {roles = {}, problems = {}}},
}

local function answers(changes)
	local out = {ready = DAEMON.ready, info = DAEMON.info, roles = DAEMON.roles}
	for key, value in pairs(changes) do out[key] = value end
	return out
end

-- Servers of which each has something wrong, by what differs from a healthy one.
local SICK = {
	{has_http = false}, {has_http = false, has_curl = false}, {enabled = false}, {enabled = false, off_by_setting = true},
	{settings = {dedicated_server_step = "0.1"}}, {settings = {curl_parallel_limit = "1"}},
	{url = "somewhere", answers = answers({ready = {code = 0}})},
	{env = {http_proxy = "http://proxy", no_proxy = "example.org"}, answers = answers({ready = {code = 0}})},
	{settings = {bind_address = "10.0.0.1"}, answers = answers({ready = {code = 0, timeout = true}})},
	{answers = answers({ready = {code = 401}})}, {answers = answers({ready = {code = 403}})}, {answers = answers({ready = {code = 503}})},
	{answers = answers({ready = {code = 405}})}, {answers = answers({ready = {code = 404}})},
	{answers = answers({ready = {code = 418}})}, {answers = answers({info = {code = 500}})},
	{answers = answers({info = {code = 200, data = {engine = "stub", version = "9.9.9"}}})},
	{answers = answers({roles = {code = 200, data = {problems = {"a", "b", "c", "d", "e"}}}})},
	{answers = answers({roles = {code = 200, data = {notes = {"a"}}}})},
	{answers = answers({daemon = {code = 200, data = {checks = {{subject = "state", state = "fail", found = "", cure = ""}}}}})},
	{answers = answers({switch = {code = 200, data = {switch = {on = false}}}})},
}

-- Calls fn() and returns which of the lines of `path` that hold code were not run.
local function lines_not_run(path, functions_of, fn)
	local left = {}
	if jit then jit.off() end
	debug.sethook(function()
		local info = debug.getinfo(2, "Slf")
		if info.source ~= "@" .. path then return end
		if not functions_of[info.func] then
			functions_of[info.func] = true
			for line in pairs(debug.getinfo(info.func, "L").activelines) do
				if left[line] == nil then left[line] = true end
			end
		end
		left[info.currentline] = false
	end, "l")
	fn()
	debug.sethook()
	if jit then jit.on() end
	local list = {}
	for line, is_left in pairs(left) do
		if is_left then list[#list + 1] = line end
	end
	return list
end

-- What the doctor can complain of, in the source's words.
local function complaints()
	local path = "mods/llm_agent/admin/diagnosis.lua"
	local diagnose = assert(loadfile(path))(function(words) return words end, mod.core.text)
	local found = {}
	local not_run = lines_not_run(path, {}, function()
		for _, changes in ipairs(SICK) do
			local facts = {
				has_http = true, has_curl = true, enabled = true, url = "http://127.0.0.1:8000", version = "0.1.0",
				http_mods_line = "", http_mod_count = 1, role_count = #roles, answers = answers({}),
			}
			for key, value in pairs(changes) do facts[key] = value end
			local given = facts.settings or {dedicated_server_step = "0.05"}
			function facts.setting(key) return given[key] end
			function facts.env(key) return (facts.env_of or {})[key] end
			facts.env_of = changes.env
			local bad, _, hints = diagnose(facts)
			for _, lines in ipairs({bad, hints}) do
				for _, line in ipairs(lines) do found[line] = true end
			end
		end
	end)
	table.sort(not_run)
	assert(not not_run[1], "a complaint that no server of SICK has: diagnosis.lua:" .. table.concat(not_run, ", "))
	return sorted_keys(found)
end

local function settings()
	return sorted_keys(mod.core.settings)
end

print(dkjson.encode({
	functions = functions(), fields = fields(), events = events(), commands = commands(),
	player_commands = player_commands(commands()), settings = settings(),
	reply_fields = reply_fields(), complaints = complaints(), roles = roles,
	codes = {client = sorted_keys(mod.daemon.client.CODES), reply = sorted_keys(mod.think.reply.CODES)},
	stored = sorted_keys(mod.core.storage.KEYS), actions = sorted_keys(mod.api.actions.by_name),
}))
