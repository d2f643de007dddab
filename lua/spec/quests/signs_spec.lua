-- quests/signs.lua: what shows above heads, and what is seen and heard when a quest is paid.

local village = require("spec.support.quests")
local NEXT, COIN = village.NEXT, village.COIN
local mock, private, agent

describe("a sign above an NPC", function()
	local ann

	local function begin(settings)
		mock, private, agent = village.begin(nil, settings)
		ann = mock.core.add_entity(village.ORIGIN, "llm_agent:npc", mock.core.serialize({id = "ann", name = "Ann", role = "smith"}))
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
	end

	local function offer()
		private.quests.quests.offer({
			kind = "fetch", npc = "ann", npc_name = "Ann", player = "Robin", item = "zoo:torch", count = 1, reward = {[COIN] = 7}, lasts_s = 3700,
		}, 0)
		mock:step(0.1, 2)
	end

	-- The pictures that a player sees, of spawners that last.
	local function seen_by(player_name)
		local found = {}
		for _, spawner in ipairs(mock.spawners) do
			if spawner.time == 0 and spawner.playername == player_name and not spawner.is_over then found[#found + 1] = spawner.texture end
		end
		return found
	end

	before_each(function() begin() end)

	it("says that work is on offer, then that pay waits, to the player it is about and to nobody else", function()
		mock:join("Will", NEXT)
		mock:step(0.1, 3)
		assert.same({}, seen_by("Robin"))
		offer()
		assert.same({"llm_agent_sign_offered.png"}, seen_by("Robin"))
		assert.equal(ann, mock.spawners[1].attached)
		mock:command("Robin", "quests accept")
		mock:step(0.1, 2)
		assert.same({}, seen_by("Robin"))
		core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 1")
		mock:step(0.5, 4)
		assert.same({"llm_agent_sign_paid.png"}, seen_by("Robin"))
		mock:command("Robin", "quests done")
		mock:step(0.1, 2)
		assert.same({}, seen_by("Robin"))
		assert.same({}, seen_by("Will"))
	end)

	it("says that it has a quest that a mod registered for this player", function()
		agent.register_quest("hearth", {
			kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"},
			available = function(_, player_name) return player_name == "Robin" end,
		})
		mock:join("Will", NEXT)
		mock:step(1.1, 3)
		assert.same({"llm_agent_sign_offered.png"}, seen_by("Robin"))
		assert.same({}, seen_by("Will"))
	end)

	it("goes with who is far, and comes back with its body", function()
		offer()
		core.get_player_by_name("Robin"):set_pos({x = 90, y = 0, z = 0})
		mock:step(1.1, 4)
		assert.same({}, seen_by("Robin"))
		core.get_player_by_name("Robin"):set_pos(NEXT)
		mock:step(1.1, 4)
		assert.equal(1, #seen_by("Robin"))
		local saved = ann:unload()
		mock:step(1.1, 2)
		assert.same({}, seen_by("Robin"))
		mock.core.add_entity(village.ORIGIN, "llm_agent:npc", saved)
		mock:step(1.1, 4)
		assert.equal(1, #seen_by("Robin"))
	end)

	it("is not there where the setting says so, and no ring of coins either", function()
		begin({["llm_agent.quest_signs"] = "false"})
		offer()
		mock:step(1.1, 2)
		assert.same({}, mock.spawners)
	end)

	it("gives way to sparkle and the ring of coins when the quest is paid", function()
		offer()
		mock:command("Robin", "quests accept")
		core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 1")
		mock:step(0.5, 4)
		assert.same({}, mock.sounds)
		mock:command("Robin", "quests done")
		assert.equal("llm_agent_paid", mock.sounds[1].name)
		assert.equal(ann, mock.sounds[1].parameters.object)
		local sparkle = mock.spawners[#mock.spawners]
		assert.same({"llm_agent_spark.png", ann}, {sparkle.texture, sparkle.attached})
		assert.is_nil(sparkle.playername) -- all see it
		assert.is_true(sparkle.time > 0)
	end)
end)
