-- Who hears an NPC in which language: one request for each language that somebody in earshot wants, none where all want the
-- same, and a language that the model lacks is said.

local Mock = require("mock_core")

local ORIGIN = {x = 0, y = 0, z = 0}

local function at(x) return {x = x, y = 0, z = 0} end

describe("languages:", function()
	local mock, daemon, agent, info, words

	-- The daemon: plain words in the language asked for where the model has it, else in English; translations with a mark.
	local function has(code)
		if not info.languages or not info.languages[1] then return true end
		for _, one in ipairs(info.languages) do
			if one == code then return true end
		end
		return false
	end

	local function reply(request)
		local requests = request.lang or "en"
		if request.translate then
			return {{event = "done", text = requests .. ": " .. request.translate, lang = requests}}
		end
		return {{event = "done", text = words, lang = has(requests) and requests or "en"}}
	end

	local function start(settings)
		info, words = {languages = {}, language = "en"}, "Good day to you."
		local all = {["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false"}
		for key, value in pairs(settings or {}) do all[key] = value end
		mock = Mock.new({settings = all})
		daemon = mock:open_daemon(reply)
		daemon.call = function(_, path)
			if path == "/info" then return 200, info end
			return 200, {roles = {}}
		end
		agent = mock:load_mod()
		mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "m", name = "Mira", role = "smith"}))
		for _, name in ipairs({"Ana", "Bo", "Cem"}) do mock:join(name, at(2)) end
	end

	local function translations()
		local list = {}
		for _, requests in ipairs(daemon.received) do
			if requests.request.translate then list[#list + 1] = requests.request end
		end
		return list
	end

	local function info_calls()
		local count = 0
		for _, call in ipairs(daemon.calls) do
			if call == "GET /info" then count = count + 1 end
			if call == "GET /readyz" then count = count - 1 end -- the doctor, who asks for both where an admin joins
		end
		return count
	end

	local function say(player, times)
		mock:say(player, "Mira, hello")
		mock:step(0.05, times or 100)
	end

	local function said(player)
		local lines = {}
		for _, line in ipairs(mock:chat_of(player)) do
			if line:sub(1, 1) == "<" then lines[#lines + 1] = line end
		end
		return lines
	end

	it("asks for nothing more where all speak one language", function()
		for _, settings in ipairs({{}, {["llm_agent.language"] = "de"}}) do
			start(settings)
			say("Ana")
			assert.equal(1, #daemon.received)
			assert.equal(0, info_calls())
			for _, name in ipairs({"Ana", "Bo", "Cem"}) do assert.same({"<Mira> Good day to you."}, said(name)) end
		end
	end)

	it("asks once for each other language in earshot, and each hears their own", function()
		start()
		mock:command("Ana", "lang de")
		mock:command("Bo", "lang fr")
		mock:join("Dag", at(2))
		mock:command("Dag", "lang fr_CA")
		say("Ana")
		assert.same({"<Mira> Good day to you."}, said("Ana"))
		assert.same({"<Mira> fr: Good day to you."}, said("Bo"))
		assert.same({"<Mira> en: Good day to you."}, said("Cem")) -- chose nothing: the daemon's own
		assert.equal(1, info_calls())
		for _, request in ipairs(translations()) do
			assert.equal("ambient", request.priority)
			assert.equal("Good day to you.", request.translate)
			assert.is_nil(request.actions)
		end
	end)

	it("asks for no translation into what the line is in already", function()
		start()
		mock:command("Bo", "lang en")
		say("Ana")
		assert.equal(1, #daemon.received)
		assert.same({"<Mira> Good day to you."}, said("Bo"))
	end)

	it("gives the line as it is where the daemon does not translate it", function()
		start()
		mock:command("Bo", "lang fr")
		local answer = daemon.reply
		daemon.reply = function(request)
			if request.translate then return {{event = "error", code = "overloaded", message = "too much"}} end
			return answer(request)
		end
		say("Ana")
		assert.same({"<Mira> Good day to you."}, said("Bo"))
	end)

	it("answers a choice once, and never says two opposite things of it", function()
		for _, case in ipairs({
			{have = {"en", "fr"}, lines = {"does not speak Deutsch. It speaks: English, Français"}},
			{have = {"en", "de"}, lines = {"^NPCs will speak this language to you: Deutsch%.$"}},
			{have = {}, lines = {"will speak this language to you: Deutsch%. How well"}},
			{have = {"en"}, is_dead = true, lines = {"will speak this language to you: Deutsch%. How well"}},
		}) do
			start()
			info.languages = case.have
			if case.is_dead then daemon:die() end
			local ok, message = mock:command("Bo", "lang de")
			assert.is_true(ok)
			assert.is_nil(message)
			mock:step(0.5, 20)
			local heard = mock:chat_of("Bo")
			assert.equal(1, #heard, heard[1])
			assert.matches(case.lines[1], heard[1])
		end
	end)

	it("says once which language the model lacks, and gives the line in one that it has", function()
		start()
		info.languages = {"en", "fr"}
		mock:command("Bo", "lang de")
		mock:step(0.05, 5)
		assert.equal(1, #mock:chat_of("Bo"))
		assert.matches("does not speak Deutsch. It speaks: English, Français", mock:chat_of("Bo")[1])
		say("Ana")
		mock:step(5)
		words = "Back again?"
		say("Bo")
		assert.equal(0, #translations())
		assert.equal(2, #said("Bo"))
		local seen = 0
		for _, line in ipairs(mock:chat_of("Bo")) do
			if line:find("does not speak", 1, true) then seen = seen + 1 end
		end
		assert.equal(1, seen)
		assert.same({"<Mira> Good day to you.", "<Mira> Back again?"}, said("Cem"))
	end)

	it("knows from the reply itself, where nobody asked before", function()
		start({["llm_agent.language"] = "de"})
		info.languages = {"en"}
		say("Ana")
		local seen = table.concat(mock:chat_of("Ana"), "\n")
		assert.matches("does not speak Deutsch. It speaks: English", seen)
		assert.equal(0, #translations())
	end)

	it("is silent of a language that nobody knows the model to lack", function()
		start()
		mock:command("Bo", "lang de")
		say("Bo")
		assert.is_nil(table.concat(mock:chat_of("Bo"), "\n"):find("does not speak", 1, true))
	end)

	it("translates no fallback line, no mod's own line, and nothing for one who has left or muted", function()
		start()
		mock:command("Bo", "lang fr")
		agent.get_npc("m"):say("A word of my own.", {})
		mock:step(0.05, 60)
		assert.same({"<Mira> A word of my own."}, said("Bo"))
		mock:command("Cem", "lang es")
		mock:command("Cem", "mute")
		daemon:die()
		say("Ana")
		assert.equal(2, #said("Bo"))
		assert.equal(0, #translations())
		daemon:rise()
		mock:step(0.05, 200)
		mock:say("Ana", "Mira, hello again")
		mock:step(0.05, 10)
		mock:leave("Bo")
		mock:step(0.05, 100)
		for _, request in ipairs(translations()) do assert.equal("fr", request.lang) end
		assert.same({"<Mira> A word of my own."}, said("Cem"))
		assert.equal(0, #mock:logged("error"))
	end)

	it("puts a stream off for those who want another language, until all of it is known", function()
		start()
		mock:command("Bo", "lang fr")
		daemon.reply = function(request) return request.translate and reply(request) or {} end
		mock:say("Ana", "Mira, hello")
		mock:step(0.05, 2)
		local requests = daemon.received[1]
		daemon:event(requests.session, {
			id = requests.request.id, event = "delta", acts = false, text = "Good day. Come in and sit by the fire, for it is cold. ",
		})
		mock:step(0.05, 30)
		assert.same({}, said("Bo"))
		daemon:event(requests.session, {id = requests.request.id, event = "done", text = "Good day. Come in and sit by the fire, for it is cold. Bye.",
			lang = "en"})
		mock:step(0.05, 200)
		assert.same({"<Mira> fr: Good day. Come in and sit by the fire, for it is cold. Bye."}, said("Bo"))
		assert.is_true(#said("Ana") >= 1)
		assert.matches("^<Mira> Good day", said("Ana")[1])
	end)
end)
