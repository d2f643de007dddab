-- actions/quests.lua and quests/answers.lua: quests offered and handed in by words.

local village = require("spec.support.quests")
local NEXT, COIN = village.NEXT, village.COIN
local npc, actions_of, ask = village.npc, village.actions_of, village.ask
local offers, completes, the_quest = village.offers, village.completes, village.the_quest
local mock, daemon, agent, private, answer

local function begin(settings, translations)
	answer = nil
	mock, private, agent, daemon = village.begin(function(request) return answer and answer(request) end, settings, translations)
end

describe("a quest in talk", function()
	before_each(function()
		begin()
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
	end)

	it("is offered as it is, taken with a yes, and handed in by the model's word", function()
		answer = offers
		local request = ask("Do you have work for me?")
		local p = actions_of(request).offer_quest.properties
		assert.same({"item", "count", "reward"}, actions_of(request).offer_quest.required)
		assert.same({[p.item.enum[1]] = p.count.minimum}, request.context.need)
		assert.equal(p.reward.minimum, request.context.reward)
		local quest = the_quest()
		assert.same({"offered", p.count.minimum, p.reward.minimum}, {quest.state, quest.count, quest.reward[COIN]})
		assert.is_truthy(table.concat(mock:chat_of("Robin"), "\n"):find("/llm quests accept", 1, true))

		answer = nil
		request = ask("Yes, I will do it")
		assert.equal("accepted", quest.state)
		assert.is_nil(actions_of(request).offer_quest) -- one at a time
		assert.is_nil(actions_of(request).complete_quest) -- nothing is done yet
		assert.same({[p.item.enum[1]] = p.count.minimum}, request.context.need)

		core.get_player_by_name("Robin"):get_inventory():add_item("main", ("%s %d"):format(quest.item, quest.count))
		answer = completes
		request = ask("Here it is")
		assert.same({}, actions_of(request).complete_quest)
		assert.equal("paid", quest.state)
		assert.equal(p.reward.minimum, private.ledger.ledger.carried(core.get_player_by_name("Robin"), COIN))
		request = ask("Do you have more work for me?")
		assert.is_nil(actions_of(request).offer_quest) -- not so soon
		assert.is_nil(request.context.need)
	end)

	it("is paid to who says that it is done, though the model does not think of it or cannot be asked", function()
		for _, case in ipairs({
			{"Here are your torches.", "paid"}, {"Done!", "paid"}, {"It is done, can I have my reward?", "paid"}, {"Готово!", "paid"},
			{"Nice weather today.", "fulfilled"}, {"Done!", "paid", true},
		}) do
			begin()
			npc("ann", "smith")
			private.ledger.ledger.mint("ann", COIN, 30)
			mock:join("Robin", NEXT)
			agent.register_quest("light", {kind = "fetch", item = "zoo:torch", count = 2, reward = 9, npcs = {"ann"}})
			answer = offers
			ask("Any work?")
			local quest = the_quest()
			answer = nil
			ask("Yes")
			core.get_player_by_name("Robin"):get_inventory():add_item("main", "zoo:torch 2")
			mock:step(0.5, 3)
			if case[3] then daemon:die() end
			mock:say("Robin", case[1])
			mock:step(0.5, 40)
			assert.equal(case[2], quest.state, case[1])
		end
	end)

	it("makes its talk one about quests, and other talk not", function()
		assert.equal("quest", ask("Do you have work for me?").context.intent)
		assert.is_nil(ask("Nice weather today.").context.intent)
	end)

	it("is turned down with a no, and asked for no more for a while", function()
		answer = offers
		ask("Do you have work for me?")
		local quest = the_quest()
		ask("No, I do not want to, sorry")
		assert.equal("offered", quest.state) -- too long for a plain no
		ask("No, sorry")
		assert.equal("refused", quest.state)
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		mock:step(10, 31)
		assert.not_nil(actions_of(ask("Any work?")).offer_quest)
	end)

	it("is one thing for as long as it is on offer, also if the model says it twice", function()
		answer = offers
		local first = ask("Any work?").context.need
		assert.same(first, ask("What was it?").context.need)
		assert.equal("q1", the_quest().id)
	end)

	it("is nothing where the NPC has no coins, where quests are off, or for a player who left", function()
		private.ledger.ledger.burn("ann", COIN, 30)
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		begin({["llm_agent.quests"] = "false"})
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
	end)

	it("is refused when the model says something else than what was written", function()
		answer = function(request)
			local action = offers(request)
			action.params.reward = action.params.reward + 1
			return action
		end
		ask("I am so bored.") -- a wish for work to a model, and none by its words alone
		assert.is_nil(the_quest())
	end)

	it("is answered by a click in the dialog", function()
		answer = offers
		private.talk.dialog.open(agent.get_npc("ann"), "Robin")
		mock:submit("Robin", "llm_agent:dialog", {say = "Say", words = "Any work?"})
		mock:step(0.05, 6)
		local form = mock.forms.Robin.spec
		assert.is_truthy(form:find("Yes\\, I will do it.", 1, true))
		assert.is_truthy(form:find("has work for you", 1, true))
		answer = nil
		mock:submit("Robin", "llm_agent:dialog", {quick_1 = "x"})
		mock:step(0.05, 6)
		assert.equal("accepted", the_quest().state)
	end)

	it("understands yes and no in the languages of the mod", function()
		for words, state in pairs({
			["ja, gerne"] = "accepted", ["oui"] = "accepted", ["sí"] = "accepted", ["да"] = "accepted", ["okay"] = "accepted",
			["nein danke"] = "refused", ["non merci"] = "refused", ["нет"] = "refused", ["not now"] = "refused", ["yes but not now"] = "refused",
			["how much is it?"] = "offered", ["yesterday was nice"] = "offered", ["I know"] = "offered",
		}) do
			begin()
			npc("ann", "smith")
			private.ledger.ledger.mint("ann", COIN, 30)
			mock:join("Robin", NEXT)
			answer = offers
			ask("Any work?")
			local quest = the_quest()
			answer = nil
			ask(words)
			assert.equal(state, quest.state, words)
		end
	end)
end)
