-- Who fights whom. NPCs near each other that fight the same enemy are a squad: they share orders and what they shout.
-- Begins and ends fights, and gives the view from which tactics.lua decides. orders.lua carries the orders out.
-- Owns who is fighting and who guards which player.

local now_us, settings, geometry, npcs, Npc, roles, nearby, memory, conversation, animation, movement, reputation, tactics,
	targets, damage = ...

local squads = {}

local TOGETHER_NODES = 16
local GRUDGE = 0.3 -- how much worse an NPC stands to a player who begins a fight with it
local WATCH_NODES, WATCH_US = 10, 0.5e6
squads.fighting = {} -- id → true
local fighting = squads.fighting
local wards = {} -- NPC's id → name of whom it guards

-- "meek" runs, "brave" strikes back, "watchful" attacks monsters on sight.
local function courage(npc)
	return (roles.by_name[npc.role] or {}).courage or "meek"
end

local function is_brave(npc) return courage(npc) ~= "meek" end
squads.is_brave = is_brave

-- Views ------------------------------------------------------------------------------------------------------------------

local function names_of(squad, except)
	local names = {}
	for id in pairs(squad.members) do
		local npc = id ~= except and npcs.by_id[id]
		if npc then names[#names + 1] = npc.name end
	end
	table.sort(names)
	return names
end

-- What the others of its squad do, in words.
function squads.orders_beside(npc)
	local words = {}
	for id in pairs(npc.combat.squad.members) do
		local other = id ~= npc.id and npcs.by_id[id]
		local order = other and other.combat and other.combat.order
		if order then words[#words + 1] = tactics.words(other.name, order) end
	end
	table.sort(words)
	return words
end

local function may_call(npc, pos)
	for _, other in ipairs(nearby.in_earshot(pos)) do
		if other ~= npc and not other.combat and is_brave(other) and damage.can_fight(other) then return true end
	end
	return false
end

local function distinct(seen)
	local words, known = {}, {}
	for _, enemy in ipairs(seen) do
		if not known[enemy.words] then words[#words + 1], known[enemy.words] = enemy.words, true end
	end
	return words
end

-- How things stand for an NPC that fights, as tactics.lua wants it; nil for one that does not.
function squads.view(npc)
	local combat, object, pos = npc.combat, npc:get_object(), npc:get_pos()
	if not combat or not object then return nil end
	local sides, fronted = {}, false
	for id in pairs(combat.squad.members) do
		local order = id ~= npc.id and npcs.by_id[id] and npcs.by_id[id].combat and npcs.by_id[id].combat.order
		if order and order.kind == "flank" then sides[order.side] = true end
		if order and (order.kind == "attack" or order.kind == "hold") then fronted = true end
	end
	return {
		brave = is_brave(npc), health = object:get_hp() / (npc.hp_max or 20), enemies = distinct(targets.in_sight(combat.enemies, pos)),
		allies = names_of(combat.squad, npc.id), sides = sides, fronted = fronted,
		wards = {wards[npc.id] or combat.asker}, can_call = may_call(npc, pos),
	}
end

-- Of one that is at peace: what it could be asked to fight or to stand by.
function squads.peaceful_view(npc, player_name)
	local pos = damage.can_fight(npc) and is_brave(npc) and npc:get_pos()
	if not pos then return nil end
	local near = {}
	for _, object in ipairs(targets.monsters_near(pos, targets.SIGHT)) do near[#near + 1] = targets.new(object) end
	return {
		brave = true, health = 1, enemies = distinct(targets.in_sight(near, pos)), allies = {}, sides = {}, wards = {player_name},
		can_call = false,
	}
end

-- Beginning and end ------------------------------------------------------------------------------------------------------

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
	return {members = {}, conversation = conversation.new(now_us())}
end

-- npc.combat holds, from here:
--   squad: {members = id → true, conversation}, shared; enemies: list of targets.new; asker: the player who asked for the fight
--   alive_us: when an enemy was last in sight; look_us, ask_us: when to look, and to ask the model, again
-- and from orders.lua:
--   order, ordered_us, by_model (see orders.give); is_waiting: for the model's answer; said_us: when it shouted
--   going, going_to: what the body was sent for, and whom it is about; flanked: it reached the enemy's flank
--   struck: the words for the enemy that it struck last
-- The NPC takes up a fight, or knows of one more enemy in the one it has. False if it cannot fight.
function squads.begin(npc, object, asker)
	if not object:get_pos() or not damage.can_fight(npc) or object == npc:get_object() then return false end
	local now = now_us()
	if not npc.combat then
		local squad = squad_against(npc, object)
		squad.members[npc.id] = true
		npc.combat = {squad = squad, enemies = {}, alive_us = now, look_us = 0, ask_us = 0, asker = asker}
		fighting[npc.id] = true
	end
	if not knows(npc.combat, object) then table.insert(npc.combat.enemies, targets.new(object)) end
	npc.combat.alive_us = now
	return true
end

-- How it ended, in words to be remembered; with whom it was about, if that is a player.
local function remember_end(npc, foe_words, won)
	local player = core.get_player_by_name(foe_words) and foe_words or nil
	memory.remember(npc, player, won and ("I beat %s"):format(player or "the " .. foe_words)
		or ("%s beat me"):format(player or "The " .. foe_words))
end

function squads.stop(npc)
	if not npc.combat then return end
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

-- A blow landed on it, and it did not fall. A first blow of a player costs them reputation.
function squads.provoked(npc, puncher)
	local self = puncher:get_luaentity()
	if self and self.npc_id and npc.combat and npc.combat.squad.members[self.npc_id] then return end -- of its own squad, by mistake
	local name = puncher:is_player() and puncher:get_player_name()
	if name and not npc.combat then
		reputation.change(npc.id, name, -GRUDGE)
		memory.remember(npc, name, name .. " hit me")
	end
	squads.begin(npc, puncher)
end

-- Stand by a player: whoever strikes them is an enemy.
function squads.guard(npc, name)
	wards[npc.id] = name
end

core.register_on_player_hpchange(function(player, change, reason)
	local by = change < 0 and reason and reason.type == "punch" and reason.object
	if not by or not settings.fights then return end
	local name = player:get_player_name()
	for id, ward in pairs(wards) do
		local npc = ward == name and npcs.by_id[id]
		local pos = npc and npc:get_pos()
		local is_witness = pos and by ~= npc:get_object() and geometry.in_range(pos, player:get_pos(), targets.SIGHT)
		if is_witness then squads.begin(npc, by, name) end
	end
end, false)

local next_watch_us, watcher = 0, 0

-- Those on watch look around for monsters, one in each look.
function squads.watch(now)
	if now < next_watch_us or not settings.fights then return end
	next_watch_us = now + WATCH_US
	for _ = 1, #npcs.list do
		watcher = watcher % #npcs.list + 1
		local npc = npcs.list[watcher]
		if courage(npc) == "watchful" and not npc.combat and damage.can_fight(npc) then
			local pos = npc:get_pos()
			for _, object in ipairs(pos and targets.monsters_near(pos, WATCH_NODES) or {}) do squads.begin(npc, object) end
			return
		end
	end
end

-- Everybody brave in earshot comes along.
function squads.call_help(npc)
	local pos, combat = npc:get_pos(), npc.combat
	local called = 0
	for _, other in ipairs(pos and combat and nearby.in_earshot(pos) or {}) do
		if other ~= npc and is_brave(other) and not other.combat then
			for _, enemy in ipairs(combat.enemies) do
				local object = targets.object_of(enemy)
				if object and squads.begin(other, object) then called = called + 1 end
			end
		end
	end
	return called
end

-- The Lua API ----------------------------------------------------------------------------------------------------------


-- Fight an object: a mob, a player or another NPC's body. False if it cannot: no body of its own, beaten, asleep, fights off.
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
	squads.guard(self, player_name)
	movement.order(self, {kind = "follow", target = player_name})
	return true
end

return squads
