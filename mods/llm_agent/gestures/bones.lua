-- Turns the joints of a model: which bone a joint is, and in which words an engine is told. Keeps nothing.
-- A rig says which bone each joint is: joint → {name =, at =, turned =}, `at` and `turned` (degrees) being its rest. Since 5.9 a
-- bone can be turned from where the animation has it, so that a rig may leave both out; older engines and clients know only
-- where a bone is, for all of its pose and for ever.

local bones = {}

local BONES_PROTOCOL = 44 -- of 5.9

local NONE = {x = 0, y = 0, z = 0}

-- Can the clients of this engine glide from one pose to the next?
function bones.can_glide(object) return object.set_bone_override ~= nil end

-- Without its rest, a bone can be turned since 5.9 alone.
function bones.can_turn(object, bone) return bone.at ~= nil or bones.can_glide(object) end

-- Joints that this engine can turn on the object.
function bones.joints(object, rig)
	local joints = {}
	for joint, bone in pairs(rig) do
		if bones.can_turn(object, bone) then joints[joint] = true end
	end
	return joints
end

local function radians(degrees)
	return {x = math.rad(degrees.x), y = math.rad(degrees.y), z = math.rad(degrees.z)}
end

local function are_there_old_clients()
	for _, player in ipairs(core.get_connected_players()) do
		local info = core.get_player_information(player:get_player_name())
		if info and (info.protocol_version or BONES_PROTOCOL) < BONES_PROTOCOL then return true end
	end
	return false
end

-- Turn a bone of a rig by `angles` degrees from its rest, in `glide_s` seconds where the engine can.
function bones.turn(object, bone, angles, glide_s)
	local rest = bone.turned or NONE
	local turned = {x = rest.x + angles[1], y = rest.y + angles[2], z = rest.z + angles[3]}
	if not bones.can_glide(object) then
		object:set_bone_position(bone.name, bone.at, turned)
		return
	end
	local is_absolute = bone.at ~= nil
	object:set_bone_override(bone.name, {
		position = is_absolute and {vec = bone.at, absolute = true} or nil,
		rotation = {vec = radians(turned), absolute = is_absolute, interpolation = glide_s},
	})
end

-- A client glides from the override before; where there was none, it begins at no turn at all, which is nobody's rest.
function bones.take(object, bone)
	if bones.can_glide(object) and bone.at then bones.turn(object, bone, {0, 0, 0}, 0) end
end

-- At rest a bone is given back to the animation, where engine and clients can do that.
function bones.give_back(object, bone)
	if not bones.can_glide(object) or bone.at and are_there_old_clients() then
		bones.turn(object, bone, {0, 0, 0}, 0)
	else
		object:set_bone_override(bone.name, nil)
	end
end

return bones
