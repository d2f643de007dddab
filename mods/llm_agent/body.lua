-- Bodies: the entity of an NPC, how it looks, and `llm_agent.spawn`. What it does with its legs is in manners.lua.
-- An entity only carries an id; the mind with that id is in the registry. Bodies come and go with their mapblocks.

local agent = ...
local observe, check = agent.observe, agent.check

local ENTITY = "llm_agent:npc"
local HP_MAX = 20
local HEIGHT = 1.75 -- nodes, of the character model
-- The model stands on its origin; a sprite is drawn around it.
local MODEL_BOX = {-0.3, 0, -0.3, 0.3, HEIGHT, 0.3}
local FIGURE_BOX = {-0.3, -HEIGHT / 2, -0.3, 0.3, HEIGHT / 2, 0.3}
local SIZES = {child = 0.7} -- of a role that is not as tall as others

local function scaled(box, size)
	local out = {}
	for i, edge in ipairs(box) do out[i] = edge * size end
	return out
end

local has_character = core.get_modpath("player_api") ~= nil

-- What an NPC looks like from the front, for forms.
function agent.portrait(npc)
	return ("llm_agent_%s_front.png"):format(npc and agent.shipped[npc.role] and npc.role or "villager")
end

-- Look of a role: the player model where the game has it, else a flat figure (devtest has no model).
local function look(role_name)
	local role = agent.roles[role_name]
	local own = role and role.textures
	local size = SIZES[role_name] or 1
	if has_character then
		local skin = agent.shipped[role_name] and role_name or "villager"
		local box = scaled(MODEL_BOX, size)
		return {
			visual = "mesh", mesh = "character.b3d", visual_size = {x = size, y = size},
			textures = own or {"llm_agent_" .. skin .. ".png"}, collisionbox = box, selectionbox = box,
		}
	end
	local front, box = agent.portrait({role = role_name}), scaled(FIGURE_BOX, size)
	return {
		visual = "upright_sprite", visual_size = {x = 0.9 * size, y = HEIGHT * size},
		textures = own or {front, front}, collisionbox = box, selectionbox = box,
	}
end

local NAMES = {
	"Ana", "Bram", "Clara", "Dora", "Edda", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Kai", "Lena", "Mira", "Nora", "Odo", "Petra",
	"Rolf", "Sven", "Tilda", "Ulf", "Vera", "Wim", "Yuri", "Zoe",
}

-- A name that nobody has, while there are such.
function agent.unused_name()
	local taken, left = {}, {}
	for _, npc in ipairs(agent.order) do taken[npc.name] = true end
	for _, candidate in ipairs(NAMES) do
		if not taken[candidate] then left[#left + 1] = candidate end
	end
	return left[1] and left[math.random(#left)] or NAMES[math.random(#NAMES)]
end

local SPAWN_FIELDS = {role = "string", name = check.words, mood = check.words, persona = check.words}

-- A new NPC with a body whose feet are at `pos`, which the world keeps. Returns the NPC, or nil where the place is not loaded.
function llm_agent.spawn(pos, def)
	local problem = check.position(pos)
	if problem then error("llm_agent.spawn: pos: " .. problem, 2) end
	check.def("llm_agent.spawn", def, SPAWN_FIELDS)
	if not agent.roles[def.role] then
		error(("llm_agent.spawn: role: unknown role %s; known: %s"):format(def.role, check.names_of(agent.roles)), 2)
	end
	local id = ("npc_%d_%d"):format(os.time(), math.random(10 ^ 6))
	local origin = {x = pos.x, y = has_character and pos.y or pos.y + HEIGHT / 2, z = pos.z}
	local object = core.add_entity(origin, ENTITY, core.serialize({
		id = id, name = def.name or agent.unused_name(), role = def.role, mood = def.mood, persona = def.persona,
	}))
	return object and agent.npcs[id]
end

local function dress(object, npc)
	local properties = look(npc.role)
	properties.nametag = npc.name
	properties.nametag_color = "#e8d9a0"
	properties.infotext = agent.caption(npc)
	object:set_properties(properties)
	object:set_armor_groups(agent.blows.armour())
	object:set_acceleration({x = 0, y = -9.81, z = 0})
	npc.is_model, npc.foot_y, npc.hp_max = properties.visual == "mesh", properties.collisionbox[2], HP_MAX
	agent.stand(npc, object)
end

-- The mind of a body that comes back: known already, or made from what the body remembers.
local function wake(object, staticdata)
	local ok, saved = pcall(core.deserialize, staticdata, true)
	if not ok or type(saved) ~= "table" or type(saved.id) ~= "string" or type(saved.name) ~= "string" then
		return nil, "no saved NPC in its data"
	end
	local npc = agent.npcs[saved.id]
	if npc and npc:get_object() and npc:get_object() ~= object then return nil, "a copy of " .. saved.id end
	if not npc then
		-- its role may come from a mod that is gone: it keeps the name and lives on as a villager
		local role = agent.roles[saved.role] and saved.role or "villager"
		npc = llm_agent.register_npc(saved.id, {
			name = saved.name, role = role, mood = saved.mood, persona = saved.persona, object = object,
		})
		npc.saved_role, npc.lives_in_body, npc.saved_stays = saved.role, true, saved.stays
		npc.home = not check.position(saved.home or false) and saved.home or object:get_pos()
		for key, value in pairs(type(saved.context) == "table" and saved.context or {}) do npc.context[key] = value end
	end
	npc.object, npc.bodily = object, true
	return npc
end

core.register_entity(ENTITY, {
	initial_properties = {
		physical = true,
		collide_with_objects = false,
		stepheight = 1.1, -- they walk up a node, as players jump
		hp_max = HP_MAX,
		visual = "upright_sprite",
		textures = {"llm_agent_villager_front.png", "llm_agent_villager_front.png"},
		static_save = true,
	},

	on_activate = function(self, staticdata)
		local npc, problem = wake(self.object, staticdata)
		if not npc then
			agent.log("warning", "removed a body: " .. problem)
			self.object:remove()
			return
		end
		self.npc_id = npc.id
		dress(self.object, npc)
		agent.begin_living(npc)
		if npc.saved_stays and not agent.legs.current(npc) then agent.legs.order(npc, {kind = "stay"}) end
		npc.saved_stays = nil
		agent.goods.visit(npc)
	end,

	get_staticdata = function(self)
		local npc = agent.npcs[self.npc_id]
		if not npc then return "" end
		return core.serialize({
			id = npc.id, name = npc.name, role = npc.saved_role or npc.role, mood = npc.mood, persona = npc.persona,
			context = observe.plain(npc.context), home = npc.home, stays = agent.legs.stays(npc),
		})
	end,

	-- Unloaded, it sleeps; removed for good, its mind goes too, unless another mod registered that.
	on_deactivate = function(self, removal)
		local npc = agent.npcs[self.npc_id]
		if not npc then return end
		agent.end_living(npc)
		if npc.bubble then npc.bubble:remove() end -- else the engine finds it attached to nobody
		if removal and npc.lives_in_body then agent.bury(npc.id) end
	end,

	on_punch = function(self, puncher, _, _, _, damage)
		local npc = agent.npcs[self.npc_id]
		return not npc or agent.blows.take(npc, puncher, damage)
	end,

	on_rightclick = function(self, clicker)
		local npc = agent.npcs[self.npc_id]
		if npc and clicker and clicker:is_player() then agent.approach(npc, clicker) end
	end,
})
