-- Orders to go somewhere: go_to, follow, keep, flee, stay. One at a time for each body, until it is done, fails or is replaced.
-- path_follower.lua walks; this file decides when an order ends, and tells `done` exactly once.
-- Runs when it is the body's turn (idle.lua). Bodies of other mods cannot be ordered.

local log, now_us, check, npcs, Npc, attention, pathfinder, animation, walkability, personal_space, path_follower = ...

local movement = {}

local WALK, HURRY, RUN = 2, 2.8, 4 -- nodes a second; a player walks 4
local REST_S = 1 -- between looks of one who stays
local ARRIVED = 0.2 -- nodes before the step that is kept off a player
local LEEWAY = 1 -- nodes that whom it follows may move before it goes on

-- Defaults of each kind: how near is near enough (nodes), speed, time limit, and whether the body walks on while it talks.
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

-- Can it be ordered: has it a body of this mod that is loaded and not beaten?
function movement.can(npc)
	return npc.next_look_us ~= nil and not npc.beaten and npc:get_object() ~= nil
end

-- Where a target's feet are: of a player or an NPC, looked up by name or id, or of any object. nil if it is gone.
function movement.whereabouts(target)
	if type(target) ~= "string" then return target:get_pos() end
	local player = core.get_player_by_name(target)
	if player then return player:get_pos() end
	local npc = npcs.by_id[target]
	local pos = npc and npc:get_pos()
	if pos and npc.foot_y then pos = {x = pos.x, y = pos.y + npc.foot_y, z = pos.z} end
	return pos
end

-- An order's life --------------------------------------------------------------------------------------------------------

-- The only end of an order: `done` is called once, whatever happens.
local function finish(npc, order, ok, why)
	if order.over then return end
	order.over = true
	if order.search then order.search.dropped = true end
	local object = npc:get_object()
	if object and order.opened then path_follower.close_door(order, path_follower.feet(npc, object)) end
	if object and npc.movement == order then path_follower.halt(npc, object, order) end
	if npc.movement == order then npc.movement = nil end
	if not order.done then return end
	local fine, problem = pcall(order.done, ok, why)
	if not fine then log("error", ("done of an order to %s failed: %s"):format(order.kind, tostring(problem))) end
end

-- An order holds, from here:
--   kind, pos or target, distance (nodes), speed (nodes a second), done(ok, why), talks: it walks on while the NPC talks
--   until_us: the time limit; looked_us: the last look; over: `done` was called; near: a follower is near enough
-- and from path_follower.lua:
--   walking: speed that the legs are set to, 0 before the first step, nil while it stands; along_x, along_z: direction
--   goal: where the way leads; points, index: corners of the way, and which is next; search: one that is under way
--   shut: keys of doors that did not open; opened: a door to close behind
--   best, best_us: the nearest it came to the next point, and when; failures, wait_until_us, planned_us, careful: see fail
-- Give a body an order; the one before ends with "replaced". given: see ORDER. False and why if it cannot be ordered.
function movement.order(npc, given)
	check.def("movement.order", given, ORDER)
	local kind, before = KINDS[given.kind], npc.movement
	if given.kind ~= "stay" and not given.pos and not given.target then error("movement.order: pos or target: missing", 2) end
	local order = {kind = given.kind, pos = given.pos, target = given.target, done = given.done, shut = {}}
	if not movement.can(npc) then
		finish(npc, order, false, "asleep")
		return false, "asleep"
	end
	local now, timeout_s = now_us(), given.timeout_s or kind.timeout_s
	order.distance, order.speed = given.distance or kind.distance, given.speed or kind.speed
	order.talks, order.until_us, order.looked_us = kind.talks or given.hurry, timeout_s and now + timeout_s * 1e6, now
	order.failures, order.wait_until_us, order.planned_us = 0, 0, -path_follower.REPLAN_S * 1e6
	order.walking = 0 -- whatever its legs do now
	npc.movement, npc.stroll_left_s, npc.next_look_us = order, nil, now
	if before then finish(npc, before, false, "replaced") end
	return true
end

-- Take the order back: done(false, "cleared").
function movement.clear(npc, why)
	if npc.movement then finish(npc, npc.movement, false, why or "cleared") end
end

-- The order it has, to read only: kind, pos, target, distance, speed; or nil.
function movement.current(npc)
	return npc.movement
end

-- Was it told to stay where it is, until it is told otherwise? The body keeps that.
function movement.stays(npc)
	return npc.movement and npc.movement.kind == "stay" and not npc.movement.until_us or nil
end

-- Its mapblock is unloaded: an order to stay is kept, any other ends.
function movement.sleep(npc)
	if npc.movement and npc.movement.kind ~= "stay" then movement.clear(npc, "asleep") end
end

-- What is done for each kind of order in one look: seconds until the next, or nil, ok and why at its end -------------------

local carry_out = {}

