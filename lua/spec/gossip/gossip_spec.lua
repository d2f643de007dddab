-- gossip/: what really happened is told by who saw it or heard of it, each in its own way, less exactly as it spreads and ages.

local game = require("spec.support.game")
local locale = require("spec.support.locale")
local at = game.at

local SETTINGS = {["llm_agent.player_burst"] = "1000", ["llm_agent.npc_burst"] = "1000", ["llm_agent.gossip_minutes"] = "60"}

describe("gossip", function()
	local mock, daemon, agent, storage

	local function start(extra, kept)
		local settings = {}
		for key, value in pairs(SETTINGS) do settings[key] = value end
		for key, value in pairs(extra or {}) do settings[key] = value end
		local words = locale.translations()
		words["de: The apple is ripe."] = "Der Apfel ist reif."
		mock, daemon, agent, storage = game.start_quiet({settings = settings, translations = words, storage = kept})
		mock.core.registered_items["zoo:apple"] = {description = "Apple"}
		agent.register_npc("mira", {name = "Mira", role = "merchant", pos = at(0)})
		agent.register_npc("ida", {name = "Ida", role = "villager", pos = at(5)})
		agent.register_npc("bram", {name = "Bram", role = "guard", pos = at(20)})
		agent.register_npc("olaf", {name = "Olaf", role = "miner", pos = at(500)})
		mock:join("Ana", at(1))
		mock:join("Robin", at(2))
		mock:step(0.05, 5)
	end

	local function npc(id) return agent.get_npc(id) end
	local function deal() mock.mod.api.events.emit("trade", npc("mira"), "Ana", {["zoo:apple"] = 3}, {["llm_agent:coin"] = 6}) end

	local function news_of(id, words, player)
		local replies = game.think(npc(id), {player = player or "Robin", utterance = words or "Any news?"})
		mock:step(0.05, 3)
		return replies[1].text, replies[1]
	end

	local function is_models(line) return line:find(" hears ", 1, true) ~= nil end

	local function pass(minutes) mock.game_s = mock.game_s + minutes * 60 end

	it("counts what it tells of as people do, one without a number", function()
		start()
		mock.mod.api.events.emit("trade", npc("mira"), "Ana", {["zoo:apple"] = 1}, {["llm_agent:coin"] = 1})
		assert.equal("I saw it myself: Ana had an apple from Mira, for 1 coin.", (news_of("ida")))
	end)

	it("of a deal is told by each from where it stood, and by nobody who was elsewhere", function()
		start()
		deal()
		assert.equal("Ana had 3 apples from me, for 6 coins. Good for business, that.", (news_of("mira")))
		assert.equal("I saw it myself: Ana had 3 apples from Mira, for 6 coins.", (news_of("ida")))
		assert.equal("I saw it from afar: Ana had 3 apples from Mira, for 6 coins.", (news_of("bram")))
		assert.is_true(is_models(news_of("olaf")))
	end)

	it("is told to others, once, and not to who did it", function()
		start()
		deal()
		assert.is_true(is_models((news_of("ida", nil, "Ana"))))
		local _, reply = news_of("ida")
		assert.equal("news", reply.told)
		assert.equal("That is all I have heard.", (news_of("ida")))
	end)

	it("has the teller's slant: standing, mood, role", function()
		start()
		deal()
		npc("ida").mood = "grumpy"
		assert.truthy(news_of("ida"):find("Some have coins to spend.", 1, true))
		local reputation = mock.mod.economy.reputation
		reputation.change("bram", "Ana", -0.5)
		assert.truthy(news_of("bram"):find("Ana", 30, true))
		start()
		mock.mod.economy.reputation.change("ida", "Ana", 0.5)
		mock.mod.economy.reputation.change("bram", "Ana", -0.5)
		deal()
		local fond, cool = news_of("ida"), news_of("bram")
		assert.truthy(fond:find("A good soul, Ana.", 1, true) or fond:find("I think well of Ana.", 1, true), fond)
		assert.truthy(cool:find("I trust Ana no farther than I can see.", 1, true) or cool:find("Ana, of all people.", 1, true), cool)
	end)

	it("spreads as they meet, less exactly from mouth to mouth, and without a question to the model", function()
		start()
		deal()
		agent.register_npc("lena", {name = "Lena", role = "farmer", pos = at(28)})
		agent.register_npc("otto", {name = "Otto", role = "smith", pos = at(36)})
		mock:step(0.5, 80)
		assert.equal(0, #daemon.received)
		assert.equal("Bram told me: Ana and Mira made a deal.", (news_of("lena")))
		local otto = news_of("otto")
		assert.equal("They say: Ana is doing business hereabouts. Good for business, that.", otto)
		assert.is_true(is_models(news_of("olaf")))
	end)

	it("fades: told less exactly, then as hearsay, then not at all", function()
		start()
		deal()
		pass(25)
		assert.equal("I saw it myself: Ana and Mira made a deal.", (news_of("ida")))
		mock:leave("Robin")
		mock:join("Robin", at(2))
		pass(20)
		assert.equal("They say: Ana is doing business hereabouts.", (news_of("ida")))
		mock:leave("Robin")
		mock:join("Robin", at(2))
		pass(20)
		assert.is_true(is_models(news_of("ida")))
		mock:step(1, 70)
		mock:shutdown()
		for key in pairs(storage) do assert.is_nil(key:find("^gossip:")) end
	end)

	it("is kept over a restart, and what is damaged is left out", function()
		start()
		deal()
		mock:shutdown()
		storage["gossip:900"] = '{"kind":"deal"}'
		storage["gossip:901"] = "nonsense"
		start(nil, storage)
		assert.equal("I saw it myself: Ana had 3 apples from Mira, for 6 coins.", (news_of("ida")))
		assert.is_true(is_models(news_of("olaf")))
	end)

	it("is bounded in events, in who knows one, and in bytes", function()
		start()
		for i = 1, 60 do agent.register_npc("n" .. i, {name = "N" .. i, role = "villager", pos = at(i % 9)}) end
		for i = 1, 100 do
			assert.is_true(agent.report_event({pos = at(1), words = ("Event %d: "):format(i) .. ("word "):rep(400)}))
		end
		mock:step(0.5, 1500)
		mock:shutdown()
		local events, bytes = 0, 0
		for key, value in pairs(storage) do
			if key:find("^gossip:") then
				events, bytes = events + 1, bytes + #value
				local _, knowers = value:gsub('"hand"', "")
				assert.is_true(knowers <= 24, knowers .. " know one event")
			end
		end
		assert.equal(48, events)
		assert.is_true(bytes < 48 * 3000, bytes .. " bytes")
	end)

	it("writes at most one event in a step", function()
		start()
		local writes, set = 0, mock.mod.core.storage.set_string
		mock.mod.core.storage.set_string = function(...) writes = writes + 1 set(...) end
		for i = 1, 10 do agent.report_event({pos = at(1), words = "Event " .. i}) end
		for _ = 1, 10 do
			writes = 0
			mock:step(0.01)
			assert.is_true(writes <= 1)
		end
	end)

	it("tells of paid quests, lost fights, buildings, and nights with monsters", function()
		start()
		mock.mod.api.events.emit("quest", npc("mira"), "Ana", {kind = "visit", title = "See the mill", npc = "mira"}, "paid")
		assert.equal("I saw it myself: Ana kept a promise to Mira: See the mill.", (news_of("ida")))
		local body = game.body("rolf", "Rolf", "bandit", at(3))
		mock.mod.combat.damage.take(npc("rolf"), mock.players.Ana, 100)
		assert.equal("I saw it myself: Ana beat Rolf to the ground.", (news_of("ida")))
		assert.truthy(news_of("rolf"):find("^Ana beat me to the ground"))
		for _, fn in ipairs(mock.callbacks.die) do fn(mock.players.Ana, {type = "punch", object = body}) end
		assert.equal("I saw it myself: Rolf beat Ana to the ground.", (news_of("ida")))
		mock.core.registered_nodes.torch = {walkable = false}
		for i = 1, 100 do
			for _, fn in ipairs(mock.callbacks.place) do
				fn({x = 10 + i % 3, y = i % 8, z = 1}, {name = i <= 60 and "torch" or "stone"}, mock.players.Ana)
			end
		end
		local heard = news_of("ida")
		assert.truthy(heard:find("^I saw it myself: Ana is building something, about %d+ steps from here, to the"), heard)
		mock.core.register_entity("zoo:ghoul", {type = "monster"})
		mock.time_of_day = 0.95
		for i = 1, 4 do mock.core.add_entity(at(3 + i), "zoo:ghoul") end
		mock:step(0.5, 60)
		mock.time_of_day = 0.3
		mock:step(0.5, 20)
		assert.equal("I saw it myself: Monsters came in the night. I counted 4.", (news_of("ida")))
	end)

	it("is a fact for the model where it is asked for, or who it is about is named, and nowhere else", function()
		start()
		deal()
		local function fact(words)
			news_of("ida", words)
			return daemon.received[#daemon.received].request.context.news
		end
		assert.same({"I saw it myself: Ana had 3 apples from Mira, for 6 coins."}, fact("Any news?"))
		assert.is_table(fact("What do you think of Ana?"))
		assert.is_nil(fact("Hello."))
	end)

	it("begins talks among NPCs in the place of a question to the model, in the language of who hears it", function()
		start({["llm_agent.npc_talk"] = "near_players", ["llm_agent.npc_talk_interval_s"] = "300"})
		mock:command("Robin", "lang de")
		mock:command("Ana", "lang de")
		deal()
		agent.unregister_npc("mira")
		agent.unregister_npc("bram")
		agent.register_npc("lena", {name = "Lena", role = "farmer", pos = at(7)})
		npc("lena").next_small_talk_us, npc("ida").next_small_talk_us = 1e18, 0
		local said = {}
		agent.on("say", function(who, line) said[#said + 1] = {who.id, line} end)
		for _ = 1, 400 do
			if #daemon.received > 0 then break end
			mock:step(0.1)
		end
		local line = "Ich habe es selbst gesehen: Ana bekam 3 Stück Apple von Mira, für 6 Münzen."
		assert.same({"ida", line}, said[1])
		assert.equal("lena", daemon.received[1].request.npc.id)
		assert.equal(line, daemon.received[1].request.utterance)
	end)

	it("of a player ends with /llm forget, and what another NPC knows of them with it", function()
		start()
		deal()
		agent.report_event({pos = at(1), words = "Ana fell into the well."})
		agent.report_event({pos = at(1), words = "The well is dry."})
		mock:command("Ana", "forget")
		assert.equal("I saw it myself: The well is dry.", (news_of("ida")))
		assert.equal("That is all I have heard.", (news_of("ida")))
		mock:shutdown()
		for key, value in pairs(storage) do assert.is_nil(key:find("^gossip:") and value:find("Ana", 1, true) or nil) end
		start()
		deal()
		agent.forget({npc = "ida", player = "Ana"})
		assert.is_true(is_models(news_of("ida")))
		assert.is_false(is_models(news_of("bram")))
	end)

	it("is off with gossip_minutes = 0", function()
		start({["llm_agent.gossip_minutes"] = "0"})
		deal()
		assert.is_true(is_models(news_of("ida")))
		assert.is_false(agent.report_event({pos = at(1), words = "The well is dry."}))
	end)

	it("of other mods is taken with what is needed, and refused with the cure", function()
		start()
		assert.is_true(agent.report_event({pos = at(1), words = "The bridge broke under Ana's cart.", vague = "A bridge broke.", player = "Ana"}))
		assert.is_false(agent.report_event({pos = at(900), words = "Nobody saw it."}))
		assert.equal("I saw it myself: The bridge broke under Ana's cart.", (news_of("ida")))
		pass(45)
		assert.equal("They say: A bridge broke.", (news_of("bram")))
		assert.is_true(agent.report_event({pos = at(1), words = "\27(T@zoo)The apple is ripe.\27E"}))
		mock:command("Robin", "lang de")
		assert.equal("Ich habe es selbst gesehen: Der Apfel ist reif.", (news_of("ida")))
		for problem, def in pairs({
			["pos: missing"] = {words = "x"}, ["words: missing"] = {pos = at(1)}, ["npc: no NPC zoe"] = {pos = at(1), words = "x", npc = "zoe"},
			["unknown field who"] = {pos = at(1), words = "x", who = "Ana"},
		}) do
			local ok, message = pcall(agent.report_event, def)
			assert.is_false(ok)
			assert.truthy(message:find(problem, 1, true), message)
		end
	end)
end)
