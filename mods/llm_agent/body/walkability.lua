-- What the map is to a walker: where it can stand, step up or down, and what bars the way. Only reads the map.
-- Liquids, fire and other harm are never walked into; fences, walls and gates are never climbed, however low.

local doors = ...

local walkability = {}

local DROP_MAX = 1 -- nodes a walker steps down
local FALL_MAX = 6 -- nodes below somebody who jumps or flies that still count as where they are
local STEP_AHEAD = 1.1 -- nodes: more than a body walks between two looks
local FEET_EPSILON = 0.501 -- feet stand a hair above or below the edge of a node

walkability.DROP_MAX = DROP_MAX

local kinds = {} -- node name → what it is to a walker: "open", "solid", "harm", "barrier" or "door"

local function kind_of(name)
	local def = core.registered_nodes[name]
	local groups = def and def.groups or {}
	local kind
	if def and ((def.damage_per_second or 0) > 0 or (def.liquidtype or "none") ~= "none") then
		kind = "harm"
	elseif doors.is_door(name) then
		kind = "door"
	elseif (groups.fence or groups.wall or groups.door or groups.fence_gate or groups.trapdoor or 0) > 0 then
		kind = "barrier"
	else
		kind = def and def.walkable == false and "open" or "solid"
	end
	kinds[name] = kind
	return kind
end

-- What the node at a place is to a walker, or nil where nothing is loaded.
function walkability.kind(x, y, z)
	local node = core.get_node_or_nil({x = x, y = y, z = z})
	return node and (kinds[node.name] or kind_of(node.name)) or nil
end

local kind_at = walkability.kind

-- The height (of the node where the feet are) at which one who comes from height `y` stands at x, z: a step up, level, or at
-- most DROP_MAX down; nil where nobody can. passes(x, y, z), if given, says whether the door there is one to go through.
function walkability.level(x, y, z, passes)
	local feet = kind_at(x, y, z)
	if feet == "door" then return passes and kind_at(x, y - 1, z) == "solid" and passes(x, y, z) and y or nil end
	if kind_at(x, y + 1, z) ~= "open" then return nil end
	if feet == "solid" then return kind_at(x, y + 2, z) == "open" and y + 1 or nil end -- wants room for the head, too
	if feet ~= "open" then return nil end
	for down = 0, DROP_MAX do
		local below = kind_at(x, y - 1 - down, z)
		if below == "solid" then return y - down end
		if below ~= "open" then return nil end
	end
	return nil
end

-- Can feet at `pos` stand, or step up or down?
function walkability.can_stand(pos)
	return walkability.level(pos.x, pos.y + 0.5, pos.z) ~= nil
end

-- The node where somebody's feet are, on the ground: {x=, y=, z=}, or nil where that is not known or too far down.
function walkability.cell(pos)
	local x, y, z = math.floor(pos.x + 0.5), math.floor(pos.y + FEET_EPSILON), math.floor(pos.z + 0.5)
	if kind_at(x, y, z) == "solid" then return {x = x, y = y + 1, z = z} end -- on a slab, or on snow
	for down = 0, FALL_MAX do
		local below = kind_at(x, y - 1 - down, z)
		if below == "solid" or below == "barrier" then return {x = x, y = y - down, z = z} end
		if not below then return nil end
	end
	return nil
end

function walkability.ahead(pos, yaw)
	return {x = pos.x - math.sin(yaw) * STEP_AHEAD, y = pos.y, z = pos.z + math.cos(yaw) * STEP_AHEAD}
end

-- The direction nearest to `yaw` in which one can walk from `pos`, among `tries` (to the right and left in turn, up to 8 all
-- around); nil when shut in.
function walkability.free_yaw(pos, yaw, tries)
	for turn = 0, tries - 1 do
		local tried = yaw + (turn % 2 == 0 and turn / 2 or -(turn + 1) / 2) * math.pi / 4
		if walkability.can_stand(walkability.ahead(pos, tried)) then return tried end
	end
	return nil
end

-- Can somebody of the width of a body walk from feet at `from` straight to `to`? Both sides of the line are looked at.
function walkability.is_clear(from, to)
	local x, z = to.x - from.x, to.z - from.z
	local length = math.sqrt(x * x + z * z)
	if length < 0.1 then return true end
	local start = walkability.cell(from)
	if not start then return false end
	local side_x, side_z = -z / length * 0.35, x / length * 0.35
	for _, side in ipairs({1, -1}) do
		local y, steps = start.y, math.ceil(length / 0.8)
		for i = 1, steps do
			local part = i / steps
			y = walkability.level(from.x + x * part + side * side_x, y, from.z + z * part + side * side_z)
			if not y then return false end
		end
		if math.abs(y - (to.y + 0.5)) > 1.5 then return false end -- it is on another floor
	end
	return true
end

return walkability
