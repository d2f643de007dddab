-- What players see and hear: words that type out, bodies that stand and walk, the dialog form, eggs, mutes, languages.

local Mock = require("mock_core")

local ORIGIN = {x = 0, y = 0, z = 0}
local folder = "mods/llm_agent/"
local text = loadfile(folder .. "core/text.lua")()
local quiet_hours = loadfile(folder .. "talk/quiet_hours.lua")()

local function at(x) return {x = x, y = 0, z = 0} end

describe("an utterance", function()
	local utterance, now, shown, lines

	local function new(whole, over)
		local settings = {bubble_chars = 20, read_char_ms = 100, read_base_ms = 1000}
		for key, value in pairs(over or {}) do settings[key] = value end
		now, shown, lines = 0, {}, {}
		utterance = loadfile(folder .. "talk/typewriter.lua")(settings, text).new(whole)
	end

	local function run(seconds)
		for _ = 1, math.floor(seconds / 0.05 + 0.5) do
			shown[#shown + 1] = utterance:step(now)
			lines[#lines + 1] = utterance:next_line()
			now = now + 50000
		end
	end

	it("is typed out word by word at reading pace, then stays a while", function()
		new("Good day to you.")
		run(0.05)
		assert.same({"Good"}, shown)
		run(1)
		assert.same({"Good", "Good day", "Good day to"}, shown)
		run(1)
		assert.equal("Good day to you.", shown[#shown])
		assert.is_false(utterance.over)
		assert.same({"Good day to you."}, lines)
		run(2)
		assert.is_true(utterance.over)
	end)

	it("is smooth however its chunks come: what is early waits, what is late comes when it is whole", function()
		new()
		utterance:hear("Hello the")
		run(1)
		assert.same({"Hello"}, shown)
		utterance:hear("Hello there, my good fri")
		run(0.1)
		assert.same({"Hello", "Hello there,"}, shown)
		run(5)
		assert.equal("Hello there, my good", shown[#shown])
		assert.is_false(utterance.over)
		utterance:close("Hello there, my good friend.")
		run(5)
		assert.equal("Hello there, my good friend.", shown[#shown])
		assert.same({"Hello there, my good friend."}, lines)
		assert.is_true(utterance.over)
	end)

	it("comes in parts when it is long, each to the chat when it begins", function()
		new("The first sentence. The second one is here. Third.")
		run(0.1)
		assert.same({"The first sentence."}, lines)
		run(10)
		assert.same({"The first sentence.", "The second one is here.", "Third."}, lines)
		local seen = {}
		for _, bubble in ipairs(shown) do seen[bubble] = true end
		assert.is_true(seen["The first sentence. …"])
		assert.is_true(seen["The second one is here. …"])
		assert.is_true(seen["Third."])
	end)

	it("breaks a sentence without an end, and loses no word whatever the chunks", function()
		math.randomseed(11)
		local words = {}
		for i = 1, 60 do words[i] = ("w"):rep(math.random(1, 9)) .. (math.random() < 0.15 and "." or "") end
		local whole = table.concat(words, " ")
		for _ = 1, 50 do
			new()
			local sent = 0
			while sent < #whole do
				sent = math.min(#whole, sent + math.random(1, 40))
				utterance:hear(whole:sub(1, sent))
				run(0.05 * math.random(0, 20))
			end
			utterance:close(whole)
			run(200)
			assert.is_true(utterance.over)
			assert.equal(whole, table.concat(lines, " "))
			for _, line in ipairs(lines) do assert.is_true(#line <= 30) end
		end
	end)

	it("ends with an ellipsis where the rest was lost, or turned out otherwise", function()
		new()
		utterance:hear("I was about to say")
		utterance:close(nil)
		run(5)
		assert.equal("I was about to …", lines[1])
		new()
		utterance:hear("One thing and another")
		utterance:close("Something else.")
		run(5)
		assert.equal("One thing and …", lines[1])
	end)

	it("is there at once where the pace is 0", function()
		new("Good day to you.", {read_char_ms = 0})
		run(0.05)
		assert.same({"Good day to you."}, shown)
	end)
end)

describe("rate_limit", function()
	local rate_limit
	local S = 1e6

	before_each(function()
		rate_limit = loadfile(folder .. "core/rate_limit.lua")({
			player_rate_per_min = 6, player_burst = 2, npc_rate_per_min = 60, npc_burst = 10, server_rate_per_min = 60, server_burst = 4,
		})
	end)

	it("gives a burst, then what the rate refills, for each player alone", function()
		assert.is_nil(rate_limit.take("ana", "n", 0))
		assert.is_nil(rate_limit.take("ana", "n", 0))
		assert.equal("player", rate_limit.take("ana", "n", 0))
		assert.is_nil(rate_limit.take("bram", "n", 0))
		assert.equal("player", rate_limit.take("ana", "n", 9 * S))
		assert.is_nil(rate_limit.take("ana", "n", 10 * S))
		assert.equal("player", rate_limit.exhausted("ana", "n", 10 * S))
	end)

	it("holds the whole server, and takes from no bucket when one is empty", function()
		for i = 1, 4 do assert.is_nil(rate_limit.take("p" .. i, nil, 0)) end
		for _ = 1, 5 do assert.equal("server", rate_limit.take("ana", "n", 0)) end
		assert.is_nil(rate_limit.take("ana", "n", 1 * S))
		assert.is_nil(rate_limit.take("ana", "n", 2 * S)) -- the refused ones cost Ana nothing
	end)

	it("never gives more than burst plus rate, whatever the order", function()
		math.randomseed(5)
		local given, now = 0, 0
		for _ = 1, 5000 do
			now = now + math.random(0, 400) * 1000
			if not rate_limit.take("ana", "n" .. math.random(3), now) then given = given + 1 end
		end
		assert.is_true(given <= 2 + now / (10 * S) + 1)
		assert.is_true(given >= now / (10 * S) - 1)
	end)

	it("reads quiet hours, over midnight too", function()
		local hours = quiet_hours.parse("22-6")
		for hour, quiet in pairs({[21.9] = false, [22] = true, [0] = true, [5.9] = true, [6] = false, [12] = false}) do
			assert.equal(quiet, quiet_hours.is_quiet(hours, hour / 24))
		end
		assert.is_true(quiet_hours.is_quiet(quiet_hours.parse(" 8 - 10 "), 9 / 24))
		assert.is_nil(quiet_hours.parse(""))
		for _, wrong in ipairs({"night", "22", "25-3", "22-6-8"}) do assert.is_false(quiet_hours.parse(wrong)) end
		assert.is_false(quiet_hours.is_quiet(nil, 0))
	end)
end)

describe("repeats", function()
	local repeats, memory

	before_each(function()
		repeats = loadfile(folder .. "think/repeats.lua")({repeat_lines = 2}, text)
		memory = {}
	end)

	it("are lines of nearly the same words, whoever they name", function()
		repeats.note(memory, "Good day, Ana, and mind the sparks!", "Ana", 0)
		assert.is_true(repeats.is_repeat(memory, "Good day, Bram, and mind the sparks.", "Bram", 0))
		assert.is_false(repeats.is_repeat(memory, "Good day, Bram. The iron is hot.", "Bram", 0))
		assert.is_false(repeats.is_repeat(memory, "Yes, Ana.", "Ana", 0))
	end)

	it("are forgotten after some lines and some time", function()
		repeats.note(memory, "one two three four", nil, 0)
		repeats.note(memory, "five six seven eight", nil, 0)
		repeats.note(memory, "nine ten eleven twelve", nil, 0)
		assert.is_false(repeats.is_repeat(memory, "one two three four", nil, 0))
		assert.is_true(repeats.is_repeat(memory, "five six seven eight", nil, 0))
		assert.is_false(repeats.is_repeat(memory, "five six seven eight", nil, 400e6))
	end)

	it("are told to the model, no more and no longer than the daemon takes", function()
		repeats = loadfile(folder .. "think/repeats.lua")({repeat_lines = 50}, text)
		for i = 1, 9 do repeats.note(memory, ("line number %d %s"):format(i, ("ë"):rep(300)), nil, 0) end
		local lines = repeats.lines(memory, 0)
		assert.equal(5, #lines)
		assert.equal("line number 5", lines[1]:sub(1, 13))
		for _, line in ipairs(lines) do
			assert.is_true(#line <= 400)
			assert.equal(line, text.scrub(line))
		end
	end)

	it("are suspected of a beginning only while it is the same", function()
		repeats.note(memory, "The iron is hot today.", nil, 0)
		assert.is_true(repeats.may_become(memory, "The iron", 0))
		assert.is_false(repeats.may_become(memory, "The iron was", 0))
	end)
end)

describe("the mod", function()
	local mock, door, agent, storage

	local function echo(request)
		return {{event = "done", text = ("%s hears %s"):format(request.npc.name, request.utterance or "nothing"), cache = "miss"}}
	end

	local function start(options, reply)
		options = options or {}
		options.settings = options.settings or {}
		options.settings["llm_agent.greet"] = options.settings["llm_agent.greet"] or "false"
		options.settings["llm_agent.npc_talk"] = options.settings["llm_agent.npc_talk"] or "off"
		storage = options.storage or {}
		options.storage = storage
		mock = Mock.new(options)
		door = mock:open_door(reply or echo)
		agent = mock:load_mod()
	end

	local function body(id, name, role, pos)
		local object = mock.core.add_entity(pos or ORIGIN, "llm_agent:npc", mock.core.serialize({id = id, name = name, role = role}))
		return object, agent.get_npc(id)
	end

	local function answer(number, events)
		local asked = door.asked[number]
		for _, event in ipairs(events) do
			event.id = asked.request.id
			door:event(asked.session, event)
		end
	end

	describe("streams", function()
		it("into the bubble before the reply is done, and into the chat when a part is whole", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			assert.is_true(door.asked[1].request.stream)
			answer(1, {{event = "delta", text = "Good day to"}, {event = "delta", text = " you, Rob"}})
			mock:step(0.05, 30)
			local bubble = mock.entities[2]
			assert.equal(object, bubble:get_attach())
			assert.equal("Good day to you,", bubble:get_properties().nametag)
			assert.equal(0, #mock:chat_of("Robin"))
			answer(1, {{event = "done", text = "Good day to you, Robin."}})
			mock:step(0.05, 10)
			assert.same({"<Mira> Good day to you, Robin."}, mock:chat_of("Robin"))
			mock:step(0.05, 100)
			assert.is_nil(bubble:get_pos())
			assert.equal(1, #mock:logged("text=Good day to you, Robin."))
		end)

		it("end with what was said when the daemon dies in the middle of a sentence", function()
			start(nil, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(1, {{event = "delta", text = "Good day to you, my fri"}})
			mock:step(0.05, 10)
			door:die()
			mock:step(0.05, 100)
			assert.same({"<Mira> Good day to you, my …"}, mock:chat_of("Robin"))
			assert.equal(0, #mock:logged("error"))
		end)

		it("are not begun by one who is gone, or for one who left", function()
			start(nil, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			mock:leave("Robin")
			answer(1, {{event = "delta", text = "Good day to "}, {event = "done", text = "Good day to you."}})
			mock:step(0.05, 60)
			assert.equal(0, #mock.chat)
			assert.equal(1, #mock.entities)
			assert.equal(0, #mock:logged("error"))
		end)
	end)

	it("survives a listener that takes the speaker away in the middle of its line", function()
		start()
		for _, ms in ipairs({0, 5000}) do
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.on("say", function() agent.unregister_npc("a") end)
			local ends = {}
			npc:say("Hello there.", {ms = ms, on_done = function(was_spoken) ends[#ends + 1] = was_spoken end})
			mock:step(0.05, 150)
			assert.equal(1, #ends)
		end
		assert.equal(0, #mock:logged("error"))
	end)

	it("is asked again after a question that could not even be put", function()
		start()
		local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
		mock:join("Robin", at(1))
		npc.think = function() error("broken by another mod") end
		mock:say("Robin", "hello")
		assert.equal(1, #mock:logged("broken by another mod"))
		npc.think = nil
		mock:step(2)
		mock:say("Robin", "hello")
		mock:step(0.05, 5)
		assert.equal(1, #door.asked)
	end)

	describe("does not repeat itself", function()
		it("asks once more, with the lines to avoid, then says a line of the role", function()
			local texts = {"The iron is hot today.", "The iron is hot today!", "The rain comes down.", "The iron is hot today.", "The iron is hot today."}
			local turn = 0
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}}, function()
				turn = turn + 1
				return {{event = "done", text = texts[turn]}}
			end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			for _ = 1, 3 do
				mock:say("Robin", "hello")
				mock:step(0.05, 200)
			end
			local heard = mock:chat_of("Robin")
			assert.equal("<Mira> The iron is hot today.", heard[1])
			assert.equal("<Mira> The rain comes down.", heard[2])
			assert.equal(3, #heard)
			assert.is_nil(heard[3]:find("hot today", 1, true))
			assert.equal(5, #door.asked)
			local again = door.asked[3].request
			assert.same({"The iron is hot today."}, again.avoid)
			assert.equal("off", again.cache)
			assert.is_nil(door.asked[2].request.avoid)
		end)

		it("holds streamed words back while they could become a repeat", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}}, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(1, {{event = "done", text = "The iron is hot today."}})
			mock:step(0.05, 200)
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(2, {{event = "delta", text = "The iron is "}})
			mock:step(0.05, 20)
			local bubbles = #mock.entities
			answer(2, {{event = "delta", text = "cold by now, "}})
			mock:step(0.05, 20)
			assert.equal(bubbles + 1, #mock.entities)
			assert.equal("The iron is cold by", mock.entities[#mock.entities]:get_properties().nametag:sub(1, 19))
		end)
	end)

	describe("restrains itself", function()
		it("answers no more of a player's sentences than the buckets hold, and the rest costs nothing", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0", ["llm_agent.player_burst"] = "2", ["llm_agent.player_rate_per_min"] = "1"}})
			for i = 1, 5 do agent.register_npc("n" .. i, {name = "Nib" .. i, role = "guard", pos = at(i)}) end
			mock:join("Robin", ORIGIN)
			for i = 1, 5 do
				mock:say("Robin", "hello Nib" .. i)
				mock:step(0.05, 2)
			end
			assert.equal(2, #door.asked)
		end)

		it("answers other mods' questions over the limit with a fallback line, once each", function()
			start({settings = {["llm_agent.npc_burst"] = "3", ["llm_agent.npc_rate_per_min"] = "1"}})
			local npc = agent.register_npc("n", {name = "Nib", role = "guard"})
			local codes = {}
			for _ = 1, 5 do npc:think({}, function(reply) codes[#codes + 1] = reply.code or "answered" end) end
			assert.equal(0, #codes)
			mock:step(0.05, 10)
			table.sort(codes)
			assert.same({"answered", "answered", "answered", "restrained", "restrained"}, codes)
		end)

		it("starts nothing in quiet hours, but answers", function()
			start({settings = {["llm_agent.greet"] = "true", ["llm_agent.npc_talk"] = "always", ["llm_agent.npc_talk_interval_s"] = "1",
				["llm_agent.quiet_hours"] = "22-6"}})
			mock.time_of_day = 0.99
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(2)})
			mock:join("Robin", at(1))
			mock:step(0.5, 100)
			assert.equal(0, #door.asked)
			mock:say("Robin", "hello")
			mock:step()
			assert.equal(1, #door.asked)
			mock.time_of_day = 0.5
			mock:step(0.5, 20)
			assert.is_true(#door.asked > 1)
		end)

		it("asks with an urgency that distance and sight decide", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			local robin = mock:join("Robin", at(3))
			local function urgency(opts)
				npc:think(opts, function() end)
				mock:step()
				return door.asked[#door.asked].request.priority
			end
			assert.equal("spoken", urgency({player = "Robin"}))
			mock.blind = true
			assert.equal("ambient", urgency({player = "Robin"}))
			mock.blind = false
			robin:set_pos(at(30))
			assert.equal("ambient", urgency({player = "Robin"}))
			assert.equal("background", urgency({}))
			robin:set_pos(at(3))
			assert.equal("ambient", urgency({}))
			assert.equal("background", urgency({player = "Robin", priority = "background"}))
		end)

		it("leaves a player alone who has muted NPCs, or one of them, also after a restart", function()
			start({settings = {["llm_agent.greet"] = "true", ["llm_agent.player_cooldown_s"] = "0"}})
			local kept = storage
			for _ = 1, 2 do
				agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
				mock:join("Robin", at(1))
				mock:join("Will", at(2))
				assert.is_true((mock:command("Robin", "mute")))
				mock:say("Robin", "hello")
				mock:step(0.05, 40)
				agent.get_npc("a"):say("Hear me.")
				mock:step(0.05, 100)
				assert.same({}, mock:chat_of("Robin"))
				assert.is_true(#mock:chat_of("Will") > 0)
				start({storage = kept})
			end
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "guard", pos = at(2)})
			mock:join("Robin", at(1))
			mock:command("Robin", "unmute")
			mock:command("Robin", "mute ann")
			mock:say("Robin", "hello")
			mock:step(0.05, 60)
			assert.same({"<Bram> Bram hears hello"}, mock:chat_of("Robin"))
			assert.is_false((mock:command("Robin", "mute Nobody")))
		end)

		it("asks the engine where somebody is only of those who may be near, though many players may be greeted", function()
			start({settings = {["llm_agent.greet"] = "true"}})
			local looks = 0
			for i = 1, 40 do
				local object = body("n" .. i, "Nib" .. i, "guard", at(1000 + i))
				local get_pos = object.get_pos
				object.get_pos = function(self)
					looks = looks + 1
					return get_pos(self)
				end
			end
			for i = 1, 10 do mock:join("Robin" .. i, at(i)) end
			mock:step(0.05, 10)
			looks = 0
			mock:step(0.05, 20) -- a second: each place is refreshed three times at most, and the bodies look around
			assert.is_true(looks < 40 * 8, looks .. " looks at a position")
		end)

		it("does nothing at all where the setting says so, until /llm on", function()
			start({settings = {["llm_agent.enabled"] = "false", ["llm_agent.greet"] = "true"}})
			mock.privs.Robin = {llm_admin = true}
			body("a", "Ann", "guard")
			mock:join("Robin", at(1))
			mock:say("Robin", "hello")
			mock:command("Robin", "doctor")
			mock:step(0.5, 100)
			assert.equal(0, #mock.fetches)
			mock:command("Robin", "on")
			mock:say("Robin", "hello")
			mock:step(0.5, 10)
			assert.is_true(#mock.fetches > 0)
		end)
	end)

	describe("hears", function()
		it("several who are named, or all, each answering in turn and no more than the setting says", function()
			start({settings = {
				["llm_agent.player_cooldown_s"] = "0", ["llm_agent.group_answers_max"] = "2", ["llm_agent.group_depth_max"] = "0",
			}})
			for i, name in ipairs({"Ann", "Bram", "Cleo"}) do agent.register_npc(name, {name = name, role = "guard", pos = at(i)}) end
			mock:join("Robin", ORIGIN)
			local function asked_by(message)
				local before, ids = #door.asked, {}
				mock:say("Robin", message)
				mock:step(0.05, 300)
				for i = before + 1, #door.asked do ids[#ids + 1] = door.asked[i].request.npc.id end
				table.sort(ids)
				return table.concat(ids, " ")
			end
			assert.equal("Bram Cleo", asked_by("Cleo and Bram, listen"))
			assert.equal("Ann Bram", asked_by("hello everybody"))
			assert.equal("Ann", asked_by("hello"))
			local heard = mock:chat_of("Robin")
			assert.equal(5, #heard)
		end)

		it("goes on with whom it talked to last, while that one is near", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}})
			agent.register_npc("a", {name = "Ann of the Hill", role = "guard", pos = at(1)})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(4)})
			local robin = mock:join("Robin", ORIGIN)
			local function asked_by(message)
				mock:say("Robin", message)
				mock:step(0.05, 200)
				return door.asked[#door.asked].request.npc.id
			end
			assert.equal("a", asked_by("hello"))
			assert.equal("b", asked_by("bram, a word"))
			assert.equal("b", asked_by("and then?"))
			assert.equal("a", asked_by("what do you say, Ann?"))
			asked_by("bram")
			mock:step(1, 40)
			assert.equal("a", asked_by("hello"))
			asked_by("bram")
			robin:set_pos(at(-8))
			assert.equal("a", asked_by("hello"))
		end)

		it("a private word that nobody else hears, and only in earshot", function()
			start()
			body("a", "Old Ann", "guard")
			mock:join("Robin", at(1))
			mock:join("Will", at(2))
			assert.is_true((mock:command("Robin", "talk old ann how are you?")))
			mock:step(0.05, 40)
			assert.same({"<Old Ann> Old Ann hears how are you?"}, mock:chat_of("Robin"))
			assert.same({}, mock:chat_of("Will"))
			assert.equal(1, #mock.entities) -- no bubble
			mock.players.Robin:set_pos(at(40))
			assert.is_false((mock:command("Robin", "talk old ann how are you?")))
		end)
	end)

	describe("a body", function()
		local GROUND = {x = 0, y = -0.5, z = 0} -- nodes below 0 are stone

		it("walks about its home while nobody talks with it, and never far", function()
			start({settings = {["llm_agent.wander_radius"] = "3"}})
			math.randomseed(3)
			local object = body("m", "Mira", "smith", GROUND)
			local moved, farthest = false, 0
			for _ = 1, 4000 do
				mock:step(0.1)
				local pos = object:get_pos()
				farthest = math.max(farthest, math.sqrt(pos.x ^ 2 + pos.z ^ 2))
				moved = moved or farthest > 1
			end
			assert.is_true(moved)
			assert.is_true(farthest < 4.5, farthest)
		end)

		it("walks into no wall, water or hole, and not out of the loaded world", function()
			for _, obstacle in ipairs({"wall", "pool", "hole", "unloaded"}) do
				start({settings = {["llm_agent.wander_radius"] = "20"}})
				math.randomseed(4)
				for a = -3, 3 do
					for _, edge in ipairs({{a, -3}, {a, 3}, {-3, a}, {3, a}}) do
						local function put(y, name) mock.ground[("%d,%d,%d"):format(edge[1], y, edge[2])] = name end
						if obstacle == "wall" then
							put(0, "stone")
							put(1, "stone")
						elseif obstacle == "pool" then
							put(0, "pool")
						elseif obstacle == "hole" then
							for y = -5, -1 do put(y, "air") end
						else
							for y = -5, 5 do put(y, false) end
						end
					end
				end
				local object = body("m", "Mira", "smith", GROUND)
				for _ = 1, 3000 do
					mock:step(0.1)
					local pos = object:get_pos()
					assert.is_true(math.abs(pos.x) < 2.6 and math.abs(pos.z) < 2.6, obstacle)
				end
			end
		end)

		it("stands still and turns along while it talks, then goes on", function()
			start(nil, function() return {} end)
			math.randomseed(5)
			local object = body("m", "Mira", "smith", GROUND)
			local robin = mock:join("Robin", at(3))
			for _ = 1, 600 do
				mock:step(0.1)
				if object:get_velocity().x ~= 0 then break end
			end
			assert.not_equal(0, object:get_velocity().x)
			mock:say("Robin", "hello")
			local pos = object:get_pos()
			mock:step(0.1, 30)
			assert.same(pos, object:get_pos())
			robin:set_pos({x = pos.x, y = 0, z = pos.z + 3})
			mock:step(0.1, 10)
			assert.is_true(math.abs(object:get_yaw()) < 0.01)
			answer(1, {{event = "done", text = "Good day."}})
			local stood = true
			for _ = 1, 600 do
				mock:step(0.1)
				local here = object:get_pos()
				stood = stood and here.x == pos.x and here.z == pos.z
			end
			assert.is_false(stood)
		end)

		it("stays where it is told to, and remembers its home", function()
			start({settings = {["llm_agent.wander"] = "false"}})
			local object = body("m", "Mira", "smith", at(5))
			mock:step(0.1, 1000)
			assert.equal(5, object:get_pos().x)
			object:set_pos(at(9))
			local saved = object:unload()
			start()
			mock.core.add_entity(at(9), "llm_agent:npc", saved)
			assert.equal(5, agent.get_npc("m").home.x)
		end)

		it("of a child is smaller, with and without the player model", function()
			for _, player_api in ipairs({true, false}) do
				start({player_api = player_api})
				local child, smith = body("c", "Ida", "child", GROUND), body("s", "Mira", "smith", GROUND)
				local function height(object)
					local box = object:get_properties().selectionbox
					return box[5] - box[2]
				end
				assert.is_true(height(child) < 0.75 * height(smith))
				assert.is_true(child:get_properties().visual_size.y < 0.75 * smith:get_properties().visual_size.y)
			end
		end)

		it("of another mod is held while its mind talks, and let go after", function()
			start(nil, function() return {} end)
			mock.core.register_entity("other:mob", {initial_properties = {}})
			local object = mock.core.add_entity(ORIGIN, "other:mob")
			local npc = agent.register_npc("o", {name = "Odo", role = "guard", object = object})
			local held = {}
			npc.hold = function(_, on) held[#held + 1] = on end
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.1, 20)
			assert.same({true}, held)
			answer(1, {{event = "done", text = "Good day."}})
			mock:step(0.1, 200)
			assert.same({true, false}, held)
		end)
	end)

	describe("the dialog", function()
		local FORM = "llm_agent:dialog"

		local function click(object)
			object.entity:on_rightclick(mock.players.Robin)
		end

		local function send(fields)
			mock:submit("Robin", FORM, fields)
		end

		local function spec() return mock.forms.Robin and mock.forms.Robin.spec end

		local function shows(words)
			return spec():find(mock.core.formspec_escape(words), 1, true) ~= nil
		end

		it("opens with the role's greeting, asks, shows that the NPC thinks and then its answer, in private", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "priest")
			mock:join("Robin", at(2))
			mock:join("Will", at(3))
			click(object)
			assert.equal(FORM, mock.forms.Robin.name)
			assert.is_true(shows("Mira: Peace be with you, Robin.") or shows("Mira: Welcome to the shrine, Robin."))
			send({words = "What [is]; new,\\ here?", key_enter_field = "words"})
			assert.is_true(shows("Robin: What [is]; new,\\ here?"))
			assert.is_true(shows("Mira is thinking …"))
			mock:step()
			assert.equal("What [is]; new,\\ here?", door.asked[1].request.utterance)
			answer(1, {{event = "done", text = "Nothing, [my] friend; truly."}})
			mock:step(0.05, 3)
			assert.is_true(shows("Mira: Nothing, [my] friend; truly."))
			assert.is_false(shows("Mira is thinking …"))
			assert.same({}, mock:chat_of("Will"))
			assert.equal(0, #mock:logged("error"))
		end)

		it("has quick replies of the role and of everybody", function()
			start()
			agent.register_role("ferryman", {persona = "A ferryman rows.", quick = {"Take me over, {player}."}})
			local object = body("f", "Fen", "ferryman")
			mock:join("Robin", at(2))
			click(object)
			assert.is_true(shows("Take me over, Fen."))
			send({quick_1 = "x"})
			mock:step()
			assert.equal("Take me over, Fen.", door.asked[1].request.utterance)
			send({quick_9 = "x", say = "x", words = "   "})
			mock:step()
			assert.equal(1, #door.asked)
		end)

		it("keeps what was said before, in chat too, until the player leaves", function()
			start()
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello you")
			mock:step(0.05, 5)
			click(object)
			assert.is_true(shows("Robin: hello you"))
			assert.is_true(shows("Mira: Mira hears hello you"))
			mock:leave("Robin")
			mock:join("Robin", at(2))
			click(object)
			assert.is_false(shows("Robin: hello you"))
		end)

		it("shows the role in the client's language, and tells the model in English", function()
			start({translations = {["de: the healer"] = "Heilerin", ["de: @1, @2"] = "@2 @1"}})
			local object = body("m", "Mira", "healer", at(1))
			body("b", "Bram", "smith", at(2))
			mock:join("Robin", at(2))
			click(object)
			local function seen(words) return mock.core.get_translated_string("de", words) end
			assert.is_truthy(seen(spec()):find("label%[[%d.,]+;Heilerin%]"))
			assert.equal("Heilerin Mira", seen(object:get_properties().infotext))
			agent.get_npc("b"):think({player = "Robin"}, function() end)
			mock:step()
			assert.is_truthy(table.concat(door.asked[1].request.context.near, ","):find("Mira the healer", 1, true))
		end)

		it("has its remarks in the client's language, wrapped as what they are there", function()
			local remark = "(NPCs are switched off on this server.)"
			local long = ("(aus und "):rep(8) .. "aus)"
			for language, shown in pairs({de = long:sub(1, 62), fr = remark, [""] = remark}) do
				start({translations = {["de: " .. remark] = long}, client_languages = {Robin = language}})
				mock.privs.Robin = {llm_admin = true}
				local object = body("m", "Mira", "healer", at(1))
				mock:join("Robin", at(2))
				mock:command("Robin", "off")
				click(object)
				assert.is_truthy(spec():find("#aaaaaa," .. shown .. ",#aaaaaa,", 1, true), spec())
			end
		end)

		it("does not come back after it was closed, and survives an NPC that goes while it thinks", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			click(object)
			send({words = "hello", say = "x"})
			mock:step()
			mock.forms.Robin = nil
			send({quit = "true"})
			answer(1, {{event = "done", text = "Late."}})
			mock:step(0.05, 3)
			assert.is_nil(mock.forms.Robin)
			click(object)
			assert.is_true(shows("Mira: Late."))
			send({words = "and now?", say = "x"})
			mock:step()
			object:remove()
			mock:step(0.05, 3)
			assert.is_true(shows("not here"))
			send({words = "still there?", say = "x"})
			assert.is_true(#mock:chat_of("Robin") > 0)
			assert.equal(0, #mock:logged("error"))
		end)

		it("ignores forms that nobody opened, and speech while one is thought about", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			send({words = "hello", say = "x"})
			mock:step()
			assert.equal(0, #door.asked)
			click(object)
			send({words = "one", say = "x"})
			send({words = "two", say = "x"})
			mock:step()
			assert.equal(1, #door.asked)
		end)
	end)

	describe("the spawn egg", function()
		local function use(name, pos)
			local egg = mock.core.registered_items["llm_agent:spawn_egg"]
			egg.on_place(mock.players[name]:get_wielded_item(), mock.players[name],
				{type = "node", under = {x = pos.x, y = -1, z = pos.z}, above = pos})
		end

		it("asks for role and name, and is used up", function()
			start()
			mock.privs.Robin = {llm_admin = true}
			local robin = mock:join("Robin", at(2), "llm_agent:spawn_egg")
			use("Robin", at(4))
			assert.equal("llm_agent:egg", mock.forms.Robin.name)
			local roles = mock.forms.Robin.spec:match("textlist%[[^%]]*;role;([^;]*);")
			local index = 0
			for role in roles:gmatch("[^,]+") do
				index = index + 1
				if role == "the smith" then break end
			end
			mock:submit("Robin", "llm_agent:egg", {role = "CHG:" .. index, name = "Wilma"})
			assert.is_truthy(mock.forms.Robin.spec:find("llm_agent_smith_front.png", 1, true))
			assert.is_truthy(mock.forms.Robin.spec:find("Wilma", 1, true))
			mock:submit("Robin", "llm_agent:egg", {spawn = "x", name = "Wilma"})
			local object = mock.entities[1]
			assert.same({x = 4, y = -0.5, z = 0}, object:get_pos())
			assert.equal("Wilma", object:get_properties().nametag)
			assert.is_true(robin:get_wielded_item():is_empty())
			mock:submit("Robin", "llm_agent:egg", {spawn = "x", name = "Wilma"})
			assert.equal(1, #mock.entities)
		end)

		it("does nothing without the privilege, also when it was lost meanwhile", function()
			start()
			mock:join("Robin", at(2), "llm_agent:spawn_egg")
			use("Robin", at(4))
			assert.is_nil(mock.forms.Robin)
			mock.privs.Robin = {llm_admin = true}
			use("Robin", at(4))
			mock.privs.Robin = {}
			mock:submit("Robin", "llm_agent:egg", {spawn = "x"})
			assert.equal(0, #mock.entities)
			assert.equal(2, #mock:chat_of("Robin"))
		end)
	end)

	describe("/llm", function()
		it("removes an NPC for good, the nearest or a named one, but none of other mods", function()
			start()
			mock.privs.Robin = {llm_admin = true}
			body("a", "Ann", "guard", at(1))
			body("b", "Bram", "smith", at(3))
			agent.register_npc("c", {name = "Cleo", role = "elder", pos = at(2)})
			mock:join("Robin", ORIGIN)
			assert.is_true((mock:command("Robin", "remove")))
			assert.is_nil(agent.get_npc("a"))
			assert.is_true((mock:command("Robin", "remove bram")))
			assert.is_nil(agent.get_npc("b"))
			assert.is_false((mock:command("Robin", "remove Cleo")))
			mock.core.register_entity("other:mob", {initial_properties = {}})
			local mob = mock.core.add_entity(at(1), "other:mob")
			agent.attach(mob, {role = "guard", name = "Odo"})
			assert.is_false((mock:command("Robin", "remove Odo")))
			assert.is_not_nil(mob:get_pos())
			assert.is_not_nil(agent.get_npc("c"))
			assert.is_false((mock:command("Robin", "remove Nobody")))
		end)

		it("lang chooses the language of NPCs for one player, kept over a restart", function()
			start({settings = {["llm_agent.language"] = "de"}})
			local kept = storage
			for _, code in ipairs({"deutsch!", "x", "../de"}) do assert.is_false((mock:command("Robin", "lang " .. code))) end
			assert.is_true((mock:command("Robin", "lang fr")))
			start({settings = {["llm_agent.language"] = "de"}, storage = kept})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(1))
			mock:join("Will", at(1))
			local npc = agent.get_npc("a")
			for i, case in ipairs({{"Robin", "fr"}, {"Will", "de"}, {"Robin", "es", "es"}}) do
				npc:think({player = case[1], lang = case[3]}, function() end)
				mock:step()
				assert.equal(case[2], door.asked[i].request.lang)
			end
			mock:command("Robin", "lang default")
			npc:think({player = "Robin"}, function() end)
			mock:step()
			assert.equal("de", door.asked[4].request.lang)
		end)

		it("lang reaches fallback lines and greetings", function()
			start({translations = {["de: Move along, {player}."] = "Weitergehen, {player}."}})
			agent.register_role("sentry", {persona = "A sentry.", fallback = {"Move along, {player}."}})
			local npc = agent.register_npc("a", {name = "Ann", role = "sentry"})
			mock:command("Robin", "lang de")
			door:die()
			local heard
			npc:think({player = "Robin"}, function(reply) heard = reply.text end)
			mock:step(0.05, 5)
			assert.equal("Weitergehen, Robin.", heard)
		end)

		it("lang of a region falls back to the language, and what has no translation stays as it is", function()
			start({translations = {["de: Move along, {player}."] = "Weitergehen, {player}.", ["de: traveller"] = "Wanderer"}})
			agent.register_role("sentry", {persona = "A sentry.", fallback = {"Move along, {player}."}})
			agent.register_role("sphinx", {persona = "A sphinx.", fallback = {"Riddle me @ this."}})
			local sentry = agent.register_npc("a", {name = "Ann", role = "sentry"})
			local sphinx = agent.register_npc("s", {name = "Sph", role = "sphinx"})
			door:die()
			local heard = {}
			for _, case in ipairs({{sentry, "de_AT"}, {sentry, "12"}, {sphinx, "de"}}) do
				case[1]:think({lang = case[2]}, function(reply) heard[#heard + 1] = reply.text end)
				mock:step(0.05, 5)
			end
			assert.same({"Weitergehen, Wanderer.", "Move along, traveller.", "Riddle me @ this."}, heard)
		end)
	end)
end)
