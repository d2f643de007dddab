-- admin/first_run.lua: what an admin is told at joining.

local admin = require("spec.support.admin")

describe("a player who joins", function()
	it("is told once ever, in one line, how to talk; not where the setting says so or NPCs do not think", function()
		local storage = {}
		local function told(options)
			options.settings = options.settings or {["llm_agent.hint"] = "true"}
			local mock = admin.start(options)
			mock:join("Robin", {x = 0, y = 0, z = 0})
			mock:step(0.05, 3)
			return mock:chat_of("Robin")
		end
		local first = told({storage = storage})
		assert.equal(1, #first)
		assert.matches("say hello .* /llm", first[1])
		assert.same({}, told({storage = storage}))
		assert.same({}, told({settings = {["llm_agent.hint"] = "false"}}))
		assert.same({}, told({storage = {off = "yes"}}))
	end)
end)

describe("an admin who joins", function()
	local mock, daemon
	local function start(options)
		local agent
		mock, daemon, agent = admin.start(options)
		return agent
	end
	local function join(name)
		mock:join(name, {x = 0, y = 0, z = 0})
		mock:step(0.05, 3)
	end
	local function chat_of(name) return table.concat(mock:chat_of(name), "\n") end

	it("gets the missing line at joining, once a run; players do not", function()
		start({http = false, settings = {["secure.http_mods"] = "irc"}})
		join("Robin")
		for _ = 1, 2 do
			join("Ada")
			mock:leave("Ada")
		end
		assert.equal("", chat_of("Robin"))
		assert.equal(1, #mock:chat_of("Ada"))
		assert.is_truthy(chat_of("Ada"):find("secure.http_mods = irc,llm_agent", 1, true))
		mock.privs.Eve = {server = true}
		join("Eve")
		assert.equal(1, #mock:chat_of("Eve"))
		start({curl = false})
		join("Ada")
		assert.is_truthy(chat_of("Ada"):find("cURL", 1, true))
	end)

	it("hears once that the daemon is away, and is welcomed when it comes", function()
		local agent = start()
		daemon:die()
		join("Ada")
		mock:leave("Ada")
		join("Ada")
		assert.equal(1, #mock:chat_of("Ada"))
		assert.is_truthy(chat_of("Ada"):find("/llm doctor", 1, true))
		daemon:rise()
		agent.register_npc("a", {name = "Ann", role = "guard"}):think({}, function() end)
		mock:step(0.05, 5)
		assert.is_truthy(chat_of("Ada"):find("/llm spawn smith", 1, true))
		assert.equal(2, #mock:chat_of("Ada"))
	end)

	it("is welcomed at the first run that works, and never again", function()
		local storage = {}
		for run = 1, 2 do
			start({storage = storage})
			join("Ada")
			mock:leave("Ada")
			join("Ada")
			assert.equal(run == 1 and 1 or 0, #mock:chat_of("Ada"))
		end
	end)

	it("is left in peace, and the daemon too, while the mod is off", function()
		start({storage = {off = "yes"}})
		join("Ada")
		assert.equal("", chat_of("Ada"))
		assert.equal(0, #mock.fetches)
	end)
end)
