-- perception/positions.lua: what a crowd costs that wants to know who is near.

local surroundings = require("spec.support.surroundings")
local at = surroundings.at

describe("NPCs that look for who is near", function()
	local mock, daemon, agent
	local function start(options, nodes) mock, agent, daemon = surroundings.start(options, nodes) end

	it("ask the engine for five positions in a step, however many want to know who is near", function()
		start()
		local objects, looks = {}, 0
		for i = 1, 20 do
			objects[i] = mock.core.add_entity(at(i), "llm_agent:npc", mock.core.serialize({id = "n" .. i, name = "N" .. i, role = "guard"}))
			local get_pos = objects[i].get_pos
			objects[i].get_pos = function(self)
				looks = looks + 1
				return get_pos(self)
			end
		end
		mock:step()
		looks = 0
		for i = 1, 20 do agent.get_npc("n" .. i):think({}, function() end) end
		mock:step()
		assert.is_true(looks <= 20 * 5 + 5, looks .. " looks at a position")
		objects[1]:set_pos(at(900))
		mock:step(0.05, 4)
		assert.same({"N2 the guard", "N3 the guard", "N4 the guard"}, daemon.received[1].request.context.near)
		agent.get_npc("n2"):think({}, function() end)
		mock:step()
		assert.same({"N3 the guard", "N4 the guard", "N5 the guard"}, daemon.received[21].request.context.near) -- the first walked off
	end)
end)
