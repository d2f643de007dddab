-- Room before a player's eyes: no body walks nearer than a step, and one that a player walks into goes back a step.
-- Players' places are asked of the engine once for all bodies that look within MEMORY_US.

local now_us = ...

local personal_space = {}

local KEEP = 1.3 -- nodes between a walking body and a player: nearer, a face fills the picture
local CROWDED = 0.9 -- nodes: it goes back from who comes nearer; less than KEEP, so that it does not go to and fro
local FLOOR = 2 -- nodes above or below: on another floor nobody is in the way
local MEMORY_US = 50e3 -- a server step

personal_space.KEEP = KEEP

local places, asked_us = {}, nil

local function players(now)
	if not asked_us or now - asked_us >= MEMORY_US or now < asked_us then
		places, asked_us = {}, now
		for _, player in ipairs(core.get_connected_players()) do places[#places + 1] = player:get_pos() end
	end
	return places
end

local function distance(pos, place)
	return math.sqrt((pos.x - place.x) ^ 2 + (pos.z - place.z) ^ 2)
end

-- Would a step from `pos` (feet) in the direction x, z, of length 1, end before a player's eyes?
function personal_space.bars(pos, x, z)
	for _, place in ipairs(players(now_us())) do
		if math.abs(place.y - pos.y) < FLOOR then
			local ahead = distance({x = pos.x + x * 0.5, z = pos.z + z * 0.5}, place)
			if ahead < KEEP and ahead < distance(pos, place) then return true end
		end
	end
	return false
end

-- Where a player is that stands too near, or nil. leeway: nodes that `pos` may be wrong by.
function personal_space.crowder(pos, leeway)
	for _, place in ipairs(players(now_us())) do
		if math.abs(place.y - pos.y) < FLOOR + leeway and distance(pos, place) < CROWDED + leeway then return place end
	end
end

return personal_space
