-- Bodies that go somewhere on purpose: orders and their ends, ways around walls, through doors and never into what hurts.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

describe("bodies under an order", function()
	local mock, agent, movement, npcs

	local function start(options)
		local private
		mock, agent, private = orders.start(options)
		movement, npcs = private.body.movement, private.api.npcs.by_id
		mock.core.registered_nodes.door = {groups = {door = 1}, on_rightclick = function() end}
	end

	local function wall(x, from, to, name)
		for z = from, to do
			for y = 0, 1 do mock.ground[("%d,%d,%d"):format(x, y, z)] = name or "stone" end
		end
	end

	local function ends_of(npc, order)
		local ends = {}
		order.done = function(ok, why) ends[#ends + 1] = ok and "ok" or why end
		movement.order(npc, order)
		return ends
	end

	local function distance(object, pos)
		local own = object:get_pos()
		return math.sqrt((own.x - pos.x) ^ 2 + (own.z - pos.z) ^ 2)
	end

	-- A doors API as minetest_game's, for the one door at 5, 0, 0.
	local function put_door(owner)
		wall(5, -60, 60)
		mock.ground["5,0,0"], mock.ground["5,1,0"] = "doors:door_a", "doors:hidden"
		local door = {is_open = false, toggles = 0}
		mock.core.registered_nodes["doors:door_a"] = {groups = {door = 1}, on_rightclick = function() end}
		mock.meta["5,0,0"] = {owner = owner}
		_G.doors = {
			registered_doors = {["doors:door_a"] = true},
			get = function(pos)
				if mock.core.get_node(pos).name ~= "doors:door_a" then return nil end
				return {
					state = function() return door.is_open end,
					toggle = function() door.is_open, door.toggles = not door.is_open, door.toggles + 1 end,
				}
			end,
		}
		return door
	end

	after_each(function() _G.doors = nil end)

	it("go straight where nothing is in the way, without a search, and stop there", function()
		start()
		local object, npc = body("a", at(0))
		local ends = ends_of(npc, {kind = "go_to", pos = at(6, 4)})
		mock:step(0.05, 120)
		assert.same({"ok"}, ends)
		assert.is_true(distance(object, at(6, 4)) <= 1.1)
		assert.same({x = 0, y = 0, z = 0}, object:get_velocity())
		assert.equal(0, mock.path_searches)
		assert.is_nil(movement.current(npc))
	end)

	it("go around a wall by the engine's search", function()
		start()
		local object, npc = body("a", at(0))
		wall(3, -3, 3)
		local ends = ends_of(npc, {kind = "go_to", pos = at(6)})
		for _ = 1, 200 do
			mock:step(0.05)
			local pos = object:get_pos()
			assert.is_false(math.abs(pos.x - 3) < 0.5 and math.abs(pos.z) < 3.5, "in the wall")
		end
		assert.same({"ok"}, ends)
		assert.equal(1, mock.path_searches)
	end)

	it("go around what the engine's search would wade through, climb or creep under", function()
		for _, obstacle in ipairs({"pool", "fence", "low"}) do
			start()
			mock.core.registered_nodes.fence = {groups = {fence = 1}}
			local object, npc = body("a", at(0))
			for z = -3, 3 do
				if obstacle == "pool" then
					mock.ground[("3,-1,%d"):format(z)] = "pool"
				else
					mock.ground[("3,%d,%d"):format(obstacle == "fence" and 0 or 1, z)] = obstacle == "fence" and "fence" or "stone"
				end
			end
			local ends = ends_of(npc, {kind = "go_to", pos = at(6)})
			for _ = 1, 250 do
				mock:step(0.05)
				local pos = object:get_pos()
				assert.is_false(math.abs(pos.x - 3) < 0.5 and math.abs(pos.z) < 3.5, "in the " .. obstacle)
			end
			assert.same({"ok"}, ends, obstacle)
		end
	end)

	it("open a door on the way and close it behind, but no locked one", function()
		start()
		local object, npc = body("a", at(0))
		local door = put_door()
		local ends = ends_of(npc, {kind = "go_to", pos = at(9)})
		mock:step(0.05, 400)
		assert.same({"ok"}, ends)
		assert.equal(2, door.toggles)
		assert.is_false(door.is_open)
		assert.is_true(object:get_pos().x > 7)

		start()
		object, npc = body("a", at(0))
		door = put_door("Robin")
		ends = ends_of(npc, {kind = "go_to", pos = at(9)})
		mock:step(0.05, 1800)
		assert.same({"no_way"}, ends)
		assert.equal(0, door.toggles)
		assert.is_true(object:get_pos().x < 5)
	end)

	it("give up cleanly where there is no way, after a few searches", function()
		start()
		local object, npc = body("a", at(0))
		for z = -2, 2 do
			wall(-2, z, z)
			wall(2, z, z)
		end
		for x = -1, 1 do
			wall(x, -2, -2)
			wall(x, 2, 2)
		end
		local ends = ends_of(npc, {kind = "go_to", pos = at(9)})
		mock:step(0.05, 600)
		assert.same({"no_way"}, ends)
		assert.is_true(mock.path_searches <= 3, mock.path_searches)
		assert.is_true(distance(object, at(0)) < 1.6)
		assert.same({x = 0, y = 0, z = 0}, object:get_velocity())
	end)

	it("notice when they are stuck, and when the time is over", function()
		start()
		local object, npc = body("a", at(0))
		object.set_velocity = function(self) self.velocity = {x = 0, y = 0, z = 0} end -- something invisible holds it
		local ends = ends_of(npc, {kind = "go_to", pos = at(9)})
		mock:step(0.05, 400)
		assert.same({"stuck"}, ends)
		ends = ends_of(npc, {kind = "go_to", pos = at(9), timeout_s = 1})
		mock:step(0.05, 40)
		assert.same({"timeout"}, ends)
	end)

	it("stop where the way has changed for the worse", function()
		start()
		local object, npc = body("a", at(0))
		local ends = ends_of(npc, {kind = "go_to", pos = at(9)})
		mock:step(0.05, 10)
		for z = -40, 40 do
			for y = -5, -1 do mock.ground[("4,%d,%d"):format(y, z)] = "air" end -- a ravine
		end
		for _ = 1, 1500 do
			mock:step(0.05)
			assert.is_true(object:get_pos().x < 3.6)
		end
		assert.same({"no_way"}, ends)
	end)

	it("follow a player, stand near, go on when they do, and end when they are gone or far", function()
		start()
		local object, npc = body("a", at(0))
		local robin = mock:join("Robin", at(8))
		local ends = ends_of(npc, {kind = "follow", target = "Robin"})
		mock:step(0.05, 100)
		assert.is_true(distance(object, at(8)) < 2.6)
		local stood = object:get_pos()
		robin:set_pos(at(8.5))
		mock:step(0.05, 40)
		assert.same(stood, object:get_pos())
		robin:set_pos(at(8, 9))
		npc.is_answering = true -- also while it talks
		mock:step(0.05, 200)
		assert.is_true(distance(object, at(8, 9)) < 2.6)
		assert.same({}, ends)
		mock:leave("Robin")
		mock:step(0.05, 20)
		assert.same({"gone"}, ends)

		robin = mock:join("Robin", at(8))
		ends = ends_of(npc, {kind = "follow", target = "Robin"})
		robin:set_pos(at(300))
		mock:step(0.05, 20)
		assert.same({"too_far"}, ends)
	end)

	it("keep near an NPC, and come back when pushed away", function()
		start()
		local object, npc = body("a", at(0))
		body("b", at(5))
		movement.order(npc, {kind = "keep", target = "b"})
		mock:step(0.05, 100)
		assert.is_true(distance(object, at(5)) < 1.6)
		object:set_pos(at(0))
		mock:step(0.05, 200)
		assert.is_true(distance(object, at(5)) < 2.6)
		assert.equal("keep", movement.current(npc).kind)
	end)

	it("flee from somebody until they are far, and say so when cornered", function()
		start()
		local object, npc = body("a", at(2))
		mock:join("Robin", at(0))
		local ends = ends_of(npc, {kind = "flee", target = "Robin", distance = 10})
		mock:step(0.05, 120)
		assert.same({"ok"}, ends)
		assert.is_true(distance(object, at(0)) >= 10)

		start()
		object, npc = body("a", at(2))
		mock:join("Robin", at(0))
		wall(3, -3, 3)
		for x = 0, 3 do
			wall(x, 1, 1)
			wall(x, -1, -1)
		end
		ends = ends_of(npc, {kind = "flee", target = "Robin"})
		mock:step(0.05, 200)
		assert.same({"cornered"}, ends)
		assert.is_true(distance(object, at(2)) < 1)
	end)

	it("stand still for a talk on the way, which costs the order no time, then go on", function()
		start()
		local object, npc = body("a", at(0))
		mock:join("Robin", at(3))
		local ends = ends_of(npc, {kind = "go_to", pos = at(9), timeout_s = 8})
		mock:step(0.05, 20)
		npc.is_answering = true
		mock:step(0.05, 20)
		local pos = object:get_pos()
		mock:step(0.05, 400)
		assert.same(pos, object:get_pos())
		npc.is_answering = nil
		mock:step(0.05, 200)
		assert.same({"ok"}, ends)
	end)

	it("are no mobs of other mods, nor bodies that sleep", function()
		start()
		local ends = ends_of(agent.register_npc("voice", {name = "Voice", role = "guard", pos = at(0)}), {kind = "go_to", pos = at(1)})
		assert.same({"asleep"}, ends)
		mock.core.register_entity("zoo:cow", {})
		local cow = agent.attach(mock.core.add_entity(at(0), "zoo:cow"), {role = "guard"})
		assert.same({"asleep"}, ends_of(cow, {kind = "go_to", pos = at(1)}))
		local object, npc = body("a", at(0))
		object:unload()
		assert.same({"asleep"}, ends_of(npc, {kind = "stay"}))
		assert.has_error(function() movement.order(npc, {kind = "fly"}) end)
		assert.has_error(function() movement.order(npc, {kind = "go_to"}) end)
	end)

	it("let one who stays stay over unloading, and end all else", function()
		start()
		local object, npc = body("a", at(0))
		local ends = ends_of(npc, {kind = "go_to", pos = at(9)})
		mock:step(0.05, 5)
		local saved = object:unload()
		assert.same({"asleep"}, ends)
		mock.core.add_entity(at(0), "llm_agent:npc", saved)
		movement.order(npc, {kind = "stay"})
		saved = npc:get_object():unload()
		assert.equal("stay", movement.current(npc).kind)
		start() -- and over a restart
		mock.core.add_entity(at(0), "llm_agent:npc", saved)
		assert.equal("stay", movement.current(agent.get_npc("a")).kind)
	end)

	it("search for one way in a step at most, however many want one", function()
		start()
		wall(3, -3, 3)
		for i = 1, 20 do
			local _, npc = body("n" .. i, at(0, i % 3))
			movement.order(npc, {kind = "go_to", pos = at(6)})
		end
		local before = 0
		for _ = 1, 200 do
			mock:step(0.05)
			assert.is_true(mock.path_searches - before <= 1)
			before = mock.path_searches
		end
		assert.is_true(mock.path_searches >= 20)
	end)

	it("end each order exactly once, whatever happens", function()
		math.randomseed(7)
		for _ = 1, 30 do
			start()
			wall(4, -4, 4)
			local given, ended = 0, {}
			local function random_order(npc)
				local kinds = {"go_to", "follow", "keep", "flee", "stay"}
				given = given + 1
				local number = given
				ended[number] = 0
				movement.order(npc, {
					kind = kinds[math.random(#kinds)], target = ({"Robin", "b", "nobody"})[math.random(3)],
					timeout_s = math.random() < 0.5 and math.random(1, 20) or nil,
					done = function()
						ended[number] = ended[number] + 1
						if math.random() < 0.1 then error("broken by another mod") end
					end,
				})
			end
			mock:join("Robin", at(math.random(-9, 9)))
			body("b", at(math.random(-9, 9)))
			body("a", at(0))
			local saved
			for _ = 1, 60 do
				local npc, chance = npcs.a, math.random(10)
				local object = npc and npc:get_object()
				if chance <= 3 and npc then random_order(npc)
				elseif chance == 4 and npc then movement.clear(npc)
				elseif chance == 5 and object then saved = object:unload()
				elseif chance == 6 and object then object:remove()
				elseif chance == 7 and not object and saved then mock.core.add_entity(at(0), "llm_agent:npc", saved)
				elseif chance == 7 and not object then body("a", at(0))
				elseif chance == 8 and mock.players.Robin then mock:leave("Robin")
				elseif chance == 9 and not mock.players.Robin then mock:join("Robin", at(math.random(-60, 60)))
				end
				mock:step(0.05, math.random(1, 40))
			end
			local last = npcs.a and movement.current(npcs.a)
			agent.unregister_npc("a")
			for number = 1, given do assert.equal(1, ended[number], number) end
			assert.is_true(last == nil or last.over)
		end
	end)
end)
