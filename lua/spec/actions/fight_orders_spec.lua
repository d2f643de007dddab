-- actions/fight_orders.lua and fight_words.lua: what players say that begins or ends a fight.

local fights = require("spec.support.fights")
local at = fights.at

describe("a player's word", function()
	local game

	local function start(options)
		options = options or {settings = {}}
		options.settings["llm_agent.player_cooldown_s"] = "0"
		game = fights.start(options)
		game.join("Robin", at(0, 3))
	end

	local function enemies(npc)
		local words = {}
		for i, enemy in ipairs(npc.combat and npc.combat.enemies or {}) do words[i] = enemy.words end
		return table.concat(words, ", ")
	end

	it("sends a hunter and a guard to fight, each of those who are told, and moves nobody else", function()
		start()
		local ann, hugo = game.body("Ann", "guard", at(0)), game.body("Hugo", "hunter", at(1))
		local rolf, body = game.body("Rolf", "bandit", at(5))
		local done = {}
		game.agent.on("action", function(npc, player_name, name, params, ok)
			if name == "attack" and player_name then done[#done + 1] = {npc.name, params.target, ok} end
		end)
		game.mock:say("Robin", "Ann and Hugo, attack Rolf!")
		game.run(1)
		assert.same({"Rolf", "Rolf"}, {enemies(ann), enemies(hugo)})
		assert.same({{"Ann", "Rolf", true}, {"Hugo", "Rolf", true}}, done)
		game.run(8)
		assert.is_true(body:get_hp() < 20)
		assert.is_truthy(rolf.combat or rolf.beaten) -- he defends himself, and follows nobody
		local moved = game.mod.body.movement.current(rolf)
		assert.is_not.equal("Robin", moved and moved.target)
		assert.is_true(game.count("told") >= 1)
		for _, request in ipairs(game.asked) do -- nobody says that it cannot leave the gate
			assert.is_true(request.intent == "tactics" or request.npc.name == "Rolf", request.npc.name .. " was asked for words")
		end
	end)

	it("is understood in five languages", function()
		for _, words in ipairs({
			"Ann, attack the wolf!", "Ann, please kill it", "Ann, greif den Wolf an!", "Ann, den Wolf angreifen!", "Ann, attaque le loup !",
			"Ann, ataca al lobo", "Ann, атакуй зверя!", "Ann, quick, fight that monster",
		}) do
			start()
			local ann = game.body("Ann", "guard", at(0))
			game.mock.core.registered_entities["mobs:wolf"].type = "monster"
			local wolf = game.beast(at(0, 12)) -- farther than a watch looks by itself
			game.mock:say("Robin", words)
			game.run(0.5)
			assert.equal("wolf", enemies(ann), words)
			assert.is_truthy(wolf:get_pos())
		end
	end)

	it("may give the order after it has said whom it means", function()
		for _, words in ipairs({
			"there's a wolf ann, kill it", "Look, a wolf! Ann, get it!", "ann, a wolf is in the field. attack it", "Ann, da ist ein Wolf, töte ihn",
			"Ann, voilà un loup, attaque-le", "Ann, hay un lobo, mátalo. ataca!", "Ann, вот волк, убей его",
		}) do
			start()
			local ann = game.body("Ann", "guard", at(0))
			game.body("Hugo", "hunter", at(1))
			game.mock.core.registered_entities["mobs:wolf"].type = "monster"
			game.beast(at(0, 12))
			game.mock:say("Robin", words)
			game.run(0.5)
			assert.equal("wolf", enemies(ann), words)
		end
	end)

	it("means him of whom it has just spoken, and nobody who is told", function()
		start()
		local ann, hugo = game.body("Ann", "guard", at(0)), game.body("Hugo", "hunter", at(1))
		game.body("Rolf", "bandit", at(5))
		game.beast(at(0, 12))
		game.mock:say("Robin", "Ann and Hugo, Rolf is a thief, get him!")
		game.run(0.5)
		assert.same({"Rolf", "Rolf"}, {enemies(ann), enemies(hugo)})
	end)

	it("may call a bandit what he is, and nobody else", function()
		for _, words in ipairs({"Ann, attack the bandit!", "there's a bandit ann, get him!"}) do
			start()
			local ann = game.body("Ann", "guard", at(0))
			game.body("Hugo", "hunter", at(1))
			game.body("Rolf", "bandit", at(5))
			game.mock:say("Robin", words)
			game.run(0.5)
			assert.equal("Rolf", enemies(ann), words)
		end
		start()
		local ann = game.body("Ann", "guard", at(0))
		game.body("Hugo", "hunter", at(1))
		game.mock:say("Robin", "Ann, attack the hunter!")
		game.run(0.5)
		assert.is_nil(ann.combat)
	end)

	it("is no order under a condition, or as a question", function()
		start()
		local ann = game.body("Ann", "guard", at(0))
		game.beast(at(0, 6), "mobs:sheep")
		for _, words in ipairs({"Ann, if you see a sheep, kill it", "Ann, a sheep, kill it?", "Ann, wenn du ein Schaf siehst, töte es"}) do
			game.mock:say("Robin", words)
			game.run(1)
			assert.is_nil(ann.combat, words)
		end
	end)

	it("is an order only where a clause begins with it", function()
		start()
		local smith = game.body("Ann", "smith", at(0))
		game.beast(at(0, 6))
		for _, words in ipairs({
			"Ann, I will attack the wolf", "Ann, did you kill the wolf?", "Do not attack the wolf, Ann", "Ann, the guards fight the wolf each night",
			"Ann, hello", "Ann, attack the dragon",
		}) do
			game.mock:say("Robin", words)
			game.run(2)
			assert.is_nil(smith.combat, words)
		end
	end)

	it("sends a hunter after game, and nobody after what is tame", function()
		start()
		local hugo = game.body("Hugo", "hunter", at(0))
		local sheep = game.beast(at(0, 6), "mobs:sheep")
		sheep.entity.owner = "Marian"
		game.mock:say("Robin", "Hugo, kill the sheep")
		game.run(0.5)
		assert.is_nil(hugo.combat)
		sheep.entity.owner = nil
		game.mock:say("Robin", "Hugo, kill the sheep")
		game.run(0.5)
		assert.equal("sheep", enemies(hugo))
	end)

	it("makes nobody strike the peaceful, or fight who is no fighter", function()
		start()
		local ann, mira = game.body("Ann", "guard", at(0)), game.body("Mira", "healer", at(1))
		game.body("Kid", "child", at(5))
		game.beast(at(0, 12))
		game.mock:say("Robin", "Ann, attack Kid!")
		game.run(3)
		assert.is_nil(ann.combat)
		assert.equal(1, game.count("spares", "Kid"))
		game.mock:say("Robin", "Mira, attack the wolf!")
		game.run(3)
		assert.is_nil(mira.combat)
		assert.equal(1, game.count("no_fighter", "Robin"))
	end)

	it("against a player is followed by a warning, and does nothing where nobody may fight them", function()
		start()
		local ann = game.body("Ann", "guard", at(0))
		game.join("Marian", at(4))
		game.mock:say("Robin", "Ann, attack Marian!")
		game.run(3)
		assert.equal("Marian", enemies(ann))
		assert.equal(1, game.count("warning", "Marian"))
		assert.same({}, game.blows)
		start()
		ann = game.body("Ann", "guard", at(0))
		game.join("Marian", at(4)):set_armor_groups({immortal = 1})
		game.mock:say("Robin", "Ann, attack Marian!")
		game.run(3)
		assert.is_nil(ann.combat)
		assert.equal("Ann may not fight Marian here.", game.mock:chat_of("Robin")[1])
	end)

	it("calls back whom it sent, and nobody else's", function()
		start()
		local ann = game.body("Ann", "guard", at(0))
		game.body("Rolf", "bandit", at(5))
		game.join("Marian", at(0, 4))
		game.mock:say("Robin", "Ann, attack Rolf!")
		game.run(1)
		game.mock:say("Marian", "Ann, stop!")
		game.run(1)
		assert.is_truthy(ann.combat)
		game.mock:say("Robin", "Ann, stop!")
		game.run(0.2)
		assert.is_nil(ann.combat)
	end)

	it("calls back all whom it sent where it names nobody, whoever stands nearer", function()
		for _, distance in ipairs({0, 60}) do -- Otto hears it, or nobody does
			start()
			local ann, hugo = game.body("Ann", "guard", at(1)), game.body("Hugo", "hunter", at(2))
			game.body("Otto", "elder", at(0, 3))
			game.body("Rolf", "bandit", at(7))
			local marians = game.body("Ida", "guard", at(3))
			game.join("Marian", at(0, 4))
			game.mock:say("Marian", "Ida, attack Rolf!")
			game.mock:say("Robin", "Ann and Hugo, attack Rolf!")
			game.run(0.3)
			assert.is_truthy(ann.combat and hugo.combat and marians.combat)
			game.mock.players.Robin:set_pos(at(0, 3 + distance))
			game.mock:say("Robin", "stop!")
			assert.is_nil(ann.combat)
			assert.is_nil(hugo.combat)
			assert.is_truthy(marians.combat)
			local said = game.mod.talk.history.of("Robin", "Ann")
			assert.is_true(game.is_cry(said[#said].line, "stand_down", "Robin"))
			assert.is_nil(game.mod.talk.history.of("Robin", "Hugo")[3]) -- one of them says it
		end
	end)

	it("makes a brave one stand by the player, without a model", function()
		start()
		local ann = game.body("Ann", "guard", at(0))
		game.mock:say("Robin", "Ann, guard me!")
		game.run(0.5)
		assert.equal("follow", game.mod.body.movement.current(ann).kind)
		assert.equal("Ann stands by you.", game.mock:chat_of("Robin")[1])
	end)

	it("begins no fight where the admin does not want that", function()
		start({settings = {["llm_agent.fight_when_told"] = "false"}})
		local ann = game.body("Ann", "guard", at(0))
		game.body("Rolf", "bandit", at(5))
		game.mock:say("Robin", "Ann, attack Rolf!")
		game.run(1)
		assert.is_nil(ann.combat)
	end)

	it("in the dialog counts like one aloud", function()
		start()
		local ann = game.body("Ann", "guard", at(0))
		game.beast(at(0, 12))
		game.mock:command("Robin", "talk Ann attack the wolf")
		game.run(0.5)
		assert.equal("wolf", enemies(ann))
		for _, request in ipairs(game.asked) do assert.equal("tactics", request.intent) end
		local lines = game.mod.talk.history.of("Robin", "Ann")
		assert.is_true(game.is_cry(lines[2].line, "told"))
	end)
end)
