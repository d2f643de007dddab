-- What runs in each server step, in this order: the one page for all that costs time while nobody does anything.
-- Folders register their part while they load. A part gets (now_us, until_us, dtime): work that can wait stops at `until_us`,
-- which is the part's share of llm_agent.budget_ms, counted from the begin of the step and so shared with all before it. A part
-- that may wait is left out where the budget is used up, and gets the time of the steps that it was left out of in dtime.
-- Pure: the clock is handed in.

local settings, now_us = ...

local steps = {}

local ORDER = {
	"surroundings", -- a new budget for looks at nodes, before anybody asks
	"positions", -- where a few of the NPCs stand now
	"jobs", -- what was put off, as the next part of a sentence that was heard; questions that it asks go out in the same step
	"client", -- answers of the daemon, and what has to go out; callbacks of other mods run here
	"speech_queue", -- whose turn it is to speak
	"fingerspelling", -- pictures over the heads of those who speak, for players who read signs
	"voice", -- sentences that are whole are asked for, those that are there begin to be heard
	"media", -- files for clients, as many as a step has room for
	"mic", -- what one player who speaks is likely to say
	"memory", -- lines to remember, gathered for one call
	"small_talk", -- questions that NPCs ask by themselves; they cost as much as all the rest, so only in a quiet step
	"idle", -- bodies whose turn it is to look around and go on
	"pathfinder", -- one search for a way
	"damage", -- the beaten get up, the hurt heal
	"orders", -- looks of those who fight
	"gestures", -- the next turns of joints
	"mouths", -- head and jaw of those who are heard
	"hands", -- one body: does it hold what it should?
	"attach", -- one mob of another mod: has it changed its name or trade?
	"ledger", -- journal entries that are surely on disk go
	"gossip", -- what NPCs tell each other; one event is written, or one NPC meets another
	"promises", -- where NPCs have to be
	"signs", -- what one player sees above heads
	"quests", -- progress of a few players, deadlines
}

-- Those of them that wait where a step has used up its budget: nobody sees whether they come some steps later. Not who walks or
-- fights: a body that nobody looks after walks on.
local MAY_WAIT = {
	fingerspelling = true, memory = true, small_talk = true, hands = true, attach = true, gossip = true, promises = true,
	signs = true, quests = true,
}
local HELD_STEPS_MAX = 3 -- then such a part is run whatever the step has cost

local registered = {} -- name → {run, share, may_wait, held_steps, held_s}

-- run(now_us, until_us, dtime); share: of the budget, 0 to 1, or nil for a part that does not look at the clock.
function steps.register(name, run, share)
	registered[name] = {run = run, share = share or 0, may_wait = MAY_WAIT[name], held_steps = 0, held_s = 0}
end

function steps.run(dtime)
	local now, budget_us = now_us(), settings.budget_ms * 1000
	for i = 1, #ORDER do
		local step = registered[ORDER[i]]
		if step.may_wait and step.held_steps < HELD_STEPS_MAX and now_us() - now >= budget_us then
			step.held_steps, step.held_s = step.held_steps + 1, step.held_s + dtime
		else
			local passed_s = dtime + step.held_s
			step.held_steps, step.held_s = 0, 0
			step.run(now, now + step.share * budget_us, passed_s)
		end
	end
end

-- Called once when all folders have loaded: a part that nobody registered is a mistake.
function steps.check()
	local known = {}
	for _, name in ipairs(ORDER) do
		if not registered[name] then error("llm_agent: nobody registered the step " .. name, 2) end
		known[name] = true
	end
	for name in pairs(registered) do
		if not known[name] then error("llm_agent: the step " .. name .. " is not in the order of core/steps.lua", 2) end
	end
end

return steps
