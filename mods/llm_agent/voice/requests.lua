-- Asks the daemon for sentences, POST /v1/speech: a few at once, the most urgent first, and none while it has no voice to give.
-- Pure; the client is handed in. A failure is silent: the words are read as ever, and nobody needs a line in the log for each.

local log, now_us, client, answer = ...

local requests = {}

-- Of the eight transfers that the engine runs at once for all mods (curl_parallel_limit). The exchange takes two, and is never to
-- wait for one of these.
local OPEN_MAX = 3
local WAITING_MAX = 24 -- of a village that talks at once: the others ask when there is room
local PATH = "/v1/speech"
local RANK = {spoken = 1, ambient = 2, background = 3}
local LATER = 0.5 -- of a rank: sentences that are not the next to be heard
local GRACE_S = 1 -- for the transfer itself: the engine logs an error for each that runs out of time
local DEADLINE_MIN_US = 0.2e6 -- a sentence that is wanted sooner cannot come in time

-- Silence after an answer, in seconds. 503 brings its own (`retry_after_ms`): off, no engine, the engine died.
local PAUSE_S = {[0] = 10, [401] = 60, [403] = 60, [404] = 300, [405] = 300, [429] = 2, [503] = 10}
local PAUSE_MIN_S, PAUSE_MAX_S = 1, 60 -- what a 503 may ask for: an admin who switches voices on again will not wait longer
local AWAY = {[0] = true, [429] = true, [503] = true}
local FAILURES_MAX = 3 -- in a row, of sentences that only failed themselves, as one without sounds in it may
local FAILED_S = 10

local waiting = {} -- {record, rank, deadline_us, callback}, in the order they are sent
local open = 0
local paused_until_us, failures = 0, 0

requests.problem = nil -- why nothing is spoken at present, in the daemon's words or ours; nil: it is, or was not tried yet

-- Is there any use in asking now?
function requests.may_ask(now)
	return now >= paused_until_us and client.enabled and client.state ~= "offline"
end

-- Does so much wait already that nothing is to be added in this step?
function requests.is_full()
	return #waiting >= WAITING_MAX
end

local function pause(seconds, problem)
	paused_until_us, failures = now_us() + seconds * 1e6, 0
	if not requests.problem then log("action", "NPCs have no voice at present: " .. problem) end
	requests.problem = problem
end

local function message_of(result)
	local message, inner = client.error_of(result.data)
	local after_ms = tonumber(inner.retry_after_ms)
	return message or "HTTP " .. result.code, after_ms and after_ms / 1000
end

local function failed(result)
	local seconds = not result.timeout and PAUSE_S[result.code]
	if seconds then
		local problem, after_s = message_of(result)
		if result.code == 0 then problem = "nobody answers" end
		if after_s then seconds = math.max(PAUSE_MIN_S, math.min(after_s, PAUSE_MAX_S)) end
		return pause(seconds, problem)
	end
	failures = failures + 1
	if failures >= FAILURES_MAX then pause(FAILED_S, result.timeout and "no answer in time" or message_of(result)) end
end

local function take(entry, result)
	open = open - 1
	local sound = result.code == 200 and answer.read(result.raw) or nil
	if sound then
		failures, requests.problem = 0, nil
	elseif result.code == 200 then
		pause(PAUSE_MAX_S, PATH .. " answers, but not as llm-agentd does")
	elseif result.code ~= 204 then -- too late for this one: that is no failure of the engine
		failed(result)
	end
	entry.callback(sound)
end

local function send(entry, now)
	local left_us = entry.deadline_us - now
	entry.record.deadline_ms = math.floor(left_us / 1000)
	open = open + 1
	local is_sent = client.call("POST", PATH, entry.record, function(result) take(entry, result) end,
		math.ceil(left_us / 1e6) + GRACE_S)
	if is_sent then return end
	open = open - 1
	entry.callback(nil)
end

-- Ask for a sentence. record: the body of the call; opts: deadline_us (when it would be too late), is_next (nothing else of its
-- line is heard before), is_wanted() (is it still, when its turn comes?). callback(sound or nil) comes once, now or in a later
-- step.
function requests.ask(record, opts, callback)
	if not requests.may_ask(now_us()) then return callback(nil) end
	local entry = {
		record = record, rank = (RANK[record.priority] or RANK.spoken) + (opts.is_next and 0 or LATER),
		deadline_us = opts.deadline_us, is_wanted = opts.is_wanted, callback = callback,
	}
	local at = #waiting + 1
	while at > 1 and waiting[at - 1].rank > entry.rank do at = at - 1 end
	table.insert(waiting, at, entry)
end

function requests.step(now)
	while waiting[1] and open < OPEN_MAX do
		local entry = table.remove(waiting, 1)
		local is_of_use = now >= paused_until_us and entry.deadline_us - now >= DEADLINE_MIN_US and entry.is_wanted()
		if is_of_use then send(entry, now) else entry.callback(nil) end
	end
end

-- Sentences to be rendered when the daemon has nothing else to do: a list of records. False where it is not asked now;
-- done(is_over) comes later: false where asking again may help.
function requests.prepare(records, done)
	local now = now_us()
	if open > 0 or waiting[1] or not requests.may_ask(now) then return false end
	open = open + 1
	local is_sent = client.call("POST", PATH, {prepare = records}, function(result)
		open = open - 1
		if result.code ~= 202 then failed(result) end
		done(not result.timeout and not AWAY[result.code])
	end)
	if not is_sent then open = open - 1 end
	return is_sent
end

-- The daemon is there again, perhaps another: what was learnt of the last one is forgotten.
function requests.forget()
	paused_until_us, failures, requests.problem = 0, 0, nil
end

return requests
