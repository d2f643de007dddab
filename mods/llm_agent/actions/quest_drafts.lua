-- What an NPC would give a player to do, before the model decides whether to offer it: a quest that a mod registered, else one
-- made up. Kept for a while, for the player may come back to it. Nothing is offered here.

local settings, items, ledger, quests, store, writer, world, registry = ...

local KEEP_S = 120 -- an NPC's idea of a quest stays the same for this long, so that a player may come back to it
local NONE_S = 20 -- after a search that found nothing, the next one waits this long

local quest_drafts = {}

local drafts = {} -- NPC's id → player → {at_s, quest or nil}: what it would ask for

-- What the NPC would give this player to do: of those that mods registered, else a new one out of what there is.
local function write(npc, player_name)
	local quest = registry.pick(npc, player_name, math.random)
	if not quest then
		quest = settings.quests_made_up and writer.write(world.look(npc, player_name, math.random), math.random) or nil
		if not quest then return nil end
		quest.reward, quest.coins = {[items.money()] = quest.coins}, nil
	end
	quest.npc, quest.npc_name, quest.player = npc.id, npc.name, player_name
	return quest
end

local function can_pay(npc, quest)
	for item, count in pairs(quest.reward) do
		if ledger.count(npc.id, item) < count then return false end
	end
	return true
end

-- The quest to offer now, or nil: none of its own is open with this player, and it has not just been through one with them.
function quest_drafts.get(npc, player_name)
	local now_s, open = store.now_s(), quests.between(npc.id, player_name)
	if open then return open.state == "offered" and open or nil end
	if quests.rests(npc.id, player_name, now_s) or not quests.has_room(npc.id, player_name) then return nil end
	drafts[npc.id] = drafts[npc.id] or {}
	local draft = drafts[npc.id][player_name]
	local keep_s = draft and draft.quest and KEEP_S or NONE_S
	if not draft or now_s - draft.at_s >= keep_s or draft.quest and not can_pay(npc, draft.quest) then
		draft = {at_s = now_s, quest = write(npc, player_name)}
		drafts[npc.id][player_name] = draft
	end
	return draft.quest
end

-- The one it thought of last, without thinking anew; or nil.
function quest_drafts.last(npc, player_name)
	local draft = (drafts[npc.id] or {})[player_name]
	return draft and draft.quest
end

function quest_drafts.drop(npc, player_name) drafts[npc.id][player_name] = nil end

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for _, of_npc in pairs(drafts) do of_npc[name] = nil end
end)

return quest_drafts
