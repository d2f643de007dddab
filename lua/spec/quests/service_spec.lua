-- quests/service.lua, tracker.lua, hunt.lua: each kind of quest from the offer to its end.

local game = require("spec.support.quest_kinds")
local ORIGIN, NEXT, FAR, COIN, APPLE, BREAD, KINDS = game.ORIGIN, game.NEXT, game.FAR, game.COIN, game.APPLE, game.BREAD, game.KINDS
local begin, restart, coins_of, give, offer, accepted = game.begin, game.restart, game.coins_of, game.give, game.offer, game.accepted

local function has(name, item) return game.private.ledger.ledger.carried(core.get_player_by_name(name), item) end

local function walk(name, pos)
	core.get_player_by_name(name):set_pos(pos)
	game.mock:step(0.5, 3) -- long enough that everybody is looked at
end

describe("a quest", function()
	before_each(function()
		begin()
		game.private.ledger.ledger.mint("ann", COIN, 20)
		game.private.ledger.ledger.mint("ann", BREAD, 4)
		game.mock:join("Robin", NEXT)
		game.llm_agent.set_place("Mill", FAR, 5)
	end)

	it("to fetch takes the things and pays at once", function()
		local quest = accepted("fetch")
		assert.equal(15, game.private.ledger.ledger.count("ann", COIN))
		give("Robin", APPLE .. " 2")
		game.mock:step(0.5, 3)
		assert.same({"accepted", 2}, {quest.state, quest.progress})
		assert.is_false((game.private.quests.service.hand_in(quest.id, "Robin")))
		give("Robin", APPLE .. " 2")
		game.mock:step(0.5, 3)
		assert.equal("fulfilled", quest.state)
		assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
		assert.same({5, 1, 3}, {coins_of("Robin"), has("Robin", APPLE), game.private.ledger.ledger.count("ann", APPLE)})
		assert.is_false((game.private.quests.service.hand_in(quest.id, "Robin")))
		assert.equal(5, coins_of("Robin"))
		assert.same({"Robin q1 offered", "Robin q1 accepted", "Robin q1 fulfilled", "Robin q1 paid"}, game.events)
	end)

	it("to fetch is open again where the things are gone", function()
		local quest = accepted("fetch")
		give("Robin", APPLE .. " 3")
		game.mock:step(0.5, 3)
		core.get_player_by_name("Robin"):get_inventory():remove_item("main", APPLE)
		game.mock:step(0.5, 3)
		assert.same({"accepted", 2}, {quest.state, quest.progress})
	end)

	it("to deliver puts the things into the player's hands and then into the other's", function()
		local quest = accepted("deliver")
		assert.same({2, 2}, {has("Robin", BREAD), game.private.ledger.ledger.count("ann", BREAD)})
		local ok, why = game.private.quests.service.hand_in(quest.id, "Robin")
		assert.is_false(ok)
		assert.is_truthy(why:find("Bob is not near", 1, true))
		walk("Robin", FAR)
		assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
		assert.same({0, 2, 5}, {has("Robin", BREAD), game.private.ledger.ledger.count("bob", BREAD), coins_of("Robin")})
	end)

	it("to deliver gives back what is left when it is given up, and is not offered again to who kept a part", function()
		local quest = accepted("deliver")
		core.get_player_by_name("Robin"):get_inventory():remove_item("main", BREAD)
		assert.is_true(game.private.quests.service.abandon(quest.id, "Robin"))
		assert.same({0, 3, 20}, {has("Robin", BREAD), game.private.ledger.ledger.count("ann", BREAD), game.private.ledger.ledger.count("ann", COIN)})
		assert.is_true(game.private.quests.quests.is_untrusted("Robin"))
	end)

	it("to hunt counts what the player slays, however the mob dies", function()
		for _, kind in ipairs({"zoo:wolf", "zoo:ghost"}) do
			KINDS.hunt.target = kind
			local quest = accepted("hunt")
			local robin = core.get_player_by_name("Robin")
			local function strike(object, damage) object:punch(robin, 1, {damage_groups = {fleshy = damage}}, ORIGIN) end
			local first, second, third = core.add_entity(NEXT, kind), core.add_entity(NEXT, kind), core.add_entity(NEXT, kind)
			strike(first, 3)
			assert.equal(0, quest.progress)
			strike(first, 30)
			assert.equal(1, quest.progress)
			third:remove() -- it went away by itself
			assert.equal(1, quest.progress)
			strike(second, 30)
			assert.equal("fulfilled", quest.state)
			assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
		end
		KINDS.hunt.target = "zoo:wolf"
		assert.equal(10, coins_of("Robin"))
	end)

	it("to visit is done in the place's radius, and only there", function()
		local quest = accepted("visit")
		walk("Robin", {x = 50, y = 0, z = 0})
		assert.equal("accepted", quest.state)
		walk("Robin", {x = 57, y = 1, z = 0})
		assert.equal("fulfilled", quest.state)
		walk("Robin", NEXT)
		assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
		assert.equal(5, coins_of("Robin"))
	end)

	it("to visit fails where the place is taken away", function()
		local quest = accepted("visit")
		game.llm_agent.remove_place("Mill")
		game.mock:step(0.5, 3)
		assert.same({"failed", "place_gone"}, {quest.state, quest.why})
		assert.equal(20, game.private.ledger.ledger.count("ann", COIN))
	end)

	it("pays nothing to a full inventory, takes nothing, and pays later", function()
		local quest = accepted("fetch")
		local inventory = core.get_player_by_name("Robin"):get_inventory()
		for i = 1, inventory:get_size("main") do inventory:set_stack("main", i, APPLE .. " 99") end
		local ok, why = game.private.quests.service.hand_in(quest.id, "Robin")
		assert.is_false(ok)
		assert.is_truthy(why:find("no room", 1, true))
		assert.same({"fulfilled", 0, 99 * 32}, {quest.state, coins_of("Robin"), has("Robin", APPLE)})
		inventory:set_stack("main", 1, "")
		assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
		assert.equal(5, coins_of("Robin"))
	end)

	it("is not taken up where the reward or the goods are gone by then", function()
		local quest = offer("fetch", 15)
		game.private.ledger.ledger.burn("ann", COIN, 10)
		assert.is_false((game.private.quests.service.accept(quest.id, "Robin")))
		assert.same({"failed", 10}, {quest.state, game.private.ledger.ledger.count("ann", COIN)})
		quest = offer("deliver")
		game.private.ledger.ledger.burn("ann", BREAD, 3)
		assert.is_false((game.private.quests.service.accept(quest.id, "Robin")))
		assert.same({"failed", 10, 1}, {quest.state, game.private.ledger.ledger.count("ann", COIN), game.private.ledger.ledger.count("ann", BREAD)})
	end)

	it("is not taken up from afar, nor by somebody else", function()
		local quest = offer("fetch")
		walk("Robin", FAR)
		assert.is_false((game.private.quests.service.accept(quest.id, "Robin")))
		game.mock:join("Marian", NEXT)
		assert.is_false((game.private.quests.service.accept(quest.id, "Marian")))
		assert.equal("offered", quest.state)
	end)

	it("ends at its deadline, and the reward is the NPC's again", function()
		local quest, other = accepted("fetch"), offer("visit", 5, "Marian")
		game.mock:step(1, 599)
		assert.equal("accepted", quest.state)
		game.mock:step(1, 4)
		assert.same({"expired", "expired"}, {quest.state, other.state})
		assert.equal(20, game.private.ledger.ledger.count("ann", COIN))
		assert.is_truthy(table.concat(game.mock:chat_of("Robin"), "\n"):find("the time is up", 1, true))
	end)

	it("fails when its NPC is gone for good, and the player hears of it at the next joining", function()
		local quest = accepted("fetch")
		local delivery = offer("deliver", 5, "Robin", "ann")
		assert.is_nil(delivery) -- one at a time
		game.mock:leave("Robin")
		game.private.api.npcs.bury("ann")
		assert.same({"failed", "npc_gone"}, {quest.state, quest.why})
		assert.same({[COIN] = 20, [BREAD] = 4}, game.private.ledger.ledger.total())
		restart()
		game.mock:join("Robin", NEXT)
		local seen = game.mock:chat_of("Robin")
		assert.is_truthy(seen[#seen]:find("this cannot be done any more", 1, true))
		game.mock:leave("Robin")
		game.mock:join("Robin", NEXT)
		assert.equal(#seen, #game.mock:chat_of("Robin")) -- once
	end)

	it("fails when who shall get the goods is gone; they stay where they are", function()
		local quest = accepted("deliver")
		game.private.api.npcs.bury("bob")
		assert.same({"failed", 20, 2}, {quest.state, game.private.ledger.ledger.count("ann", COIN), has("Robin", BREAD)})
	end)

	it("is the same after a restart, deadline and all", function()
		local quest = accepted("fetch")
		give("Robin", APPLE .. " 3")
		game.mock:step(1, 100)
		local left_s = quest.ends_s - game.mock.game_s
		restart()
		local same = game.private.quests.quests.get(quest.id)
		assert.same({"fulfilled", "Robin", 3}, {same.state, same.player, same.count})
		assert.equal(left_s, same.ends_s - game.mock.game_s)
		game.mock:join("Robin", NEXT)
		assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
		assert.same({5, 15}, {coins_of("Robin"), game.private.ledger.ledger.count("ann", COIN)})
		assert.equal("q2", offer("fetch").id)
	end)

	it("to hunt still counts after a restart", function()
		local quest = accepted("hunt")
		restart()
		game.mock:join("Robin", NEXT)
		core.add_entity(NEXT, "zoo:wolf"):punch(core.get_player_by_name("Robin"), 1, {damage_groups = {fleshy = 50}}, ORIGIN)
		assert.equal(1, game.private.quests.quests.get(quest.id).progress)
	end)

	it("has limits for players and for NPCs", function()
		game.private.ledger.ledger.mint("bob", COIN, 100)
		local defs = {}
		for i = 1, 6 do
			game.llm_agent.register_npc("n" .. i, {name = "N" .. i, role = "farmer", pos = ORIGIN})
			game.private.ledger.ledger.mint("n" .. i, COIN, 5)
			defs[i] = offer("fetch", 5, "Robin", "n" .. i)
		end
		for i = 1, 5 do assert.is_true(game.private.quests.service.accept(defs[i].id, "Robin")) end
		local ok, why = game.private.quests.service.accept(defs[6].id, "Robin")
		assert.is_false(ok)
		assert.is_truthy(why:find("too many open quests", 1, true))
		for i = 1, 4 do
			game.mock:join("P" .. i, NEXT)
			assert.equal(i < 4, (game.private.quests.service.accept(offer("visit", 2, "P" .. i).id, "P" .. i)))
		end
	end)

	it("leaves the player alone for a while after it", function()
		local quest = accepted("visit")
		assert.is_false(game.private.quests.quests.rests("ann", "Robin", game.mock.game_s))
		game.private.quests.service.abandon(quest.id, "Robin")
		assert.is_true(game.private.quests.quests.rests("ann", "Robin", game.mock.game_s))
		assert.is_false(game.private.quests.quests.rests("ann", "Robin", game.mock.game_s + 300))
		assert.is_false(game.private.quests.quests.rests("bob", "Robin", game.mock.game_s))
	end)

	it("keeps the last ten that are over", function()
		for _ = 1, 14 do game.private.quests.service.abandon(accepted("visit").id, "Robin") end
		assert.equal(10, #game.private.quests.quests.of_player("Robin"))
		local kept = 0
		for key in pairs(game.mock.storage) do kept = kept + (key:find("^quest:") and 1 or 0) end
		assert.equal(10, kept)
	end)

	it("tells NPCs' memory what came of it", function()
		local seen = {}
		game.private.think.memory.remember = function(npc, player, sentence) seen[#seen + 1] = ("%s %s: %s"):format(npc.id, player, sentence) end
		accepted("fetch")
		give("Robin", APPLE .. " 3")
		game.private.quests.service.hand_in("q1", "Robin")
		game.private.quests.service.refuse(offer("deliver").id, "Robin")
		assert.same({
			"ann Robin: Robin promised to bring 3 apples to Ann",
			"ann Robin: Robin kept the promise to bring 3 apples to Ann and was paid",
			"ann Robin: Robin refused to carry 2 loaves of bread from Ann to Bob",
		}, seen)
	end)
end)