local function is_player(target)
	if type(target) == "string" then return core.get_player_by_name(target) ~= nil end
	return target ~= nil and target:is_player()
end

function carry_out.stay(npc, object, order)
	path_follower.halt(npc, object, order)
	return REST_S
end

function carry_out.go_to(npc, object, order, pos, goal, now)
	local distance = math.max(order.distance, is_player(order.target) and personal_space.KEEP + ARRIVED or 0.5)
	if path_follower.is_near(pos, goal, distance) then return nil, true end
	local wait_s, why = path_follower.approach(npc, object, order, pos, goal, now)
	return wait_s, false, why
end

-- Stays near somebody, or a place; whoever it is may move a little before it goes after them.
function carry_out.follow(npc, object, order, pos, goal, now)
	if path_follower.is_near(pos, goal, order.distance + (order.near and LEEWAY or 0)) then
		if not order.near then path_follower.arrive(npc, object, order) end
		if order.target and not attention.is_talking(npc, now) then animation.face(npc, goal) end
		return path_follower.LOOK_S
	end
	order.near = nil
	local wait_s, why = path_follower.approach(npc, object, order, pos, goal, now)
	return wait_s, false, why
end

carry_out.keep = carry_out.follow

function carry_out.flee(npc, object, order, pos, goal, now)
	if path_follower.across(pos, goal) >= order.distance then return nil, true end
	if now < order.wait_until_us then return path_follower.WAIT_S end
	local yaw = walkability.free_yaw(pos, math.atan2(goal.x - pos.x, pos.z - goal.z), 5) -- not back to where the danger is
	if not yaw then
		local wait_s, why = path_follower.fail(npc, object, order, "cornered", now)
		return wait_s, false, why
	end
	path_follower.walk(npc, object, order, -math.sin(yaw), math.cos(yaw), 1)
	return path_follower.LOOK_S / 2
end

-- One look of a body that has an order: seconds until the next, or nil where it has none, or may do other things meanwhile.
function movement.step(npc, object, now)
	local order = npc.movement
	if not order then return nil end
	local talks = not order.talks and attention.is_talking(npc, now)
	if order.until_us and talks then order.until_us = order.until_us + now - order.looked_us end -- talk costs it no time
	order.looked_us = now
	local pos = path_follower.feet(npc, object)
	path_follower.close_door(order, pos)
	if talks then
		path_follower.halt(npc, object, order)
		return nil
	end
	if order.until_us and now >= order.until_us then
		finish(npc, order, order.kind ~= "go_to" and order.kind ~= "flee", "timeout")
		return path_follower.WAIT_S
	end
	local goal = order.target and movement.whereabouts(order.target) or order.pos or pos
	if order.target and not movement.whereabouts(order.target) then
		finish(npc, order, order.kind == "flee", "gone")
		return path_follower.WAIT_S
	end
	if order.kind ~= "flee" and path_follower.across(pos, goal) > pathfinder.REACH then
		finish(npc, order, false, "too_far")
		return path_follower.WAIT_S
	end
	local wait_s, ok, why = carry_out[order.kind](npc, object, order, pos, goal, now)
	if not wait_s then finish(npc, order, ok, why) end
	return wait_s or path_follower.WAIT_S
end

-- The Lua API -----------------------------------------------------------------------------------------------------------

local GO_FIELDS = {
	distance = check.number_in(0, 100), speed = check.number_in(0.1, 20), timeout_s = check.number_in(0.1, 1e6), hurry = "boolean?",
}

local function order_from_api(where, npc, kind, goal, opts, callback)
	local is_target = type(goal) == "string" or goal and goal.get_pos
	local problem = not is_target and check.position(goal)
	if problem then error(("%s: %s, a player's name, an NPC's id or an object"):format(where, problem), 3) end
	check.def(where, opts or {}, GO_FIELDS)
	if callback ~= nil and type(callback) ~= "function" then
		error(where .. ": callback: want a function, got " .. type(callback), 3)
	end
	opts = opts or {}
	movement.order(npc, {
		kind = kind, target = is_target and goal or nil, pos = not is_target and goal or nil, done = callback,
		distance = opts.distance, speed = opts.speed, timeout_s = opts.timeout_s, hurry = opts.hurry,
	})
end

-- callback(ok, why) comes once, when it is there or gave up.
function Npc:go_to(goal, opts, callback)
	order_from_api("npc:go_to", self, "go_to", goal, opts, callback)
end

function Npc:follow(goal, opts, callback)
	order_from_api("npc:follow", self, "follow", goal, opts, callback)
end

function Npc:flee(goal, opts, callback)
	order_from_api("npc:flee", self, "flee", goal, opts, callback)
end

-- Until it is ordered otherwise. False takes it back: it strolls about its home again.
function Npc:stay(stays)
	if stays == false then movement.clear(self) else movement.order(self, {kind = "stay"}) end
end

return movement
