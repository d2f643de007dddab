-- The story, scene by scene: a stranger finds his way, hears a rumour, earns coins, haggles for a blade, leaves, and is
-- remembered. story.lua plays it; all that is said to NPCs, and nothing of what they answer, stands here.

local stage, visitors, trade_window, wolf = ...

local PURSE = stage.COIN .. " 30"
local ROUNDS_MAX = 3 -- of haggling
local FIRST_OFFER, CONTENT = 0.7, 0.9 -- of the price: what he begins with; what he takes without a word
local FIGHT_MAX_S, MEMORY_MAX_S = 20, 3
local MEMORIES_SHOWN = 3

local npc = stage.npc
local torvik, anselm -- exist when the stage is there

local function go(visitor, pos, story, words)
	visitor.pos = pos
	if words then story.effect("%s", words) end
end

local function arrive(story)
	torvik = visitors.new("Torvik", stage.PACKS[1], {PURSE})
	torvik:join(stage.GATE)
	story.effect("Torvik comes in with %d coins", torvik:count(stage.COIN))
	story.ask(torvik, npc("Ragna"), "Good morning, Ragna!")
	story.ask(torvik, npc("Ragna"), "Which way is it to the Crooked Lantern?")
end

local function hear_a_rumour(story)
	go(torvik, stage.INN, story)
	story.ask(torvik, npc("Hedda"), "Hello Hedda, have you heard any rumours?")
	story.ask(torvik, npc("Hedda"), "Tell me more about that.")
end

local state -- of Torvik's quest
llm_agent.on("quest", function(_, player_name, _, new_state)
	if player_name == "Torvik" then state = new_state end
end)

local function is(...)
	local states = {...}
	return function()
		for _, one in ipairs(states) do
			if state == one then return true end
		end
		return false
	end
end

local function gather(story)
	go(torvik, stage.WOOD, story)
	for _, pos in ipairs(stage.MUSHROOMS) do core.node_dig(pos, core.get_node(pos), torvik) end
	story.tell_goods(torvik)
	story.wait(2, is("fulfilled"))
	go(torvik, stage.INN, story)
end

local function earn(story)
	local hedda = npc("Hedda")
	local offered = story.insist(torvik, hedda, {"Do you have any work for me?", "I am looking for a job. Can I help you?"},
		is("offered", "accepted"), {
			words = "the village has Hedda offer it.",
			open = function() hedda:offer_quest("Torvik", "mushrooms_for_the_inn") end,
		})
	local accepted = offered and story.insist(torvik, hedda, {"Yes, I will do it.", "Yes, gladly!"}, is("accepted"), {
		words = "Torvik takes it in his quest log: /llm quests accept",
		open = function() torvik:command("quests accept") end,
	})
	if not accepted then return story.note("Torvik goes without work.") end
	gather(story)
	story.insist(torvik, hedda, {"I have brought your mushrooms, Hedda.", "It is done. Here are the three mushrooms."}, is("paid"), {
		words = "Torvik hands them in from his quest log: /llm quests done",
		open = function() torvik:command("quests done") end,
	})
end

local function bargain(story, brenna)
	local first = trade_window.price(torvik)
	local price, offer = first, math.floor(first * FIRST_OFFER)
	for _ = 1, ROUNDS_MAX do
		local answer = story.haggle(torvik, brenna, offer)
		if not answer or answer == price or answer <= first * CONTENT then break end -- she will not move, or he is content
		price, offer = answer, answer - 1
	end
end

local function buy_a_sword(story)
	local brenna = npc("Brenna")
	go(torvik, stage.FORGE, story)
	local offered = false
	llm_agent.on("action", function(who, _, action, _, ok)
		offered = offered or ok and who == brenna and action == "offer_trade"
	end)
	local ways = {"How much for a steel sword, Brenna?", "I want to buy a steel sword."}
	story.insist(torvik, brenna, ways, function() return offered end, {
		words = "Torvik asks no more.",
		open = function() offered = true end,
	})
	story.effect("Torvik opens her window: /llm trade Brenna")
	torvik:command("trade Brenna")
	local is_here = trade_window.is_open(torvik) and story.press(torvik, trade_window.choose, stage.SWORD)
		and story.press(torvik, trade_window.choose_one)
	if not is_here then return story.note("There is no sword to buy.") end
	bargain(story, brenna)
	local price = trade_window.price(torvik)
	story.weigh(torvik, brenna)
	story.press(torvik, trade_window.buy)
	if torvik:count(stage.SWORD) == 1 then
		story.effect("Torvik buys the steel sword for %d coins", price)
	else
		story.note("No deal: %s", trade_window.words(torvik))
	end
	story.tell_goods(torvik, brenna)
	trade_window.close(torvik)
