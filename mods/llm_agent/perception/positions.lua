-- The last known positions of NPCs, and a grid of them, for code that wants to know who is near.
-- The engine is asked for a few in each step, all in turn: asking for a hundred in one step would take a tenth of it.
-- A position may be some steps old. Use it to find out who may be near, then look again at those.

local npcs = ...

local positions = {}

local STRAYED_MAX = 4 -- nodes that an NPC may have walked since it was looked up
local REFRESHED, ROUND_STEPS = 5, 20 -- at least 5 in a step, and all within 20 steps
local CELL = 16 -- nodes: an earshot takes four cells at most
local ROW = 2 ^ 16 -- more cells than a map has from west to east

local cursor = 0 -- in the list of NPCs, the last that was looked up
local cells = {} -- number of a cell → list of the NPCs in it, columns without a height
local nowhere = {} -- NPCs that were asleep: they may be anywhere by now
local cell_of = {} -- NPC → the list that it is in
local known = 0 -- how many NPCs are in one

local function leave(npc)
	local list = cell_of[npc]
	if not list then return end
	local count = #list
	for i = 1, count do
		if list[i] == npc then
			list[i] = list[count]
			list[count] = nil
			break
		end
	end
	cell_of[npc], known = nil, known - 1
end

local function enter(npc, list)
	list[#list + 1] = npc
	cell_of[npc], known = list, known + 1
end

local function cell_at(x, z)
	local number = math.floor(x / CELL) * ROW + math.floor(z / CELL)
	local cell = cells[number]
	if not cell then
		cell = {}
		cells[number] = cell
	end
	return cell
end

local function look_up(npc)
	local pos = npc:get_pos() or false
	npc.last_pos = pos
	local list = pos and cell_at(pos.x, pos.z) or nowhere
	if cell_of[npc] == list then return end
	leave(npc)
	enter(npc, list)
end

function positions.step()
	local list = npcs.list
	for _ = 1, math.min(math.max(REFRESHED, math.ceil(#list / ROUND_STEPS)), #list) do
		cursor = cursor % #list + 1
		look_up(list[cursor])
	end
end

-- Where it was some steps ago, or false where it was asleep.
function positions.last_known(npc)
	if npc.last_pos == nil then look_up(npc) end
	return npc.last_pos
end

-- NPCs that may be within so many nodes of `pos`, in no order: look again at where each is now.
function positions.may_be_near(pos, nodes)
	if known < #npcs.list then
		for _, npc in ipairs(npcs.list) do positions.last_known(npc) end
	end
	local found, x, z, reach = {}, pos.x, pos.z, nodes + STRAYED_MAX
	for i = 1, #nowhere do found[i] = nowhere[i] end
	for column = math.floor((x - reach) / CELL), math.floor((x + reach) / CELL) do
		for row = math.floor((z - reach) / CELL), math.floor((z + reach) / CELL) do
			local cell = cells[column * ROW + row]
			for i = 1, cell and #cell or 0 do
				local there = cell[i].last_pos
				if (there.x - x) ^ 2 + (there.z - z) ^ 2 <= reach ^ 2 then found[#found + 1] = cell[i] end
			end
		end
	end
	return found
end

npcs.on_unregister(leave)

return positions
