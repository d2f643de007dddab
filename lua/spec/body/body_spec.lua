-- body/body.lua: the entity, its look, what is saved.

local Mock = require("mock_core")
local ORIGIN = {x = 0, y = 0, z = 0}

local function at(x) return {x = x, y = 0, z = 0} end

describe("in a game,", function()
	local mock, daemon, agent
	local function echo(request)
		return {{event = "done", text = ("%s hears %s"):format(request.npc.name, request.utterance or "nothing"), cache = "miss", model = "m"}}
	end
	local function start(options, reply)
		mock = Mock.new(options)
		daemon = mock:open_daemon(reply or echo)
		agent = mock:load_mod()
		return agent
	end
	local function think(npc, opts)
		local replies = {}
		npc:think(opts, function(reply) replies[#replies + 1] = reply end)
		return replies
	end

	describe("a body", function()
		local function body(id, name, role, pos)
			return mock.core.add_entity(pos or ORIGIN, "llm_agent:npc", mock.core.serialize({id = id, name = name, role = role}))
		end

		it("carries its NPC through unloading, and sleeps meanwhile", function()
			start()
			local object = body("m", "Mira", "smith")
			local npc = agent.get_npc("m")
			npc:set_context({memory = "likes bread"})
			assert.equal("Mira", object:get_properties().nametag)
			assert.equal("character.b3d", object:get_properties().mesh)
			mock:join("Robin", at(1))
			local saved = object:unload()
			assert.is_false(npc:is_present())
			assert.is_nil(npc:get_pos())
			mock:say("Robin", "hello Mira")
			npc:say("Nobody hears this.")
			mock:step(0.05, 10)
			assert.equal(0, #daemon.received)
			assert.equal(0, #mock.chat)
			mock.core.add_entity(at(1), "llm_agent:npc", saved)
			assert.equal(npc, agent.get_npc("m"))
			assert.equal(1, npc:get_pos().x)
			local storage = saved
			start()
			mock.core.add_entity(at(1), "llm_agent:npc", storage)
			assert.equal("likes bread", agent.get_npc("m").context.memory)
		end)

		it("speaks above its head, wrapped, and the bubble goes by itself", function()
			start()
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			agent.get_npc("m"):say("Good day to you, traveller, and mind the sparks of the forge.", {to = "Robin"})
			mock:step(0.1, 30)
			local bubble = mock.entities[2]
			assert.equal("Good day to you, traveller, and mind\nthe sparks of the forge.", bubble:get_properties().nametag)
			mock:step(0.5, 20)
			assert.is_nil(bubble:get_pos())
			assert.equal(-math.pi / 2, mock.entities[1]:get_yaw())
		end)

		it("is removed when nobody knows whose it is, or it is a copy", function()
			start()
			assert.is_nil(mock.core.add_entity(ORIGIN, "llm_agent:npc", ""))
			assert.is_nil(mock.core.add_entity(ORIGIN, "llm_agent:npc", "{}"))
			assert.is_not_nil(body("m", "Mira", "smith"))
			assert.is_nil(body("m", "Mira", "smith"))
			assert.is_not_nil(agent.get_npc("m"):get_pos())
		end)

		it("takes its mind along when it is removed for good, also in the middle of a question", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			local replies = think(agent.get_npc("m"), {})
			mock:step()
			object:remove()
			mock:step(0.05, 3)
			assert.is_nil(agent.get_npc("m"))
			assert.equal("cancelled", replies[1].code)
		end)

		it("lives on as a villager when its role's mod is gone, and remembers the role", function()
			start()
			local object = body("k", "Kurt", "knight_of_another_mod")
			assert.equal("villager", agent.get_npc("k").role)
			assert.is_truthy(object:unload():find("knight_of_another_mod", 1, true))
		end)

		it("is a flat figure in a game without the player model", function()
			start({player_api = false})
			assert.equal("upright_sprite", body("m", "Mira", "smith"):get_properties().visual)
		end)
	end)
end)
