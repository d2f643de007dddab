-- Who fights whom. NPCs near each other that fight the same enemy are a squad: they share orders and what they shout.
-- Begins and ends fights; orders.lua carries the orders out, warnings.lua says when it comes to blows with a player.
-- Owns who is fighting and who guards which player.

local now_us, geometry, npcs, Npc, nearby, memory, conversation, speech_queue, animation, movement, reputation, targets, rules,
	damage, cries, warnings = ...

local squads = {}

local TOGETHER_NODES = 16
local GRUDGE = 0.3 -- how much worse an NPC stands to a player who begins a fight with it
squads.fighting = {} -- id → true
squads.wards = {} -- NPC's id → name of whom it guards
local fighting, wards = squads.fighting, squads.wards

-- Beginning ----------------------------------------------------------------------------------------------------------------

local function knows(combat, object)
	for _, enemy in ipairs(combat.enemies) do
		if targets.object_of(enemy) == object then return true end
	end
	return false
end

-- The squad of somebody near who fights the same enemy already.
local function squad_against(npc, object)
	local pos = npc:get_pos()
	for id in pairs(fighting) do
		local other = npcs.by_id[id]
		local there = other and other ~= npc and other:get_pos()
		if there and other.combat and knows(other.combat, object) and geometry.in_range(pos, there, TOGETHER_NODES) then
			return other.combat.squad
		end
	end
	return {members = {}, warned = {}, conversation = conversation.new(now_us())}
end

-- Who stands around falls silent, so that a warning is heard at once.
local function hush_all(npc)
	for _, other in ipairs(nearby.in_earshot(npc:get_pos())) do
		if not other.combat then speech_queue.hush(other.id) end
	end
end

-- npc.combat holds, from here:
--   squad: {members = id → true, conversation, warned: see warnings.lua, has_cried}, shared
--   enemies: list of targets.new; asker: the player who asked for the fight
--   alive_us: when an enemy was last in sight; look_us, ask_us: when to look, and to ask the model, again
-- and from orders.lua:
--   order, ordered_us, by_model (see orders.give); is_waiting: for the model's answer; said_us: when it shouted
--   going, going_to: what the body was sent for, and whom it is about; flanked: it reached the enemy's flank
--   struck: the words for the enemy that it struck last
-- and from actions/fight_orders.lua: busy_us: when it last said that it has no ear for talk
local function enlist(npc, object, asker)
	local now, squad = now_us(), squad_against(npc, object)
	if not next(squad.members) then hush_all(npc) end
	speech_queue.hush(npc.id)
	squad.members[npc.id] = true
	npc.combat = {squad = squad, enemies = {}, alive_us = now, look_us = 0, ask_us = 0, asker = asker}
	fighting[npc.id] = true
end

-- A player is warned; at anything else one of the squad cries; the meek call for help.
local function raise_voice(npc, object, player_name, is_told)
	local squad = npc.combat.squad
	if not rules.is_brave(npc) then return cries.say(npc, "help") end
	if player_name then return warnings.begin(npc, squad, player_name) end
	if squad.has_cried and not is_told then return end
	squad.has_cried = true
	local self = object:get_luaentity()
	local kind = is_told and "told" or self and self.npc_id and "cry" or "cry_at_beast"
	cries.say(npc, kind, targets.words(object), is_told and npc.combat.asker or nil)
end

-- The NPC takes up a fight, or knows of one more enemy in the one it has. asker: who wanted it to; is_told: they said so
-- just now. False if it cannot fight, or not this enemy.
function squads.begin(npc, object, asker, is_told)
	if not object:get_pos() or not damage.can_fight(npc) or object == npc:get_object() then return false end
	if object:is_player() and rules.refusal(object) then return false end
	if not npc.combat then enlist(npc, object, asker) end
	npc.combat.alive_us = now_us()
	if knows(npc.combat, object) then return true end
	table.insert(npc.combat.enemies, targets.new(object))
	raise_voice(npc, object, object:is_player() and object:get_player_name() or nil, is_told)
	return true
end

-- A blow landed on it, and it did not fall. A first blow of a player costs them reputation.
function squads.provoked(npc, puncher)
	local self = puncher:get_luaentity()
	if self and self.npc_id and npc.combat and npc.combat.squad.members[self.npc_id] then return end -- of its own squad, by mistake
	local name = puncher:is_player() and puncher:get_player_name()
	if name and not npc.combat then
		reputation.change(npc.id, name, -GRUDGE)
		memory.remember(npc, name, name .. " hit me")
	end
	local is_new = not npc.combat or not knows(npc.combat, puncher)
	if squads.begin(npc, puncher) and name and not is_new then warnings.struck(npc, npc.combat.squad, name) end
