-- body/idle.lua: strolling, and standing still to talk.

local game = require("spec.support.game")
local ORIGIN, at, body, answer = game.ORIGIN, game.at, game.body, game.answer

describe("in a game,", function()
	local mock, agent
	local function start(options, reply)
		local _
		mock, _, agent = game.start_quiet(options, reply)
	end

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
end)
