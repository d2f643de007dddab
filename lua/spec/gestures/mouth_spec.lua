-- gestures/mouth.lua: head and jaw while a voice is heard.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

describe("a voice", function()
	local mock, agent, private, object, npc, sent

	-- Who speaks, and a player who hears it; every turn of a bone is noted.
	local function start(player_at, options)
		options = options or {bone_overrides = true}
		mock, agent, private = orders.start(options)
		object, npc = body("a", at(0))
		mock:join("Robin", at(player_at or 3))
		sent = {}
		for _, name in ipairs({"set_bone_override", "set_bone_position"}) do
			local turn = object[name]
			if turn then object[name] = function(...)
				sent[#sent + 1] = {select(2, ...)}
				return turn(...)
			end end
		end
	end

	local function speak(mouth, seconds, who)
		local now = mock.core.get_us_time()
		local sound = {id = "a", seconds = seconds, mouth = mouth, started_us = now, until_us = now + seconds * 1e6}
		private.voice.speaking.begin(who or npc, sound)
	end

	local function head()
		local bone = object.bones.Head
		return bone and math.deg(bone.rotation.vec.x) or 0
	end

	it("nods with what is loud, at most five times a second, and leaves the head to the animation at the end", function()
		start()
		speak("0099000000000099", 2)
		local most = 0
		for _ = 1, 40 do
			mock:step(0.05)
			most = math.max(most, head())
		end
		assert.is_true(most >= 8 and most < 10, most)
		assert.is_true(#sent <= 2 + 5 * 2, #sent)
		mock:step(0.05, 20)
		assert.same({}, object.bones)
		local count = #sent
		mock:step(0.05, 100)
		assert.equal(count, #sent)
	end)

	it("moves nobody whom no player hears, nor a flat figure", function()
		start(90)
		speak("9999999999", 1)
		mock:step(0.05, 40)
		assert.equal(0, #sent)
		start(3, {player_api = false})
		speak("9999999999", 1)
		mock:step(0.05, 40)
		assert.same({}, object.bones)
	end)

	it("leaves the head to a gesture that turns it, and goes on after that", function()
		start()
		speak(("9"):rep(60), 6)
		mock:step(0.05, 10)
		agent.play_gesture(npc, {frames = {{at = 0.2, joints = {Head = {-60, 0, 0}}}, {at = 1.5, joints = {Head = {-60, 0, 0}}}}})
		mock:step(0.05, 8)
		for _ = 1, 15 do
			mock:step(0.05)
			assert.is_true(math.abs(head() + 60) < 0.01)
		end
		mock:step(0.05, 30)
		assert.is_true(head() > 6)
		mock:step(0.05, 100)
		assert.same({}, object.bones)
	end)

	it("opens the jaw of a model that has one, and its arms go on with a gesture", function()
		start()
		mock.core.registered_entities["mobs:wolf"] = {}
		local wolf = mock.core.add_entity(at(2), "mobs:wolf")
		local mind = agent.attach(wolf, {name = "Fang", role = "hunter", bones = {Jaw = "mouth", Head = "head"}})
		speak("9999999999", 1, mind)
		mock:step(0.05, 4)
		assert.is_true(math.abs(math.deg(wolf.bones.mouth.rotation.vec.x) - 22) < 0.01)
		assert.is_true(mind:emote("nod"))
		mock:step(0.05, 100)
		assert.same({}, wolf.bones)
		assert.has_error(function() agent.attach(mock.core.add_entity(at(4), "mobs:wolf"), {role = "hunter", bones = {Jaw = 5}}) end)
	end)

	it("stops in mid-sentence, and the head is at rest", function()
		start()
		speak(("9"):rep(100), 10)
		mock:step(0.05, 10)
		private.voice.speaking.ended(npc, private.voice.is_speaking(npc))
		mock:step(0.05, 20)
		assert.same({}, object.bones)
	end)

	it("jumps where the engine cannot glide", function()
		start(3, {})
		speak("9999999999", 1)
		mock:step(0.05, 5)
		assert.is_true(object.bones.Head.turned.x >= 8)
		mock:step(0.05, 40)
		assert.equal(0, object.bones.Head.turned.x)
	end)
end)
