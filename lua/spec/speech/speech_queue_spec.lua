-- speech/speech_queue.lua: whose turn it is to speak.

local folder = "mods/llm_agent/"

describe("lines in the speech queue", function()
	local queue, now, spoken, places

	local function say(npc, words, over)
		local line = {npc = npc, ms = 1000, spoken = true}
		local begun
		line.start = function(at)
			begun = at
			spoken[#spoken + 1] = words
		end
		line.step = function(at) return at - begun >= line.ms * 1000 end
		line.finish = function(was_spoken) spoken[#spoken + 1] = words .. (was_spoken and " end" or " dropped") end
		for key, value in pairs(over or {}) do line[key] = value end
		return queue.add(line, now)
	end

	local function step(seconds)
		now = now + seconds * 1e6
		queue.step(now)
	end

	before_each(function()
		now, spoken = 0, {}
		places = {a = {x = 0, y = 0, z = 0}, b = {x = 5, y = 0, z = 0}, far = {x = 99, y = 0, z = 0}}
		queue = loadfile(folder .. "speech/speech_queue.lua")({earshot = 10, say_queue_max = 2, say_wait_ms = 5000}, function(id)
			return places[id] ~= nil, places[id] or nil
		end, function(p, q, nodes) return math.abs(p.x - q.x) <= nodes end)
	end)

	it("are one at a time within earshot", function()
		say("a", "A1")
		say("b", "B1")
		say("far", "F1")
		step(0.1)
		assert.same({"A1", "F1"}, spoken)
		step(1)
		assert.same({"A1", "F1", "F1 end", "A1 end", "B1"}, spoken)
	end)

	it("let an answer to a player go before small talk", function()
		say("a", "now")
		step(0.1)
		say("b", "chat", {spoken = false})
		say("a", "answer")
		step(1)
		assert.equal("answer", spoken[3])
	end)

	it("are dropped, the least important first, when one NPC has too much to say", function()
		say("a", "now")
		step(0)
		say("a", "small", {spoken = false})
		say("a", "one")
		assert.is_true(say("a", "two"))
		assert.same({"now", "small dropped"}, spoken)
		assert.is_false(say("a", "three"))
		assert.equal("three dropped", spoken[3])
	end)

	it("of small talk are dropped after too long a wait, answers never", function()
		say("a", "long", {ms = 9000})
		step(0)
		say("b", "chat", {spoken = false})
		say("b", "answer")
		step(6)
		assert.same({"long", "chat dropped"}, spoken)
		step(4)
		assert.same({"long", "chat dropped", "long end", "answer"}, spoken)
	end)

	it("of one who is gone are dropped, and hush ends every line once", function()
		say("b", "B")
		places.b = nil
		step(0.1)
		assert.same({"B dropped"}, spoken)
		spoken = {}
		say("a", "A")
		step(0.1)
		say("a", "A2")
		assert.is_true(queue.busy("a"))
		queue.hush("a")
		assert.is_false(queue.busy("a"))
		step(5)
		assert.same({"A", "A dropped", "A2 dropped"}, spoken)
	end)
end)
