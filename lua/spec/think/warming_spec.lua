-- Whom the daemon is told to prepare for: the NPC that a player looks at, and the one that has just answered.

local game = require("spec.support.game")
local at, body = game.at, game.body
local SOUTH, EAST = math.pi, -math.pi / 2 -- the way that a player looks

describe("the daemon", function()
	local mock, daemon, agent, robin

	local function start(settings)
		settings = settings or {}
		settings["llm_agent.npc_talk"], settings["llm_agent.greet"] = "off", "false"
		settings["llm_agent.wander"] = "false" -- whom it stands beside decides what it may give
		mock, daemon, agent = game.start({settings = settings})
		daemon.warms = true
		body("b", "Bram", "smith", at(4))
		robin = mock:join("Robin", at(0))
		robin.yaw = EAST
	end

	before_each(function() start() end)

	it("is told of the NPC that a player looks at, as of a think without words", function()
		mock:step(0.1, 30)
		assert.equal(1, #daemon.warmed)
		local told = daemon.warmed[1]
		assert.same({"warm", "b", "Bram", "Robin"}, {told.op, told.npc.id, told.npc.name, told.player})
		assert.is_nil(told.utterance)
		assert.equal(0, #daemon.received)
	end)

	it("is told the prompt that a line to it will begin with", function()
		mock:step(0.1, 30)
		mock:say("Robin", "Bram, tell me of the river")
		mock:step(0.1, 30)
		local told, asked = daemon.warmed[1], daemon.received[1].request
		asked.npc.pos, told.npc.pos = nil, nil -- in no prompt
		for _, field in ipairs({"npc", "player", "lang", "remember", "max_tokens"}) do
			assert.same(asked[field], told[field], field)
		end
		for i, action in ipairs(asked.actions) do assert.equal(action.name, told.actions[i].name) end
	end)

	it("is told again after each answer, and of one who is looked at for long now and then", function()
		mock:step(0.1, 30)
		mock:say("Robin", "Bram, hello")
		mock:step(0.1, 30)
		assert.equal(2, #daemon.warmed)
		mock:step(0.5, 30)
		assert.equal(2, #daemon.warmed)
		mock:step(0.5, 30)
		assert.equal(3, #daemon.warmed)
	end)

	it("is not told of an NPC behind a player's back, nor of one out of earshot", function()
		start()
		robin.yaw = SOUTH
		mock:step(0.1, 30)
		assert.equal(0, #daemon.warmed)
		robin.yaw = EAST
		robin:set_pos(at(-60))
		mock:step(0.1, 30)
		assert.equal(0, #daemon.warmed)
	end)

	it("is told no more once it has said that this does not pay, until it is back with another model perhaps", function()
		daemon.warms = false
		mock:step(0.1, 30)
		mock:say("Robin", "Bram, hello")
		mock:step(0.1, 30)
		assert.equal(1, #daemon.warmed)
		daemon.up = false
		mock:say("Robin", "Bram, hello?")
		mock:step(0.1, 60)
		daemon.up = true
		mock:say("Robin", "Bram, are you there?")
		mock:step(0.5, 60)
		mock:say("Robin", "Bram, good evening")
		mock:step(0.1, 30)
		assert.is_true(#daemon.warmed > 1)
	end)

	it("is told nothing where the setting says so", function()
		start({["llm_agent.warm"] = "false"})
		mock:step(0.1, 30)
		mock:say("Robin", "Bram, hello")
		mock:step(0.1, 30)
		assert.equal(0, #daemon.warmed)
	end)

	it("is told nothing in the name of NPCs that speak to each other", function()
		robin.yaw = SOUTH
		agent.get_npc("b"):think({player = "Mira", utterance = "Hello"}, function() end)
		mock:step(0.1, 30)
		assert.equal(0, #daemon.warmed)
	end)
end)
