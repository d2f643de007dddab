-- How things stand for one NPC, as tactics.lua wants it. Only reads.

local npcs, nearby, tactics, targets, rules, damage = ...

local views = {}

local function names_of(squad, except)
	local names = {}
	for id in pairs(squad.members) do
		local npc = id ~= except and npcs.by_id[id]
		if npc then names[#names + 1] = npc.name end
	end
	table.sort(names)
	return names
end

-- What the others of its squad do, in words.
function views.orders_beside(npc)
	local words = {}
	for id in pairs(npc.combat.squad.members) do
		local other = id ~= npc.id and npcs.by_id[id]
		local order = other and other.combat and other.combat.order
		if order then words[#words + 1] = tactics.words(other.name, order) end
	end
	table.sort(words)
	return words
end

local function may_call(npc, pos)
	for _, other in ipairs(nearby.in_earshot(pos)) do
		if other ~= npc and not other.combat and rules.is_brave(other) and damage.can_fight(other) then return true end
	end
	return false
end

local function distinct(seen)
	local words, known = {}, {}
	for _, enemy in ipairs(seen) do
		if not known[enemy.words] then words[#words + 1], known[enemy.words] = enemy.words, true end
	end
	return words
end

-- Of one that fights; nil for one that does not. ward: the player it guards, or nil.
function views.of(npc, ward)
	local combat, object, pos = npc.combat, npc:get_object(), npc:get_pos()
	if not combat or not object then return nil end
	local sides, fronted = {}, false
	for id in pairs(combat.squad.members) do
		local order = id ~= npc.id and npcs.by_id[id] and npcs.by_id[id].combat and npcs.by_id[id].combat.order
		if order and order.kind == "flank" then sides[order.side] = true end
		if order and (order.kind == "attack" or order.kind == "hold") then fronted = true end
	end
	return {
		brave = rules.is_brave(npc), health = object:get_hp() / (npc.hp_max or 20),
		enemies = distinct(targets.in_sight(combat.enemies, pos)), allies = names_of(combat.squad, npc.id), sides = sides,
		fronted = fronted, wards = {ward or combat.asker}, can_call = may_call(npc, pos),
	}
end

-- Of one that is at peace: what it could be asked to fight or to stand by.
function views.peaceful(npc, player_name)
	local pos = damage.can_fight(npc) and rules.is_brave(npc) and npc:get_pos()
	if not pos then return nil end
	local near = {}
	for _, object in ipairs(targets.monsters_near(pos, targets.SIGHT)) do near[#near + 1] = targets.new(object) end
	return {
		brave = true, health = 1, enemies = distinct(targets.in_sight(near, pos)), allies = {}, sides = {}, wards = {player_name},
		can_call = false,
	}
end

return views
