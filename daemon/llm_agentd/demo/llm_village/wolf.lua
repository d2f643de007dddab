-- A wolf for the village's guards to fight. It runs at the nearest NPC with a body and bites; dead, it is gone.
-- Who struck it how often is counted, and told to whoever listens.

local NAME = "llm_village:wolf"
local HP, SPEED, REACH, SIGHT = 32, 4, 2, 24 -- hit points; nodes a second; nodes
local BITE, BITE_EVERY_S = {full_punch_interval = 1, damage_groups = {fleshy = 3}}, 1.5
local GRAVITY = {x = 0, y = -9.81, z = 0}

local wolf = {}
local listener = function() end

local function nearest_npc(pos)
	local best, best_distance
	for _, object in ipairs(core.get_objects_inside_radius(pos, SIGHT)) do
		local self = object:get_luaentity()
		local npc = self and self.npc_id and llm_agent.get_npc(self.npc_id)
		local distance = npc and not npc.beaten and vector.distance(pos, object:get_pos())
		if distance and (not best or distance < best_distance) then best, best_distance = npc, distance end
	end
	return best, best_distance
end

local function run_at(object, pos, there)
	local way = vector.normalize({x = there.x - pos.x, y = 0, z = there.z - pos.z})
	object:set_velocity({x = way.x * SPEED, y = object:get_velocity().y, z = way.z * SPEED})
	object:set_yaw(core.dir_to_yaw(way))
end

core.register_entity(NAME, {
	initial_properties = {
		physical = true, collide_with_objects = false, stepheight = 1.1, hp_max = HP, static_save = false,
		collisionbox = {-0.4, 0, -0.4, 0.4, 0.9, 0.4}, visual = "cube", visual_size = {x = 0.7, y = 0.7, z = 1.2},
	},
	type = "monster", -- as mobs_redo and Mineclonia mark them, so that those on watch attack it
	rest_s = 0,

	on_activate = function(self)
		self.object:set_armor_groups({fleshy = 100})
		self.object:set_hp(HP)
		self.object:set_acceleration(GRAVITY)
	end,

	on_step = function(self, dtime)
		local pos = self.object:get_pos()
		self.rest_s = self.rest_s - dtime
		local prey, distance = nearest_npc(pos)
		if not prey then return self.object:set_velocity({x = 0, y = 0, z = 0}) end
		local body = prey:get_object()
		if distance > REACH then return run_at(self.object, pos, body:get_pos()) end
		self.object:set_velocity({x = 0, y = 0, z = 0})
		if self.rest_s > 0 then return end
		self.rest_s = BITE_EVERY_S
		body:punch(self.object, 1, BITE, vector.direction(pos, body:get_pos()))
		listener("bite", prey, body:get_hp())
	end,

	on_punch = function(self, puncher, _, _, _, damage)
		local by = puncher and puncher:get_luaentity()
		local npc = by and by.npc_id and llm_agent.get_npc(by.npc_id)
		if npc then listener("blow", npc, math.max(0, self.object:get_hp() - damage)) end
	end,

	on_death = function() listener("dead") end,
})

-- A wolf at `pos`. fn(what, npc, hp): "bite" and "blow", with the NPC and the hit points that are left to who was hurt; "dead".
function wolf.come(pos, fn)
	listener = fn
	return core.add_entity(pos, NAME)
end

return wolf
