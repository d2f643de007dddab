-- Which gesture a player's plain words ask for: "bow to me", "zähl bis drei", "montre Luc du doigt". Only a line that is such an
-- order as a whole counts, as with order_words.lua. Pure: knows no NPC.

local order_words, gesture_phrases, named = ...

local gesture_words, phrases = {}, gesture_phrases

local kinds = {} -- language → phrase → kind
for kind, by_language in pairs(phrases.kinds) do
	for code, list in pairs(by_language) do
		kinds[code] = kinds[code] or {}
		for _, phrase in ipairs(list) do kinds[code][phrase] = kind end
	end
end

-- What follows one of some beginnings.
local function rest_after(order, starts)
	for _, start in ipairs(starts) do
		if order:sub(1, #start + 1) == start .. " " then return order:sub(#start + 2) end
	end
end

-- A number as a word or in digits, as far as one hand goes: who is told to count to ten gets as far as five.
local function number_of(words, code)
	local number = tonumber(words:match("^%d%d?$"))
	for i, word in ipairs(phrases.numbers[code]) do
		if words == word then number = i end
	end
	return number and number >= 1 and math.min(number, named.COUNT_MAX) or nil
end

local function read(order, code, goals)
	if kinds[code][order] then return {kind = kinds[code][order], lang = code} end
	local number = rest_after(order, phrases.count_to[code])
	number = number and number_of(number, code)
	if number then return {kind = "count", number = number, lang = code} end
	local rest = rest_after(order, phrases.point_at[code])
	local name = rest and order_words.named(rest, goals(), code)
	if name then return {kind = "point", at = name, lang = code} end
end

-- What a line asks for: nil, or {kind =, number =, at = one of the names that `goals()` gives, lang =}.
function gesture_words.read(line, own_name, goals)
	for _, reading in ipairs(order_words.readings(line, own_name) or {}) do
		local found = read(reading.order, reading.lang, goals)
		if found then return found end
	end
end

return gesture_words
