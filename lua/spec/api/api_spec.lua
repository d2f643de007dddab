-- The API of the mod: registration, npc:think, events, roles, errors.

local stage = require("spec.support.game")
local ORIGIN, at, think = stage.ORIGIN, stage.at, stage.think

describe("in a game,", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = stage.start(options, reply) end
	local function fails(words, fn)
		local ok, message = pcall(fn)
		assert.is_false(ok)
		assert.is_truthy(message:find(words, 1, true), message)
		assert.is_truthy(message:find("api_spec.lua", 1, true), "blames another line: " .. message)
	end

	describe("the API", function()
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
			local request = daemon.received[1].request
			request.id = nil
			assert.same({
				op = "think", priority = "spoken", deadline_ms = 7950, player = "Robin", utterance = "Hello there",
				npc = {id = "a", name = "Ann", role = "guard", mood = "calm", pos = {0, 0, 0}},
				context = {
					time = "evening", place = "Oakford", weather = "rain", near = {"Bram the smith"}, held = "steel sword",
					stock = {bread = 3}, memory = "owes 3 coins",
				},
			}, request)
		end)

		it("gives the callback its reply once, and tells listeners", function()
			start()
			local seen = {}
			agent.on("reply", function(npc, reply) seen[#seen + 1] = npc.id .. ": " .. reply.text end)
			agent.on("error", function() seen[#seen + 1] = "error" end)
			local replies = think(agent.register_npc("a", {name = "Ann", role = "guard"}), {utterance = "hi"})
			assert.equal(0, #replies)
			mock:step(0.05, 200)
			assert.equal(1, #replies)
			assert.same({"Ann hears hi", false, "miss", "a"}, {replies[1].text, replies[1].fallback, replies[1].cache, replies[1].npc})
			assert.same({"a: Ann hears hi"}, seen)
		end)

		it("gives the role's fallback line when the daemon is gone, and recovers", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard"})
			local seen = {}
			for _, event in ipairs({"offline", "online", "error"}) do
				agent.on(event, function() seen[#seen + 1] = event end)
			end
			daemon:die()
			local replies = think(npc, {player = "Robin", utterance = "hi"})
			mock:step(0.05, 5)
			assert.equal(1, #replies)
			assert.is_true(replies[1].fallback)
			assert.is_truthy(replies[1].error)
			assert.not_equal("", replies[1].text)
			daemon:rise()
			mock:step(0.05, 40)
			replies = think(npc, {utterance = "again"})
			mock:step(0.05, 3)
			assert.equal("Ann hears again", replies[1].text)
			assert.same({"offline", "error", "online"}, seen)
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
			assert.equal(1, #daemon.cancelled)
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
			assert.same({"Hello|Hello"}, heard)
			assert.is_true(daemon.received[1].request.stream)
		end)

		it("hands allowed actions over and runs the one that comes back, if it fits", function()
			local chosen = {name = "open_gate", params = {side = "north"}}
			start(nil, function() return {{event = "done", text = "So be it.", action = chosen}} end)
			local ran, seen = {}, {}
			agent.register_action("open_gate", {
				description = "opens the gate", roles = {"guard"},
				params = {type = "object", properties = {side = {enum = {"north", "south"}}}, required = {"side"}},
				run = function(npc, player, params)
					ran[#ran + 1] = npc.id .. player .. params.side
					return true, "open"
				end,
			})
			agent.register_action("rob", {run = function() error("never") end})
			agent.on("action", function(_, _, name, _, ok, message) seen[#seen + 1] = {name, ok, message} end)
			local guard = agent.register_npc("a", {name = "Ann", role = "guard"})
			local replies = think(guard, {player = "Robin", intent = "gesture"})
			mock:step(0.05, 3)
			assert.same({"aRobinnorth"}, ran)
			assert.same({{"open_gate", true, "open"}}, seen)
			assert.is_true(replies[1].action.ok)
			assert.equal(1, #daemon.received[1].request.actions)
			assert.equal("open_gate", daemon.received[1].request.actions[1].name)
			for _, bad in ipairs({{name = "open_gate", params = {side = "up"}}, {name = "rob"}, {name = "rm -rf"}}) do
				chosen = bad
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
			assert.equal("A ferryman rows. Fen is old.", daemon.received[1].request.npc.persona)
		end)

		it("blames the caller's line for wrong arguments, with field and fix", function()
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
end)
