-- A game with NPCs of ours, players and monsters, and a record of what NPCs say and who is struck.

local Mock = require("mock_core")

local fights = {}

local ORIGIN = {x = 0, y = 0, z = 0}

function fights.at(x, z) return {x = x, y = 0, z = z or 0} end

-- A table: mock, agent, mod, said = {{name, line}}, asked = requests to the model, blows = {{at_us, damage, who}} at players.
-- options.reply(request) as of Mock's daemon; options.settings over quiet ones.
function fights.start(options)
	options = options or {}
	local settings = {["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false", ["llm_agent.wander"] = "false"}
	for key, value in pairs(options.settings or {}) do settings[key] = value end
	local game = {said = {}, asked = {}, blows = {}}
	game.mock = Mock.new({settings = settings, translations = options.translations})
	game.mock:open_daemon(options.reply or function(request)
		game.asked[#game.asked + 1] = request
		return request.intent == "tactics" and {} or {{event = "done", text = "The wagons come late.", cache = "off", model = "m"}}
	end)
	game.agent = game.mock:load_mod()
	game.mod = game.mock.mod
	game.agent.on("say", function(npc, line) game.said[#game.said + 1] = {npc.name, line} end)
	game.mock.core.register_entity("mobs:wolf", {initial_properties = {}, type = "monster"})
	game.mock.core.register_entity("mobs:sheep", {initial_properties = {}, type = "animal"})

	function game.body(name, role, pos)
		local object = game.mock.core.add_entity(pos or ORIGIN, "llm_agent:npc",
			game.mock.core.serialize({id = name, name = name, role = role}))
		return game.agent.get_npc(name), object
	end

	function game.join(name, pos)
		local player = game.mock:join(name, pos)
		local punch = player.punch
		function player:punch(puncher, since_s, capabilities, direction)
			table.insert(game.blows, {game.mock.now_us, capabilities.damage_groups.fleshy, puncher})
			return punch(self, puncher, since_s, capabilities, direction)
		end
		return player
	end

	function game.beast(pos, name)
		local object = game.mock.core.add_entity(pos, name or "mobs:wolf")
		object.hp = 1000
		return object
	end

	function game.hit(object, by, points)
		object:punch(by, 1, {damage_groups = {fleshy = points or 1}}, ORIGIN)
	end

	function game.run(seconds) game.mock:step(0.05, math.floor(seconds * 20)) end

	-- Is the line of this NPC one of a kind of combat/cries.lua, to or about `whom`?
	function game.is_cry(line, kind, whom)
		for _, form in ipairs(game.mod.combat.cries.kinds[kind]) do
			if line == (form:gsub("{player}", whom or "")) then return true end
		end
		return false
	end

	-- How many lines of that kind were said so far.
	function game.count(kind, whom)
		local found = 0
		for _, entry in ipairs(game.said) do
			if game.is_cry(entry[2], kind, whom) then found = found + 1 end
		end
		return found
	end
	return game
end

return fights
