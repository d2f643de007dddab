-- perception/surroundings.lua: weather, darkness and things around an NPC.

local surroundings = require("spec.support.surroundings")
local ORIGIN, at, facts_of, guard = surroundings.ORIGIN, surroundings.at, surroundings.facts_of, surroundings.guard

describe("surroundings", function()
	local mock, daemon, agent
	local function start(options, nodes) mock, agent, daemon = surroundings.start(options, nodes) end
	after_each(surroundings.remove_other_mods)

	describe("weather", function()
		it("is clear where no mod makes any", function()
			start()
			assert.equal("clear", facts_of(guard(ORIGIN)).weather)
		end)

		it("is that of the world in Mineclonia and VoxeLibre, in the model's words", function()
			start()
			local npc = guard(ORIGIN)
			for state, word in pairs({none = "clear", rain = "rain", snow = "snow", thunder = "storm"}) do
				_G.mcl_weather = {get_weather = function() return state end}
				assert.equal(word, facts_of(npc).weather)
			end
			for _, broken in ipairs({function() error("ouch") end, function() return nil end, function() return "plague" end}) do
				_G.mcl_weather = {get_weather = broken}
				assert.is_nil(facts_of(npc).weather)
			end
			assert.equal(0, #mock:logged("error"))
		end)

		it("is that of the player it is asked for with climate_api", function()
			start()
			local npc = guard(ORIGIN)
			mock:join("Robin", at(1))
			local presets = {"regional_weather:ambient", "regional_weather:snow_heavy"}
			_G.climate_api = {environment = {get_weather_presets = function(player)
				return player:get_player_name() == "Robin" and presets or {}
			end}}
			assert.equal("snow", facts_of(npc, {player = "Robin"}).weather)
			assert.is_nil(facts_of(npc, {player = "Gone"}).weather)
			presets = {"regional_weather:ambient"}
			assert.is_nil(facts_of(npc, {player = "Robin"}).weather)
		end)

		it("gives way to what the game's own mods say", function()
			start()
			_G.mcl_weather = {get_weather = function() return "rain" end}
			local npc = guard(ORIGIN)
			npc:set_context({weather = "fog"})
			assert.equal("fog", facts_of(npc).weather)
		end)
	end)

	it("are dark where there is little light, and nothing is said of it by day", function()
		start()
		local npc, voice = guard(ORIGIN), agent.register_npc("v", {name = "Vox", role = "priest"})
		for _, case in ipairs({{15}, {5}, {4, "dark"}, {0, "dark"}, {false}}) do
			mock.light = case[1]
			assert.equal(case[2], facts_of(npc).light)
		end
		mock.light = 0
		assert.is_nil(facts_of(voice).light)
	end)

	describe("things", function()
		local NODES = {
			"default:furnace_active", "default:chest_locked", "beds:fancy_bed_top", "default:bedrock", "doors:door_wood_a",
			"default:sign_wall_wood", "farming:wheat_8", "stairs:stair_straw", "mcl_anvils:anvil_damage_1", "default:torch_wall",
			"default:stone", "mcl_core:water_flowing", "air",
		}
		local function put(name, x, y) mock.nodes[#mock.nodes + 1] = {name = name, pos = at(x, y)} end

		it("are named in plain words, the most telling three, in a fixed order, no matter which variant", function()
			start(nil, NODES)
			local npc = guard(ORIGIN)
			for i, name in ipairs(NODES) do put(name, i % 5) end
			assert.same({"an anvil", "a furnace", "a chest"}, facts_of(npc).sees)
		end)

		it("are those within a few steps only", function()
			start(nil, NODES)
			local npc = guard(ORIGIN)
			put("default:furnace_active", 7)
			put("default:chest_locked", 0, 4)
			put("default:stone", 1)
			assert.is_nil(facts_of(npc).sees)
			mock:step(61)
			put("farming:wheat_8", 6)
			assert.same({"crops"}, facts_of(npc).sees)
		end)

		it("are looked for once in a while, or when the NPC has moved on", function()
			start(nil, NODES)
			local object = mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "a", name = "Ann", role = "guard"}))
			local npc = agent.get_npc("a")
			for _ = 1, 5 do facts_of(npc) end
			assert.equal(1, mock.searches)
			put("default:torch_wall", 1)
			object:set_pos(at(2))
			assert.is_nil(facts_of(npc).sees)
			object:set_pos(at(4))
			assert.same({"a torch"}, facts_of(npc).sees)
			assert.equal(2, mock.searches)
			mock:step(61)
			facts_of(npc)
			assert.equal(3, mock.searches)
			mock:step(11)
			npc:think({priority = "spoken"}, function() end) -- a player waits: older knowledge will not do
			mock:step()
			assert.equal(4, mock.searches)
		end)

		it("cost no more than the budget of a step: those over it know what they last saw, or nothing", function()
			start({settings = {["llm_agent.facts_budget_ms"] = "0.5", ["llm_agent.budget_ms"] = "20"}}, NODES)
			put("default:torch_wall", 1)
			local npcs = {}
			for i = 1, 10 do npcs[i] = agent.register_npc("n" .. i, {name = "N" .. i, role = "guard", pos = ORIGIN}) end
			mock.search_us = 200
			local function all_ask()
				for _, npc in ipairs(npcs) do npc:think({}, function() end) end
				mock:step()
				local seen = 0
				for i = #daemon.received - 9, #daemon.received do seen = seen + (daemon.received[i].request.context.sees and 1 or 0) end
				return seen
			end
			assert.equal(3, all_ask())
			assert.equal(3, mock.searches)
			assert.equal(6, all_ask())
			all_ask()
			assert.equal(10, all_ask())
			mock:step(61)
			assert.equal(10, all_ask()) -- stale for seven of them
			assert.equal(13, mock.searches)
		end)

		it("are never looked for with a budget of 0, nor in a game without such nodes", function()
			start({settings = {["llm_agent.facts_budget_ms"] = "0"}}, NODES)
			assert.is_nil(facts_of(guard(ORIGIN)).sees)
			assert.equal(0, mock.searches)
			start(nil, {"default:stone"})
			assert.is_nil(facts_of(guard(ORIGIN)).sees)
			assert.equal(0, mock.searches)
		end)
	end)
end)
