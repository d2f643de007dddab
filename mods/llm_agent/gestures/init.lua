-- Gestures: a form for them as data, those that have a name, and who plays them on the bones of a model.

local load, base, api_folder, body_folder = ...
local now_us, check, steps = base.now_us, base.check, base.steps
local Npc = api_folder.Npc
local animation, movement, figure = body_folder.animation, body_folder.movement, body_folder.figure

local form = load("form", function(words)
	return core.parse_json(words, nil, true) -- since 5.10 an error is an answer then, and no line in the log
end)
local named = load("named")
local plan = load("plan")
local bones = load("bones")
local player = load("player", now_us, check, Npc, figure, bones, plan, named, animation, movement)
load("api", check, Npc, figure, movement, bones, form, named, player)

steps.register("gestures", player.step)

return {form = form, named = named, plan = plan, player = player}
