-- FAKE of mobs_redo and mobs_npc, for specs: what our adapter touches, written anew after how mobs_redo 2021-09-20 (the
-- release in Debian 12; tests/game/test_attach.py plays with the real one) and mobs_npc of 2026 behave. With `new_tags` it keeps
-- names in `_nametag`, as mobs_redo of 2025 does.

return function(core, new_tags)
	local mobs = {}
	local mob_class = {owner = "", order = "", tamed = false, child = false, randomly_turn = true, state = "stand"}
	local meta = {__index = mob_class}

	function mob_class:set_velocity(speed) self.speed = self.order == "stand" and 0 or speed end
	function mob_class:set_yaw(yaw, delay)
		if delay then self.target_yaw, self.delay = yaw, delay else self.object:set_yaw(yaw) end
	end

	function mob_class:set_animation(name) self.animated = name end

	function mob_class:follow_holding(clicker)
		for _, name in ipairs(self.follow or {}) do
			if clicker:get_wielded_item():get_name() == name then return true end
		end
		return false
	end

	function mob_class:update_tag() self.object:set_properties({nametag = self._nametag or self.nametag, infotext = "Health: 10 / 10"}) end

	function mob_class:mob_staticdata()
		self.state, self.following = "stand", nil
		local saved = {}
		for key, value in pairs(self) do
			if type(value) ~= "function" and type(value) ~= "userdata" and key ~= "object" then saved[key] = value end
		end
		return core.serialize(saved)
	end

	function mob_class:mob_activate(staticdata)
		for key, value in pairs(core.deserialize(staticdata) or {}) do self[key] = value end
		self:update_tag()
		if self.on_spawn and not self.on_spawn_run then self.on_spawn_run = self:on_spawn() end
	end

	-- Once a step here, once a second there: from standing it walks off, unless ordered to stand.
	function mob_class:on_step()
		if (self.delay or 0) > 0 then
			self.delay = self.delay - 1
			self.object:set_yaw(self.target_yaw)
		end
		if self.state == "stand" and self.order ~= "stand" then
			self.state = "walk"
			self:set_velocity(1)
		end
	end

	function mobs.register_mob(name, def)
		def.name, def.follow = name, def.follow or {"farming:bread"}
		function def.on_activate(self, staticdata, dtime) return self:mob_activate(staticdata, def, dtime) end
		function def.get_staticdata(self) return self:mob_staticdata() end
		core.register_entity(name, setmetatable(def, meta))
	end

	function mobs.name(self, name)
		if new_tags then self._nametag = name else self.nametag = name end
		self:update_tag()
	end

	local function own(self) self.clicks = (self.clicks or 0) + 1 end
	mobs.register_mob("mobs_npc:npc", {type = "npc", order = "wander", on_rightclick = own})
	mobs.register_mob("mobs_npc:igor", {type = "npc", order = "follow", on_rightclick = own})
	mobs.register_mob("mobs_npc:trader", {
		type = "npc", order = "stand", on_rightclick = own,
		on_spawn = function(self)
			mobs.name(self, "Trader")
			return true
		end,
	})
	mobs.register_mob("guards:town_guard", {type = "npc", on_rightclick = own})
	mobs.register_mob("mobs_animal:cow", {type = "animal", on_rightclick = own})
	return mobs
end
