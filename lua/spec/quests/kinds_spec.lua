-- quests/kinds.lua: every kind has every field, and stands in the guide.

local Mock = require("mock_core")

local FIELDS = {
	needs = "table", is_possible = "function", fields = "function", weight = "number", write = "function or false", title = "function",
	requested = "function", deed = "function", measure = "function or false", counts_deaths = "boolean", foe = "function or false",
	is_carried = "boolean", is_done_at_once = "boolean", takes = "function", receiver = "function",
}
-- A definition of each kind, as a mod may register it, and the words that come of it: title, request, deed.
local EXAMPLES = {
	fetch = {{item = "zoo:apple", count = 2}, "Bring 2 × Apple to Ann", "apple", "bring 2 apples to Ann"},
	deliver = {{item = "zoo:apple", target = "bob"}, "Carry 1 × Apple from Ann to Bob", "delivery to Bob", "carry 1 apple from Ann to Bob"},
	hunt = {{target = "zoo:grey_wolf", count = 3}, "Defeat 3 × grey wolf for Ann", "slain grey wolf", "defeat 3 grey wolves for Ann"},
	visit = {{target = "Mill"}, "Go to Mill and tell Ann about it", "report from Mill", "go to Mill for Ann"},
	task = {{title = "Light a fire", done = function() return true end}, "Light a fire", "the example", "the example for Ann"},
}

describe("a kind of quest", function()
	local kinds, private, guide

	setup(function()
		local mock = Mock.new({})
		mock.core.register_craftitem("zoo:apple", {description = "Apple"})
		mock.core.register_entity("zoo:grey_wolf", {type = "monster"})
		local agent = mock:load_mod()
		private, kinds = mock.mod, mock.mod.quests.kinds
		for _, npc in ipairs({{"ann", "Ann"}, {"bob", "Bob"}}) do
			agent.register_npc(npc[1], {name = npc[2], role = "smith", pos = {x = 0, y = 0, z = 0}})
		end
		private.ledger.ledger.mint("ann", "llm_agent:coin", 9)
		private.ledger.ledger.mint("ann", "zoo:apple", 9)
		agent.set_place("Mill", {x = 50, y = 0, z = 0}, 5)
		mock:join("Robin", {x = 1, y = 0, z = 0})
		local file = assert(io.open("docs/api.md"))
		guide = file:read("*a"):match("\n### `llm_agent%.register_quest%(.-\n#")
		file:close()
	end)

	it("has every field, and no other", function()
		for name, kind in pairs(kinds) do
			for field, want in pairs(FIELDS) do
				local got = type(kind[field])
				local fits = got == want or want == "function or false" and (got == "function" or kind[field] == false)
				assert.is_true(fits, ("%s.%s: want %s, got %s"):format(name, field, want, got))
			end
			for field in pairs(kind) do assert.is_string(FIELDS[field], ("%s.%s is no field"):format(name, field)) end
			assert.equal(kind.write ~= false, kind.weight > 0, name .. ": a weight where NPCs think of it, and only there")
			assert.is_true(kind.measure ~= false or kind.counts_deaths, name .. ": nothing measures it")
		end
	end)

	it("is explained in the guide, with the fields it needs", function()
		local function row(field) return assert(guide:match("\n| `" .. field .. "` | ([^\n]*)\n"), field) end
		local listed = row("kind")
		for name, kind in pairs(kinds) do
			assert.is_truthy(listed:find(("`%s` ("):format(name), 1, true), name)
			for _, field in ipairs(kind.needs) do assert.is_truthy(row(field):find("`" .. name .. "`", 1, true), name .. ": " .. field) end
		end
	end)

	it("makes an offer of a definition that has what it needs, in words", function()
		for name in pairs(kinds) do
			local def, title, request, deed = unpack((assert(EXAMPLES[name], "no example of the kind " .. name)))
			def.kind, def.reward, def.npcs = name, 1, {"ann"}
			llm_agent.register_quest("the_example", def)
			assert.is_true(llm_agent.get_npc("ann"):offer_quest("Robin", "the_example"), name)
			local quest, quest_text = private.quests.quests.between("ann", "Robin"), private.quests.quest_text
			assert.same({title, request}, {quest_text.title(quest), (quest_text.requested(quest))})
			assert.equal(deed, kinds[name].deed(quest))
			assert.equal(name == "deliver" and "bob" or "ann", (private.quests.quests.receiver(quest)))
		end
	end)
end)
