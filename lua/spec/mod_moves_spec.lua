-- Gestures on old and new engines, and the actions by which a player has an NPC follow, stay, go, flee and open doors.

local Mock = require("mock_core")

local function at(x, z) return {x = x, y = -0.5, z = z or 0} end -- on the ground: nodes below 0 are stone

local mock, agent, private, remembered

local function start(options)
	options = options or {}
	options.settings = {["llm_agent.greet"] = "false", ["llm_agent.npc_talk"] = "off", ["llm_agent.wander"] = "false"}
	mock = Mock.new(options)
	mock:open_door(function() return {} end)
	agent = mock:load_mod()
	private = mock.mod
	remembered = {}
	private.think.memory.remember = function(_, _, sentence) remembered[#remembered + 1] = sentence end
end

local function body(id, pos)
	local object = mock.core.add_entity(pos, "llm_agent:npc", mock.core.serialize({id = id, name = id, role = "guard"}))
	return object, agent.get_npc(id)
end

describe("a gesture", function()
	it("moves the arm and ends in the rest pose, on engines before 5.9", function()
		start()
		local object, npc = body("a", at(0))
		assert.is_true(npc:emote("wave"))
		local up = object.bones.Arm_Right
		assert.same({x = -3.15, y = 5.25, z = 0}, up.at)
		assert.equal(360, up.turned.x) -- degrees, absolute: up, where 180 is down
		mock:step(0.05, 100)
		assert.same({at = {x = -3.15, y = 5.25, z = 0}, turned = {x = 180, y = 0, z = 0}}, object.bones.Arm_Right)
	end)

	it("is given back to the animation since 5.9, or to its rest where a client is older", function()
		for _, protocol in ipairs({46, 40}) do
			start({bone_overrides = true, client_protocols = {Robin = protocol}})
			mock:join("Robin", at(3))
			local object, npc = body("a", at(0))
			npc:emote("nod")
			local override = object.bones.Head
			assert.is_true(override.position.absolute and override.rotation.absolute)
			assert.is_true(math.abs(override.rotation.vec.x) < 1) -- radians
			mock:step(0.05, 100)
			if protocol == 46 then
				assert.same({}, object.bones)
			else
				assert.same({x = 0, y = 0, z = 0}, object.bones.Head.rotation.vec)
			end
		end
	end)

	it("leaves no bone turned, whatever comes between, and none that was not moved", function()
		start({bone_overrides = true})
		math.randomseed(9)
		local object, npc = body("a", at(0))
		for _ = 1, 200 do
			npc:emote(private.body.emote.kinds[math.random(#private.body.emote.kinds)])
			mock:step(0.05, math.random(1, 40))
		end
		mock:step(0.05, 200)
		assert.same({}, object.bones)
		npc:emote("bow")
		local saved = object:unload()
		mock:step(0.05, 5)
		object = mock.core.add_entity(at(0), "llm_agent:npc", saved)
		mock:step(0.05, 100)
		assert.same({}, object.bones)
		assert.equal(0, #mock:logged("error"))
	end)

	it("dances by frames and stands again, and a sprite hops", function()
		start()
		local object, npc = body("a", at(0))
		npc:emote("dance")
		assert.same({x = 200, y = 219}, object.animation)
		mock:step(0.05, 150)
		assert.same({x = 0, y = 79}, object.animation)

		start({player_api = false})
		object, npc = body("a", at(0))
		assert.is_true(npc:emote("wave"))
		assert.is_true(object:get_velocity().y > 0)
		assert.same({}, object.bones)
		assert.has_error(function() npc:emote("fly") end)
		assert.is_false(agent.register_npc("v", {name = "Voice", role = "guard"}):emote("wave"))
	end)
end)

describe("the action", function()
	local object, npc

	local function params(name, opts)
		local of = private.api.actions.by_name[name].params(npc, "Robin", opts or {})
		return of and (of.properties or true)
	end

	local function run(name, given)
		return private.api.actions.by_name[name].run(npc, "Robin", given or {})
	end

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
		assert.same({"Mira could not get home."}, mock:chat_of("Robin"))
		assert.equal("Mira could not get home", remembered[2])
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

	describe("open_door", function()
		local open, toggles

		local function put_door(x, owner)
			local key = x .. ",0,0"
			open, toggles = false, 0
			mock.ground[key] = "doors:door_a"
			mock.nodes = {{name = "doors:door_a", pos = {x = x, y = 0, z = 0}}}
			mock.core.registered_nodes["doors:door_a"] = {groups = {door = 1}, on_rightclick = function() end}
			mock.meta[key] = {owner = owner}
			_G.doors = {registered_doors = {["doors:door_a"] = true}, get = function(pos)
				return pos.x == x and {
					state = function() return open end,
					toggle = function() open, toggles = not open, toggles + 1 end,
				} or nil
			end}
		end

		it("opens one in reach at once, and walks to one that is not", function()
			assert.is_nil(params("open_door"))
			put_door(2)
			assert.is_true(params("open_door"))
			local ok, message = run("open_door")
			assert.is_true(ok)
			assert.equal("Mira opens the door.", message)
			assert.is_true(open)
			assert.is_nil(params("open_door"))
			put_door(-5)
			ok, message = run("open_door")
			assert.is_true(ok)
			assert.equal("Mira goes to open the door.", message)
			assert.is_false(open)
			mock:step(0.05, 100)
			assert.is_true(open)
			assert.same({"Mira opens the door."}, mock:chat_of("Robin"))
		end)

		it("refuses one that is locked, or protected from who asks", function()
			put_door(2, "Will")
			local ok, message = run("open_door")
			assert.is_false(ok)
			assert.equal("Mira cannot open this door: it is locked.", message)
			put_door(2)
			mock.protected["2,0,0"] = "Will"
			ok, message = run("open_door")
			assert.is_false(ok)
			assert.equal("Mira will not open this door for you: it is protected.", message)
			assert.equal(0, toggles)
			mock.protected["2,0,0"] = "Robin"
			assert.is_true((run("open_door")))
		end)

		it("knows the doors of Mineclonia and VoxeLibre, and those that only redstone opens", function()
			start({other_mods = {mcl_doors = true}})
			object, npc = body("Mira", at(0))
			mock:join("Robin", at(6))
			local nodes, clicked = mock.core.registered_nodes, 0
			nodes["mcl_doors:door_b_1"] = {groups = {door = 1}, on_rightclick = function(pos)
				clicked, pos.y = clicked + 1, pos.y + 1 -- as theirs does
				mock.meta["2,0,0"].is_open = 1
			end}
			nodes["mcl_doors:iron_b_1"] = {groups = {door = 1}}
			for name, result in pairs({["mcl_doors:door_b_1"] = true, ["mcl_doors:iron_b_1"] = false}) do
				mock.ground["2,0,0"], mock.meta["2,0,0"] = name, {}
				mock.nodes = {{name = name, pos = {x = 2, y = 0, z = 0}}}
				assert.is_true(params("open_door"))
				assert.equal(result, (run("open_door")))
			end
			assert.equal(1, clicked)
		end)
	end)
end)
