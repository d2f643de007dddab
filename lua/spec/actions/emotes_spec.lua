-- actions/emotes.lua, gesture_words.lua: the gestures that a player asks for, and that a model makes up.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

describe("the words for a gesture", function()
	local mock, agent, private, npc, object

	local function start(options)
		mock, agent, private = orders.start(options)
		object, npc = body("Mira", at(0))
		mock:join("Robin", at(3))
		mock:step(0.05, 2)
	end

	local function meant(words)
		local params, lang = private.api.actions.by_name.emote.meant(npc, "Robin", {utterance = words})
		return params, lang
	end

	before_each(function() start() end)

	it("are plain orders in the languages of the mod", function()
		for words, wanted in pairs({
			["Shake your head, Mira!"] = {"shake", "en"}, ["Mira, bow to me please"] = {"bow", "en"}, ["think about it"] = {"think", "en"},
			["Wave me over"] = {"beckon", "en"}, ["wave"] = {"wave", "en"}, ["nod now"] = {"nod", "en"}, ["ok dance for us"] = {"dance", "en"},
			["Schüttle den Kopf!"] = {"shake", "de"}, ["Mira, verbeuge dich bitte"] = {"bow", "de"},
			["denk mal nach"] = {"think", "de"}, ["winke mich her"] = {"beckon", "de"}, ["Secoue la tête"] = {"shake", "fr"},
			["réfléchis bien"] = {"think", "fr"}, ["s'il te plaît incline-toi"] = {"bow", "fr"}, ["piénsalo"] = {"think", "es"},
			["niega con la cabeza"] = {"shake", "es"}, ["Подумай!"] = {"think", "ru"}, ["покачай головой"] = {"shake", "ru"},
			["помани меня"] = {"beckon", "ru"},
		}) do
			local params, lang = meant(words)
			assert.same({kind = wanted[1]}, params, words)
			assert.equal(wanted[2], lang, words)
		end
	end)

	it("say how far to count, which is five at most, and whom to point at", function()
		for words, number in pairs({
			["count to three"] = 3, ["Count up to 5, Mira"] = 5, ["count to ten"] = 5, ["zähl bis zwei"] = 2, ["compte jusqu'à quatre"] = 4,
			["cuenta hasta cinco"] = 5, ["посчитай до трёх"] = 3,
		}) do
			assert.same({kind = "count", number = number}, (meant(words)), words)
		end
		body("Selma", at(5, 4))
		agent.set_place("the mill", at(9, 3), 5)
		mock:step(0.05, 20)
		for words, name in pairs({
			["point at Selma"] = "Selma", ["Mira, point to the mill!"] = "the mill", ["zeig auf Selma"] = "Selma", ["montre du doigt Selma"] = "Selma",
			["señala a Selma"] = "Selma", ["покажи на Selma"] = "Selma",
		}) do
			assert.same({kind = "point", at = name}, (meant(words)), words)
		end
	end)

	it("are none in questions, stories, refusals and other orders", function()
		for _, words in ipairs({
			"can you wave?", "I think so", "think of me when I am gone", "don't count on it", "do not wave", "come here", "count to the mill",
			"she waved to us", "what do you think", "point", "that is the point", "bow", "my bow broke", "count Dracula", "point at Nobody",
		}) do
			local params = meant(words)
			local is_bare = words == "point" or words == "bow"
			assert.equal(is_bare, params ~= nil, words)
		end
	end)

	it("are offered with what they ask for, and else with the kind alone", function()
		local function properties(words) return orders.params(npc, "emote", {utterance = words}) end
		assert.is_nil(properties("hello").number or properties("hello").at)
		assert.equal(5, properties("count to three").number.maximum)
		body("Selma", at(5, 4))
		mock:step(0.05, 20)
		assert.same({"Selma"}, properties("point at Selma").at.enum)
		assert.equal(12, #properties("hello").kind.enum)
	end)

	it("have the deed done: it is turned to Selma, and points", function()
		body("Selma", at(4, 0))
		mock:step(0.05, 20)
		assert.is_true((orders.run(npc, "emote", {kind = "point", at = "Selma"})))
		assert.is_true(math.abs(object:get_yaw() + math.pi / 2) < 0.01)
		mock:step(0.05, 10)
		assert.is_true(object.bones.Arm_Right.turned.x > 240)
		assert.is_false((orders.run(npc, "emote", {kind = "point", at = "Nobody"})))
	end)

	it("of a gesture that has no name are answered by frames, where it is what is asked for", function()
		assert.is_nil(orders.params(npc, "gesture", {utterance = "be a bird"}))
		local offered = orders.params(npc, "gesture", {utterance = "be a bird", intent = "gesture"})
		local joints = offered.frames.items.properties.joints.properties
		assert.equal(-180, joints.Arm_Left.items.minimum)
		assert.is_nil(joints.Jaw)
		assert.is_true((orders.run(npc, "gesture", {times = 2, frames = {{at = 0.5, joints = {Arm_Left = {0, 0, 90}}}}})))
		mock:step(0.05, 9)
		assert.is_true(object.bones.Arm_Left.turned.z > 80)
		local ok, problem = orders.run(npc, "gesture", {times = 2, frames = {{at = 0, joints = {Arm_Left = {0, 0, 90}}}}})
		assert.is_false(ok)
		assert.is_string(problem)
	end)
end)
