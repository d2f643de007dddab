-- Work that may wait for a step with room for it: done in the order in which it came, as much as the step's budget has room for.
-- So no step does all of what a sentence brings: hear it, ask about it, do what it orders. The longer the first has waited, the
-- more a step may spend: nothing waits for ever, and a flood does not pile up.
-- Pure: the clock is handed in.

local now_us, log = ...

local jobs = {}

local queue, first, last = {}, 1, 0
local step_number = 0
local is_over = false -- the server goes down

-- fn() runs in this step or one that follows; at once where none does. What it raises is logged.
function jobs.add(fn)
	last = last + 1
	queue[last] = {fn = fn, since = step_number}
	if is_over then jobs.finish() end
end

local function do_next()
	local job = queue[first]
	queue[first] = nil
	first = first + 1
	local ok, problem = pcall(job.fn)
	if not ok then log("error", "work that was put off failed: " .. tostring(problem)) end
end

-- In how many steps the next could have been done, with this one.
local function steps_open() return math.max(1, step_number - queue[first].since) end

function jobs.step(now, until_us)
	step_number = step_number + 1
	local budget_us = until_us - now
	while first <= last and now_us() - now < budget_us * steps_open() do do_next() end
	if first > last then first, last = 1, 0 end
end

-- The server goes down and no step follows: what waits is done now, with what it puts off in turn.
function jobs.finish()
	is_over = true
	while first <= last do do_next() end
end

return jobs
