-- What NPCs remember: sentences reach the daemon, together and not lost while it is away; looking, and forgetting.

local Mock = require("mock_core")

local function at(x) return {x = x, y = 0, z = 0} end

describe("memory", function()
	local mock, daemon, agent, npc, storage, posts, answers

	local function texts(post)
		local out = {}
		for i, line in ipairs(post.lines) do out[i] = line.text end
		return out
	end

	local function start()
		mock = Mock.new({storage = storage})
		daemon = mock:open_daemon(function() return {{event = "done", text = "Well met."}} end)
		posts = {}
		function daemon.call(method, path, body)
			local op = path:match("^/v1/memory/(%l+)$")
			if not op then return 200, {ready = true, roles = {}} end
			assert.equal("POST", method)
			posts[#posts + 1] = body
			body.op = op
			if answers[op] then return answers[op][1], answers[op][2] end
			return 200, {kept = 1, memories = {}, forgotten = {exchanges = 2, outcomes = 1, facts = 0, cached = 4}}
		end
		agent = mock:load_mod()
		agent.set_place("Oakford", at(0), 50)
		npc = agent.register_npc("inn:mira", {name = "Mira", role = "healer", pos = at(1)})
	end

	local function of(op)
		local found = {}
		for _, post in ipairs(posts) do
			if post.op == op then found[#found + 1] = post end
		end
		return found
	end

	before_each(function()
		storage, answers = {}, {}
		start()
	end)

	it("is told with a question until the daemon can find it, to whom it is about or to all", function()
		npc:remember("I beat the wolf")
		npc:remember("Ana brought herbs", "Ana")
		local function told(player, after_s)
			mock:step(after_s or 0.1)
			npc:think({player = player, utterance = "Did the wolf come?"}, function() end)
			mock:step(0.1)
			return daemon.received[#daemon.received].request.context.memory
		end
		assert.same({"I beat the wolf"}, told("Robin"))
		assert.same({"I beat the wolf", "Ana brought herbs"}, told("Ana"))
		npc:set_context({memory = "The mill burned"})
		assert.equal("The mill burned", told("Robin")) -- what a mod says goes over it
		npc:set_context({memory = false})
		npc.context.memory = nil
		assert.is_nil(told("Robin", 11))
	end)

	it("sends what comes within two seconds in one call, with NPC, player and place", function()
		npc:remember("Ana brought\nherbs", "Ana")
		mock:step(1)
		npc:remember("The mill burned")
		assert.same({}, posts)
		mock:step(1.1)
		assert.equal(1, #posts)
		assert.same({
			{npc = "inn:mira", name = "Mira", player = "Ana", place = "Oakford", text = "Ana brought herbs"},
			{npc = "inn:mira", name = "Mira", place = "Oakford", text = "The mill burned"},
		}, posts[1].lines)
		mock:step(20, 3)
		assert.equal(1, #posts)
	end)

	it("keeps what the daemon did not take, in its order, also over a restart", function()
		answers.remember = {503, {error = {code = "unavailable", message = "it starts"}}}
		npc:remember("one", "Ana")
		mock:step(3, 2)
		npc:remember("two", "Ana")
		mock:step(11, 2)
		assert.is_true(#of("remember") >= 2)
		mock:shutdown()
		answers.remember = nil
		start()
		mock:step(0.1, 3)
		assert.same({"one", "two"}, texts(of("remember")[1]))
		mock:step(11, 2)
		assert.equal(1, #of("remember"))
		mock:shutdown()
		start()
		mock:step(11, 2)
		assert.same({}, of("remember"))
	end)

	it("tries nothing while the daemon is away, and sends at once when it is back", function()
		daemon.up = false
		npc:think({utterance = "hello"}, function() end)
		mock:step(1, 10)
		npc:remember("Ana left", "Ana")
		local before = #daemon.calls
		mock:step(1, 20)
		assert.equal(before, #daemon.calls)
		daemon.up = true
		npc:think({utterance = "hello"}, function() end)
		mock:step(1, 15)
		assert.same({"Ana left"}, texts(of("remember")[1]))
	end)

	it("gives up what the daemon refuses, and holds no more than five hundred", function()
		answers.remember = {400, {error = {message = "no"}}}
		npc:remember("bad", "Ana")
		mock:step(3, 3)
		assert.truthy(mock:logged("does not remember 1 lines"))
		answers.remember = nil
		for i = 1, 510 do npc:remember("line " .. i, "Ana") end
		for _ = 1, 10 do mock:step(11, 2) end
		local sent = 0
		for _, post in ipairs(of("remember")) do sent = sent + #post.lines end
		assert.equal(1 + 500, sent)
		assert.equal("line 11", of("remember")[2].lines[1].text)
	end)

	it("says what is wrong with an argument", function()
		assert.has_error(function() npc:remember("") end, "npc:remember: text: want a text that is not empty")
		assert.has_error(function() npc:remember("x", 1) end, "npc:remember: player_name: want a name, got number")
		assert.has_error(function() agent.forget({}) end, "llm_agent.forget: player, npc: name one of them")
		assert.error_matches(function() agent.forget({name = "Ana"}) end, "unknown field name")
		assert.error_matches(function() agent.forget({npc = "a"}, 1) end, "want a function, got number")
	end)

	it("has NPCs forget a player, who is told how much it was", function()
		mock:join("Ana", at(2))
		local reputation = mock.mod.economy.reputation
		reputation.change(npc.id, "Ana", -0.5)
		reputation.change("of somebody who is away", "Ana", 0.5)
		reputation.change(npc.id, "Bo", 0.5)
		npc:remember("Ana brought herbs", "Ana")
		npc:remember("Bo saw Ana", "Bo")
		npc:remember("Bo brought herbs", "Bo")
		assert.is_true(mock:command("Ana", "forget"))
		mock:step(0.1, 2)
		assert.same({player = "Ana", op = "forget"}, of("forget")[1])
		assert.same({0, 0, 0.5}, {
			reputation.of(npc.id, "Ana"), reputation.of("of somebody who is away", "Ana"), reputation.of(npc.id, "Bo"),
		})
		assert.equal("NPCs forget you (memories: 3).", mock.chat[#mock.chat].text)
		mock:step(3)
		assert.same({"Bo brought herbs"}, texts(of("remember")[1])) -- what was not sent yet is forgotten as well
	end)

	it("lets only admins have another forgotten, and nobody ask without end", function()
		mock:join("Ana", at(2))
		local ok = mock:command("Ana", "forget Bo")
		assert.is_false(ok)
		mock.privs.Ana = {llm_admin = true}
		assert.is_true(mock:command("Ana", "forget Bo"))
		mock:step(0.1, 2)
		assert.equal("NPCs forget Bo (memories: 3).", mock.chat[#mock.chat].text)
		local refused
		for _ = 1, 20 do refused = not mock:command("Ana", "forget") or refused end
		assert.is_true(refused)
	end)

	it("shows what an NPC remembers, the newest last", function()
		mock:join("Ana", at(2))
		answers.memories = {200, {memories = {
			{kind = "exchange", said = "Any news?", text = "None."}, {kind = "outcome", said = "", text = "Ana brought herbs"},
		}}}
		assert.is_false((mock:command("Ana", "memory Nobody")))
		assert.is_true(mock:command("Ana", "memory Mira"))
		mock:step(0.1, 2)
		assert.same({npc = "inn:mira", player = "Ana", limit = 8, op = "memories"}, of("memories")[1])
		assert.equal("Mira remembers of you:\nAna brought herbs\nAna: Any news?\nMira: None.", mock.chat[#mock.chat].text)
		answers.memories = nil
		mock:command("Ana", "memory Mira")
		mock:step(0.1, 2)
		assert.equal("Mira remembers nothing of you.", mock.chat[#mock.chat].text)
		answers.memories = {0}
		mock:command("Ana", "memory Mira")
		mock:step(0.1, 2)
		assert.matches("does not answer", mock.chat[#mock.chat].text)
		mock:command("Ana", "off")
	end)

	it("is told that small talk is not to be kept, and a mod may say so too", function()
		npc:think({player = "Ana", utterance = "hello"}, function() end)
		npc:think({player = "Ana", utterance = "hello", remember = false}, function() end)
		mock:step()
		assert.is_nil(daemon.received[1].request.remember)
		assert.is_false(daemon.received[2].request.remember)
	end)
end)
