-- Orders in a fight. The model gives them, asked about once a second; tactics.lua decides at once, and whenever no answer is in
-- time.
-- They are carried out a few times a second by movement and damage. Work per step is bounded by the step's budget.

local now_us, settings, geometry, npcs, conversation, animation, movement, tactics, targets, rules, damage, cries, warnings,
	squads, views, watch = ...

local orders = {}

local LOOK_US = 0.25e6 -- how often one looks at what to do
local LATE_US = 2.5e6 -- an order of the model is followed for this long
local ASK_MAX_MS = 2000 -- an answer that takes longer is of no use
local CALM_US = 8e6 -- without an enemy in sight: it is over
local SAY_EVERY_US = 5e6 -- shouts of one NPC are at least this far apart
local FLANK_NODES, WARD_NODES = 2.5, 5
local RUN, WALK = 4, 2.8 -- nodes a second

-- order: as of tactics.lua. by_model: it is followed for LATE_US, then tactics.lua decides again.
function orders.give(npc, order, by_model)
	local combat = npc.combat
	if not combat then return false end
	local before = combat.order
	local same = before and before.kind == order.kind and before.target == order.target and before.side == order.side
	combat.order, combat.ordered_us, combat.by_model = order, now_us(), by_model
	if same then return true end
	combat.flanked, combat.going = nil, nil
	if order.kind == "call_help" then squads.call_help(npc) end
	if order.kind == "guard" then squads.wards[npc.id] = order.target end
	return true
end

-- A model's shout, with an order that is carried out, at an enemy that is there: else it would be gossip, or come after a death.
local function shout(npc, answer, now)
	local combat, pos = npc.combat, npc:get_pos()
	local is_in_time = answer.action and answer.action.ok and pos and targets.in_sight(combat.enemies, pos)[1]
	if answer.fallback or not is_in_time or not settings.battle_cries then return end
	if answer.text == "" or combat.said_us and now - combat.said_us < SAY_EVERY_US then return end
	combat.said_us = now
	conversation.add(combat.squad.conversation, npc.name, answer.text, now)
	npc:say(answer.text, {priority = "ambient", in_fight = true})
end

local function ask(npc, view, now)
	local combat = npc.combat
	local shouts = combat.squad.conversation
	combat.ask_us, combat.is_waiting = now + settings.orders_every_s * 1e6, true
	local id = npc.id
	npc:think({
		intent = "tactics", priority = "ambient", deadline_ms = ASK_MAX_MS, actions = tactics.kinds,
		context = tactics.facts(view, views.orders_beside(npc)),
		history = conversation.has_others(shouts, npc.name) and conversation.history(shouts) or nil,
	}, function(answer)
		local current = npcs.by_id[id]
		if not current or current.combat ~= combat then return end
		combat.is_waiting = nil
		shout(current, answer, now_us())
	end)
end

-- Carrying out -----------------------------------------------------------------------------------------------------------

-- Has the body this order already? what: a name for it, and whom it is about.
local function go(npc, what, target, order)
	local combat = npc.combat
	if combat.going == what and combat.going_to == target and movement.current(npc) then return end
	combat.going, combat.going_to = what, target
	movement.order(npc, order)
end

local function stand(npc)
	npc.combat.going = nil
	movement.clear(npc)
end

local function pick(seen, words)
	for _, enemy in ipairs(seen) do
		if enemy.words == words then return enemy end
	end
	return seen[1]
end

-- A place at the enemy's side, as seen from where it stands now.
local function beside(pos, enemy, side)
	local x, z = enemy.pos.x - pos.x, enemy.pos.z - pos.z
	local length = math.max(0.01, math.sqrt(x * x + z * z))
	local turn = side == "left" and 1 or -1
	return {x = enemy.pos.x - turn * z / length * FLANK_NODES, y = enemy.pos.y, z = enemy.pos.z + turn * x / length * FLANK_NODES}
end

local function strike(npc, object, enemy, now)
	animation.face(npc, enemy.pos)
	local combat = npc.combat
	local before = combat.struck
	combat.struck = enemy.words -- first: a blow that kills a player ends the fight
	if not damage.strike(npc, object, enemy, now) then combat.struck = before end
end

local function close_in(npc, object, enemy, now)
	if enemy.distance > damage.REACH then
		return go(npc, "at", enemy.object, {kind = "follow", target = enemy.object, distance = damage.REACH - 0.7, speed = RUN})
	end
	stand(npc)
	strike(npc, object, enemy, now)
end

local carry_out = {}

function carry_out.attack(npc, object, seen, order, now)
	close_in(npc, object, pick(seen, order.target), now)
end

