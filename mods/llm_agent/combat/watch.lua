-- What brings NPCs into a fight that nobody began with them: monsters that come near those on watch, and blows at players whom
-- they guard.

local settings, geometry, npcs, targets, rules, damage, squads = ...

local watch = {}

local WATCH_NODES, WATCH_US = 10, 0.5e6

core.register_on_player_hpchange(function(player, change, reason)
	if change >= 0 or not settings.fights or not next(squads.wards) then return end
	local by = targets.striker(reason)
	if not by then return end
	local name = player:get_player_name()
	for id, ward in pairs(squads.wards) do
		local npc = ward == name and npcs.by_id[id]
		local pos = npc and npc:get_pos()
		local is_witness = pos and by ~= npc:get_object() and geometry.in_range(pos, player:get_pos(), targets.SIGHT)
		if is_witness then squads.begin(npc, by, name) end
	end
end, false)

local next_watch_us, watcher = 0, 0

-- Those on watch look around for monsters, one in each look.
function watch.step(now)
	if now < next_watch_us or not settings.fights then return end
	next_watch_us = now + WATCH_US
	for _ = 1, #npcs.list do
		watcher = watcher % #npcs.list + 1
		local npc = npcs.list[watcher]
		if rules.courage(npc) == "watchful" and not npc.combat and damage.can_fight(npc) then
			local pos = npc:get_pos()
			for _, object in ipairs(pos and targets.monsters_near(pos, WATCH_NODES) or {}) do squads.begin(npc, object) end
			return
		end
	end
end

return watch
