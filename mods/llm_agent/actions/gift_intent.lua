-- Decides whether a player's sentence gives away what they hold, and how many of it. Pure.
-- Only the player's own words count, never a model's: an apple in the hand of somebody who chats is not a gift. In doubt the
-- answer is no; the player can say it more plainly ("take this").

local text, phrases = ...

-- How many: the first number in the words; all they hold where none is said.
local function number(line)
	for word in line:gmatch("[%w\128-\255]+") do
		local n = tonumber(word:match("^%d+$")) or phrases.numbers[word]
		if n then return n end
	end
	return math.huge
end

-- gist(words): what tells one thing from others in them, see items.lua. Returns how many at most, or nil: it is no gift.
return function(utterance, thing, gist)
	local line = utterance:lower():gsub("’", "'")
	if text.matches_any(line, phrases.no_gift) then return nil end
	local named = (" " .. gist(line) .. " "):find(" " .. gist(thing) .. " ", 1, true) ~= nil
	if not text.matches_any(line, phrases.gift) and not (named and text.matches_any(line, phrases.gift_of_named)) then return nil end
	local n = number(line)
	return n > 0 and n or nil
end
