-- Gossip passes as NPCs meet: of two who stand together one tells the other the latest that it does not know. No word of it is
-- spoken here; what players hear is in tell.lua. Owns the step of this folder, which does one small thing at a time.

local now_us, settings, geometry, npcs, positions, happenings, watch = ...

local spread = {}

local MEET_EVERY_US = 2e6 -- one NPC meets somebody; so a village of 20 has told all to all in some minutes
local FADE_EVERY_US = 60e6

local next_meeting_us, next_fade_us, cursor = 0, 0, 0

-- The nearest who is in earshot and does not know what the teller knows.
local function listener_of(teller, pos, known)
	local best, best_event, best_distance
	for _, other in ipairs(positions.may_be_near(pos, settings.earshot)) do
		local there = other ~= teller and positions.last_known(other)
		local distance = there and geometry.distance_squared(there, pos)
		if distance and distance <= settings.earshot ^ 2 and (not best or distance < best_distance) then
			local event = happenings.to_tell(teller, other, known)
			if event then best, best_event, best_distance = other, event, distance end
		end
	end
	return best, best_event
end

local function meet()
	cursor = cursor % #npcs.list + 1
	local teller = npcs.list[cursor]
	local known = happenings.known_by(teller.id)
	local pos = known[1] and positions.last_known(teller)
	local listener, event = nil, nil
	if pos then listener, event = listener_of(teller, pos, known) end
	if listener then happenings.pass_on(event, teller, listener) end
end

function spread.step(now, until_us)
	happenings.save_one()
	if settings.gossip_minutes == 0 or now_us() >= until_us then return end
	watch.step(now)
	if now >= next_fade_us then
		next_fade_us = now + FADE_EVERY_US
		happenings.fade()
	elseif now >= next_meeting_us and npcs.list[1] then
		next_meeting_us = now + MEET_EVERY_US
		meet()
	end
end

return spread
