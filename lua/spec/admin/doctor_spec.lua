-- admin/doctor.lua: what an admin reads who runs /llm doctor.

local admin = require("spec.support.admin")

describe("an admin who asks the doctor", function()
	local mock, daemon
	local function start(options) mock, daemon = admin.start(options) end
	local function chat_of(name) return table.concat(mock:chat_of(name), "\n") end

	it("reads the doctor's findings in chat, the faults last, where they are seen", function()
		start({settings = {["secure.http_mods"] = "irc,llm_agent"}})
		function daemon.call(_, path)
			if path == "/info" then return 200, {engine = "stub", model = "stub"} end
			if path == "/v1/roles" then return 200, {roles = {{name = "smith"}}, problems = {"smith.yaml:2: title: missing"}} end
			return 200, {ready = true}
		end
		mock:command("Ada", "doctor")
		mock:step(0.05, 3)
		local lines = mock:chat_of("Ada")
		local last_good, first_bad
		for i, line in ipairs(lines) do
			if line:find("√", 1, true) then last_good = i end
			if line:find("×", 1, true) then first_bad = first_bad or i end
			assert.is_true(#line < 500, line)
		end
		assert.is_true(last_good < first_bad, chat_of("Ada"))
		assert.is_truthy(chat_of("Ada"):find("engine stub", 1, true))
		assert.is_truthy(chat_of("Ada"):find("smith.yaml:2", 1, true))
		assert.is_truthy(lines[#lines]:find("to mend", 1, true))
		table.sort(daemon.calls)
		assert.same({"GET /info", "GET /readyz", "GET /v1/doctor", "GET /v1/roles", "GET /v1/switch"}, daemon.calls)
	end)

	it("gets one verdict where nothing can be asked: without HTTP, or switched off", function()
		for _, options in ipairs({{http = false}, {storage = {off = "yes"}}}) do
			start(options)
			mock:command("Ada", "doctor")
			local verdicts = 0
			for _, line in ipairs(mock:chat_of("Ada")) do
				if line:find("to mend", 1, true) then verdicts = verdicts + 1 end
			end
			assert.equal(1, verdicts)
			assert.equal(0, #mock.fetches)
		end
	end)
end)
