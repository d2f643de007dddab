-- What is worth telling: deals, quests that were paid, fights that somebody lost, what players build near NPCs, nights with
-- monsters. Listens where things happen anyway; only monsters are looked for, one NPC's surroundings at a time.

local settings, util, events, npcs, positions, observe, happenings, targets, damage, quest_text = ...

local watch = {}

events.on("trade", function(npc, player_name, from_npc, from_player)
	local pos = npc:get_pos()
	if not pos then return end
	happenings.report(pos, {
		kind = "deal", who = player_name, whom = npc.name, npc = npc.id, got = from_npc, gave = from_player,
	})
end)

events.on("quest", function(npc, player_name, quest, state)
	local pos = state == "paid" and npc and npc:get_pos()
	if not pos then return end
	happenings.report(pos, {
		kind = "quest", who = player_name, whom = npc.name, npc = npc.id, words = quest_text.title(quest),
	})
end)

damage.on_beaten(function(npc, puncher)
	local pos, who = npc:get_pos(), puncher and puncher:get_pos() and targets.words(puncher)
	if pos and who then happenings.report(pos, {kind = "fight", who = who, whom = npc.name, npc = npc.id}) end
end)

core.register_on_dieplayer(function(player, reason)
	local killer = targets.striker(reason)
	local who = killer and targets.words(killer)
	if who then happenings.report(player:get_pos(), {kind = "fight", who = who, whom = player:get_player_name()}) end
end)

-- Buildings ------------------------------------------------------------------------------------------------------------

local CELL = 16 -- nodes: a house
local BUILDING_NODES = 40 -- placed in a cell and the like of a wall: a hut has more
local BUILDING_SIGHT = 48 -- nodes: walls are seen from farther than what people do
local CELLS_MAX = 16 -- of one player; then the counting begins anew

local building = {} -- player → {cells = cell → count, number of cells}

core.register_on_placenode(function(pos, newnode, placer)
	if not placer or not placer.is_player or not placer:is_player() then return end
	local def = core.registered_nodes[newnode.name]
	if def and def.walkable == false then return end -- torches and flowers make no house
	local name = placer:get_player_name()
	local of_player = building[name]
	if not of_player or of_player.count > CELLS_MAX then
		of_player = {cells = {}, count = 0}
		building[name] = of_player
	end
	local cell = ("%d,%d"):format(math.floor(pos.x / CELL), math.floor(pos.z / CELL))
	if not of_player.cells[cell] then of_player.count = of_player.count + 1 end
	of_player.cells[cell] = (of_player.cells[cell] or 0) + 1
	if of_player.cells[cell] == BUILDING_NODES then
		happenings.report(pos, {kind = "building", who = name, sight = BUILDING_SIGHT})
	end
end)

core.register_on_leaveplayer(function(player) building[player:get_player_name()] = nil end)

-- Nights with monsters -------------------------------------------------------------------------------------------------

local LOOK_EVERY_US = 3e6 -- one NPC looks around; the search for objects takes some time
local AROUND = 16 -- nodes
local MONSTERS_MIN = 3 -- in one night: fewer are no news

local seen = setmetatable({}, {__mode = "k"}) -- luaentities that were counted this night
local night = nil -- {count, pos, by = id → true}
local next_look_us, cursor = 0, 0

local function begin_night()
	seen, night = setmetatable({}, {__mode = "k"}), {count = 0, by = {}}
end

local function end_night()
	if night.count >= MONSTERS_MIN then
		happenings.report(night.pos, {kind = "monsters", count = night.count, seen_by = util.sorted_keys(night.by)})
	end
	night = nil
end

local function look_around(npc, pos)
	for _, object in ipairs(targets.monsters_near(pos, AROUND)) do
		local self = object:get_luaentity()
		if not seen[self] then
			seen[self] = true
			night.count, night.pos = night.count + 1, pos
		end
		night.by[npc.id] = true
	end
end

-- In each step; looks at most at one NPC, and that by night alone.
function watch.step(now)
	if now < next_look_us or settings.gossip_minutes == 0 then return end
	next_look_us = now + LOOK_EVERY_US
	local is_night = observe.time_name(core.get_timeofday() or 0.5) == "night"
	if is_night and not night then begin_night() end
	if not is_night and night then end_night() end
	if not night or not npcs.list[1] then return end
	cursor = cursor % #npcs.list + 1
	local npc = npcs.list[cursor]
	local pos = positions.last_known(npc)
	if pos then look_around(npc, pos) end
end

return watch
