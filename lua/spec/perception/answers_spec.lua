-- perception/answers.lua and told.lua, think/think.lua: questions whose answer the game knows are answered rightly, whatever the
-- model says, in the language of who asks.

local game = require("spec.support.game")
local locale = require("spec.support.locale")
local ORIGIN, at = game.ORIGIN, game.at

local UNLIMITED = {["llm_agent.player_burst"] = "1000", ["llm_agent.npc_burst"] = "1000"}

describe("what the game knows,", function()
	local mock, daemon, agent, npc, says

	local function start(options)
		options = options or {}
		options.translations, options.settings = locale.translations(), UNLIMITED
		says = "I could not say, friend."
		mock, daemon, agent = game.start_quiet(options, function()
			return {{event = "done", text = says, cache = "miss", model = "m"}}
		end)
		npc = agent.register_npc("ida", {name = "Ida", role = "villager", pos = ORIGIN})
		mock:join("Robin", at(2))
	end

	local function asked(words, opts)
		opts = opts or {}
		opts.player, opts.utterance = "Robin", words
		local replies = game.think(npc, opts)
		mock:step(0.05, 3)
		return replies[1].text, replies[1]
	end

	it("a named place, is told with direction and distance, in the language of the question", function()
		start()
		agent.set_place("Old Mill", at(40), 5)
		for words, line in pairs({
			["Ida, where is the mill?"] = "east", ["Wo ist die Old Mill?"] = "Osten", ["Où est Old Mill ?"] = "l’est",
			["¿Dónde está Old Mill?"] = "este", ["Где Old Mill?"] = "восток", ["How do I get to the old mill?"] = "east",
		}) do
			local heard, reply = asked(words)
			assert.truthy(heard:find("40", 1, true) and heard:find(line, 1, true) and heard:find("Old Mill", 1, true), heard)
			assert.equal("way", reply.told)
		end
	end)

	it("is told in the language that the player chose", function()
		start()
		agent.set_place("Old Mill", at(0), 0.5 + 0.5)
		agent.set_place("Quarry", {x = -30, y = 0, z = -30}, 5)
		mock:command("Robin", "lang de")
		assert.truthy((asked("Where is the quarry?")):find("Richtung Südwesten", 1, true))
		assert.equal("Du bist schon da: Das hier ist Old Mill.", (asked("Where is the old mill?")))
	end)

	it("of a place where one is, is that it is this", function()
		start()
		agent.set_place("Oakford", at(0), 9)
		says = "The way to Oakford is right here. So it is."
		for words, line in pairs({
			["Ida, which way is Oakford?"] = "You are there already: this is Oakford.",
			["Wo ist Oakford?"] = "Du bist schon da: Das hier ist Oakford.",
		}) do
			assert.equal(line, (asked(words)))
		end
	end)

	it("leaves the model its own words where they are true", function()
		start()
		agent.set_place("Old Mill", at(40), 5)
		says = "Follow the geese, friend: 40 steps east, you cannot miss it."
		local heard, reply = asked("Where is the old mill?")
		assert.equal(says, heard)
		assert.is_nil(reply.told)
		says = "40 steps west, I would say."
		assert.not_equal(says, (asked("Where is the old mill?")))
	end)

	it("is asked for in the language of the question, and told by the game where the model lacks that", function()
		start()
		agent.set_place("Old Mill", at(40), 5)
		daemon.reply = function() return {{event = "done", text = "Go 40 steps east.", lang = "en"}} end
		assert.truthy((asked("Wo ist die Old Mill?")):find("Richtung Osten", 1, true))
		assert.equal("de", daemon.received[#daemon.received].request.lang)
		assert.equal("Go 40 steps east.", (asked("Where is the Old Mill?")))
	end)

	it("a place of a name that is bent or shortened, is found, and no other", function()
		start()
		agent.set_place("Старая мельница", at(40), 5)
		agent.set_place("Bridge of Sighs", at(-60), 5)
		assert.truthy((asked("Где мельницу найти?")):find("восток", 1, true))
		assert.truthy((asked("Which way is the bridge?")):find("west", 1, true))
		assert.equal(says, (asked("Where is the bread?")))
		assert.equal(says, (asked("Where is the quarry?")))
	end)

	it("an area of the mod areas and a neighbour, are found too", function()
		start()
		_G.areas = {areas = {{name = "Robin's Farm", pos1 = {x = 0, y = 0, z = 50}, pos2 = {x = 10, y = 9, z = 60}}},
			getAreasAtPos = function() return {} end}
		local farm = asked("Where is the farm?")
		_G.areas = nil
		assert.truthy(farm:find("Robin's Farm", 1, true) and farm:find("60 steps", 1, true), farm)
		agent.register_npc("bram", {name = "Bram", role = "smith", pos = at(30)})
		assert.truthy((asked("Ida, where is Bram?")):find("30 steps", 1, true))
	end)

	it("the hour, is told in five languages", function()
		start()
		for time, lines in pairs({
			[0.5] = {"It is noon.", "Es ist Mittag.", "C’est midi.", "Es mediodía.", "Сейчас полдень."},
			[0.65] = {"It is afternoon.", "Es ist Nachmittag.", "C’est l’après-midi.", "Es de tarde.", "Сейчас вторая половина дня."},
			[0.95] = {"It is night.", "Es ist Nacht.", "C’est la nuit.", "Es de noche.", "Сейчас ночь."},
		}) do
			mock.time_of_day = time
			for i, words in ipairs({"What time is it?", "Wie spät ist es?", "Quelle heure est-il ?", "¿Qué hora es?", "Который час?"}) do
				assert.equal(lines[i], (asked(words)))
			end
		end
		mock.time_of_day = 0.5
		says = "It is well after noon, no, it is noon, friend."
		assert.equal(says, (asked("What time is it?")))
		says = "A fine afternoon."
		assert.equal("It is noon.", (asked("What time is it?")))
	end)

	it("what is asked without accents, is told as well", function()
		start()
		mock.time_of_day = 0.5
		for words, line in pairs({
			["Wie spaet ist es?"] = "Es ist Mittag.", ["wie spat ist es"] = "Es ist Mittag.", ["que hora es"] = "Es mediodía.",
			["l'heure qu'il est ?"] = "C’est midi.", ["¿QUÉ HORA ES?"] = "Es mediodía.",
		}) do assert.equal(line, (asked(words)), words) end
		assert.truthy((asked("was fuer ein Wetter")):find("klar", 1, true))
	end)

	it("the weather, is told as the game has it", function()
		start()
		for i, words in ipairs({"How is the weather?", "Wie ist das Wetter?", "Quel temps fait-il ?", "¿Qué tiempo hace?", "Какая погода?"}) do
			local clear = ({"clear", "klar", "clair", "despejado", "ясное"})[i]
			assert.truthy((asked(words)):find(clear, 1, true))
		end
		_G.mcl_weather = {get_weather = function() return "rain" end}
		local rain = asked("Is it raining?")
		says = "Rain again, and my washing is out."
		local own = asked("Is it raining?")
		_G.mcl_weather = nil
		assert.equal("It is raining. Keep your hood up.", rain)
		assert.equal(says, own)
	end)

	it("who is near, is told by name, those only who are", function()
		start()
		assert.equal("Nobody is here but you and me.", (asked("Who is here?")))
		agent.register_npc("bram", {name = "Bram", role = "smith", pos = at(3)})
		agent.register_npc("far", {name = "Faro", role = "guard", pos = at(90)})
		assert.equal("Bram is here, the smith.", (asked("Who is near?")))
		mock:join("Lena", at(5))
		for i, words in ipairs({"Who else is here?", "Wer ist hier?", "Qui est ici ?", "¿Quién está aquí?", "Кто здесь?"}) do
			assert.equal(({"I see Bram and Lena.", "Ich sehe Bram und Lena.", "Je vois Bram et Lena.", "Veo a Bram y Lena.",
				"Здесь Bram и Lena."})[i], (asked(words)))
		end
		says = "Lena stands there, and old Bram."
		assert.equal(says, (asked("Who is around?")))
	end)

	it("the name of the place, is told", function()
		start()
		assert.equal("This place has no name that I know of.", (asked("Where am I?")))
		agent.set_place("Oakford", ORIGIN, 9)
		for i, words in ipairs({"Where are we?", "Wo bin ich?", "Où suis-je ?", "¿Dónde estoy?", "Где я?"}) do
			assert.equal(({"This is Oakford.", "Das hier ist Oakford.", "Ici, c’est Oakford.", "Esto es Oakford.", "Это Oakford."})[i],
				(asked(words)))
		end
	end)

	it("is told while the model is away, and stays a fallback", function()
		start()
		daemon:die()
		local heard, reply = asked("What time is it?")
		mock:step(0.5, 5)
		assert.equal("It is noon.", heard)
		assert.is_true(reply.fallback)
	end)

	it("never goes over an action, over what moderation said, or over what another mod said", function()
		start()
		agent.register_action("ring", {params = {}, run = function() return true end, roles = {"villager"}})
		daemon.reply = function() return {{event = "done", text = "I ring.", action = {name = "ring", params = {}}}} end
		assert.equal("I ring.", (asked("What time is it?", {actions = true})))
		daemon.reply = function() return {{event = "error", code = "filtered", message = "held back", text = "Not like that."}} end
		assert.equal("Not like that.", (asked("What time is it?")))
		daemon.reply = function() return {{event = "done", text = "It is the hour of the owl."}} end
		npc:set_context({time = "the hour of the owl"})
		assert.equal("It is the hour of the owl.", (asked("What time is it?")))
	end)

	it("is said whole, never streamed and taken back", function()
		start()
		daemon.reply = function() return {{event = "delta", text = "It is"}, {event = "delta", text = "night"}, {event = "done", text = "It is night."}} end
		local heard = {}
		local text = asked("What time is it?", {on_delta = function(_, all) heard[#heard + 1] = all end})
		assert.same({}, heard)
		assert.equal("It is noon.", text)
	end)
end)

describe("a greeting", function()
	local mock, daemon, agent, npc
	before_each(function()
		mock, daemon, agent = game.start_quiet({translations = locale.translations(), settings = UNLIMITED})
		npc = agent.register_npc("ida", {name = "Ida", role = "villager", pos = ORIGIN})
		mock:join("Robin", at(2))
	end)

	local function said(line, time)
		mock.time_of_day = time
		daemon.reply = function() return {{event = "done", text = line}} end
		npc.lines_unnamed = {Robin = 2} -- it may call the name
		local replies = game.think(npc, {player = "Robin", utterance = "Hello"})
		mock:step(0.05, 3)
		return replies[1].text
	end

	it("fits the hour, whoever wrote it, in five languages", function()
		for line, fitting in pairs({
			["Good morning, Robin!"] = "Good evening, Robin!", ["Guten Tag, Robin."] = "Guten Abend, Robin.", ["« Bonjour, Robin."] = "« Bonsoir, Robin.",
			["¡Buenos días, Robin!"] = "¡Buenas noches, Robin!", ["Добрый день, Robin."] = "Добрый вечер, Robin.",
			["Good day's work, that."] = "Good day's work, that.", ["Good night, Robin."] = "Good night, Robin.",
		}) do assert.equal(fitting, said(line, 0.78)) end
		assert.equal("Good morning, Robin!", said("Good evening, Robin!", 0.3))
		assert.equal("Good day, Robin!", said("Good day, Robin!", 0.3))
		assert.equal("Good day to you.", said("Good morning to you.", 0.6))
		assert.equal("Good evening, Robin!", said("Good day, Robin!", 0.9))
		for line, fitting in pairs({
			["Good evening, Robin!"] = "Hello, Robin!", ["Guten Abend, Robin."] = "Hallo, Robin.", ["Bonjour, Robin."] = "Bonsoir, Robin.",
			["¡Buenas noches, Robin!"] = "¡Buenas noches, Robin!", ["Добрый вечер, Robin."] = "Здравствуй, Robin.", ["Hello, Robin."] = "Hello, Robin.",
		}) do assert.equal(fitting, said(line, 0.05)) end
	end)

	it("fits where it streams in", function()
		mock.time_of_day = 0.9
		daemon.reply = function()
			return {{event = "delta", text = "Good mor"}, {event = "delta", text = "ning, Ro"}, {event = "delta", text = "bin."},
				{event = "done", text = "Good morning, Robin."}}
		end
		local heard = {}
		npc.lines_unnamed = {Robin = 2}
		npc:think({player = "Robin", utterance = "Hello", on_delta = function(new, all) heard[#heard + 1] = {new, all} end}, function() end)
		mock:step(0.05, 3)
		assert.same({{"Good evening, Robin.", "Good evening, Robin."}}, heard)
	end)

	it("of a role fits too", function()
		mock.time_of_day = 0.9
		agent.register_role("crier", {persona = "A crier.", greeting = {"Good day, {player}."}})
		local crier = agent.register_npc("c", {name = "Cal", role = "crier", pos = ORIGIN})
		mock.mod.talk.dialog.open(crier, "Robin")
		assert.equal("Good evening, Robin.", mock.mod.talk.history.of("Robin", "c")[1].line)
	end)
end)
