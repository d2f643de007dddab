-- For tests/game/test_memory.py: an NPC is told what came of a trade, is asked, and is made to forget. The log tells how far it
-- is; what the model was told the test reads from the daemon. One thing after another, each begun when the last has ended.

local function note(...) core.log("action", "[llm_probe] " .. string.format(...)) end

local mira = llm_agent.register_npc("probe:mira", {name = "Mira", role = "healer", pos = {x = 0, y = 5, z = 0}})
llm_agent.set_place("Oakford", {x = 0, y = 5, z = 0}, 50)

local LOOK_EVERY_S = 0.5
local ask

-- Goes on when the test has seen what it wants to see, and made the file of that name in the world.
local function after_sign(name, go_on)
	local sign = io.open(core.get_worldpath() .. "/" .. name, "r")
	if not sign then return core.after(LOOK_EVERY_S, after_sign, name, go_on) end
	sign:close()
	go_on()
end

local function forget()
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
		after_sign("remembered", function()
			ask("Where is my lantern?", function() after_sign("forget", forget) end)
		end)
	end)
end)
