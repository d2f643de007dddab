-- Fights: who with whom, by which orders, what is sensible, and what a blow does.

local load, base, api_folder, roles_folder, perception_folder, think_folder, speech_folder, talk_folder, body_folder,
	economy_folder = ...
local S, now_us, settings, text, geometry, translate, steps =
	base.S, base.now_us, base.settings, base.text, base.geometry, base.translate, base.steps
local npcs, Npc = api_folder.npcs, api_folder.Npc
local roles = roles_folder.roles
local nearby = perception_folder.nearby
local language, memory, lines = think_folder.language, think_folder.memory, think_folder.lines
local speech_queue, output = speech_folder.speech_queue, speech_folder.output
local conversation, history = talk_folder.conversation, talk_folder.history
local animation, movement, body = body_folder.animation, body_folder.movement, body_folder.body
local reputation = economy_folder.reputation

local tactics = load("tactics")
local targets = load("targets", geometry, npcs)
local rules = load("rules", S, now_us, settings, roles)
local cries = load("cries", settings, text, translate, language, lines, history)
local damage = load("damage", S, now_us, settings, npcs, roles, animation, movement, rules)
local warnings = load("warnings", now_us, settings, cries)
local views = load("views", npcs, nearby, tactics, targets, rules, damage)
local squads = load("squads", now_us, geometry, npcs, Npc, nearby, memory, conversation, speech_queue, animation, movement,
	reputation, targets, rules, damage, cries, warnings)
local watch = load("watch", settings, geometry, npcs, targets, rules, damage, squads)
local orders = load("orders", now_us, settings, geometry, npcs, conversation, animation, movement, tactics, targets, rules,
	damage, cries, warnings, squads, views, watch)

body.on_punch(damage.take)
damage.on_hit(squads.provoked)
damage.on_beaten(squads.lost)
output.hold_back(function(npc, opts) return npc.combat ~= nil and not opts.in_fight end)
steps.register("damage", damage.step)
steps.register("orders", orders.step, 1)

return {tactics = tactics, targets = targets, rules = rules, cries = cries, damage = damage, warnings = warnings, squads = squads,
	views = views, orders = orders}
