-- Enemies: players, NPCs and mobs as names that a model can choose from, and as objects that may be gone at any time.
-- Only reads the world.

local geometry, npcs = ...

local targets = {}

targets.SIGHT = 16 -- nodes; farther away nobody is an enemy any more

-- "mobs_monster:dirt_monster" → "dirt monster"; of a player or an NPC the name.
function targets.words(object)
	if object:is_player() then return object:get_player_name() end
	local self = object:get_luaentity()
	if not self then return nil end
	local npc = self.npc_id and npcs.by_id[self.npc_id]
	return npc and npc.name or (self.name:match(":(.+)$") or self.name):gsub("_", " ")
end

-- Who struck a player, by the reason that the engine has for what was lost; nil: nobody. Mineclonia and VoxeLibre count damage
-- themselves, and keep who did it, a bow's owner too, in a reason of their own.
function targets.striker(reason)
	local mcl_damage = rawget(_G, "mcl_damage")
	local by
	if mcl_damage and reason then
		by = mcl_damage.from_mt(reason).source
	else
		by = reason and reason.type == "punch" and reason.object
	end
	return by and by:get_pos() and by or nil
end

-- Mobs that their own mod calls monsters (mobs_redo, Mineclonia, VoxeLibre).
local function is_monster(object)
	local self = not object:is_player() and object:get_luaentity()
	return self and self.type == "monster" and (self.health or object:get_hp()) > 0
end

function targets.is_in_sight(pos, there)
	return geometry.in_range(pos, there, targets.SIGHT)
end

-- Wild animals, which nobody fights unless told to. What is tame is somebody's.
local function is_game(object)
	local self = not object:is_player() and object:get_luaentity()
	return self and self.type == "animal" and not (self.tamed or self.owner and self.owner ~= "")
		and (self.health or object:get_hp()) > 0
end

-- What may be hunted around a place, the nearest first: {object, is_monster}.
function targets.prey_near(pos, nodes)
	local found = {}
	for _, object in ipairs(core.get_objects_inside_radius(pos, nodes)) do
		local is_beast = is_monster(object)
		if is_beast or is_game(object) then
			found[#found + 1] = {object = object, is_monster = is_beast,
				distance = geometry.distance_squared(pos, object:get_pos())}
		end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	return found
end

-- Monsters around a place.
function targets.monsters_near(pos, nodes)
	local found = {}
	for _, object in ipairs(core.get_objects_inside_radius(pos, nodes)) do
		if is_monster(object) then found[#found + 1] = object end
	end
	return found
end

-- Is it still there to be fought? A player by name, for players come back as other objects.
function targets.object_of(enemy)
	local object = enemy.player and core.get_player_by_name(enemy.player) or not enemy.player and enemy.object or nil
	if not object or not object:get_pos() or object:get_hp() <= 0 then return nil end
	local self = not enemy.player and object:get_luaentity()
	local npc = self and self.npc_id and npcs.by_id[self.npc_id]
	if npc and npc.beaten or self and type(self.health) == "number" and self.health <= 0 then return nil end
	return object
end

function targets.new(object)
	return {object = not object:is_player() and object or nil, player = object:is_player() and object:get_player_name() or nil,
		words = targets.words(object)}
end

-- Of a list of enemies those in sight of `pos`: {enemy, object, pos, distance, words}, the nearest first.
function targets.in_sight(list, pos)
	local seen = {}
	for _, enemy in ipairs(list) do
		local object = targets.object_of(enemy)
		local there = object and object:get_pos()
		if there and geometry.in_range(pos, there, targets.SIGHT) then
			seen[#seen + 1] = {enemy = enemy, object = object, pos = there, words = enemy.words,
				distance = math.sqrt(geometry.distance_squared(pos, there))}
		end
	end
	table.sort(seen, function(a, b) return a.distance < b.distance end)
	return seen
end

return targets
