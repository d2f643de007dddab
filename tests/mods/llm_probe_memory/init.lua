-- For tests/game/test_memory.py: an NPC is told what came of a trade, is asked, and is made to forget. The log tells how far it
-- is; what the model was told the test reads from the daemon. One thing after another, each begun when the last has ended.

local function note(...) core.log("action", "[llm_probe] " .. string.format(...)) end

local mira = llm_agent.register_npc("probe:mira", {name = "Mira", role = "healer", pos = {x = 0, y = 5, z = 0}})
llm_agent.set_place("Oakford", {x = 0, y = 5, z = 0}, 50)

local SENT_AFTER_S = 5 -- the mod gathers for two seconds
local LOOK_EVERY_S = 0.5
local SIGN = core.get_worldpath() .. "/forget" -- a file that the test makes when it has seen what it wants to see
local ask, forget

forget = function()
	local sign = io.open(SIGN, "r")
	if not sign then return core.after(LOOK_EVERY_S, forget) end
	sign:close()
	llm_agent.forget({player = "Ana"}, function(problem, count)
		note("forgotten problem=%s count=%s", tostring(problem), tostring(count))
		ask("What do you know of me now?", function() note("done") end)
	end)
end

ask = function(words, after)
	mira:think({player = "Ana", utterance = words, priority = "spoken"}, function(reply)
		note("reply fallback=%s words=%s", tostring(reply.fallback), words)
		after()
	end)
end

core.after(0, function()
	ask("I hid the lantern under the oak.", function()
		mira:remember("Ana refused my price", "Ana")
		core.after(SENT_AFTER_S, function()
			ask("Where is my lantern?", forget)
		end)
	end)
end)
