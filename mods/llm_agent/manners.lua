-- Manners of a body: it turns to whom it talks with and stands still meanwhile; else it strolls around its home, or stands.
-- Where it was ordered to go (legs.lua), that comes first.
-- Bodies take turns: each is looked at a few times a second at most, and only a few in one step. Knows nothing of words.

local agent = ...
local settings, speech, ground = agent.settings, agent.speech, agent.ground

local ATTENTION_US = 8e6 -- so long it looks at somebody after the last word
local PAUSE_US = 2e6 -- and so long it stands when it talked to nobody
local LOOK_S, GLANCE_S = 0.4, 1 -- while talking: turns along with a player who walks around it; another NPC stands still
local STRIDE_S = 0.6 -- while walking: looks where it goes
local WALK_SPEED = 1.3 -- nodes a second, a third of a player's
local REST_MIN_S, REST_MAX_S = 3, 12
local WALK_MIN_S, WALK_MAX_S = 2, 5

-- Frames of player_api's character model. A sprite has none.
local STAND, WALK = {x = 0, y = 79}, {x = 168, y = 187}

-- `npc.is_model` and `npc.foot_y` are set with the body: asking the engine for all properties costs more than the rest.
local function animate(npc, object, frames, speed)
	if npc.is_model then object:set_animation(frames, speed, 0.1, true) end
end

function agent.stand(npc, object)
	animate(npc, object, STAND, 30)
end

-- Legs move as fast as it goes.
function agent.walk(npc, object, speed)
	animate(npc, object, WALK, math.min(30, 12 * speed))
end

-- Turn to a position; a body of another mod by its own means, where those are known.
function agent.face(npc, pos)
	local object, own = npc:get_object(), npc:get_pos()
	if not object or not own or not pos then return end
	local x, z = pos.x - own.x, pos.z - own.z
	if x * x + z * z <= 0.01 then return end
	local yaw = math.atan2(-x, z)
	if npc.turn then npc.turn(object, yaw) else object:set_yaw(yaw) end
end

local function halt(npc, object)
	if not npc.walking_s then return end
	npc.walking_s = nil
	object:set_velocity({x = 0, y = object:get_velocity().y, z = 0})
	agent.stand(npc, object)
end

-- Where somebody is that an NPC talks with: a player or another NPC, by name or id, looked up anew each time.
local function whereabouts(whom)
	local player = core.get_player_by_name(whom)
	if player then return player:get_pos() end
	local npc = agent.npcs[whom]
	return npc and npc:get_pos()
end

-- Give somebody (a player's name or an NPC's id) attention: stop, turn to them, stay with them for a while.
function agent.attend(npc, whom)
	local now = agent.now_us()
	local attends = npc.attention == whom and npc.attention_until_us > now and not npc.hold
	npc.attention, npc.attention_until_us = whom, now + ATTENTION_US
	if attends then return end -- it stands there and looks already
	local object = npc:get_object()
	if not object then return end
	halt(npc, object)
	if npc.hold and not npc.held then
		npc.held = true
		npc.hold(object, true)
	end
	agent.face(npc, whereabouts(whom))
end

-- After its last word it stays for a moment, with whomever it talked to.
function agent.pause(npc)
	npc.attention_until_us = math.max(npc.attention_until_us or 0, agent.now_us() + PAUSE_US)
end

-- Is it taken up with somebody, by a question, a talk, a line or a look?
function agent.is_talking(npc, now)
	return npc.answering or npc.talk or speech.busy(npc.id) or npc.attention_until_us and npc.attention_until_us > now
end

-- A body of another mod goes its own ways again when the talk is over. Called for all NPCs once in a while.
function agent.let_go(npc, now)
	if not npc.held or agent.is_talking(npc, now) then return end
	npc.held = nil
	local object = npc:get_object()
	if object then npc.hold(object, false) end
end

local function is_far_from_home(npc, pos)
	local x, z = pos.x - npc.home.x, pos.z - npc.home.z
	return x * x + z * z > settings.wander_radius ^ 2
end

-- A direction to walk in: home when it has strayed, else anywhere that can be walked; nil when it is shut in.
local function direction(npc, pos)
	local yaw = math.random() * 2 * math.pi
	if is_far_from_home(npc, pos) then yaw = math.atan2(pos.x - npc.home.x, npc.home.z - pos.z) end
	return ground.free_yaw(pos, yaw, 8)
end

local function set_out(npc, object, pos)
	local yaw = direction(npc, pos)
	if not yaw then return end
	npc.walking_s = WALK_MIN_S + math.random() * (WALK_MAX_S - WALK_MIN_S)
	object:set_yaw(yaw)
	object:set_velocity({x = -math.sin(yaw) * WALK_SPEED, y = object:get_velocity().y, z = math.cos(yaw) * WALK_SPEED})
	agent.walk(npc, object, WALK_SPEED)
end

local function rest_s()
	return REST_MIN_S + math.random() * (REST_MAX_S - REST_MIN_S)
end

-- Where a body stands: a model's origin is there, a sprite's is in its middle.
local function feet_of(npc, object)
	local pos = object:get_pos()
	pos.y = pos.y + npc.foot_y
	return pos
end

local function listen(npc, object)
	halt(npc, object)
	if not npc.attention then return LOOK_S end
	agent.face(npc, whereabouts(npc.attention))
	return agent.npcs[npc.attention] and GLANCE_S or LOOK_S
end

local function walk_on(npc, object)
	local pos, yaw = feet_of(npc, object), object:get_yaw()
	npc.walking_s = npc.walking_s - STRIDE_S
	local strays = is_far_from_home(npc, pos) and not is_far_from_home(npc, ground.ahead(pos, yaw + math.pi))
	if npc.walking_s > 0 and not strays and ground.can_stand(ground.ahead(pos, yaw)) then return STRIDE_S end
	halt(npc, object)
	return rest_s()
end

-- One look of a body at what to do. Returns the seconds until the next.
local function live(npc, object, now)
	if npc.beaten then return LOOK_S end
	local ordered_s = agent.legs.step(npc, object, now)
	if ordered_s then return ordered_s end
	if agent.is_talking(npc, now) then return listen(npc, object) end
	npc.attention = nil
	if not settings.wander or settings.wander_radius == 0 then return rest_s() end
	if npc.walking_s then return walk_on(npc, object) end
	set_out(npc, object, feet_of(npc, object))
	return npc.walking_s and STRIDE_S or rest_s()
end

-- A body of this mod is there: from now on it has its turns.
function agent.begin_living(npc)
	npc.walking_s = nil
	npc.next_look_us = agent.now_us() + math.random() * 1e6 -- not all in the same step
end

function agent.end_living(npc)
	agent.legs.sleep(npc)
	npc.next_look_us = nil
end

local cursor = 0 -- so that a crowd that all want to look get their turns

-- Bodies whose turn it is, one at least, then as many as can be looked at until `until_us`.
function agent.step_bodies(now, until_us)
	local order = agent.order
	local count = #order
	for i = 1, count do
		local npc = order[(cursor + i) % count + 1]
		if npc.next_look_us and npc.next_look_us <= now then
			local object = npc:get_object()
			npc.next_look_us = now + (object and live(npc, object, now) or 1) * 1e6
			if agent.now_us() >= until_us then
				cursor = (cursor + i) % count
				return
			end
		end
	end
end
