-- The whole mod in a game stepped by hand: API, facts, bodies, talk, commands, with a door that answers or is gone.

local Mock = require("mock_core")

local ORIGIN = {x = 0, y = 0, z = 0}

local function at(x) return {x = x, y = 0, z = 0} end

describe("the mod", function()
	local mock, door, agent

	local function echo(request)
		return {{event = "done", text = ("%s hears %s"):format(request.npc.name, request.utterance or "nothing"), cache = "miss", model = "m"}}
	end

	local function start(options, reply)
		mock = Mock.new(options)
		door = mock:open_door(reply or echo)
		agent = mock:load_mod()
		return agent
	end

	local function think(npc, opts)
		local replies = {}
		npc:think(opts, function(reply) replies[#replies + 1] = reply end)
		return replies
	end

	local function fails(words, fn)
		local ok, message = pcall(fn)
		assert.is_false(ok)
		assert.is_truthy(message:find(words, 1, true), message)
		assert.is_truthy(message:find("mod_game_spec.lua", 1, true), "blames another line: " .. message)
	end

	describe("its API", function()
		it("is one global, and HTTP is in no table that others can reach", function()
			local before, game = {}, {core = true, ItemStack = true}
			for key in pairs(_G) do before[key] = true end
			start()
			for key in pairs(_G) do assert.is_truthy(before[key] or key == "llm_agent" or game[key], "global " .. key) end
			local seen = {}
			local function search(value)
				if type(value) ~= "table" or seen[value] then return end
				seen[value] = true
				for key, item in pairs(value) do
					assert.is_false(tostring(key):find("fetch") ~= nil, "HTTP is reachable")
					search(item)
				end
			end
			search(agent)
			search(agent.register_npc("a", {name = "Ann", role = "guard"}))
		end)

		it("asks the daemon in the shape of the contract", function()
			start({settings = {["llm_agent.place_name"] = "Oakford"}})
			mock.time_of_day = 0.8
			mock:join("Robin", at(2), "default:sword_steel")
			mock.core.registered_items["default:sword_steel"] = {description = "Steel Sword\nDamage: 6"}
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", mood = "calm", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(3)})
			agent.register_npc("c", {name = "Cleo", role = "elder", pos = at(30)})
			npc:set_context({weather = "rain", stock = {bread = 3}, nan = 0 / 0, fn = print, empty = {}})
			think(npc, {player = "Robin", utterance = "Hello\27E\n there", priority = "spoken", context = {memory = "owes 3 coins"}})
			mock:step()
			local request = door.asked[1].request
			request.id = nil
			assert.same({
				op = "think", priority = "spoken", deadline_ms = 8000, player = "Robin", utterance = "Hello there",
				npc = {id = "a", name = "Ann", role = "guard", mood = "calm", pos = {0, 0, 0}},
				context = {
					time = "evening", place = "Oakford", weather = "rain", near = {"Bram the smith"}, held = "steel sword",
					stock = {bread = 3}, memory = "owes 3 coins",
				},
			}, request)
		end)

		it("gives the callback its reply once, and tells listeners", function()
			start()
			local told = {}
			agent.on("reply", function(npc, reply) told[#told + 1] = npc.id .. ": " .. reply.text end)
			agent.on("error", function() told[#told + 1] = "error" end)
			local replies = think(agent.register_npc("a", {name = "Ann", role = "guard"}), {utterance = "hi"})
			assert.equal(0, #replies)
			mock:step(0.05, 200)
			assert.equal(1, #replies)
			assert.same({"Ann hears hi", false, "miss", "a"}, {replies[1].text, replies[1].fallback, replies[1].cache, replies[1].npc})
			assert.same({"a: Ann hears hi"}, told)
		end)

		it("gives the role's fallback line when the daemon is gone, and recovers", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard"})
			local told = {}
			for _, event in ipairs({"offline", "online", "error"}) do
				agent.on(event, function() told[#told + 1] = event end)
			end
			door:die()
			local replies = think(npc, {player = "Robin", utterance = "hi"})
			mock:step(0.05, 5)
			assert.equal(1, #replies)
			assert.is_true(replies[1].fallback)
			assert.is_truthy(replies[1].error)
			assert.not_equal("", replies[1].text)
			door:rise()
			mock:step(0.05, 40)
			replies = think(npc, {utterance = "again"})
			mock:step(0.05, 3)
			assert.equal("Ann hears again", replies[1].text)
			assert.same({"offline", "error", "online"}, told)
		end)

		it("loads without HTTP, says the line to add once, and still answers everybody", function()
			start({http = false, settings = {["secure.http_mods"] = "irc, webchat"}})
			assert.equal(1, #mock:logged("secure.http_mods = irc,webchat,llm_agent"))
			local replies = think(agent.register_npc("a", {name = "Ann", role = "guard"}), {})
			mock:step(0.05, 100)
			assert.same({true, "no_http"}, {replies[1].fallback, replies[1].code})
			assert.equal(1, #mock:logged("warning"))
			start({curl = false})
			assert.equal(1, #mock:logged("cURL"))
		end)

		it("answers what was asked of an NPC that is unregistered, or when the server goes down", function()
			start(nil, function() return {} end)
			local gone = think(agent.register_npc("a", {name = "Ann", role = "guard"}), {})
			local open = think(agent.register_npc("b", {name = "Bram", role = "smith"}), {})
			mock:step()
			assert.is_true(agent.unregister_npc("a"))
			assert.is_false(agent.unregister_npc("a"))
			assert.is_nil(agent.get_npc("a"))
			mock:step(0.05, 2)
			assert.equal("cancelled", gone[1].code)
			assert.equal(1, #door.cancelled)
			mock:shutdown()
			assert.equal("shutdown", open[1].code)
		end)

		it("streams, when asked to", function()
			start(nil, function()
				return {{event = "delta", text = "Hel"}, {event = "delta", text = "lo"}, {event = "done", text = "Hello"}}
			end)
			local heard = {}
			agent.register_npc("a", {name = "Ann", role = "guard"}):think({on_delta = function(new, all) heard[#heard + 1] = new .. "|" .. all end},
				function() end)
			mock:step(0.05, 3)
			assert.same({"Hel|Hel", "lo|Hello"}, heard)
			assert.is_true(door.asked[1].request.stream)
		end)

		it("hands allowed actions over and runs the one that comes back, if it fits", function()
			local chosen = {name = "open_gate", params = {side = "north"}}
			start(nil, function() return {{event = "done", text = "So be it.", action = chosen}} end)
			local ran, told = {}, {}
			agent.register_action("open_gate", {
				description = "opens the gate", roles = {"guard"},
				params = {type = "object", properties = {side = {enum = {"north", "south"}}}, required = {"side"}},
				run = function(npc, player, params)
					ran[#ran + 1] = npc.id .. player .. params.side
					return true, "open"
				end,
			})
			agent.register_action("rob", {run = function() error("never") end})
			agent.on("action", function(_, _, name, _, ok, message) told[#told + 1] = {name, ok, message} end)
			local guard = agent.register_npc("a", {name = "Ann", role = "guard"})
			local replies = think(guard, {player = "Robin", intent = "gesture"})
			mock:step(0.05, 3)
			assert.same({"aRobinnorth"}, ran)
			assert.same({{"open_gate", true, "open"}}, told)
			assert.is_true(replies[1].action.ok)
			assert.equal(1, #door.asked[1].request.actions)
			assert.equal("open_gate", door.asked[1].request.actions[1].name)
			for _, wrong in ipairs({{name = "open_gate", params = {side = "up"}}, {name = "rob"}, {name = "rm -rf"}}) do
				chosen = wrong
				replies = think(guard, {player = "Robin", intent = "gesture"})
				mock:step(0.05, 3)
				assert.is_nil(replies[1].action)
				assert.equal("So be it.", replies[1].text)
			end
			chosen = {name = "open_gate", params = {side = "south"}}
			replies = think(agent.register_npc("b", {name = "Bram", role = "smith"}), {player = "Robin", intent = "gesture"})
			mock:step(0.05, 3)
			assert.is_nil(replies[1].action)
			assert.equal(1, #ran)
		end)

		it("keeps going when an action fails", function()
			start(nil, function() return {{event = "done", text = "Hm.", action = {name = "fall"}}} end)
			agent.register_action("fall", {run = function() error("ouch") end})
			local replies = think(agent.register_npc("a", {name = "Ann", role = "guard", actions = {"fall"}}), {intent = "gesture"})
			mock:step(0.05, 3)
			assert.is_false(replies[1].action.ok)
			assert.equal(1, #mock:logged("ouch"))
		end)

		it("sends a custom role's persona along with the NPC's", function()
			start()
			agent.register_role("ferryman", {persona = "A ferryman rows.", fallback = {"Row, row."}})
			think(agent.register_npc("f", {name = "Fen", role = "ferryman", persona = "Fen is old."}), {})
			mock:step()
			assert.equal("A ferryman rows. Fen is old.", door.asked[1].request.npc.persona)
		end)

		it("blames the caller's line for wrong arguments, with field and cure", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard"})
			local nop = function() end
			fails("ferryman: persona: missing", function() agent.register_role("ferryman", {}) end)
			fails("name: want lower-case", function() agent.register_role("Ferry Man", {}) end)
			fails("unknown field greetings; known: actions, courage, fallback, greeting", function() agent.register_role("guard", {greetings = {"x"}}) end)
			fails("fallback: want a list with at least one line", function() agent.register_role("guard", {fallback = {}}) end)
			fails("role: unknown role gard", function() agent.register_npc("b", {name = "B", role = "gard"}) end)
			fails("exists already", function() agent.register_npc("a", {name = "B", role = "guard"}) end)
			fails("name: missing", function() agent.register_npc("b", {role = "guard"}) end)
			fails("pos: want a position", function() agent.register_npc("b", {name = "B", role = "guard", pos = "here"}) end)
			fails("id: want a text", function() agent.register_npc(nil, {}) end)
			fails("run: want a function", function() agent.register_action("x", {}) end)
			fails("callback: want a function", function() npc:think({}) end)
			fails("intent: want one of dialogue, gesture", function() npc:think({intent = "war"}, nop) end)
			fails("unknown field text", function() npc:think({text = "x"}, nop) end)
			fails("text: want a text", function() npc:say(nil) end)
			fails("want a table", function() npc:set_context("x") end)
			fails("unknown event", function() agent.on("replay", nop) end)
		end)

		it("ships fourteen roles with greetings and at least four fallback lines, each with a skin", function()
			start()
			local file = assert(io.open("mods/llm_agent/roles/shipped.lua"))
			local source = file:read("*a")
			file:close()
			local count = 0
			for role, greeting, fallback in source:gmatch("\n\t([a-z]+) = {\n\t\tgreeting = (%b{}),\n\t\tfallback = (%b{})") do
				count = count + 1
				assert.is_truthy(greeting:find('"'))
				local _, quotes = fallback:gsub('"', "")
				assert.is_true(quotes >= 8, role)
				for _, kind in ipairs({"", "_front"}) do
					assert(io.open(("mods/llm_agent/textures/llm_agent_%s%s.png"):format(role, kind))):close()
				end
				agent.register_npc(role, {name = role, role = role})
			end
			assert.equal(14, count)
		end)
	end)

	describe("facts", function()
		it("name the parts of the day", function()
			start()
			local names = {}
			for _, time in ipairs({0, 0.21, 0.3, 0.5, 0.6, 0.78, 0.9, 1}) do
				mock.time_of_day = time
				think(agent.register_npc("t" .. time, {name = "Ann", role = "guard"}), {})
				mock:step()
				names[#names + 1] = door.asked[#door.asked].request.context.time
			end
			assert.same({"night", "dawn", "morning", "noon", "afternoon", "evening", "night", "night"}, names)
		end)

		it("are at most three neighbours, without the one spoken to, and never a position", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			for i, name in ipairs({"Bram", "Cleo", "Dirk", "Edda"}) do agent.register_npc(name, {name = name, role = "smith", pos = at(i)}) end
			mock:join("Robin", at(0.5))
			mock:join("Will", at(1.5))
			think(npc, {player = "Robin"})
			mock:step()
			assert.same({"Bram the smith", "Cleo the smith", "Will"}, door.asked[1].request.context.near)
		end)

		it("tell of wounds only where there are some", function()
			start()
			local object = mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "a", name = "Ann", role = "guard"}))
			local npc = agent.get_npc("a")
			for _, case in ipairs({{20}, {12, "hurt"}, {3, "badly hurt"}}) do
				object:set_hp(case[1])
				think(npc, {})
				mock:step()
				assert.equal(case[2], door.asked[#door.asked].request.context.health)
			end
		end)
	end)

	describe("talk", function()
		it("goes from the nearest NPC to the players in earshot", function()
			start()
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(6)})
			mock:join("Robin", at(2))
			mock:join("Will", at(9))
			mock:join("Far", at(50))
			assert.is_false(mock:say("Robin", "hello you"))
			mock:step(0.05, 5)
			assert.same({"<Ann> Ann hears hello you"}, mock:chat_of("Robin"))
			assert.equal(1, #mock:chat_of("Will"))
			assert.equal(0, #mock:chat_of("Far"))
			assert.equal(1, #mock:logged("say npc=a name=Ann role=guard fallback=false cache=miss ms="))
		end)

		it("goes to the NPC that is named, by its whole name", function()
			start()
			agent.register_npc("a", {name = "Ana", role = "guard", pos = at(5)})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(1)})
			mock:join("Robin", ORIGIN)
			mock:say("Robin", "Ana, come")
			mock:step(2)
			mock:say("Robin", "nice bandana")
			mock:step(0.05, 100)
			assert.equal("a", door.asked[1].request.npc.id)
			assert.equal("b", door.asked[2].request.npc.id)
		end)

		it("leaves words between players alone, and those said too fast", function()
			start({settings = {["llm_agent.greet"] = "false"}})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(1))
			mock:join("Will", at(2))
			mock:say("Robin", "Will, look")
			mock:say("Robin", "/me waves")
			mock:say("Robin", "  ")
			mock:step()
			assert.equal(0, #door.asked)
			mock:say("Robin", "one")
			mock:say("Robin", "two")
			mock:step()
			assert.equal(1, #door.asked)
		end)

		it("is answered one at a time; what is said meanwhile comes after, the latest only", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}}, function() return {} end)
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(6))
			for _, words in ipairs({"one", "two", "three"}) do
				mock:say("Robin", words)
				mock:step()
			end
			assert.equal(1, #door.asked)
			door:event(door.asked[1].session, {id = door.asked[1].request.id, event = "done", text = "yes"})
			mock:step(0.05, 3)
			assert.equal(2, #door.asked)
			assert.equal("three", door.asked[2].request.utterance)
		end)

		it("does not follow a player who left", function()
			start(nil, function() return {} end)
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			mock:join("Robin", at(1))
			mock:say("Robin", "hello")
			mock:step()
			mock:leave("Robin")
			door:event(door.asked[1].session, {id = door.asked[1].request.id, event = "done", text = "bye"})
			mock:step(0.05, 60)
			assert.equal(0, #mock.chat)
			assert.equal(0, #mock:logged("error"))
		end)

		it("greets who comes near once in a while, in the role's own words when the daemon is away", function()
			start({settings = {["llm_agent.greet_cooldown_s"] = "60"}})
			door:die()
			agent.register_npc("a", {name = "Ann", role = "priest", pos = ORIGIN})
			local robin = mock:join("Robin", at(30))
			mock:step(0.5, 10)
			assert.equal(0, #mock:chat_of("Robin"))
			robin:set_pos(at(3))
			mock:step(0.5, 60)
			local heard = mock:chat_of("Robin")
			assert.equal(1, #heard)
			assert.is_truthy(heard[1] == "<Ann> Peace be with you, Robin." or heard[1] == "<Ann> Welcome to the shrine, Robin.", heard[1])
			mock:step(0.5, 80)
			assert.equal(2, #mock:chat_of("Robin"))
		end)
	end)

	describe("NPCs among themselves", function()
		local function village(mode, extra)
			local settings = {
				["llm_agent.npc_talk"] = mode, ["llm_agent.npc_talk_interval_s"] = "5", ["llm_agent.npc_talk_chain_max"] = "3",
				["llm_agent.greet"] = "false", ["llm_agent.repeat_lines"] = "0",
			}
			for key, value in pairs(extra or {}) do settings[key] = value end
			start({settings = settings})
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			agent.register_npc("b", {name = "Bram", role = "smith", pos = at(5)})
			agent.register_npc("c", {name = "Cleo", role = "elder", pos = at(90)})
		end

		it("talk in turns, each to what the other said, no longer than the cap, with nobody there", function()
			village("always", {["llm_agent.npc_talk_interval_s"] = "300"})
			agent.get_npc("a").next_small_talk_us = 0
			mock:step(0.1, 200)
			assert.equal(3, #door.asked)
			assert.equal("background", door.asked[1].request.priority)
			local first, second = door.asked[1].request, door.asked[2].request
			assert.not_equal(first.npc.id, second.npc.id)
			assert.equal(first.npc.name, second.player)
			assert.equal(("%s hears %s"):format(first.npc.name, first.utterance or "nothing"), second.utterance)
			assert.equal(first.npc.id, door.asked[3].request.npc.id)
		end)

		it("talk again after a pause, and never one who stands alone", function()
			village("always")
			mock:step(0.1, 1200)
			assert.is_true(#door.asked > 6)
			for _, asked in ipairs(door.asked) do assert.not_equal("c", asked.request.npc.id) end
		end)

		it("talk only where a player hears it, unless told otherwise", function()
			village("near_players")
			mock:step(0.1, 300)
			assert.equal(0, #door.asked)
			mock:join("Robin", at(9))
			mock:step(0.1, 300)
			assert.is_true(#door.asked > 0)
			village("off")
			mock:join("Robin", at(9))
			mock:step(0.1, 300)
			assert.equal(0, #door.asked)
		end)

		it("end a talk whose line found no turn, and talk again later", function()
			village("always", {["llm_agent.say_wait_ms"] = "1000"})
			agent.get_npc("a"):say("A very long story.", {ms = 30000})
			agent.get_npc("b"):say("Another.", {ms = 30000})
			mock:step(0.1, 250)
			local during = #door.asked
			mock:step(0.1, 1200)
			assert.is_true(#door.asked > during + 2)
			assert.equal(0, #mock:logged("error"))
		end)

		it("end a talk when one is gone, and when the daemon is", function()
			village("always")
			agent.on("say", function() if agent.get_npc("b") then agent.unregister_npc("b") end end)
			mock:step(0.1, 300)
			assert.equal(0, #mock:logged("error"))
			village("always")
			door:die()
			mock:step(0.1, 1200)
			assert.equal(1, #mock:logged("warning"))
			door:rise()
			local before = #door.asked
			mock:step(0.1, 600)
			assert.is_true(#door.asked > before + 2)
		end)
	end)

	describe("a body", function()
		local function body(id, name, role, pos)
			return mock.core.add_entity(pos or ORIGIN, "llm_agent:npc", mock.core.serialize({id = id, name = name, role = role}))
		end

		it("carries its NPC through unloading, and sleeps meanwhile", function()
			start()
			local object = body("m", "Mira", "smith")
			local npc = agent.get_npc("m")
			npc:set_context({memory = "likes bread"})
			assert.equal("Mira", object:get_properties().nametag)
			assert.equal("character.b3d", object:get_properties().mesh)
			mock:join("Robin", at(1))
			local saved = object:unload()
			assert.is_false(npc:is_present())
			assert.is_nil(npc:get_pos())
			mock:say("Robin", "hello Mira")
			npc:say("Nobody hears this.")
			mock:step(0.05, 10)
			assert.equal(0, #door.asked)
			assert.equal(0, #mock.chat)
			mock.core.add_entity(at(1), "llm_agent:npc", saved)
			assert.equal(npc, agent.get_npc("m"))
			assert.equal(1, npc:get_pos().x)
			local storage = saved
			start()
			mock.core.add_entity(at(1), "llm_agent:npc", storage)
			assert.equal("likes bread", agent.get_npc("m").context.memory)
		end)

		it("speaks above its head, wrapped, and the bubble goes by itself", function()
			start()
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			agent.get_npc("m"):say("Good day to you, traveller, and mind the sparks of the forge.", {to = "Robin"})
			mock:step(0.1, 30)
			local bubble = mock.entities[2]
			assert.equal("Good day to you, traveller, and mind\nthe sparks of the forge.", bubble:get_properties().nametag)
			mock:step(0.5, 20)
			assert.is_nil(bubble:get_pos())
			assert.equal(-math.pi / 2, mock.entities[1]:get_yaw())
		end)

		it("is removed when nobody knows whose it is, or it is a copy", function()
			start()
			assert.is_nil(mock.core.add_entity(ORIGIN, "llm_agent:npc", ""))
			assert.is_nil(mock.core.add_entity(ORIGIN, "llm_agent:npc", "{}"))
			assert.is_not_nil(body("m", "Mira", "smith"))
			assert.is_nil(body("m", "Mira", "smith"))
			assert.is_not_nil(agent.get_npc("m"):get_pos())
		end)

		it("takes its mind along when it is removed for good, also in the middle of a question", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			local replies = think(agent.get_npc("m"), {})
			mock:step()
			object:remove()
			mock:step(0.05, 3)
			assert.is_nil(agent.get_npc("m"))
			assert.equal("cancelled", replies[1].code)
		end)

		it("lives on as a villager when its role's mod is gone, and remembers the role", function()
			start()
			local object = body("k", "Kurt", "knight_of_another_mod")
			assert.equal("villager", agent.get_npc("k").role)
			assert.is_truthy(object:unload():find("knight_of_another_mod", 1, true))
		end)

		it("is a flat figure in a game without the player model", function()
			start({player_api = false})
			assert.equal("upright_sprite", body("m", "Mira", "smith"):get_properties().visual)
		end)
	end)

	describe("/llm", function()
		it("asks for the privilege where it changes things", function()
			start()
			for _, param in ipairs({"off", "on", "spawn guard", "doctor"}) do
				local ok, message = mock:command("Robin", param)
				assert.is_false(ok)
				assert.is_truthy(message:find("llm_admin", 1, true))
			end
			assert.is_true((mock:command("Robin", "status")))
			assert.is_true((mock:command("Robin", "")))
			assert.is_false((mock:command("Robin", "dance")))
		end)

		it("off stops every call, also after a restart, until on", function()
			local storage = {}
			start({storage = storage})
			mock.privs.Robin = {llm_admin = true}
			agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			assert.is_true((mock:command("Robin", "off")))
			for _ = 1, 2 do
				mock:join("Robin", at(1))
				mock:say("Robin", "hello")
				local replies = think(agent.get_npc("a") or agent.register_npc("a", {name = "Ann", role = "guard"}), {})
				mock:step(0.5, 100)
				assert.equal(0, #mock.fetches)
				assert.same({true, "off"}, {replies[1].fallback, replies[1].code})
				start({storage = storage})
			end
			mock.privs.Robin = {llm_admin = true}
			mock:command("Robin", "on")
			local replies = think(agent.register_npc("a", {name = "Ann", role = "guard"}), {})
			mock:step(0.05, 3)
			assert.is_false(replies[1].fallback)
		end)

		it("talks to an NPC by name from anywhere", function()
			start()
			agent.register_npc("a", {name = "Old Ann", role = "guard"})
			assert.is_true((mock:command("Robin", "talk old ann how are you?")))
			mock:step(0.05, 3)
			assert.same({"<Old Ann> Old Ann hears how are you?"}, mock:chat_of("Robin"))
			assert.is_false((mock:command("Robin", "talk Nobody hello")))
			assert.is_false((mock:command("Robin", "talk Old Ann")))
		end)

		it("spawns an NPC where the admin stands", function()
			start()
			mock.privs.Robin = {llm_admin = true}
			mock:join("Robin", at(7))
			local ok, message = mock:command("Robin", "spawn smith Mira of the Hill")
			assert.is_true(ok, message)
			assert.equal("Mira of the Hill, the smith, is here.", message)
			assert.equal(7, mock.entities[1]:get_pos().x)
			assert.is_true((mock:command("Robin", "spawn guard")))
			assert.is_false((mock:command("Robin", "spawn wizard")))
		end)

		it("doctor names each broken link and its cure", function()
			local function doctor(options, prepare)
				start(options)
				mock.privs.Robin = {llm_admin = true}
				if prepare then prepare() end
				mock:command("Robin", "doctor")
				mock:step(0.05, 3)
				return table.concat(mock:chat_of("Robin"), "\n")
			end
			local good = doctor({settings = {dedicated_server_step = "0.05"}})
			assert.is_nil(good:find("×", 1, true), good)
			assert.is_truthy(good:find("can answer", 1, true))
			local told = doctor({http = false, settings = {["secure.http_mods"] = "irc"}})
			assert.is_truthy(told:find("secure.http_mods = irc,llm_agent", 1, true))
			assert.is_truthy(doctor({curl = false}):find("cURL", 1, true))
			assert.is_truthy(doctor():find("dedicated_server_step = 0.05", 1, true))
			assert.is_truthy(doctor(nil, function() door:die() end):find("llm-agentd serve", 1, true))
			for code, word in pairs({[401] = "llm_agent.token", [503] = "cannot answer yet", [404] = "llm_agent.url", [500] = "HTTP 500"}) do
				told = doctor(nil, function()
					function door.request(_, fetch) Mock.answer(fetch, code, "no") end
				end)
				assert.is_truthy(told:find(word, 1, true), told)
			end
			start({storage = {off = "yes"}})
			mock.privs.Robin = {llm_admin = true}
			mock:command("Robin", "doctor")
			assert.is_truthy(table.concat(mock:chat_of("Robin"), "\n"):find("/llm on", 1, true))
		end)
	end)

	it("costs no table in an idle step", function()
		start({fresh = true})
		for i = 1, 20 do agent.register_npc("n" .. i, {name = "N" .. i, role = "guard", pos = at(i)}) end
		jit.off() -- its traces would count as garbage
		jit.flush()
		agent.update(0.0001)
		collectgarbage("collect")
		collectgarbage("stop")
		local before = collectgarbage("count")
		for _ = 1, 100 do agent.update(0.0001) end
		local used = collectgarbage("count") - before
		collectgarbage("restart")
		jit.on()
		-- one table a step would be 3 KiB and more; LuaJIT itself may take half a KiB once
		assert.is_true(used < 1, ("100 idle steps took %.2f KiB"):format(used))
	end)
end)
