-- combat/tactics.lua: what is sensible, and what a model may choose.

local tactics = dofile("mods/llm_agent/combat/tactics.lua")

describe("tactics", function()
	local function view(given)
		local out = {brave = true, health = 1, enemies = {"wolf"}, allies = {}, sides = {}, fronted = false, wards = {}, can_call = true}
		for key, value in pairs(given or {}) do out[key] = value end
		return out
	end

	it("are sensible without a model", function()
		for _, case in ipairs({
			{{}, "attack"}, {{enemies = {}}, "hold"}, {{health = 0.2}, "retreat"}, {{health = 0.2, brave = false}, "flee"},
			{{brave = false}, "call_help"}, {{brave = false, can_call = false}, "flee"},
			{{fronted = true, allies = {"Bram"}}, "flank", "left"}, {{fronted = true, allies = {"Bram"}, sides = {left = true}}, "flank", "right"},
			{{fronted = true, allies = {"Bram"}, sides = {left = true, right = true}}, "attack"}, {{fronted = true}, "attack"},
		}) do
			local order = tactics.decide(view(case[1]))
			assert.same({case[2], case[3]}, {order.kind, order.side})
		end
	end)

	it("offer the model nothing that a view does not hold, and always a way out", function()
		math.randomseed(1)
		for _ = 1, 2000 do
			local function some(list)
				local out = {}
				for _, item in ipairs(list) do
					if math.random() < 0.5 then out[#out + 1] = item end
				end
				return out
			end
			local given = view({
				brave = math.random() < 0.5, health = math.random(), enemies = some({"wolf", "Ana"}), allies = some({"Bram"}),
				sides = {left = math.random() < 0.5, right = math.random() < 0.5}, fronted = math.random() < 0.5,
				wards = some({"Robin"}), can_call = math.random() < 0.5,
			})
			local decided = tactics.decide(given)
			for _, kind in ipairs(tactics.kinds) do
				local schema = tactics.schema(given, kind)
				for _, property in pairs(schema and schema.properties or {}) do assert.is_true(#property.enum > 0) end
				if schema and schema.properties.target and kind ~= "guard" then assert.same(given.enemies, schema.properties.target.enum) end
				if schema and schema.properties.side then
					for _, side in ipairs(schema.properties.side.enum) do assert.is_false(given.sides[side]) end
				end
				if kind == decided.kind and #given.enemies > 0 then assert.not_nil(schema, kind) end
			end
			assert.equal(#given.enemies > 0, tactics.schema(given, "retreat") ~= nil)
		end
	end)
end)
