-- What a player's words have to do with work and with a quest, told by phrases alone, in the languages of the mod. Pure.

local text, phrases, gist, things = ... -- gist(words): what tells one thing from others in them, see ledger/items.lua

local heard = {}

local FEW_WORDS = 3 -- "Any work here?"

-- Does one of the phrases begin where a word does?
local function begins(folded, list)
	for _, phrase in ipairs(list) do
		if folded:find(" " .. phrase, 1, true) then return true end
	end
	return false
end

local function is_short(folded) return select(2, folded:gsub("%S+", "")) <= FEW_WORDS end

local function without_praise(folded)
	for _, phrase in ipairs(phrases.praises_work) do
		local first, last = folded:find(" " .. phrase .. " ", 1, true)
		if first then folded = folded:sub(1, first) .. folded:sub(last + 1) end
	end
	return folded
end

-- Folded words: of claims.fold.
heard.asks_for_work = text.remembering(function(folded)
	folded = without_praise(folded)
	return begins(folded, phrases.asks_for_work) or is_short(folded) and begins(folded, phrases.only_work)
end)

heard.speaks_of_work = text.remembering(function(folded)
	return heard.asks_for_work(folded) or begins(without_praise(folded), phrases.speaks_of_work)
end)

function heard.asks_about_quest(folded) return begins(folded, phrases.asks_about_quest) end

function heard.speaks_of_trade(message) return text.says_any(text.spaced(message), phrases.trade) ~= nil end

-- Does it name the thing, or a word of it: "the torches", "coal", "Kohle" of a "Kohleklumpen"?
function heard.names_part_of(message, name)
	local words = " " .. gist(message) .. " "
	for word in gist(name):gmatch("%S+") do
		if words:find(" " .. word .. " ", 1, true) then return true end
	end
	return things.are_named(message, name)
end

-- Does the player say that something is done?
function heard.says_done(message) return text.names_any(message, phrases.done) end

function heard.hands_over(folded) return begins(folded, phrases.hands_over) end

-- Does the player say that they have some of what was asked for, by a number or a pronoun? numbers: those in the words.
function heard.has_got_some(folded, numbers)
	return begins(folded, phrases.has_got) and (numbers[1] ~= nil or begins(folded, phrases.some_of_it))
end

return heard