end

-- Everybody brave in earshot comes along.
function squads.call_help(npc)
	local pos, combat = npc:get_pos(), npc.combat
	local called = 0
	for _, other in ipairs(pos and combat and nearby.in_earshot(pos) or {}) do
		if other ~= npc and rules.is_brave(other) and not other.combat then
			for _, enemy in ipairs(combat.enemies) do
				local object = targets.object_of(enemy)
				if object and squads.begin(other, object) then called = called + 1 end
			end
		end
	end
	return called
end

-- End ------------------------------------------------------------------------------------------------------------------------

-- How it ended, in words to be remembered; with whom it was about, if that is a player.
local function remember_end(npc, foe_words, won)
	local player = core.get_player_by_name(foe_words) and foe_words or nil
	memory.remember(npc, player, won and ("I beat %s"):format(player or "the " .. foe_words)
		or ("%s beat me"):format(player or "The " .. foe_words))
end

-- What it wanted to shout is forgotten: nobody cries over a fight that is over.
function squads.stop(npc)
	if not npc.combat then return end
	speech_queue.hush(npc.id)
	npc.combat.squad.members[npc.id] = nil
	npc.combat, fighting[npc.id] = nil, nil
	movement.clear(npc)
	local object = not npc.beaten and npc:get_object()
	if object then animation.stand(npc, object) end
end

function squads.lost(npc, puncher)
	local words = puncher and puncher:get_pos() and targets.words(puncher)
	if words then remember_end(npc, words, false) end
	squads.stop(npc)
end

-- All enemies are beaten or gone; it won where it struck one.
function squads.over(npc)
	if npc.combat.struck then remember_end(npc, npc.combat.struck, true) end
	squads.stop(npc)
end

-- It is badly hurt and asks a player to stop: it falls back, and strikes no more.
function squads.yield(npc, player_name)
	remember_end(npc, player_name, false)
	squads.stop(npc)
	cries.say(npc, "yield", player_name, player_name)
	movement.order(npc, {kind = "flee", target = player_name, distance = TOGETHER_NODES / 2})
end

local function is_against(combat, player_name)
	for i, enemy in ipairs(combat.enemies) do
		if enemy.player == player_name then return i end
	end
	return nil
end

-- Those who fight for whom holds(combat) is true, in the order of their ids; a list.
local function fighters(holds)
	local found = {}
	for id in pairs(fighting) do
		local npc = npcs.by_id[id]
		if npc and npc.combat and holds(npc.combat) then found[#found + 1] = npc end
	end
	table.sort(found, function(a, b) return a.id < b.id end)
	return found
end

-- NPCs that fight this player.
function squads.against(player_name)
	return fighters(function(combat) return is_against(combat, player_name) end)
end

-- NPCs that this player sent to fight.
function squads.sent_by(player_name)
	return fighters(function(combat) return combat.asker == player_name end)
end

-- The player is nobody's enemy any more. end_fight: squads.stop, or squads.over where they were beaten. Returns those who fought.
function squads.let_go(player_name, end_fight)
	local list = squads.against(player_name)
	for _, npc in ipairs(list) do
		local combat = npc.combat
		table.remove(combat.enemies, is_against(combat, player_name))
		combat.squad.warned[player_name], combat.order = nil, nil
		if not combat.enemies[1] then end_fight(npc) end
	end
	return list
end

core.register_on_dieplayer(function(player) squads.let_go(player:get_player_name(), squads.over) end)

-- The Lua API ----------------------------------------------------------------------------------------------------------

-- Fight an object: a mob, a player or another NPC's body. False if it cannot: no body of its own, beaten, asleep, fights off, or
-- a player whom nobody may fight now.
function Npc:attack(object)
	if not (object and object.get_pos) then error("npc:attack: object: want an object of the game", 2) end
	return squads.begin(self, object)
end

-- Stand by a player, follow them and fight whoever strikes them; nil: no more. False if it cannot.
function Npc:guard(player_name)
	if player_name ~= nil and type(player_name) ~= "string" then error("npc:guard: player_name: want a name, or nil", 2) end
	if not player_name then
		wards[self.id] = nil
		movement.clear(self)
		return true
	end
	if not damage.can_fight(self) then return false end
	wards[self.id] = player_name
	movement.order(self, {kind = "follow", target = player_name})
	return true
end

return squads
