-- Gestures: a form for them as data, those that have a name, and who plays them on the bones of a model.

local load, base, api_folder, body_folder, voice_folder = ...
local now_us, check, steps = base.now_us, base.check, base.steps
local npcs, Npc = api_folder.npcs, api_folder.Npc
local animation, movement, figure, rigs = body_folder.animation, body_folder.movement, body_folder.figure, body_folder.rigs

local form = load("form", function(words)
	return core.parse_json(words, nil, true) -- since 5.10 an error is an answer then, and no line in the log
end)
local named = load("named")
local plan = load("plan")
local bones = load("bones")
local player = load("player", now_us, check, Npc, figure, bones, plan, named, animation, movement)
local play = load("api", check, Npc, rigs, bones, form, player).play
local mouth = load("mouth", base.settings, base.geometry, npcs, player, bones, voice_folder.is_speaking)
voice_folder.on_sound(mouth.hear)

steps.register("gestures", player.step)
steps.register("mouths", mouth.step)

return {form = form, named = named, plan = plan, player = player, play = play}
