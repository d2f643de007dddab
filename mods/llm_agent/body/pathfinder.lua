-- Finds ways on foot. Two searches, one after the other:
-- 1. core.find_path: quick, but it knows no doors, low ceilings, fences or ponds. Its result is checked node by node.
-- 2. An A* of our own over walkability.lua, a few nodes in each step, where the first finds nothing that can be walked.
-- Searches queue. In one step at most one of them runs, so the cost does not grow with the number of NPCs.

local now_us, doors, walkability = ...

local pathfinder = {}

pathfinder.REACH = 48 -- nodes from start to goal, as the crow flies; nothing farther away is looked at

local ENGINE_REACH, ENGINE_AROUND = 20, 5 -- nodes: its time grows with the room it may search
local JUMP_MAX = 1
local LOOKED_MAX = 1500 -- nodes that a careful search looks at before it gives up: a village with its lanes
local LOOKED_A_STEP, SLICE_US = 30, 200 -- nodes and time in one step: what the engine's search takes, too
-- Weighted A*: the remaining distance counts more than the way so far. Fewer nodes are looked at, and ways get hardly longer.
local GREED = 1.2
local DOOR_COST, TURN_COST = 3, 0.05 -- rather no door, and no zigzag
local NEAR_MIN = 0.75 -- nodes: any place is in a node whose middle is nearer

local queue = {} -- searches that are not over, the oldest first

-- A node as one number: a table key that makes no garbage, where a string would. The map reaches from -31000 to 31000 on each
-- axis.
local function key_of(x, y, z)
	return ((x + 32768) * 65536 + y + 32768) * 65536 + z + 32768
end

pathfinder.key = key_of

-- A binary heap of nodes, the smallest rank on top --------------------------------------------------------------------------

local function push(heap, node)
	local i = #heap + 1
	while i > 1 do
		local parent = math.floor(i / 2)
		if heap[parent].rank <= node.rank then break end
		heap[i], i = heap[parent], parent
	end
	heap[i] = node
end

local function pop(heap)
	local top, last = heap[1], table.remove(heap)
	if #heap == 0 then return top end
	local i, count = 1, #heap
	while i * 2 <= count do
		local child = i * 2
		if child < count and heap[child + 1].rank < heap[child].rank then child = child + 1 end
		if last.rank <= heap[child].rank then break end
		heap[i], i = heap[child], child
	end
	heap[i] = last
	return top
end

-- Ways -------------------------------------------------------------------------------------------------------------------

-- The corners of a list of nodes, and what lies around a door: {x=, y= (of the feet), z=, door=}.
local function corners(nodes)
	local points = {}
	for i = 2, #nodes do
		local before, node, after = nodes[i - 1], nodes[i], nodes[i + 1]
		local straight = after and after.x - node.x == node.x - before.x and after.z - node.z == node.z - before.z
		if not straight or node.door or before.door or after.door then
			points[#points + 1] = {x = node.x, y = node.y - 0.5, z = node.z, door = node.door}
		end
	end
	return points
end

local function finish(search, nodes)
	search.over, search.points = true, nodes and corners(nodes) or nil
end

-- Can each step of the engine's way be walked? The engine looks for no room above the head and wades through what is not
-- walkable.
local function is_sound(nodes)
	for i = 2, #nodes do
		local node = nodes[i]
		if walkability.level(node.x, nodes[i - 1].y, node.z) ~= node.y then return false end
	end
	return true
end

-- nil where it finds nothing or nothing sound, and where it cannot help: with doors that are known to be shut, or too far away.
local function ask_engine(search)
	local start, to = search.start, search.to
	local goal = next(search.shut) == nil and walkability.cell(to)
	if not goal or math.max(math.abs(goal.x - start.x), math.abs(goal.z - start.z)) > ENGINE_REACH then return nil end
	local nodes = core.find_path(start, goal, ENGINE_AROUND, JUMP_MAX, walkability.DROP_MAX, "A*_noprefetch")
	return nodes and nodes[1] and is_sound(nodes) and nodes or nil
end

-- A node that can be reached at this cost. Known ones are pushed again when a cheaper way to them is found; the old entry stays
-- in the heap and is skipped when it comes up (see look_on), which is cheaper than to find and move it.
local function add(search, x, y, z, before, cost)
	local key = key_of(x, y, z)
	local known = search.known[key]
	if known and known.cost <= cost then return end
	local away = math.abs(x - search.to.x) + math.abs(z - search.to.z) + math.abs(y - search.to.y - 0.5)
	local node = {x = x, y = y, z = z, before = before, cost = cost, rank = cost + away * GREED}
	search.known[key] = node
	push(search.heap, node)
	return node
end

local function way_to(node)
	local nodes = {}
	while node do
		table.insert(nodes, 1, node)
		node = node.before
	end
	return nodes
end

local function is_goal(search, node)
	local x, z = node.x - search.to.x, node.z - search.to.z
	return not node.door and x * x + z * z <= search.near_squared and math.abs(node.y - 0.5 - search.to.y) <= 1.5
end

local DIRECTIONS = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}}

