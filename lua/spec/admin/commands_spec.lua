-- admin/commands.lua: subcommands of /llm, and the doctor from outside.

local Mock = require("mock_core")
local game = require("spec.support.game")
local ORIGIN, at, think, body = game.ORIGIN, game.at, game.think, game.body

describe("the command", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start(options, reply) end

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

		it("help lists what this player may use", function()
			start()
			local _, of_player = mock:command("Robin", "help")
			assert.matches("/llm quests", of_player)
			for _, word in ipairs({"spawn", "remove", "doctor", "role", "off", "silence", "explain"}) do
				assert.is_nil(of_player:find("/llm " .. word .. "%f[%W]"), word)
			end
			mock.privs.Robin = {llm_admin = true}
			local _, of_admin = mock:command("Robin", "help")
			assert.matches("/llm spawn", of_admin)
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

		it("off all is the daemon's master switch, and on all lets the mod ask again, too", function()
			local storage = {}
			start({storage = storage})
			local asked, state = {}, true
			daemon.call = function(method, path, given)
				if path ~= "/v1/switch" then return 200, {ready = true} end
				asked[#asked + 1] = {method, given}
				state = given.on
				return 200, {switch = {on = state}}
			end
			daemon.reply = function(request)
				if state then return game.echo(request) end
				return {{event = "error", code = "unavailable", reason = "switched_off", message = "switched off by an admin"}}
			end
			mock.privs.Robin = {llm_admin = true}
			mock:join("Robin", at(30))
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			local function reply()
				local replies = think(npc, {utterance = "Hello", player = "Robin"})
				mock:step(0.05, 4)
				return replies[1]
			end
			assert.is_true((mock:command("Robin", "off all")))
			mock:step(0.05, 3)
			assert.same({"POST", {on = false, by = "Robin"}}, asked[1])
			local told = {}
			for _, line in ipairs(mock.chat) do told[#told + 1] = line.text end
			assert.matches("No model is called any more", table.concat(told, " "))
			local answer = reply()
			assert.same({true, "switched_off"}, {answer.fallback, answer.code})
			assert.matches("all models are switched off", select(2, mock:command("Robin", "status")))
			assert.equal("", storage.off or "", "the mod itself is on")
			mock:command("Robin", "off")
			mock:command("Robin", "on all")
			mock:step(0.05, 3)
			assert.is_false(reply().fallback)
			assert.is_nil(select(2, mock:command("Robin", "status")):find("switched off"))
			assert.is_false((mock:command("Robin", "off everything")))
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

		it("spawns an NPC two nodes before the admin, who is turned to them and waves", function()
			start()
			mock.privs.Robin = {llm_admin = true}
			mock:join("Robin", {x = 7, y = -0.5, z = 0}):set_yaw(math.pi / 2) -- looks along -x
			local ok, message = mock:command("Robin", "spawn smith Mira of the Hill")
			assert.is_true(ok, message)
			assert.equal("Mira of the Hill, the smith, is here.", message)
			local mira = mock.entities[1]
			assert.is_near(5, mira:get_pos().x, 1e-6)
			assert.is_near(0, mira:get_pos().z, 1e-6)
			assert.is_near(-math.pi / 2, mira:get_yaw(), 1e-6)
			mock:step(0.05, 6)
			assert.equal(180, mira.bones.Arm_Right.turned.x - 180)
			assert.is_true((mock:command("Robin", "spawn guard")))
			assert.is_false((mock:command("Robin", "spawn wizard")))
		end)

		it("spawns nobody inside another", function()
			start()
			mock.privs.Robin = {llm_admin = true}
			mock:join("Robin", {x = 7, y = -0.5, z = 0}):set_yaw(math.pi / 2)
			mock:join("Will", {x = 5, y = -0.5, z = 0})
			for i = 1, 6 do assert.is_true((mock:command("Robin", "spawn guard G" .. i))) end
			local places = {{x = 5, z = 0}}
			for _, entity in ipairs(mock.entities) do places[#places + 1] = entity:get_pos() end
			assert.equal(7, #places)
			for i, a in ipairs(places) do
				for j = 1, i - 1 do
					assert.is_true((a.x - places[j].x) ^ 2 + (a.z - places[j].z) ^ 2 >= 0.99, ("%d stands in %d"):format(i, j))
				end
			end
		end)

		it("spawns an NPC on free ground: beside a wall, up a step, and where there is none on the spot", function()
			for _, case in ipairs({
				{walls = {{5, 0}, {5, 1}}, x = 7 - 2 * math.cos(math.pi / 6), y = -0.5},
				{walls = {{5, 0}}, x = 5, y = 0.5},
				{walls = {{6, 0}, {6, 1}, {8, 0}, {8, 1}, {7, 1}}, around = true, x = 7, y = -0.5},
			}) do
				start()
				mock.privs.Robin = {llm_admin = true}
				mock:join("Robin", {x = 7, y = -0.5, z = 0}):set_yaw(math.pi / 2)
				for _, wall in ipairs(case.walls) do
					for z = case.around and -1 or 0, case.around and 1 or 0 do
						mock.ground[("%d,%d,%d"):format(wall[1], wall[2], z)] = "stone"
					end
				end
				for _, z in ipairs(case.around and {-1, 1} or {}) do
					for y = 0, 1 do mock.ground[("7,%d,%d"):format(y, z)] = "stone" end
				end
				assert.is_true((mock:command("Robin", "spawn smith Mira")))
				local pos = mock.entities[1]:get_pos()
				assert.is_near(case.x, pos.x, 1e-6)
				assert.equal(case.y, pos.y)
			end
		end)

		it("doctor names each broken link and its fix", function()
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
			local report = doctor({http = false, settings = {["secure.http_mods"] = "irc"}})
			assert.is_truthy(report:find("secure.http_mods = irc,llm_agent", 1, true))
			assert.is_truthy(doctor({curl = false}):find("cURL", 1, true))
			local hinted = doctor()
			assert.is_truthy(hinted:find("· Replies come later .* dedicated_server_step = 0.05"), hinted)
			assert.is_truthy(hinted:find("All is well.", 1, true), hinted)
			assert.is_truthy(doctor(nil, function() daemon:die() end):find("llm-agentd serve", 1, true))
			for code, word in pairs({[401] = "llm_agent.token", [503] = "cannot answer yet", [404] = "llm_agent.url", [500] = "HTTP 500"}) do
				report = doctor(nil, function()
					function daemon.request(_, fetch) Mock.answer(fetch, code, "no") end
				end)
				assert.is_truthy(report:find(word, 1, true), report)
			end
			start({storage = {off = "yes"}})
			mock.privs.Robin = {llm_admin = true}
			mock:command("Robin", "doctor")
			assert.is_truthy(table.concat(mock:chat_of("Robin"), "\n"):find("/llm on", 1, true))
		end)
	end)
end)
