-- The Lua API for bodies that go somewhere: npc:go_to, follow, flee and stay. What they come to is in legs.lua.

local agent = ...
local check, legs, Npc = agent.check, agent.legs, agent.Npc

local GO_FIELDS = {
	distance = check.number_in(0, 100), speed = check.number_in(0.1, 20), timeout_s = check.number_in(0.1, 1e6), hurry = "boolean?",
}

local function order(where, npc, kind, goal, opts, callback)
	local is_target = type(goal) == "string" or goal and goal.get_pos
	local problem = not is_target and check.position(goal)
	if problem then error(("%s: %s, a player's name, an NPC's id or an object"):format(where, problem), 3) end
	check.def(where, opts or {}, GO_FIELDS)
	if callback ~= nil and type(callback) ~= "function" then
		error(where .. ": callback: want a function, got " .. type(callback), 3)
	end
	opts = opts or {}
	legs.order(npc, {
		kind = kind, target = is_target and goal or nil, pos = not is_target and goal or nil, done = callback,
		distance = opts.distance, speed = opts.speed, timeout_s = opts.timeout_s, hurry = opts.hurry,
	})
end

-- callback(ok, why) comes once, when it is there or gave up.
function Npc:go_to(goal, opts, callback)
	order("npc:go_to", self, "go_to", goal, opts, callback)
end

function Npc:follow(goal, opts, callback)
	order("npc:follow", self, "follow", goal, opts, callback)
end

function Npc:flee(goal, opts, callback)
	order("npc:flee", self, "flee", goal, opts, callback)
end

-- Until it is ordered otherwise. False takes it back: it strolls about its home again.
function Npc:stay(stays)
	if stays == false then legs.clear(self) else legs.order(self, {kind = "stay"}) end
end
