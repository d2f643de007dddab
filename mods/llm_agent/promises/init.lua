-- Promises: an NPC that said "at noon, at the mill" goes there in time, waits, greets, and says so where nobody came.

local load, base, api_folder, perception_folder, think_folder, talk_folder, body_folder, economy_folder, gossip_folder = ...
local S, now_us, settings, geometry, storage, translate, steps =
	base.S, base.now_us, base.settings, base.geometry, base.storage, base.translate, base.steps
local events, npcs = api_folder.events, api_folder.npcs
local places, answers = perception_folder.places, perception_folder.answers
local language, memory = think_folder.language, think_folder.memory
local history = talk_folder.history
local movement, pathfinder = body_folder.movement, body_folder.pathfinder
local reputation = economy_folder.reputation
local happenings = gossip_folder.happenings

local meeting = load("meeting", base.text)
local promises = load("promises", settings, geometry, storage)
load("making", S, geometry, events, npcs, places, answers, movement, pathfinder, reputation, meeting, promises)
local keeping = load("keeping", S, now_us, geometry, npcs, translate, language, memory, history, movement,
	reputation, happenings, promises)

npcs.on_bury(function(npc) promises.drop({npc = npc.id}) end)
steps.register("promises", keeping.step, 1)

return {promises = promises, meeting = meeting}
