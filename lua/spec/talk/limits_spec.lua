-- Limits in talk: rate limits, quiet hours, mutes, urgency, the switch.

local game = require("spec.support.game")
local ORIGIN, at, body = game.ORIGIN, game.at, game.body

describe("an NPC", function()
	local mock, daemon, agent, storage
	local function start(options, reply) mock, daemon, agent, storage = game.start_quiet(options, reply) end

	describe("under its limits", function()
		it("answers no more of a player's sentences than the buckets hold, and the rest costs nothing", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0", ["llm_agent.player_burst"] = "2", ["llm_agent.player_rate_per_min"] = "1"}})
			for i = 1, 5 do agent.register_npc("n" .. i, {name = "Nib" .. i, role = "guard", pos = at(i)}) end
			mock:join("Robin", ORIGIN)
			for i = 1, 5 do
				mock:say("Robin", "hello Nib" .. i)
				mock:step(0.05, 2)
			end
			assert.equal(2, #daemon.received)
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
			assert.equal(0, #daemon.received)
			mock:say("Robin", "hello")
			mock:step()
			assert.equal(1, #daemon.received)
			mock.time_of_day = 0.5
			mock:step(0.5, 80)
			assert.is_true(#daemon.received > 1)
		end)

		it("asks with an urgency that distance and sight decide", function()
			start()
			local npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
			local robin = mock:join("Robin", at(3))
			local function urgency(opts)
				npc:think(opts, function() end)
				mock:step()
				return daemon.received[#daemon.received].request.priority
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
end)
