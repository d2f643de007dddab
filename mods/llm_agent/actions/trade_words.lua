-- What a player's words mean for a trade: do they speak of trade at all, do they name a price, do they agree to one? In all
-- languages of core/phrases.lua. Pure: knows neither goods nor NPCs. In doubt the answer is no: what is for sale can always be
-- asked for more plainly, and a window opens by a button.

local text, phrases = ...

local BARE_MAX = 3 -- words: "The steel sword?" asks for it, where it is named and little else is said
local ANSWER_MAX = 6 -- words: a longer sentence may mean anything and agrees to nothing

local trade_words = {}

local function tokens(spaced)
	local list = {}
	for word in spaced:gmatch("%S+") do list[#list + 1] = word end
	return list
end

-- "a" and "an" count nothing here: "I ate an apple".
local function number_of(word)
	local n = tonumber(word:match("^%d%d?%d?%d?%d?$"))
	return n or phrases.numbers[word] ~= 1 and phrases.numbers[word] or nil
end

local function has_number(list)
	for _, word in ipairs(list) do
		if number_of(word) then return true end
	end
	return false
end

-- is_named: a thing is named that the NPC sells. is_on_table: the two talk about a price.
function trade_words.is_about_trade(words, is_named, is_on_table)
	local spaced = text.spaced(words)
	if text.says_any(spaced, phrases.trade) then return true end
	local list = tokens(spaced)
	if text.says_any(spaced, phrases.repairs) then return false end
	if is_named and (#list <= BARE_MAX or has_number(list) or text.says_any(spaced, phrases.asks_for)) then return true end
	if not is_on_table then return false end
	return has_number(list) or trade_words.agrees(words, true)
		or #list <= ANSWER_MAX and text.says_any(spaced, phrases.on_the_price) ~= nil
end

-- Is a thing asked for that stalls have, whether or not this one does?
trade_words.asks_for_goods = text.remembering(function(words)
	local spaced = text.spaced(words)
	if text.says_any(spaced, phrases.repairs) then return false end
	return text.says_any(spaced, phrases.stall_goods) ~= nil and text.says_any(spaced, phrases.asks_for) ~= nil
end)

-- Does one of `phrases` end right before token `i`, or begin at it?
local function ends_before(words, i, list)
	local before = " " .. table.concat(words, " ", 1, i - 1) .. " "
	for _, phrase in ipairs(list) do
		if before:sub(-#phrase - 2) == " " .. phrase .. " " then return true end
	end
	return false
end

local function begins_at(words, i, list)
	local rest = i <= #words and " " .. table.concat(words, " ", i) .. " " or ""
	for _, phrase in ipairs(list) do
		local start = " " .. (phrase:match("^(.*)%*$") or phrase .. " ")
		if rest:sub(1, #start) == start then return true end
	end
	return false
end

-- Is the number at `i` a price? "7 coins", "I pay 7", "for 7 each"; "7?" where the two talk about a price.
local function is_price(words, i, is_on_table)
	if begins_at(words, i + 1, phrases.coins) then return true end
	local ends = i == #words or begins_at(words, i + 1, phrases.for_each)
	return ends and (ends_before(words, i, phrases.bids) or is_on_table and #words <= BARE_MAX)
end

-- The price that a player names: {coins, is_each, count = how many pieces were named, or nil}, or nil where none is named.
function trade_words.bid(words, is_on_table)
	local spaced = text.spaced(words)
	if text.says_any(spaced, phrases.how_much) then return nil end
	local list, found, count = tokens(spaced), nil, nil
	for i, word in ipairs(list) do
		local n = number_of(word) or phrases.numbers[word] -- "a sword" is one
		if n and n >= 1 and not found and is_price(list, i, is_on_table) then
			found = n
		elseif n and n >= 1 then
			count = count or n
		end
	end
	return found and {coins = found, count = count, is_each = text.says_any(spaced, phrases.for_each) ~= nil} or nil
end

-- How many pieces are named: the first number that is no price; nil where none is.
function trade_words.count(words)
	local spaced = text.spaced(words)
	local list, asks = tokens(spaced), text.says_any(spaced, phrases.how_much) ~= nil
	for i, word in ipairs(list) do
		local n = number_of(word)
		if n and n >= 1 and (asks or not is_price(list, i, false)) then return n end
	end
	return nil
end

-- Does the player agree to a price? may_be_plain: a bare yes counts, as nothing else was asked.
function trade_words.agrees(words, may_be_plain)
	local spaced = text.spaced(words)
	local count = #tokens(spaced)
	if count > ANSWER_MAX or text.names_any(words, phrases.no) then return false end
	return text.says_any(spaced, phrases.agrees) ~= nil
		or may_be_plain == true and count <= BARE_MAX and text.names_any(words, phrases.yes)
end

return trade_words
