-- Bodies: how they look, stroll, walk on purpose and move their arms, and minds for the mobs of other mods.

local load, base, daemon_folder, api_folder, roles_folder, speech_folder, talk_folder = ...
local log, now_us, settings, text, limits, check, json, util, storage, entity_hooks, steps =
	base.log, base.now_us, base.settings, base.text, base.limits, base.check, base.json, base.util, base.storage,
	base.entity_hooks, base.steps
local client = daemon_folder.client
local npcs, Npc, names = api_folder.npcs, api_folder.Npc, api_folder.names
local roles, outfits = roles_folder.roles, roles_folder.outfits
local attention = speech_folder.attention
local dialog = talk_folder.dialog

local doors = load("doors")
local walkability = load("walkability", doors)
local pathfinder = load("pathfinder", now_us, doors, walkability)
local animation = load("animation")
local personal_space = load("personal_space", now_us)
local path_follower = load("path_follower", doors, pathfinder, animation, walkability, personal_space)
local movement = load("movement", log, now_us, check, npcs, Npc, attention, pathfinder, animation, walkability, personal_space,
	path_follower)
local idle = load("idle", now_us, settings, npcs, attention, animation, movement, walkability, personal_space, path_follower)
local figure = load("figure", settings, util, roles, outfits)
local hand = load("hand", npcs, figure)
local body = load("body", log, settings, base.geometry, check, json, storage, npcs, names, roles, dialog, figure, hand,
	animation, walkability, movement, idle)
local rigs = load("rigs", check)
local attach = load("attach", text, limits, check, json, util, storage, entity_hooks, client, npcs, names, roles, dialog, rigs)

npcs.on_unregister(function(npc) movement.clear(npc, "gone") end)
steps.register("idle", idle.step, 1)
steps.register("pathfinder", function(_, until_us) pathfinder.step(until_us) end, 1)
steps.register("attach", attach.step)
steps.register("hands", hand.step)

return {
	doors = doors, pathfinder = pathfinder, animation = animation, movement = movement, figure = figure, rigs = rigs, body = body,
	attach = attach,
}
