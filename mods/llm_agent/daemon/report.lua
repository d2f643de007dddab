-- What the mod tells the daemon of the game: how long server steps take, fallback lines by reason, what came of actions.
-- Gathered here, and taken along by an exchange that is sent anyway; only what came of a request goes out by itself, where no
-- exchange comes for a while, so that an admin who looks sees how the last one ended.
-- Pure. step() runs in each server step: a subtraction, a few comparisons and an addition, and nothing is allocated.

local facts = ...
-- facts: {players(), npcs(), plain(message, max_bytes), write_json, version, game}; the first two give counts, once a report

local report = {}

local EVERY_US = 5e6 -- between two reports
local LISTED_MAX = 64 -- requests in one report: the daemon takes no more
local MESSAGE_MAX_BYTES = 400
local BOUNDS_S = {0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5} -- as the daemon counts them; a server steps every 0.05 to 0.1 s
local BOUNDS_US = {}
for i, bound_s in ipairs(BOUNDS_S) do BOUNDS_US[i] = bound_s * 1e6 end

-- Codes of this mod that are no codes of the daemon, under the names that admins read.
local REASONS = {restrained = "rate_limit", empty = "bad_reply", repeated = "bad_reply"}

local function no_gaps()
	local none = {}
	for i = 1, #BOUNDS_US + 1 do none[i] = 0 end
	return none
end

local counts = no_gaps() -- of gaps between steps, by bound; one more for longer ones
local sum_us, last_step_us, steps = 0, nil, 0
local fallbacks, acted, fell_back = {}, {}, {}
local last_us = 0 -- when the last report was made
local on_way = false

-- One server step, which began at `now`.
function report.step(now)
	local last = last_step_us
	last_step_us = now
	if not last then return end
	local gap, i = now - last, 1
	while BOUNDS_US[i] and gap > BOUNDS_US[i] do i = i + 1 end
	counts[i], sum_us, steps = counts[i] + 1, sum_us + gap, steps + 1
end

-- Of more than a report takes, the newest.
local function add(list, entry)
	list[#list + 1] = entry
	if #list > LISTED_MAX then table.remove(list, 1) end
end

-- A question has ended. answer: what the callback of npc:think gets.
function report.note(answer)
	if answer.fallback then
		local reason = REASONS[answer.code] or answer.code
		fallbacks[reason] = (fallbacks[reason] or 0) + 1
		if answer.id then add(fell_back, {request = answer.id, reason = reason}) end
	end
	local action = answer.action
	if action and answer.id then
		local message = action.message and facts.plain(action.message, MESSAGE_MAX_BYTES)
		add(acted, {request = answer.id, action = action.name, ok = action.ok or false, message = message})
	end
end

-- Does something wait to be told that no exchange took along?
function report.must_go(now)
	return (acted[1] or fell_back[1]) and not on_way and now - last_us >= EVERY_US
end

-- What was counted since the last report, as a record of the wire and as JSON; nil where that is not long ago.
function report.take(now)
	if on_way or now - last_us < EVERY_US then return nil end
	last_us, on_way = now, true
	local record = {
		op = "report", id = "report", game = facts.game, version = facts.version, players = facts.players(), npcs = facts.npcs(),
		steps = steps > 0 and {bounds_s = BOUNDS_S, counts = counts, sum_s = sum_us / 1e6} or nil,
		fallbacks = next(fallbacks) and fallbacks or nil,
		acted = acted[1] and acted or nil,
		fell_back = fell_back[1] and fell_back or nil,
	}
	local body = facts.write_json(record)
	counts, sum_us, steps = no_gaps(), 0, 0
	fallbacks, acted, fell_back = {}, {}, {}
	return record, body
end

-- It did not arrive: all in it is told again with the next one.
local function give_back(record)
	if record.steps then
		for i, count in ipairs(record.steps.counts) do counts[i] = counts[i] + count end
		sum_us, steps = sum_us + record.steps.sum_s * 1e6, steps + 1
	end
	for reason, count in pairs(record.fallbacks or {}) do fallbacks[reason] = (fallbacks[reason] or 0) + count end
	local newer_acted, newer_fell_back = acted, fell_back
	acted, fell_back = record.acted or {}, record.fell_back or {}
	for _, entry in ipairs(newer_acted) do add(acted, entry) end
	for _, entry in ipairs(newer_fell_back) do add(fell_back, entry) end
end

-- An exchange that took a report along has landed. One that was silent for too long brought it to the daemon in all likelihood:
-- told twice, its counts would be too high.
function report.landed(record, is_told)
	on_way = false
	if not is_told then give_back(record) end
end

return report
