-- Minds for mobs of mobs_redo (mod `mobs`): every mob of type "npc", such as those of mobs_npc.
-- Loaded only where `mobs` is. Uses the fields `type`, `order`, `state`, `owner` and `nametag`, as of its releases 2019 to 2026.
-- Changes nothing of the mob but an order to stand, which it takes back.

local roles, attach = ...

-- Where the name of the mob does not tell (see role_of).
local ROLES = {["mobs_npc:trader"] = "merchant", ["mobs_npc:igor"] = "guard"}
-- What a player holds to give, name, catch or command, so the click is for the mob.
local TOOLS = {
	["default:gold_lump"] = true, ["mcl_raw_ores:raw_gold"] = true, ["default:stick"] = true, ["mcl_core:stick"] = true,
}
-- It has better things to do than to stand and listen.
local BUSY = {attack = true, runaway = true, die = true, flop = true}

local function trades(self)
	return ROLES[self.name] == "merchant" or type(self.trades) == "table"
end

-- The name that somebody gave it. While it is hurt, old releases show its health as nametag and keep the name aside; new
-- ones keep it in `_nametag`. A trader's nametag is its trade; until somebody bought there it has no name.
local function name_of(self)
	if self.name == "mobs_npc:trader" then return self.game_name end
	return self.game_name or self.nametag2 or self._nametag or self.nametag
end

-- "my_mod:town_guard" is a guard: a word of the name that is a role.
local function role_of(self)
	if self.child then return "child" end
	if ROLES[self.name] then return ROLES[self.name] end
	for word in self.name:match("[^:]*$"):gmatch("%a+") do
		if roles.by_name[word] then return word end
	end
	return trades(self) and "merchant" or "villager"
end

local function own_click(object, clicker)
	local self = object:get_luaentity()
	if trades(self) or self.tamed or (self.owner or "") ~= "" then return true end
	local held = clicker:get_wielded_item():get_name()
	return held:sub(1, 5) == "mobs:" or TOOLS[held] or self.follow_holding and self:follow_holding(clicker) or false
end

-- Stands by an order, as an owner would give it; what was ordered before is kept with the mind, in case it is unloaded.
local function hold(object, talking)
	local self = object:get_luaentity()
	local mind = self.llm_agent
	if talking and not mind.held and not BUSY[self.state] then
		mind.held = {order = self.order, randomly_turn = self.randomly_turn}
		self.order, self.state, self.randomly_turn, self.following = "stand", "stand", false, nil
		self:set_velocity(0)
		self:set_animation("stand")
	elseif not talking and mind.held then
		if self.order == "stand" then self.order = mind.held.order end -- else its owner ordered otherwise meanwhile
		self.randomly_turn = mind.held.randomly_turn
		mind.held = nil
	end
end

-- It turns smoothly and would go on to where it wanted to look.
local function turn(object, yaw)
	local self = object:get_luaentity()
	yaw = yaw - (self.rotate or 0) -- for models that look elsewhere
	self.target_yaw, self.delay = yaw, 0
	self:set_yaw(yaw)
end

local KIND = {
	accepts = function(self) return self.type == "npc" and self.state ~= "die" end,
	describe = function(self) return name_of(self), role_of(self) end,
	hold = hold,
	turn = turn,
	own_click = own_click,
}

core.register_on_mods_loaded(function()
	for name, def in pairs(core.registered_entities) do
		-- other APIs have a type "npc", too; how it saves tells that this one made it
		if def.type == "npc" and def.mob_staticdata then attach.adapt(name, KIND) end
	end
end)
