-- What NPCs say of their quests: the quest itself says it, in lines of lines.lua, in the listener's language.
-- What happens in a talk (a yes, a payment) is kept for the NPC's reply (replies.lua); all else is said aloud where the player
-- is near. Changes no quest. Looks NPCs and players up again each time.

local npcs, nearby, language, name_calls, lines, quest_lines, translate, spoken, kinds, store = ...

local voice = {}

local KEPT_S = 60 -- what came of a line is said with the answer to it; that comes within the deadline of a question

local kept = {} -- NPC's id → player → {what, quest, why, at_s}
local talking = {} -- {npc_id, player} of the talk whose events become the reply, while it is heard or acted on

-- Words -----------------------------------------------------------------------------------------------------------------------

-- How many are still to be brought or defeated.
function voice.missing(quest) return math.max(quest.count - (quest.progress or 0), 0) end

-- What stands for the placeholders of lines.lua. Some kinds lack some of them, and have no lines with those.
local function values_of(quest, player_name, code)
	local kind = kinds[quest.kind]
	local values = {player = player_name, npc = quest.npc_name, reward = spoken.goods(quest.reward, code)}
	values.target = quest.target_name
	values.place = quest.target
	values.title = quest.title and translate.line(code, quest.title)
	if quest.item then
		values.goods = spoken.item(quest.count, quest.item, code)
		values.have = spoken.item(quest.progress or 0, quest.item, code)
		values.left = spoken.item(voice.missing(quest), quest.item, code)
	elseif quest.carries then
		values.goods = spoken.goods(quest.carries, code)
	elseif kind.foe then
		local name = kind.foe(quest)
		values.foes, values.left = spoken.foes(quest.count, name, code), spoken.foes(voice.missing(quest), name, code)
	end
	return values
end

-- The list for how far it is. npc: who speaks, its giver or who receives the goods.
local function progress_list(quest, npc)
	if quest.carries then return npc.id ~= quest.npc and "deliver_arrived" or "deliver" end
	if quest.state == "fulfilled" then return "done" end
	local has_part = (quest.progress or 0) > 0 and quest_lines.progress[quest.kind .. "_partly"] ~= nil
	return has_part and quest.kind .. "_partly" or quest.kind
end

-- what → the list of its lines, and of what may stand before them.
local LISTS = {
	offered = function(quest) return quest_lines.offer[quest.kind], quest_lines.offer_opening end,
	accepted = function(quest) return quest_lines.accepted[quest.kind], quest_lines.accepted_opening end,
	progress = function(quest, npc) return quest_lines.progress[progress_list(quest, npc)] end,
	missing = function(quest, npc) return quest_lines.progress[progress_list(quest, npc)], quest_lines.missing_opening end,
	paid = function(quest) return quest_lines.paid[quest.carries and "deliver" or "anyone"], quest_lines.paid_opening end,
	-- what was asked for comes before the yes
	brought = function(quest, npc)
		local is_paid = quest.state == "paid"
		return is_paid and quest_lines.paid.anyone or quest_lines.progress[progress_list(quest, npc)], quest_lines.brought_opening
	end,
	cannot = function(_, _, why) return quest_lines.cannot[why] or quest_lines.cannot.other end,
}
for _, what in ipairs({"refused", "expired", "failed", "abandoned", "none", "no_debt"}) do
	LISTS[what] = function() return quest_lines[what] end
end

-- {opening, line} in the language, or nil where there is nothing to say. quest: nil for `none` and `no_debt`.
function voice.words(what, quest, npc, player_name, code, why)
	local list, opening = LISTS[what](quest, npc, why)
	local values = quest and values_of(quest, player_name, code) or {player = player_name}
	local line = list and lines.pick(list, npc, code, values, math.random)
	if not line then return nil end
	if what == "offered" then line = lines.join(line, lines.pick(quest_lines.offer_question, npc, code, values, math.random)) end
	return {opening = opening and lines.pick(opening, npc, code, values, math.random), line = line}
end

-- Events ----------------------------------------------------------------------------------------------------------------------

-- With the next reply of this NPC to the player, this is said.
function voice.keep(npc, player_name, what, quest, why)
	kept[npc.id] = kept[npc.id] or {}
	kept[npc.id][player_name] = {what = what, quest = quest, why = why, at_s = store.now_s()}
end

-- Runs fn(...): what happens to quests between the two meanwhile becomes the NPC's reply.
function voice.in_talk(npc, player_name, fn, ...)
	talking = {npc.id, player_name}
	local results = {pcall(fn, ...)}
	talking = {}
	if not results[1] then error(results[2], 0) end
	return unpack(results, 2)
end

-- Who speaks of it: the giver; of a payment whoever took it in.
local function speaker_of(what, quest)
	return npcs.get(what == "paid" and (kinds[quest.kind].receiver(quest)) or quest.npc)
end

-- A quest has changed: `what` is its state now.
function voice.tell(what, quest)
	local npc = LISTS[what] and speaker_of(what, quest)
	if not npc then return end
	if talking[1] == npc.id and talking[2] == quest.player then return voice.keep(npc, quest.player, what, quest) end
	if not nearby.can_talk(npc, quest.player) then return end
	local code = language.between(npc, quest.player)
	local words = voice.words(what, quest, npc, quest.player, code)
	if not words then return end
	npc:say(name_calls.line(npc, lines.join(words.opening, words.line), quest.player), {to = quest.player, lang = code})
end

-- Is something due to be said to this player with the next reply?
function voice.is_due(npc, player_name) return kept[npc.id] ~= nil and kept[npc.id][player_name] ~= nil end

-- What is due to be said to this player with the next reply: {what, quest, why}, once; or nil.
function voice.take(npc, player_name)
	local of_npc = kept[npc.id]
	local entry = of_npc and of_npc[player_name]
	if not entry then return nil end
	of_npc[player_name] = nil
	return store.now_s() - entry.at_s <= KEPT_S and entry or nil
end

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for _, of_npc in pairs(kept) do of_npc[name] = nil end
end)

return voice
