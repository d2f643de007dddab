-- Gestures: a body takes a few poses in turn, then goes on as before (npc:emote).
-- The player model moves its bones; a flat figure has none and hops. Only for bodies of this mod, whose bones are known.
-- Nothing of a gesture is saved.

local now_us, check, npcs, Npc, figure, animation, movement = ...

local emote = {}

local POSE_S = 0.35 -- a pose lasts
local BLEND_S = 0.2 -- engines since 5.9 glide into it
local HOP = 3.5 -- nodes a second, up
local BONES_PROTOCOL = 44 -- of 5.9: an older client takes what is said of a bone for all of its pose, and for ever
local DANCE = {x = 200, y = 219} -- frames of the model: walking and swinging an arm

local function bow(degrees) -- the legs hang on the body, and stay where they are
	return {Body = {-degrees, 0, 0}, Leg_Left = {degrees, 0, 0}, Leg_Right = {degrees, 0, 0}}
end

local SHRUG = {Arm_Left = {20, 0, 25}, Arm_Right = {20, 0, -25}, Head = {0, 0, 12}}

-- kind → its poses, bone → degrees from rest, gone through `times`.
local KINDS = {
	wave = {times = 4, {Arm_Right = {180, 0, 5}}, {Arm_Right = {180, 0, 45}}},
	point = {times = 5, {Arm_Right = {90, 0, 0}}},
	nod = {times = 3, {Head = {-20, 0, 0}}, {Head = {5, 0, 0}}},
	bow = {times = 1, bow(20), bow(40), bow(40), bow(20)},
	shrug = {times = 1, SHRUG, SHRUG, SHRUG},
	laugh = {times = 4, {Head = {20, 0, 0}, Body = {4, 0, 0}}, {Head = {10, 0, 0}, Body = {-4, 0, 0}}},
	cry = {times = 4,
		{Head = {-30, 0, 0}, Arm_Left = {130, 0, -25}, Arm_Right = {130, 0, 25}},
		{Head = {-22, 0, 0}, Arm_Left = {125, 0, -25}, Arm_Right = {125, 0, 25}}},
	dance = {times = 6, {Arm_Left = {150, 0, 20}}, {Arm_Right = {150, 0, -20}}, frames = DANCE},
}

emote.kinds = {"wave", "point", "nod", "bow", "shrug", "laugh", "cry", "dance"}

local acting = {} -- NPC's id → {kind=, object=, pose=, left= (poses), until_us=, moved = {bone = true}}

local function radians(degrees)
	return {x = math.rad(degrees.x), y = math.rad(degrees.y), z = math.rad(degrees.z)}
end

-- Turn a bone from its rest. At rest it is given back to the animation, where the engine can do that. Position and rotation are
-- absolute, because clients before 5.9 take every override so.
local function turn_bone(object, bone, by, has_old_clients)
	local rest = figure.model.bones[bone]
	local turned = {x = rest.turned.x + by[1], y = rest.turned.y + by[2], z = rest.turned.z + by[3]}
	if not object.set_bone_override then
		object:set_bone_position(rest.name, rest.at, turned)
	elseif by.is_rest and not has_old_clients then
		object:set_bone_override(rest.name, nil)
	else
		object:set_bone_override(rest.name, {
			position = {vec = rest.at, absolute = true},
			rotation = {vec = radians(turned), absolute = true, interpolation = BLEND_S},
		})
	end
end

local function are_there_old_clients()
	for _, player in ipairs(core.get_connected_players()) do
		local info = core.get_player_information(player:get_player_name())
		if info and (info.protocol_version or BONES_PROTOCOL) < BONES_PROTOCOL then return true end
	end
	return false
end

local AT_REST = {0, 0, 0, is_rest = true}

local function strike(act, pose)
	for bone, by in pairs(pose) do
		act.moved[bone] = true
		turn_bone(act.object, bone, by)
	end
	local old
	for bone in pairs(act.moved) do
		if not pose[bone] then
			if old == nil then old = are_there_old_clients() end
			turn_bone(act.object, bone, AT_REST, old)
			act.moved[bone] = nil
		end
	end
end

local function finish(id, act)
	acting[id] = nil
	if not act.object:get_pos() then return end
	strike(act, {})
	local npc = npcs.by_id[id]
	local velocity = act.object:get_velocity()
	if npc and KINDS[act.kind].frames and velocity.x == 0 and velocity.z == 0 then animation.stand(npc, act.object) end
end

local function next_pose(id, act, now)
	if act.left == 0 then return finish(id, act) end
	local poses = KINDS[act.kind]
	act.pose = act.pose % #poses + 1
	act.left, act.until_us = act.left - 1, now + POSE_S * 1e6
	strike(act, poses[act.pose])
end

local function hop(object)
	local velocity = object:get_velocity()
	if velocity.y == 0 then object:set_velocity({x = velocity.x, y = HOP, z = velocity.z}) end
end

-- Called each step; costs nothing while nobody makes a gesture.
function emote.step(now)
	for id, act in pairs(acting) do
		local npc = npcs.by_id[id]
		if not npc or npc.object ~= act.object or not act.object:get_pos() then
			acting[id] = nil
		elseif now >= act.until_us then
			next_pose(id, act, now)
		end
	end
end

-- Make a gesture, in the place of one that is under way: one of emote.kinds. False without a body of this mod that is awake.
function Npc:emote(kind)
	local problem = check.one_of(KINDS)(kind)
	if problem then error("npc:emote: kind: " .. problem, 2) end
	if not movement.can(self) then return false end
	local object, before = self:get_object(), acting[self.id]
	if not self.is_model then
		hop(object)
		return true
	end
	local poses = KINDS[kind]
	local moved = before and before.object == object and before.moved or {}
	local act = {kind = kind, object = object, pose = 0, left = poses.times * #poses, moved = moved}
	acting[self.id] = act
	if poses.frames then object:set_animation(poses.frames, 30, 0.1, true) end
	next_pose(self.id, act, now_us())
	return true
end

return emote
