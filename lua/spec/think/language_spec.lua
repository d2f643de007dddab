-- think/language.lua and `/llm lang`: the language NPCs speak to a player.

local game = require("spec.support.game")
local ORIGIN, at = game.ORIGIN, game.at

describe("the language of a player", function()
	local mock, daemon, agent, storage
	local function start(options, reply) mock, daemon, agent, storage = game.start_quiet(options, reply) end

	describe("chosen by /llm lang", function()
		it("is used by NPCs for that player, also after a restart", function()
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
				assert.equal(case[2], daemon.received[i].request.lang)
			end
			mock:command("Robin", "lang default")
			npc:think({player = "Robin"}, function() end)
			mock:step()
			assert.equal("de", daemon.received[4].request.lang)
		end)

		it("reaches fallback lines and greetings", function()
			start({translations = {["de: Move along, {player}."] = "Weitergehen, {player}."}})
			agent.register_role("sentry", {persona = "A sentry.", fallback = {"Move along, {player}."}})
			local npc = agent.register_npc("a", {name = "Ann", role = "sentry"})
			mock:command("Robin", "lang de")
			daemon:die()
			local heard
			npc.lines_unnamed = {Robin = 2} -- it may call the name
			npc:think({player = "Robin"}, function(reply) heard = reply.text end)
			mock:step(0.05, 5)
			assert.equal("Weitergehen, Robin.", heard)
		end)

		it("of a region falls back to the language, and what has no translation stays as it is", function()
			start({translations = {["de: Move along, {player}."] = "Weitergehen, {player}.", ["de: traveller"] = "Wanderer"}})
			agent.register_role("sentry", {persona = "A sentry.", fallback = {"Move along, {player}."}})
			agent.register_role("sphinx", {persona = "A sphinx.", fallback = {"Riddle me @ this."}})
			local sentry = agent.register_npc("a", {name = "Ann", role = "sentry"})
			local sphinx = agent.register_npc("s", {name = "Sph", role = "sphinx"})
			daemon:die()
			local heard = {}
			for _, case in ipairs({{sentry, "de_AT"}, {sentry, "12"}, {sphinx, "de"}}) do
				case[1]:think({lang = case[2]}, function(reply) heard[#heard + 1] = reply.text end)
				mock:step(0.05, 5)
			end
			assert.same({"Weitergehen, Wanderer.", "Move along, traveller.", "Riddle me @ this."}, heard)
		end)
	end)
end)
