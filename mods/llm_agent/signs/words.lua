-- Which words of a line are spelled: the names that stand in it, of NPCs, players, places and goods. Pure, and knows no grammar:
-- what can be guessed from the other words is not spelled.

local text, names = ...

local words = {}

words.MAX = 3 -- of a line: so many rows are read in the time of a line, and stand over a head
local CHARS_MAX = 14 -- of one: as a picture wider than that covers a small window
local READ_MAX_BYTES = 1200 -- of a line

-- What is written of a name where a line has only one word of it: "Mira" of "Mira of the Hill".
local function word_of(name, token)
	for word in name:gmatch("[%w_\128-\255]+") do
		local plain = names.plain(word)
		if plain == token or #plain >= 3 and token:sub(1, 3) == plain:sub(1, 3) then return word end
	end
end

local function word_count(name)
	local count = 0
	for _, token in ipairs(names.tokens_of(name)) do
		if names.is_word(token) then count = count + 1 end
	end
	return count
end

-- What is spelled where the words of a line are this name, or nil.
local function spelled(mention, token)
	local one = mention.who[1]
	local is_whole = mention.to - mention.from + 1 == word_count(one.name)
	if not is_whole and one.in_full then return nil end
	local shown = is_whole and one.name or word_of(one.name, token)
	if shown and text.length(shown) > CHARS_MAX then shown = word_of(one.name, token) end
	return shown and text.length(shown) <= CHARS_MAX and shown or nil
end

-- Names to look for: a list of {name =, in_full = count only where all its words stand there}.
function words.index(list)
	return names.index(list)
end

-- The words of a line to be spelled, in its order, each once. index: of words.index.
function words.of(line, index)
	local tokens, found, seen = names.tokens_of(text.cut(line, READ_MAX_BYTES)), {}, {}
	local at = 1
	while tokens[at] and #found < words.MAX do
		local mention = names.is_word(tokens[at]) and names.mention_at(tokens, at, index)
		if mention and mention.how == "typo" then mention = nil end -- a model writes names right: it is another word
		local word = mention and spelled(mention, tokens[at])
		if word and not seen[word] then
			found[#found + 1], seen[word] = word, true
		end
		at = mention and mention.to + 1 or at + 1
	end
	return found
end

return words
