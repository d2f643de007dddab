-- Does a player give away what they hold? Only their own words say so, never a model's: an apple in the hand of somebody who
-- chats is not a gift. Pure. In doubt it is none: the player can say it more plainly ("take this").

local NEVER = {
	"%f[%w]not%f[%W]", "n't%f[%W]", "%f[%w]never%f[%W]", "%f[%w]no%f[%W]", "%f[%w]me%f[%W]", "%f[%w][cm]a[ny] i%f[%W]",
	"%f[%w]could i%f[%W]", "%f[%w]shall i%f[%W]", "%f[%w]if%f[%W]", "%f[%w]do you%f[%W]", "%f[%w]would%f[%W]",
	"%f[%w]will you%f[%W]",
	"%f[%w]nicht%f[%W]", "%f[%w]kein", "%f[%w]nie%f[%W]", "%f[%w]wenn%f[%W]", "%f[%w]nunca%f[%W]", "%f[%w]si%f[%W]",
	"%f[%w]pas%f[%W]", "%f[%w]jamais%f[%W]", "не ", "Не ", "икогда", "сли ", -- some without a first letter of either case
}

-- Enough alone.
local PLAIN = {
	"%f[%w]take this%f[%W]", "%f[%w]take these%f[%W]", "%f[%w]take them%f[%W]", "%f[%w]take it%f[%W]", "%f[%w]take that%f[%W]",
	"%f[%w]take my%f[%W]", "%f[%w]take one%f[%W]", "%f[%w]keep it%f[%W]", "%f[%w]keep them%f[%W]", "%f[%w]have this%f[%W]",
	"%f[%w]have these%f[%W]", "%f[%w]here you are", "%f[%w]here you go", "%f[%w]i give you%f[%W]", "i'll give you",
	"i will give you", "this is for you", "these are for you", "it's for you", "it is for you", "is a gift", "is a present",
	"nimm das", "nimm dies", "nimm es", "nimm sie", "nimm ihn", "nimm mein", "hier hast du", "ist für dich", "sind für dich",
	"ich gebe dir", "gebe ich dir", "ich schenke dir", "schenke ich dir",
	"toma esto", "toma est[ae]", "tómal[oa]", "tomal[oa]", "aquí tienes", "es para ti", "son para ti", "te doy", "te regalo",
	"prends ce", "prends ça", "prends%-l", "prenez ce", "prenez ça", "prenez%-l", "est pour toi", "sont pour toi",
	"est pour vous", "sont pour vous", "je te donne", "je vous donne", "je t'offre", "je vous offre",
	"озьми", "ержи", "то тебе", "то вам", "арю тебе", "арю вам", "тдаю тебе", "тдаю вам",
}

-- Enough where the thing is named too.
local WITH_NAME = {
	"%f[%w]take%f[%W]", "for you%f[%W]", "%f[%w]here is%f[%W]", "%f[%w]here are%f[%W]", "%f[%w]here's%f[%W]",
	"you can have", "you may have", "please have", "brought you", "%f[%w]a gift", "%f[%w]a present",
}

local NUMBERS = {
	one = 1, an = 1, a = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9, ten = 10,
	eleven = 11, twelve = 12,
}

local function has(line, patterns)
	for _, pattern in ipairs(patterns) do
		if line:find(pattern) then return true end
	end
	return false
end

-- How many: the first number in the words; all they hold where none is said.
local function number(line)
	for word in line:gmatch("[%w\128-\255]+") do
		local n = tonumber(word:match("^%d+$")) or NUMBERS[word]
		if n then return n end
	end
	return math.huge
end

-- gist(words): what tells one thing from others in them, see items.lua. Returns how many at most, or nil: it is no gift.
return function(utterance, thing, gist)
	local line = utterance:lower():gsub("’", "'")
	if has(line, NEVER) then return nil end
	local named = (" " .. gist(line) .. " "):find(" " .. gist(thing) .. " ", 1, true) ~= nil
	if not has(line, PLAIN) and not (named and has(line, WITH_NAME)) then return nil end
	local n = number(line)
	return n > 0 and n or nil
end
