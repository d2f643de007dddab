-- body/emote.lua: gestures.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

local mock, agent, private

local function start(options) mock, agent, private = orders.start(options) end

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
