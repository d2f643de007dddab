-- The client of the daemon: one exchange for all NPCs (POST /v1/exchange), at most two HTTP requests open at a time.
-- Pure: `http` and a few engine functions are handed in, and time is passed to step(). `http` is kept in this file alone.
-- Promise: the handler of every ask() gets exactly one last event, "done" or "error", in a later step, whatever happens to the
-- daemon, the HTTP process, an answer or the clock.
-- A step has four parts, in this order: receive, expire, send, deliver.

local http, env = ...
-- http: the engine's HTTP API, or false where the mod may not use it
-- env: {now_us, parse_json, write_json, log(level, text), settings, name, session_name, report}; session_name is a secret, report
-- has what goes along with an exchange (report.lua)

local settings = env.settings

local FLIGHTS_MAX = 2 -- one waits for events, one carries questions; the engine runs 8 transfers at once for all mods together
local FAILURES_MAX = 2 -- one lost answer is sent again; the second in a row means the daemon is away
local BACKOFF_MIN_US, BACKOFF_MAX_US = 1e6, 10e6
local INTEREST_US = 60e6 -- offline, look for the daemon only while somebody wants it: each try leaks 730 bytes in the engine
-- A poll without new questions begins this long after the last answer. Streamed words then come a few at a time, and the cost of
-- an exchange (the engine's threads, and 730 bytes that leak) is paid a few times a second instead of at each step.
local GATHER_US = 150e3
local BATCH_MAX = 256 -- a quarter of the wire's 1024 records in a part
local BATCH_MAX_BYTES = 3 * 2^20 -- under the wire's 4 MiB a part
local RECORD_MAX_BYTES = 256 * 2^10 -- the wire's limit for one record
local LAST_ROUNDS = 20 -- at the end: callbacks that ask again are answered, but not one that does so for ever

-- Codes of the errors that are made here; those of the daemon are passed on as they come.
local CODES = {
	bad_request = "bad_request", -- cannot be expressed as JSON, or the daemon refused it without a code
	cancelled = "cancelled", -- by client.cancel
	deadline_exceeded = "deadline_exceeded",
	forbidden = "forbidden", -- the daemon takes no calls under this address
	no_http = "no_http", -- the mod may not use HTTP
	off = "off", -- by /llm off
	offline = "offline", -- nobody answers
	overloaded = "overloaded", -- too much is open, here or there
	shutdown = "shutdown", -- the server goes down
	switched_off = "switched_off", -- by the daemon's master switch; such an error comes as `unavailable` with that reason
	too_large = "too_large",
	unauthorized = "unauthorized", -- the token is missing or wrong
	unavailable = "unavailable", -- the daemon is starting, stopping or away
}
setmetatable(CODES, {__index = function(_, code) error("client.lua: no code " .. tostring(code), 2) end})

local client = {
	state = "new", -- new → online ⇄ offline
	reason = nil, -- why offline, for people
	switched_off = false, -- the last answer was that the daemon's master switch is off
	enabled = true,
	open_count = 0,
	CODES = CODES,
	counts = {requests = 0, done = 0, failed = 0, exchanges = 0, hits = 0, repeats = 0},
	spoke = {["local"] = 0, remote = 0}, -- answers by the mind they are of, where the daemon has two
}

local open = {} -- id → entry not yet answered
local outbox = {} -- entries to be carried by the next exchange
local cancels = {} -- ids to be cancelled with it
local flights = {} -- exchanges that the engine is carrying out
local calls = {} -- plain calls
local ready, ready_first, ready_last = {}, 1, 0 -- events to hand out, a queue
local step_number = 0
local last_number = 0
local session, session_number, after = nil, 0, 0
local instance = nil -- the HTTP process that answered last in this session
local headers = nil -- of every call
local failures, epoch, suspect = 0, 0, false
local closed, closing = false, false -- the server goes down; the last callbacks are being handed out
local backoff_us, next_try_us, wanted_us = 0, 0, -INTEREST_US
local next_deadline_us, landed_us = math.huge, -GATHER_US

local function url(path)
	return (settings.url:gsub("/+$", "")) .. path
end

local change_listeners = {}

-- fn("online") or fn("offline", reason): the daemon answers again, or no more.
function client.on_change(fn)
	table.insert(change_listeners, fn)
end

local function tell_change(...)
	for _, fn in ipairs(change_listeners) do fn(...) end
end

-- Words that stream in and follow each other in one answer are handed out together: each handing out may end in something that
-- all players near are sent.
local function joins_last(entry, event)
	local last = ready_first <= ready_last and ready[ready_last] or nil
	if not last or last.entry ~= entry or last.kind ~= "delta" then return false end
	local joined = {}
	for key, value in pairs(last.event) do joined[key] = value end
	for key, value in pairs(event) do joined[key] = value end
	joined.text = last.event.text .. event.text
	last.event = joined
	return true
end

local function hand_out(entry, kind, event)
	if kind == "delta" and joins_last(entry, event) then return end
	ready_last = ready_last + 1
	ready[ready_last] = {entry = entry, kind = kind, event = event, since = step_number}
end

-- The last event of an entry. The only place where one leaves `open`, so no other code can answer it twice or forget it. The
-- event is queued, not delivered: a handler must never run inside ask() or cancel(), where its caller does not expect it.
local function close(entry, kind, event)
	if entry.closed then return end
	entry.closed = true
	if open[entry.id] then
		open[entry.id] = nil
		client.open_count = client.open_count - 1
	end
	local counts = client.counts
	counts[kind == "done" and "done" or "failed"] = counts[kind == "done" and "done" or "failed"] + 1
	if event.cache == "hit" then counts.hits = counts.hits + 1 end
	local spoke = client.spoke[event.mind]
	if spoke then client.spoke[event.mind] = spoke + 1 end
	hand_out(entry, kind, event)
end

local function fail(entry, code, message)
	close(entry, "error", {code = code, message = message})
end

local function open_in_order()
	local entries = {}
	for _, entry in pairs(open) do entries[#entries + 1] = entry end
	table.sort(entries, function(a, b) return a.number < b.number end)
	return entries
end

-- Everything open is asked again, under the same ids; but what `carrier`, a flight that has landed, took along. Words that
-- streamed in already stay, and none is added: the text starts over, and may be another.
local function ask_again(carrier)
	local carried = {}
	for _, entry in ipairs(carrier and carrier.carried or {}) do carried[entry] = true end
	outbox = {}
	for _, entry in ipairs(open_in_order()) do
		entry.is_muted = entry.has_streamed
		if not carried[entry] then outbox[#outbox + 1] = entry end
	end
end

local function headers_of(session_name)
	local list = {
		"Content-Type: application/json",
		"Expect:", -- no "100-continue" round trip for large bodies
		"X-Session-ID: " .. session_name, -- by it a balancer keeps a session with one of several HTTP processes
	}
	if settings.token ~= "" then list[#list + 1] = "Authorization: Bearer " .. settings.token end
	return list
end

-- The daemon counts events per session. After it restarted it knows nothing of ours and counts from 1 again, which would never
-- reach a number above our `after`: all would look like old news. So a new session begins, and everything open is sent again;
-- ids make sure that the daemon answers each once.
local function new_session()
	session_number = session_number + 1
	session, after, suspect, instance = env.session_name .. "." .. session_number, 0, false, nil
	headers = headers_of(session)
	ask_again()
end
new_session()

local function go_offline(code, message, now)
	if client.state ~= "offline" then
		backoff_us = BACKOFF_MIN_US
		client.state, client.reason = "offline", message
		env.log("warning", "offline: " .. message .. "; NPCs speak their fallback lines meanwhile")
		tell_change("offline", message)
	else
		backoff_us = math.min(backoff_us * 2, BACKOFF_MAX_US)
		client.reason = message
	end
	next_try_us = now + backoff_us
	for _, entry in ipairs(open_in_order()) do fail(entry, code, message) end
	failures, cancels = 0, {}
	new_session()
end

local function go_online()
	failures = 0
	if client.state == "online" then return end
	local was = client.state
	client.state, client.reason = "online", nil
	env.log("action", (was == "offline" and "online again: " or "online: ") .. settings.url .. " answers")
	tell_change("online")
end

-- Two requests are in the air and usually fail together, of one cause. They count once: only a request that began since the last
-- failure (`epoch`) counts. One failure is forgiven and its load sent again, for a single answer may get lost.
local function failed(flight, message, refused, now)
	for _, entry in ipairs(flight.carried) do
		if open[entry.id] and flight.session == session then outbox[#outbox + 1] = entry end
	end
	if flight.epoch ~= epoch then return end
	epoch, failures = epoch + 1, failures + 1
	if failures >= FAILURES_MAX or client.state == "offline" then
		go_offline(CODES.offline, message, now)
	elseif refused then
		new_session() -- nobody listens there any more: what comes next is another process
	else
		suspect = true -- perhaps it only took too long; perhaps it is not the same process any more. expire() decides
	end
end

local function take(event, flight)
	local entry = type(event) == "table" and open[event.id]
	if not entry then return end -- answered already, late, or none of ours
	if event.event == "delta" then
		if flight.session == session and type(event.text) == "string" and not entry.is_muted then
			entry.has_streamed = true
			hand_out(entry, "delta", event)
		end
	elseif event.event == "done" or event.event == "error" then
		if event.reason == CODES.switched_off then event.code = CODES.switched_off end
		client.switched_off = event.code == CODES.switched_off
		close(entry, event.event, event)
	elseif flight.session == session and type(event.event) == "string" then
		hand_out(entry, event.event, event) -- of what stays open, such as `listen`
	end
end

-- Behind a balancer, or after a quick restart, it may be another process than the one that answered before: that one took along
-- what it knew of this session. It is told whom we know, and where that is not itself it answers at once.
local function meet(flight, name)
	if type(name) ~= "string" or not name:match("^%w+$") then return end
	if instance and name ~= instance then ask_again(flight) end
	instance = name
end

local function accept(flight, answer)
	if flight.session == session then -- an answer to an old session says nothing about now
		go_online()
		meet(flight, answer.instance)
	end
	if flight.session == session and answer.events[1] then suspect = false end
	local seen = after
	for _, event in ipairs(answer.events) do
		local seq = type(event) == "table" and tonumber(event.seq)
		if flight.session ~= session or not seq then
			take(event, flight)
		elseif seq > seen then
			take(event, flight)
			after = math.max(after, seq)
		end
	end
	for _, refusal in ipairs(type(answer.rejected) == "table" and answer.rejected or {}) do
		local entry = open[type(refusal) == "table" and refusal.id or refusal]
		if entry then
			local known = type(refusal) == "table" and refusal or {}
			fail(entry, known.code or CODES.bad_request, known.message or "the daemon refused it without a word")
		end
	end
end

local function parse(data)
	if type(data) ~= "string" or data:sub(1, 1) ~= "{" then return nil end
	local ok, answer = pcall(env.parse_json, data) -- very deep JSON raises
	if ok and type(answer) == "table" then return answer end
	return nil
end

-- What a parsed answer (or nil) says is wrong: its message in the daemon's words or nil, and the table that holds it.
function client.error_of(answer)
	local inner = answer and type(answer.error) == "table" and answer.error or answer or {}
	return type(inner.message) == "string" and inner.message or nil, inner
end

local function error_message(data, default)
	local message, inner = client.error_of(parse(data))
	return message or default, inner.code
end

local REFUSED = {
	[400] = CODES.bad_request, [413] = CODES.too_large, [422] = CODES.bad_request, [429] = CODES.overloaded,
}

local BAD_GATEWAY = 502 -- a balancer's word that the process behind it broke off: nobody there has the session any more

local function land(flight, result, now)
	local code = result.code or 0
	if code == 200 then
		local answer = parse(result.data)
		if answer and type(answer.events) == "table" then return accept(flight, answer) end
		return failed(flight, settings.url .. " answers, but not as llm-agentd does; look at llm_agent.url", false, now)
	end
	if flight.session ~= session then return end -- of an old session; its questions are answered or were sent again
	if code == 401 then
		return go_offline(CODES.unauthorized, "the daemon wants its token: set llm_agent.token to what `llm-agentd token` prints", now)
	elseif code == 403 then
		return go_offline(CODES.forbidden, settings.url .. " refuses: "
			.. error_message(result.data, "is a proxy in the way? /llm doctor looks"), now)
	elseif code == 404 then
		return go_offline(CODES.offline, url("/v1/exchange") .. " does not exist; look at llm_agent.url", now)
	elseif code == 503 then
		local answer = parse(result.data)
		for _, event in ipairs(answer and type(answer.events) == "table" and answer.events or {}) do take(event, flight) end
		return go_offline(CODES.unavailable, error_message(result.data, "the daemon is starting, stopping or away"), now)
	elseif REFUSED[code] and flight.carried[1] then
		local message, wire_code = error_message(result.data, "HTTP " .. code)
		for _, entry in ipairs(flight.carried) do fail(entry, wire_code or REFUSED[code], message) end
		return
	end
	local timed_out = result.timeout
	local what = timed_out and "no answer in time from " or code == 0 and "nobody answers at " or "HTTP " .. code .. " from "
	local is_gone = code == 0 and not timed_out or code == BAD_GATEWAY
	failed(flight, what .. settings.url .. " (is llm-agentd running? /llm doctor looks)", is_gone, now)
end

-- 1. What has come back.
local function receive(now)
	for i = #flights, 1, -1 do
		local result = http.fetch_async_get(flights[i].handle)
		if result.completed then
			local flight = table.remove(flights, i)
			landed_us = now
			if flight.report then env.report.landed(flight.report, result.code == 200 or result.timeout) end
			land(flight, result, now)
		end
	end
	for i = #calls, 1, -1 do
		local result = http.fetch_async_get(calls[i].handle)
		if result.completed then
			local call = table.remove(calls, i)
			hand_out(call, "check", {
				code = result.code or 0, data = parse(result.data), raw = result.data, timeout = result.timeout,
			})
		end
	end
end

-- 2. Who has waited too long.
local function expire(now)
	if now < next_deadline_us then return end
	next_deadline_us = math.huge
	local expired = false
	for _, entry in ipairs(open_in_order()) do
		if entry.deadline_us <= now then
			fail(entry, CODES.deadline_exceeded, ("no answer within %d ms"):format(entry.deadline_ms))
			expired = true
		else
			next_deadline_us = math.min(next_deadline_us, entry.deadline_us)
		end
	end
	-- Since the last lost answer nothing came at all: perhaps it is another process than the one that knew our session.
	if expired and suspect then new_session() end
end

-- The next exchange's load: what was asked since the last, as many as fit. Records are JSON already.
local function load_outbox()
	local carried, bodies, bytes, left = {}, {}, 0, {}
	for _, entry in ipairs(outbox) do
		if open[entry.id] then
			if #carried < BATCH_MAX and bytes + #entry.body <= BATCH_MAX_BYTES then
				carried[#carried + 1], bodies[#bodies + 1] = entry, entry.body
				bytes = bytes + #entry.body
			else
				left[#left + 1] = entry
			end
		end
	end
	outbox = left
	return carried, table.concat(bodies, ",")
end

local function post(wait_ms, now)
	local carried, bodies = load_outbox()
	local report, body = nil, nil
	if client.state ~= "offline" then report, body = env.report.take(now) end
	if report then bodies = bodies == "" and body or bodies .. "," .. body end
	local cancel = #cancels > 0 and '"' .. table.concat(cancels, '","') .. '"' or ""
	cancels = {}
	local last = instance and (',"instance":"%s"'):format(instance) or ""
	local data = ('{"session":"%s","after":%d,"wait_ms":%d,"requests":[%s],"cancel":[%s]%s}')
		:format(session, after, wait_ms, bodies, cancel, last)
	client.counts.exchanges = client.counts.exchanges + 1
	flights[#flights + 1] = {
		session = session,
		epoch = epoch,
		waits = wait_ms > 0,
		carried = carried,
		report = report,
		handle = http.fetch_async({
			url = url("/v1/exchange"),
			method = "POST",
			data = data,
			timeout = math.ceil(wait_ms / 1000) + settings.http_timeout_s, -- whole seconds: 0.5 means forever before 5.14
			extra_headers = headers,
		}),
	}
end

-- 3. What has to go out. Of the two requests one waits at the daemon for events (`wait_ms` > 0) while anything is open; the other
-- carries new questions and comes back at once, so a question never waits for the answer to another one.
local function send(now)
	local waiting, carrying = false, false
	for _, flight in ipairs(flights) do
		if flight.session == session then
			waiting, carrying = waiting or flight.waits, carrying or not flight.waits
		end
	end
	if #flights >= FLIGHTS_MAX then return end
	if client.state == "offline" then
		if not carrying and now >= next_try_us and now - wanted_us < INTEREST_US then post(0, now) end
	elseif client.open_count > 0 and not waiting then
		if outbox[1] or cancels[1] or now - landed_us >= GATHER_US then post(settings.wait_ms, now) end
	elseif not carrying and (#cancels > 0 or #outbox > 0 or env.report.must_go(now)) then
		post(0, now)
	end
end

-- 4. Deliver what is known while the step, which began at `now`, has budget: the more of it the longer the first has waited. So a
-- flood of answers is spread over steps, and still gets on where one callback takes long. Events that callbacks cause are
-- delivered in the next step: a callback that asks again cannot keep a step for ever.
local function deliver(now, budget_us)
	local last = ready_last
	while ready_first <= last and env.now_us() - now < budget_us * (1 + step_number - ready[ready_first].since) do
		local item = ready[ready_first]
		ready[ready_first] = nil
		ready_first = ready_first + 1
		local ok, problem = pcall(item.entry.handler, item.kind, item.event)
		if not ok then env.log("error", "a callback failed: " .. tostring(problem)) end
	end
	if ready_first > ready_last then ready_first, ready_last = 1, 0 end
end

-- One server step, which began at `now`, in microseconds.
function client.step(now)
	step_number = step_number + 1
	env.report.step(now)
	if http then
		receive(now)
		expire(now)
		local has_work = client.open_count > 0 or #cancels > 0 or client.state == "offline" or env.report.must_go(now)
		if client.enabled and has_work then send(now) end
	end
	deliver(now, settings.budget_ms * 1000)
end

-- The server goes down and no step follows, so what would wait for one is delivered now. A callback may ask again and is refused
-- with "shutdown", which needs another round.
local function deliver_last()
	if closing then return end
	closing = true
	for _ = 1, LAST_ROUNDS do deliver(0, math.huge) end
	closing = false
end

local function refusal()
	if closed then return CODES.shutdown, "the server shuts down" end
	if not http then return CODES.no_http, "the mod may not use HTTP; /llm doctor tells the line to add" end
	if not client.enabled then return CODES.off, "switched off by /llm off" end
	if client.state == "offline" then return CODES.offline, client.reason end
	if client.open_count >= settings.open_max then
		return CODES.overloaded, ("%d questions are open already (llm_agent.open_max)"):format(client.open_count)
	end
end

-- Ask one thing. handler(kind, event): "delta", or other events that end nothing, any number of times, then "done" or "error"
-- once, never before the next step (but before ask() returns where the server goes down).
function client.ask(record, deadline_ms, handler)
	local now = env.now_us()
	last_number, wanted_us = last_number + 1, now
	client.counts.requests = client.counts.requests + 1
	local entry = {
		id = env.name .. ":" .. last_number,
		number = last_number,
		handler = handler,
		deadline_ms = deadline_ms,
		deadline_us = now + deadline_ms * 1000,
	}
	local code, message = refusal()
	if code then
		fail(entry, code, message)
		if closed then deliver_last() end
		return entry.id
	end
	record.id, record.deadline_ms = entry.id, math.floor(deadline_ms)
	local ok, body, problem = pcall(env.write_json, record)
	if not ok or not body then
		fail(entry, CODES.bad_request, "not expressible as JSON: " .. tostring(ok and problem or body))
	elseif #body > RECORD_MAX_BYTES then
		fail(entry, CODES.too_large, ("%d bytes of facts; the limit is %d"):format(#body, RECORD_MAX_BYTES))
	else
		entry.body = body
		open[entry.id], client.open_count = entry, client.open_count + 1
		outbox[#outbox + 1] = entry
		next_deadline_us = math.min(next_deadline_us, entry.deadline_us)
	end
	return entry.id
end

-- Sends what is open once more, with other content: of a request that the daemon's side can change while it is open. False where
-- it is not open any more.
function client.again(id, record)
	local entry = open[id]
	if not entry then return false end
	record.id, record.deadline_ms = id, entry.deadline_ms
	local ok, body = pcall(env.write_json, record)
	if not ok or not body or #body > RECORD_MAX_BYTES then return false end
	entry.body = body
	for _, waiting in ipairs(outbox) do
		if waiting == entry then return true end
	end
	outbox[#outbox + 1] = entry
	return true
end

-- What must not be asked is answered like what was: handler("error", {code, message}) in the next step.
function client.refuse(code, message, handler)
	last_number = last_number + 1
	local entry = {id = env.name .. ":" .. last_number, number = last_number, handler = handler}
	fail(entry, code, message)
	return entry.id
end

-- No longer wanted: its handler gets "error" with code `cancelled`, and the daemon is told.
function client.cancel(id)
	local entry = open[id]
	if not entry then return end
	cancels[#cancels + 1] = id
	fail(entry, CODES.cancelled, "cancelled by the game")
end

-- One plain call beside the exchange: of the doctor, for roles and voices. callback({code, data, raw, timeout}) comes once, in
-- a later step; data is the JSON answer or nil, raw its bytes, code 0 where nobody answered (timeout: not in time).
-- timeout_s: whole seconds, or nil. False, and no callback, where no call may be made.
function client.call(method, path, body, callback, timeout_s)
	if not http or not client.enabled then return false end
	calls[#calls + 1] = {
		handler = function(_, event) callback(event) end,
		handle = http.fetch_async({
			url = url(path),
			method = method,
			data = body and env.write_json(body) or nil,
			timeout = timeout_s or settings.http_timeout_s,
			extra_headers = headers,
		}),
	}
	return true
end

-- On or off. Off answers everything that is open and makes no call any more.
function client.enable(enabled)
	client.enabled = enabled
	if enabled then return end
	for _, entry in ipairs(open_in_order()) do fail(entry, CODES.off, "switched off by /llm off") end
	outbox, cancels = {}, {}
	new_session()
end

-- The server goes down: nobody is left waiting, also who asks from now on.
function client.shutdown()
	client.enabled, closed = false, true
	for _, entry in ipairs(open_in_order()) do fail(entry, CODES.shutdown, "the server shuts down") end
	for _, call in ipairs(calls) do hand_out(call, "check", {code = 0}) end
	calls = {}
	deliver_last()
end

function client.has_http()
	return http and true or false
end

return client