-- First to the enemy's side, then at it.
function carry_out.flank(npc, object, seen, order, now)
	local combat, enemy = npc.combat, pick(seen, order.target)
	if combat.flanked then return close_in(npc, object, enemy, now) end
	if combat.going == "flank" then return end
	go(npc, "flank", enemy.object, {
		kind = "go_to", pos = beside(object:get_pos(), enemy, order.side), distance = 0.7, speed = RUN, timeout_s = 3, hurry = true,
		done = function() combat.flanked = true end,
	})
end

function carry_out.hold(npc, object, seen, _, now)
	stand(npc)
	strike(npc, object, seen[1], now)
end

-- At who threatens the ward; else beside it.
function carry_out.guard(npc, object, seen, order, now)
	local ward = core.get_player_by_name(order.target)
	local pos = ward and ward:get_pos()
	if pos and not geometry.in_range(pos, seen[1].pos, WARD_NODES) and seen[1].distance > damage.REACH then
		return go(npc, "ward", ward, {kind = "follow", target = order.target, distance = 2, speed = RUN})
	end
	close_in(npc, object, seen[1], now)
end

function carry_out.retreat(npc, _, seen)
	go(npc, "retreat", seen[1].object, {kind = "flee", target = seen[1].object, speed = WALK})
end

function carry_out.flee(npc, _, seen)
	go(npc, "flee", seen[1].object, {kind = "flee", target = seen[1].object, speed = RUN})
end

-- Who called stands its ground if it is brave, and runs if not.
function carry_out.call_help(npc, object, seen, order, now)
	local kind = rules.is_brave(npc) and "hold" or "flee"
	carry_out[kind](npc, object, seen, order, now)
end

-- One look of one that fights. seen: the enemies in sight, at least one.
local function look(npc, combat, object, seen, now)
	local is_late = not combat.order or now - combat.ordered_us > (combat.by_model and LATE_US or settings.orders_every_s * 1e6)
	local asks = settings.orders_every_s > 0 and now >= combat.ask_us and not combat.is_waiting
	local view = (is_late or asks) and views.of(npc, squads.wards[npc.id]) -- looks for all who could help: not each time
	if is_late then
		local order, player_name = tactics.decide(view), seen[1].enemy.player
		if order.kind == "retreat" and player_name then return squads.yield(npc, player_name) end
		orders.give(npc, order)
	end
	if asks then ask(npc, view, now) end
	carry_out[combat.order.kind](npc, object, seen, combat.order, now)
end

-- Players whom nobody may fight any more, or who stepped back when they were warned, are let go.
local function let_go_players(npc, seen)
	for _, enemy in ipairs(seen) do
		local name = enemy.enemy.player
		if name and rules.refusal(enemy.object) then
			squads.let_go(name, squads.stop)
		elseif name and rules.is_brave(npc) and warnings.state(npc, npc.combat.squad, name, enemy.distance) == "over" then
			squads.let_go(name, squads.stop)
			cries.say(npc, "stepped_back", name, name)
		end
		if not npc.combat then return end
	end
end

-- Of the enemies in sight those that it is time to strike; the meek run from all at once.
local function open_to_blows(npc, seen)
	if not rules.is_brave(npc) then return seen end
	local open = {}
	for _, enemy in ipairs(seen) do
		local name = enemy.enemy.player
		if not name or warnings.state(npc, npc.combat.squad, name, enemy.distance) == "open" then open[#open + 1] = enemy end
	end
	return open
end

local function step_one(npc, now)
	local combat, object, pos = npc.combat, npc:get_object(), npc:get_pos()
	if not object or npc.beaten then return squads.stop(npc) end
	let_go_players(npc, targets.in_sight(combat.enemies, pos))
	if not npc.combat then return end
	local seen = targets.in_sight(combat.enemies, pos)
	if seen[1] then
		combat.alive_us = now
		local open = open_to_blows(npc, seen)
		if open[1] then return look(npc, combat, object, open, now) end
		stand(npc) -- it has warned, and waits
		return animation.face(npc, seen[1].pos)
	end
	local any_left = false
	for _, enemy in ipairs(combat.enemies) do any_left = any_left or targets.object_of(enemy) ~= nil end
	if not any_left or now - combat.alive_us > CALM_US then squads.over(npc) end
end

-- Looks of those who fight, as many as the budget holds, one at least.
function orders.step(now, until_us)
	watch.step(now)
	for id in pairs(squads.fighting) do
		local npc = npcs.by_id[id]
		if not npc or not npc.combat then
			squads.fighting[id] = nil
		elseif now >= npc.combat.look_us then
			npc.combat.look_us = now + LOOK_US
			step_one(npc, now)
			if now_us() >= until_us then return end
		end
	end
end

return orders
