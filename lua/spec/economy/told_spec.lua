-- economy/told.lua: what an NPC sells and for how much is told as it is.

local shop = require("spec.support.trade")
local locale = require("spec.support.locale")

describe("what an NPC sells", function()
	local mock, says, agent
	before_each(function()
		says = "Wares? Who knows."
		local translations = locale.translations()
		translations["de: Apple"] = "Apfel"
		mock = shop.start(nil, {translations = translations, reply = function() return {{event = "done", text = says}} end})
		agent = _G.llm_agent
		shop.join("Robin")
	end)

	local function asked(words)
		local heard
		agent.get_npc("bram"):think({player = "Robin", utterance = words}, function(reply) heard = reply.text end)
		mock:step(0.05, 3)
		return heard
	end

	local function price(item) return mock.mod.economy.trade.price(agent.get_npc("bram"), "Robin", item, true) end

	it("is told with prices, in five languages", function()
		local sword, apple = price("zoo:sword_steel"), price("zoo:apple")
		for i, words in ipairs({"What do you sell?", "Was verkaufst du?", "Que vends-tu ?", "¿Qué vendes?", "Что ты продаёшь?"}) do
			local line = ({
				"I sell a steel sword for %d coins and an apple for %d coins.",
				"Bei mir gibt es: Steel Sword für %d Münzen und Apple für %d Münzen.",
				"Je vends ceci\194\160: steel sword pour %d pièces et apple pour %d pièces.", "Vendo esto: steel sword por %d monedas y apple por %d monedas.",
				"У меня есть: steel sword (Монет: %d) и apple (Монет: %d)."})[i]
			local heard = asked(words)
			assert.equal(line:format(sword, apple), heard)
		end
		says = ("Apples for %d and one steel sword for %d, friend."):format(apple, sword)
		assert.equal(says, asked("What do you sell?"))
	end)

	it("is told for a single thing: its price and how many there are", function()
		assert.equal(("Apple: %d coins for one. I have 8."):format(price("zoo:apple")), asked("How much is an apple?"))
		assert.equal(("Steel Sword: %d coins for one. I have 1."):format(price("zoo:sword_steel")), asked("How much for the sword?"))
		assert.equal(says, asked("How much is the dragon?"))
		assert.equal(says, asked("How much would you give me for it if I sell my apple?"))
	end)

	it("is not denied, and what is not there is not promised, whatever a model says", function()
		local function talked(words, said)
			says = said
			local heard
			agent.get_npc("bram"):think({player = "Robin", utterance = words, actions = true}, function(reply) heard = reply.text end)
			mock:step(0.05, 3)
			return heard
		end
		local sword, apple = price("zoo:sword_steel"), price("zoo:apple")
		local all = ("I sell a steel sword for %d coins and an apple for %d coins."):format(sword, apple)
		assert.equal(all, talked("Have you anything cheap to trade?", "Nothing for sale, Robin. Sorry."))
		assert.equal(("%d coins, what do you say?"):format(sword), talked("do u have swords?", "No swords on my side, Robin."))
		for _, words in ipairs({"bram got meat?", "hast du Fleisch?", "as-tu de la viande ?", "¿tienes carne?", "у тебя есть мясо?"}) do
			local heard = talked(words, "I have a little bread and cheese. Share it with me.")
			assert.is_nil(heard:find("cheese", 1, true), words)
			assert.is_truthy(heard:find(("%d"):format(sword), 1, true), heard)
		end
		assert.equal("I have none of that. " .. all, talked("got meat?", "I have bread and cheese."))
	end)

	it("is not told to who asks for something else", function()
		says = "I have time for you, no hurry."
		assert.equal(says, asked("have you got a moment?"))
		assert.equal(says, asked("I got lost, how are you?"))
	end)

	it("is told in the item's own words for the language", function()
		mock.core.registered_items["zoo:apple"].description = "\27(T@zoo)Apple\27E"
		assert.truthy(asked("Was kostet ein Apfel?"):find("^Apfel: das Stück für"))
	end)

	it("is nothing where there is nothing", function()
		agent.register_role("beggar", {persona = "A beggar."})
		agent.register_npc("poor", {name = "Poor", role = "beggar", pos = shop.ORIGIN})
		local heard
		agent.get_npc("poor"):think({player = "Robin", utterance = "What do you sell?"}, function(reply) heard = reply.text end)
		mock:step(0.05, 3)
		assert.equal("I have nothing to sell today.", heard)
	end)
end)
