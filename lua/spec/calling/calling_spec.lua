-- calling/calling.lua: who is called in a sentence, and who is only spoken of; the lines stand in support/calling_lines.lua.

local lines = require("spec.support.calling_lines")

local function load(file, ...) return assert(loadfile("mods/llm_agent/" .. file .. ".lua"))(...) end
local text, words = load("core/text"), load("calling/words")
local names = load("calling/names", text, words)
local calling = load("calling/calling", text, words, names)

local function joined(list)
	local found = {}
	for i, one in ipairs(list) do found[i] = one.name end
	return table.concat(found, "+")
end

describe("who is meant", function()
	for _, code in ipairs({"en", "de", "fr", "es", "ru"}) do
		local of_language, people = lines[code], {}
		for i, called_so in ipairs(of_language.names) do people[i] = {name = called_so} end
		local index = names.index(people)
		for _, row in ipairs(of_language) do
			it(("in %s: %s"):format(code, row[1]), function()
				local called, spoken_of = calling.read(row[1], index)
				assert.same({called = row[2], spoken_of = row[3]}, {called = joined(called), spoken_of = joined(spoken_of)})
			end)
		end
	end
end)

describe("what of a line is for one", function()
	local ann, hugo, ida = {name = "Ann"}, {name = "Hugo"}, {name = "Ida"}
	local index = names.index({ann, hugo, ida})

	it("is all of it where it calls all together", function()
		local part, others = calling.part_for(ann, "Ann and Hugo, go to Ida! Quick!", index)
		assert.equal("Ann and Hugo, go to Ida! Quick!", part)
		assert.same({hugo}, others)
	end)

	it("is its own sentences where it calls each by its own", function()
		local said = "Listen! Ann, stay here. Guard the door. Hugo, follow Ann."
		local part, others = calling.part_for(ann, said, index)
		assert.equal("Listen! Ann, stay here. Guard the door.", part)
		assert.same({}, others)
		part, others = calling.part_for(hugo, said, index)
		assert.equal("Listen! Hugo, follow Ann.", part)
		assert.same({}, others)
	end)

	it("is its own clause where one sentence calls each by its own", function()
		local said = "hugo go to the quarry, ann you wait"
		assert.equal("hugo go to the quarry,", (calling.part_for(hugo, said, index)))
		assert.equal("ann you wait", (calling.part_for(ann, said, index)))
		local part, others = calling.part_for(ann, "Attack the wolf, Ann and Hugo!", index)
		assert.equal("Attack the wolf, Ann and Hugo!", part)
		assert.same({hugo}, others)
		part, others = calling.part_for(ann, "Ann, Hugo, go to the mill, please, and wait", index)
		assert.equal("Ann, Hugo, go to the mill, please, and wait", part)
		assert.same({hugo}, others)
		assert.equal("Ann, Hugo is there, go!", (calling.part_for(ann, "Ann, Hugo is there, go!", index)))
	end)

	it("is all of it where nobody is called", function()
		assert.equal("go to Ida", (calling.part_for(ann, "go to Ida", index)))
	end)
end)
