-- perception/ways.lua: the way to places that somebody asks about.

local surroundings = require("spec.support.surroundings")
local ORIGIN, facts_of, guard = surroundings.ORIGIN, surroundings.facts_of, surroundings.guard

describe("the way", function()
	local agent, npc
	before_each(function()
		local _
		_, agent = surroundings.start()
		npc = guard(ORIGIN)
	end)

	local function way_of(words, name) return (facts_of(npc, {utterance = words}).way or {})[name] end

	local function way_to(x, z, radius)
		agent.set_place("Old Mill", {x = x, y = 0, z = z}, radius or 2)
		return way_of("Where is the old mill?", "Old Mill")
	end

	it("is told in steps and directions", function()
		for _, case in ipairs({
			{12, 0, "10 steps east"}, {0, 19, "20 steps north"}, {-9, 0, "10 steps west"}, {0, -24, "20 steps south"},
			{40, 40, "60 steps north-east"}, {-40, 45, "60 steps north-west"}, {-7, -7, "10 steps south-west"},
			{300, -310, "430 steps south-east"},
		}) do assert.equal(case[3], way_to(case[1], case[2])) end
	end)

	it("is right here inside, a few steps beside it, and unknown very far away", function()
		assert.equal("right here", way_to(3, 0, 5))
		assert.equal("5 steps east", way_to(1.2, 0, 1))
		assert.is_nil(way_to(1001, 0))
	end)

	it("is told of each place that is named, and of no other", function()
		agent.set_place("Old Mill", {x = 12, y = 0, z = 0}, 2)
		agent.set_place("Oakford", {x = 0, y = 0, z = 12}, 2)
		assert.is_nil(facts_of(npc, {utterance = "Where is the millstone?"}).way)
		assert.is_nil(facts_of(npc).way)
		assert.same({["Old Mill"] = "10 steps east", Oakford = "10 steps north"},
			facts_of(npc, {utterance = "Is oakford nearer than the Old Mill?"}).way)
	end)

	it("is what another mod says, where it does", function()
		npc:set_context({way = {["Old Mill"] = "over the bridge"}})
		assert.equal("over the bridge", way_to(12, 0))
	end)
end)
