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
			local line = ({"I sell Steel Sword for %d coins, Apple for %d coins.", "Bei mir gibt es: Steel Sword für %d Münzen, Apple für %d Münzen.",
				"Je vends ceci\194\160: Steel Sword pour %d pièces, Apple pour %d pièces.", "Vendo esto: Steel Sword por %d monedas, Apple por %d monedas.",
				"У меня есть: Steel Sword (Монет: %d), Apple (Монет: %d)."})[i]
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
