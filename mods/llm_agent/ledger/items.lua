-- Items by the game's name ("default:sword_steel") and by the words that a model and a player use ("steel sword"); the coin.
-- Reads the registry of items, and adds the coin to it.

local S, log, settings, text, util = ...

local COIN = "llm_agent:coin"

local items = {}

core.register_craftitem(COIN, {
	description = S("Coin"),
	inventory_image = "llm_agent_coin.png",
	stack_max = 999, -- a purse in one slot
})

-- What an alias stands for.
function items.real_name(name)
	return core.registered_aliases[name] or name
end

-- "default:sword_steel" → "steel sword"; the name itself where the game describes it with nothing.
function items.words(name)
	local def = core.registered_items[name]
	local words = def and def.description and text.item_words(def.description) or ""
	return words ~= "" and words or name
end

-- A list of item names → words → name; of two with the same words the first by name.
function items.by_words(names)
	local sorted, found = {}, {}
	for i, name in ipairs(names) do sorted[i] = name end
	table.sort(sorted)
	for _, name in ipairs(sorted) do
		local words = items.words(name)
		if not found[words] then found[words] = name end
	end
	return found
end

-- Words with and without a plural's end become the same: "steel swords", "loaves", "berries".
local function stem(word)
	if word:find("ies$") then
		word = word:gsub("ies$", "y")
	elseif word:find("[sxz]es$") or word:find("[cs]hes$") or word:find("oes$") then
		word = word:gsub("es$", "")
	elseif not word:find("[su]s$") then
		word = word:gsub("s$", "")
	end
	return (word:gsub("ie$", "y"):gsub("[vf]e$", "f"):gsub("v$", "f"):gsub("e$", ""))
end

local ARTICLES = {a = true, an = true, the = true, some = true, my = true, your = true, of = true}

-- What of the words tells an item from others: no counts, no articles, no plurals.
function items.gist(words)
	local parts = {}
	for word in words:lower():gmatch("[^%s%p]+") do
		if not ARTICLES[word] and not word:find("^%d+$") then parts[#parts + 1] = stem(word) end
	end
	return table.concat(parts, " ")
end

-- The item of a list of names (all items, if it is left out) that the words mean: "steel swords", "Steel Sword",
-- "default:sword_steel". nil where none does.
function items.find(words, names)
	if not names then
		names = {}
		for name in pairs(core.registered_items) do names[#names + 1] = name end
	end
	local wanted, best = items.gist(words), nil
	for _, name in ipairs(names) do
		if name == words then return name end
		if wanted ~= "" and items.gist(items.words(name)) == wanted and (not best or name < best) then best = name end
	end
	return best
end

local telling -- words by which things of this game are told from others: "sword", "coal"
local SMALL_WORDS = {
	["and"] = true, with = true, block = true, light = true, small = true, large = true, red = true, blue = true, green = true,
	white = true, black = true, old = true, ["new"] = true, good = true, home = true, road = true, one = true,
}

-- Does the line name a thing of this game? Words that things share with all talk ("red", "with") do not count.
function items.names_any(line)
	if not telling then
		telling = {}
		for name in pairs(core.registered_items) do
			for word in items.gist(items.words(name)):gmatch("%a%a%a+") do telling[word] = not SMALL_WORDS[word] or nil end
		end
	end
	for word in items.gist(line):gmatch("%S+") do
		if telling[word] then return true end
	end
	return false
end

local function plural(word)
	if word:find("[^aeiou]y$") then return (word:gsub("y$", "ies")) end
	if word:find("[^f]fe?$") then return (word:gsub("fe?$", "ves")) end
	if word:find("s$") then return word end
	return word:find("[xz]$") and word .. "es" or word:find("[cs]h$") and word .. "es" or word .. "s"
end

-- "loaf of bread" → "loaves of bread".
function items.plural(words)
	local head, rest = words:match("^(.-)( of .*)$")
	return plural(head or words) .. (rest or "")
end

-- What English counts without a plural: "8 wheat".
local UNCOUNTED = {}
for word in ([[
	wheat flour cotton paper wool leather glass papyrus string sand dirt gravel clay obsidian sandstone coal wood stone flint
	ice snow sheep deer fish meat beef pork mutton chicken sugar rice corn milk honey
]]):gmatch("%a+") do
	UNCOUNTED[word] = true
end
-- What it counts in pieces that have a name.
local PIECES = {bread = "loaf of bread"}

-- "3 apples", "2 loaves of bread", "8 wheat": so many of what the words name, in English.
function items.count_of(n, words)
	words = PIECES[words] or words
	if n == 1 or UNCOUNTED[words:match("%S+$") or ""] then return ("%d %s"):format(n, words) end
	return ("%d %s"):format(n, items.plural(words))
end

-- "an apple", "a loaf of bread", "wheat", "boots".
function items.one(name)
	local words = PIECES[items.words(name)] or items.words(name)
	if UNCOUNTED[words:match("%S+$") or ""] and words == items.words(name) or words:find("[^s]s$") then return words end
	return (words:find("^[aeiou]") and "an " or "a ") .. words
end

-- The same of an item, for the model and what NPCs remember.
function items.counted(n, name) return items.count_of(n, items.words(name)) end

-- Money ----------------------------------------------------------------------------------------------------------------

local money = COIN

-- The item that is money here.
function items.money()
	return money
end

-- Is it the coin of this mod, and not what an admin made money?
function items.is_coin(name) return name == COIN end

-- An amount of money, as players see it.
function items.coins(n)
	if money ~= COIN then return S("@1 × @2", n, items.words(money)) end
	return n == 1 and S("1 coin") or S("@1 coins", n)
end

local function first_line(description) return description:match("^[^\n]*") end

-- As a player's client shows it: the game's own description, which it may translate.
function items.shown_name(name)
	local def = core.registered_items[name]
	local description = def and (def.short_description or def.description) or ""
	return description ~= "" and first_line(description) or name
end

-- Goods {item = n} as players see them, in a fixed order.
function items.shown(goods)
	local parts = {}
	for i, name in ipairs(util.sorted_keys(goods)) do
		parts[i] = name == money and items.coins(goods[name]) or S("@1 × @2", goods[name], items.shown_name(name))
	end
	return table.concat(parts, ", ")
end

core.register_on_mods_loaded(function()
	local wanted = settings.money
	if wanted == "" then return end
	local name = core.registered_aliases[wanted] or wanted
	if core.registered_items[name] then
		money = name
	else
		log("warning", ("llm_agent.money = %s: no such item in this game; using %s"):format(wanted, COIN))
	end
end)

return items
