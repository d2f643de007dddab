-- perception/places.lua: named places.

local surroundings = require("spec.support.surroundings")
local ORIGIN, at, facts_of, guard = surroundings.ORIGIN, surroundings.at, surroundings.facts_of, surroundings.guard

describe("named", function()
	local mock, agent
	local function start(options, nodes) mock, agent = surroundings.start(options, nodes) end
	after_each(surroundings.remove_other_mods)

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
				assert.is_truthy(message:find("places_spec.lua", 1, true), message)
			end
		end)
	end)
end)
