-- signs/words.lua: which words of a line are fingerspelled.

local function load_file(path, ...) return assert(loadfile("mods/llm_agent/" .. path))(...) end

local text = load_file("core/text.lua")
local small_words = load_file("calling/words.lua")
local names = load_file("calling/names.lua", text, small_words)
local words = load_file("signs/words.lua", text, names)

local function spelled(line, list)
	local index = {}
	for i, name in ipairs(list) do
		index[i] = {name = name:gsub("^=", ""), in_full = name:find("^=") ~= nil} -- "=" marks goods: all words, or none
	end
	return words.of(line, words.index(index))
end

describe("the words of a line that are spelled", function()
	it("are the names in it, in its order, each once, as they are written", function()
		assert.same({"Bram", "Oakford"}, spelled("Go to bram in Oakford, Bram knows.", {"Oakford", "Bram", "Mira"}))
		assert.same({}, spelled("Good evening to you.", {"Oakford", "Bram"}))
	end)

	it("are at most three", function()
		assert.same({"Ann", "Bo", "Cid"}, spelled("Ann, Bo, Cid and Dora.", {"Dora", "Cid", "Bo", "Ann"}))
	end)

	it("stand without the ending of a case", function()
		assert.same({"Bram"}, spelled("That is Bram's house.", {"Bram"}))
		assert.same({"Брам"}, spelled("Спроси у Брама.", {"Брам"}))
	end)

	it("leave out what is only like a name", function()
		assert.same({}, spelled("A brim of gold.", {"Bram"}))
		assert.same({}, spelled("Miro came by.", {"Mira"}))
		assert.same({}, spelled("The moral of it.", {"Morla"}))
	end)

	it("are one word of a longer name where the line has that, and where the whole is too wide", function()
		assert.same({"Mira"}, spelled("Ask Mira.", {"Mira of the Hill"}))
		assert.same({"Mira"}, spelled("Ask Mira of the Hill.", {"Mira of the Hill"}))
		assert.same({"Old Mill"}, spelled("Meet me at the Old Mill.", {"Old Mill"}))
		assert.same({}, spelled("Ask Wolfeschlegelstein.", {"Wolfeschlegelstein"}))
	end)

	it("are goods only where all of their words stand there", function()
		assert.same({}, spelled("My iron is gone.", {"=iron ingot"}))
		assert.same({"iron ingot"}, spelled("I sell two iron ingots.", {"=iron ingot"}))
	end)
end)
