-- Legs: a body of this mod goes somewhere on purpose, by an order that holds until it is done, fails or is replaced. Manners
-- wander and face; an order goes before them. Bodies of other mods have legs of their own: they take no orders.
-- Runs when it is a body's turn (manners.lua), so it costs a few looks a second for each who walks.

local agent = ...
local ground, path, doors, check = agent.ground, agent.path, agent.doors, agent.check

local legs = {}
agent.legs = legs

local WALK, HURRY, RUN = 2, 2.8, 4 -- nodes a second; a player walks 4
local LOOK_S, WAIT_S, REST_S = 0.4, 0.1, 1
local LOOK_MIN_S = 0.05
local AHEAD = 0.8 -- nodes that are looked at before each stride
local REPLAN_S = 0.6 -- after somebody who moves: so often at most
local MOVED = 1.5 -- nodes that a goal moves until the way is another
local LINE_MAX = 12 -- nodes: a longer line is not looked along, but searched
local PROGRESS_S, PROGRESS = 1.5, 0.3 -- who comes no nearer by so many nodes in so long is stuck
local TRIES = 3 -- ways that may fail, one after the other, each after a longer pause, before it gives up
local LEEWAY = 1 -- nodes that whom it follows may move before it goes on
local HEIGHT = 1.6 -- nodes above or below that are still "there"
local CLOSE_AT = 0.95 -- nodes behind a door

-- What is special to each kind: how near is near, how fast, how long it lasts, and whether it goes on while it talks.
local KINDS = {
	go_to = {distance = 1, speed = WALK, timeout_s = 90},
	follow = {distance = 2.5, speed = HURRY, talks = true},
	keep = {distance = 1.5, speed = HURRY, talks = true},
	flee = {distance = 16, speed = RUN, timeout_s = 20, talks = true},
	stay = {distance = 0, speed = WALK},
}

local ORDER = {kind = check.one_of(KINDS), pos = check.position, distance = check.number_in(0, 100),
	speed = check.number_in(0.1, 20), timeout_s = check.number_in(0.1, 1e6), hurry = "boolean?", done = "function?",
	target = function(value)
		if type(value) ~= "string" and not (value and value.get_pos) then return "want a name, an NPC's id or an object" end
	end}

-- Can it be ordered about: has it a body of this mod, that is awake?
function legs.can(npc)
	return npc.next_look_us ~= nil and not npc.beaten and npc:get_object() ~= nil
end

-- Feet of a body ---------------------------------------------------------------------------------------------------------

local function feet(npc, object)
	local pos = object:get_pos()
	pos.y = pos.y + npc.foot_y
	return pos
end

-- Where a target's feet are: of a player or an NPC, looked up by name or id, or of any object. nil if it is gone.
function legs.whereabouts(target)
	if type(target) ~= "string" then return target:get_pos() end
	local player = core.get_player_by_name(target)
	if player then return player:get_pos() end
	local npc = agent.npcs[target]
	local pos = npc and npc:get_pos()
	if pos and npc.foot_y then pos = {x = pos.x, y = pos.y + npc.foot_y, z = pos.z} end
	return pos
end

local function across(a, b)
	return math.sqrt((a.x - b.x) ^ 2 + (a.z - b.z) ^ 2)
end

local function is_near(a, b, nodes)
	return across(a, b) <= nodes and math.abs(a.y - b.y) <= HEIGHT
end

local function halt(npc, object, order)
	if not order.walking then return end
	order.walking, order.best = nil, nil
	object:set_velocity({x = 0, y = object:get_velocity().y, z = 0})
	agent.stand(npc, object)
end

local function walk(npc, object, order, x, z, length)
	if order.walking ~= order.speed then
		order.walking = order.speed
		agent.walk(npc, object, order.speed)
	end
	order.along_x, order.along_z = x / length, z / length
	object:set_yaw(math.atan2(-x, z))
	object:set_velocity({x = x / length * order.speed, y = object:get_velocity().y, z = z / length * order.speed})
end

-- An order's life --------------------------------------------------------------------------------------------------------

local function close_door(order, pos)
	if not order.opened or pos and across(order.opened, pos) < CLOSE_AT then return end
	doors.set(order.opened, false)
	order.opened = nil
