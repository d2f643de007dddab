-- What a player's words mean for a fight: an order to fight, to stand by, to stop, or that they are sorry. In all languages of
-- core/phrases.lua. Pure: knows no NPC. An order is what a sentence begins with; "I will attack the wolf" is none.

local text, phrases = ...

local fight_words = {}

-- Takes names and small words off the begin of a sentence that text.spaced made: " ann and hugo attack rolf " → " attack rolf ".
local function after_address(spaced, names)
	local starts = {}
	for _, name in ipairs(names) do starts[#starts + 1] = text.spaced(name) end
	for _, words in ipairs(phrases.before_an_order) do starts[#starts + 1] = " " .. words .. " " end
	local found = true
	while found do
		found = false
		for _, start in ipairs(starts) do
			if #start > 2 and spaced:sub(1, #start) == start then
				spaced, found = spaced:sub(#start), true
			end
		end
	end
	return spaced
end

-- What follows the verb, where the sentence begins with one of `verbs`.
local function object_of(spaced, verbs)
	for _, verb in ipairs(verbs) do
		local stem = verb:match("^(.*)%*$")
		if stem and spaced:sub(1, #stem + 1) == " " .. stem then return spaced:match("^ %S+( .*)$") end
		local whole = " " .. verb .. " "
		if spaced:sub(1, #whole) == whole then return spaced:sub(#whole) end
	end
	return nil
end

local function order_in(spaced, names)
	local rest = after_address(spaced, names)
	if object_of(rest, phrases.guard_me) then return "guard" end
	local whom = object_of(rest, phrases.attack)
	if whom then return "attack", whom:find("%S") and whom or " it " end -- "get him"
	for _, verb in ipairs(phrases.attack_last) do
		local last = " " .. verb .. " "
		if rest:sub(-#last) == last then return "attack", rest:sub(1, -#last) end
	end
	return nil
end

-- The clauses of what is said, each as text.spaced makes it: "there is a boar ferris, kill it" has two.
local function clauses_of(words)
	local found = {}
	for clause in words:gmatch("[^%.,;:!?]+") do
		local spaced = text.spaced(clause)
		if spaced:find("%S") then found[#found + 1] = spaced end
	end
	return found
end

local function without(spaced, names)
	for _, name in ipairs(names) do
		local first, last = spaced:find(text.spaced(name), 1, true)
		while first do
			spaced = spaced:sub(1, first) .. spaced:sub(last + 1)
			first, last = spaced:find(text.spaced(name), 1, true)
		end
	end
	return spaced
end

-- The order that a later clause gives, where none of them asks or sets a condition. What was said before it tells whom "it"
-- means.
local function later_order(words, names, called)
	if words:find("?", 1, true) or text.says_any(text.spaced(words), phrases.condition) then return nil end
	local before = " "
	for _, clause in ipairs(clauses_of(words)) do
		local order, whom = order_in(clause, names)
		if order == "attack" and fight_words.is_any_monster(whom) then whom = whom .. without(before, called):sub(2) end
		if order then return order, whom end
		before = before .. clause:sub(2)
	end
	return nil
end

-- names: of those who are near, whole and their first words; called: of those whom the words call. Returns "attack" and the
-- words for whom, "guard", or nil.
function fight_words.order(words, names, called)
	local order, whom = order_in(text.spaced(words), names)
	if order then return order, whom end
	return later_order(words, names, called)
end

function fight_words.is_stop(words) return text.says_any(text.spaced(words), phrases.stop_fighting) ~= nil end

function fight_words.is_sorry(words) return text.says_any(text.spaced(words), phrases.sorry) ~= nil end

-- Does the object of an order mean a monster, without its name?
function fight_words.is_any_monster(whom) return text.says_any(whom, phrases.that_monster) ~= nil end

return fight_words
