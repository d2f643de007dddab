-- The last known positions of NPCs, for code that looks at all of them.
-- The engine is asked for a few in each step, all in turn: asking for a hundred in one step would take a tenth of it.
-- A position may be some steps old. Use it to find out who may be near, then look again at those.

local geometry, npcs = ...

local positions = {}

local STRAYED_MAX = 4 -- nodes that an NPC may have walked since it was looked up
local REFRESHED, ROUND_STEPS = 5, 20 -- at least 5 in a step, and all within 20 steps

local cursor = 0 -- in the list of NPCs, the last that was looked up

function positions.step()
	local list = npcs.list
	for _ = 1, math.min(math.max(REFRESHED, math.ceil(#list / ROUND_STEPS)), #list) do
		cursor = cursor % #list + 1
		list[cursor].last_pos = list[cursor]:get_pos() or false
	end
end

-- Where it was some steps ago, or false where it was asleep.
function positions.last_known(npc)
	if npc.last_pos == nil then npc.last_pos = npc:get_pos() or false end
	return npc.last_pos
end

-- May it be within so many nodes of `pos`? Where that is true, look again at where it is now.
function positions.may_be_near(npc, pos, nodes)
	local last_pos = positions.last_known(npc)
	return not last_pos or geometry.in_range(pos, last_pos, nodes + STRAYED_MAX)
end

return positions
