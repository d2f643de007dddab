-- gestures/plan.lua: when which joint is turned, and how far. Time is a number here.

local plan = assert(loadfile("mods/llm_agent/gestures/plan.lua"))()

local REST = {0, 0, 0}

local function frame(at, joints, ease) return {at = at, joints = joints, ease = ease} end

-- Where the planned changes have a joint at a time, as a client draws it.
local function drawn(changes, joint, at)
	local angles = REST
	for _, change in ipairs(changes) do
		if change.joint == joint and change.at <= at then
			local share = change.glide_s > 0 and math.min(1, (at - change.at) / change.glide_s) or 1
			local from, to = angles, change.angles
			angles = {}
			for axis = 1, 3 do angles[axis] = share == 1 and to[axis] or from[axis] + (to[axis] - from[axis]) * share end
		end
	end
	return angles
end

local function near(expected, got, tolerance)
	for axis = 1, 3 do
		assert.is_true(math.abs(expected[axis] - got[axis]) <= tolerance, ("%s, not %s"):format(got[axis], expected[axis]))
	end
end

describe("the plan of a gesture", function()
	it("eases slowly in and out, glides evenly where it is told, and holds until it jumps", function()
		for _, can_glide in ipairs({true, false}) do
			local tolerance = can_glide and 4 or 16 -- a tenth of a second of the quickest part
			local eased = plan.of({frames = {frame(1, {Head = {80, 0, 0}})}}, {}, can_glide)
			near({12.5, 0, 0}, drawn(eased, "Head", 0.25), tolerance)
			near({40, 0, 0}, drawn(eased, "Head", 0.5), tolerance)
			near({67.5, 0, 0}, drawn(eased, "Head", 0.75), tolerance)
			local even = plan.of({frames = {frame(1, {Head = {80, 0, 0}}, "linear")}}, {}, can_glide)
			near({20, 0, 0}, drawn(even, "Head", 0.25), tolerance)
			local held = plan.of({frames = {frame(1, {Head = {80, 0, 0}}, "hold"), frame(2, {Head = {80, 0, 0}})}}, {}, can_glide)
			near(REST, drawn(held, "Head", 0.99), 0)
			near({80, 0, 0}, drawn(held, "Head", 1), 0)
		end
	end)

	it("takes few changes where clients glide, ten a second where they cannot, and none for what does not move", function()
		local still = {frames = {frame(1, {Head = {80, 0, 0}}, "linear"), frame(9, {Head = {80, 0, 0}})}}
		assert.equal(1 + 2 + 1, #plan.of(still, {}, true)) -- there, back in two pieces, and given back
		assert.equal(10 + 3 + 1, #plan.of(still, {}, false))
	end)

	it("never glides through more than a quarter turn, for a client takes the shorter way around", function()
		local around = plan.of({frames = {frame(2, {Arm_Right = {360, 0, 0}}, "linear"), frame(2.1, {Arm_Right = {0, 0, 0}})}}, {}, true)
		local before = 0
		for _, change in ipairs(around) do
			assert.is_true(math.abs(change.angles[1] - before) <= 90)
			before = change.angles[1]
		end
	end)

	it("has every joint at rest at the end, also those that were turned before it began", function()
		local read = {times = 3, frames = {frame(0.3, {Head = {20, 0, 0}}), frame(0.6, {Arm_Left = {90, 0, 0}})}}
		for _, can_glide in ipairs({true, false}) do
			local changes = plan.of(read, {Body = {-40, 0, 0}, Head = {5, 0, 0}}, can_glide)
			local ended = {}
			for i, change in ipairs(changes) do
				assert.is_true(i == 1 or changes[i - 1].at <= change.at)
				assert.is_nil(ended[change.joint])
				if change.is_end then
					ended[change.joint] = true
					near(REST, drawn(changes, change.joint, change.at), 0)
				end
			end
			assert.same({Body = true, Head = true, Arm_Left = true}, ended)
			near({-20, 0, 0}, drawn(changes, "Body", 0.125), can_glide and 8 or 16)
		end
	end)

	it("goes through its frames as often as it says", function()
		local changes = plan.of({times = 3, frames = {frame(0.5, {Head = {20, 0, 0}}), frame(1, {Head = {-20, 0, 0}})}}, {}, true)
		for round = 0, 2 do
			near({20, 0, 0}, drawn(changes, "Head", round + 0.5), 0.01)
			near({-20, 0, 0}, drawn(changes, "Head", round + 1), 0.01)
		end
	end)
end)
