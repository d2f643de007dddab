-- talk/hearing.lua and addressing.lua: who is meant, who answers.

local game = require("spec.support.game")
local ORIGIN, at, body = game.ORIGIN, game.at, game.body

describe("in a game,", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start_quiet(options, reply) end

	describe("a sentence in chat", function()
		it("is answered by those who are named, or by all, in turn and by no more than the setting says", function()
			start({settings = {
				["llm_agent.player_cooldown_s"] = "0", ["llm_agent.group_answers_max"] = "2", ["llm_agent.group_depth_max"] = "0",
				["llm_agent.repeat_lines"] = "0",
			}})
			for i, name in ipairs({"Ann", "Bram", "Cleo"}) do agent.register_npc(name, {name = name, role = "guard", pos = at(i)}) end
			mock:join("Robin", ORIGIN)
			local function asked_by(message)
				local before, ids = #daemon.received, {}
				mock:say("Robin", message)
				mock:step(0.05, 300)
				for i = before + 1, #daemon.received do ids[#ids + 1] = daemon.received[i].request.npc.id end
				table.sort(ids)
				return table.concat(ids, " ")
			end
			assert.equal("Bram Cleo", asked_by("Cleo and Bram, listen"))
			assert.equal("Ann Bram", asked_by("hello everybody"))
			assert.equal("Ann", asked_by("hello"))
			local heard = mock:chat_of("Robin")
			assert.equal(5, #heard)
		end)

		it("goes to whom the player talked with last, while that one is near", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}})
			agent.register_npc("a", {name = "Ann of the Hill", role = "guard", pos = at(1)})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(4)})
			local robin = mock:join("Robin", ORIGIN)
			local function asked_by(message)
				mock:say("Robin", message)
				mock:step(0.05, 200)
				return daemon.received[#daemon.received].request.npc.id
			end
			assert.equal("a", asked_by("hello"))
			assert.equal("b", asked_by("bram, a word"))
			assert.equal("b", asked_by("and then?"))
			assert.equal("a", asked_by("what do you say, Ann?"))
			asked_by("bram")
			mock:step(1, 40)
			assert.equal("a", asked_by("hello"))
			asked_by("bram")
			robin:set_pos(at(-8))
			assert.equal("a", asked_by("hello"))
		end)

		-- Who is asked what: "Ann: words (with Bram)".
		local function asked_by(message)
			local before, asked = #daemon.received, {}
			mock:say("Robin", message)
			mock:step(0.05, 300)
			for i = before + 1, #daemon.received do
				local request = daemon.received[i].request
				local others = request.audience and request.audience[1] and (" (with %s)"):format(table.concat(request.audience, " ")) or ""
				asked[#asked + 1] = ("%s: %s%s"):format(request.npc.name, request.utterance, others)
			end
			table.sort(asked)
			return table.concat(asked, " | ")
		end

		it("goes to those who are called, not to those who are only spoken of", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0", ["llm_agent.group_depth_max"] = "0", ["llm_agent.repeat_lines"] = "0"}})
			for i, name in ipairs({"Rolf", "Ida", "Bram", "Hugo"}) do agent.register_npc(name, {name = name, role = "guard", pos = at(i)}) end
			mock:join("Robin", ORIGIN)
			mock:join("Will", at(2))
			assert.equal("Ida: Ida, go to Bram", asked_by("Ida, go to Bram"))
			assert.equal("Bram: Bram und Hugo, greift Rolf an! (with Hugo) | Hugo: Bram und Hugo, greift Rolf an! (with Bram)",
				asked_by("Bram und Hugo, greift Rolf an!"))
			assert.equal("Bram: Bram, stay here. | Hugo: Hugo, follow Bram.", asked_by("Bram, stay here. Hugo, follow Bram."))
			mock:step(1, 40)
			assert.equal("Ida: attack Rolf!", asked_by("attack Rolf!")) -- the nearest that is not its aim
			mock:step(1, 40)
			assert.equal("Rolf: where is Will?", asked_by("where is Will?"))
			assert.equal("", asked_by("Will, where are you?"))
			assert.equal("Bram: everybody, attack Rolf! | Hugo: everybody, attack Rolf! | Ida: everybody, attack Rolf!",
				asked_by("everybody, attack Rolf!"))
		end)

		it("goes to who is called by what they are, and to both of two", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0", ["llm_agent.repeat_lines"] = "0"},
				translations = {["de: the smith"] = "Schmied"}})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = at(1)})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(2)})
			mock:join("Robin", ORIGIN)
			mock:command("Robin", "lang de")
			assert.equal("Bram: hey smith!", asked_by("hey smith!"))
			mock:step(1, 40)
			assert.equal("Bram: Schmied, was hast du?", asked_by("Schmied, was hast du?"))
			mock:step(1, 40)
			assert.equal("Ann: where is the smith?", asked_by("where is the smith?"))
			assert.equal("Ann: ok bye you two | Bram: ok bye you two", asked_by("ok bye you two"))
		end)

		it("to one who is in view, and too far away to hear it, is answered by nobody, and the player is told", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = at(1)})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(14)})
			agent.register_npc("c", {name = "Cleo", role = "smith", pos = at(60)})
			mock:join("Robin", ORIGIN)
			for _, words in ipairs({"Thanks, Bram", "gracias bram", "Брам? Bram!"}) do
				local before = #mock:chat_of("Robin")
				assert.equal("", asked_by(words), words)
				assert.same({"Bram is too far away to hear you."}, {unpack(mock:chat_of("Robin"), before + 1)})
			end
			assert.equal("Ann: where is Bram?", asked_by("where is Bram?"))
			assert.equal("Ann: Ann and Bram, hello (with Bram)", asked_by("Ann and Bram, hello"))
			assert.equal("Ann: thanks, Cleo", asked_by("thanks, Cleo"))
		end)

		it("is heard by nobody else as a private word, and only in earshot", function()
			start()
			body("a", "Old Ann", "guard")
			mock:join("Robin", at(1))
			mock:join("Will", at(2))
			assert.is_true((mock:command("Robin", "talk old ann how are you?")))
			mock:step(0.05, 40)
			assert.same({"<Old Ann> Old Ann hears how are you?"}, mock:chat_of("Robin"))
			assert.same({}, mock:chat_of("Will"))
			assert.equal(1, #mock.entities) -- no bubble
			mock.players.Robin:set_pos(at(40))
			assert.is_false((mock:command("Robin", "talk old ann how are you?")))
		end)
	end)
end)
