-- promises/: an NPC that promised to be somewhere is there in time, waits, greets, and says so where nobody came.

local Mock = require("mock_core")
local locale = require("spec.support.locale")

local function at(x, z) return {x = x, y = -0.5, z = z or 0} end -- on the ground: nodes below 0 are stone

local DAY_S = 1200 -- at the engine's usual time_speed

describe("a promise", function()
	local mock, daemon, agent, storage, object, says

	local function start(kept, extra)
		storage, says = kept or {}, "As you like."
		local settings = {
			["llm_agent.greet"] = "false", ["llm_agent.npc_talk"] = "off", ["llm_agent.wander"] = "false",
			["llm_agent.player_burst"] = "1000", ["llm_agent.npc_burst"] = "1000",
		}
		for key, value in pairs(extra or {}) do settings[key] = value end
		mock = Mock.new({storage = storage, settings = settings, translations = locale.translations()})
		daemon = mock:open_daemon(function() return {{event = "done", text = says, cache = "miss", model = "m"}} end)
		agent = mock:load_mod()
		mock.time_of_day = 0.3
		object = mock.core.add_entity(at(0), "llm_agent:npc", mock.core.serialize({id = "ida", name = "Ida", role = "guard"}))
		if not kept then agent.set_place("Old Mill", at(20), 3) end
		mock:join("Robin", at(2))
		mock:step(0.05, 5)
	end

	local function ask(words, player)
		local heard
		agent.get_npc("ida"):think({player = player or "Robin", utterance = words, actions = true}, function(reply) heard = reply end)
		mock:step(0.05, 3)
		return heard.text, heard
	end

	-- The game's day goes on as the engine's does.
	local function pass(seconds)
		for _ = 1, seconds * 10 do
			local now = mock.day + mock.time_of_day + 0.1 / DAY_S
			mock.day, mock.time_of_day = math.floor(now), now % 1
			mock:step(0.1)
		end
	end

	local function said()
		local lines = {}
		for _, line in ipairs(mock:chat_of("Robin")) do lines[#lines + 1] = line end
		return table.concat(lines, "\n")
	end

	local function distance_to_mill() return math.abs(object:get_pos().x - 20) end

	it("is made in five languages, with the game's own words, and with no action beside it", function()
		for words, line in pairs({
			["Meet me at the mill at noon."] = "Agreed: at noon, at Old Mill. I will be there.",
			["Triff mich mittags bei der Old Mill!"] = "Abgemacht: am Mittag, Treffpunkt Old Mill. Ich werde da sein.",
			["Retrouve-moi à Old Mill à midi."] = "Entendu\194\160: à midi, lieu\194\160: Old Mill. J’y serai.",
			["Nos vemos en Old Mill al mediodía."] = "De acuerdo: al mediodía, en Old Mill. Allí estaré.",
			["Встретимся в полдень, место Old Mill."] = "Договорились: в полдень, место — Old Mill. Я приду.",
			["Let's meet here tomorrow evening."] = "Agreed: tomorrow, in the evening, right here. I will be there.",
		}) do
			start()
			local heard, reply = ask(words)
			assert.equal(line, heard)
			assert.equal("meeting", reply.told)
			assert.is_nil(daemon.received[#daemon.received].request.actions)
			assert.equal(1, #mock.mod.promises.promises.list())
		end
	end)

	it("is not made of other words", function()
		start()
		for _, words in ipairs({"I never meet you at noon.", "At noon I eat.", "Meet me!", "Nice to meet you."}) do ask(words) end
		assert.equal(0, #mock.mod.promises.promises.list())
	end)

	it("is kept: it is there in time, waits, and greets who comes", function()
		start()
		ask("Meet me at the mill at noon.")
		pass(150)
		assert.is_true(distance_to_mill() > 15, "too early on its way")
		pass(DAY_S * 0.2 - 150)
		assert.is_true(distance_to_mill() < 4, "late by " .. distance_to_mill())
		assert.is_nil(said():find("as agreed", 1, true))
		mock.players.Robin:set_pos(at(18))
		pass(4)
		assert.truthy(said():find("There you are, Robin, as agreed.", 1, true), said())
		assert.equal(0, #mock.mod.promises.promises.list())
		assert.is_nil(agent.get_npc("ida").movement)
		assert.is_true(mock.mod.economy.reputation.of("ida", "Robin") > 0)
	end)

	it("survives a restart before it is due", function()
		start()
		ask("Meet me at the mill at noon.")
		local kept, day = storage, mock.day
		mock:shutdown()
		start(kept)
		mock.day = day
		pass(DAY_S * 0.2)
		assert.is_true(distance_to_mill() < 4)
		mock.players.Robin:set_pos(at(18))
		pass(4)
		assert.truthy(said():find("as agreed", 1, true))
	end)

	it("that the player breaks is spoken of: there, at the next meeting, and among the others", function()
		start()
		agent.register_npc("bram", {name = "Bram", role = "smith", pos = at(22)})
		ask("Meet me at the mill at noon.")
		mock.players.Robin:set_pos(at(-300))
		mock:join("Ana", at(21))
		pass(DAY_S * 0.2 + 130)
		local heard = table.concat(mock:chat_of("Ana"), "\n")
		assert.truthy(heard:find("Robin has not come. I have waited long enough.", 1, true), heard)
		assert.is_nil(agent.get_npc("ida").movement)
		mock.players.Robin:set_pos(object:get_pos())
		pass(10)
		assert.truthy(said():find("I waited for you at Old Mill. You did not come.", 1, true), said())
		assert.equal(0, #mock.mod.promises.promises.list())
		local news
		agent.get_npc("bram"):think({player = "Ana", utterance = "Any news?"}, function(reply) news = reply.text end)
		mock:step(0.05, 3)
		assert.equal("I saw it myself: Robin let Ida wait and never came.", news)
	end)

	it("that it could not keep itself is not laid at the player's door", function()
		start()
		ask("Meet me at the mill at noon.")
		mock.players.Robin:set_pos(at(300))
		local staticdata = object:unload()
		pass(DAY_S * 0.2 + 130)
		object = mock.core.add_entity(at(0), "llm_agent:npc", staticdata)
		mock.players.Robin:set_pos(at(3))
		pass(6)
		assert.truthy(said():find("Forgive me, I could not come to Old Mill as I promised.", 1, true), said())
		assert.equal(0, mock.mod.economy.reputation.of("ida", "Robin"))
	end)

	it("is refused with the reason", function()
		start()
		agent.set_place("Far Tower", at(400), 3)
		assert.equal("Far Tower? That is too far for my legs.", (ask("Meet me at the tower at noon.")))
		assert.equal("I do not know where that is. Name me a place that I know, or say: here.", (ask("Meet me at the castle at noon.")))
		ask("Meet me at the mill at noon.")
		mock:join("Ana", at(2))
		assert.equal("I have promised that hour to another.", (ask("Meet me here at noon.", "Ana")))
		mock.mod.economy.reputation.change("ida", "Ana", -0.6)
		assert.equal("I do not meet with you, Ana.", (ask("Meet me here at midnight.", "Ana")))
		agent.register_npc("voice", {name = "Voice", role = "elder", pos = at(1)})
		local heard
		agent.get_npc("voice"):think({player = "Robin", utterance = "Meet me at the mill at noon."}, function(reply) heard = reply.text end)
		mock:step(0.05, 3)
		assert.equal("I cannot leave my place here.", heard)
		start(nil, {time_speed = "0"})
		assert.equal("Who knows when that will be? The sun stands still.", (ask("Meet me at the mill at noon.")))
	end)

	it("is made by its own words too", function()
		start()
		says = "Not now, Robin. Meet me at the Old Mill at noon."
		ask("I have a secret to tell.")
		assert.equal("Old Mill", mock.mod.promises.promises.list()[1].place)
	end)

	it("to a player who is forgotten is forgotten", function()
		start()
		ask("Meet me at the mill at noon.")
		mock:command("Robin", "forget")
		assert.equal(0, #mock.mod.promises.promises.list())
		assert.is_nil(storage.promises)
	end)
end)
