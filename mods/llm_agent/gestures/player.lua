-- Plays gestures: on the bodies of this mod (npc:emote), and on any object whose bones are known (api.lua).
-- Each gesture is a list of changes made when it begins (plan.lua); a step sends those whose time has come, within a budget.
-- The player model moves its bones; a flat figure has none and hops. Nothing of a gesture is saved.

local now_us, check, Npc, figure, bones, plan, named, animation, movement = ...

local player = {}

-- Of all gestures together: each is a message to every client near. 60 are ten bodies that move six joints at once.
local CHANGES_PER_STEP = 60
local HOP = 3.5 -- nodes a second, up
local SHOULDER_Y = 1.35 -- nodes above the feet, where an arm begins
local AHEAD = 90 -- degrees that an arm is lifted to point ahead
local POINT_S = 2.5 -- it does not turn away meanwhile
local LEGS = {"Leg_Left", "Leg_Right"}

local acting, cursor = {}, 0 -- list of {object =, rig =, plan =, next =, began_us =, angles = {joint → degrees}}
local acts = {} -- object → its entry

local function end_act(index)
	acts[acting[index].object] = nil
	acting[index] = acting[#acting]
	acting[#acting] = nil
end

-- The legs of a player's model hang on its body; where it bows, they stay. Turned back, they are what the body is not: its turn
-- sideways is the legs' own way around, for they hang upside down.
local function beside_body(angles, body)
	return {angles[1] - body[1], angles[2] - body[2], angles[3] + body[3]}
end

local REST = {0, 0, 0}

-- Send one change; returns how many bones were turned.
local function send(act, joint, angles, glide_s)
	local bone = act.rig[joint]
	if not bone or not bones.can_turn(act.object, bone) then return 0 end
	if not act.angles[joint] then bones.take(act.object, bone) end
	act.angles[joint] = angles
	local body = act.rig.Body and act.rig.Body.has_legs and act.angles.Body
	local is_leg = joint == LEGS[1] or joint == LEGS[2]
	bones.turn(act.object, bone, is_leg and body and beside_body(angles, body) or angles, glide_s)
	if joint ~= "Body" or not body then return 1 end
	return 1 + send(act, LEGS[1], act.angles[LEGS[1]] or REST, glide_s) + send(act, LEGS[2], act.angles[LEGS[2]] or REST, glide_s)
end

local function give_back(act, joint)
	act.angles[joint] = nil
	local bone = act.rig[joint]
	if bone and bones.can_turn(act.object, bone) then bones.give_back(act.object, bone) end
	if joint ~= "Body" then return 1 end
	local count = 1
	for _, leg in ipairs(LEGS) do -- those that only made up for the body
		if act.angles[leg] and not act.keeps[leg] then count = count + give_back(act, leg) end
	end
	return count
end

-- A joint is at rest. A leg that stands while the body is bent goes with the body.
local function finish(act, joint)
	act.keeps[joint] = nil
	local is_leg = joint == LEGS[1] or joint == LEGS[2]
	if is_leg and act.rig.Body and act.rig.Body.has_legs and act.angles.Body then return send(act, joint, REST, 0) end
	return give_back(act, joint)
end

-- Send what is due, of each joint the latest: a step that came late leaves no jerks behind. Returns how many bones were turned.
local function advance(act, now)
	local elapsed_s, due, count = (now - act.began_us) / 1e6, {}, 0
	local change = act.plan[act.next]
	while change and change.at <= elapsed_s do
		due[#due + 1], due[change.joint] = change, change
		act.next = act.next + 1
		change = act.plan[act.next]
	end
	for _, one in ipairs(due) do
		local last = due[one.joint]
		if last == one and one.is_end then
			count = count + finish(act, one.joint)
		elseif last == one or one.glide_s == 0 and one.at == last.at then -- a jump, from where the next glides on
			count = count + send(act, one.joint, one.angles, one.glide_s)
		end
	end
	return count
end

-- Called each step; costs nothing while nobody makes a gesture. Who came too late for the budget is the first in the next step.
function player.step(now)
	local left, looks = CHANGES_PER_STEP, #acting
	while looks > 0 and left > 0 do
		looks, cursor = looks - 1, cursor + 1
		if cursor > #acting then cursor = 1 end
		local act = acting[cursor]
		if not act then return end
		local is_there = act.object:get_pos() ~= nil
		if is_there then left = left - advance(act, now) end
		if not is_there or not act.plan[act.next] then
			end_act(cursor)
			cursor = cursor - 1
		end
	end
end

-- A gesture that form.read gave back, in the place of one that is under way.
function player.begin(object, rig, read)
	local before = acts[object]
	local act = before or {object = object, rig = rig, angles = {}}
	if act.rig ~= rig then -- other names for its bones: those that are turned would stay so
		for joint in pairs(act.angles) do bones.give_back(object, act.rig[joint]) end
		act.rig, act.angles = rig, {}
	end
	act.plan, act.next, act.began_us, act.keeps = plan.of(read, act.angles, bones.can_glide(object)), 1, now_us(), {}
	for _, change in ipairs(act.plan) do act.keeps[change.joint] = true end
	if not before then
		acting[#acting + 1], acts[object] = act, act
	end
	advance(act, act.began_us)
end

-- Does a gesture turn this joint of the object now?
function player.turns(object, joint)
	return acts[object] ~= nil and acts[object].angles[joint] ~= nil
end

local function hop(object)
	local velocity = object:get_velocity()
	if velocity.y == 0 then object:set_velocity({x = velocity.x, y = HOP, z = velocity.z}) end
end

-- May it make gestures: with a body of this mod that is awake, or one of another mod whose bones are known?
function player.can(npc)
	return npc.bones and npc:get_object() ~= nil or movement.can(npc)
end

-- The rig of its model; nil of a flat figure.
function player.rig_of(npc)
	return npc.bones or npc.is_model and figure.model.bones or nil
end

-- Those that a gesture of this NPC may turn.
function player.joints_of(npc)
	local rig = player.rig_of(npc)
	return rig and bones.joints(npc:get_object(), rig) or named.JOINTS
end

-- On the body of an NPC. False without one that can.
function player.play(npc, read)
	if not player.can(npc) then return false end
	local object, rig = npc:get_object(), player.rig_of(npc)
	if rig then player.begin(object, rig, read) else hop(object) end
	return true
end

-- Turns to a place, and points at it: the arm as high as that is.
local function pointed_at(npc, pos)
	local from = npc:get_pos()
	animation.face(npc, pos)
	if not npc.movement and not npc.stroll_left_s then
		npc.next_look_us = now_us() + POINT_S * 1e6
	end
	local x, z = pos.x - from.x, pos.z - from.z
	local up = pos.y - (from.y + (npc.foot_y or 0) + SHOULDER_Y)
	return named.point(AHEAD + math.deg(math.atan2(up, math.sqrt(x * x + z * z))))
end

local EMOTE_FIELDS = {number = check.number_in(1, named.COUNT_MAX), at = check.position}

-- Make a gesture that has a name, one of named.kinds. opts: `number`, how far it counts; `at`, a position to point at.
-- False without a body that can.
function Npc:emote(kind, opts)
	local problem = check.one_of(named.by_kind)(kind)
	if problem then error("npc:emote: kind: " .. problem, 2) end
	check.def("npc:emote", opts or {}, EMOTE_FIELDS)
	if not player.can(self) then return false end
	if kind == "point" and opts and opts.at then return player.play(self, pointed_at(self, opts.at)) end
	return player.play(self, named.of(kind, opts and opts.number))
end

return player
