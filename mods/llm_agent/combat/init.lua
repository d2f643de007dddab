-- Fights: who with whom, by which orders, what is sensible, and what a blow does.

local load, base, api_folder, roles_folder, perception_folder, think_folder, talk_folder, body_folder, economy_folder = ...
local now_us, settings, geometry, steps = base.now_us, base.settings, base.geometry, base.steps
local npcs, Npc = api_folder.npcs, api_folder.Npc
local roles = roles_folder.roles
local nearby = perception_folder.nearby
local memory = think_folder.memory
local conversation = talk_folder.conversation
local animation, movement, body = body_folder.animation, body_folder.movement, body_folder.body
local reputation = economy_folder.reputation

local tactics = load("tactics")
local targets = load("targets", geometry, npcs)
local damage = load("damage", now_us, settings, npcs, animation, movement)
local squads = load("squads", now_us, settings, geometry, npcs, Npc, roles, nearby, memory, conversation, animation, movement,
	reputation, tactics, targets, damage)
local orders = load("orders", now_us, settings, geometry, npcs, conversation, animation, movement, tactics, targets, squads,
	damage)

body.on_punch(damage.take)
damage.on_hit(squads.provoked)
damage.on_beaten(squads.lost)
steps.register("damage", damage.step)
steps.register("orders", orders.step, 1)

return {tactics = tactics, targets = targets, squads = squads, orders = orders}
