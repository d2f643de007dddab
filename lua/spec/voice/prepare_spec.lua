-- voice/prepare.lua: what NPCs will surely say is rendered before anybody hears it.

local game = require("spec.support.game")
local voice = require("spec.support.voice")
local at = game.at

describe("set phrases", function()
	local mock, daemon, agent
	local function start(options) mock, daemon, agent = voice.start(options) end

	-- text → lang ("" for none), of all that was prepared; an error where one came twice.
	local function prepared(id)
		local found, seen = {}, {}
		for _, batch in ipairs(voice.prepared) do
			assert.is_true(#batch <= 64)
			for _, record in ipairs(batch) do
				if record.npc.id == id then
					local key = record.text .. (record.lang or "")
					assert.is_nil(seen[key], key)
					seen[key] = true
					found[record.text] = record.lang or ""
				end
			end
		end
		return found
	end

	local function think()
		agent.get_npc("s"):think({player = "Robin", utterance = "hello"}, function() end)
		mock:step(0.05, 200)
	end

	it("of roles are prepared once the daemon is online, without sentences that hold a player's name", function()
		start()
		agent.register_npc("s", {name = "Mira", role = "smith", pos = at(2), voice = "low"})
		mock:step(0.05, 200)
		assert.same({}, voice.prepared)
		think()
		local found = prepared("s")
		assert.equal("", found["The iron is hot, come back in a moment."])
		assert.equal("", found["Speak up over the hammer."], "the rest of a line with a name in it")
		for text in pairs(found) do assert.is_nil(text:find("player", 1, true), text) end
		assert.equal("low", voice.prepared[1][1].voice)
		local calls = #voice.prepared
		mock:step(0.05, 400)
		assert.equal(calls, #voice.prepared)
		assert.same({}, voice.asked)
	end)

	it("are said with the very same words and voice as they were prepared", function()
		start(nil)
		agent.register_npc("s", {name = "Mira", role = "smith", pos = at(2)})
		mock:join("Robin", at(2))
		think()
		local found = prepared("s")
		daemon.reply = function() return {{event = "error", code = "overloaded", message = "m"}} end
		for _ = 1, 4 do
			mock:say("Robin", "Mira, how are you?")
			mock:step(0.05, 300)
		end
		local count = 0
		for _, record in ipairs(voice.asked) do
			if not record.text:find("Robin", 1, true) then
				count = count + 1
				assert.equal(record.lang or "", found[record.text], record.text)
			end
		end
		assert.is_true(count >= 3)
	end)

	it("are prepared for roles that change, bodies that wake and other languages, a few NPCs at a time", function()
		start({translations = {["de: The iron is hot, come back in a moment."] = "Das Eisen ist heiß, komm gleich wieder."}})
		agent.register_npc("s", {name = "Mira", role = "smith", pos = at(2)})
		think()
		mock.storage["lang:Robin"] = "de"
		mock:join("Robin", at(2))
		mock:step(0.05, 100)
		assert.equal("de", prepared("s")["Das Eisen ist heiß, komm gleich wieder."])
		game.body("b", "Bram", "guard", at(3))
		mock:step(0.05, 100)
		assert.is_truthy(prepared("b")["The wind is loud up here."])
		for i = 1, 30 do game.body("n" .. i, "N" .. i, "guard", at(i)) end
		mock:step(0.05, 400)
		for i = 1, 30 do assert.is_truthy(next(prepared("n" .. i))) end
		voice.prepared = {}
		mock.mod.roles.roles.use_files({smith = {name = "smith", own = true, fields = {fallback = {"The forge is cold today."}}}})
		mock:step(0.05, 400)
		assert.is_truthy(prepared("s")["The forge is cold today."])
	end)

	it("wait where the daemon does not take them, and are never asked for where voices are off", function()
		start()
		local call, is_away = daemon.call, true
		daemon.call = function(method, path, body, fetch)
			if path == "/v1/speech" and is_away then return 503, {error = {code = "unavailable", message = "m", retry_after_ms = 5000}} end
			return call(method, path, body, fetch)
		end
		agent.register_npc("s", {name = "Mira", role = "smith", pos = at(2)})
		think()
		assert.same({}, voice.prepared)
		is_away = false
		mock:step(0.05, 400)
		assert.is_truthy(next(prepared("s")))
		start({settings = {["llm_agent.voice"] = "false"}})
		agent.register_npc("s", {name = "Mira", role = "smith", pos = at(2)})
		think()
		assert.same({}, voice.prepared)
	end)
end)
