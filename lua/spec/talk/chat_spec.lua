-- Talk in chat from a sentence to the answer, and greetings.

local game = require("spec.support.game")
local ORIGIN, at = game.ORIGIN, game.at

describe("in a game,", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start(options, reply) end

	describe("talk", function()
		it("goes from the nearest NPC to the players in earshot", function()
			start()
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(6)})
			mock:join("Robin", at(2))
			mock:join("Will", at(9))
			mock:join("Far", at(50))
			assert.is_false(mock:say("Robin", "hello you"))
			mock:step(0.05, 5)
			assert.same({"<Ann> Ann hears hello you"}, mock:chat_of("Robin"))
			assert.equal(1, #mock:chat_of("Will"))
			assert.equal(0, #mock:chat_of("Far"))
			assert.equal(1, #mock:logged("say npc=a name=Ann role=guard fallback=false cache=miss ms="))
		end)

		it("answers a hello in its own language, with the model's words where it speaks that", function()
			local lang = "en"
			start({settings = {["llm_agent.player_cooldown_s"] = "0", ["llm_agent.repeat_lines"] = "0",
				["llm_agent.player_burst"] = "100", ["llm_agent.npc_burst"] = "100"}, translations = require("spec.support.locale").translations()},
				function() return {{event = "done", text = "Well met, stranger.", lang = lang}} end)
			local npc = agent.register_npc("a", {name = "Ann", role = "smith", pos = ORIGIN})
			mock:join("Robin", at(2))
			local function answer_to(words)
				local replies = game.think(npc, {player = "Robin", utterance = words})
				mock:step(0.05, 3)
				return replies[1].text
			end
			for _, words in ipairs({"Hallo Ann!", "moin", "Bonjour, Ann !", "hola ann", "Привет, Ann"}) do
				local line = answer_to(words)
				assert.is_not.equal("Well met, stranger.", line, words)
				assert.is_nil(line:find("sparks", 1, true) or line:find("hammer", 1, true), line) -- not in English
			end
			for _, words in ipairs({"Hello Ann", "hi", "Hallo Ann, wie geht es dir heute?", "hola ann, me alegro de verte"}) do
				assert.equal("Well met, stranger.", answer_to(words), words)
			end
			lang = "de"
			assert.equal("Well met, stranger.", answer_to("Hallo Ann!"))
		end)

		it("goes to the NPC that is named, by its whole name", function()
			start()
			agent.register_npc("a", {name = "Ana", role = "guard", pos = at(5)})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(1)})
			mock:join("Robin", ORIGIN)
			mock:say("Robin", "Ana, come")
			mock:step(1, 40) -- she is the partner no more
			mock:say("Robin", "nice bandana")
			mock:step(0.05, 100)
			local said_to = {}
			for _, received in ipairs(daemon.received) do
				if received.request.player == "Robin" and received.request.utterance then
					said_to[received.request.utterance] = received.request.npc.id
				end
			end
			assert.same({["Ana, come"] = "a", ["nice bandana"] = "b"}, said_to)
		end)

		it("leaves words between players alone, and those said too fast", function()
			start({settings = {["llm_agent.greet"] = "false"}})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(1))
			mock:join("Will", at(2))
			mock:say("Robin", "Will, look")
			mock:say("Robin", "/me waves")
			mock:say("Robin", "  ")
			mock:step()
			assert.equal(0, #daemon.received)
			mock:say("Robin", "one")
			mock:say("Robin", "two")
			mock:step()
			assert.equal(1, #daemon.received)
		end)

		it("is answered one at a time; what is said meanwhile comes after, the latest only", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}}, function() return {} end)
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(6))
			for _, words in ipairs({"one", "two", "three"}) do
				mock:say("Robin", words)
				mock:step()
			end
			assert.equal(1, #daemon.received)
			daemon:event(daemon.received[1].session, {id = daemon.received[1].request.id, event = "done", text = "yes"})
			mock:step(0.05, 3)
			assert.equal(2, #daemon.received)
			assert.equal("three", daemon.received[2].request.utterance)
		end)

		it("does not follow a player who left", function()
			start(nil, function() return {} end)
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(1))
			mock:say("Robin", "hello")
			mock:step()
			mock:leave("Robin")
			daemon:event(daemon.received[1].session, {id = daemon.received[1].request.id, event = "done", text = "bye"})
			mock:step(0.05, 60)
			assert.equal(0, #mock.chat)
			assert.equal(0, #mock:logged("error"))
		end)

		it("greets who comes near once in a while, in the role's own words when the daemon is away", function()
			start({settings = {["llm_agent.greet_cooldown_s"] = "60"}})
			daemon:die()
			agent.register_npc("a", {name = "Ann", role = "priest", pos = ORIGIN})
			local robin = mock:join("Robin", at(30))
			mock:step(0.5, 10)
			assert.equal(0, #mock:chat_of("Robin"))
			robin:set_pos(at(3))
			mock:step(0.5, 60)
			local heard = mock:chat_of("Robin")
			assert.equal(1, #heard)
			assert.is_truthy(heard[1]:find("^<Ann> Peace be with you") or heard[1]:find("^<Ann> Welcome to the shrine"), heard[1])
			mock:step(0.5, 80)
			assert.equal(2, #mock:chat_of("Robin"))
		end)
	end)
end)
