-- What runs in each server step, in this order: the one page for all that costs time while nobody does anything.
-- Folders register their part while they load. A part gets (now_us, until_us, dtime): work that can wait stops at `until_us`,
-- which is the part's share of llm_agent.budget_ms, counted from the begin of the step and so shared with all before it.
-- Once the budget is spent, what need not run in each step waits for the next: costs of many parts do not meet in one step.
-- Pure: the clock is handed in.

local settings, now_us = ...

local steps = {}

-- {name, how many steps in a row it may be left out where those before it have spent the budget}
local ORDER = {
	{"surroundings", 0}, -- a new budget for looks at nodes, before anybody asks
	{"positions", 2}, -- where a few of the NPCs stand now
	{"client", 0}, -- what the daemon answers comes in, and what has to go out goes
	{"answers", 1}, -- they are handed out; callbacks of other mods run here
	{"speech_queue", 1}, -- whose turn it is to speak
	{"fingerspelling", 1}, -- pictures over the heads of those who speak, for players who read signs
	{"voice", 0}, -- sentences that are whole are asked for, those that are there begin to be heard
	{"media", 0}, -- files for clients, as many as a step has room for
	{"mic", 2}, -- what one player who speaks is likely to say
	{"memory", 4}, -- lines to remember, gathered for one call
	{"small_talk", 10}, -- questions that NPCs ask by themselves; they cost as much as all the rest, so only in a quiet step
	{"idle", 3}, -- bodies whose turn it is to look around and go on
	{"pathfinder", 1}, -- one search for a way
	{"damage", 1}, -- the beaten get up, the hurt heal
	{"orders", 2}, -- looks of those who fight
	{"gestures", 0}, -- the next turns of joints
	{"mouths", 0}, -- head and jaw of those who are heard
	{"hands", 10}, -- one body: does it hold what it should?
	{"attach", 10}, -- one mob of another mod: has it changed its name or trade?
	{"ledger", 10}, -- journal entries that are surely on disk go
	{"gossip", 10}, -- what NPCs tell each other; one event is written, or one NPC meets another
	{"promises", 4}, -- where NPCs have to be
	{"signs", 4}, -- what one player sees above heads
	{"quests", 4}, -- progress of a few players, deadlines
}

local registered = {} -- name → {run, share, left_out = steps in a row, owed_s = their time}

-- run(now_us, until_us, dtime); share: of the budget, 0 to 1, or nil for a part that does not look at the clock. dtime: since it
-- ran last.
function steps.register(name, run, share)
	registered[name] = {run = run, share = share or 0, left_out = 0, owed_s = 0}
end

function steps.run(dtime)
	local now, budget_us = now_us(), settings.budget_ms * 1000
	for i = 1, #ORDER do
		local step = registered[ORDER[i][1]]
		step.owed_s = step.owed_s + dtime
		if step.left_out < ORDER[i][2] and now_us() - now > budget_us then
			step.left_out = step.left_out + 1
		else
			local owed_s = step.owed_s
			step.left_out, step.owed_s = 0, 0
			step.run(now, now + step.share * budget_us, owed_s)
		end
	end
end

-- Called once when all folders have loaded: a part that nobody registered is a mistake.
function steps.check()
	local known = {}
	for _, part in ipairs(ORDER) do
		local name = part[1]
		if not registered[name] then error("llm_agent: nobody registered the step " .. name, 2) end
		known[name] = true
	end
	for name in pairs(registered) do
		if not known[name] then error("llm_agent: the step " .. name .. " is not in the order of core/steps.lua", 2) end
	end
end

return steps