end

-- The end comes once, whatever happens.
local function finish(npc, order, ok, why)
	if order.over then return end
	order.over = true
	if order.search then order.search.dropped = true end
	local object = npc:get_object()
	if object then
		close_door(order, feet(npc, object))
		if npc.legs == order then halt(npc, object, order) end
	end
	if npc.legs == order then npc.legs = nil end
	if not order.done then return end
	local fine, problem = pcall(order.done, ok, why)
	if not fine then agent.log("error", ("done of an order to %s failed: %s"):format(order.kind, tostring(problem))) end
end

-- Order a body about; what it was ordered before ends with "replaced". given: see docs. False and why if it cannot be ordered.
function legs.order(npc, given)
	check.def("agent.legs.order", given, ORDER)
	local kind, before = KINDS[given.kind], npc.legs
	if given.kind ~= "stay" and not given.pos and not given.target then error("agent.legs.order: pos or target: missing", 2) end
	local order = {kind = given.kind, pos = given.pos, target = given.target, done = given.done, shut = {}}
	if not legs.can(npc) then
		finish(npc, order, false, "asleep")
		return false, "asleep"
	end
	local now, timeout_s = agent.now_us(), given.timeout_s or kind.timeout_s
	order.distance, order.speed = given.distance or kind.distance, given.speed or kind.speed
	order.talks, order.until_us, order.looked_us = kind.talks or given.hurry, timeout_s and now + timeout_s * 1e6, now
	order.failures, order.wait_until_us, order.planned_us = 0, 0, -REPLAN_S * 1e6
	order.walking = 0 -- whatever its legs do now
	npc.legs, npc.walking_s, npc.next_look_us = order, nil, now
	if before then finish(npc, before, false, "replaced") end
	return true
end

-- It may do as it likes again; done(false, "cleared").
function legs.clear(npc, why)
	if npc.legs then finish(npc, npc.legs, false, why or "cleared") end
end

-- The order it has, to read only: kind, pos, target, distance, speed; or nil.
function legs.current(npc)
	return npc.legs
end

-- Was it told to stay where it is, until it is told otherwise? The body keeps that.
function legs.stays(npc)
	return npc.legs and npc.legs.kind == "stay" and not npc.legs.until_us or nil
end

-- Its mapblock is unloaded: who stays, stays; for all else the moment is over.
function legs.sleep(npc)
	if npc.legs and npc.legs.kind ~= "stay" then legs.clear(npc, "asleep") end
end

-- Ways -------------------------------------------------------------------------------------------------------------------

-- A way failed: pause, longer each time. nil and why when it was the last.
local function fail(npc, object, order, why, now)
	halt(npc, object, order)
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
	if not order.careful and across(pos, goal) <= LINE_MAX and ground.is_clear(pos, goal) then
		order.points, order.index, order.best = {order.goal}, 1, nil
	else
		order.search = path.search(pos, goal, order.distance, order.shut)
	end
end

-- Is the next stride safe? A door must be one that opens; it is opened when it is the next.
local function may_step(order, pos, point, length)
	if point.door and length < 1.3 and not doors.is_open(point) then
		if not doors.set({x = point.x, y = math.floor(point.y + 1), z = point.z}, true) then return false end
		order.opened = {x = point.x, y = math.floor(point.y + 1), z = point.z}
	end
	local part = math.min(AHEAD, length) / length
	local cell = ground.cell(pos)
	return cell ~= nil and ground.level(pos.x + (point.x - pos.x) * part, cell.y, pos.z + (point.z - pos.z) * part,
		function(x, y, z) return doors.lets_through({x = x, y = y, z = z}) end) ~= nil
end

local function is_stuck(order, length, now)
	if not order.best or length < order.best - PROGRESS then
		order.best, order.best_us = length, now
	end
	return now - order.best_us > PROGRESS_S * 1e6
end

