-- quests/log.lua and view.lua: the quest log.

local village = require("spec.support.quests")
local NEXT, COIN, npc, the_quest = village.NEXT, village.COIN, village.npc, village.the_quest
local mock, private

local function begin(settings, translations) mock, private = village.begin(nil, settings, translations) end

describe("the quest log", function()
	local FORM = "llm_agent:quests"

	before_each(function()
		begin()
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		private.quests.quests.offer({
			kind = "fetch", npc = "ann", npc_name = "Ann", player = "Robin", item = "zoo:torch", count = 3, reward = {[COIN] = 7}, lasts_s = 3700,
		}, 0)
	end)

	local function spec() return mock.forms.Robin.spec end

	-- It is done in the next step.
	local function submit(fields)
		mock:submit("Robin", FORM, fields)
		mock:step()
	end

	local function shows(words) assert.is_truthy(spec():find(words, 1, true), words .. " in " .. spec()) end

	it("shows what there is and does what is clicked", function()
		assert.same({true}, {mock:command("Robin", "quests")})
		assert.equal(FORM, mock.forms.Robin.name)
		for _, words in ipairs({"Bring 3 × torch to Ann", "From: Ann", "Reward: 7 coins", "Time: 1 h 1 min", "offered", "Accept"}) do shows(words) end
		submit({accept = "x"})
		for _, words in ipairs({"Progress: 0 of 3", "Time left: 1 h", "Give up"}) do shows(words) end
		assert.is_nil(spec():find("Hand in", 1, true))
		core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 3")
		mock:step(0.5, 3)
		mock:command("Robin", "quests")
		submit({list = "CHG:1:2"})
		submit({done = "x"})
		shows("Over: paid")
		assert.equal(7, private.ledger.ledger.carried(core.get_player_by_name("Robin"), COIN))
		submit({quit = "true"})
		submit({abandon = "x"}) -- a form that is closed
	end)

	it("wraps plain words: the translator's marks are not cut, also where the client tells no language", function()
		begin({}, {})
		npc("ann", "smith")
		mock:join("Robin", NEXT)
		private.quests.quests.offer({
			kind = "visit", npc = "ann", npc_name = "Ann", player = "Robin", target = "Mill", count = 1, reward = {[COIN] = 7}, lasts_s = 60,
		}, 0)
		mock:command("Robin", "quests")
		shows(",Go to Mill and tell Ann abo…,")
		shows("Go to Mill and tell Ann\27(c@#ffffff)]")
	end)

	it("shows the face, how far it is, and pictures of what is asked and paid", function()
		mock:command("Robin", "quests accept")
		core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 1")
		mock:step(0.5, 3)
		mock:command("Robin", "quests")
		for _, part in ipairs({
			"llm_agent_smith_front.png", "Progress: 1 of 3", "zoo:torch 3]label[11.7,7.75;→]", "llm_agent:coin 7]",
			"box[10.3,5.85;7.2,0.25;#14171dff]box[10.3,5.85;2.4,0.25;#4a9a4aff]",
		}) do shows(part) end
	end)

	it("calls a delivery on the way, not done, until it is handed over", function()
		begin()
		npc("ann", "smith")
		npc("bob", "farmer")
		for item, count in pairs({[COIN] = 9, ["zoo:torch"] = 1}) do private.ledger.ledger.mint("ann", item, count) end
		mock:join("Robin", NEXT)
		private.quests.quests.offer({
			kind = "deliver", npc = "ann", npc_name = "Ann", player = "Robin", target = "bob", target_name = "Bob", count = 1,
			carries = {["zoo:torch"] = 1}, reward = {[COIN] = 7}, lasts_s = 60,
		}, 0)
		mock:command("Robin", "quests accept")
		mock:command("Robin", "quests")
		shows(",on the way")
		assert.is_nil(spec():find(",done", 1, true))
	end)

	it("says why something does not go", function()
		mock:command("Robin", "quests accept")
		mock:command("Robin", "quests")
		submit({done = "x"})
		shows("not yet")
	end)

	it("is empty where there is nothing", function()
		mock:join("Marian", NEXT)
		mock:command("Marian", "quests")
		assert.is_truthy(mock.forms.Marian.spec:find("You have none", 1, true))
		mock:submit("Marian", FORM, {accept = "x", list = "CHG:7:1"})
		assert.equal("offered", the_quest().state)
	end)

	it("has all of it as commands, with a number where there are several", function()
		assert.is_false((mock:command("Robin", "quests eat")))
		assert.is_false((mock:command("Robin", "quests done")))
		assert.is_true((mock:command("Robin", "quests accept")))
		local bob = npc("bob", "smith")
		private.ledger.ledger.mint("bob", COIN, 9)
		private.quests.quests.offer({
			kind = "fetch", npc = bob.id, npc_name = "Bob", player = "Robin", item = "zoo:stick", count = 1, reward = {[COIN] = 2}, lasts_s = 60,
		}, 0)
		assert.is_true((mock:command("Robin", "quests accept 2")))
		local ok, why = mock:command("Robin", "quests abandon")
		assert.is_false(ok)
		assert.is_truthy(why:find("Which one?", 1, true))
		assert.is_true((mock:command("Robin", "quests abandon 2")))
		assert.equal("q1", the_quest().id)
	end)
end)
