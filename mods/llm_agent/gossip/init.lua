-- Gossip: what really happened, who saw it or heard of it, and how each tells it. It spreads as NPCs meet and fades with time.
-- Nothing here asks the model: lines are the game's own, and stand in the place of questions that would have been asked.

local load, base, api_folder, perception_folder, think_folder, talk_folder, ledger_folder, economy_folder,
	combat_folder, quests_folder = ...
local S, now_us, settings, text, geometry, check, util, storage, translate, steps =
	base.S, base.now_us, base.settings, base.text, base.geometry, base.check, base.util, base.storage, base.translate, base.steps
local events, npcs = api_folder.events, api_folder.npcs
local positions, nearby, observe, answers, ways = perception_folder.positions, perception_folder.nearby,
	perception_folder.observe, perception_folder.answers, perception_folder.ways
local language = think_folder.language
local small_talk = talk_folder.small_talk
local spoken = ledger_folder.spoken
local reputation = economy_folder.reputation
local targets, damage = combat_folder.targets, combat_folder.damage
local quest_text = quests_folder.quest_text

local happenings = load("happenings", settings, text, geometry, check, storage, npcs, positions)
local slant = load("slant", S, reputation)
local lines = load("lines", S, spoken, ways, happenings, slant)
local watch = load("watch", settings, util, events, npcs, positions, observe, happenings, targets, damage, quest_text)
local spread = load("spread", now_us, settings, geometry, npcs, positions, happenings, watch)
load("tell", S, text, translate, nearby, observe, answers, language, small_talk, happenings, lines)

npcs.on_bury(function(npc) happenings.drop_npc(npc.id) end)
steps.register("gossip", spread.step, 1)
core.register_on_shutdown(happenings.save_all)

return {happenings = happenings, lines = lines}
