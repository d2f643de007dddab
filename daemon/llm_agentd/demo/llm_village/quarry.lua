-- Beasts of `bench exchanges` that stand where they are put and can be struck down: whether somebody fights them is what matters.

local HP, BLOW = 16, 1

local quarry = {}

-- "wolf" is the entity llm_village:wolf, which NPCs call a wolf.
for _, name in ipairs({"wolf", "bear", "boar", "giant_rat"}) do
	core.register_entity("llm_village:" .. name, {
		initial_properties = {
			physical = true, collide_with_objects = false, hp_max = HP, static_save = false, visual = "cube",
			collisionbox = {-0.4, 0, -0.4, 0.4, 0.9, 0.4},
		},
		type = "monster", -- as mobs_redo and Mineclonia mark them
		on_activate = function(self)
			self.object:set_armor_groups({fleshy = 100})
			self.object:set_hp(HP)
			self.object:set_acceleration({x = 0, y = -9.81, z = 0})
		end,
		on_death = function(self) quarry.died(self.name:match(":(.+)$")) end, -- the mod wraps it to count who slew it
		on_punch = function(self, puncher) quarry.struck(self.name:match(":(.+)$"), puncher, self.object:get_hp() - BLOW) end,
	})
end

-- (name, puncher, hit points left) and (name): the exchange's.
function quarry.struck() end
function quarry.died() end

-- "bear" or "bear 2", where there are several.
function quarry.stand(name, pos) return core.add_entity(pos, "llm_village:" .. name:match("^[%a_]+")) end

-- The player strikes it down, if nobody has done so before.
function quarry.slay(object, player)
	local self = object:get_luaentity()
	if not self then return end
	self:on_death(player)
	object:remove()
end

return quarry
