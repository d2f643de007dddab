-- Cuts what an NPC says into whole sentences while its words come in: each is asked for, sent and heard by itself, so that the
-- first is heard while the model writes the second. Pure; positions are bytes of the text that grows.

local text = ...

local Sentences = {}
Sentences.__index = Sentences

-- Shorter ones go with the next where that is known already: two words alone sound like a command, and cost a call.
local SHORT_BYTES = 16
-- Longer ones are cut at a comma: about 18 s of sound, which nobody can interrupt in the engines' own buffers.
local LONG_BYTES = 280

-- Words with a full stop that ends no sentence, in the five languages of the mod. A capital letter alone is an initial.
local ABBREVIATIONS = {}
for word in ("mr mrs ms dr prof st jr sr vs etc no vol fig capt col gen lt sgt rev hon e.g i.e a.m p.m "
	.. "z.b d.h u.a bzw ca nr str hr fr evtl ggf vgl inkl usw mme mlle m cf p.ex sra srta ud uds p.ej "
	.. "т.е т.д т.п др г ул им см"):gmatch("%S+") do
	ABBREVIATIONS[word] = true
end

local CLOSING = "^[\"'%)%]»”’]+" -- tried byte by byte: the last three are several, all of them no letters
local WIDE = {["。"] = true, ["！"] = true, ["？"] = true} -- end a sentence without a space after them
local WIDE_CLOSING = {["」"] = true, ["』"] = true, ["”"] = true, ["）"] = true}

-- Where the closing quotes and brackets after byte `last` end.
local function after_closing(heard, last)
	while true do
		local closing = heard:match(CLOSING, last + 1)
		if closing then
			last = last + #closing
		elseif WIDE_CLOSING[heard:sub(last + 1, last + 3)] then
			last = last + 3
		else
			return last
		end
	end
end

-- Is the full stop at byte `at` one of a number or of a short form?
local function is_no_end(heard, from, at)
	local word = heard:sub(from, at - 1):match("[^%s%(\"']*$")
	if word:find("^%d+$") or word:find("^%u$") then return true end
	return ABBREVIATIONS[text.lower(word)] == true
end

-- Does the next word begin small, so that the sentence goes on? Nil where it is not known yet.
local function goes_on(heard, last)
	local next_char = heard:match("^%s*([%z\1-\127\194-\244][\128-\191]*)", last + 1)
	if not next_char then return nil end
	return next_char:find("^%l") ~= nil or #next_char > 1 and text.upper_first(next_char) ~= next_char
end

-- Where the sentence ends whose mark goes from byte `at` to `last`; nil: it is none; false: not known yet.
local function end_at(heard, from, at, last, closed)
	local mark = heard:sub(at, last)
	if WIDE[mark] then return after_closing(heard, last) end
	local closing = after_closing(heard, last)
	local follows = heard:sub(closing + 1, closing + 1)
	if follows == "" then return closed and closing or false end
	if not follows:find("%s") then return nil end
	if mark == "." and closing == last and is_no_end(heard, from, at) then return nil end
	local is_doubtful = closing > last or mark:find("..", 1, true) or mark:find("…", 1, true) -- "Stop!" he said … and left
	if not is_doubtful then return closing end
	local on = goes_on(heard, closing)
	if on == nil then return closed and closing or false end
	return not on and closing or nil
end

-- The next mark from byte `from` on: its first and last byte.
local function next_mark(heard, from)
	local at, last = heard:find("[%.!%?]+", from)
	for _, mark in ipairs({"…", "。", "！", "？", "\n"}) do
		local first = heard:find(mark, from, true)
		if first and (not at or first < at) then at, last = first, first + #mark - 1 end
	end
	return at, last
end

-- The last byte of the sentence that begins at byte `from`, or nil while it is not whole.
local function sentence_end(heard, from, closed)
	local search = from
	while true do
		local at, last = next_mark(heard, search)
		if not at then return closed and #heard or nil end
		local found = heard:sub(at, last) == "\n" and last or end_at(heard, from, at, last, closed)
		if found then return found end
		if found == false then return nil end
		search = last + 1
	end
end

-- A cut inside a sentence that is too long: after a comma or its like, else after a word. Nil where it is short, or may be.
local function long_cut(heard, from, last)
	if (last or #heard) - from < LONG_BYTES then return nil end
	local part = heard:sub(from, from + LONG_BYTES - 1)
	local cut = part:match("^.*[,;:]()%s") or part:match("^.*%S()%s")
	return cut and cut > LONG_BYTES / 3 and from + cut - 2 or nil
end

-- What of it is to be spoken: without stage directions (*smiles*), marks of formatting and what has no word in it.
local function spoken(words)
	words = text.clean((words:gsub("%*[^%*]*%*", " "):gsub("[%*_#`<>|~]", " ")))
	return words:find("[%w\128-\255]") and words:gsub("…", ""):find("[%w\128-\255]") and words or nil
end

-- The sentences that have become whole: a list of {text = to be spoken, last = byte of the text that it goes to}. heard: all so
-- far; closed: nothing comes any more, and the rest is a sentence without a mark.
function Sentences:take(heard, closed)
	local found, from = {}, self.taken + 1
	while from <= #heard do
		local last = sentence_end(heard, from, closed)
		local cut = long_cut(heard, from, last)
		last = cut or last
		if not last then break end
		local merges = found[1] and found[#found].is_short
		local first = merges and found[#found].first or from
		local words = heard:sub(first, last)
		found[merges and #found or #found + 1] = {
			first = first, last = last, words = words, is_short = not cut and #words < SHORT_BYTES,
		}
		from, self.taken = last + 1, last
	end
	local sentences = {}
	for _, one in ipairs(found) do
		local words = spoken(one.words)
		if words then sentences[#sentences + 1] = {text = words, last = one.last} end
	end
	return sentences
end

-- All sentences of a text that is known.
function Sentences.of(words)
	return Sentences.new():take(words, true)
end

function Sentences.new()
	return setmetatable({taken = 0}, Sentences)
end

return Sentences
