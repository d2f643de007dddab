-- voice/media.lua: what clients are sent, how, and how much.

local game = require("spec.support.game")
local voice = require("spec.support.voice")
local at = game.at

local MIB = 2 ^ 20

describe("a client", function()
	local mock, agent, npc, _
	local function start(options, kib)
		mock, _, agent = voice.start(options, nil, function(request)
			return 200, voice.answer(request, 1, "OggS" .. ("x"):rep((kib or 1) * 1024) .. request.text)
		end)
		npc = agent.register_npc("m", {name = "Mira", role = "smith", pos = game.ORIGIN})
		mock:join("Robin", at(2))
	end

	local function say(number)
		npc:say(("This is sentence number %d of many."):format(number))
		mock:step(0.05, 120)
	end

	it("is sent no more than the server allows, and hears what it has all the same; that is told once", function()
		start({settings = {["llm_agent.voice_max_mib"] = "1"}}, 400)
		for i = 1, 4 do say(i) end
		assert.equal(2, #mock.media)
		assert.equal(2, #mock.sounds)
		say(1)
		assert.equal(3, #mock.sounds)
		assert.equal(1, #mock:logged("llm_agent.voice_max_mib"))
		local told = 0
		for _, line in ipairs(mock:chat_of("Robin")) do told = told + (line:find("join again to hear it", 1, true) and 1 or 0) end
		assert.equal(1, told)
		mock:join("Kim", at(2))
		say(5)
		assert.equal("Kim", mock.media[3].player, "the others' measure is not full")
		mock:leave("Robin")
		mock:join("Robin", at(2))
		say(6)
		assert.equal(5, #mock.media)
		local bytes = 0
		for _, entry in ipairs(mock.media) do bytes = bytes + (entry.player == "Robin" and #entry.content or 0) end
		assert.is_true(bytes < 2 * MIB)
	end)

	it("gets it by a file in the world's folder where the engine takes no data, and the file is gone again", function()
		local folder = os.tmpname()
		os.remove(folder)
		assert(os.execute("mkdir " .. folder))
		start({media_by_file = true, world_path = folder})
		say(1)
		assert.equal(1, #mock.sounds)
		assert.is_truthy(mock.media[1].content:find("sentence number 1", 1, true))
		local left = io.popen("ls -A " .. folder)
		assert.equal("", left:read("*a"))
		left:close()
		mock.disk_is_full = true
		say(2)
		assert.equal(1, #mock.sounds)
		assert.equal(2, #mock:chat_of("Robin"), "the words come as ever")
		assert.equal(0, #mock:logged("error"))
		assert(os.execute("rmdir " .. folder))
	end)

	it("without a way for media, or that never takes any, gets the words as ever", function()
		start()
		mock.core.dynamic_add_media = function() error("no such thing") end
		say(1)
		mock.media_waits = true
		mock.core.dynamic_add_media = function() return true end
		say(2)
		mock.core.dynamic_add_media = function() return false end
		say(3)
		assert.equal(0, #mock.sounds)
		assert.equal(3, #mock:chat_of("Robin"))
		assert.equal(0, #mock:logged("error"))
	end)

	it("that takes nothing keeps nobody waiting, and is sent no more", function()
		start()
		mock:join("Kim", at(3))
		local add = mock.core.dynamic_add_media
		mock.core.dynamic_add_media = function(options, callback)
			return add(options, options.to_player == "Kim" and function() end or callback)
		end
		for i = 1, 4 do say(i) end
		local begun_us = mock.now_us
		say(5)
		local count = {Robin = 0, Kim = 0}
		for _, entry in ipairs(mock.media) do count[entry.player] = count[entry.player] + 1 end
		assert.same({Robin = 5, Kim = 3}, count)
		assert.is_true(mock.sounds[5].at_us - begun_us < 0.3e6)
	end)

	it("of a crowd gets a sound within a few steps, and no step sends to all", function()
		start()
		for i = 1, 20 do mock:join("P" .. i, at(2)) end
		npc:say("This is said to all of you.")
		local most, last = 0, 0
		for _ = 1, 14 do
			mock:step(0.05)
			most, last = math.max(most, #mock.media - last), #mock.media
		end
		assert.equal(21, #mock.media)
		assert.equal(4, most)
		assert.equal(21, #mock.sounds)
		assert.equal(mock.sounds[1].at_us, mock.sounds[21].at_us)
	end)
end)
