-- What a player does about a quest: accept, refuse, hand in, abandon. The log, the commands and the dialog all call this file.
-- It checks the world (who is near, how far the quest is), then state_machine.lua changes the state.
-- Each function returns true, or false, words for the player, and a code where it was the quest that could not. What went well
-- is told by news.lua.

local S, nearby, npcs, kinds, quests, quest_text, store, hunt, tracker = ...

local service = {}

local function mine(id, player_name)
	local quest = quests.get(id)
	return quest and quest.player == player_name and quest or nil
end

local NONE = S("There is no such quest. /llm quests shows yours.")

-- Not near enough to speak to whom this is about: words, or nil.
local function too_far(npc_id, npc_name, player_name)
	local npc = npcs.get(npc_id)
	if not npc or not nearby.can_talk(npc, player_name) then return S("@1 is not near; go there first.", npc_name) end
end

function service.accept(id, player_name)
	local quest = mine(id, player_name)
	if not quest then return false, NONE end
	local problem = too_far(quest.npc, quest.npc_name, player_name)
	if problem then return false, problem end
	local ok, code, message = quests.accept(id, store.now_s())
	if not ok then return false, S("That quest cannot be taken: @1.", quest_text.why(quest, code, message)), code end
	if kinds[quest.kind].counts_deaths then hunt.watch(quest.target) end
	tracker.measure(quest)
	return true
end

function service.refuse(id, player_name)
	local quest = mine(id, player_name)
	if not quest or not quests.refuse(id, store.now_s()) then return false, NONE end
	return true, S("You turned it down: @1.", quest_text.title(quest))
end

function service.abandon(id, player_name)
	local quest = mine(id, player_name)
	if not quest or not quests.abandon(id, store.now_s()) then return false, NONE end
	return true
end

-- The one that can be handed in to this NPC now: it is measured first.
function service.ready(npc, player_name)
	for _, quest in ipairs(quests.of_player(player_name, quests.is_active)) do
		if quests.receiver(quest) == npc.id then
			tracker.measure(quest)
			if quest.state == "fulfilled" then return quest end
		end
	end
end

function service.hand_in(id, player_name)
	local quest = mine(id, player_name)
	if not quest then return false, NONE end
	local receiver_id, receiver_name = quests.receiver(quest)
	local problem = too_far(receiver_id, receiver_name, player_name)
	if problem then return false, problem end
	tracker.measure(quest)
	local ok, code, message = quests.complete(id, store.now_s())
	if not ok then return false, S("@1: not yet: @2.", quest_text.title(quest), quest_text.why(quest, code, message)), code end
	return true
end

return service
