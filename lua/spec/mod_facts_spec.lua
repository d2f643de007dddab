-- What an NPC perceives of the world around it: weather, darkness, nodes, and the names of places; and what that costs.

local Mock = require("mock_core")

local ORIGIN = {x = 0, y = 0, z = 0}

local function at(x, y) return {x = x, y = y or 0, z = 0} end

describe("surroundings", function()
	local mock, door, agent

	-- nodes: list of names the game registers; the rest as Mock.new takes it.
	local function start(options, nodes)
		mock = Mock.new(options)
		for _, name in ipairs(nodes or {}) do mock.core.registered_nodes[name] = {} end
		door = mock:open_door(function() return {{event = "done", text = "Yes."}} end)
		agent = mock:load_mod()
	end

	after_each(function()
		for _, name in ipairs({"mcl_weather", "climate_api", "areas"}) do _G[name] = nil end
	end)

	local function facts_of(npc, opts)
		npc:think(opts or {}, function() end)
		mock:step()
		return door.asked[#door.asked].request.context
	end

	local function guard(pos)
		return agent.register_npc("a", {name = "Ann", role = "guard", pos = pos})
	end

	describe("weather", function()
		it("is nothing where no mod knows it", function()
			start()
			assert.is_nil(facts_of(guard(ORIGIN)).weather)
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
			assert.equal(4, mock.searches)
		end)

		it("cost no more than the budget of a step: those over it know what they last saw, or nothing", function()
			start({settings = {["llm_agent.facts_budget_ms"] = "0.5"}}, NODES)
			put("default:torch_wall", 1)
			local npcs = {}
			for i = 1, 10 do npcs[i] = agent.register_npc("n" .. i, {name = "N" .. i, role = "guard", pos = ORIGIN}) end
			mock.search_us = 200
			local function all_ask()
				for _, npc in ipairs(npcs) do npc:think({}, function() end) end
				mock:step()
				local seen = 0
				for i = #door.asked - 9, #door.asked do seen = seen + (door.asked[i].request.context.sees and 1 or 0) end
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

	it("ask the engine for five positions in a step, however many want to know who is near", function()
		start()
		local objects, looks = {}, 0
		for i = 1, 20 do
			objects[i] = mock.core.add_entity(at(i), "llm_agent:npc", mock.core.serialize({id = "n" .. i, name = "N" .. i, role = "guard"}))
			local get_pos = objects[i].get_pos
			objects[i].get_pos = function(self)
				looks = looks + 1
				return get_pos(self)
			end
		end
		mock:step()
		looks = 0
		for i = 1, 20 do agent.get_npc("n" .. i):think({}, function() end) end
		assert.is_true(looks <= 20 * 5, looks .. " looks at a position")
		objects[1]:set_pos(at(900))
		mock:step(0.05, 4)
		assert.same({"N2 the guard", "N3 the guard", "N4 the guard"}, door.asked[1].request.context.near)
		agent.get_npc("n2"):think({}, function() end)
		mock:step()
		assert.same({"N3 the guard", "N4 the guard", "N5 the guard"}, door.asked[21].request.context.near) -- the first walked off
	end)

	describe("places", function()
		local function command(param)
			mock.privs.Robin = {llm_admin = true}
			return mock:command("Robin", param)
		end

		it("are the smallest around, else an area, else the world's name", function()
			start({settings = {["llm_agent.place_name"] = "Oakford"}})
			local npc = guard(ORIGIN)
			assert.equal("Oakford", facts_of(npc).place)
			_G.areas = {getAreasAtPos = function(self, pos)
				assert.equal(_G.areas, self)
				return pos.x == 0 and {
					[3] = {name = "County", pos1 = at(-90, -90), pos2 = {x = 90, y = 90, z = 90}},
					[7] = {name = "Robin's \27(c@#f00)Farm\27E", pos1 = at(-9, -9), pos2 = {x = 9, y = 9, z = 9}},
					[8] = {name = "", pos1 = ORIGIN, pos2 = ORIGIN},
				} or {}
			end}
			assert.equal("Robin's Farm", facts_of(npc).place)
			agent.set_place("the village", at(40), 50)
			assert.equal("the village", facts_of(npc).place)
			agent.set_place("the forge", at(3), 4)
			agent.set_place("the mine", at(3), 2)
			assert.equal("the forge", facts_of(npc).place)
			assert.is_true(agent.remove_place("the forge"))
			assert.is_false(agent.remove_place("the forge"))
			assert.equal("the village", facts_of(npc).place)
			npc:set_context({place = "the cellar"})
			assert.equal("the cellar", facts_of(npc).place)
			local voice = agent.register_npc("v", {name = "Vox", role = "priest", pos = at(0, 500)})
			for _, surprise in ipairs({{}, {{name = "Half", pos1 = ORIGIN}, {name = "Done"}}, {{name = 7}}, "none"}) do
				_G.areas.getAreasAtPos = function() return surprise end
				assert.equal("Oakford", facts_of(voice).place)
			end
		end)

		it("are kept with the world, and a damaged store is no harm", function()
			local storage = {}
			start({storage = storage})
			agent.set_place("the forge", ORIGIN, 4)
			start({storage = storage})
			assert.equal("the forge", facts_of(guard(ORIGIN)).place)
			agent.remove_place("the forge")
			assert.is_nil(storage.places)
			start({storage = {places = "{{{"}})
			assert.is_nil(facts_of(guard(ORIGIN)).place)
			assert.equal(0, #mock:logged("error"))
		end)

		it("are named by admins where they stand, listed and removed", function()
			start()
			assert.is_false((command("place Old Mill 12"))) -- not in the world
			mock:join("Robin", {x = 1.4, y = 2, z = -3.6})
			assert.same({true, "This place has no name. Give it one: /llm place NAME [RADIUS]"}, {command("place")})
			assert.same({true, "This is Old Mill now (radius: 12)."}, {command("place Old Mill 12")})
			assert.same({true, "This is Oakford now (radius: 30)."}, {command("place Oakford")})
			assert.is_false((command("place Oakford 0")))
			assert.is_false((command("place Oakford 99999")))
			assert.same({true, "Oakford (radius: 30) around 1, 2, -4\nOld Mill (radius: 12) around 1, 2, -4\nThis is Old Mill."},
				{command("place")})
			assert.is_true((command("place remove Old Mill")))
			assert.is_false((command("place remove Old Mill")))
			assert.is_truthy(select(2, command("place")):find("This is Oakford.", 1, true))
			mock.privs.Robin = nil
			assert.is_false((mock:command("Robin", "place Mine")))
		end)

		it("want a name, a position and a radius, and blame the caller's line", function()
			start()
			for words, args in pairs({
				["name: want a text"] = {" ", ORIGIN, 4}, ["pos: want a position"] = {"Mill", "here", 4},
				["radius: want a number from 1 to 31000"] = {"Mill", ORIGIN},
			}) do
				local ok, message = pcall(function() agent.set_place(args[1], args[2], args[3]) end)
				assert.is_false(ok)
				assert.is_truthy(message:find(words, 1, true), message)
				assert.is_truthy(message:find("mod_facts_spec.lua", 1, true), message)
			end
		end)
	end)
end)
