-- calling/things.lua: whether words name a thing, in whatever form of the five languages.

local function load(file, ...) return assert(loadfile("mods/llm_agent/" .. file .. ".lua"))(...) end
local text, words = load("core/text"), load("calling/words")
local things = load("calling/things", text, load("calling/names", text, words))

local NAMED = {
	{"борис вот твой уголь", "Кусок Угля"}, {"я принёс яблоки", "Яблоко"}, {"вот доски", "Яблоневая доска"}, {"держи камень", "Камня"},
	{"вот 3 факела", "Факел"}, {"ВОТ УГОЛЬ", "кусок угля"}, {"ich hab deine Kohle", "Kohleklumpen"}, {"hier sind die Äpfel", "Apfel"},
	{"nimm die fackeln", "Fackel"}, {"voici tes pommes", "Pomme"}, {"j'ai ton charbon", "Morceau de charbon"},
	{"aquí tienes los panes", "Pan"}, {"toma el carbón", "Trozo de carbón"}, {"here are your torches", "torch"},
}
local NOT_NAMED = {
	{"вот твой хлеб", "Кусок Угля"}, {"как дела", "Камень"}, {"ich hab deine Katze", "Kohleklumpen"}, {"j'ai de la chance", "Morceau de charbon"},
	{"aquí estoy para ti", "Trozo de carbón"}, {"here I am with the cat", "ladder with the rope"}, {"mit der Zeit", "Truhe mit der Beute"},
}

describe("words", function()
	it("name a thing in whatever form they stand", function()
		for _, row in ipairs(NAMED) do assert.is_true(things.are_named(row[1], row[2]), row[1]) end
	end)

	it("do not name one by small words, or by a word that is another", function()
		for _, row in ipairs(NOT_NAMED) do assert.is_false(things.are_named(row[1], row[2]), row[1]) end
	end)
end)
