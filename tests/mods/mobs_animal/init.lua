-- A stand-in for mobs_animal, which no Debian package holds: its white sheep by name and kind, made by the real mobs_redo.

mobs:register_mob("mobs_animal:sheep_white", {
	type = "animal", visual = "cube", textures = {{"default_stone.png"}}, hp_min = 8, hp_max = 10, follow = {"farming:wheat"},
	walk_chance = 100, stand_chance = 0, walk_velocity = 1, fear_height = 0,
	on_rightclick = function(self) self.clicks = (self.clicks or 0) + 1 end,
})
