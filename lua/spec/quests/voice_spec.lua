-- quests/voice.lua and replies.lua: what NPCs say of quests is what the quest says, whatever a model says; in each language.

local village = require("spec.support.quests")
local NEXT, COIN = village.NEXT, village.COIN
local npc, offers, completes = village.npc, village.offers, village.completes
local mock, daemon, agent, private, answer, words

local LANGUAGES = {"de", "es", "fr", "ru"}

local function begin(settings, translations)
	answer, words = nil, "Well."
	mock, private, agent, daemon = village.begin(function(request) return answer and answer(request) end, settings, translations)
	village.says(function() return words end)
	npc("ann", "smith")
	npc("bob", "farmer")
	private.ledger.ledger.mint("ann", COIN, 90)
	private.ledger.ledger.mint("bob", COIN, 90)
	mock:join("Robin", NEXT)
end

-- What Ann says to Robin's words, the last line if there are more.
local function reply_to(said, by)
	local seen = #mock:chat_of("Robin")
	village.ask("Ann, " .. said)
	mock:step(0.5, 60)
	local lines, found = mock:chat_of("Robin"), {}
	for i = seen + 1, #lines do
		local line = lines[i]:match("^<" .. (by or "Ann") .. "> (.*)")
		if line then found[#found + 1] = line end
	end
	return table.concat(found, " ")
end

local function fetch(count, reward)
	agent.register_quest("light", {kind = "fetch", item = "zoo:torch", count = count or 3, reward = reward or 9, npcs = {"ann"}})
end

local function give(item) core.get_player_by_name("Robin"):get_inventory():add_item("main", item) end

local function numbers(line)
	local found = {}
	for n in line:gmatch("%d+") do found[#found + 1] = tonumber(n) end
	table.sort(found)
	return found
end

describe("an NPC's words about its quest", function()
	before_each(function() begin() end)

	it("offer just what the quest is, though a model offers 8 Xt from the fire", function()
		for _, said in ipairs({"The village needs 8 Xt from the fire and a warm you, Robin.", "Bring me 5 apples for 100 coins!", "", "Hm"}) do
			begin()
			fetch()
			answer, words = offers, said
			local line = reply_to("do you have work for me?")
			assert.matches("3 torches", line)
			assert.matches("9 coins", line)
			assert.same({3, 9}, numbers(line))
			assert.is_nil(line:find("Xt", 1, true))
		end
	end)

	it("keep of a model's words what says nothing of the bargain, before them", function()
		fetch()
		answer, words = offers, "The old oak creaks in the wind. I pay 40 coins."
		local line = reply_to("do you have work for me?")
		assert.matches("^The old oak creaks in the wind%. ", line)
		assert.same({3, 9}, numbers(line))
	end)

	it("offer it to plain words though the model thinks of something else, or cannot be asked", function()
		for _, said in ipairs({
			"do you have work for me?", "any quests?", "can I help you?", "hast du Arbeit für mich?", "as-tu du travail pour moi ?",
			"¿tienes trabajo para mí?", "есть работа для меня?", "work?",
		}) do
			begin()
			fetch()
			words = "Lovely weather."
			assert.matches("9 coins", reply_to(said), said)
			assert.equal("offered", village.the_quest().state, said)
		end
		begin()
		fetch()
		village.ask("Ann, hello") -- so that there is a daemon to die
		daemon:die()
		assert.matches("3 torches", reply_to("do you have work for me?"))
	end)

	it("offer nothing on nonsense, nor on words that have nothing to do with work", function()
		for _, said in ipairs({"asdfgh qwerty zzz", "nice weather today", "who are you?", "I like bread", "где мельница?", "wie geht es dir?"}) do
			begin()
			fetch()
			answer, words = offers, "I need 3 torches. I pay you 9 coins."
			local line = reply_to(said)
			assert.is_nil(village.the_quest(), said)
			assert.same({}, numbers(line), said .. ": " .. line)
			assert.is_nil(line:find("coin", 1, true), line)
		end
	end)

	it("say that there is no work where there is none", function()
		private.ledger.ledger.burn("ann", COIN, 90)
		words = "Yes! Bring me 4 swords, and I pay you 50 coins."
		local line = reply_to("do you have work for me?")
		assert.same({}, numbers(line))
		assert.is_truthy(line:lower():find("no", 1, true) or line:lower():find("nothing", 1, true) or line:find("All is done", 1, true), line)
	end)

	it("accept, count, and pay as the quest does, though a model says that it has no kind", function()
		fetch()
		answer, words = offers, "Hm."
		reply_to("do you have work for me?")
		answer, words = nil, "I have no kind, Robin. I only have nothing."
		assert.same({3, 9}, numbers(reply_to("Yes")))
		assert.same({3, 9}, numbers(reply_to("what was it?")))
		give("zoo:torch")
		mock:step(0.5, 3)
		local line = reply_to("it is done!")
		assert.same({1, 2, 9}, numbers(line)) -- has one, two are missing
		assert.matches("2 torches", line)
		give("zoo:torch 2")
		mock:step(0.5, 3)
		line = reply_to("here are your torches")
		assert.matches("9 coins", line)
		assert.is_nil(line:find("no kind", 1, true))
		assert.equal(9, private.ledger.ledger.carried(core.get_player_by_name("Robin"), COIN))
	end)

	it("answer a no, and a yes that comes too late", function()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "Then bring me 3 torches at once for 9 coins."
		assert.same({}, numbers(reply_to("No")))
		begin()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		private.ledger.ledger.burn("ann", COIN, 90)
		answer, words = nil, "Wonderful! You get 9 coins."
		local line = reply_to("Yes")
		assert.same({}, numbers(line))
		assert.matches("cannot pay", line)
	end)

	it("owe nothing that nobody was promised", function()
		words = "Thank you! Here are 20 coins, your reward."
		local line = reply_to("here is your coal, I am done")
		assert.same({}, numbers(line))
		assert.is_nil(line:find("reward", 1, true))
	end)

	it("leave a memory of one that was paid as it is", function()
		words = "You kept the promise to bring 3 coal lumps to me and were paid. I haven't forgotten."
		assert.equal(words, reply_to("what did I do for you?"))
	end)

	it("are of every kind: carried to another, hunted, seen, judged by a mod", function()
		agent.set_place("Mill", {x = 60, y = 0, z = 0}, 5)
		private.ledger.ledger.mint("ann", "zoo:bread", 5)
		for name, case in pairs({
			deliver = {{kind = "deliver", item = "zoo:bread", count = 2, target = "bob"}, "2 loaves of bread", "Bob"},
			hunt = {{kind = "hunt", target = "zoo:wolf", count = 4}, "4 wolves"},
			visit = {{kind = "visit", target = "Mill"}, "Mill"},
			task = {{kind = "task", title = "Sing a song", done = function() return false end}, "Sing a song"},
		}) do
			case[1].reward, case[1].npcs = 7, {"ann"}
			agent.register_quest("only", case[1])
			for _, said in ipairs({"do you have work for me?", "Yes", "is it done?"}) do
				answer, words = said:find("work") and offers or nil, "Give me 99 gold."
				local line = reply_to(said)
				assert.is_truthy(line:find("7 coins", 1, true), name .. ": " .. said .. ": " .. line)
				for i = 2, #case do assert.is_truthy(line:find(case[i], 1, true), name .. ": " .. said .. ": " .. line) end
				assert.is_nil(line:find("99", 1, true))
			end
			private.quests.service.abandon(village.the_quest().id, "Robin")
			private.quests.store.limits.cooldown_s = 0
			mock:step(1, 3)
		end
	end)

	it("of a delivery are the receiver's when it arrives", function()
		private.ledger.ledger.mint("ann", "zoo:bread", 5)
		agent.register_quest("only", {kind = "deliver", item = "zoo:bread", count = 2, target = "bob", reward = 7, npcs = {"ann"}})
		answer = offers
		reply_to("do you have work for me?")
		answer = nil
		reply_to("Yes")
		answer, words = completes, "I know nothing of bread."
		village.ask("Bob, here is your bread")
		mock:step(0.5, 60)
		local lines = table.concat(mock:chat_of("Robin"), "\n")
		assert.matches("<Bob> [^\n]*7 coins", lines)
		assert.is_nil(lines:find("<Bob> I know nothing", 1, true), lines)
	end)

	it("are said aloud where it was taken or paid without a talk, and in no talk twice", function()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		answer = nil
		local seen = #mock:chat_of("Robin")
		mock:command("Robin", "quests accept")
		mock:step(0.5, 40)
		local said = 0
		for i = seen + 1, #mock:chat_of("Robin") do
			if mock:chat_of("Robin")[i]:find("^<Ann>.*9 coins") then said = said + 1 end
		end
		assert.equal(1, said)
	end)

	it("greet with no quest that this player never had, and remind of the one that is open", function()
		fetch()
		words = "Welcome back, Robin! Have you brought my 3 mushrooms? Your reward waits."
		local heard
		agent.get_npc("ann"):think({player = "Robin"}, function(reply) heard = reply.text end)
		mock:step(0.05, 5)
		assert.equal("Welcome back!", (heard:gsub(", Robin", "")))
		answer = offers
		reply_to("do you have work for me?")
		answer = nil
		reply_to("Yes")
		agent.get_npc("ann"):think({player = "Robin"}, function(reply) heard = reply.text end)
		mock:step(0.05, 5)
		assert.matches("^Welcome back[, Robin]*! ", heard)
		assert.same({3, 9}, numbers(heard))
	end)

	it("are of a quest that is open, though a model or a memory speaks of it as it is", function()
		agent.register_quest("wall", {kind = "fetch", item = "zoo:cobble", count = 8, reward = 9, npcs = {"ann"}})
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "Well."
		reply_to("Yes")
		give("zoo:cobble 5")
		mock:step(0.5, 3)
		words = "You promised to bring 8 cobbles to me. I have not forgotten it."
		for _, said in ipairs({"here is your cobble", "I got some", "hm, nice evening"}) do
			local line = reply_to(said)
			assert.matches("3 cobble", line, said)
			assert.is_nil(line:find("promised", 1, true), line)
		end
	end)

	it("say how many are left to who says that they got one", function()
		agent.register_quest("pack", {kind = "hunt", target = "zoo:wolf", count = 2, reward = 9, npcs = {"ann"}})
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "You promised to defeat 2 wolf for me."
		reply_to("Yes")
		private.quests.quests.progress(village.the_quest().id, 1, 0)
		for _, said in ipairs({"i got one", "killed one", "ich habe einen", "j'en ai un", "tengo uno", "убил одного"}) do
			assert.matches("1 wolf", reply_to(said), said)
		end
	end)

	it("take a yes in many words", function()
		for _, said in ipairs({
			"alright", "ok", "sure", "deal", "fine", "aye", "will do", "na gut", "klar", "d'accord", "bien", "vale", "de acuerdo", "ладно",
			"идёт", "по рукам",
		}) do
			begin()
			fetch()
			answer = offers
			reply_to("do you have work for me?")
			answer, words = nil, "You are quick."
			assert.same({3, 9}, numbers(reply_to(said)), said)
			assert.equal("accepted", village.the_quest().state, said)
		end
	end)

	it("take the goods for the yes where they come before it, whole or in part", function()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "That is kind of you, but keep it."
		reply_to("I have brought your torches") -- there are none
		assert.equal("offered", village.the_quest().state)
		give("zoo:torch 2")
		local line = reply_to("here are your torches")
		assert.equal("accepted", village.the_quest().state)
		assert.matches("1 torch", line)
		begin()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "That is kind of you, but keep it."
		give("zoo:torch 3")
		line = reply_to("I have brought your torches.")
		assert.is_nil(village.the_quest())
		assert.matches("9 coins", line)
		assert.is_nil(line:find("keep it", 1, true))
		assert.equal(9, private.ledger.ledger.carried(core.get_player_by_name("Robin"), COIN))
	end)

	it("take a thing that is named in any language, though no language was chosen", function()
		local NAMES = {de = "Fackel", fr = "Torche", es = "Antorcha", ru = "Факел"}
		for _, said in ipairs({
			"ich hab deine Fackeln", "hier sind die fackeln", "voici tes torches", "j'ai tes torches", "aquí tienes las antorchas",
			"te traigo tus antorchas", "вот твои факелы", "я принёс 3 факела",
		}) do
			begin()
			function mock.core.get_translated_string(code, line) return line == "torch" and NAMES[code] or line end
			fetch()
			answer = offers
			reply_to("do you have work for me?")
			answer, words = nil, "I did not get a word."
			reply_to("yes")
			give("zoo:torch 3")
			mock:step(1, 3)
			reply_to(said)
			assert.is_nil(village.the_quest(), said)
			assert.equal(9, private.ledger.ledger.carried(core.get_player_by_name("Robin"), COIN), said)
		end
	end)

	it("are the quest's alone where the player asks how far it is", function()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "The rest I keep for another day."
		reply_to("yes")
		for _, said in ipairs({"how many more?", "what would i get?", "how much money do i get?", "was bekomme ich?"}) do
			local line = reply_to(said)
			assert.is_nil(line:find("another day", 1, true), line)
			assert.matches("9 coins", line)
		end
	end)

	it("tell a model of no errand where the talk is of something else", function()
		agent.register_quest("post", {kind = "deliver", target = "bob", item = "zoo:bread", count = 1, reward = 5, npcs = {"ann"}})
		private.ledger.ledger.mint("ann", "zoo:bread", 5)
		answer = offers
		reply_to("do you have work for me?")
		answer = nil
		assert.equal("offered", village.the_quest().state)
		local function need_in(said)
			reply_to(said)
			return daemon.received[#daemon.received].request.context.need
		end
		assert.is_nil(need_in("what do you think about bob?"))
		assert.is_table(need_in("tell me of your work again"))
	end)

	it("offer nothing to praise, and speak of no task that they only think of", function()
		for _, said in ipairs({"good job!", "nice work", "gute Arbeit!", "bon travail !", "buen trabajo"}) do
			begin()
			fetch()
			answer = offers
			reply_to(said)
			assert.is_nil(village.the_quest(), said)
		end
		private.ledger.ledger.mint("ann", "zoo:bread", 5)
		answer, words = nil, "Delivery to Rolfs? Nobody has asked me that before."
		assert.is_nil(reply_to("what do you think about rolf?"):find("Delivery", 1, true))
	end)

	it("are in many words whether 1 or more", function()
		local count_of = private.ledger.items.count_of
		assert.same({"8 cobblestones", "4 loaves of bread", "1 loaf of bread", "2 bears", "6 wheat"}, {
			count_of(8, "cobblestone"), count_of(4, "bread"), count_of(1, "bread"), count_of(2, "bear"), count_of(6, "wheat"),
		})
		assert.equal("defeat 2 wolves for Ann", private.quests.kinds.hunt.deed({count = 2, target = "zoo:wolf", npc_name = "Ann"}))
	end)

	it("hear a yes to their offer, and a question about their quest, though somebody else stands nearer", function()
		fetch()
		answer = offers
		reply_to("do you have work for me?")
		answer, words = nil, "Keep your blade loose."
		agent.register_npc("otto", {name = "Otto", role = "guard", pos = NEXT})
		local function said_by(name, said)
			local seen = #mock:chat_of("Robin")
			village.ask(said)
			mock:step(0.5, 60)
			for i = seen + 1, #mock:chat_of("Robin") do
				if mock:chat_of("Robin")[i]:find("^<" .. name .. ">") then return true end
			end
			return false
		end
		assert.is_true(said_by("Otto", "Nice weather, is it not?")) -- who is the partner now
		assert.equal("offered", village.the_quest().state)
		assert.is_true(said_by("Ann", "Yes, I will do it."))
		assert.equal("accepted", village.the_quest().state)
		assert.is_true(said_by("Otto", "Otto, hello"))
		assert.is_true(said_by("Ann", "How many more?"))
		assert.is_true(said_by("Otto", "Otto, yes"))
	end)

	it("in the dialog are the reply alone, and private", function()
		fetch()
		answer, words = offers, "8 Xt from the fire."
		private.talk.dialog.open(agent.get_npc("ann"), "Robin")
		mock:submit("Robin", "llm_agent:dialog", {say = "Say", words = "Any work?"})
		mock:step(0.5, 30)
		assert.is_truthy(mock.forms.Robin.spec:find("9 coins", 1, true))
		assert.is_nil(mock.forms.Robin.spec:find("Xt", 1, true))
		for _, line in ipairs(mock:chat_of("Robin")) do assert.is_nil(line:find("^<Ann>"), line) end
	end)

	it("differ: one asked ten times over uses many lines, its role's among them", function()
		local openings, count = {}, 0
		for _ = 1, 30 do
			local told = private.quests.voice.words("none", nil, agent.get_npc("ann"), "Robin", "en")
			if not openings[told.line] then openings[told.line], count = true, count + 1 end
		end
		assert.is_true(count >= 4)
		local said = table.concat((function() local list = {} for line in pairs(openings) do list[#list + 1] = line end return list end)(), "|")
		assert.matches("forge", said) -- a smith
	end)
end)

-- "{player}" and so on of a line.
local function placeholders(line)
	local found = {}
	for name in line:gmatch("{%w+}") do found[#found + 1] = name end
	table.sort(found)
	return found
end

local function all_lines(value, add)
	if type(value) == "string" then return add(value) end
	for _, item in pairs(value) do all_lines(item, add) end
end

describe("the written lines", function()
	local function translations_of(language)
		local found = {}
		for line in io.lines("mods/llm_agent/locale/llm_agent." .. language .. ".tr") do
			local source, target = line:match("^([^#=][^=]*)=(.+)$")
			if source then found[source] = target end
		end
		return found
	end

	it("are there in every language, with the same placeholders, and a good many", function()
		local count = 0
		for _, file in ipairs({"quests/lines", "actions/lines"}) do
			local lines = dofile("mods/llm_agent/" .. file .. ".lua")
			for _, language in ipairs(LANGUAGES) do
				local known = translations_of(language)
				all_lines(lines, function(line)
					count = count + 1
					assert.is_string(known[line], language .. ": " .. line)
					assert.same(placeholders(line), placeholders(known[line]))
				end)
			end
		end
		assert.is_true(count / #LANGUAGES > 300)
	end)

	it("of an action that is done are no refusals to the rule that models' words must pass, in any language", function()
		begin()
		local lines, claims = dofile("mods/llm_agent/actions/lines.lua"), private.think.claims
		for _, language in ipairs({"en", "de", "es", "fr", "ru"}) do
			local known = language == "en" and setmetatable({}, {__index = function(_, line) return line end}) or translations_of(language)
			for _, name in ipairs({"follow", "follow_other", "stay", "go_to", "go_home", "open_door", "give_item", "take_item", "guard"}) do
				all_lines(lines[name], function(line)
					assert.is_false(claims.refuses(claims.fold(known[line])), ("%s %s: %s"):format(language, name, known[line]))
				end)
			end
		end
	end)
end)
