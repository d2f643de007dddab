-- think/reply.lua: what a callback gets.

local folder = "mods/llm_agent/"

local text = loadfile(folder .. "core/text.lua")()

describe("a reply", function()
	local reply = loadfile(folder .. "think/reply.lua")(text, loadfile(folder .. "core/util.lua")(print))
	local trade = {params = {
		type = "object",
		properties = {
			item = {type = "string", maxLength = 8}, count = {type = "integer", minimum = 1, maximum = 9},
			kind = {enum = {"buy", "sell"}}, tags = {type = "array", items = {type = "string"}, maxItems = 2},
		},
		required = {"item", "count"},
	}}

	local function about(over)
		local given = {npc_id = "n", npc_state = {id = "n"}, role = {fallback = {"Hm, {player}.", "Later."}}, player = "Ann", ms = 5,
			translate = function(line) return line end}
		for key, value in pairs(over or {}) do given[key] = value end
		return given
	end

	it("carries the cleaned words and what the daemon tells of them", function()
		local built = reply.build("done", {text = " Good\nday\27E. ", cache = "hit", model = "m", finish = "stop"}, about())
		assert.equal("Good day.", built.text)
		assert.same({false, "hit", "m", 5}, {built.fallback, built.cache, built.model, built.ms})
		assert.is_nil(built.error)
	end)

	it("falls back to the role's lines in turn", function()
		local state = {id = "n"}
		local first = reply.build("error", {code = "offline", message = "away"}, about({npc_state = state}))
		local second = reply.build("error", {code = "offline", message = "away"}, about({npc_state = state}))
		assert.is_true(first.fallback)
		assert.equal("offline: away", first.error)
		assert.equal("offline", first.code)
		assert.not_equal(first.text, second.text)
	end)

	it("takes an empty answer for none, and events of any shape", function()
		assert.equal("empty", reply.build("done", {text = " \n"}, about()).code)
		for _, event in ipairs({{}, {text = 5}, {text = {}, code = {}, message = 1, action = 7, usage = "x"}}) do
			assert.is_true(reply.build("done", event, about()).fallback)
			assert.is_true(reply.build("error", event, about()).fallback)
		end
	end)

	it("speaks the safe line of a filtered reply", function()
		local built = reply.build("error", {code = "filtered", message = "no", text = "Let us talk of else."}, about())
		assert.same({"Let us talk of else.", true, "filtered"}, {built.text, built.fallback, built.code})
	end)

	it("passes an action only if it was offered and fits its schema", function()
		local function try(action) return reply.build("done", {text = "Deal.", action = action}, about({offered = {trade = trade}})) end
		assert.same({name = "trade", params = {item = "bread", count = 3.0}}, try({name = "trade", params = {item = "bread", count = 3.0}}).action)
		for problem, action in pairs({
			["not offered"] = {name = "explode", params = {}},
			["count: missing"] = {name = "trade", params = {item = "bread"}},
			["count: want integer"] = {name = "trade", params = {item = "bread", count = 1.5}},
			["count: less than 1"] = {name = "trade", params = {item = "bread", count = 0}},
			["count: more than 9"] = {name = "trade", params = {item = "bread", count = 10}},
			["item: want string"] = {name = "trade", params = {item = 5, count = 1}},
			["item: too long"] = {name = "trade", params = {item = "breadbread", count = 1}},
			["cmd: not a parameter"] = {name = "trade", params = {item = "bread", count = 1, cmd = "rm"}},
			["kind: not one of"] = {name = "trade", params = {item = "bread", count = 1, kind = "steal"}},
			["tags: too many"] = {name = "trade", params = {item = "bread", count = 1, tags = {"a", "b", "c"}}},
			["tags[2]: want string"] = {name = "trade", params = {item = "bread", count = 1, tags = {"a", 2}}},
			["params: want an object"] = {name = "trade", params = "all"},
		}) do
			local built = try(action)
			assert.is_nil(built.action)
			assert.is_truthy(built.action_error:find(problem, 1, true), built.action_error .. " / " .. problem)
			assert.equal("Deal.", built.text)
		end
	end)
end)
