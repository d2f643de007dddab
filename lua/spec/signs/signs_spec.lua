-- The folder signs: pictures of names over the head of an NPC that speaks, for those who read signs and nobody else.

local game = require("spec.support.game")
local ORIGIN, at = game.ORIGIN, game.at

local PNG = "\137PNG\r\n\26\n\0\0\0\rIHDR\0\0\1\4\0\0\0\80" -- 260 pixels wide
local LANGUAGES = {default = "ase", languages = {
	{code = "ase", name = "American Sign Language"}, {code = "gsg", name = "German Sign Language"},
}}

describe("signs", function()
	local mock, daemon, agent, asked, npc, answer

	local function start(options)
		mock, daemon, agent = game.start_quiet(options)
		asked = {}
		answer = function(path) return 200, PNG .. path end
		function daemon.call(_, path)
			local query = path:match("^/v1/signs%?(.*)$")
			if path == "/v1/signs/languages" then return 200, LANGUAGES end
			if not query then return 200, {ready = true} end
			asked[#asked + 1] = query
			return answer(query)
		end
		npc = agent.register_npc("b", {name = "Bram", role = "smith", pos = ORIGIN})
		agent.register_npc("m", {name = "Mira", role = "healer", pos = at(200)})
	end

	local function reader(name, pos, choice)
		local player = mock:join(name, pos or at(2))
		mock:command(name, "signs " .. (choice or "on"))
		mock:step(0.05, 2)
		return player
	end

	-- What a player has on the screen now.
	local function seen(player)
		local list = {}
		for _, def in ipairs(player.hud or {}) do
			if not def.is_over then list[#list + 1] = def end
		end
		return list
	end

	local function last_chat(name)
		local lines = mock:chat_of(name)
		return lines[#lines]
	end

	before_each(function() start() end)

	it("shows names of a line over the head while it is spoken, to the reader alone, and the words to all as ever", function()
		local robin, ana = reader("Robin"), mock:join("Ana", at(3))
		npc:say("Robin, go and see Mira.")
		mock:step(0.05, 30)
		assert.same({"text=Robin&lang=ase&height=80", "text=Mira&lang=ase&height=80"}, asked)
		local rows = seen(robin)
		assert.equal(2, #rows)
		assert.equal("image_waypoint", rows[1].type or rows[1].hud_elem_type)
		assert.truthy(rows[1].text:find("^llm_agent_sign_ase_526f62696e_%d+%.png$"))
		assert.is_true(rows[1].offset.x < 0 and rows[2].offset.x == -rows[1].offset.x) -- the first word on the left
		assert.equal(rows[1].offset.y, rows[2].offset.y)
		assert.equal(ORIGIN.x, rows[1].world_pos.x)
		assert.is_true(rows[1].world_pos.y > 2)
		assert.same({}, seen(ana))
		mock:step(0.05, 200)
		assert.same({}, seen(robin))
		for _, name in ipairs({"Robin", "Ana"}) do assert.equal("<Bram> Robin, go and see Mira.", last_chat(name)) end
		for _, file in ipairs(mock.media) do assert.equal("Robin", file.player) end
		assert.equal(0, #mock:logged("error"))
	end)

	it("puts what is too wide for a row below it", function()
		local robin = reader("Robin")
		npc:say("Robin, Bram and Mira.", {ms = 5000})
		mock:step(0.05, 40)
		local rows = seen(robin)
		assert.equal(3, #rows)
		assert.equal(rows[1].offset.y, rows[2].offset.y)
		assert.equal(84, rows[3].offset.y - rows[1].offset.y)
		assert.equal(0, rows[3].offset.x)
	end)

	it("asks for nothing, and sends nothing, where nobody reads signs", function()
		mock:join("Robin", at(2))
		npc:say("Robin, go and see Mira.")
		mock:step(0.05, 200)
		assert.same({}, asked)
		assert.same({}, mock.media)
	end)

	it("sends a picture once to a client, and asks for a word once for all", function()
		local robin, ana = reader("Robin"), reader("Ana", at(3))
		for _ = 1, 2 do
			npc:say("Mira knows.")
			mock:step(0.05, 20)
			assert.equal(1, #seen(robin))
			assert.equal(1, #seen(ana))
			mock:step(0.05, 150)
		end
		assert.equal(1, #asked)
		assert.equal(2, #mock.media)
	end)

	it("follows the speaker, and rises with the bubble", function()
		local object, smith = game.body("c", "Cid", "smith", at(1))
		local robin = reader("Robin")
		smith:say("Mira knows of all that grows behind the hill, in the wood and by the brook, and she is there.")
		mock:step(0.05, 20)
		local row = seen(robin)[1]
		local before = row.offset.y
		object:set_pos(at(3))
		mock:step(0.05, 70)
		assert.equal(3, row.world_pos.x)
		assert.is_true(row.offset.y < before)
	end)

	it("reads a line as it comes in", function()
		start()
		daemon.reply = function() return {} end
		local robin = reader("Robin")
		mock:say("Robin", "hello Bram")
		mock:step(0.05, 3)
		game.answer(1, {{event = "delta", acts = false, text = "Mira is"}, {event = "delta", acts = false, text = " there and"}})
		mock:step(0.05, 20)
		assert.equal(1, #seen(robin))
	end)

	it("spells the whole of a name, of which a part came first, in the place of that", function()
		start()
		daemon.reply = function() return {} end
		agent.set_place("Iron Gate", at(300), 5)
		local robin = reader("Robin")
		mock:say("Robin", "hello Bram")
		mock:step(0.05, 3)
		game.answer(1, {{event = "delta", acts = false, text = "Behind the Iron Ga"}})
		mock:step(0.05, 20)
		assert.truthy(seen(robin)[1].text:find("ase_49726f6e_", 1, true))
		game.answer(1, {{event = "delta", acts = false, text = "te it is so"}})
		mock:step(0.05, 20)
		assert.equal(1, #seen(robin))
		assert.truthy(seen(robin)[1].text:find("ase_49726f6e2047617465_", 1, true))
	end)

	it("goes from who leaves earshot, and never comes to who has muted the speaker or is far away", function()
		local robin, far = reader("Robin"), reader("Far", at(100))
		mock:command("Robin", "mute Bram")
		npc:say("Mira knows.", {ms = 10000})
		mock:step(0.05, 20)
		assert.same({}, seen(robin))
		mock:command("Robin", "unmute Bram")
		mock:step(0.05, 20)
		assert.equal(1, #seen(robin))
		robin:set_pos(at(100))
		mock:step(0.05, 12)
		assert.same({}, seen(robin))
		assert.same({}, seen(far))
	end)

	it("ends when the speaker is gone, and when it is switched off", function()
		local robin = reader("Robin")
		npc:say("Mira knows.", {ms = 10000})
		mock:step(0.05, 20)
		mock:command("Robin", "signs off")
		assert.same({}, seen(robin))
		mock:step(0.05, 20)
		assert.same({}, seen(robin))
		mock:command("Robin", "signs on")
		mock:step(0.05, 20)
		assert.equal(1, #seen(robin))
		agent.unregister_npc("b")
		assert.same({}, seen(robin))
	end)

	it("is kept with the player, in their language", function()
		reader("Robin", at(2), "gsg")
		mock:leave("Robin")
		local again = mock:join("Robin", at(2))
		npc:say("Mira knows.")
		mock:step(0.05, 20)
		assert.same({"text=Mira&lang=gsg&height=80"}, asked)
		assert.equal(1, #seen(again))
		mock:command("Robin", "signs off")
		mock:command("Robin", "signs on")
		mock:step(0.05, 2)
		assert.truthy(last_chat("Robin"):find("German Sign Language", 1, true))
	end)

	it("stops at as many bytes of pictures as a client may get", function()
		local robin = reader("Robin")
		answer = function() return 200, PNG .. ("x"):rep(1.5 * 2 ^ 20) end
		npc:say("Robin, see Mira.")
		mock:step(0.05, 30)
		assert.equal(1, #mock.media)
		assert.equal(1, #seen(robin))
	end)

	it("asks no more for a while where the daemon cannot draw, and says so once in the log", function()
		local robin = reader("Robin")
		answer = function() return 503, {error = {code = "unavailable", message = "signs need the package"}} end
		for _ = 1, 3 do
			npc:say("Mira knows.")
			mock:step(0.05, 100)
		end
		assert.equal(1, #asked)
		assert.equal(1, #mock:logged("no signs at present: signs need the package"))
		assert.same({}, seen(robin))
		answer = function(query) return 200, PNG .. query end
		mock:step(1, 31)
		npc:say("Mira knows.")
		mock:step(0.05, 20)
		assert.equal(1, #seen(robin))
	end)

	it("does not ask again for a word that has no sign", function()
		reader("Robin")
		answer = function() return 400, {error = {code = "bad_request", message = "text: none"}} end
		for _ = 1, 2 do
			npc:say("Mira knows.")
			mock:step(0.05, 150)
		end
		assert.equal(1, #asked)
	end)

	it("costs no line where the daemon sends rubbish or the picture comes too late", function()
		local robin = reader("Robin")
		answer = function() return 200, "no picture" end
		npc:say("Mira knows.")
		mock:step(0.05, 150)
		assert.equal("<Bram> Mira knows.", last_chat("Robin"))
		mock:step(1, 31)
		answer = function(query) return 200, PNG .. query end
		mock.media_waits = true
		npc:say("Mira knows.")
		mock:step(0.05, 150)
		mock:deliver_media()
		mock:step(0.05, 20)
		assert.same({}, seen(robin))
		assert.equal(0, #mock:logged("error"))
	end)

	describe("of a command", function()
		it("lists the languages by their names", function()
			reader("Robin", at(2), "list")
			assert.truthy(last_chat("Robin"):find("gsg – German Sign Language", 1, true))
			local _, message = mock:command("Robin", "signs")
			assert.truthy(message:find("You see no signs.", 1, true))
		end)

		it("refuses a language there is not, and stays as it was", function()
			reader("Robin")
			mock:command("Robin", "signs asl")
			mock:step(0.05, 2)
			assert.truthy(last_chat("Robin"):find("asl is no sign language", 1, true))
			local _, message = mock:command("Robin", "signs")
			assert.truthy(message:find("You see signs: ase", 1, true))
		end)

		it("says why where the daemon has no signs", function()
			function daemon.call() return 503, {error = {code = "unavailable", message = "signs need the package"}} end
			reader("Robin")
			assert.truthy(last_chat("Robin"):find("signs need the package", 1, true))
		end)

		it("spells a typed word on the screen for a while, the next in its place", function()
			local robin = reader("Robin")
			mock:command("Robin", "sign hello")
			mock:step(0.05, 4)
			mock:step(1, 1)
			mock:command("Robin", "sign Čaj")
			mock:step(0.05, 4)
			assert.equal("text=%C4%8Caj&lang=ase&height=80", asked[2])
			local shown = seen(robin)
			assert.equal(1, #shown)
			assert.equal("image", shown[1].type or shown[1].hud_elem_type)
			mock:step(1, 12)
			assert.same({}, seen(robin))
		end)

		it("refuses too many letters, none, and words in quick succession", function()
			reader("Robin")
			assert.is_false((mock:command("Robin", "sign")))
			assert.is_false((mock:command("Robin", "sign " .. ("a"):rep(25))))
			assert.is_true((mock:command("Robin", "sign hello")))
			assert.is_false((mock:command("Robin", "sign hello")))
		end)

		it("tells that a word has no sign", function()
			reader("Robin")
			answer = function() return 400, {error = {code = "bad_request", message = "text: none"}} end
			mock:command("Robin", "sign 你")
			mock:step(0.05, 4)
			assert.truthy(last_chat("Robin"):find("No letter of 你 has a sign in American Sign Language", 1, true))
		end)

		it("does nothing where the server has switched signs off", function()
			start({settings = {["llm_agent.signs"] = "false"}})
			local robin = reader("Robin")
			assert.is_false((mock:command("Robin", "signs on")))
			assert.is_false((mock:command("Robin", "sign hello")))
			npc:say("Mira knows.")
			mock:step(0.05, 100)
			assert.same({}, seen(robin))
		end)
	end)
end)
