-- quests/registry.lua: quests that mods register.

local village = require("spec.support.quests")
local NEXT, COIN = village.NEXT, village.COIN
local npc, actions_of, ask = village.npc, village.actions_of, village.ask
local offers, completes, the_quest = village.offers, village.completes, village.the_quest
local mock, private, agent, answer

local function begin(settings, translations)
	answer = nil
	mock, private, agent = village.begin(function(request) return answer and answer(request) end, settings, translations)
end

describe("a registered quest", function()
	local lights

	before_each(function()
		begin()
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		answer, lights = offers, 0
	end)

	it("goes before those that are made up", function()
		agent.register_quest("hearth", {
			kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"}, minutes = 5, title = "Light Ann's hearth",
		})
		assert.same({torch = 2}, ask("Any work?").context.need)
		local quest = the_quest()
		assert.same({"hearth", "Light Ann's hearth", 9, 300}, {quest.name, quest.title, quest.reward[COIN], quest.lasts_s})
	end)

	it("may be a task that its mod judges, for goods", function()
		private.ledger.ledger.mint("ann", "zoo:bread", 2)
		agent.register_quest("light_the_beacon", {
			kind = "task", title = "Light the beacon on the hill", reward = {["zoo:bread"] = 2}, npcs = {"ann"},
			done = function(who, player) return who.id == "ann" and player == "Robin" and lights > 0 end,
		})
		ask("Any work?")
		assert.is_true((mock:command("Robin", "quests accept")))
		mock:step(0.5, 3)
		assert.equal("accepted", the_quest().state)
		lights = 1
		mock:step(0.5, 3)
		assert.equal("fulfilled", the_quest().state)
		answer = completes
		ask("The beacon burns!")
		assert.is_nil(the_quest())
		assert.equal(2, private.ledger.ledger.carried(core.get_player_by_name("Robin"), "zoo:bread"))
	end)

	it("is not offered where it cannot be done, paid, or its mod says no", function()
		mock.settings["llm_agent.quests_made_up"] = "false"
		begin(mock.settings)
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		for i, def in ipairs({
			{kind = "fetch", item = "zoo:dragon", reward = 3}, {kind = "fetch", item = "zoo:torch", reward = 31},
			{kind = "hunt", target = "zoo:dragon", reward = 3}, {kind = "visit", target = "Nowhere", reward = 3},
			{kind = "deliver", item = "zoo:bread", target = "ann", reward = 3}, {kind = "deliver", item = "zoo:bread", target = "bob", reward = 3},
			{kind = "fetch", item = "zoo:torch", reward = 3, available = function() return false end},
			{kind = "fetch", item = "zoo:torch", reward = 3, available = function() error("oops") end},
		}) do
			def.roles = {"smith"}
			agent.register_quest("quest_" .. i, def)
		end
		agent.register_quest("other", {kind = "fetch", item = "zoo:torch", reward = 3, roles = {"farmer"}})
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		assert.equal(1, #mock:logged("oops"))
	end)

	it("is offered by its mod without the model, if it can be", function()
		local ann, wants = agent.get_npc("ann"), true
		agent.register_quest("hearth", {kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"}})
		agent.register_quest("other", {kind = "fetch", item = "zoo:torch", reward = 3, roles = {"farmer"}})
		agent.register_quest("later", {
			kind = "fetch", item = "zoo:torch", reward = 3, npcs = {"ann"}, available = function() return wants end,
		})
		assert.is_true(ann:offer_quest("Robin", "later"))
		assert.is_true(ann:offer_quest("Robin", "hearth")) -- the first makes way
		assert.same({"hearth", "offered"}, {the_quest().name, the_quest().state})
		assert.is_true((mock:command("Robin", "quests accept")))
		assert.same({false, "busy"}, {ann:offer_quest("Robin", "later")})
		assert.same({false, "impossible"}, {ann:offer_quest("Robin", "other")})
		assert.same({false, "away"}, {ann:offer_quest("Nobody", "later")})
		assert.is_true((mock:command("Robin", "quests abandon")))
		assert.is_true(ann:offer_quest("Robin", "later")) -- the model would have to wait
		wants = false
		assert.same({false, "impossible"}, {ann:offer_quest("Robin", "later")})
		local ok, problem = pcall(ann.offer_quest, ann, "Robin", "laundry")
		assert.is_false(ok)
		assert.is_truthy(problem:find("no quest laundry; llm_agent.register_quest makes one", 1, true))
	end)

	it("is offered by nobody where quests are off", function()
		begin({["llm_agent.quests"] = "false"})
		npc("ann", "smith")
		mock:join("Robin", NEXT)
		agent.register_quest("hearth", {kind = "fetch", item = "zoo:torch", reward = 9, roles = {"smith"}})
		assert.same({false, "off"}, {agent.get_npc("ann"):offer_quest("Robin", "hearth")})
	end)

	it("with a mistake in it is an error that names the fix", function()
		local function fails(words, def)
			local ok, problem = pcall(agent.register_quest, "q", def)
			assert.is_false(ok)
			assert.is_truthy(problem:find(words, 1, true), problem)
		end
		fails("kind: want one of deliver, fetch, hunt, task, visit", {kind = "steal", reward = 1, roles = {"smith"}})
		fails("item: missing; a quest of kind fetch needs it", {kind = "fetch", reward = 1, roles = {"smith"}})
		fails("roles: missing", {kind = "fetch", item = "zoo:torch", reward = 1})
		fails("reward: want a number of coins, or goods", {kind = "fetch", item = "zoo:torch", reward = {}, roles = {"smith"}})
		fails("count: want a whole number from 1 to 999", {kind = "fetch", item = "zoo:torch", count = 0, reward = 1, roles = {"smith"}})
		fails("unknown field prize", {kind = "fetch", item = "zoo:torch", prize = 1, roles = {"smith"}})
	end)
end)
