-- Distances between positions {x=, y=, z=}, in nodes. Pure. Squares are compared where possible: a crowd asks this often.

local geometry = {}

function geometry.distance_squared(a, b)
	local x, y, z = a.x - b.x, a.y - b.y, a.z - b.z
	return x * x + y * y + z * z
end

function geometry.distance(a, b)
	return math.sqrt(geometry.distance_squared(a, b))
end

function geometry.in_range(a, b, nodes)
	return geometry.distance_squared(a, b) <= nodes * nodes
end

return geometry
