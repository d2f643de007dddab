-- `/llm mic` from the command to the words in chat, and what comes of a daemon that goes away.

local game = require("spec.support.game")
local ORIGIN, at = game.ORIGIN, game.at

describe("a microphone", function()
	local mock, daemon, agent, codes

	-- The daemon answers a listen with a code, and each think with what it heard.
	local function answer(request)
		if request.op ~= "listen" then return game.echo(request) end
		codes = codes + 1
		return {{event = "ready", code = ("482-91%d"):format(codes), path = "/voice"}}
	end

	local function start(options, reply)
		codes = 0
		mock, daemon, agent = game.start_quiet(options, reply or answer)
		mock:join("Robin", at(2))
		mock.privs.Robin = {shout = true}
	end

	local function listens()
		local found = {}
		for _, received in ipairs(daemon.received) do
			if received.request.op == "listen" then found[#found + 1] = received end
		end
		return found
	end

	-- What the HTTP process tells of the newest one.
	local function tell(event)
		local last = listens()[#listens()]
		event.id = last.request.id
		daemon:event(last.session, event)
		mock:step(0.1, 8)
	end

	local function hear(words) tell({event = "heard", text = words, confidence = 0.9}) end

	local function switch_on()
		assert.is_true((mock:command("Robin", "mic")))
		mock:step(0.1, 4)
		tell({event = "opened"})
	end

	local function told(words)
		for _, line in ipairs(mock:chat_of("Robin")) do
			if line:find(words, 1, true) then return line end
		end
	end

	describe("is switched on", function()
		it("by an address and a code, shown to that player alone", function()
			start()
			mock:join("Will", ORIGIN)
			switch_on()
			assert.truthy(told("http://127.0.0.1:8000/voice"))
			assert.truthy(told("482-911"))
			assert.truthy(told("http://127.0.0.1:8000/voice#482-911"))
			assert.truthy(told("Your microphone is on"))
			assert.same({}, mock:chat_of("Will"))
		end)

		it("at the address that the admin set", function()
			for _, url in ipairs({"https://voice.example.org", "https://voice.example.org/", "https://voice.example.org/voice"}) do
				start({settings = {["llm_agent.mic_url"] = url}})
				switch_on()
				assert.truthy(told("open https://voice.example.org/voice in"), url)
				assert.is_nil(told("server's own machine"))
			end
		end)

		it("with a word where the address leads to the server's own machine, and somebody else may sit elsewhere", function()
			start()
			switch_on()
			assert.truthy(told("llm_agent.mic_url"))
			start({is_singleplayer = true})
			switch_on()
			assert.is_nil(told("llm_agent.mic_url"))
		end)

		it("not where the server forbids it, and not with another word behind it", function()
			start({settings = {["llm_agent.mic"] = "false"}})
			assert.is_false((mock:command("Robin", "mic")))
			start()
			assert.is_false((mock:command("Robin", "mic on")))
			assert.equal(0, #listens())
		end)

		it("not where the daemon refuses, with its reason", function()
			start(nil, function() return {{event = "error", code = "unavailable", message = "no engine listens on this server"}} end)
			mock:command("Robin", "mic")
			mock:step(0.1, 4)
			assert.truthy(told("There is no microphone now: no engine listens"))
		end)
	end)

	describe("is off", function()
		it("by /llm mic off, for good", function()
			start()
			switch_on()
			local id = listens()[1].request.id
			assert.is_true((mock:command("Robin", "mic off")))
			mock:step(0.1, 4)
			assert.same({id}, daemon.cancelled)
			hear("Hello?")
			assert.is_nil(told("Hello?"))
		end)

		it("when the player leaves", function()
			start()
			switch_on()
			local id = listens()[1].request.id
			mock:leave("Robin")
			mock:step(0.1, 4)
			assert.same({id}, daemon.cancelled)
		end)

		it("when its time is up, with a word", function()
			start()
			switch_on()
			tell({event = "done"})
			assert.truthy(told("Your microphone is off"))
		end)

		it("before a new one is on", function()
			start()
			switch_on()
			local id = listens()[1].request.id
			mock:command("Robin", "mic")
			mock:step(0.1, 4)
			assert.same({id}, daemon.cancelled)
			assert.truthy(told("482-912"))
		end)
	end)

	describe("whose HTTP process went away", function()
		local function restart()
			daemon:die()
			mock:step(0.5, 40)
			daemon:rise()
			mock:say("Robin", "Anybody there?") -- somebody wants the daemon again
			mock:step(0.5, 60)
		end

		it("needs a new code, which the player is told who had a page open", function()
			start()
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			switch_on()
			restart()
			assert.truthy(told("Your microphone was cut off"))
			assert.truthy(told("482-912"))
			tell({event = "opened"})
			hear("Here again.")
			assert.truthy(told("<Robin> Here again."))
		end)

		it("says nothing to who had none open", function()
			start()
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:command("Robin", "mic")
			mock:step(0.1, 4)
			mock:step(10, 31) -- nobody typed it in time
			restart()
			assert.is_nil(told("482-912"))
			assert.is_nil(told("cut off"))
		end)
	end)

	describe("'s words", function()
		it("go to all players and to the NPC in earshot, as words that are typed", function()
			start()
			mock:join("Will", at(50))
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			switch_on()
			hear("How are you?")
			mock:step(0.1, 10)
			assert.truthy(told("<Robin> How are you?"))
			assert.same({"<Robin> How are you?"}, mock:chat_of("Will"))
			assert.truthy(told("<Ann> Ann hears How are you?"))
			assert.equal(1, #mock:logged("action: CHAT: <Robin> How are you?"))
		end)

		it("go through every mod that reads chat, in order, until one swallows them", function()
			start()
			switch_on()
			local read = {}
			for i = 1, 3 do
				mock.core.register_on_chat_message(function(name, message)
					read[#read + 1] = ("%d %s %s"):format(i, name, message)
					if i == 1 then error("a mistake of another mod") end
					return i == 2
				end)
			end
			hear("Hello there.")
			assert.same({"1 Robin Hello there.", "2 Robin Hello there."}, read)
			assert.is_nil(told("<Robin>"))
			assert.equal(1, #mock:logged("a mistake of another mod"))
		end)

		it("are never a command", function()
			start()
			switch_on()
			local read = {}
			mock.core.register_on_chat_message(function(_, message) read[#read + 1] = message end)
			for _, words in ipairs({"/shutdown", " / grant Robin all", "//set air", "/"}) do hear(words) end
			assert.same({"shutdown", "grant Robin all", "set air"}, read)
		end)

		it("are one clean line, whatever the daemon sends", function()
			start()
			switch_on()
			hear("Hel\27(c@#ff0000)lo\nth\0ere " .. ("x"):rep(2000))
			local line = told("<Robin> Hello th")
			assert.truthy(line)
			assert.is_nil(line:find("[%c\27]"))
			assert.is_true(#line < 450)
			hear({})
			hear("")
		end)

		it("are not shown of a player who may not shout", function()
			start()
			mock:join("Will", at(50))
			mock.privs.Robin = {}
			switch_on()
			hear("Hello.")
			assert.same({}, mock:chat_of("Will"))
			assert.truthy(told("permission to shout"))
		end)

		it("come no faster than the engine lets players type", function()
			start()
			switch_on()
			for i = 1, 30 do
				local last = listens()[1]
				daemon:event(last.session, {id = last.request.id, event = "heard", text = "word " .. i})
			end
			mock:step(0.1, 10)
			local count = 0
			for _, line in ipairs(mock:chat_of("Robin")) do count = count + (line:find("<Robin> word", 1, true) and 1 or 0) end
			assert.equal(8, count)
		end)

		it("break an NPC off that speaks, as words that are typed", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			local spoken_to = {}
			mock.mod.talk.history.on_player_line(function(whom) spoken_to[#spoken_to + 1] = whom end)
			switch_on()
			hear("Ann, wait.")
			assert.same({npc}, spoken_to)
		end)

		it("are heard no more by NPCs of a player whom they do not hear", function()
			start()
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock.privs.admin = {llm_admin = true}
			mock:command("admin", "silence Robin 10")
			switch_on()
			hear("How are you, Ann?")
			mock:step(0.1, 10)
			assert.is_nil(told("<Ann>"))
		end)
	end)

	it("is told the names in earshot and plain orders, anew where others come near", function()
		start({settings = {["llm_agent.language"] = "de"}})
		agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
		agent.register_npc("b", {name = "Bram", role = "smith", pos = at(40)})
		switch_on()
		local first = listens()[1].request
		assert.equal("Robin", first.player)
		assert.equal("de", first.lang)
		assert.equal("Ann", first.phrases[1])
		local function has(request, phrase)
			for _, one in ipairs(request.phrases) do
				if one == phrase then return true end
			end
			return false
		end
		assert.is_true(has(first, "komm mit"))
		assert.is_false(has(first, "Bram"))
		assert.is_true(#first.phrases <= 64)
		mock:step(1, 10)
		assert.equal(1, #listens(), "nothing has changed")
		mock.players.Robin:set_pos(at(39))
		local bodies = {}
		for _, fetch in ipairs(mock.fetches) do bodies[fetch] = true end
		mock:step(0.5, 20)
		local updated
		for _, fetch in ipairs(mock.fetches) do
			for _, request in ipairs(not bodies[fetch] and mock.body(fetch).requests or {}) do
				if request.op == "listen" then updated = request end
			end
		end
		assert.equal(first.id, updated.id)
		assert.is_true(has(updated, "Bram"))
		assert.is_false(has(updated, "Ann"))
	end)
end)

describe("a plain order that was spoken", function()
	local mock, daemon, npc

	-- outcome: what the model's side answers to a think, or nothing at all.
	local function start(outcome)
		mock, daemon = game.start_quiet(nil, function(request)
			return request.op == "listen" and {{event = "ready", code = "482-913"}, {event = "opened"}} or outcome
		end)
		npc = select(2, game.body("a", "Ann", "guard"))
		mock:join("Robin", game.at(2))
		mock.privs.Robin = {shout = true}
		mock:command("Robin", "mic")
		mock:step(0.1, 4)
	end

	local function hear(words)
		local listen
		for _, received in ipairs(daemon.received) do listen = received.request.op == "listen" and received or listen end
		daemon:event(listen.session, {id = listen.request.id, event = "heard", text = words})
		mock:step(0.1, 4)
		local walk = mock.mod.body.movement.current(npc)
		mock:step(0.1, 20) -- NPCs answer one sentence after the other
		return walk and walk.kind, walk and walk.target
	end

	it("is done where the engine is down", function()
		start({{event = "error", code = "engine_failed", message = "the engine is down"}})
		assert.same({"follow", "Robin"}, {hear("Follow me.")})
		assert.equal("stay", (hear("Stop!")))
	end)

	it("is done at once where the engine hangs, and once where its answer comes at last", function()
		start({})
		assert.same({"follow", "Robin"}, {hear("Ann, follow me, please.")})
		local orders = 0
		mock.mod.api.events.on("action", function() orders = orders + 1 end)
		for number, received in ipairs(daemon.received) do
			if received.request.utterance then game.answer(number, {{event = "done", text = "I come with you.", cache = "miss"}}) end
		end
		mock:step(0.1, 10)
		assert.equal(0, orders)
		assert.equal("follow", mock.mod.body.movement.current(npc).kind)
	end)
end)
