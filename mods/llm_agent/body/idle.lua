-- What a body of this mod does when nobody orders it anywhere: it turns to who talks with it, else strolls around its home.
-- An order (movement.lua) goes first. Bodies take turns: each looks around a few times a second at most, a few of them in one
-- step.
-- Knows nothing of what is said.

local now_us, settings, npcs, attention, animation, movement, walkability, personal_space, path_follower = ...

local idle = {}

local LOOK_S, GLANCE_S = 0.4, 1 -- while talking: turns along with a player who walks around it; with an NPC, and at rest
local STROLL_LOOK_S = 0.6 -- while walking: looks where it goes
local WALK_SPEED = 1.3 -- nodes a second, a third of a player's
local REST_MIN_S, REST_MAX_S = 3, 12
local WALK_MIN_S, WALK_MAX_S = 2, 5
local STEP_BACK_S = 0.4 -- half a node
local STRAYED_MAX = 4 -- nodes between where it was some steps ago (perception/positions.lua), and is

local function halt(npc, object)
	if not npc.stroll_left_s then return end
	npc.stroll_left_s = nil
	object:set_velocity({x = 0, y = object:get_velocity().y, z = 0})
	animation.stand(npc, object)
end

-- Where somebody is that an NPC talks with: a player or another NPC, by name or id, looked up anew each time.
local function whereabouts(whom)
	local player = core.get_player_by_name(whom)
	if player then return player:get_pos() end
	local npc = npcs.by_id[whom]
	return npc and npc:get_pos()
end

local function is_far_from_home(npc, pos)
	local x, z = pos.x - npc.home.x, pos.z - npc.home.z
	return x * x + z * z > settings.wander_radius ^ 2
end

-- Who is spoken to stops and turns.
attention.on_attend(function(npc, object, whom)
	halt(npc, object)
	animation.face(npc, whereabouts(whom))
end)

-- A direction to walk in: home when it has strayed, else anywhere that can be walked; nil when it is shut in.
local function direction(npc, pos)
	local yaw = math.random() * 2 * math.pi
	if is_far_from_home(npc, pos) then yaw = math.atan2(pos.x - npc.home.x, npc.home.z - pos.z) end
	return walkability.free_yaw(pos, yaw, 8)
end

local function walk(npc, object, yaw, seconds)
	npc.stroll_left_s = seconds
	object:set_yaw(yaw)
	object:set_velocity({x = -math.sin(yaw) * WALK_SPEED, y = object:get_velocity().y, z = math.cos(yaw) * WALK_SPEED})
	animation.walk(npc, object, WALK_SPEED)
end

local function set_out(npc, object, pos)
	local yaw = direction(npc, pos)
	if not yaw or personal_space.bars(pos, -math.sin(yaw), math.cos(yaw)) then return end
	walk(npc, object, yaw, WALK_MIN_S + math.random() * (WALK_MAX_S - WALK_MIN_S))
end

-- Back from a player who came too near, if there is room. Returns the seconds until it looks again, or nil where nobody did.
local function make_room(npc, object)
	-- where it was some steps ago does for most: asking the engine is dear
	if npc.last_pos and not personal_space.crowder(npc.last_pos, STRAYED_MAX) then return nil end
	local pos = path_follower.feet(npc, object)
	local place = personal_space.crowder(pos, 0)
	local yaw = place and walkability.free_yaw(pos, math.atan2(place.x - pos.x, pos.z - place.z), 5)
	if not yaw then return nil end
	walk(npc, object, yaw, 0) -- halts at its next look
	return STEP_BACK_S
end

-- It looks around all the same: a player may come too near.
local function rest(npc, now)
	npc.rests_until_us = now + (REST_MIN_S + math.random() * (REST_MAX_S - REST_MIN_S)) * 1e6
end

local function listen(npc, object)
	halt(npc, object)
	if not npc.attention then return LOOK_S end
	animation.face(npc, whereabouts(npc.attention))
	return npcs.by_id[npc.attention] and GLANCE_S or LOOK_S
end

local function walk_on(npc, object, now)
	local pos, yaw = path_follower.feet(npc, object), object:get_yaw()
	npc.stroll_left_s = npc.stroll_left_s - STROLL_LOOK_S
	local strays = is_far_from_home(npc, pos) and not is_far_from_home(npc, walkability.ahead(pos, yaw + math.pi))
	local is_barred = personal_space.bars(pos, -math.sin(yaw), math.cos(yaw))
	if npc.stroll_left_s > 0 and not strays and not is_barred and walkability.can_stand(walkability.ahead(pos, yaw)) then
		return STROLL_LOOK_S
	end
	halt(npc, object)
	rest(npc, now)
	return GLANCE_S
end

-- Decides what a body does now. Returns the seconds until it looks again.
local function live(npc, object, now)
	if npc.beaten then return LOOK_S end
	local order = movement.current(npc)
	local back_s = not npc.combat and (not order or order.near) and make_room(npc, object)
	if back_s then return back_s end
	if order then halt(npc, object) end -- after a step back
	local ordered_s = movement.step(npc, object, now)
	if ordered_s then return ordered_s end
	if npc.combat then return LOOK_S end -- it stands where the fight has it stand
	if attention.is_talking(npc, now) then return listen(npc, object) end
	npc.attention = nil
	if not settings.wander or settings.wander_radius == 0 then halt(npc, object) end
	if npc.stroll_left_s then return walk_on(npc, object, now) end
	if settings.wander and settings.wander_radius > 0 and now >= (npc.rests_until_us or 0) then
		set_out(npc, object, path_follower.feet(npc, object))
		if not npc.stroll_left_s then rest(npc, now) end
	end
	return npc.stroll_left_s and STROLL_LOOK_S or GLANCE_S
end

-- A body of this mod was loaded: from now on it gets its turns.
function idle.begin(npc)
	npc.stroll_left_s = nil
	npc.next_look_us = now_us() + math.random() * 1e6 -- not all in the same step
end

function idle.stop(npc)
	movement.sleep(npc)
	npc.next_look_us = nil
end

local cursor = 0 -- in npcs.list; where the budget ended the last round, the next begins

-- Bodies whose turn it is, one at least, then as many as can be looked at until `until_us`.
function idle.step(now, until_us)
	local order = npcs.list
	local count = #order
	for i = 1, count do
		local npc = order[(cursor + i) % count + 1]
		if npc.next_look_us and npc.next_look_us <= now then
			local object = npc:get_object()
			npc.next_look_us = now + (object and live(npc, object, now) or 1) * 1e6
			if now_us() >= until_us then
				cursor = (cursor + i) % count
				return
			end
		end
	end
end

return idle
