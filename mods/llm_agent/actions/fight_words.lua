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

-- names: of those who are spoken to, whole and their first words. Returns "attack" and the words for whom, "guard", or nil.
function fight_words.order(words, names)
	local spaced = text.spaced(words)
	local rest = after_address(spaced, names)
	if object_of(rest, phrases.guard_me) then return "guard" end
	local whom = object_of(rest, phrases.attack)
	if whom then return "attack", whom end
	for _, verb in ipairs(phrases.attack_last) do
		local last = " " .. verb .. " "
		if rest:sub(-#last) == last then return "attack", rest:sub(1, -#last) end
	end
	return nil
end

function fight_words.is_stop(words) return text.says_any(text.spaced(words), phrases.stop_fighting) ~= nil end

function fight_words.is_sorry(words) return text.says_any(text.spaced(words), phrases.sorry) ~= nil end

-- Does the object of an order mean a monster, without its name?
function fight_words.is_any_monster(whom) return text.says_any(whom, phrases.that_monster) ~= nil end

return fight_words
