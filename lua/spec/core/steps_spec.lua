-- core/steps.lua: what an idle step costs, and what waits in a full one.

local Mock = require("mock_core")

local function at(x) return {x = x, y = 0, z = 0} end

describe("the mod", function()
	local mock, agent
	local function echo(request)
		return {{event = "done", text = ("%s hears %s"):format(request.npc.name, request.utterance or "nothing"), cache = "miss", model = "m"}}
	end
	local function start(options, reply)
		mock = Mock.new(options)
		mock:open_daemon(reply or echo)
		agent = mock:load_mod()
		return agent
	end

	it("costs no table in an idle step", function()
		start({fresh = true})
		for i = 1, 20 do agent.register_npc("n" .. i, {name = "N" .. i, role = "guard", pos = at(i)}) end
		jit.off() -- its traces would count as garbage
		jit.flush()
		agent.update(0.0001)
		collectgarbage("collect")
		collectgarbage("stop")
		local before = collectgarbage("count")
		for _ = 1, 100 do agent.update(0.0001) end
		local used = collectgarbage("count") - before
		collectgarbage("restart")
		jit.on()
		-- one table a step would be 3 KiB and more; LuaJIT itself may take half a KiB once
		assert.is_true(used < 1, ("100 idle steps took %.2f KiB"):format(used))
	end)

	it("is interpreted: its code begins no trace of LuaJIT's compiler", function()
		start({fresh = true})
		for i = 1, 20 do agent.register_npc("n" .. i, {name = "N" .. i, role = "guard", pos = at(i)}) end
		local started, begun = {}, {}
		-- Called while LuaJIT records: it only takes note.
		local function note(what, _, fn)
			if what == "start" then started[#started + 1] = fn end
		end
		jit.attach(note, "trace")
		for _ = 1, 500 do agent.update(0.05) end
		jit.attach(note)
		for _, fn in ipairs(started) do
			local source = require("jit.util").funcinfo(fn).source or ""
			if source:find("mods/llm_agent", 1, true) then begun[#begun + 1] = source end
		end
		assert.same({}, begun)
	end)
end)

describe("the parts of a step", function()
	local BUDGET_US = 300
	local now, steps, seen

	-- All of them: each takes no time, unless it is registered anew.
	before_each(function()
		now, seen = 0, {}
		steps = assert(loadfile("mods/llm_agent/core/steps.lua"))({budget_ms = BUDGET_US / 1000}, function() return now end)
		local ok, problem = pcall(steps.check)
		while not ok do
			steps.register(problem:match("the step (%S+)$"), function() end)
			ok, problem = pcall(steps.check)
		end
	end)

	local function register(name, us)
		steps.register(name, function(_, _, dtime)
			seen[#seen + 1] = ("%s %.2f"):format(name, dtime)
			now = now + us
		end)
	end

	local function step()
		seen = {}
		steps.run(0.05)
		return table.concat(seen, ", ")
	end

	it("wait for one with room where they may, and are told how long it was", function()
		register("speech_queue", 2 * BUDGET_US)
		register("gossip", 10)
		register("ledger", 10)
		assert.equal("speech_queue 0.05, ledger 0.05", step())
		register("speech_queue", 10)
		assert.equal("speech_queue 0.05, ledger 0.05, gossip 0.10", step())
		assert.equal("speech_queue 0.05, ledger 0.05, gossip 0.05", step())
	end)

	it("do not wait for ever", function()
		register("speech_queue", 2 * BUDGET_US)
		register("gossip", 10)
		for _ = 1, 3 do assert.equal("speech_queue 0.05", step()) end
		assert.equal("speech_queue 0.05, gossip 0.20", step())
	end)
end)
