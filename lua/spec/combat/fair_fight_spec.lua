-- Fights with players: the warning, the pace and strength of blows, what is said and when, whose blows count, and whom nobody
-- fights (combat/warnings.lua, damage.lua, cries.lua, rules.lua).

local fights = require("spec.support.fights")
local at = fights.at

describe("a fight with a player", function()
	local game, robin, guard, object

	local function start(options, role, pos)
		game = fights.start(options)
		robin = game.join("Robin", at(2))
		guard, object = game.body("Ann", role or "guard", pos)
	end

	describe("begins with a warning", function()
		it("that comes at once, and no blow before its time is up", function()
			start()
			game.hit(object, robin)
			game.run(1)
			assert.equal(1, game.count("warning", "Robin"))
			game.run(3.8)
			assert.same({}, game.blows)
			assert.equal(0, game.count("cry", "Robin"))
			game.run(2)
			assert.equal(1, game.count("cry", "Robin"))
			assert.is_true(#game.blows > 0)
		end)

		it("and ends there for one who steps back", function()
			start()
			game.hit(object, robin)
			game.run(2)
			robin:set_pos(at(9))
			game.run(6)
			assert.is_nil(guard.combat)
			assert.equal(1, game.count("stepped_back", "Robin"))
			assert.equal(20, robin:get_hp())
		end)

		it("and ends for one who says sorry, in any language, at any time, and to whomever", function()
			for _, words in ipairs({"Sorry!", "I yield", "Entschuldigung!", "Pardon, je me rends !", "¡Perdón!", "ПРОСТИТЕ!"}) do
				start()
				game.body("Otto", "elder", at(1)) -- nearer
				game.hit(object, robin)
				game.run(7)
				local struck = #game.blows
				assert.is_true(struck > 0)
				game.mock:say("Robin", words)
				game.run(4)
				assert.is_nil(guard.combat, words)
				assert.equal(1, game.count("pardon", "Robin"), words)
				assert.equal(struck, #game.blows)
			end
		end)

		it("but not again for one who breaks their word", function()
			start()
			game.hit(object, robin)
			game.run(1)
			game.mock:say("Robin", "I am sorry, Ann")
			game.run(3)
			assert.same({}, game.blows)
			game.hit(object, robin)
			game.run(2)
			assert.equal(1, game.count("broken_word", "Robin"))
			assert.is_true(#game.blows > 0)
			game.mock:say("Robin", "Sorry, Ann!")
			game.run(2)
			assert.is_truthy(guard.combat)
			assert.equal(1, game.count("too_late", "Robin"))
		end)

		it("and comes to blows at once if the player strikes on, but not for a mouse button that is held down", function()
			start()
			for _ = 1, 4 do
				game.hit(object, robin)
				game.run(0.3)
			end
			game.run(1)
			assert.same({}, game.blows)
			game.hit(object, robin)
			game.run(1)
			assert.is_true(#game.blows > 0)
		end)

		it("which one of several says for all", function()
			start()
			local _, other = game.body("Bram", "guard", at(0, 1))
			game.hit(object, robin)
			game.hit(other, robin)
			game.run(4)
			assert.equal(1, game.count("warning", "Robin"))
			assert.same({}, game.blows)
		end)

		it("also where an NPC is sent against a player, or stands by another", function()
			start()
			assert.is_true(guard:attack(robin))
			game.run(4)
			assert.equal(1, game.count("warning", "Robin"))
			assert.same({}, game.blows)
			start()
			local marian = game.join("Marian", at(1))
			guard:guard("Marian")
			game.hit(marian, robin, 2)
			game.run(4)
			assert.equal(1, game.count("warning", "Robin"))
			assert.equal(1, #game.blows) -- Robin's own
		end)

		it("also where the game counts damage itself, and keeps to itself who did it", function()
			start()
			local marian = game.join("Marian", at(1))
			guard:guard("Marian")
			_G.mcl_damage = {from_mt = function(reason) return reason._mcl_reason or {type = "generic"} end}
			marian:set_hp(18, {type = "set_hp"})
			local nobody = guard.combat
			marian:set_hp(16, {type = "set_hp", _mcl_reason = {type = "player", source = robin}})
			_G.mcl_damage = nil
			assert.is_nil(nobody)
			game.run(1)
			assert.equal(1, game.count("warning", "Robin"))
		end)

		it("for as long as the admin wants", function()
			start({settings = {["llm_agent.fight_warning_s"] = "0"}})
			game.hit(object, robin)
			game.run(1)
			assert.is_true(#game.blows > 0)
			assert.equal(0, game.count("warning", "Robin"))
			start({settings = {["llm_agent.fight_warning_s"] = "12"}})
			game.hit(object, robin)
			game.run(11)
			assert.same({}, game.blows)
		end)
	end)

	describe("has blows", function()
		local OPEN = {["llm_agent.fight_warning_s"] = "0"}

		local function open_with(settings)
			for key, value in pairs(OPEN) do settings[key] = value end
			start({settings = settings})
			game.hit(object, robin)
		end

		it("of a pace and strength that leave time to run: a guard alone takes a quarter of a minute", function()
			open_with({})
			game.run(13)
			assert.is_true(robin:get_hp() > 0)
			for i = 2, #game.blows do assert.is_true(game.blows[i][1] - game.blows[i - 1][1] >= 1.5e6) end
			for _, blow in ipairs(game.blows) do assert.equal(2, blow[2]) end
			game.run(5)
			assert.equal(0, robin:get_hp())
		end)

		it("of several no faster than of two", function()
			start({settings = OPEN})
			for i, name in ipairs({"Bram", "Cleo", "Dora"}) do
				local _, other = game.body(name, "guard", at(1, i - 1))
				game.hit(other, robin)
			end
			robin.hp = 1000
			game.run(12)
			assert.is_true(#game.blows > 8)
			for i = 2, #game.blows do assert.is_true(game.blows[i][1] - game.blows[i - 1][1] >= 0.75e6) end
		end)

		it("that fit a game whose players have more hit points, and an admin's settings", function()
			open_with({})
			robin:set_properties({hp_max = 40})
			assert.equal(4, game.mod.combat.damage.of_blow(guard, robin))
			assert.equal(4, game.mod.combat.damage.of_blow(guard, game.beast(at(5)))) -- a monster is struck whole
			open_with({["llm_agent.blow_strength"] = "0", ["llm_agent.blow_every_s"] = "4"})
			game.run(13)
			assert.equal(20, robin:get_hp())
			assert.is_true(#game.blows == 3 or #game.blows == 4, #game.blows)
			open_with({["llm_agent.blow_strength"] = "3"})
			assert.equal(6, game.mod.combat.damage.of_blow(guard, robin))
		end)

		it("of the player that count: health is shown, the hurt yield and fall back, and are beaten if that is not enough", function()
			open_with({})
			robin.hp = 1000
			game.hit(object, robin, 7)
			assert.equal("Ann, the guard\nHealth: 12 of 20", object:get_properties().infotext)
			game.run(2)
			game.hit(object, robin, 7)
			game.run(2)
			assert.equal(5, object:get_hp())
			assert.is_nil(guard.combat)
			assert.equal(1, game.count("yield", "Robin"))
			assert.equal("flee", game.mod.body.movement.current(guard).kind)
			local struck = #game.blows
			game.run(5)
			assert.equal(struck, #game.blows)
			game.hit(object, robin, 7)
			assert.is_true(guard.beaten)
		end)

		it("and no end by itself for one who has yielded and is struck again", function()
			open_with({})
			robin.hp = 1000
			game.hit(object, robin, 15)
			game.run(2)
			assert.is_nil(guard.combat)
			game.hit(object, robin, 1)
			game.run(2)
			assert.is_nil(guard.combat) -- it yields again, and strikes no more
			assert.same({}, game.blows)
		end)
	end)

	describe("is legible:", function()
		it("no gossip, no greeting and no answer of the model in it, only its own lines", function()
			start({settings = {["llm_agent.npc_talk"] = "always", ["llm_agent.greet"] = "true", ["llm_agent.npc_talk_interval_s"] = "1"}})
			local otto = game.body("Otto", "elder", at(3))
			robin.hp = 1000
			game.hit(object, robin)
			local before = #game.said
			assert.is_false(guard:say("I heard the north tower burned a signal last night, Otto."))
			game.mock:say("Robin", "Ann, how is the weather?")
			game.run(20)
			assert.equal(1, game.count("busy", "Robin"))
			for i = before + 1, #game.said do
				local is_own = game.said[i][1] == "Otto" -- who may greet him
				for kind in pairs(game.mod.combat.cries.kinds) do is_own = is_own or game.is_cry(game.said[i][2], kind, "Robin") end
				assert.is_true(is_own, game.said[i][1] .. ": " .. game.said[i][2])
			end
			for _, request in ipairs(game.asked) do assert.is_true(request.intent == "tactics" or request.npc.name == "Otto") end
			assert.is_nil(guard.small_talk)
			assert.is_nil(otto.small_talk) -- nor beside it
		end)

		it("an answer that was under way when it began is not said in it", function()
			start({reply = function() return {} end})
			game.mock:say("Robin", "Ann, any news?")
			game.mock:step(0.05)
			local request = game.mock.daemon.received[1].request
			game.hit(object, robin)
			game.mock.daemon:event(game.mock.daemon.received[1].session,
				{id = request.id, event = "done", text = "The wagons come late.", cache = "off", model = "m"})
			game.run(3)
			assert.equal(1, #game.said)
			assert.is_true(game.is_cry(game.said[1][2], "warning", "Robin"))
		end)

		it("cries come at its start, and none after a death", function()
			start({reply = function(request)
				return {{event = "done", text = "For the village!", action = {name = "hold", params = {}}, id = request.id, cache = "off", model = "m"}}
			end, settings = {["llm_agent.fight_warning_s"] = "0", ["llm_agent.blow_strength"] = "3"}})
			local _, other = game.body("Bram", "guard", at(1, 1))
			game.hit(object, robin)
			game.hit(other, robin)
			game.run(1)
			assert.is_true(game.is_cry(game.said[1][2], "cry", "Robin"))
			while robin:get_hp() > 0 do game.run(0.05) end
			local died_at = #game.said
			assert.is_nil(guard.combat)
			robin.hp = 20 -- comes back at once
			game.run(15)
			assert.equal(died_at, #game.said)
			assert.is_nil(guard.combat)
		end)

		it("a model's shout needs an order that is carried out, and can be switched off with the other cries", function()
			local action = {name = "hold", params = {}}
			local function shouts(settings, given)
				settings["llm_agent.fight_warning_s"] = "0"
				action = given
				start({settings = settings, reply = function(request)
					return request.intent == "tactics"
						and {{event = "done", text = "Hold them here!", action = action, cache = "off", model = "m"}} or {}
				end})
				robin.hp = 1000
				game.hit(object, robin)
				game.run(8)
				local found = 0
				for _, entry in ipairs(game.said) do found = found + (entry[2] == "Hold them here!" and 1 or 0) end
				return found, game.count("cry", "Robin")
			end
			assert.is_true(shouts({}, {name = "hold", params = {}}) > 0)
			assert.equal(0, (shouts({}, nil)))
			assert.same({0, 0}, {shouts({["llm_agent.battle_cries"] = "false"}, {name = "hold", params = {}})})
		end)

		it("children and elders flee and strike nobody, whatever they are told", function()
			for _, role in ipairs({"child", "elder"}) do
				start(nil, role)
				game.hit(object, robin)
				game.run(3)
				assert.equal("flee", game.mod.body.movement.current(guard).kind, role)
				assert.equal(0, game.count("warning", "Robin"))
				guard:attack(robin)
				game.run(10)
				assert.same({}, game.blows)
			end
		end)
	end)

	describe("is none", function()
		local function nobody_is_hurt(prepare, settings)
			start({settings = settings})
			prepare()
			game.hit(object, robin, 5)
			assert.is_false(guard:attack(robin))
			game.run(10)
			assert.equal(20, object:get_hp())
			assert.same({}, game.blows)
			assert.is_nil(guard.combat)
			local told = game.mock:chat_of("Robin")
			assert.is_truthy(told[1], "the player is not told why")
			game.hit(object, robin, 5)
			assert.equal(#told, #game.mock:chat_of("Robin")) -- once
		end

		it("where the server has pvp or damage off", function()
			nobody_is_hurt(function() game.mock.settings.enable_pvp = "false" end)
			nobody_is_hurt(function() game.mock.settings.enable_damage = "false" end)
		end)

		it("with one who cannot be hurt, or is in creative mode", function()
			nobody_is_hurt(function() robin:set_armor_groups({immortal = 1}) end)
			nobody_is_hurt(function() game.mock.creative = true end)
		end)

		it("in a protected place, unless the admin allows it, nor where NPCs fight no players", function()
			local function protect() game.mock.protected["2,0,0"] = "Marian" end
			nobody_is_hurt(protect)
			nobody_is_hurt(function() end, {["llm_agent.fight_players"] = "false"})
			start({settings = {["llm_agent.fight_in_protected"] = "true"}})
			protect()
			game.hit(object, robin)
			assert.is_truthy(guard.combat)
		end)

		it("any more where that comes to hold in the middle of it", function()
			start({settings = {["llm_agent.fight_warning_s"] = "0"}})
			game.hit(object, robin)
			game.run(3)
			assert.is_true(#game.blows > 0)
			game.mock.creative = true
			local struck = #game.blows
			game.run(5)
			assert.equal(struck, #game.blows)
			assert.is_nil(guard.combat)
		end)
	end)
end)

describe("those who stand together", function()
	it("cry each a line of their own, as long as there is another", function()
		local game = fights.start()
		game.join("Robin", at(0, 3))
		local lines, npcs = game.mod.combat.cries.kinds.told, {}
		for i = 1, #lines do npcs[i] = game.body("Guard" .. i, "guard", at(i)) end
		for _ = 1, 3 do
			for _, npc in ipairs(npcs) do npc.last_lines, npc.heard_lines = nil, nil end
			local from, said = #game.said, {}
			for _, npc in ipairs(npcs) do game.mod.combat.cries.say(npc, "told", "Rolf") end
			game.run(30)
			for i = from + 1, #game.said do
				assert.is_nil(said[game.said[i][2]], game.said[i][2])
				said[game.said[i][2]] = true
			end
			assert.equal(#lines, #game.said - from)
		end
	end)
end)
