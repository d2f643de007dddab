-- Walks a body along its way: in a straight line where nothing is in between, else by a search (pathfinder.lua).
-- Opens doors and closes them behind; looks at the ground ahead before each stretch; notices when the body is stuck.
-- Runs when it is the body's turn. All state is in the order; nothing is kept here.

local doors, pathfinder, animation, walkability, personal_space = ...

local path_follower = {}

local LOOK_S, WAIT_S = 0.4, 0.1
local LOOK_MIN_S = 0.05
local AHEAD = 0.8 -- nodes that are looked at before each stretch
local REPLAN_S = 0.6 -- after somebody who moves: so often at most
local MOVED = 1.5 -- nodes that a goal moves until the way is another
local LINE_MAX = 12 -- nodes: a longer line is not looked along, but searched
local PROGRESS_S, PROGRESS = 1.5, 0.3 -- a body that comes no nearer by PROGRESS nodes in PROGRESS_S is stuck
local TRIES = 3 -- ways that may fail, one after the other, each after a longer pause, before it gives up
local HEIGHT = 1.6 -- nodes above or below that are still "there"
local CLOSE_AT = 0.95 -- nodes behind a door

local SIDESTEPS = {math.pi / 4, -math.pi / 4, math.pi / 2, -math.pi / 2}

path_follower.LOOK_S, path_follower.WAIT_S, path_follower.REPLAN_S = LOOK_S, WAIT_S, REPLAN_S

function path_follower.feet(npc, object)
	local pos = object:get_pos()
	pos.y = pos.y + npc.foot_y
	return pos
end

function path_follower.across(a, b)
	return math.sqrt((a.x - b.x) ^ 2 + (a.z - b.z) ^ 2)
end

function path_follower.is_near(a, b, nodes)
	return path_follower.across(a, b) <= nodes and math.abs(a.y - b.y) <= HEIGHT
end

function path_follower.halt(npc, object, order)
	if not order.walking then return end
	order.walking, order.best = nil, nil
	object:set_velocity({x = 0, y = object:get_velocity().y, z = 0})
	animation.stand(npc, object)
end

function path_follower.walk(npc, object, order, x, z, length)
	if order.walking ~= order.speed then
		order.walking = order.speed
		animation.walk(npc, object, order.speed)
	end
	order.along_x, order.along_z = x / length, z / length
	object:set_yaw(math.atan2(-x, z))
	object:set_velocity({x = x / length * order.speed, y = object:get_velocity().y, z = z / length * order.speed})
end

function path_follower.close_door(order, pos)
	if not order.opened or path_follower.across(order.opened, pos) < CLOSE_AT then return end
	doors.set(order.opened, false)
	order.opened = nil
end

-- A way failed: pause, longer each time. nil and why when it was the last.
function path_follower.fail(npc, object, order, why, now)
	path_follower.halt(npc, object, order)
	order.points, order.goal = nil, nil
	order.failures = order.failures + 1
	if order.failures >= TRIES then return nil, why end
	order.careful = true -- no straight line, where that failed
	order.wait_until_us = now + 2 ^ (order.failures - 1) * 5e5
	return WAIT_S
end

local function plan(order, pos, goal, now)
	order.goal, order.planned_us = {x = goal.x, y = goal.y, z = goal.z}, now
	if order.search then order.search.dropped, order.search = true, nil end
	if not order.careful and path_follower.across(pos, goal) <= LINE_MAX and walkability.is_clear(pos, goal) then
		order.points, order.index, order.best = {order.goal}, 1, nil
	else
		order.search = pathfinder.search(pos, goal, order.distance, order.shut)
	end
end

-- Is the next stretch safe? A door must be one that opens; it is opened when it is the next.
local function may_step(order, pos, point, length)
	if point.door and length < 1.3 and not doors.is_open(point) then
		if not doors.set({x = point.x, y = math.floor(point.y + 1), z = point.z}, true) then return false end
		order.opened = {x = point.x, y = math.floor(point.y + 1), z = point.z}
	end
	local part = math.min(AHEAD, length) / length
	local cell = walkability.cell(pos)
	return cell ~= nil and walkability.level(pos.x + (point.x - pos.x) * part, cell.y, pos.z + (point.z - pos.z) * part,
		function(x, y, z) return doors.lets_through({x = x, y = y, z = z}) end) ~= nil
end

local function is_stuck(order, length, now)
	if not order.best or length < order.best - PROGRESS then
		order.best, order.best_us = length, now
	end
	return now - order.best_us > PROGRESS_S * 1e6
end

-- Is it at a point, or past it? In a slow server a look comes late, when the body is already some way behind the point.
local function is_passed(order, x, z, length)
	return length < 0.25 or length < 0.8 and order.walking and order.walking > 0 and x * order.along_x + z * order.along_z <= 0
end

-- Around a player in the way, by the side that is free; where none is, it waits.
local function sidestep(npc, object, order, pos, x, z)
	local yaw = math.atan2(-x, z)
	for _, turn in ipairs(SIDESTEPS) do
		local aside = yaw + turn
		local aside_x, aside_z = -math.sin(aside), math.cos(aside)
		if not personal_space.bars(pos, aside_x, aside_z) and walkability.can_stand(walkability.ahead(pos, aside)) then
			path_follower.walk(npc, object, order, aside_x, aside_z, 1)
			return WAIT_S
		end
	end
	path_follower.halt(npc, object, order)
	return WAIT_S
end

-- One look at the way to its points. Returns the seconds until the next, or nil and why it failed for good.
local function go_on(npc, object, order, pos, now)
	local point, x, z, length
	while true do
		point = order.points[order.index]
		if not point then -- at its end, and not there: the goal moved on
			order.points, order.goal = nil, nil
			return LOOK_MIN_S
		end
		x, z = point.x - pos.x, point.z - pos.z
		length = math.sqrt(x * x + z * z)
		if not is_passed(order, x, z, length) then break end
		order.index, order.best = order.index + 1, nil
	end
	if is_stuck(order, length, now) then return path_follower.fail(npc, object, order, "stuck", now) end
	if not may_step(order, pos, point, length) then
		if point.door then order.shut[pathfinder.key(point.x, point.y + 0.5, point.z)] = true end
		return path_follower.fail(npc, object, order, "no_way", now)
	end
	if personal_space.bars(pos, x / length, z / length) then return sidestep(npc, object, order, pos, x, z) end
	path_follower.walk(npc, object, order, x, z, length)
	return math.max(LOOK_MIN_S, math.min(LOOK_S, length / order.speed))
end

-- On the way to `goal`. As go_on.
function path_follower.approach(npc, object, order, pos, goal, now)
	if order.search and order.search.over then
		local points = order.search.points
		order.search = nil
		if not points then return path_follower.fail(npc, object, order, "no_way", now) end
		order.points, order.index, order.best = points, 1, nil
	end
	if now < order.wait_until_us then return WAIT_S end
	local moved = not order.goal or not path_follower.is_near(order.goal, goal, MOVED)
	if moved and not order.search and now - order.planned_us > REPLAN_S * 1e6 then plan(order, pos, goal, now) end
	if order.points then return go_on(npc, object, order, pos, now) end
	path_follower.halt(npc, object, order)
	return WAIT_S
end

function path_follower.arrive(npc, object, order)
	path_follower.halt(npc, object, order)
	order.points, order.goal, order.failures, order.careful, order.near = nil, nil, 0, nil, true
	if order.search then order.search.dropped, order.search = true, nil end
end

return path_follower
