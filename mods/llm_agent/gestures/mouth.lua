-- Head and jaw move while a voice is heard: a nod with each loud syllable, and a jaw where the model has one. A gesture that
-- turns the head goes first. Knows of sounds only how loud they are, and when.

local settings, geometry, npcs, player, bones, is_speaking = ...

local mouth = {}

local EVERY_S = 0.2 -- five changes a second and joint: each is a message to all clients near
local MOVERS_MAX = 16 -- that move in a step: more than players listen to at once
local LOUDEST = 9
local NOD, SWAY, JAW = 8, 4, 22 -- degrees at the loudest
local SWAY_RATE = 2.3 -- radians a second: it looks a little aside, and back
local MURMUR = 4 -- of a sound that does not say how loud it is

local movers = {} -- NPC's id → {object, rig, next_us, taken = {joint → true}, rests}
local REST = {0, 0, 0}

-- The loudest tenth of a second of those that come until it moves again, 0 to 1.
local function loudness(sound, now)
	if sound.mouth == "" then return MURMUR / LOUDEST end
	local first = math.floor((now - sound.started_us) / 1e5) + 1
	local most = 0
	for i = first, first + EVERY_S * 10 - 1 do most = math.max(most, tonumber(sound.mouth:sub(i, i)) or 0) end
	return most / LOUDEST
end

local function is_heard(pos)
	for _, listener in ipairs(core.get_connected_players()) do
		if geometry.in_range(listener:get_pos(), pos, settings.earshot) then return true end
	end
	return false
end

-- A gesture that has the joint now keeps it, and gives it back to the animation by itself.
local function turn(mover, joint, angles)
	local bone = mover.rig[joint]
	if not bone or not bones.can_turn(mover.object, bone) then return end
	if player.turns(mover.object, joint) then
		mover.taken[joint] = nil
		return
	end
	if not mover.taken[joint] then
		if angles == REST then return end
		bones.take(mover.object, bone)
		mover.taken[joint] = true
	end
	bones.turn(mover.object, bone, angles, EVERY_S)
end

local function give_back(mover)
	for joint in pairs(mover.taken) do
		if not player.turns(mover.object, joint) then bones.give_back(mover.object, mover.rig[joint]) end
	end
end

local function move(mover, sound, now)
	local loud = loudness(sound, now)
	turn(mover, "Head", {NOD * loud, SWAY * math.sin((now - sound.started_us) / 1e6 * SWAY_RATE), 0})
	turn(mover, "Jaw", {JAW * loud, 0, 0})
end

-- One speaker's next move. True when it is done: at rest, or its body is gone.
local function go_on(id, mover, now)
	local npc, pos = npcs.by_id[id], mover.object:get_pos()
	if not npc or not pos then return true end
	local sound = is_speaking(npc)
	if sound and is_heard(pos) then
		mover.rests = false
		move(mover, sound, now)
	elseif not mover.rests then
		mover.rests = true
		turn(mover, "Head", REST)
		turn(mover, "Jaw", REST)
	elseif not sound then
		give_back(mover)
		return true
	end
	return false
end

-- Called each step; costs nothing while nobody is heard.
function mouth.step(now)
	local left = MOVERS_MAX
	for id, mover in pairs(movers) do
		if now >= mover.next_us and left > 0 then
			left, mover.next_us = left - 1, now + EVERY_S * 1e6
			if go_on(id, mover, now) then movers[id] = nil end
		end
	end
end

-- A sentence of an NPC begins to be heard.
function mouth.hear(npc, sound)
	local rig, object = player.rig_of(npc), npc:get_object()
	if not rig or not object or not player.can(npc) then return end
	local before = movers[npc.id]
	if before and before.object == object then return end
	movers[npc.id] = {object = object, rig = rig, next_us = sound.started_us, taken = {}, rests = true}
end

return mouth
