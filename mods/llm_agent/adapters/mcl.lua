-- Minds for the villagers of Mineclonia and VoxeLibre (mod `mobs_mc`), and for Mineclonia's wandering trader. Their profession is
-- their role; their shop stays theirs.
-- Loaded only where `mobs_mc` is. Uses the fields `_profession`, `child`, `nametag` and `do_custom`, as of 2026.
-- That a villager is held for a talk is kept in memory only; nothing of it is saved.

local attach = ...

local VILLAGER, TRADER = "mobs_mc:villager", "mobs_mc:wandering_trader" -- Mineclonia alone has the second
-- Both games' names of a trade; every other trade sells something.
local ROLES = {
	farmer = "farmer", shepherd = "farmer", fisherman = "fisher", cleric = "priest", librarian = "scholar",
	armorer = "smith", weaponsmith = "smith", weapon_smith = "smith", toolsmith = "smith", tool_smith = "smith",
	unemployed = "villager", nitwit = "villager",
}

local held = setmetatable({}, {__mode = "k"}) -- luaentity → its health when the talk began

local function has_trade(self)
	local profession = self._profession
	return self.name == TRADER or not self.child and profession ~= nil and profession ~= "unemployed" and profession ~= "nitwit"
end

local function role_of(self)
	if self.child then return "child" end
	if self.name == TRADER then return "merchant" end
	return self._profession and (ROLES[self._profession] or "merchant") or "villager"
end

local function own_click(object, clicker)
	local self = object:get_luaentity()
	if has_trade(self) then return true end
	local item = clicker:get_wielded_item():get_name()
	return item == "mcl_mobs:nametag" or item == "mcl_mobitems:nametag" -- food they take from the ground alone
end

-- VoxeLibre's goes on as it last moved, even standing, until it is told not to; once is enough while it stays so.
local function stop(self, anew)
	if self.halt_in_tracks then -- Mineclonia
		self:cancel_navigation()
		self:halt_in_tracks()
	elseif anew or self.state ~= "stand" then
		self.state = "stand"
		self:set_velocity(0)
		self:set_animation("stand")
	end
end

-- Whoever is hurt or flees does not stay for the end of a sentence.
local function stays(self)
	if self.dead or self.state == "runaway" or self.state == "attack" or (self.health or 0) < held[self] then
		held[self] = nil
	end
	return held[self] ~= nil
end

local function hold(object, talking)
	local self = object:get_luaentity()
	held[self] = talking and (self.health or 0) or nil
	if talking and stays(self) then stop(self, true) end
end

-- Both set the yaw anew in each step, VoxeLibre without the turn of the model, Mineclonia with it.
local function turn(object, yaw)
	local self = object:get_luaentity()
	self:set_yaw(self.halt_in_tracks and yaw or yaw - (self.rotate or 0))
end

-- Both games leave out what a mob wants to do in a step where its do_custom gives false.
local function make_holdable(def)
	local original = def.do_custom
	function def.do_custom(self, ...)
		if held[self] and stays(self) then
			stop(self)
			return false
		end
		if original then return original(self, ...) end
	end
end

local KIND = {
	accepts = function() return true end,
	describe = function(self) return self.nametag, role_of(self) end,
	hold = hold,
	turn = turn,
	own_click = own_click,
}

core.register_on_mods_loaded(function()
	for _, name in ipairs({VILLAGER, TRADER}) do
		local def = core.registered_entities[name]
		if def then
			make_holdable(def)
			attach.adapt(name, KIND)
		end
	end
end)
