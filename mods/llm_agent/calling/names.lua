-- Names in a sentence: its words, and where one of a list of names stands among them. Pure, and knows no grammar.
-- A name counts in any case and without accents, in Russian and German cases, by its first word that is no title, and with one
-- slip of the finger. Of several the longest wins, then the one that is spelt right.

local text, words = ...

local names = {}

local SHORT_MIN_CHARS = 3 -- of a word that stands for a whole name: "Mira" calls Mira of the Hill
local TYPO_MIN_CHARS = 4 -- shorter words are one slip away from too many others
local TITLE_CHARS = 3 -- "alten Marta" is Alte Marta: so much of a title must be right
local SPELLED_MAX = 30 -- words of a line in which other spellings are looked for; players say ten
local KEPT_MAX = 500 -- names whose words are known already; a big server has less
local NO_NAMES_MAX = 2000 -- words of an index that are known to be no names; NPCs say a few hundred

local NONE = {}

-- Words ------------------------------------------------------------------------------------------------------------------

local ACCENTS = {
	["à"] = "a", ["á"] = "a", ["â"] = "a", ["ã"] = "a", ["ä"] = "a", ["å"] = "a", ["ç"] = "c", ["è"] = "e", ["é"] = "e",
	["ê"] = "e", ["ë"] = "e", ["ì"] = "i", ["í"] = "i", ["î"] = "i", ["ï"] = "i", ["ñ"] = "n", ["ò"] = "o", ["ó"] = "o",
	["ô"] = "o", ["õ"] = "o", ["ö"] = "o", ["ù"] = "u", ["ú"] = "u", ["û"] = "u", ["ü"] = "u", ["ý"] = "y", ["ß"] = "ss",
	["ё"] = "е",
}
local SIGNS = { -- what is no word, in plain signs
	["’"] = "'", ["…"] = ".", ["—"] = "~", ["–"] = "~", ["¡"] = ",", ["¿"] = ",", ["«"] = ",", ["»"] = ",", ["„"] = ",",
	["“"] = ",", ["”"] = ",", ["\194\160"] = " ", ["\226\128\175"] = " ",
}

-- In small letters, without accents, with plain signs.
function names.plain(s)
	return (text.lower(s):gsub("[\194-\244][\128-\191]+", function(char) return ACCENTS[char] or SIGNS[char] end))
end