end

local function talk_among_npcs(story)
	torvik:leave()
	story.effect("Torvik leaves the village")
	story.talk_among(npc("Osric"), npc("Hedda"), "Have you heard any rumours?", 2)
end

local function speak_german(story)
	anselm = visitors.new("Anselm", stage.PACKS[2])
	anselm:join(stage.INN)
	anselm:command("lang de")
	story.ask(anselm, npc("Hedda"), "Guten Abend! Habt ihr noch ein Bett für mich frei?")
	for _, words in ipairs(anselm.told) do
		if words:find("does not speak", 1, true) then story.effect("the game tells Anselm: %s", words) end
	end
	anselm:leave()
end

local function fight(story)
	local blows, bites, orders, is_dead = {}, 0, {}, false
	local function count(guard, hp)
		blows[guard.name] = (blows[guard.name] or 0) + 1
		if blows[guard.name] == 1 then story.effect("%s strikes the wolf, which has %d hit points left", guard.name, hp) end
	end
	story.effect("a wolf comes over the wall")
	local is_here = wolf.come(stage.WOLF, function(what, who, hp)
		if what == "blow" then count(who, hp) end
		if what == "dead" then is_dead = true end
		if what == "bite" then
			bites = bites + 1
			if bites == 1 then story.effect("the wolf bites %s, who has %d hit points left", who.name, hp) end
		end
	end)
	story.hear_orders(function(guard, name)
		if orders[guard.name] ~= name then story.effect("the model orders %s: %s", guard.name, name) end
		orders[guard.name] = name
	end)
	story.wait(FIGHT_MAX_S, function() return is_dead or not is_here end)
	story.hear_orders(nil)
	story.effect("%s: Ragna struck it %d times, Ivo %d times, and it bit %d times",
		is_dead and "the wolf is dead" or "the wolf still lives", blows.Ragna or 0, blows.Ivo or 0, bites)
end

-- What the daemon holds of Torvik with this NPC, by the command that players have for it.
local function tell_memory(story, who)
	torvik.told = {}
	torvik:command("memory " .. who.name)
	local function answer() return torvik.told[1] and torvik.told[#torvik.told]:find("remembers", 1, true) end
	if not story.wait(MEMORY_MAX_S, answer) then return story.note("the daemon did not tell what %s remembers", who.name) end
	local shown = 0
	for line in torvik.told[#torvik.told]:gmatch("[^\n]+") do
		if line:find("^Torvik %l") and shown < MEMORIES_SHOWN then
			shown = shown + 1
			story.effect("%s remembers: %s", who.name, line)
		end
	end
	if shown == 0 then story.note("%s remembers no deed of Torvik", who.name) end
end

local function come_back(story)
	torvik:join(stage.GATE)
	story.ask(torvik, npc("Ragna"), "Hello Ragna, did the wolf come?")
	go(torvik, stage.INN, story)
	local reply = story.ask(torvik, npc("Hedda"), "Hedda, do you remember me?")
	local names_the_deed = reply and reply.text:find("mushroom", 1, true)
	if not names_the_deed then story.ask(torvik, npc("Hedda"), "What did I do for you?") end
	tell_memory(story, npc("Hedda"))
	torvik:leave()
end

return {
	{title = "A stranger at the gate of Alderbrook", play = arrive},
	{title = "A rumour at the Crooked Lantern", play = hear_a_rumour},
	{title = "Honest work", play = earn},
	{title = "A blade from the Red Forge", play = buy_a_sword},
	{title = "Torvik is gone, and the fisher talks with the innkeeper", play = talk_among_npcs},
	{title = "A traveller who speaks German", play = speak_german},
	{title = "The wolf", play = fight},
	{title = "Torvik comes back", play = come_back},
}
