-- perception/observe.lua: facts of a question.

local game = require("spec.support.game")
local ORIGIN, at, think = game.ORIGIN, game.at, game.think

describe("in a game,", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start(options, reply) end

	describe("facts", function()
		it("name the parts of the day", function()
			start()
			local names = {}
			for _, time in ipairs({0, 0.21, 0.3, 0.5, 0.6, 0.78, 0.9, 1}) do
				mock.time_of_day = time
				think(agent.register_npc("t" .. time, {name = "Ann", role = "guard"}), {})
				mock:step()
				names[#names + 1] = daemon.received[#daemon.received].request.context.time
			end
			assert.same({"night", "dawn", "morning", "noon", "afternoon", "evening", "night", "night"}, names)
		end)

		it("are at most three neighbours, without the one spoken to, and never a position", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			for i, name in ipairs({"Bram", "Cleo", "Dirk", "Edda"}) do agent.register_npc(name, {name = name, role = "smith", pos = at(i)}) end
			mock:join("Robin", at(0.5))
			mock:join("Will", at(1.5))
			think(npc, {player = "Robin"})
			mock:step()
			assert.same({"Bram the smith", "Cleo the smith", "Will"}, daemon.received[1].request.context.near)
		end)

		it("are those whom the words name, though others stand nearer", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			for i, name in ipairs({"Bram", "Cleo", "Dirk", "Edda"}) do agent.register_npc(name, {name = name, role = "smith", pos = at(i)}) end
			think(npc, {player = "Robin", utterance = "Ann, who is edda?"})
			mock:step()
			assert.same({"Bram the smith", "Cleo the smith", "Edda the smith"}, daemon.received[1].request.context.near)
		end)

		it("tell what the NPC is that is spoken to", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(1)})
			think(npc, {player = "Bram"})
			mock:step()
			assert.same({"Bram the smith"}, daemon.received[1].request.context.near)
			for i, name in ipairs({"Cleo", "Dirk", "Edda"}) do agent.register_npc(name, {name = name, role = "smith", pos = at(0.1 * i)}) end
			think(npc, {player = "Bram"})
			mock:step()
			assert.same({"Bram the smith", "Cleo the smith", "Dirk the smith"}, daemon.received[2].request.context.near) -- farther, and first
		end)

		it("tell of wounds only where there are some", function()
			start()
			local object = mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "a", name = "Ann", role = "guard"}))
			local npc = agent.get_npc("a")
			for _, case in ipairs({{20}, {12, "hurt"}, {3, "badly hurt"}}) do
				object:set_hp(case[1])
				think(npc, {})
				mock:step()
				assert.equal(case[2], daemon.received[#daemon.received].request.context.health)
			end
		end)
	end)
end)
