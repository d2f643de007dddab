-- The fact `way`: where the named places lie that somebody asks about, as an NPC points there: "40 steps north-east".
-- Only places that the words mean: a list of all would lengthen each prompt, and few cached replies would fit twice. Only reads.

local S, geometry, questions, places = ...

local ways = {}

local FAR = 1000 -- nodes: farther away nobody knows the way
local MANY_STEPS = 20 -- fewer are told in fives, more in tens: nobody counts them, and "21 steps" is bent in many a language
-- Anticlockwise from the east; x grows to the east, z to the north.
local DIRECTIONS = {[0] = "east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"}

-- The same for players.
local SHOWN = {
	east = S("east"), ["north-east"] = S("north-east"), north = S("north"), ["north-west"] = S("north-west"), west = S("west"),
	["south-west"] = S("south-west"), south = S("south"), ["south-east"] = S("south-east"),
}

function ways.shown_direction(direction) return SHOWN[direction] end

-- From `pos` to `goal`: steps and the direction in English; nil where that is too far.
function ways.measure(pos, goal)
	local steps = geometry.distance(pos, goal)
	if steps > FAR then return nil end
	local eighth = math.floor(math.atan2(goal.z - pos.z, goal.x - pos.x) / (math.pi / 4) + 0.5) % 8
	local by = steps < MANY_STEPS and 5 or 10
	return math.max(1, math.floor(steps / by + 0.5)) * by, DIRECTIONS[eighth]
end

-- From `pos` to a place, in words that fit after "go" and after "it is"; nil where that is too far.
function ways.words(pos, place)
	if places.is_inside(pos, place) then return "right here" end
	local steps, direction = ways.measure(pos, place)
	return steps and ("%d steps %s"):format(steps, direction)
end

-- For observe.add_facts. A part of a name counts only where a way is asked for.
function ways.facts(npc, _, facts, opts)
	local pos = opts.utterance and npc:get_pos()
	local found = pos and places.meant(opts.utterance, pos, questions.asked(opts.utterance) ~= "way")
	for _, place in ipairs(found or {}) do
		local words = ways.words(pos, place)
		if words then
			facts.way = facts.way or {}
			facts.way[place.name] = words
		end
	end
end

return ways
