-- Short snippets of the guides run as they stand, in a game stepped by hand. The whole mods among them play in a real server
-- (tests/game/test_examples.py).

local Mock = require("mock_core")

local function read(path)
	local file = assert(io.open(path, "r"))
	local content = file:read("*a")
	file:close()
	return content
end

local function snippets(path)
	local found = {}
	for code in read(path):gmatch("```lua\n(.-)```") do found[#found + 1] = code end
	return found
end

local function run(code)
	local chunk = assert(loadstring(code))
	chunk()
end

describe("a snippet", function()
	local mock, requests

	before_each(function()
		mock, requests = Mock.new({}), {}
		mock:open_daemon(function(request)
			requests[#requests + 1] = request
			return {{event = "done", text = "So be it, traveller.", cache = "miss", model = "m"}}
		end)
		mock:load_mod()
	end)

	it("of the mod's README asks and speaks", function()
		local said = {}
		llm_agent.on("say", function(npc, line, opts) said[#said + 1] = {npc.name, line, opts.to} end)
		for _, code in ipairs(snippets("mods/llm_agent/README.md")) do run(code) end
		mock:step(0.05, 20)
		assert.are.equal(1, #requests)
		assert.are.equal("ferryman", requests[1].npc.role)
		assert.are.equal("two coins", requests[1].context.fare)
		assert.are.same({{"Fen", "So be it, traveller.", "Ann"}}, said)
	end)

	it("of the API guide that registers an action has one that can be chosen", function()
		local count = 0
		for _, code in ipairs(snippets("docs/api.md")) do
			if code:find("register_action", 1, true) then
				count = count + 1
				run(code)
			end
		end
		assert.are.equal(1, count)
		llm_agent.register_role("ferryman", {persona = "A ferryman rows travellers."})
		local npc = llm_agent.register_npc("f", {name = "Fen", role = "ferryman"})
		npc:think({player = "Ann", utterance = "Row me over", intent = "trade"}, function() end)
		mock:step(0.05, 20)
		assert.are.equal("row_over", requests[1].actions[1].name)
		assert.are.equal(5, requests[1].actions[1].params.properties.price.maximum)
	end)
end)
