-- think/offers.lua: actions whose parameters follow the world, offered, chosen and run.

local Mock = require("mock_core")
local ORIGIN = {x = 0, y = 0, z = 0}

describe("an action whose parameters follow the world", function()
	local mock, daemon, agent, npc, stock, ran, replies, asked_for

	local function params(_, player_name, opts)
		asked_for[#asked_for + 1] = {player_name, opts.player}
		if stock < 1 then return nil end
		return {
			type = "object", required = {"count"},
			properties = {count = {type = "integer", minimum = 1, maximum = stock}},
		}
	end

	before_each(function()
		mock = Mock.new({settings = {["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false", ["llm_agent.warm"] = "false"}})
		daemon = mock:open_daemon(function() return {} end)
		agent = mock:load_mod()
		stock, ran, replies, asked_for = 3, {}, {}, {}
		mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "m", name = "Mira", role = "smith"}))
		npc = agent.get_npc("m")
		mock:join("Ana", {x = 2, y = 0, z = 0})
		agent.register_action("sell_nails", {
			roles = {"smith"}, params = params, description = "sells nails",
			run = function(_, _, chosen)
				ran[#ran + 1] = chosen.count
				stock = stock - chosen.count
				return true
			end,
		})
	end)

	local function offered(number)
		for _, action in ipairs(daemon.received[number].request.actions or {}) do
			if action.name == "sell_nails" then return action end
		end
	end

	local function ask()
		npc:think({player = "Ana", utterance = "Nails, please", actions = true}, function(answer) replies[#replies + 1] = answer end)
		mock:step(0.05, 2)
	end

	local function answer(number, count)
		local requests = daemon.received[number]
		daemon:event(requests.session, {
			id = requests.request.id, event = "done", text = "Here you are.", action = {name = "sell_nails", params = {count = count}},
		})
		mock:step(0.05, 5)
	end

	it("is offered with what is there, and only while it can be done", function()
		ask()
		assert.equal(3, offered(1).params.properties.count.maximum)
		assert.equal("sells nails", offered(1).description)
		assert.same({"Ana", "Ana"}, asked_for[1])
		stock = 0
		ask()
		assert.is_nil(offered(2))
	end)

	it("runs as chosen, where the world is still like that", function()
		ask()
		answer(1, 2)
		assert.same({2}, ran)
		assert.is_true(replies[1].action.ok)
	end)

	it("is not run where the world has changed by then", function()
		ask()
		stock = 1
		answer(1, 2)
		ask()
		stock = 0
		answer(2, 1)
		assert.same({}, ran)
		assert.is_false(replies[1].action.ok)
		assert.matches("count: more than 1", replies[1].action.message)
		assert.equal("not possible any more", replies[2].action.message)
		assert.not_equal("Here you are.", replies[2].text) -- it failed, and says so
		assert.is_true(replies[2].text:find("cannot", 1, true) ~= nil or replies[2].text:find("not work", 1, true) ~= nil
			or replies[2].text:find("nothing comes of it", 1, true) ~= nil)
	end)

	it("runs once, also when the reply comes twice", function()
		ask()
		local requests = daemon.received[1]
		for _ = 1, 2 do
			daemon:event(requests.session, {
				id = requests.request.id, event = "done", text = "Here.", action = {name = "sell_nails", params = {count = 1}},
			})
		end
		mock:step(0.05, 5)
		answer(1, 1)
		assert.same({1}, ran)
		assert.equal(1, #replies)
	end)

	it("chosen twice for the last piece sells it once", function()
		stock = 1
		ask()
		ask()
		answer(1, 1)
		answer(2, 1)
		assert.same({1}, ran)
		assert.same({true, false}, {replies[1].action.ok, replies[2].action.ok})
		assert.equal(0, stock)
	end)

	it("whose parameters fail is left out, and the others are offered", function()
		agent.register_action("broken", {roles = {"smith"}, params = function() error("a mod's own mistake") end, run = function() end})
		ask()
		assert.is_truthy(offered(1))
		for _, action in ipairs(daemon.received[1].request.actions) do assert.not_equal("broken", action.name) end
		answer(1, 1)
		assert.same({1}, ran)
		assert.equal(1, #mock:logged("params of action broken failed"))
	end)

	it("runs before its words are spoken, though they stream in: they might not belong to it", function()
		npc:converse({player = "Ana", utterance = "Nails, please", actions = true}, function(reply) replies[#replies + 1] = reply end)
		mock:step(0.05, 2)
		local requests = daemon.received[1]
		assert.is_true(requests.request.stream)
		assert.is_truthy(offered(1))
		daemon:event(requests.session, {id = requests.request.id, event = "delta", text = "Here you are"})
		mock:step(0.05, 30)
		assert.is_nil(mock.entities[2]) -- no bubble yet
		assert.same({}, ran)
		answer(1, 2)
		assert.same({2}, ran)
		assert.equal("Here you are.", replies[1].text)
	end)
end)

describe("what comes with the mod", function()
	it("stands in the prompt as the embedded model learnt it: by name and parameters alone", function()
		local game, described, count = Mock.new({}), {}, 0
		game:load_mod()
		for name, action in pairs(game.mod.api.actions.by_name) do
			count = count + 1
			if action.description then described[#described + 1] = name end
		end
		assert.is_true(count > 0)
		assert.same({}, described)
	end)
end)