local function look_around(search, node)
	local before = node.before
	for _, direction in ipairs(DIRECTIONS) do
		local x, z = node.x + direction[1], node.z + direction[2]
		local within = math.abs(x - search.start.x) <= pathfinder.REACH and math.abs(z - search.start.z) <= pathfinder.REACH
		local y = within and walkability.level(x, node.y, z, search.passes)
		if y and (y <= node.y or walkability.kind(node.x, node.y + 2, node.z) == "open") then
			local door = y == node.y and walkability.kind(x, y, z) == "door"
			local turns = before and (node.x - before.x ~= direction[1] or node.z - before.z ~= direction[2])
			local made = add(search, x, y, z, node, node.cost + 1 + (door and DOOR_COST or 0) + (turns and TURN_COST or 0))
			if made then made.door = door or nil end
		end
	end
end

-- A few nodes of the careful search.
local function look_on(search)
	local until_us = now_us() + SLICE_US
	for _ = 1, LOOKED_A_STEP do
		if now_us() >= until_us then return end
		local node = search.heap[1] and pop(search.heap)
		if not node or search.looked >= LOOKED_MAX then
			finish(search)
			return
		end
		if is_goal(search, node) then
			finish(search, way_to(node))
			return
		end
		if search.known[key_of(node.x, node.y, node.z)] == node then -- else a better way there was found since
			search.looked = search.looked + 1
			look_around(search, node)
		end
	end
end

-- Begin to look for a way from feet at `from` to within `near` nodes of `to`, through no door whose key is in `shut`. The search
-- is `over` in a later step; then it has `points`, the corners of the way, or nil where there is none. Set `dropped` to end it.
function pathfinder.search(from, to, near, shut)
	local search = {
		start = walkability.cell(from), to = {x = to.x, y = to.y, z = to.z}, near_squared = math.max(near, NEAR_MIN) ^ 2,
		shut = shut or {}, heap = {}, known = {}, looked = 0,
	}
	function search.passes(x, y, z)
		return not search.shut[key_of(x, y, z)] and doors.lets_through({x = x, y = y, z = z})
	end
	queue[#queue + 1] = search
	return search
end

-- Called each step: one search goes on, if that still may begin in this step.
function pathfinder.step(until_us)
	while queue[1] and (queue[1].dropped or queue[1].over) do table.remove(queue, 1) end
	if not queue[1] or now_us() >= until_us then return end
	local search = table.remove(queue, 1)
	queue[#queue + 1] = search -- all take turns, so a long search does not hold up short ones
	if not search.start then return finish(search) end
	if not search.engine_tried then
		search.engine_tried = true
		local nodes = ask_engine(search)
		if nodes then return finish(search, nodes) end
		add(search, search.start.x, search.start.y, search.start.z, nil, 0)
	else
		look_on(search)
	end
end

return pathfinder
