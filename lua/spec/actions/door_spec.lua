-- actions/door.lua: the NPC opens a door.

local orders = require("spec.support.orders")
local at, body = orders.at, orders.body

local mock

local function start(options) mock = orders.start(options) end

describe("the action", function()
	local npc
	local function params(name, opts) return orders.params(npc, name, opts) end
	local function run(name, given) return orders.run(npc, name, given) end
	before_each(function()
		start()
		mock.core.registered_nodes["doors:door_a"] = {groups = {door = 1}, on_rightclick = function() end}
		npc = select(2, body("Mira", at(0)))
		mock:join("Robin", at(6))
		mock:step(0.05, 2)
	end)
	after_each(function() _G.doors = nil end)

	describe("open_door", function()
		local open, toggles

		local function put_door(x, owner)
			local key = x .. ",0,0"
			open, toggles = false, 0
			mock.ground[key] = "doors:door_a"
			mock.nodes = {{name = "doors:door_a", pos = {x = x, y = 0, z = 0}}}
			mock.meta[key] = {owner = owner}
			_G.doors = {registered_doors = {["doors:door_a"] = true}, get = function(pos)
				return pos.x == x and {
					state = function() return open end,
					toggle = function() open, toggles = not open, toggles + 1 end,
				} or nil
			end}
		end

		it("opens one in reach at once, and walks to one that is not", function()
			assert.is_nil(params("open_door"))
			put_door(2)
			assert.is_true(params("open_door"))
			local ok, message = run("open_door")
			assert.is_true(ok)
			assert.equal("Mira opens the door.", message)
			assert.is_true(open)
			assert.is_nil(params("open_door"))
			put_door(-5)
			ok, message = run("open_door")
			assert.is_true(ok)
			assert.equal("Mira goes to open the door.", message)
			assert.is_false(open)
			mock:step(0.05, 100)
			assert.is_true(open)
			assert.same({"Mira opens the door."}, mock:chat_of("Robin"))
		end)

		it("looks for none in a game without doors, where an old engine would crash", function()
			mock.core.registered_nodes["doors:door_a"] = nil
			mock.core.find_nodes_in_area = function() error("a group that no node is in") end
			assert.is_nil(params("open_door"))
			assert.same({}, mock:logged("error"))
		end)

		it("refuses one that is locked, or protected from who asks", function()
			put_door(2, "Will")
			local ok, message = run("open_door")
			assert.is_false(ok)
			assert.equal("Mira cannot open this door: it is locked.", message)
			put_door(2)
			mock.protected["2,0,0"] = "Will"
			ok, message = run("open_door")
			assert.is_false(ok)
			assert.equal("Mira will not open this door for you: it is protected.", message)
			assert.equal(0, toggles)
			mock.protected["2,0,0"] = "Robin"
			assert.is_true((run("open_door")))
		end)

		it("knows the doors of Mineclonia and VoxeLibre, and those that only redstone opens", function()
			start({other_mods = {mcl_doors = true}})
			npc = select(2, body("Mira", at(0)))
			mock:join("Robin", at(6))
			local nodes, clicked = mock.core.registered_nodes, 0
			nodes["mcl_doors:door_b_1"] = {groups = {door = 1}, on_rightclick = function(pos)
				clicked, pos.y = clicked + 1, pos.y + 1 -- as theirs does
				mock.meta["2,0,0"].is_open = 1
			end}
			nodes["mcl_doors:iron_b_1"] = {groups = {door = 1}}
			for name, result in pairs({["mcl_doors:door_b_1"] = true, ["mcl_doors:iron_b_1"] = false}) do
				mock.ground["2,0,0"], mock.meta["2,0,0"] = name, {}
				mock.nodes = {{name = name, pos = {x = 2, y = 0, z = 0}}}
				assert.is_true(params("open_door"))
				assert.equal(result, (run("open_door")))
			end
			assert.equal(1, clicked)
		end)
	end)
end)