-- The words and signs of a sentence in order; "ida's" is "ida" and "'s", "suis-moi" two words.
function names.tokens_of(sentence)
	local found = {}
	for word, sign in names.plain(sentence):gmatch("([%w_\128-\255]*)([^%w_\128-\255]?)") do
		if word ~= "" then
			local last = found[#found]
			if last == "'" then found[#found] = nil end
			found[#found + 1] = last == "'" and word == "s" and "'s" or word
		end
		if sign ~= "" and not sign:find("[%s-]") then found[#found + 1] = sign end
	end
	return found
end

function names.is_word(token)
	return token ~= nil and (token:find("^[%w_\128-\255]") ~= nil or words.AND[token] or token == "'s")
end

-- Names ------------------------------------------------------------------------------------------------------------------

local function words_of_name(name)
	local found = {}
	for _, token in ipairs(names.tokens_of(name)) do
		if names.is_word(token) then found[#found + 1] = token end
	end
	return found
end

-- The word that may stand for a name of several.
local function short_of(name_words)
	if #name_words < 2 then return nil end
	for _, word in ipairs(name_words) do
		if not words.TITLES[word] then return text.length(word) >= SHORT_MIN_CHARS and word or nil end
	end
	return nil
end

-- Last letter of a Russian name → the endings of its cases.
local CASES = {
	["а"] = {"ы", "и", "е", "у", "ой", "ою"}, ["я"] = {"и", "е", "ю", "ей", "ею"}, ["й"] = {"я", "ю", "ем", "е", "и"},
	["ь"] = {"я", "ю", "ем", "е", "и"},
}
local CONSONANT = {"а", "у", "ом", "ем", "е"}
local OTHER_VOWELS = "оеиуыэю" -- names on these have no cases
local SOFTENED = "гкхжчшщ" -- only after these has an а the case и: "Иди" is no form of Ида

-- Is it the name in another case: "Brams", "Браму"?
local function is_form(token, word)
	if #word >= SHORT_MIN_CHARS and token == word .. "s" then return true end
	local last = word:match("[\208\209][\128-\191]$")
	local endings = last and (CASES[last] or not OTHER_VOWELS:find(last, 1, true) and CONSONANT) or NONE
	local stem = CASES[last] and word:sub(1, -3) or word
	if token:sub(1, #stem) ~= stem then return false end
	local ending = token:sub(#stem + 1)
	for _, one in ipairs(endings) do
		if one == ending then return not (last == "а" and one == "и") or SOFTENED:find(stem:sub(-2), 1, true) ~= nil end
	end
	return false
end

local function letters_of(word)
	local letters = {}
	for letter in word:gmatch("[%z\1-\127\194-\244][\128-\191]*") do letters[#letters + 1] = letter end
	return letters
end

local function first_letter(word) return word:match("^[%z\1-\127\194-\244][\128-\191]*") or word:sub(1, 1) end

local function same_title(token, title)
	local letters = letters_of(title)
	local beginning = table.concat(letters, "", 1, math.min(TITLE_CHARS, #letters))
	return words.TITLES[title] and token:sub(1, #beginning) == beginning
end

-- One letter too many or too few, or two that changed places.
local function is_typo(token, word)
	if math.abs(#token - #word) > 2 or token:byte() ~= word:byte() then return false end
	if token:sub(1, 2) ~= word:sub(1, 2) and token:byte(-1) ~= word:byte(-1) then return false end -- cheaper than what follows
	local a, b = letters_of(token), letters_of(word)
	if #a < TYPO_MIN_CHARS or #b < TYPO_MIN_CHARS or math.abs(#a - #b) > 1 then return false end
	local at = 1
	while a[at] and a[at] == b[at] do at = at + 1 end
	local function same_from(i, j) return table.concat(a, "", i) == table.concat(b, "", j) end
	if #a > #b then return same_from(at + 1, at) end
	if #a < #b then return same_from(at, at + 1) end
	return a[at] == b[at + 1] and a[at + 1] == b[at] and same_from(at + 2, at + 2)
end

local RANKS = {exact = 4, form = 3, typo = 1}

-- How the words from `at` on are this name: "exact", "form" or nil, and how many words.
local function whole_name_at(tokens, at, name)
	local how = "exact"
	for i, word in ipairs(name.words) do
		local token = tokens[at + i - 1]
		if not names.is_word(token) then return nil end
		if token ~= word then
			if not is_form(token, word) and not (i < #name.words and same_title(token, word)) then return nil end
			how = "form"
		end
	end
	return how, #name.words
end

local function name_at(tokens, at, name)
	local how, count = whole_name_at(tokens, at, name)
	if how then return how, count end
	local token = tokens[at]
	if name.short and token == name.short then return "exact", 1 end
	if name.short and is_form(token, name.short) then return "form", 1 end
	local word = name.short or #name.words == 1 and name.words[1]
	return word and is_typo(token, word) and "typo" or nil, 1
end

local function best_of(tokens, at, list)
	local best, best_score
	for _, name in ipairs(list or NONE) do
		local how, count = name_at(tokens, at, name)
		local score = how and count * 10 + RANKS[how]
		if score and (not best or score > best_score) then
			best, best_score = {who = {name.of}, how = how, from = at, to = at + count - 1}, score
		elseif score and score == best_score then
			table.insert(best.who, name.of)
		end
	end
	return best
end

local function is_like(token, word) return token == word or is_form(token, word) or is_typo(token, word) end

-- May one of these names begin with this word, whatever follows it?
local function may_begin(token, list)
	for _, name in ipairs(list) do
		local word = name.words[1]
		if is_like(token, word) or #name.words > 1 and same_title(token, word) then return true end
		if name.short and is_like(token, name.short) then return true end
	end
	return false
end

-- Is this one of the words that no name of the index is like? Talk is made of few, so each is compared with the names once.
local function is_no_name(token, index, list)
	local known = index.no_names[token]
	if known == nil then
		if index.no_names_count >= NO_NAMES_MAX then index.no_names, index.no_names_count = {}, 0 end
		known = not may_begin(token, list)
		index.no_names[token], index.no_names_count = known, index.no_names_count + 1
	end
	return known
end

-- The best of the names (from `index`) at this place: {who = those who are called so, how, from, to}. Other spellings are looked
-- for in the first words only: each is compared with every name of its letter.
function names.mention_at(tokens, at, index)
	local token = tokens[at]
	local best = best_of(tokens, at, index.by_word[token])
	if best or at > SPELLED_MAX then return best end
	local list = index.by_letter[first_letter(token)]
	if not list or is_no_name(token, index, list) then return nil end
	return best_of(tokens, at, list)
end

local known, known_count = {}, 0 -- name → its words

local function spelling_of(name)
	if not known[name] then
		if known_count >= KEPT_MAX then known, known_count = {}, 0 end
		local name_words = words_of_name(name)
		known[name], known_count = {words = name_words, short = short_of(name_words)}, known_count + 1
	end
	return known[name]
end

local function add(map, key, name)
	map[key] = map[key] or {}
	if map[key][#map[key]] ~= name then table.insert(map[key], name) end
end

-- What mention_at looks into: names by the words and letters they may begin with. list: things with a field `name`.
function names.index(list)
	local index = {by_word = {}, by_letter = {}, no_names = {}, no_names_count = 0}
	for _, one in ipairs(list) do
		local spelling = spelling_of(one.name)
		local name = {of = one, words = spelling.words, short = spelling.short}
		for _, word in ipairs({name.words[1] or "", name.short}) do
			if word ~= "" then
				add(index.by_word, word, name)
				add(index.by_letter, first_letter(word), name)
			end
		end
	end
	return index
end

return names
