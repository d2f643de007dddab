-- voice/requests.lua and answer.lua: what the daemon is asked, how much at once, and what becomes of a daemon without a voice.

local Mock = require("mock_core")
local game = require("spec.support.game")
local voice = require("spec.support.voice")
local at = game.at

local function unavailable(after_ms)
	return {error = {code = "unavailable", message = "speech is switched off", retry_after_ms = after_ms}}
end

describe("the daemon's voice", function()
	local mock, agent, _
	local function start(options, respond)
		mock, _, agent = voice.start(options, nil, respond)
		mock:join("Robin", at(1))
	end

	local number = 0
	local function say(npc)
		number = number + 1
		npc:say(("What I say now is number %d of all."):format(number))
	end

	local function npc(id, pos)
		return agent.register_npc(id, {name = id, role = "smith", pos = pos or at(2)})
	end

	it("is asked for three sentences at once at most, the answers to players first", function()
		start({settings = {["llm_agent.earshot"] = "1"}}, function() end)
		for i = 1, 6 do
			mock:join("P" .. i, at(10 * i))
			npc("n" .. i, at(10 * i)):say("I am number " .. i .. " and I speak to you.", {priority = i == 6 and "spoken" or "ambient"})
		end
		mock:step(0.05, 3)
		assert.equal(3, #voice.asked)
		assert.equal("n6", voice.asked[1].npc.id)
		for i, fetch in ipairs(mock:open_fetches()) do
			if i == 1 then voice.send(fetch) end
		end
		mock:step(0.05, 2)
		assert.equal(4, #voice.asked)
	end)

	it("has something for each of fifty who begin to speak at once", function()
		start({settings = {["llm_agent.earshot"] = "1"}})
		for i = 1, 50 do
			mock:join("P" .. i, at(10 * i))
			npc("n" .. i, at(10 * i)):say("I have a long story to tell you. It begins with a mill. Will you listen to its end?")
		end
		mock:step(0.05, 300)
		for i = 1, 50 do assert.equal(3, #voice.heard(mock, "P" .. i)) end
	end)

	it("is left alone for as long as it says, or where it is not there, without an error in the log", function()
		for _, case in ipairs({
			{503, unavailable(20000), 20}, {503, unavailable(), 10}, {503, unavailable(9e9), 60}, {429, unavailable(), 2},
			{404, {}, 300}, {0, nil, 10}, {200, "no such thing", 60}, {200, {ready = true}, 60}, {401, {}, 60},
		}) do
			local code, data, pause_s = case[1], case[2], case[3]
			start(nil, function() return code, data end)
			local mira = npc("m")
			local began_us = mock.now_us
			while mock.now_us - began_us < (pause_s - 1) * 1e6 do
				say(mira)
				mock:step(0.05, 10)
			end
			assert.equal(1, #voice.asked, "HTTP " .. code)
			mock:step(0.5, 4)
			mock:step(0.05, 200)
			say(mira)
			mock:step(0.05, 200)
			assert.is_true(#voice.asked >= 2, "HTTP " .. code)
			assert.equal(1, #mock:logged("no voice at present"))
			assert.equal(0, #mock:logged("error:"))
		end
	end)

	it("is asked again at once when the daemon is online again", function()
		start(nil, function() return 503, unavailable(60000) end)
		local mira = npc("m")
		say(mira)
		mock:step(0.05, 100)
		agent.on("online", function() end)
		mira:think({player = "Robin", utterance = "hello"}, function() end)
		mock:step(0.05, 10)
		assert.equal("online", mock.mod.daemon.client.state)
		say(mira)
		mock:step(0.05, 100)
		assert.equal(2, #voice.asked)
	end)

	it("loses a sentence that failed or is late, and goes on with the next; after three in a row it rests", function()
		local codes = {502, 204, 502, 204, 502}
		start(nil, function(request)
			local code = table.remove(codes, 1)
			if code then return code, {error = {code = "speech_failed", message = "no"}} end
			return 200, voice.answer(request)
		end)
		local mira = npc("m")
		for _ = 1, 5 do
			say(mira)
			mock:step(0.05, 100)
		end
		assert.equal(5, #voice.asked)
		say(mira)
		mock:step(0.05, 100)
		assert.equal(5, #voice.asked)
		mock:step(1, 10)
		say(mira)
		mock:step(0.05, 100)
		assert.equal(6, #voice.asked)
		assert.equal(1, #mock.sounds)
		assert.equal(0, #mock:logged("error:"))
	end)

	it("is not asked while the daemon is away or NPCs are switched off", function()
		start({settings = {["llm_agent.enabled"] = "false"}})
		say(npc("m"))
		mock:step(0.05, 100)
		assert.same({}, voice.asked)
	end)

	it("is told of to a player who asks", function()
		start(nil, function() return 503, unavailable(60000) end)
		local _, message = mock:command("Robin", "voice")
		assert.is_truthy(message:find("at 100 of 100", 1, true))
		say(npc("m"))
		mock:step(0.05, 20)
		_, message = mock:command("Robin", "voice")
		assert.is_truthy(message:find("makes none now", 1, true))
		_, message = mock:command("Robin", "voice off")
		assert.is_truthy(message:find("are off for you", 1, true))
		mock:command("Robin", "voice 30")
		assert.equal("30", mock.players.Robin:get_meta():get_string("llm_agent:voice_volume"))
		mock:command("Robin", "voice off")
		mock:command("Robin", "voice on")
		assert.equal("30", mock.players.Robin:get_meta():get_string("llm_agent:voice_volume"), "on is as loud as before")
		for _, words in ipairs({"101", "-1", "loud", "nan"}) do
			local ok = mock:command("Robin", "voice " .. words)
			assert.is_false(ok, words)
		end
	end)

	it("is refused where its answer is no sound", function()
		local read = assert(loadfile("mods/llm_agent/voice/answer.lua"))(Mock.new().core.parse_json).read
		local request = {npc = {id = "m"}, text = "hello"}
		local whole = voice.answer(request)
		local sound = read(whole)
		assert.same({0.5, "0357", "OggShello"}, {sound.seconds, sound.mouth, sound.ogg})
		for _, data in ipairs({
			"", "abc", whole:sub(1, 20), whole:sub(1, -10), ("\255"):rep(200), "\0\0\0\2{}OggS", "\0\0\0\2[]OggS",
			voice.answer(request, 0), voice.answer(request, 61), voice.answer(request, 0 / 0), voice.answer(request, 1, "RIFFx"),
			(whole:gsub('"id":"%x+"', '"id":"../../etc/passwd"')), voice.answer(request, 1, "OggS" .. ("x"):rep(2 ^ 20)),
		}) do
			assert.is_nil(read(data))
		end
	end)
end)
