-- Words: cleaning, wrapping, finding a name in a sentence. Pure; knows neither game nor daemon.

local text = {}

local WORD = "[%w_\128-\255]"
local READ_PER_KEPT = 8 -- bytes of a coloured or translated line for one of its words, and then some
local ITEM_MAX_BYTES = 256 -- of the words for an item
local TEXTS_KEPT = 50 -- more are not spoken of at the same time

-- Bytes of the UTF-8 character that starts at `i`, or nil where the bytes are none (overlong, surrogate, cut off).
local function char_bytes(s, i)
	local a, b, c, d = s:byte(i, i + 3)
	local function tail(byte) return byte and byte >= 0x80 and byte <= 0xBF end
	if a < 0x80 then return 1 end
	if a >= 0xC2 and a <= 0xDF and tail(b) then return 2 end
	if a >= 0xE0 and a <= 0xEF and tail(b) and tail(c)
			and not (a == 0xE0 and b < 0xA0) and not (a == 0xED and b > 0x9F) then
		return 3
	end
	if a >= 0xF0 and a <= 0xF4 and tail(b) and tail(c) and tail(d)
			and not (a == 0xF0 and b < 0x90) and not (a == 0xF4 and b > 0x8F) then
		return 4
	end
	return nil
end

-- Valid UTF-8 whatever comes in: engines since 5.16 write bad bytes raw into JSON.
function text.scrub(s)
	if not s:find("[\128-\255]") then return s end
	local out, i = {}, 1
	while i <= #s do
		local bytes = char_bytes(s, i)
		out[#out + 1] = bytes and s:sub(i, i + bytes - 1) or "\239\191\189"
		i = i + (bytes or 1)
	end
	return table.concat(out)
end

-- At most `max_bytes`, cut at a character, never inside one. `s` is valid UTF-8.
function text.cut(s, max_bytes)
	if #s <= max_bytes then return s end
	local last = max_bytes
	while last > 0 and s:byte(last + 1) >= 0x80 and s:byte(last + 1) <= 0xBF do last = last - 1 end
	return s:sub(1, last)
end

-- At most `max_bytes`, cut after a word; within one only where less than half would be left.
function text.cut_words(s, max_bytes)
	if #s <= max_bytes then return s end
	local cut = text.cut(s, max_bytes)
	if s:sub(#cut + 1, #cut + 1) == " " then return cut end
	local whole = cut:match("^(.*) ")
	return whole and #whole * 2 >= max_bytes and whole or cut
end

-- Without the engine's escapes: `\27(…)`, `\27E`, `\27F`. One scan, whatever the text: as a pattern each `\27(` that nothing
-- closes would look through all that follows, and models and players write the text.
function text.without_escapes(s)
	local escape = s:find("\27", 1, true)
	if not escape then return s end
	local out, from, may_close = {}, 1, true
	while escape do
		out[#out + 1] = s:sub(from, escape - 1)
		from = escape + 1
		local last
		if s:byte(from) == 40 and may_close then -- "("
			last = s:find(")", from, true)
			may_close = last ~= nil
		else
			last = s:find("^[A-Za-z]", from)
		end
		from = last and last + 1 or from
		escape = s:find("\27", from, true)
	end
	out[#out + 1] = s:sub(from)
	return table.concat(out)
end

-- One line of plain words: no colour or translation escapes, no control characters, valid UTF-8, bounded. Of a text that is
-- far too long only the beginning is looked at: this runs in the game's step.
function text.clean(s, max_bytes)
	if max_bytes then s = text.cut(s, max_bytes * READ_PER_KEPT) end
	s = text.without_escapes(s):gsub("[%z\1-\31\127]+", " ")
	s = text.scrub(s):gsub(" +", " "):match("^ ?(.-) ?$")
	return max_bytes and text.cut(s, max_bytes) or s
end

-- Characters, not bytes.
function text.length(s)
	if not s:find("[\128-\255]") then return #s end
	local _, count = s:gsub("[^\128-\191]", "")
	return count
end

-- The first `count` characters.
function text.first(s, count)
	local last = 0
	for _ = 1, count do
		local next_char = s:match("^[%z\1-\127\194-\244][\128-\191]*()", last + 1)
		if not next_char then break end
		last = next_char - 1
	end
	return s:sub(1, last)
end

local function split_word(word, width)
	if #word <= width then return {word} end
	local parts, part, count = {}, {}, 0
	for char in word:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
		if count == width then
			parts[#parts + 1], part, count = table.concat(part), {}, 0
		end
		part[#part + 1], count = char, count + 1
	end
	parts[#parts + 1] = table.concat(part)
	return parts
end

-- `s` in lines of at most `width` characters, broken between words where there is room to.
function text.wrap(s, width)
	local lines, line, used = {}, {}, 0
	local function finish()
		if #line > 0 then lines[#lines + 1] = table.concat(line, " ") end
		line, used = {}, 0
	end
	for word in s:gmatch("%S+") do
		for _, part in ipairs(split_word(word, width)) do
			local length = text.length(part)
			if used > 0 and used + 1 + length > width then finish() end
			line[#line + 1], used = part, used + length + (used > 0 and 1 or 0)
		end
	end
	finish()
	return table.concat(lines, "\n")
end

-- In small letters, those of Western Europe and of Russian too: LuaJIT's own lower knows only ASCII.
function text.lower(s)
	s = s:lower():gsub("\195([\128-\158])", function(c) return "\195" .. string.char(c:byte() + 32) end)
	s = s:gsub("\208([\144-\159])", function(c) return "\208" .. string.char(c:byte() + 32) end)
	return (s:gsub("\208([\160-\175])", function(c) return "\209" .. string.char(c:byte() - 32) end):gsub("Ё", "ё"))
end

-- Words alone, in small letters, with one space around each: " what s the time ". So a phrase is found with a plain find.
function text.spaced(s)
	s = text.lower(s):gsub("\226\128[\144-\191]", " "):gsub("\194[\161\171\187\191]", " ") -- dashes and quotes, then ¡ « » ¿
	return " " .. s:gsub("[%p%s]+", " "):match("^ ?(.-) ?$") .. " "
end

local PLAIN = {
	a = "àáâãäå", c = "ç", e = "èéêë", i = "ìíîï", n = "ñ", o = "òóôõö", u = "ùúûü", y = "ýÿ",
	ss = "ß", ae = "æ", oe = "œ", ["е"] = "ё",
}
local plain_letter = {}
for plain, letters in pairs(PLAIN) do
	for letter in letters:gmatch("[\194-\244][\128-\191]+") do plain_letter[letter] = plain end
end
local WRITTEN_OUT = {["ä"] = "ae", ["ö"] = "oe", ["ü"] = "ue", ["ß"] = "ss"}

-- Small letters without accents, as many type: "qué" → "que", "spät" → "spat".
function text.without_accents(s)
	return (s:gsub("[\194-\244][\128-\191]+", plain_letter))
end

-- As Germans type who have no umlauts: "spät" → "spaet".
function text.umlauts_written_out(s)
	return (s:gsub("[\194-\244][\128-\191]+", WRITTEN_OUT))
end

-- With a capital first letter, of the same alphabets.
function text.upper_first(s)
	local first = s:match("^[%z\1-\127\194-\244][\128-\191]*") or ""
	local lead, tail = first:byte(1, 2)
	local upper = first:upper()
	if lead == 195 and tail >= 160 then upper = string.char(195, tail - 32) end
	if lead == 208 and tail >= 176 then upper = string.char(208, tail - 32) end
	if lead == 209 and tail <= 143 then upper = string.char(208, tail + 32) end
	return upper .. s:sub(#first + 1)
end

-- Does `sentence` hold `name` as a whole word? "bandana" does not wake Ana.
function text.names(sentence, name)
	if name == "" then return false end
	sentence, name = text.lower(sentence), text.lower(name)
	local from = 1
	while true do
		local first, last = sentence:find(name, from, true)
		if not first then return false end
		local before, after = sentence:sub(first - 1, first - 1), sentence:sub(last + 1, last + 1)
		if (first == 1 or not before:find(WORD)) and not after:find(WORD) then return true end
		from = first + 1
	end
end

-- Does `sentence` hold one of `names` as a whole word?
function text.names_any(sentence, names)
	for _, name in ipairs(names) do
		if text.names(sentence, name) then return true end
	end
	return false
end

-- Does `sentence` hold one of `parts` anywhere, inside a word too? Both in small letters.
function text.holds_any(sentence, parts)
	for _, part in ipairs(parts) do
		if sentence:find(part, 1, true) then return true end
	end
	return false
end

local looked_for = setmetatable({}, {__mode = "k"}) -- list of phrases → what stands in a sentence that says one

local function needles_of(phrases)
	local needles = looked_for[phrases]
	if needles then return needles end
	needles = {}
	for i, phrase in ipairs(phrases) do
		local begins = phrase:match("^(.*)%*$")
		needles[i] = begins and " " .. begins or " " .. phrase .. " "
	end
	looked_for[phrases] = needles
	return needles
end

-- Does a sentence, as text.spaced makes it, say one of `phrases`? Whole words in small letters without marks; where the last
-- letter is a *, a word may go on: "sell*" is said by "selling". Returns where the phrase begins and ends. The list must stay as
-- it is.
function text.says_any(spaced, phrases)
	for _, needle in ipairs(needles_of(phrases)) do
		local first, last = spaced:find(needle, 1, true)
		if first then return first, last end
	end
	return nil
end

-- `read`, a pure function of one text, its answers kept for the texts that came last: what a player says is read by several
-- folders, and again when the answer comes.
function text.remembering(read)
	local answers, count = {}, 0
	return function(words)
		local answer = answers[words]
		if not answer then
			if count >= TEXTS_KEPT then answers, count = {}, 0 end
			answer = {read(words)}
			answers[words], count = answer, count + 1
		end
		return answer[1], answer[2]
	end
end

-- Does `sentence` match one of these Lua patterns?
function text.matches_any(sentence, patterns)
	for _, pattern in ipairs(patterns) do
		if sentence:find(pattern) then return true end
	end
	return false
end

-- The description of an item as a model reads it: "Steel Sword (enchanted)\nDamage: 5" becomes "steel sword".
function text.item_words(description)
	local first = text.clean(text.without_escapes(description):match("^[^\n]*"), ITEM_MAX_BYTES)
	return (first:gsub("%s*%b()", ""):lower())
end

-- A line of a role with the listener's name in the place of `{player}`.
function text.fill(line, player)
	return (line:gsub("{player}", (player:gsub("%%", "%%%%"))))
end

return text
