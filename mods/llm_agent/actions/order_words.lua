-- Where a player's plain words send an NPC: "follow me", "warte hier", "va chez Luc". Only a line that is an order as a whole
-- counts (order_phrases.lua): the name of who is told and small words beside it are taken off, and what is left must be one of
-- the phrases, with a known name where it wants one. So a question, a story and a no are none. Pure: knows no NPC.

local names, order_phrases = ...

local order_words = {}

local WORDS_MAX = 14 -- a longer line says more than an order
local LANGUAGES = {"en", "de", "fr", "es", "ru"} -- in this order: "va a" is French before it is Spanish

local function set(list)
	local found = {}
	for word in list:gmatch("%S+") do found[word] = true end
	return found
end

local function phrases_of(lists)
	local found = {}
	for _, code in ipairs(LANGUAGES) do
		found[code] = {}
		for _, phrase in ipairs(lists[code]) do found[code][phrase] = true end
	end
	return found
end

local follow_me, come_here, stay, go_home, stop_following_me, halt =
	phrases_of(order_phrases.follow_me), phrases_of(order_phrases.come_here), phrases_of(order_phrases.stay),
	phrases_of(order_phrases.go_home), phrases_of(order_phrases.stop_following_me),
	phrases_of(order_phrases.halt)
local beside, articles = {}, {}
for _, code in ipairs(LANGUAGES) do
	beside[code], articles[code] = set(order_phrases.beside[code]), set(order_phrases.articles[code])
end

-- The words of a line, without marks; nil where it asks, or is too long for an order.
local function words_of(line)
	if line:find("?", 1, true) then return nil end
	local words = {}
	for _, token in ipairs(names.tokens_of(line)) do
		if names.is_word(token) and token:find("[%w\128-\255]") then words[#words + 1] = token end
		if #words > WORDS_MAX then return nil end
	end
	return words
end

-- Who a name in the words is: {of, how many words, how}, or nil.
local function mention(words, at, index)
	local found = names.mention_at(words, at, index)
	return found and {name = found.who[1].name, last = found.to, how = found.how}
end

-- Takes the name of whoever is told, and small words, off both ends.
local function bare(words, own, small)
	local first, last, is_cut = 1, #words, true
	while is_cut and first <= last do
		is_cut = false
		local found = mention(words, first, own)
		if found and found.how ~= "form" then
			first, is_cut = found.last + 1, true
		elseif small[words[first]] then
			first, is_cut = first + 1, true
		end
	end
	is_cut = true
	while is_cut and first <= last do
		is_cut = small[words[last]] or false
		if is_cut then last = last - 1 end
		for at = last, math.max(first, last - 3), -1 do
			local found = not is_cut and mention(words, at, own)
			if found and found.last == last and found.how ~= "form" then last, is_cut = at - 1, true end
		end
	end
	return table.concat(words, " ", first, math.max(last, first - 1))
end

-- The name that is the whole of `rest`, but for an article before it.
local function named(rest, index, code)
	local words = {}
	for word in rest:gmatch("%S+") do words[#words + 1] = word end
	for at = 1, articles[code][words[1]] and 2 or 1 do
		local found = words[at] and mention(words, at, index)
		if found and found.last == #words then return found.name end
	end
	return nil
end

local function after(order, starts, index, code)
	for _, start in ipairs(starts) do
		if order:sub(1, #start + 1) == start .. " " then
			local name = named(order:sub(#start + 2), index, code)
			if name then return name end
		end
	end
	return nil
end

local function without_end(order, ends)
	for one in ends:gmatch("[^|]+") do
		if order:sub(-#one) == one then return order:sub(1, -#one - 1) end
	end
	return order
end

local function order_in(code, order, index)
	if follow_me[code][order] then return "follow_me" end
	if come_here[code][order] then return "come_here" end
	if stay[code][order] then return "stay" end
	if stop_following_me[code][order] then return "stop_following" end
	if halt[code][order] then return "halt" end
	if go_home[code][order] then return "go_home" end
	local stopped = without_end(order, order_phrases.after_stop[code])
	if after(stopped, order_phrases.stop_following[code], index, code) then return "stay" end
	local name = after(order, order_phrases.follow_other[code], index, code)
	if name then return "follow", name end
	name = after(order, order_phrases.go_to[code], index, code)
	if name then return "go_to", name end
end

local function read(line, own_name)
	local words = words_of(line)
	if not words or not words[1] then return nil end
	local own, found = names.index({{name = own_name}}), {}
	local as_it_stands = bare(words, own, {}) -- "bleib da", "viens la"
	for _, code in ipairs(LANGUAGES) do found[#found + 1] = {order = as_it_stands, lang = code} end
	for _, code in ipairs(LANGUAGES) do found[#found + 1] = {order = bare(words, own, beside[code]), lang = code} end
	return found
end

local last = {} -- the line that was read last, by whom: each action on offer asks for the same

-- The ways in which a line may be an order: a list of {order = its bare words, lang =}, as it stands before without small words;
-- nil where it is a question, or too long.
function order_words.readings(line, own_name)
	if last.line ~= line or last.own_name ~= own_name then
		last = {line = line, own_name = own_name, readings = read(line, own_name)}
	end
	return last.readings
end

-- The one of `goals` that is the whole of some words, but for an article.
function order_words.named(words, goals, code)
	local known = {}
	for i, name in ipairs(goals) do known[i] = {name = name} end
	return named(words, names.index(known), code)
end

-- What a line orders: nil, or {kind = "follow_me" | "come_here" | "stay" | "stop_following" | "halt" | "go_home" | "follow" |
-- "go_to", name = whom or where to, lang = the language it is said in}. own_name: of
-- whoever is told. goals: names that may be followed or gone to.
function order_words.read(line, own_name, goals)
	local readings, known = order_words.readings(line, own_name), {}
	if not readings then return nil end
	for i, name in ipairs(goals) do known[i] = {name = name} end
	local index = names.index(known)
	for _, reading in ipairs(readings) do
		local kind, name = order_in(reading.lang, reading.order, index)
		if kind then return {kind = kind, name = name, lang = reading.lang} end
	end
end

return order_words
