-- The plan of a gesture: which joint is turned when, how far, and how long a client takes for it. As few changes as look smooth:
-- each is a message to every client near. Pure: time is a number, and bones are somebody else's.

local plan = {}

local REST_S = 0.25 -- back to rest at the end
local GLIDE_S = 0.2 -- pieces that a client glides through: straight ones so short look like a curve
local JUMP_S = 0.1 -- 10 changes a second, where the client cannot glide
local TURN_MAX = 90 -- degrees in one glide: a client takes the shorter way around, and of 180 degrees there is none

local function is_same(a, b) return a[1] == b[1] and a[2] == b[2] and a[3] == b[3] end

local STEEPEST = 1.5 -- of in_out, in its middle: so much quicker than the even way

-- Share of the way after `share` of the time, 0 to 1: slow, fast, slow.
local function in_out(share) return share * share * (3 - 2 * share) end

local function between(from, to, share)
	return {
		from[1] + (to[1] - from[1]) * share, from[2] + (to[2] - from[2]) * share, from[3] + (to[3] - from[3]) * share,
	}
end

-- In how many pieces. A client that glides by itself glides evenly: a straight way is one change, one that eases a few short
-- ones. For a client that cannot, each piece is a jump.
local function pieces_of(from, to, way, seconds, can_glide)
	if not can_glide then return math.max(1, math.ceil(seconds / JUMP_S - 0.01)) end
	local turn = math.max(math.abs(to[1] - from[1]), math.abs(to[2] - from[2]), math.abs(to[3] - from[3]))
	if way.ease == "linear" then return math.max(1, math.ceil(turn / TURN_MAX)) end
	return math.max(1, math.ceil(turn * STEEPEST / TURN_MAX), math.ceil(seconds / GLIDE_S - 0.01))
end

-- Adds a joint's way from one frame to the next, unless there is nothing to go.
local function add_way(changes, joint, from, to, way, can_glide)
	local seconds = way.until_s - way.at
	if is_same(from, to) then return end
	if way.ease == "hold" or seconds <= 0 then
		changes[#changes + 1] = {at = way.until_s, joint = joint, angles = to, glide_s = 0}
		return
	end
	local pieces = pieces_of(from, to, way, seconds, can_glide)
	for i = 1, pieces do
		local share = i / pieces
		changes[#changes + 1] = {
			at = way.at + seconds * (i - 1) / pieces, joint = joint, glide_s = can_glide and seconds / pieces or 0,
			angles = between(from, to, way.ease == "linear" and share or in_out(share)),
		}
	end
end

local REST = {0, 0, 0}

-- When each joint is where: joint → list of {until_s =, angles =, ease =}, over all rounds.
local function keys_of(read)
	local keys, length_s = {}, read.frames[#read.frames].at
	for round = 0, (read.times or 1) - 1 do
		for _, frame in ipairs(read.frames) do
			for joint, angles in pairs(frame.joints) do
				keys[joint] = keys[joint] or {}
				table.insert(keys[joint], {until_s = round * length_s + frame.at, angles = angles, ease = frame.ease or "in_out"})
			end
		end
	end
	return keys, length_s * (read.times or 1)
end

-- All changes of a gesture that form.read gave back, by time: {at =, joint =, angles =, glide_s =}; the last of each joint has
-- `is_end`: it is at rest then. from: joint → angles, of those that are turned already; they are taken along to rest.
function plan.of(read, from, can_glide)
	local changes, keys, end_s = {}, keys_of(read)
	for joint in pairs(from) do keys[joint] = keys[joint] or {{until_s = REST_S, angles = REST, ease = "in_out"}} end
	for joint, list in pairs(keys) do
		local at, angles = 0, from[joint] or REST
		for _, key in ipairs(list) do
			add_way(changes, joint, angles, key.angles, {at = at, until_s = key.until_s, ease = key.ease}, can_glide)
			at, angles = key.until_s, key.angles
		end
		local is_turned = not is_same(angles, REST)
		local rest_s = is_turned and math.max(at, end_s) + REST_S or at
		if is_turned then
			add_way(changes, joint, angles, REST, {at = rest_s - REST_S, until_s = rest_s, ease = "in_out"}, can_glide)
		end
		changes[#changes + 1] = {at = rest_s, joint = joint, angles = REST, glide_s = 0, is_end = true}
	end
	for i, change in ipairs(changes) do change.order = i end -- table.sort keeps no order of its own
	table.sort(changes, function(a, b)
		if a.at ~= b.at then return a.at < b.at end
		return a.order < b.order
	end)
	return changes
end

return plan
