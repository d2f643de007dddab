-- The names that an NPC may say: NPCs, players in the world, places, and what it sells. Gathered when a line is read, and kept a
-- moment: names change seldom, and a line is read several times as it comes in.

local npcs, places, items, spoken, goods, words = ...

local vocabulary = {}

local KEPT_US = 5e6
local NPCS_MAX = 500 -- an index of so many takes a millisecond
local SPEAKERS_MAX = 20 -- of which an index is kept

local indexes, count = {}, 0 -- "language id of an NPC" → {index, at_us}

local function name_of(item, lang)
	return lang and not lang:find("^en") and spoken.name(item, lang) or items.words(item)
end

local function gather(npc, lang)
	local list = {}
	for i = 1, math.min(#npcs.list, NPCS_MAX) do list[#list + 1] = {name = npcs.list[i].name} end
	for _, player in ipairs(core.get_connected_players()) do list[#list + 1] = {name = player:get_player_name()} end
	for _, place in ipairs(places.list()) do list[#list + 1] = {name = place.name} end
	for item in pairs(goods.for_sale(npc)) do list[#list + 1] = {name = name_of(item, lang), in_full = true} end
	return words.index(list)
end

-- An index for words.of. lang: of the line, or nil for English.
function vocabulary.of(npc, lang, now)
	local key = (lang or "") .. " " .. npc.id
	local known = indexes[key]
	if known and now - known.at_us < KEPT_US then return known.index end
	if count >= SPEAKERS_MAX then indexes, count = {}, 0 end
	count = count + (indexes[key] and 0 or 1)
	indexes[key] = {index = gather(npc, lang), at_us = now}
	return indexes[key].index
end

return vocabulary
