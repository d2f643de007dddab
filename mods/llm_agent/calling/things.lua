-- Whether words name a thing that has a name of one word or several, whatever form the word stands in: "уголь" names a
-- "Кусок угля", "Kohle" a "Kohleklumpen", "Äpfel" an "Apfel". Pure. Two words are forms of one where they begin alike and what
-- is left of each is an ending; so it knows no dictionary, and may take one word for another that begins as it does.

local text, names = ...

local things = {}

local STEM_MIN_CHARS = 3
local PART_MIN_CHARS, COMPOUND_MIN_CHARS = 4, 8 -- "Kohle" in "Kohleklumpen"

local function set(words)
	local found = {[""] = true}
	for word in words:gmatch("%S+") do found[word] = true end
	return found
end

-- Of nouns, in their cases and numbers: Latin letters and Russian ones.
local ENDINGS = set([[
	e n s x en er es em ern ne nen
	а я о е ы и у ю ь й ой ей ом ем ам ям ах ях ов ев ами ями ья ьев ьям ьями ью ий ый ая ое ого ому ые ых
]])
-- Words of names that tell no thing from others, in the five languages.
local SMALL = set([[
	the and with from for der die das und mit von aus des les une avec pour dans los las una con para для без или из
]])

-- "уголь", "угля": the vowel before the last consonant comes and goes.
local LETTER = "[\208\209][\128-\191]" -- of Russian
local O_OR_E, SOFT_SIGN = "\208[\190\181]", "\209\140"
local FLEETING = {
	"^(.*" .. LETTER .. ")" .. O_OR_E .. "(" .. LETTER .. SOFT_SIGN .. ")$",
	"^(.*" .. LETTER .. ")" .. O_OR_E .. "(" .. LETTER .. ")$",
}

local function variants_of(word)
	local found = {word}
	for _, pattern in ipairs(FLEETING) do
		local before, after = word:match(pattern)
		if before then found[#found + 1] = before .. after end
	end
	return found
end

-- The bytes with which both begin, whole letters alone.
local function common_bytes(a, b)
	local last = 0
	for at in a:gmatch("()[%z\1-\127\194-\244][\128-\191]*") do
		local letter = a:match("^[%z\1-\127\194-\244][\128-\191]*", at)
		if b:sub(at, at + #letter - 1) ~= letter then break end
		last = at + #letter - 1
	end
	return last
end

local function are_forms(a, b)
	if a == b then return true end
	local bytes = common_bytes(a, b)
	if text.length(a:sub(1, bytes)) < STEM_MIN_CHARS then return false end
	-- the longest beginning may hold a letter of the endings: "угл|я" and "угл|ь", "яблок|о" and "яблок|"
	return ENDINGS[a:sub(bytes + 1)] and ENDINGS[b:sub(bytes + 1)] or false
end

local function is_part(part, compound)
	local long_enough = text.length(part) >= PART_MIN_CHARS and text.length(compound) >= COMPOUND_MIN_CHARS
	return long_enough and (compound:sub(1, #part) == part or compound:sub(-#part) == part)
end

-- Are both the same word, or is the first a part of the second? In small letters without accents (names.plain).
local function names_word(said, word)
	for _, a in ipairs(variants_of(said)) do
		for _, b in ipairs(variants_of(word)) do
			if are_forms(a, b) then return true end
		end
	end
	return is_part(said, word)
end

local function words_of(line)
	local found = {}
	for word in names.plain(line):gmatch("[%w\128-\255]+") do
		if text.length(word) >= STEM_MIN_CHARS and not SMALL[word] then found[#found + 1] = word end
	end
	return found
end

-- Does the line name the thing, or a word of its name?
function things.are_named(line, name)
	local said = words_of(line)
	for _, word in ipairs(words_of(name)) do
		for _, one in ipairs(said) do
			if names_word(one, word) then return true end
		end
	end
	return false
end

return things
