-- Goods and coins as NPCs say them aloud, in a language: "8 cobblestones", "8 Stück Kopfsteinpflaster", "6 coins".
-- In chat and forms items.shown stands instead, which each client translates. Only words.

local text, util, translate, items = ...

local spoken = {}

-- Filled in each language's own order; some have a form of their own for two, three and four.
local FORMS = {
	goods = "{count} × {goods}", foes = "{count} × {foes} (enemies)",
	one_coin = "{count} coin", few_coins = "{count} coins (2 to 4)", coins = "{count} coins",
}

local function is_english(code) return code == nil or code:find("^en") ~= nil end

local function form(name, code, n, values)
	values.count = tostring(n)
	return (translate.line(code, FORMS[name]):gsub("{(%w+)}", values))
end

-- Of a count the form that a Slavic language wants: 1, 21 → one; 2, 33 → few; 5, 11, 112 → many.
local function few_or_many(n)
	local tens, ones = n % 100, n % 10
	if ones == 1 and tens ~= 11 then return "one_coin" end
	return ones >= 2 and ones <= 4 and (tens < 12 or tens > 14) and "few_coins" or "coins"
end

function spoken.coins(n, code)
	local name = code and code:find("^ru") and few_or_many(n) or n == 1 and "one_coin" or "coins"
	if is_english(code) then return n == 1 and "1 coin" or ("%d coins"):format(n) end
	return form(name, code, n, {})
end

-- The name of an item in the language, where its mod has it there.
function spoken.name(item, code)
	local def = core.registered_items[item]
	local description = def and (def.short_description or def.description) or ""
	local words = description ~= "" and core.get_translated_string(code, description) or item
	words = text.clean(words:match("^[^\n]*"))
	return code:find("^de") and words or text.lower(words) -- German writes its nouns with capitals
end

-- So many of an item.
function spoken.item(n, item, code)
	if item == items.money() and items.is_coin(item) then return spoken.coins(n, code) end
	if is_english(code) then return items.counted(n, item) end
	return form("goods", code, n, {goods = spoken.name(item, code)})
end

-- The same where one of it needs no number: "a steel pickaxe".
local function item_in_a_story(n, item, code)
	if n == 1 and is_english(code) and not items.is_coin(item) then return items.one(item) end
	return spoken.item(n, item, code)
end

-- So many enemies; words: what one of them is called in English.
function spoken.foes(n, words, code)
	if is_english(code) then return items.count_of(n, words) end
	return form("foes", code, n, {foes = words})
end

local function listed(goods, code, words_of)
	local parts = {}
	for i, item in ipairs(util.sorted_keys(goods)) do parts[i] = words_of(goods[item], item, code) end
	return table.concat(parts, ", ")
end

-- Goods {item = n} in a fixed order.
function spoken.goods(goods, code) return listed(goods, code, spoken.item) end

-- The same in a story, where no bargain hangs on the number.
function spoken.goods_in_a_story(goods, code) return listed(goods, code, item_in_a_story) end

return spoken
