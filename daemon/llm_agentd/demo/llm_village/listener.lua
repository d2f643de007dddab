-- For `bench ticks --voice`: a player goes from group to group, and before them the NPCs speak in turn, each a line that nobody
-- has said before. Counts the sounds that are played while it measures.

local cast, corner, ids, TURN_S, counts = ...

local WHO = {"The miller", "Old Hilda", "A fisher", "My brother", "The smith", "Our priest", "The guard"}
local DOES = {"carried", "sold", "found", "lost", "hid", "counted"}
local WHAT = {"twelve sacks of flour", "a silver ring", "the key of the shrine", "three grey sheep", "a bundle of letters"}
local WHERE = {"by the bridge", "behind the mill", "on the road to Oakford", "near the lake"}

local listener = {}

local turn, next_us = 0, 0

local function pick(list, number) return list[number % #list + 1] end

-- Seven, six, five and four have one factor in common: the 420 first lines differ.
local function line(number)
	return ("%s %s %s %s."):format(pick(WHO, number), pick(DOES, number), pick(WHAT, number), pick(WHERE, number))
end

function listener.is_here() return core.get_connected_players()[1] ~= nil end

-- The first sentences start the engine: they are said before it is measured.
function listener.step(now_us, is_measuring)
	counts.sounds = is_measuring and counts.sounds or 0
	if now_us < next_us then return end
	next_us = now_us + TURN_S * 1e6
	local player = core.get_connected_players()[1]
	if not player then return end
	local number = turn % #ids + 1
	local at = corner(cast.group_of(number))
	player:set_pos({x = at.x + 7.5, y = at.y + 0.5, z = at.z + 7.5})
	local npc = llm_agent.get_npc(ids[number])
	if npc then npc:say(line(turn)) end
	turn = turn + 1
end

counts.sounds = 0
local sound_play = core.sound_play
function core.sound_play(...)
	counts.sounds = counts.sounds + 1
	return sound_play(...)
end

return listener
