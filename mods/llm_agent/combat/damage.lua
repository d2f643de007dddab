-- Hit points of NPCs: what a blow does to them, and the blows they strike.
-- A beaten NPC lies on the ground for a while and gets up again. It never dies, so no village is emptied and nothing it owns is
-- lost; the engine never counts its hit points below 1.
-- Knows nothing of squads; they listen with on_hit and on_beaten.

local S, now_us, settings, npcs, roles, animation, movement, rules = ...

local LIE, STRIKE = {x = 162, y = 166}, {x = 189, y = 198} -- frames of player_api's character model
local HEAL_EVERY_US = 4e6 -- a hit point, while nobody fights it
local REACH = 2.5 -- nodes from body to body
local DAMAGE = {guard = 4, hunter = 4, bandit = 3, smith = 3} -- hit points of a blow at a monster; others:
local DAMAGE_DEFAULT = 2
-- At a player or another NPC, who have 20 hit points where monsters may have hundreds: a guard alone takes 15 s to beat one who
-- wears no armour. The game's own armour counts, for the blow goes through the engine.
local FAIR_SHARE = 0.5
local USUAL_HP = 20 -- a game whose players have more is struck as much harder
-- Several NPCs together strike a player no faster than two would, so that there is time to run.
local CROWD_SHARE = 0.5 -- of the pause between one NPC's blows

local damage = {REACH = REACH}
local mending = {} -- ids of NPCs that lie, or have hit points to win back

-- Hooks: fn(npc, puncher). A blow landed that it withstood; it was beaten (puncher may be nil or gone).
local hit_listeners, beaten_listeners = {}, {}
function damage.on_hit(fn) table.insert(hit_listeners, fn) end
function damage.on_beaten(fn) table.insert(beaten_listeners, fn) end

local function tell(listeners, npc, puncher)
	for _, fn in ipairs(listeners) do fn(npc, puncher) end
end

-- May this NPC be hurt and fight? Bodies of other mods have their own way.
function damage.can_fight(npc)
	return settings.fights and npc.kept_by_body and not npc.attached and not npc.beaten
end

-- How badly it is hurt, for who points at it.
local function show_health(npc, object)
	local left, all = object:get_hp(), npc.hp_max or USUAL_HP
	local caption = roles.caption(npc)
	if left < all then caption = caption .. "\n" .. S("Health: @1 of @2", left, all) end
	object:set_properties({infotext = caption})
end

local struck_us = {} -- player → when an NPC struck them

local function lie_down(npc, object)
	npc.beaten = true
	npc.recovers_us = now_us() + settings.beaten_s * 1e6
	movement.clear(npc)
	object:set_velocity({x = 0, y = 0, z = 0})
	if npc.is_model then object:set_animation(LIE, 1, 0, true) end
end

-- A blow lands. Returns true: the engine shall not count it itself.
function damage.take(npc, puncher, hit_points)
	local object = npc:get_object()
	if not object or not damage.can_fight(npc) or puncher and not rules.counts(puncher) then return true end
	local left = object:get_hp() - math.max(0, math.floor(hit_points or 0))
	object:set_hp(math.max(1, left))
	npc.last_hurt_us, mending[npc.id] = now_us(), true
	show_health(npc, object)
	if left > 0 then
		if puncher and puncher:get_pos() then tell(hit_listeners, npc, puncher) end
		return true
	end
	lie_down(npc, object)
	tell(beaten_listeners, npc, puncher)
	return true
end

local function get_up(npc, object)
	npc.beaten, npc.recovers_us, npc.last_hurt_us = nil, nil, now_us()
	object:set_hp(math.max(1, math.floor((npc.hp_max or USUAL_HP) / 2)))
	show_health(npc, object)
	animation.stand(npc, object)
end

-- Whether it has still something to win back.
local function mend(npc, object, now)
	if npc.beaten then
		if now >= npc.recovers_us then get_up(npc, object) end
		return true
	end
	if now - npc.last_hurt_us < HEAL_EVERY_US then return true end
	npc.last_hurt_us = now
	object:set_hp(object:get_hp() + 1)
	show_health(npc, object)
	return object:get_hp() < (npc.hp_max or USUAL_HP)
end

-- The beaten get up, the hurt heal while nobody fights them. Unloaded bodies do neither.
function damage.step(now)
	for id in pairs(mending) do
		local npc = npcs.by_id[id]
		local object = npc and npc:get_object()
		if not npc or object and not mend(npc, object, now) then mending[id] = nil end
	end
end

-- Hit points of a blow of this NPC at an enemy, before the enemy's armour.
function damage.of_blow(npc, enemy)
	local points = (DAMAGE[npc.role] or DAMAGE_DEFAULT) * settings.blow_strength
	local self = enemy:get_luaentity()
	if enemy:is_player() then
		points = points * FAIR_SHARE * (enemy:get_properties().hp_max or USUAL_HP) / USUAL_HP
	elseif self and self.npc_id then
		points = points * FAIR_SHARE
	end
	return settings.blow_strength > 0 and math.max(1, math.floor(points + 0.5)) or 0
end

-- Was the last blow, of this NPC and of others at the same player, long enough ago?
local function may_strike(npc, enemy, now)
	local every_us = settings.blow_every_s * 1e6
	if npc.last_strike_us and now - npc.last_strike_us < every_us then return false end
	local name = enemy.object:is_player() and enemy.object:get_player_name()
	if not name then return true end
	if rules.refusal(enemy.object) or struck_us[name] and now - struck_us[name] < every_us * CROWD_SHARE then return false end
	struck_us[name] = now
	return true
end

-- Strikes, if the enemy is in reach and it is time to. True if it did.
function damage.strike(npc, object, enemy, now)
	if enemy.distance > REACH or not may_strike(npc, enemy, now) then return false end
	npc.last_strike_us = now
	if npc.is_model then object:set_animation(STRIKE, 30, 0, true) end
	local from = object:get_pos()
	local direction = {x = enemy.pos.x - from.x, y = enemy.pos.y - from.y, z = enemy.pos.z - from.z}
	local length = math.max(0.01, enemy.distance)
	enemy.object:punch(object, 1, {
		full_punch_interval = 1, damage_groups = {fleshy = damage.of_blow(npc, enemy.object)},
	}, {x = direction.x / length, y = direction.y / length, z = direction.z / length})
	return true
end

return damage
