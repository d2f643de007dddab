-- talk/small_talk.lua: talks among NPCs.

local game = require("spec.support.game")
local ORIGIN, at = game.ORIGIN, game.at

describe("in a game,", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start(options, reply) end

	describe("NPCs among themselves", function()
		local function village(mode, extra)
			local settings = {
				["llm_agent.npc_talk"] = mode, ["llm_agent.npc_talk_interval_s"] = "5", ["llm_agent.npc_talk_chain_max"] = "3",
				["llm_agent.greet"] = "false", ["llm_agent.repeat_lines"] = "0",
			}
			for key, value in pairs(extra or {}) do settings[key] = value end
			start({settings = settings})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(5)})
			agent.register_npc("c", {name = "Cleo", role = "elder", pos = at(90)})
		end

		it("talk in turns, each to what the other said, no longer than the cap, with nobody there", function()
			village("always", {["llm_agent.npc_talk_interval_s"] = "300"})
			agent.get_npc("a").next_small_talk_us = 0
			mock:step(0.1, 200)
			assert.equal(3, #daemon.received)
			assert.equal("background", daemon.received[1].request.priority)
			local first, second = daemon.received[1].request, daemon.received[2].request
			assert.not_equal(first.npc.id, second.npc.id)
			assert.equal(first.npc.name, second.player)
			assert.equal(("%s hears %s"):format(first.npc.name, first.utterance or "nothing"), second.utterance)
			assert.equal(first.npc.id, daemon.received[3].request.npc.id)
		end)

		it("talk again after a pause, and never one who stands alone", function()
			village("always")
			mock:step(0.1, 1200)
			assert.is_true(#daemon.received > 6)
			for _, requests in ipairs(daemon.received) do assert.not_equal("c", requests.request.npc.id) end
		end)

		it("talk only where a player hears it, unless told otherwise", function()
			village("near_players")
			mock:step(0.1, 300)
			assert.equal(0, #daemon.received)
			mock:join("Robin", at(9))
			mock:step(0.1, 300)
			assert.is_true(#daemon.received > 0)
			village("off")
			mock:join("Robin", at(9))
			mock:step(0.1, 300)
			assert.equal(0, #daemon.received)
		end)

		it("end a talk whose line found no turn, and talk again later", function()
			village("always", {["llm_agent.say_wait_ms"] = "1000"})
			agent.get_npc("a"):say("A very long story.", {ms = 30000})
			agent.get_npc("b"):say("Another.", {ms = 30000})
			mock:step(0.1, 250)
			local during = #daemon.received
			mock:step(0.1, 1200)
			assert.is_true(#daemon.received > during + 2)
			assert.equal(0, #mock:logged("error"))
		end)

		it("fall silent rather than say again what was said, or a line that is no answer", function()
			start({settings = {["llm_agent.npc_talk"] = "always", ["llm_agent.npc_talk_interval_s"] = "5", ["llm_agent.greet"] = "false"}},
				function() return {{event = "done", text = "Nothing moves at the gate."}} end)
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(5)})
			local said = {}
			agent.on("say", function(_, line) said[#said + 1] = line end)
			mock:step(0.1, 1500)
			assert.same({"Nothing moves at the gate."}, said)
		end)

		it("end a talk when one is gone, and when the daemon is", function()
			village("always")
			agent.on("say", function() if agent.get_npc("b") then agent.unregister_npc("b") end end)
			mock:step(0.1, 300)
			assert.equal(0, #mock:logged("error"))
			village("always")
			daemon:die()
			mock:step(0.1, 1200)
			assert.equal(1, #mock:logged("warning"))
			daemon:rise()
			local before = #daemon.received
			mock:step(0.1, 600)
			assert.is_true(#daemon.received > before + 2)
		end)
	end)
end)
