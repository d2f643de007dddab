-- voice/: what NPCs say is heard, by whom, when and from where.

local game = require("spec.support.game")
local voice = require("spec.support.voice")
local ORIGIN, at, body, answer = game.ORIGIN, game.at, game.body, game.answer

local LINE = "Welcome to the old forge, traveller. What can I do for you today? Mind the sparks over there."
local SENTENCES = {"Welcome to the old forge, traveller.", "What can I do for you today?", "Mind the sparks over there."}

describe("what an NPC says", function()
	local mock, daemon, agent
	local function start(options, reply, respond) mock, daemon, agent = voice.start(options, reply, respond) end

	local function mira(pos)
		body("m", "Mira", "smith", pos)
		return agent.get_npc("m")
	end

	it("is heard sentence by sentence, each when the one before has ended, and its bubble keeps the voice's pace", function()
		start()
		local npc = mira()
		mock:join("Robin", at(2))
		npc:say(LINE)
		mock:step(0.05, 300)
		assert.same(SENTENCES, voice.texts())
		assert.same(SENTENCES, voice.heard(mock, "Robin"))
		for i = 1, 2 do
			local gap_s = (mock.sounds[i + 1].at_us - mock.sounds[i].at_us) / 1e6 - #SENTENCES[i] / 10
			assert.is_true(gap_s >= 0.1 and gap_s < 0.3, "a breath, not " .. gap_s)
		end
		assert.same({"<Mira> " .. LINE}, mock:chat_of("Robin"))
		assert.equal(0, #mock:logged("error"))
	end)

	it("is typed as fast as it is spoken, and nobody beside speaks before it has ended", function()
		start(nil, nil, function(request) return 200, voice.answer(request, request.npc.id == "m" and 10) end)
		mira()
		local other = agent.register_npc("b", {name = "Bram", role = "guard", pos = at(1)})
		mock:join("Robin", at(2))
		agent.get_npc("m"):say("Good day to you, stranger.")
		other:say("Halt! Who goes there at night?")
		mock:step(0.05, 100)
		local bubble
		for _, object in ipairs(mock.entities) do bubble = object.properties.nametag and object.parent and object or bubble end
		assert.is_truthy(#bubble.properties.nametag < 20, bubble.properties.nametag)
		mock:step(0.05, 300)
		assert.same({"Good day to you, stranger.", "Halt! Who goes there at night?"}, voice.heard(mock))
		assert.is_true(mock.sounds[2].at_us - mock.sounds[1].at_us >= 10e6)
	end)

	it("keeps its turn until it has ended, also where the line is to take less time", function()
		start()
		mira()
		local other = agent.register_npc("b", {name = "Bram", role = "guard", pos = at(1)})
		mock:join("Robin", at(2))
		agent.get_npc("m"):say(SENTENCES[1], {ms = 500})
		other:say("Halt! Who goes there at night?")
		mock:step(0.05, 200)
		assert.is_true(mock.sounds[2].at_us - mock.sounds[1].at_us >= 3.6e6)
	end)

	it("comes from the mouth of the body, goes with it, and leaves nothing behind", function()
		start()
		local npc = mira()
		local entities = #mock.entities
		mock:join("Robin", at(2))
		npc:say(LINE)
		mock:step(0.05, 10)
		local sound = mock.sounds[1].parameters
		assert.equal("Robin", sound.to_player)
		local parent, _, offset = sound.object:get_attach()
		assert.equal(npc:get_object(), parent)
		local box = parent:get_properties().collisionbox
		assert.is_true(offset.y / 10 > (box[2] + box[5]) / 2 and offset.y / 10 < box[5])
		mock:step(0.05, 400)
		assert.is_nil(sound.object:get_pos())
		for i = entities + 1, #mock.entities do assert.is_nil(mock.entities[i]:get_pos()) end
	end)

	it("comes from the place of a voice without a body", function()
		start()
		local npc = agent.register_npc("v", {name = "Oracle", role = "priest", pos = at(3)})
		mock:join("Robin", at(2))
		npc:say(LINE)
		mock:step(0.05, 10)
		assert.same(at(3), mock.sounds[1].parameters.pos)
	end)

	it("is heard by all in earshot together, and by nobody else", function()
		start()
		mira()
		mock:join("Robin", at(2))
		mock:join("Kim", at(5))
		mock:join("Far", at(40))
		agent.get_npc("m"):say(SENTENCES[1])
		mock:step(0.05, 60)
		assert.equal(2, #mock.sounds)
		assert.equal(mock.sounds[1].at_us, mock.sounds[2].at_us)
		assert.same({}, voice.heard(mock, "Far"))
		assert.same({"Kim", "Robin"}, (function()
			local names = {mock.media[1].player, mock.media[2].player}
			table.sort(names)
			return names
		end)())
	end)

	it("begins without a client that is slow, and a sentence that a client gets late it hears from then on", function()
		start()
		mira()
		mock:join("Robin", at(2))
		mock:join("Kim", at(5))
		mock.media_waits = true
		agent.get_npc("m"):say(LINE)
		mock:step(0.05, 4)
		mock:deliver_media("Robin")
		mock:step(0.05, 2)
		assert.equal(0, #mock.sounds, "it waits for Kim a moment")
		mock:step(0.05, 10)
		assert.same({SENTENCES[1]}, voice.heard(mock, "Robin"))
		mock:deliver_media("Kim")
		assert.same({SENTENCES[1]}, voice.heard(mock, "Kim"), "it has just begun")
		mock.media_waits = false
		mock:step(0.05, 200)
		assert.same(SENTENCES, voice.heard(mock, "Robin"))
		assert.same(SENTENCES, voice.heard(mock, "Kim"))
	end)

	it("is never asked where nobody is to hear it", function()
		for _, case in ipairs({
			function() mock:leave("Robin") end,
			function() mock.players.Robin:set_pos(at(100)) end,
			function() mock:command("Robin", "voice off") end,
			function() mock:command("Robin", "voice 0") end,
			function() mock:command("Robin", "mute Mira") end,
		}) do
			start()
			mira()
			mock:join("Robin", at(2))
			case()
			agent.get_npc("m"):say(LINE)
			mock:step(0.05, 100)
			assert.same({}, voice.asked)
		end
		for name, value in pairs({["llm_agent.voice"] = "false", ["llm_agent.voice_volume"] = "0"}) do
			start({settings = {[name] = value}})
			mira()
			mock:join("Robin", at(2))
			agent.get_npc("m"):say(LINE)
			mock:step(0.05, 100)
			assert.same({}, voice.asked)
			assert.equal(1, #mock:chat_of("Robin"))
		end
	end)

	it("is as loud as the player and the server want it", function()
		start({settings = {["llm_agent.voice_volume"] = "0.5"}})
		mira()
		mock:join("Robin", at(2))
		mock:join("Kim", at(2))
		mock:command("Robin", "voice 40")
		agent.get_npc("m"):say(SENTENCES[1])
		mock:step(0.05, 60)
		local gains = {}
		for _, sound in ipairs(mock.sounds) do gains[sound.parameters.to_player] = sound.parameters.gain end
		assert.same({Robin = 0.2, Kim = 0.5}, gains)
	end)

	it("is asked for with all that makes its voice", function()
		start()
		agent.register_role("bard", {persona = "A bard.", voice = "high soft"})
		local npc = agent.register_npc("b", {name = "Ben", role = "bard", pos = ORIGIN})
		mock:join("Robin", at(2))
		mock:command("Robin", "lang de")
		npc:say("Guten Tag, mein Freund.", {to = "Robin"})
		npc:say("Good day to all of you.", {priority = "ambient"})
		mock:step(0.05, 200)
		assert.same({id = "b", name = "Ben", role = "bard"}, voice.asked[1].npc)
		assert.same({"high soft", "de", "spoken"}, {voice.asked[1].voice, voice.asked[1].lang, voice.asked[1].priority})
		assert.same({"ambient"}, {voice.asked[2].priority, voice.asked[2].lang})
		assert.is_true(voice.asked[1].deadline_ms >= 1000 and voice.asked[1].deadline_ms <= 15000)
		npc.voice = "low"
		npc:say("Now I am somebody else.")
		mock:step(0.05, 10)
		assert.equal("low", voice.asked[3].voice)
	end)

	it("has the voice that the daemon's file gives a role of ours, but for one that the mod or the NPC has", function()
		start()
		local npc = mira()
		mock:join("Robin", at(2))
		mock.mod.roles.roles.use_files({smith = {name = "smith", own = false, fields = {voice = "deep man"}}})
		npc:say(SENTENCES[1])
		mock:step(0.05, 120)
		npc.voice = "old woman"
		npc:say(SENTENCES[2])
		mock:step(0.05, 120)
		assert.same({"deep man", "old woman"}, {voice.asked[1].voice, voice.asked[2].voice})
	end)

	it("is asked for once where it is said again, and a client that has a sound is not sent it again", function()
		start()
		mira()
		mock:join("Robin", at(2))
		for _ = 1, 2 do
			agent.get_npc("m"):say(SENTENCES[1])
			mock:step(0.05, 150)
		end
		mock:join("Kim", at(2))
		agent.get_npc("m"):say(SENTENCES[1])
		mock:step(0.05, 150)
		assert.equal(1, #voice.asked)
		assert.equal(3, #voice.heard(mock, "Robin"))
		assert.equal(1, #voice.heard(mock, "Kim"))
		assert.equal(2, #mock.media)
		assert.not_equal(mock.media[1].name, mock.media[2].name)
		mock:leave("Robin")
		mock:join("Robin", at(2))
		agent.get_npc("m"):say(SENTENCES[1])
		mock:step(0.05, 20)
		assert.equal(3, #mock.media, "who joins again has nothing")
	end)

	it("is asked for while the model still writes the rest", function()
		start(nil, function() return {} end)
		mira()
		mock:join("Robin", at(2))
		mock:say("Robin", "hello")
		mock:step(0.05, 2)
		answer(1, {{event = "delta", acts = false, text = SENTENCES[1] .. " What can"}})
		mock:step(0.05, 8)
		assert.same({SENTENCES[1]}, voice.heard(mock, "Robin"))
		answer(1, {{event = "done", text = LINE}})
		mock:step(0.05, 300)
		assert.same(SENTENCES, voice.heard(mock, "Robin"))
	end)

	it("is left out where it comes too late, and the words come as ever", function()
		local fetches = {}
		start(nil, nil, function(_, fetch) fetches[#fetches + 1] = fetch end)
		mira()
		mock:join("Robin", at(2))
		agent.get_npc("m"):say(LINE)
		mock:step(0.05, 90)
		assert.equal(3, #fetches)
		voice.send(fetches[1])
		voice.send(fetches[3])
		mock:step(0.05, 200)
		assert.same({SENTENCES[3]}, voice.heard(mock, "Robin"))
		assert.same({"<Mira> " .. LINE}, mock:chat_of("Robin"))
	end)

	it("is typed at the reader's pace where no voice comes, and its turn ends when it did before there were voices", function()
		local ends = {}
		for _, respond in ipairs({function() end, function() return 503, {error = {code = "unavailable", message = "off"}} end}) do
			start(nil, nil, respond)
			mira()
			mock:join("Robin", at(2))
			local began_us = mock.now_us
			agent.get_npc("m"):say(LINE, {on_done = function() ends[#ends + 1] = (mock.now_us - began_us) / 1e6 end})
			mock:step(0.05, 300)
		end
		start({settings = {["llm_agent.voice"] = "false"}})
		mira()
		mock:join("Robin", at(2))
		local began_us, ended_s = mock.now_us, nil
		agent.get_npc("m"):say(LINE, {on_done = function() ended_s = (mock.now_us - began_us) / 1e6 end})
		mock:step(0.05, 300)
		assert.same({ended_s, ended_s}, ends)
	end)

	describe("to a player who speaks to it meanwhile", function()
		it("breaks off, and what is left of it is not heard; its words are shown", function()
			start()
			mira()
			mock:join("Robin", at(2))
			mock:join("Kim", at(3))
			agent.get_npc("m"):say(LINE)
			mock:step(0.05, 20)
			assert.equal(2, #mock.sounds)
			mock:say("Kim", "Mira, wait!")
			mock:step()
			assert.equal(0, mock.sounds[1].fade.gain)
			assert.is_true(mock.sounds[1].fade.step > 4)
			assert.is_truthy(mock.sounds[2].faded_us)
			mock:step(0.05, 20)
			assert.same({SENTENCES[1]}, voice.heard(mock, "Robin"))
			mock:step(0.05, 20)
			assert.same({SENTENCES[1], "Mira hears Mira, wait!"}, voice.heard(mock, "Robin"), "the answer waits for no voice")
			mock:step(0.05, 200)
			assert.equal(2, #voice.heard(mock, "Robin"))
			assert.equal(2, #mock:chat_of("Robin"))
		end)

		it("goes on where somebody else is spoken to", function()
			start()
			mira()
			agent.register_npc("b", {name = "Bram", role = "guard", pos = at(1)})
			mock:join("Robin", at(2))
			agent.get_npc("m"):say(LINE)
			mock:step(0.05, 20)
			mock:say("Robin", "Bram, do you hear that?")
			mock:step(0.05, 200)
			assert.same({SENTENCES[1], SENTENCES[2], SENTENCES[3]}, {unpack(voice.heard(mock, "Robin"), 1, 3)})
		end)
	end)

	it("stops where it is gone, where it is hushed, and for who switches voices off", function()
		for _, act in ipairs({
			function() agent.unregister_npc("m") end,
			function() mock.mod.speech.speech_queue.hush("m") end,
			function() mock:command("Robin", "voice off") end,
		}) do
			start()
			mira()
			mock:join("Robin", at(2))
			agent.get_npc("m"):say(LINE)
			mock:step(0.05, 20)
			act()
			mock:step(0.05, 2)
			assert.is_truthy(mock.sounds[1].faded_us)
			mock:step(0.05, 300)
			assert.same({SENTENCES[1]}, voice.heard(mock, "Robin"))
			assert.equal(0, #mock:logged("error"))
		end
	end)

	it("in a window is heard by that player alone, who hears nothing else meanwhile", function()
		start(nil, function()
			return {{event = "done", text = "The key lies under the third stone.", cache = "miss", model = "m"}}
		end, function(request) return 200, voice.answer(request, request.npc.id == "m" and 8 or nil) end)
		mira()
		local other = agent.register_npc("b", {name = "Bram", role = "guard", pos = at(1)})
		mock:join("Robin", at(2))
		mock:join("Kim", at(3))
		other:say(LINE)
		mock:step(0.05, 10)
		assert.equal(2, #mock.sounds)
		mock:command("Robin", "talk Mira Where is the key?")
		mock:step(0.05, 40)
		assert.same({SENTENCES[1], "The key lies under the third stone."}, voice.heard(mock, "Robin"))
		mock:step(0.05, 100)
		assert.equal(2, #voice.heard(mock, "Robin"), "Bram speaks on, to the others")
		mock:step(0.05, 100)
		assert.same(SENTENCES, voice.heard(mock, "Kim"))
		local robins = voice.heard(mock, "Robin")
		assert.equal("The key lies under the third stone.", robins[2])
		for i, sound in ipairs(mock.sounds) do
			if sound.parameters.to_player == "Robin" and i <= 2 then assert.is_truthy(sound.faded_us) end
		end
	end)

	it("greets by voice in the dialog, and stops for the next word there", function()
		start()
		mira()
		local robin = mock:join("Robin", at(2))
		mock.mod.talk.dialog.approach(agent.get_npc("m"), robin)
		mock:step(0.05, 10)
		assert.equal(1, #voice.heard(mock, "Robin"))
		mock:submit("Robin", "llm_agent:dialog", {say = "Say", words = "Any news?"})
		assert.is_truthy(mock.sounds[1].faded_us)
	end)

	it("is heard in the language that a listener reads, where the model has it", function()
		start(nil, function(request)
			local text = request.translate and "Willkommen in der alten Schmiede, Fremder." or SENTENCES[1]
			return {{event = "done", text = text, lang = request.lang ~= "" and request.lang or "en", cache = "miss", model = "m"}}
		end)
		daemon.call = (function(call)
			return function(method, path, given, fetch)
				if path == "/info" then return 200, {languages = {"en", "de"}, language = "en"} end
				return call(method, path, given, fetch)
			end
		end)(daemon.call)
		mira()
		mock:join("Robin", at(2))
		mock:join("Kim", at(3))
		mock:command("Kim", "lang de")
		mock:step(0.05, 2)
		mock:say("Robin", "hello Mira")
		mock:step(0.05, 200)
		assert.same({SENTENCES[1]}, voice.heard(mock, "Robin"))
		assert.same({"Willkommen in der alten Schmiede, Fremder."}, voice.heard(mock, "Kim"))
		assert.equal("de", voice.asked[2].lang)
	end)

	it("tells others who is heard, how loud and how long", function()
		start()
		local npc, told = mira(), {}
		mock:join("Robin", at(2))
		mock.mod.voice.on_sound(function(who, sound) told[#told + 1] = {who, sound} end)
		assert.is_nil(mock.mod.voice.is_speaking(npc))
		npc:say(SENTENCES[1])
		mock:step(0.05, 6)
		local sound = mock.mod.voice.is_speaking(npc)
		assert.equal("0357", sound.mouth)
		assert.equal(3.6e6, sound.until_us - sound.started_us)
		assert.equal(npc, told[1][1])
		assert.equal(sound, told[1][2])
		mock.mod.voice.stop(npc)
		assert.is_nil(mock.mod.voice.is_speaking(npc))
		mock:step(0.05, 100)
		assert.equal(1, #told)
	end)
end)
