-- core/steps.lua: what an idle step costs.

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
		local begun = {}
		local function note(what, _, fn)
			local source = what == "start" and require("jit.util").funcinfo(fn).source or ""
			if source:find("mods/llm_agent", 1, true) then begun[#begun + 1] = source end
		end
		jit.attach(note, "trace")
		for _ = 1, 500 do agent.update(0.05) end
		jit.attach(note)
		assert.same({}, begun)
	end)
end)
