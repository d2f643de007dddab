-- How a body stands, walks and turns in place.
-- Only the player model has animations; a flat figure only turns. A mob of another mod is turned by the function it brought
-- (npc.turn).

local animation = {}

-- Frames of player_api's character model. A sprite has none.
local STAND, WALK = {x = 0, y = 79}, {x = 168, y = 187}

-- `npc.is_model` is set with the body: asking the engine for all properties costs more than the rest.
local function animate(npc, object, frames, speed)
	if npc.is_model then object:set_animation(frames, speed, 0.1, true) end
end

function animation.stand(npc, object)
	animate(npc, object, STAND, 30)
end

-- Legs move as fast as it goes.
function animation.walk(npc, object, speed)
	animate(npc, object, WALK, math.min(30, 12 * speed))
end

-- Turn to a position; a body of another mod by its own means, where those are known.
function animation.face(npc, pos)
	local object, npc_pos = npc:get_object(), npc:get_pos()
	if not object or not npc_pos or not pos then return end
	local x, z = pos.x - npc_pos.x, pos.z - npc_pos.z
	if x * x + z * z <= 0.01 then return end
	local yaw = math.atan2(-x, z)
	if npc.turn then npc.turn(object, yaw) else object:set_yaw(yaw) end
end

return animation
