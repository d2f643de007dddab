-- gestures/player.lua, api.lua: gestures on the bones of bodies, and of the models of other mods.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

local mock, agent, private

local function start(options) mock, agent, private = orders.start(options) end

describe("a gesture", function()
	it("moves the arm and ends in the rest pose, on engines before 5.9", function()
		start()
		local object, npc = body("a", at(0))
		assert.is_true(npc:emote("wave"))
		mock:step(0.05, 6)
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
			npc:emote(private.gestures.named.kinds[math.random(#private.gestures.named.kinds)])
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

	it("is a hop of a sprite, and nothing of a voice without a body", function()
		start({player_api = false})
		local object, npc = body("a", at(0))
		assert.is_true(npc:emote("wave"))
		assert.is_true(object:get_velocity().y > 0)
		assert.same({}, object.bones)
		assert.has_error(function() npc:emote("fly") end)
		assert.has_error(function() npc:emote("count", {number = 6}) end)
		assert.is_false(agent.register_npc("v", {name = "Voice", role = "guard"}):emote("wave"))
	end)

	-- The degrees of a bone from its rest, on the axis x.
	local function pitch(object, joint)
		local rest, bone = private.body.figure.model.bones[joint], object.bones[joint]
		if not bone then return 0 end
		return (bone.turned and bone.turned.x or math.deg(bone.rotation.vec.x)) - rest.turned.x
	end

	it("counts with as many strokes as the number", function()
		for number = 1, 5 do
			start()
			local object, npc = body("a", at(0))
			npc:emote("count", {number = number})
			local strokes, is_up = 0, false
			for _ = 1, 100 do
				mock:step(0.05)
				local was_up = is_up
				is_up = pitch(object, "Arm_Right") > (is_up and 80 or 115)
				if was_up and not is_up then strokes = strokes + 1 end
			end
			assert.equal(number, strokes)
		end
	end)

	it("points at a place, as high as it is, and is turned to it all the while", function()
		start()
		local object, npc = body("a", at(0))
		mock:join("Robin", at(0, -3))
		npc:emote("point", {at = {x = 4, y = 0.85, z = 0}})
		mock:step(0.05, 20)
		assert.is_true(math.abs(pitch(object, "Arm_Right") - 90) < 1)
		assert.is_true(math.abs(object:get_yaw() + math.pi / 2) < 0.01)
		npc:emote("point", {at = {x = 4, y = 4.85, z = 0}})
		mock:step(0.05, 20)
		assert.is_true(math.abs(pitch(object, "Arm_Right") - 135) < 1)
	end)

	it("leaves the legs where they are when the body bows", function()
		start()
		local object, npc = body("a", at(0))
		npc:emote("bow")
		mock:step(0.05, 15)
		assert.equal(-40, pitch(object, "Body"))
		assert.equal(40, pitch(object, "Leg_Left"))
		assert.equal(40, pitch(object, "Leg_Right"))
		mock:step(0.05, 60)
		for _, joint in ipairs({"Body", "Leg_Left", "Leg_Right", "Head"}) do assert.equal(0, pitch(object, joint)) end
	end)

	it("begins at the rest of the bone, for a client glides from what it was told before", function()
		start({bone_overrides = true})
		local object, npc = body("a", at(0))
		local turns = {}
		function object.set_bone_override(_, bone, override) turns[#turns + 1] = {bone, override} end
		npc:emote("wave")
		assert.equal("Arm_Right", turns[1][1])
		assert.equal(math.pi, turns[1][2].rotation.vec.x)
		assert.equal(0, turns[1][2].rotation.interpolation)
		assert.is_true(turns[2][2].rotation.interpolation > 0)
	end)

	it("of many at once takes no more messages a step than its budget, and all end at rest", function()
		start()
		local objects, sent = {}, 0
		for i = 1, 40 do
			local object, npc = body("n" .. i, at(i * 2))
			objects[i] = object
			local turn = object.set_bone_position
			function object.set_bone_position(...)
				sent = sent + 1
				return turn(...)
			end
			npc:emote("dance")
		end
		local most = 0
		for _ = 1, 200 do
			sent = 0
			mock:step(0.05)
			most = math.max(most, sent)
		end
		assert.is_true(most >= 60 and most <= 60 + 12, most) -- the last body of a step sends all it has
		for _, object in ipairs(objects) do
			for joint in pairs(private.body.figure.model.bones) do assert.equal(0, pitch(object, joint)) end
		end
	end)
end)

describe("llm_agent.play_gesture", function()
	local HAIL = '{"name": "hail", "frames": [{"at": 0.4, "joints": {"Arm_Left": [170, 0, 0], "Head": [10, 0, 0]}}]}'

	it("plays JSON and tables on an NPC, and says what is wrong with others", function()
		start()
		local object, npc = body("a", at(0))
		assert.is_true(agent.play_gesture(npc, HAIL))
		mock:step(0.05, 7)
		assert.equal(350, object.bones.Arm_Left.turned.x)
		mock:step(0.05, 40)
		assert.equal(180, object.bones.Arm_Left.turned.x)
		local ok, problem = agent.play_gesture(npc, {frames = {{at = 1, joints = {Jaw = {9, 0, 0}}}}})
		assert.is_false(ok)
		assert.equal("frames[1].joints: unknown joint Jaw; this model has Arm_Left, Arm_Right, Body, Head, Leg_Left, Leg_Right", problem)
		assert.is_false((agent.play_gesture(npc, "wave!")))
		assert.is_false((agent.play_gesture(agent.register_npc("v", {name = "V", role = "guard"}), HAIL)))
		assert.has_error(function() agent.play_gesture("a", HAIL) end)
		assert.has_error(function() agent.play_gesture(npc, HAIL, {bone = {}}) end)
	end)

	it("plays on the model of another mod, with its names of bones, from where the animation has them", function()
		start({bone_overrides = true})
		mock.core.registered_entities["mobs:wolf"] = {}
		local wolf = mock.core.add_entity(at(2), "mobs:wolf")
		local rig = {Head = "head.bone", Jaw = "mouth"}
		assert.is_true(agent.play_gesture(wolf, {frames = {{at = 0.2, joints = {Jaw = {30, 0, 0}}, ease = "linear"}}}, {bones = rig}))
		assert.is_nil(wolf.bones.mouth.position)
		assert.is_false(wolf.bones.mouth.rotation.absolute)
		assert.is_true(math.abs(wolf.bones.mouth.rotation.vec.x - math.rad(30)) < 0.001)
		mock:step(0.05, 40)
		assert.same({}, wolf.bones)
		local ok, problem = agent.play_gesture(wolf, HAIL, {bones = rig})
		assert.is_false(ok)
		assert.is_truthy(problem:find("this model has Head, Jaw", 1, true))
		for _, bad in ipairs({{}, {Head = 5}, {Head = {name = "h", at = at(0)}}, {Head = {name = "h", at = 1, turned = 1}}}) do
			assert.has_error(function() agent.play_gesture(wolf, HAIL, {bones = bad}) end)
		end
		assert.has_error(function() agent.play_gesture(wolf, HAIL) end)
	end)

	it("wants the rest of a bone of another mod's model where the engine knows no other turns", function()
		start()
		mock.core.registered_entities["mobs:wolf"] = {}
		local wolf = mock.core.add_entity(at(2), "mobs:wolf")
		local nod = {frames = {{at = 0.2, joints = {Head = {30, 0, 0}}}}}
		local ok, problem = agent.play_gesture(wolf, nod, {bones = {Head = "head"}})
		assert.is_false(ok)
		assert.is_truthy(problem:find("at and turned", 1, true))
		local rest = {x = 0, y = 5, z = 0}
		assert.is_true(agent.play_gesture(wolf, nod, {bones = {Head = {name = "head", at = rest, turned = rest}}}))
		mock:step(0.05, 3)
		assert.same({at = rest, turned = {x = 30, y = 5, z = 0}}, wolf.bones.head)
	end)
end)
