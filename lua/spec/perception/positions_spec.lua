-- perception/positions.lua: what a crowd costs that wants to know who is near.

local Mock = require("mock_core")

local function at(x, y) return {x = x, y = y or 0, z = 0} end

describe("NPCs that look for who is near", function()
	local mock, daemon, agent
	-- nodes: list of names the game registers; the rest as Mock.new takes it.
	local function start(options, nodes)
		mock = Mock.new(options)
		for _, name in ipairs(nodes or {}) do mock.core.registered_nodes[name] = {} end
		daemon = mock:open_daemon(function() return {{event = "done", text = "Yes."}} end)
		agent = mock:load_mod()
	end
	after_each(function()
		for _, name in ipairs({"mcl_weather", "climate_api", "areas"}) do _G[name] = nil end
	end)

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
		assert.is_true(looks <= 20 * 5, looks .. " looks at a position")
		objects[1]:set_pos(at(900))
		mock:step(0.05, 4)
		assert.same({"N2 the guard", "N3 the guard", "N4 the guard"}, daemon.received[1].request.context.near)
		agent.get_npc("n2"):think({}, function() end)
		mock:step()
		assert.same({"N3 the guard", "N4 the guard", "N5 the guard"}, daemon.received[21].request.context.near) -- the first walked off
	end)
end)
