-- A game for what is around an NPC: nodes, weather, places.

local Mock = require("mock_core")

local surroundings = {ORIGIN = {x = 0, y = 0, z = 0}}
local mock, daemon, agent

function surroundings.at(x, y) return {x = x, y = y or 0, z = 0} end

-- nodes: list of names the game registers; the rest as Mock.new takes it. Returns the mock, the mod's API and the daemon.
function surroundings.start(options, nodes)
	mock = Mock.new(options)
	for _, name in ipairs(nodes or {}) do mock.core.registered_nodes[name] = {} end
	daemon = mock:open_daemon(function() return {{event = "done", text = "Yes."}} end)
	agent = mock:load_mod()
	return mock, agent, daemon
end

-- Takes away the mods that a spec has faked.
function surroundings.remove_other_mods()
	for _, name in ipairs({"mcl_weather", "climate_api", "areas"}) do _G[name] = nil end
end

-- What a question tells the model of the world.
function surroundings.facts_of(npc, opts)
	npc:think(opts or {}, function() end)
	mock:step()
	return daemon.received[#daemon.received].request.context
end

function surroundings.guard(pos)
	return agent.register_npc("a", {name = "Ann", role = "guard", pos = pos})
end

return surroundings
