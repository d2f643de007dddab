-- talk/output.lua and say.lua: how words reach bubble and chat.

local game = require("spec.support.game")
local ORIGIN, at, body, answer = game.ORIGIN, game.at, game.body, game.answer

describe("an NPC", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start_quiet(options, reply) end

	it("says a fallback line to one who is in no world, a bridge's user say, but not where nobody is to hear a stopgap", function()
		for no_stopgap, lines in pairs({[false] = 1, [true] = 0}) do
			start({settings = {["llm_agent.enabled"] = "false"}})
			body("m", "Mira", "smith")
			agent.get_npc("m"):converse({player = "Visitor", utterance = "Any news?", no_stopgap = no_stopgap})
			mock:step(0.05, 100)
			assert.equal(lines, #mock:logged("name=Mira role=smith fallback=true"))
		end
	end)

	describe("whose words stream", function()
		it("shows them in the bubble before the reply is done, and in the chat when a part is whole", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			agent.get_npc("m").lines_unnamed = {Robin = 2} -- it may call the name
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			assert.is_true(daemon.received[1].request.stream)
			answer(1, {{event = "delta", acts = false, text = "Good day to"}, {event = "delta", acts = false, text = " you, Rob"}})
			mock:step(0.05, 30)
			local bubble = mock.entities[2]
			assert.equal(object, bubble:get_attach())
			assert.equal("Good day to you,", bubble:get_properties().nametag)
			assert.equal(0, #mock:chat_of("Robin"))
			answer(1, {{event = "done", text = "Good day to you, Robin."}})
			mock:step(0.05, 10)
			assert.same({"<Mira> Good day to you, Robin."}, mock:chat_of("Robin"))
			mock:step(0.05, 100)
			assert.is_nil(bubble:get_pos())
			assert.equal(1, #mock:logged("text=Good day to you, Robin."))
		end)

		it("ends with what was said when the daemon dies in the middle of a sentence", function()
			start(nil, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(1, {{event = "delta", acts = false, text = "Good day to you, my fri"}})
			mock:step(0.05, 10)
			daemon:die()
			mock:step(0.05, 100)
			assert.same({"<Mira> Good day to you, my …"}, mock:chat_of("Robin"))
			assert.equal(0, #mock:logged("error"))
		end)

		it("says its fallback line where not even a word was whole when it broke off", function()
			start(nil, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(1, {{event = "delta", acts = false, text = "Nobody"}})
			mock:step(0.05, 10)
			answer(1, {{event = "error", code = "engine_failed", message = "m"}})
			mock:step(0.05, 100)
			local said = mock:chat_of("Robin")
			assert.equal(1, #said)
			assert.is_nil(said[1]:find("Nobody", 1, true))
			assert.equal(1, #mock:logged("name=Mira role=smith fallback=true"))
			assert.equal(0, #mock:logged("error"))
		end)

		it("does not begin where it is gone, or for one who left", function()
			start(nil, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			mock:leave("Robin")
			answer(1, {{event = "delta", acts = false, text = "Good day to "}, {event = "done", text = "Good day to you."}})
			mock:step(0.05, 60)
			assert.equal(0, #mock.chat)
			assert.equal(1, #mock.entities)
			assert.equal(0, #mock:logged("error"))
		end)
	end)

	it("tells all that goes along with its words, each what it began, and loses no line to one that fails", function()
		start()
		local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
		mock:join("Robin", at(1))
		local output, seen, left = mock.mod.speech.output, {}, 3
		output.add_voice({start = function() error("no sound") end, finish = function(line) seen[#seen + 1] = tostring(line) end})
		output.add_voice({
			start = function(speaker, typing) return {speaker.name, typing:full_text()} end,
			goes_on = function(line)
				left = left - 1
				return line[1] == "Ann" and left > 0
			end,
			finish = function(line) seen[#seen + 1] = line[2] end,
		})
		npc:say("Hello there.")
		mock:step(0.05, 150)
		assert.same({"nil", "Hello there."}, seen)
		assert.equal(0, left)
		assert.same({"<Ann> Hello there."}, mock:chat_of("Robin"))
		assert.equal(1, #mock:logged("error: [llm_agent] a voice failed"))
	end)

	it("survives a listener that takes the speaker away in the middle of its line", function()
		start()
		for _, ms in ipairs({0, 5000}) do
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.on("say", function() agent.unregister_npc("a") end)
			local ends = {}
			npc:say("Hello there.", {ms = ms, on_done = function(was_spoken) ends[#ends + 1] = was_spoken end})
			mock:step(0.05, 150)
			assert.equal(1, #ends)
		end
		assert.equal(0, #mock:logged("error"))
	end)

	it("is asked again after a question that could not even be put", function()
		start()
		local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
		mock:join("Robin", at(1))
		npc.think = function() error("broken by another mod") end
		mock:say("Robin", "hello")
		mock:step()
		assert.equal(1, #mock:logged("broken by another mod"))
		npc.think = nil
		mock:step(2)
		mock:say("Robin", "hello")
		mock:step(0.05, 5)
		assert.equal(1, #daemon.received)
	end)
end)