-- At a point, or past it: a late look comes some way behind.
local function is_passed(order, x, z, length)
	return length < 0.25 or length < 0.8 and order.walking and order.walking > 0 and x * order.along_x + z * order.along_z <= 0
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
	if is_stuck(order, length, now) then return fail(npc, object, order, "stuck", now) end
	if not may_step(order, pos, point, length) then
		if point.door then order.shut[path.key(point.x, point.y + 0.5, point.z)] = true end
		return fail(npc, object, order, "no_way", now)
	end
	walk(npc, object, order, x, z, length)
	return math.max(LOOK_MIN_S, math.min(LOOK_S, length / order.speed))
end

-- On the way to `goal`. As go_on.
local function approach(npc, object, order, pos, goal, now)
	if order.search and order.search.over then
		local points = order.search.points
		order.search = nil
		if not points then return fail(npc, object, order, "no_way", now) end
		order.points, order.index, order.best = points, 1, nil
	end
	if now < order.wait_until_us then return WAIT_S end
	local moved = not order.goal or not is_near(order.goal, goal, MOVED)
	if moved and not order.search and now - order.planned_us > REPLAN_S * 1e6 then plan(order, pos, goal, now) end
	if order.points then return go_on(npc, object, order, pos, now) end
	halt(npc, object, order)
	return WAIT_S
end

local function arrive(npc, object, order)
	halt(npc, object, order)
	order.points, order.goal, order.failures, order.careful, order.near = nil, nil, 0, nil, true
	if order.search then order.search.dropped, order.search = true, nil end
end

-- What is done for each kind of order in one look: seconds until the next, or nil, ok and why at its end -------------------

local carry_out = {}

function carry_out.stay(npc, object, order)
	halt(npc, object, order)
	return REST_S
end

function carry_out.go_to(npc, object, order, pos, goal, now)
	if is_near(pos, goal, math.max(order.distance, 0.5)) then return nil, true end
	local wait_s, why = approach(npc, object, order, pos, goal, now)
	return wait_s, false, why
end

-- Stays near somebody, or a place; whoever it is may move a little before it goes after them.
function carry_out.follow(npc, object, order, pos, goal, now)
	if is_near(pos, goal, order.distance + (order.near and LEEWAY or 0)) then
		if not order.near then arrive(npc, object, order) end
		if order.target and not agent.is_talking(npc, now) then agent.face(npc, goal) end
		return LOOK_S
	end
	order.near = nil
	local wait_s, why = approach(npc, object, order, pos, goal, now)
	return wait_s, false, why
end

carry_out.keep = carry_out.follow

function carry_out.flee(npc, object, order, pos, goal, now)
	if across(pos, goal) >= order.distance then return nil, true end
	if now < order.wait_until_us then return WAIT_S end
	local yaw = ground.free_yaw(pos, math.atan2(goal.x - pos.x, pos.z - goal.z), 5) -- not back to where the danger is
	if not yaw then
		local wait_s, why = fail(npc, object, order, "cornered", now)
		return wait_s, false, why
	end
	walk(npc, object, order, -math.sin(yaw), math.cos(yaw), 1)
	return LOOK_S / 2
end

-- One look of a body that has an order: seconds until the next, or nil where it has none, or may do other things meanwhile.
function legs.step(npc, object, now)
	local order = npc.legs
	if not order then return nil end
	local talks = not order.talks and agent.is_talking(npc, now)
	if order.until_us and talks then order.until_us = order.until_us + now - order.looked_us end -- talk costs it no time
	order.looked_us = now
	local pos = feet(npc, object)
	close_door(order, pos)
	if talks then
		halt(npc, object, order)
		return nil
	end
	if order.until_us and now >= order.until_us then
		finish(npc, order, order.kind ~= "go_to" and order.kind ~= "flee", "timeout")
		return WAIT_S
	end
	local goal = order.target and legs.whereabouts(order.target) or order.pos or pos
	if order.target and not legs.whereabouts(order.target) then
		finish(npc, order, order.kind == "flee", "gone")
		return WAIT_S
	end
	if order.kind ~= "flee" and across(pos, goal) > path.REACH then
		finish(npc, order, false, "too_far")
		return WAIT_S
	end
	local wait_s, ok, why = carry_out[order.kind](npc, object, order, pos, goal, now)
	if not wait_s then finish(npc, order, ok, why) end
	return wait_s or WAIT_S
end
