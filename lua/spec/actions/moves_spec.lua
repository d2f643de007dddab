-- actions/moves.lua: where a player sends an NPC.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

local mock, agent, private, remembered

local function start(options) mock, agent, private, remembered = orders.start(options) end

describe("the action", function()
	local object, npc
	local function params(name, opts) return orders.params(npc, name, opts) end
	local function run(name, given) return orders.run(npc, name, given) end
	before_each(function()
		start()
		object, npc = body("Mira", at(0))
		mock:join("Robin", at(6))
		mock:step(0.05, 2)
	end)
	after_each(function() _G.doors = nil end)

	it("is offered only for a body of this mod", function()
		npc = agent.register_npc("v", {name = "Voice", role = "guard", pos = at(1)})
		for _, name in ipairs({"follow", "stay", "go_to", "flee", "open_door", "emote"}) do
			assert.is_nil(params(name, {intent = "tactics"}), name)
		end
	end)

	it("follow names who is near, and says when it lost them", function()
		body("Bram", at(3))
		body("Cleo", at(40))
		assert.same({"Robin", "Bram"}, params("follow").target.enum)
		local ok, message = run("follow", {target = "Robin"})
		assert.is_true(ok)
		assert.equal("Mira follows Robin.", message)
		mock:step(0.05, 100)
		assert.is_true(object:get_pos().x > 3)
		mock.players.Robin:set_pos(at(200))
		mock:step(0.05, 20)
		assert.same({"Mira has lost Robin."}, mock:chat_of("Robin"))
		assert.same({"Mira lost Robin on the way"}, remembered)
	end)

	it("follow and go_to name whom the words name, however many are nearer", function()
		for i = 1, 8 do body("Guard" .. i, at(1 + i * 0.2)) end
		body("Zoe", at(12))
		mock:step(0.05, 40)
		for name, parameter in pairs({follow = "target", go_to = "place"}) do
			local function holds(words)
				local list = params(name, {utterance = words})[parameter].enum
				assert.is_true(#list <= 6)
				return (" " .. table.concat(list, " ") .. " "):find(" Zoe ", 1, true) ~= nil
			end
			assert.is_false(holds("Mira, run along"))
			assert.is_true(holds("Mira, go to Zoe"))
			assert.is_true((run(name, {[parameter] = "Zoe"})))
		end
	end)

	it("stay is offered until it stays", function()
		assert.is_true(params("stay"))
		assert.is_true((run("stay")))
		assert.is_nil(params("stay"))
		run("follow", {target = "Robin"})
		assert.is_true(params("stay"))
	end)

	it("go_to names home, loaded places, what it sees and people; it waits there, and tells what came of it", function()
		agent.set_place("the mill", at(9, 3), 5)
		agent.set_place("Farland", at(400), 5)
		npc.home = at(20)
		npc.seen = {things = {"a well"}, where = {["a well"] = {x = 4, y = 0, z = 4}}}
		assert.same({"Robin", "a well", "home", "the mill"}, params("go_to").place.enum)
		local ok, message = run("go_to", {place = "the mill"})
		assert.is_true(ok)
		assert.equal("Mira goes to the mill.", message)
		mock:step(0.05, 200)
		assert.same({"Mira went to the mill as Robin asked"}, remembered)
		assert.equal("stay", private.body.movement.current(npc).kind)
		mock:step(0.5, 200)
		assert.is_nil(private.body.movement.current(npc))
		run("go_to", {place = "home"})
		for z = -50, 50 do
			for y = 0, 1 do mock.ground[("15,%d,%d"):format(y, z)] = "stone" end
		end
		mock:step(0.05, 1800)
		local told = mock:chat_of("Robin")
		assert.equal("Mira could not get home.", told[1])
		assert.matches("^<Mira> .*home", told[2]) -- and says so
		assert.equal(2, #told)
		assert.equal("Mira could not get home", remembered[2])
	end)

	it("go_to begins at once, while who sent it still has its attention", function()
		agent.set_place("the mill", at(20), 5)
		private.speech.attention.attend(npc, "Robin")
		assert.is_true((run("go_to", {place = "the mill"})))
		mock:step(0.05, 40)
		assert.is_true(private.speech.attention.is_talking(npc, mock.now_us))
		assert.is_true(object:get_pos().x > 2)
	end)

	it("flee is offered in danger, and runs from who speaks", function()
		assert.is_nil(params("flee"))
		assert.is_true(params("flee", {context = {enemy = "wolf"}}))
		object:set_hp(5)
		assert.is_true(params("flee"))
		assert.is_true((run("flee")))
		mock:step(0.05, 200)
		assert.is_true(object:get_pos().x < -8)
	end)
end)
