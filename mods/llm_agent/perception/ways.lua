-- The fact `way`: where the named places lie that somebody asks about, as an NPC points there: "40 steps north-east".
-- Only places that the words name: a list of all would lengthen each prompt, and few cached replies would fit twice. Only reads.

local text, geometry, places = ...

local ways = {}

local FAR = 1000 -- nodes: farther away nobody knows the way
local MANY_STEPS = 20 -- fewer are told exactly, more in tens
-- Anticlockwise from the east; x grows to the east, z to the north.
local DIRECTIONS = {[0] = "east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"}

-- From `pos` to a place, in words that fit after "go" and after "it is"; nil where that is too far.
function ways.words(pos, place)
	if places.contains(place.name, pos) then return "right here" end
	local steps = geometry.distance(pos, place)
	if steps > FAR then return nil end
	local eighth = math.floor(math.atan2(place.z - pos.z, place.x - pos.x) / (math.pi / 4) + 0.5) % 8
	steps = steps < MANY_STEPS and math.max(1, math.floor(steps + 0.5)) or math.floor(steps / 10 + 0.5) * 10
	return ("%d %s %s"):format(steps, steps == 1 and "step" or "steps", DIRECTIONS[eighth])
end

-- For observe.add_facts.
function ways.facts(npc, _, facts, opts)
	local pos = opts.utterance and npc:get_pos()
	for _, place in ipairs(pos and places.list() or {}) do
		local words = text.names(opts.utterance, place.name) and ways.words(pos, place)
		if words then
			facts.way = facts.way or {}
			facts.way[place.name] = words
		end
	end
end

return ways
