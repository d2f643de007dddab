-- The mod's own client, mods/llm_agent/daemon/client.lua, stepped from outside the game (mod_client.py): each line on stdin is a
-- server step, each line on stdout what came of it. HTTP is done by who steps it, as the engine does.
-- in:  {"now_us", "asks": [{"record", "deadline_ms"}], "results": {handle: {"code", "data", "timeout"}}}
-- out: {"fetches": [{"handle", "url", "method", "data", "headers", "timeout_s"}], "ids", "events": [{"id", "kind", "event"}]}

local json = require("dkjson")

local url, token, name = ...
local now_us, results, fetches, events = 0, {}, nil, nil

local function list() return setmetatable({}, {__jsontype = "array"}) end

local handles = 0
local http = {
	fetch_async = function(request)
		handles = handles + 1
		fetches[#fetches + 1] = {
			handle = tostring(handles), url = request.url, method = request.method, data = request.data,
			headers = request.extra_headers, timeout_s = request.timeout,
		}
		return handles
	end,
	fetch_async_get = function(handle)
		local result = results[tostring(handle)]
		results[tostring(handle)] = nil
		if not result then return {completed = false} end
		return {completed = true, code = result.code, data = result.data, timeout = result.timeout}
	end,
}

local client = assert(loadfile("mods/llm_agent/daemon/client.lua"))(http, {
	name = name, session_name = name .. "-secret", now_us = function() return now_us end,
	settings = {url = url, token = token, wait_ms = 5000, http_timeout_s = 3, open_max = 256, budget_ms = 1000},
	parse_json = function(text) return (json.decode(text, 1, nil, nil, nil)) end,
	write_json = function(value) return (json.encode(value)) end,
	log = function(level, text) io.stderr:write(level, ": ", text, "\n") end,
	report = {step = function() end, take = function() end, must_go = function() end, landed = function() end},
})

for line in io.lines() do
	local step = json.decode(line)
	now_us, fetches, events = step.now_us, list(), list()
	local ids = list()
	for handle, result in pairs(step.results) do results[handle] = result end
	for _, ask in ipairs(step.asks) do
		local id
		id = client.ask(ask.record, ask.deadline_ms, function(kind, event)
			events[#events + 1] = {id = id, kind = kind, event = event}
		end)
		ids[#ids + 1] = id
	end
	client.step(now_us)
	io.write(json.encode({fetches = fetches, ids = ids, events = events, state = client.state}), "\n")
	io.flush()
end
