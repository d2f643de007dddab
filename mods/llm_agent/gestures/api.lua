-- llm_agent.play_gesture: gestures as data, on NPCs and on the models of other mods. What is given may come from a model: a
-- gesture that is wrong is an answer and no error.

local check, Npc, rigs, bones, form, player = ...

local PLAY_FIELDS = {bones = "table?"}

local function is_npc(value) return getmetatable(value) == Npc end

local function is_object(value)
	return (type(value) == "userdata" or type(value) == "table") and not is_npc(value) and value.get_pos ~= nil
end

-- The joints of whom a gesture is for, or nil and why it has none that can be turned now.
local function joints_of(who, object, rig)
	if not object or not object:get_pos() then return nil, "it has no body that is awake" end
	if not rig and not player.can(who) then return nil, "it has no body of this mod; name its bones in opts.bones" end
	local joints = rig and bones.joints(object, rig) or player.joints_of(who)
	if next(joints) == nil then return nil, "this engine wants the rest of each bone: give at and turned" end
	return joints
end

local function rig_for(who, opts)
	if not is_npc(who) and not is_object(who) then
		error("llm_agent.play_gesture: want an NPC or an object of the game, got " .. type(who), 3)
	end
	if not opts.bones and is_npc(who) then return nil end
	local rig, problem = rigs.read(opts.bones)
	if problem then error("llm_agent.play_gesture: bones: " .. problem, 3) end
	return rig
end

-- Have an NPC, or any object whose bones `opts.bones` names, make a gesture: a table or JSON text, as docs/gestures.md has it.
-- True, or false and why.
local function play_gesture(who, gesture, opts)
	check.def("llm_agent.play_gesture", opts or {}, PLAY_FIELDS)
	local rig = rig_for(who, opts or {})
	local object = who
	if is_npc(who) then object = who:get_object() end
	local joints, problem = joints_of(who, object, rig)
	if not joints then return false, problem end
	local read
	read, problem = form.read(gesture, joints)
	if not read then return false, problem end
	if rig then player.begin(object, rig, read) else player.play(who, read) end
	return true
end

llm_agent.play_gesture = play_gesture

return {play = play_gesture}
