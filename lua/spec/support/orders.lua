-- A game where NPCs stand still until they are told to do something.

local Mock = require("mock_core")

local orders = {}
local mock, agent, private

function orders.at(x, z) return {x = x, y = -0.5, z = z or 0} end -- on the ground: nodes below 0 are stone

-- Returns the mock, the mod's API, its private table and a list of what NPCs remember.
function orders.start(options)
	options = options or {}
	options.settings = {["llm_agent.greet"] = "false", ["llm_agent.npc_talk"] = "off", ["llm_agent.wander"] = "false", ["llm_agent.warm"] = "false"}
	mock = Mock.new(options)
	mock:open_daemon(function() return {} end)
	agent = mock:load_mod()
	private = mock.mod
	local remembered = {}
	private.think.memory.remember = function(_, _, sentence) remembered[#remembered + 1] = sentence end
	return mock, agent, private, remembered
end

-- A guard with its body: the object and the NPC.
function orders.body(id, pos)
	local object = mock.core.add_entity(pos, "llm_agent:npc", mock.core.serialize({id = id, name = id, role = "guard"}))
	return object, agent.get_npc(id)
end

-- What the model is offered for an action: its properties, true without any, nil where it is not offered.
function orders.params(npc, name, opts)
	local of = private.api.actions.by_name[name].params(npc, "Robin", opts or {})
	return of and (of.properties or true)
end

function orders.run(npc, name, given)
	return private.api.actions.by_name[name].run(npc, "Robin", given or {})
end

return orders
