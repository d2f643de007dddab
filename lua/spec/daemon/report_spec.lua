-- daemon/report.lua: what the daemon is told of the game, when, and that nothing of it gets lost with an exchange.

local game = require("spec.support.game")

local SECOND = 1e6

describe("the report of the game", function()
	local mock, daemon, agent

	local function start(reply)
		mock, daemon, agent = game.start_quiet({settings = {["llm_agent.voice"] = "false"}}, reply)
		agent.register_action("wave", {roles = {"guard"}, run = function() return false, "Nobody is there to wave at." end})
		return agent.register_npc("a", {name = "Ann", role = "guard", pos = game.ORIGIN})
	end

	local function think(npc, opts)
		local replies = game.think(npc, opts)
		mock:step(0.1, 4)
		return replies[1]
	end

	local function sum(counts)
		local all = 0
		for _, count in ipairs(counts) do all = all + count end
		return all
	end

	it("goes along with an exchange, and has the gaps between steps since the last one", function()
		local npc = start()
		mock:step(0.1, 60)
		mock:step(0.7)
		think(npc, {utterance = "Hello"})
		assert.equal(1, #daemon.reports)
		assert.equal(2, #mock.body(mock.fetches[1]).requests, "the question, and the report beside it")
		local report = daemon.reports[1]
		assert.equal(1, report.npcs)
		assert.equal(0, report.players)
		assert.equal(#report.steps.bounds_s + 1, #report.steps.counts)
		assert.equal(61, sum(report.steps.counts)) -- the first step has none before it
		assert.equal(0.1, report.steps.bounds_s[2])
		assert.equal(1, report.steps.counts[6], "0.7 s is above 0.5 and up to 1")
		assert.is_true(math.abs(report.steps.sum_s - 6.7) < 0.01)
		assert.is_nil(report.fallbacks)
	end)

	it("is not made while nothing is sent, nor again within five seconds", function()
		local npc = start()
		mock:step(0.1, 200)
		assert.equal(0, #mock.fetches)
		for _ = 1, 4 do think(npc, {utterance = "Hello", cache = "off"}) end
		assert.equal(1, #daemon.reports)
		mock:step(0.1, 60)
		think(npc, {utterance = "Hello"})
		assert.equal(2, #daemon.reports)
	end)

	it("tells what came of an action, by itself where no exchange takes it along", function()
		local npc = start(function() return {{event = "done", text = "Hello!", action = {name = "wave", params = {}}, cache = "miss"}} end)
		mock:step(0.1, 60)
		local reply = think(npc, {utterance = "Wave", actions = {"wave"}})
		assert.is_false(reply.action.ok)
		local fetches = #mock.fetches
		mock:step(0.1, 60)
		assert.equal(2, #daemon.reports)
		assert.equal(fetches + 1, #mock.fetches)
		assert.same({{request = daemon.received[1].request.id, action = "wave", ok = false, message = "Nobody is there to wave at."}},
			daemon.reports[2].acted)
		mock:step(0.1, 200)
		assert.equal(2, #daemon.reports)
	end)

	it("counts fallback lines by reason, and names the requests", function()
		local npc = start(function() return {{event = "error", code = "engine_failed", message = "it broke"}} end)
		mock:step(0.1, 60)
		for _ = 1, 2 do think(npc, {utterance = "Hello"}) end
		mock:step(0.1, 60)
		local report = daemon.reports[2]
		assert.same({engine_failed = 2}, report.fallbacks)
		assert.equal(daemon.received[2].request.id, report.fell_back[2].request)
		assert.equal("engine_failed", report.fell_back[2].reason)
	end)

	it("calls what the model did wrong a bad reply, and a rate limit by its name", function()
		local report = assert(loadfile("mods/llm_agent/daemon/report.lua"))({
			players = function() return 2 end, npcs = function() return 3 end, write_json = function() return "{}" end,
			plain = function(message) return message end, version = "1", game = "g",
		})
		for i, code in ipairs({"empty", "repeated", "restrained"}) do report.note({id = "r" .. i, fallback = true, code = code}) end
		assert.same({bad_reply = 2, rate_limit = 1}, report.take(6 * SECOND).fallbacks)
	end)

	it("is told again with the next one where the daemon was away, and once only", function()
		local npc = start()
		mock:step(0.1, 60)
		daemon:die()
		think(npc, {utterance = "Hello"})
		mock:step(0.1, 10)
		daemon:rise()
		for _ = 1, 12 do
			think(npc, {utterance = "Hello"})
			mock:step(0.1, 10)
		end
		local steps, offline = 0, 0
		for _, report in ipairs(daemon.reports) do
			steps = steps + sum(report.steps.counts)
			offline = offline + (report.fallbacks and report.fallbacks.offline or 0)
		end
		assert.is_true(#daemon.reports >= 2)
		assert.is_true(steps > 60 and steps < 60 + 14 * 14 + 10, steps)
		assert.is_true(offline >= 1)
	end)

	it("lists no more requests than the daemon takes, the newest", function()
		local report = assert(loadfile("mods/llm_agent/daemon/report.lua"))({
			players = function() return 0 end, npcs = function() return 0 end, write_json = function() return "{}" end,
			plain = function(message) return message end, version = "1", game = "g",
		})
		for i = 1, 100 do report.note({id = "r" .. i, fallback = true, code = "offline"}) end
		local record = report.take(6 * SECOND)
		assert.equal(64, #record.fell_back)
		assert.equal("r100", record.fell_back[64].request)
		assert.equal(100, record.fallbacks.offline)
	end)
end)
