-- core/jobs.lua: work that waits for a step with room for it.

describe("jobs", function()
	local BUDGET_US, JOB_US = 300, 200
	local now, jobs, done, logged

	before_each(function()
		now, done, logged = 0, {}, {}
		jobs = assert(loadfile("mods/llm_agent/core/jobs.lua"))(function() return now end,
			function(level, words) logged[#logged + 1] = level .. ": " .. words end)
	end)

	local function add(name, us, fn)
		jobs.add(function()
			now = now + (us or JOB_US)
			done[#done + 1] = name
			if fn then fn() end
		end)
	end

	-- What a step does, in which other work has taken so long already.
	local function step(spent_us)
		done = {}
		local began_us = now
		now = now + (spent_us or 0)
		jobs.step(began_us, began_us + BUDGET_US)
		return table.concat(done, " ")
	end

	it("are done in the order in which they came, as many as a step has room for", function()
		for _, name in ipairs({"a", "b", "c"}) do add(name) end
		assert.equal("", table.concat(done)) -- never at once
		assert.equal("a b", step())
		assert.equal("c", step())
		assert.equal("", step())
	end)

	it("may put off more, which is done after what waits already", function()
		add("a", 10, function() add("c", 10) end)
		add("b", 10)
		assert.equal("a b c", step())
	end)

	it("wait where the step has spent its budget, but not for ever", function()
		add("a")
		assert.equal("", step(500))
		assert.equal("a", step(500))
	end)

	it("are done in longer steps the longer they have waited, so that a flood does not pile up", function()
		for number = 1, 12 do add(tostring(number)) end
		assert.equal("1 2", step())
		assert.equal("3 4 5", step())
		assert.equal("6 7 8 9 10", step())
	end)

	it("cost no other job where one fails, and are told of", function()
		jobs.add(function() error("broken", 0) end)
		add("a")
		assert.equal("a", step())
		assert.same({"error: work that was put off failed: broken"}, logged)
	end)

	it("are all done at the end, with what they put off, and from then on at once", function()
		add("a", 10, function() add("c", 10) end)
		add("b", 10)
		jobs.finish()
		assert.equal("a b c", table.concat(done, " "))
		add("d")
		assert.equal("a b c d", table.concat(done, " "))
	end)
end)
