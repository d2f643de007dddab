-- For tests/faults/test_kill_chain.py: eight NPCs, each with a question out at all times, whatever dies around them. The log has
-- each question when it is asked and when its callback comes. No two questions are alike, also over restarts of the server.

local NPCS = 8
local PAUSE_S = 0.1 -- between an answer and the next question; a fallback comes at once where the daemon is known to be away
local start = os.time()
local count = 0

local function note(...) core.log("action", "[llm_probe] " .. string.format(...)) end

local function ask(npc)
	count = count + 1
	local number = ("%d-%d"):format(start, count)
	note("ask %s", number)
	npc:think({player = "Visitor" .. number, utterance = "Question " .. number, priority = "spoken"}, function(reply)
		note("back %s fallback=%s", number, tostring(reply.fallback == true))
		core.after(PAUSE_S, ask, npc)
	end)
end

core.after(0, function()
	for number = 1, NPCS do
		ask(llm_agent.register_npc("probe:" .. number, {name = "Npc" .. number, role = "guard", pos = {x = 0, y = 5, z = 0}}))
	end
end)
