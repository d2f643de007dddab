-- FAKE of the villager of Mineclonia and of VoxeLibre, for specs: what our adapter touches, written anew after how both
-- games' mcl_mobs and mobs_mc of 2026 behave. Neither game can be had as a package; where one is at hand, tests/game/test_attach.py
-- plays its own code.
-- flavour: "mineclonia" steers by goals (halt_in_tracks), "voxelibre" by states.

return function(core, flavour)
	local mob_class = {nametag = nil, tamed = false, owner = "", health = 20, state = "stand", rotate = 0.5}

	if flavour == "mineclonia" then
		function mob_class:cancel_navigation() self.waypoints = nil end
		function mob_class:halt_in_tracks() self.movement_goal = nil end
	else
		function mob_class:set_velocity(speed) self.speed = speed end
		function mob_class:set_animation(name) self.animated = name end
	end

	function mob_class:set_yaw(yaw) self.target_yaw = yaw end

	function mob_class:moves()
		if flavour == "mineclonia" then return self.movement_goal ~= nil or self.waypoints ~= nil end
		return self.state ~= "stand" or (self.speed or 0) > 0
	end

	-- What it wants to do comes after do_custom, in both games; Mineclonia's moves along its way before.
	function mob_class:on_step(dtime)
		if self.waypoints then self.movement_goal = "go_pos" end
		if self.target_yaw then self.object:set_yaw(self.target_yaw - (flavour == "mineclonia" and self.rotate or 0)) end
		if self.do_custom and self:do_custom(dtime) == false then return end
		if flavour == "mineclonia" then
			self.waypoints, self.movement_goal = {}, "go_pos"
		elseif self.state == "stand" then
			self.state, self.speed = "gowp", 1.2
		end
	end

	local villager = {type = "npc", name = "mobs_mc:villager"}

	function villager:do_custom() self.thought = (self.thought or 0) + 1 end
	function villager:on_rightclick() self.clicks = (self.clicks or 0) + 1 end

	function villager:on_activate(staticdata)
		for key, value in pairs(core.deserialize(staticdata) or {}) do self[key] = value end
		self.object:set_properties({nametag = self.nametag})
	end

	function villager:get_staticdata()
		local saved = {}
		for key, value in pairs(self) do
			if type(value) ~= "function" and type(value) ~= "userdata" and key ~= "object" then saved[key] = value end
		end
		return core.serialize(saved)
	end

	core.register_entity("mobs_mc:villager", setmetatable(villager, {__index = mob_class}))
	if flavour == "mineclonia" then
		core.register_entity("mobs_mc:wandering_trader", setmetatable({name = "mobs_mc:wandering_trader"}, {__index = villager}))
	end
end
