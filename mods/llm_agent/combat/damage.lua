-- Hit points of NPCs: what a blow does to them, and the blows they strike.
-- A beaten NPC lies on the ground for a while and gets up again. It never dies, so no village is emptied and nothing it owns is
-- lost; the engine never counts its hit points below 1.
-- Knows nothing of squads; they listen with on_hit and on_beaten.

local now_us, settings, npcs, animation, movement = ...

local LIE, STRIKE = {x = 162, y = 166}, {x = 189, y = 198} -- frames of player_api's character model
local HEAL_EVERY_US = 4e6 -- a hit point, while nobody fights it
local REACH = 2.5 -- nodes from body to body
local STRIKE_EVERY_US = 1e6
local DAMAGE = {guard = 4, hunter = 4, bandit = 3, smith = 3} -- hit points of a blow; others:
local DAMAGE_DEFAULT = 2

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
	if not object or not damage.can_fight(npc) then return true end
	local left = object:get_hp() - math.max(0, math.floor(hit_points or 0))
	object:set_hp(math.max(1, left))
	npc.last_hurt_us, mending[npc.id] = now_us(), true
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
	object:set_hp(math.max(1, math.floor((npc.hp_max or 20) / 2)))
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
	return object:get_hp() < (npc.hp_max or 20)
end

-- The beaten get up, the hurt heal while nobody fights them. Unloaded bodies do neither.
function damage.step(now)
	for id in pairs(mending) do
		local npc = npcs.by_id[id]
		local object = npc and npc:get_object()
		if not npc or object and not mend(npc, object, now) then mending[id] = nil end
	end
end

-- Strikes, if the enemy is in reach and the last blow was long enough ago. True if it did.
function damage.strike(npc, object, enemy, now)
	if enemy.distance > REACH or npc.last_strike_us and now - npc.last_strike_us < STRIKE_EVERY_US then return false end
	npc.last_strike_us = now
	if npc.is_model then object:set_animation(STRIKE, 30, 0, true) end
	local from = object:get_pos()
	local direction = {x = enemy.pos.x - from.x, y = enemy.pos.y - from.y, z = enemy.pos.z - from.z}
	local length = math.max(0.01, enemy.distance)
	enemy.object:punch(object, 1, {
		full_punch_interval = 1, damage_groups = {fleshy = DAMAGE[npc.role] or DAMAGE_DEFAULT},
	}, {x = direction.x / length, y = direction.y / length, z = direction.z / length})
	return true
end

return damage
