-- settings.lua, text.lua, reply.lua and speech.lua: the pure parts of the mod.

local Mock = require("mock_core")

local folder = "mods/llm_agent/"

local function read(name)
	local handle = assert(io.open(folder .. name))
	local content = handle:read("*a")
	handle:close()
	return content
end

local text = loadfile(folder .. "core/text.lua")()

describe("settings", function()
	local load_settings = loadfile(folder .. "core/settings.lua")()
	local file = read("settingtypes.txt")

	local function settings(given)
		local complaints = {}
		return load_settings(file, function(name) return (given or {})[name] end, function(line) complaints[#complaints + 1] = line end),
			complaints
	end

	it("come from settingtypes.txt", function()
		local defaults = settings()
		assert.equal("http://127.0.0.1:8000", defaults.url)
		assert.equal("", defaults.token)
		assert.equal(8000, defaults.deadline_ms)
		assert.is_true(defaults.chat)
		assert.equal("near_players", defaults.npc_talk)
	end)

	it("are what the admin says", function()
		local given = settings({["llm_agent.earshot"] = "7.5", ["llm_agent.chat"] = "false", ["llm_agent.npc_talk"] = "always"})
		assert.equal(7.5, given.earshot)
		assert.is_false(given.chat)
		assert.equal("always", given.npc_talk)
	end)

	it("fall back with a word where the admin's value makes no sense", function()
		for name, value in pairs({deadline_ms = "soon", wait_ms = "-1", open_max = "1.5", chat = "maybe", npc_talk = "loud", earshot = "nan"}) do
			local given, complaints = settings({["llm_agent." .. name] = value})
			assert.equal(settings()[name], given[name])
			assert.equal(1, #complaints)
			assert.is_truthy(complaints[1]:find(name, 1, true))
		end
	end)

	it("refuse a key that settingtypes.txt doesn't have", function()
		assert.has_error(function() return settings().earshott end, "llm_agent: no setting earshott in settingtypes.txt")
	end)

	it("are all known, and all used", function()
		local defaults, used = settings(), {}
		for _, path in ipairs(Mock.files()) do
			for key in read(path):gmatch("[^%w_]settings%.([%w_]+)") do used[key] = path end
		end
		for key, name in pairs(used) do
			assert.is_not_nil(rawget(defaults, key), name .. " uses llm_agent." .. key .. ", settingtypes.txt lacks it")
		end
		for key in pairs(defaults) do assert.is_not_nil(used[key], "llm_agent." .. key .. " is in settingtypes.txt, but nothing uses it") end
	end)
end)

describe("text", function()
	it("is one plain line", function()
		assert.equal("red text, two lines", text.clean("\27(c@#f00)red\27(c@#fff)  text,\n\ttwo\0lines \27E"))
	end)

	it("is valid UTF-8 whatever comes in", function()
		for bad, good in pairs({
			["a\255b"] = "a\239\191\189b", ["\195"] = "\239\191\189", ["\237\160\128"] = ("\239\191\189"):rep(3),
			["\192\128"] = ("\239\191\189"):rep(2), ["Zoë 🙂 שלום"] = "Zoë 🙂 שלום", ["\244\144\128\128"] = ("\239\191\189"):rep(4),
		}) do
			assert.equal(good, text.scrub(bad))
		end
	end)

	it("is cut at a character", function()
		assert.equal("a", text.cut("aë", 2))
		assert.equal("aë", text.cut("aë", 3))
		assert.equal("", text.cut("🙂", 3))
	end)

	it("wraps between words, and inside one only where it must", function()
		assert.equal("one two\nthree", text.wrap("one two three", 8))
		assert.equal("abcdef\ngh ij", text.wrap("abcdefgh ij", 6))
		assert.equal("ëëë\nëë", text.wrap("ëëëëë", 3))
		assert.equal("", text.wrap("  ", 5))
	end)

	it("finds names as whole words only", function()
		assert.is_true(text.names("Hello ana!", "Ana"))
		assert.is_true(text.names("ana", "Ana"))
		assert.is_false(text.names("my bandana", "Ana"))
		assert.is_false(text.names("Anabel", "Ana"))
		assert.is_true(text.names("bandana, ana", "Ana"))
		assert.is_true(text.names("ПРИВЕТ, ЁЛКА", "ёлка"))
		assert.equal("да, über été ñandú ящик", text.lower("ДА, Über ÉTÉ Ñandú Ящик"))
		assert.is_true(text.names("hey Old-Tom (now)", "old-tom"))
		assert.is_false(text.names("Zoës", "Zo"))
	end)

	it("fills the listener's name in as it is", function()
		assert.equal("Hi %1.", text.fill("Hi {player}.", "%1"))
	end)
end)

describe("a reply", function()
	local reply = loadfile(folder .. "think/reply.lua")(text, loadfile(folder .. "core/util.lua")(print))
	local trade = {params = {
		type = "object",
		properties = {
			item = {type = "string", maxLength = 8}, count = {type = "integer", minimum = 1, maximum = 9},
			kind = {enum = {"buy", "sell"}}, tags = {type = "array", items = {type = "string"}, maxItems = 2},
		},
		required = {"item", "count"},
	}}

	local function about(over)
		local given = {npc_id = "n", npc_state = {id = "n"}, role = {fallback = {"Hm, {player}.", "Later."}}, player = "Ann", ms = 5,
			translate = function(line) return line end}
		for key, value in pairs(over or {}) do given[key] = value end
		return given
	end

	it("carries the cleaned words and what the daemon tells of them", function()
		local built = reply.build("done", {text = " Good\nday\27E. ", cache = "hit", model = "m", finish = "stop"}, about())
		assert.equal("Good day.", built.text)
		assert.same({false, "hit", "m", 5}, {built.fallback, built.cache, built.model, built.ms})
		assert.is_nil(built.error)
	end)

	it("falls back to the role's lines in turn", function()
		local state = {id = "n"}
		local first = reply.build("error", {code = "offline", message = "away"}, about({npc_state = state}))
		local second = reply.build("error", {code = "offline", message = "away"}, about({npc_state = state}))
		assert.is_true(first.fallback)
		assert.equal("offline: away", first.error)
		assert.equal("offline", first.code)
		assert.not_equal(first.text, second.text)
	end)

	it("takes an empty answer for none, and events of any shape", function()
		assert.equal("empty", reply.build("done", {text = " \n"}, about()).code)
		for _, event in ipairs({{}, {text = 5}, {text = {}, code = {}, message = 1, action = 7, usage = "x"}}) do
			assert.is_true(reply.build("done", event, about()).fallback)
			assert.is_true(reply.build("error", event, about()).fallback)
		end
	end)

	it("speaks the safe line of a filtered reply", function()
		local built = reply.build("error", {code = "filtered", message = "no", text = "Let us talk of else."}, about())
		assert.same({"Let us talk of else.", true, "filtered"}, {built.text, built.fallback, built.code})
	end)

	it("passes an action only if it was offered and fits its schema", function()
		local function try(action) return reply.build("done", {text = "Deal.", action = action}, about({offered = {trade = trade}})) end
		assert.same({name = "trade", params = {item = "bread", count = 3.0}}, try({name = "trade", params = {item = "bread", count = 3.0}}).action)
		for problem, action in pairs({
			["not offered"] = {name = "explode", params = {}},
			["count: missing"] = {name = "trade", params = {item = "bread"}},
			["count: want integer"] = {name = "trade", params = {item = "bread", count = 1.5}},
			["count: less than 1"] = {name = "trade", params = {item = "bread", count = 0}},
			["count: more than 9"] = {name = "trade", params = {item = "bread", count = 10}},
			["item: want string"] = {name = "trade", params = {item = 5, count = 1}},
			["item: too long"] = {name = "trade", params = {item = "breadbread", count = 1}},
			["cmd: not a parameter"] = {name = "trade", params = {item = "bread", count = 1, cmd = "rm"}},
			["kind: not one of"] = {name = "trade", params = {item = "bread", count = 1, kind = "steal"}},
			["tags: too many"] = {name = "trade", params = {item = "bread", count = 1, tags = {"a", "b", "c"}}},
			["tags[2]: want string"] = {name = "trade", params = {item = "bread", count = 1, tags = {"a", 2}}},
			["params: want an object"] = {name = "trade", params = "all"},
		}) do
			local built = try(action)
			assert.is_nil(built.action)
			assert.is_truthy(built.action_error:find(problem, 1, true), built.action_error .. " / " .. problem)
			assert.equal("Deal.", built.text)
		end
	end)
end)

describe("turns of speech", function()
	local speech, now, said, places

	local function say(npc, words, over)
		local line = {npc = npc, ms = 1000, spoken = true}
		local begun
		line.start = function(at)
			begun = at
			said[#said + 1] = words
		end
		line.step = function(at) return at - begun >= line.ms * 1000 end
		line.finish = function(was_spoken) said[#said + 1] = words .. (was_spoken and " end" or " dropped") end
		for key, value in pairs(over or {}) do line[key] = value end
		return speech.add(line, now)
	end

	local function step(seconds)
		now = now + seconds * 1e6
		speech.step(now)
	end

	before_each(function()
		now, said = 0, {}
		places = {a = {x = 0, y = 0, z = 0}, b = {x = 5, y = 0, z = 0}, far = {x = 99, y = 0, z = 0}}
		speech = loadfile(folder .. "talk/speech_queue.lua")({earshot = 10, say_queue_max = 2, say_wait_ms = 5000}, function(id)
			return places[id] ~= nil, places[id] or nil
		end, function(p, q, nodes) return math.abs(p.x - q.x) <= nodes end)
	end)

	it("are one at a time within earshot", function()
		say("a", "A1")
		say("b", "B1")
		say("far", "F1")
		step(0.1)
		assert.same({"A1", "F1"}, said)
		step(1)
		assert.same({"A1", "F1", "F1 end", "A1 end", "B1"}, said)
	end)

	it("let an answer to a player go before small talk", function()
		say("a", "now")
		step(0.1)
		say("b", "chat", {spoken = false})
		say("a", "answer")
		step(1)
		assert.equal("answer", said[3])
	end)

	it("drop the least important when one NPC has too much to say", function()
		say("a", "now")
		step(0)
		say("a", "small", {spoken = false})
		say("a", "one")
		assert.is_true(say("a", "two"))
		assert.same({"now", "small dropped"}, said)
		assert.is_false(say("a", "three"))
		assert.equal("three dropped", said[3])
	end)

	it("drop small talk that waited too long, but never an answer", function()
		say("a", "long", {ms = 9000})
		step(0)
		say("b", "chat", {spoken = false})
		say("b", "answer")
		step(6)
		assert.same({"long", "chat dropped"}, said)
		step(4)
		assert.same({"long", "chat dropped", "long end", "answer"}, said)
	end)

	it("drop the words of one who is gone, and hush ends every line once", function()
		say("b", "B")
		places.b = nil
		step(0.1)
		assert.same({"B dropped"}, said)
		said = {}
		say("a", "A")
		step(0.1)
		say("a", "A2")
		assert.is_true(speech.busy("a"))
		speech.hush("a")
		assert.is_false(speech.busy("a"))
		step(5)
		assert.same({"A", "A dropped", "A2 dropped"}, said)
	end)
end)
