-- The entity of an NPC: its look, llm_agent.spawn, and what is saved with the world.
-- The entity holds an id only; the NPC with that id is in the registry (api/npc.lua) and outlives an unloaded body.
-- Runs in the entity's callbacks. What it does while it is awake is in idle.lua; who strikes it is combat's affair (on_punch).

local log, settings, geometry, check, json, storage, npcs, names, roles, dialog, figure, hand, animation, walkability, movement,
	idle = ...

local body = {}

local ENTITY = "llm_agent:npc"
local AHEAD = {2, 3, 1.5} -- nodes before an admin that an NPC is spawned, in the order they are tried
local TURNS = {0, math.pi / 6, -math.pi / 6, math.pi / 3, -math.pi / 3, math.pi / 2, -math.pi / 2, math.pi} -- from straight ahead
local ROOM = 1 -- nodes from who stands there already
local HP_MAX = 20

local SPAWN_FIELDS = {role = "string", name = check.words, mood = check.words, persona = check.words, voice = check.words}

-- Older engines (seen: 5.6.1) clear the bodies that were saved in a mapblock which was never active, when it first is; so the
-- one at `pos` is made active until the engine has seen to it, within its active_block_mgmt_interval of 2 s.
local function activate(pos)
	if core.compare_block_status(pos, "active") or not core.forceload_block(pos, true) then return end
	local function release()
		if core.compare_block_status(pos, "active") then return core.forceload_free_block(pos, true) end
		core.after(1, release)
	end
	core.after(1, release)
end

-- A new NPC with a body whose feet are at `pos`, which the world keeps. Returns the NPC, or nil where the place is not loaded.
function llm_agent.spawn(pos, def)
	local problem = check.position(pos)
	if problem then error("llm_agent.spawn: pos: " .. problem, 2) end
	check.def("llm_agent.spawn", def, SPAWN_FIELDS)
	if not roles.by_name[def.role] then
		error(("llm_agent.spawn: role: unknown role %s; known: %s"):format(def.role, check.names_of(roles.by_name)), 2)
	end
	local id = ("npc_%d_%d"):format(os.time(), math.random(10 ^ 6))
	local origin = {x = pos.x, y = pos.y + figure.feet_below, z = pos.z}
	local object = core.add_entity(origin, ENTITY, core.serialize({
		id = id, name = def.name or names.unused(), role = def.role, mood = def.mood, persona = def.persona,
		voice = def.voice,
	}))
	if object then activate(origin) end
	return object and npcs.by_id[id]
end

body.spawn = llm_agent.spawn

-- It has just come: it turns to a player, and waves.
function body.welcome(npc, player)
	animation.face(npc, player:get_pos())
	npc:emote("wave")
end

-- Does nobody stand there?
local function is_vacant(pos)
	local function is_apart(there) return not there or geometry.distance(there, pos) >= ROOM end
	for _, npc in ipairs(npcs.list) do
		local there = npc:get_pos()
		if there and not is_apart({x = there.x, y = there.y - figure.feet_below, z = there.z}) then return false end
	end
	for _, player in ipairs(core.get_connected_players()) do
		if not is_apart(player:get_pos()) then return false end
	end
	return true
end

-- Free ground before a player's eyes: AHEAD nodes away where one can stand, else to a side or nearer; nil where there is none.
local function spot_before(player)
	local from, yaw = player:get_pos(), player:get_look_horizontal()
	local cell = walkability.cell(from)
	for _, nodes in ipairs(cell and AHEAD or {}) do
		for _, turn in ipairs(TURNS) do
			local to = {x = from.x - math.sin(yaw + turn) * nodes, y = cell.y - 0.5, z = from.z + math.cos(yaw + turn) * nodes}
			local level = walkability.level(to.x, cell.y, to.z)
			local spot = level and {x = to.x, y = level - 0.5, z = to.z}
			if spot and is_vacant(spot) and walkability.is_clear({x = from.x, y = cell.y - 0.5, z = from.z}, to) then return spot end
		end
	end
end

-- As llm_agent.spawn, on free ground before a player; where there is none, on the spot where they stand.
function body.spawn_before(player, def)
	local npc = body.spawn(spot_before(player) or player:get_pos(), def)
	if npc then body.welcome(npc, player) end
	return npc
end

local ARMOUR = settings.fights and {fleshy = 100} or {immortal = 1} -- groups of the engine

local take_hit = function() return true end

-- fn(npc, puncher, damage) -> true where the engine shall not count the damage itself. One: the folder combat.
function body.on_punch(fn)
	take_hit = fn
end

local function dress(object, npc)
	local properties = figure.look(npc.role)
	properties.nametag = npc.name
	properties.nametag_color = "#e8d9a0"
	properties.infotext = roles.caption(npc)
	object:set_properties(properties)
	object:set_armor_groups(ARMOUR)
	object:set_acceleration({x = 0, y = -9.81, z = 0})
	npc.is_model, npc.foot_y, npc.hp_max = properties.visual == "mesh", properties.collisionbox[2], HP_MAX
	animation.stand(npc, object)
end

-- The NPC of a body that is loaded: known already, or registered from the data that the body saved.
local function wake(object, staticdata)
	local saved = storage.decode(staticdata)
	if not saved or type(saved.id) ~= "string" or type(saved.name) ~= "string" then
		return nil, "no saved NPC in its data"
	end
	local npc = npcs.by_id[saved.id]
	if npc and npc:get_object() and npc:get_object() ~= object then return nil, "a copy of " .. saved.id end
	if not npc then
		-- its role may come from a mod that is gone: it keeps the name and lives on as a villager
		local role = roles.known(saved.role)
		npc = npcs.register(saved.id, {
			name = saved.name, role = role, mood = saved.mood, persona = saved.persona, voice = saved.voice,
			object = object,
		})
		npc.saved_role, npc.kept_by_body, npc.saved_stays = saved.role, true, saved.stays
		npc.home = not check.position(saved.home or false) and saved.home or object:get_pos()
		for key, value in pairs(type(saved.context) == "table" and saved.context or {}) do npc.context[key] = value end
	end
	npc.object, npc.has_body = object, true
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
			log("warning", "removed a body: " .. problem)
			self.object:remove()
			return
		end
		self.npc_id = npc.id
		dress(self.object, npc)
		idle.begin(npc)
		if npc.saved_stays and not movement.current(npc) then movement.order(npc, {kind = "stay"}) end
		npc.saved_stays = nil
		npcs.wake(npc)
		hand.look_after(npc)
	end,

	get_staticdata = function(self)
		local npc = npcs.by_id[self.npc_id]
		if not npc then return "" end
		return core.serialize({
			id = npc.id, name = npc.name, role = npc.saved_role or npc.role, mood = npc.mood, persona = npc.persona,
			voice = npc.voice,
			context = json.plain(npc.context), home = npc.home, stays = movement.stays(npc),
		})
	end,

	-- Unloaded, the NPC sleeps. Removed for good, it is buried, unless another mod registered it.
	on_deactivate = function(self, removal)
		local npc = npcs.by_id[self.npc_id]
		if not npc then return end
		idle.stop(npc)
		if npc.bubble then npc.bubble:remove() end -- else the engine finds it attached to nobody
		if npc.mouth then npc.mouth:remove() end
		hand.drop(npc)
		if removal and npc.kept_by_body then npcs.bury(npc.id) end
	end,

	on_punch = function(self, puncher, _, _, _, damage)
		local npc = npcs.by_id[self.npc_id]
		return not npc or take_hit(npc, puncher, damage)
	end,

	on_rightclick = function(self, clicker)
		local npc = npcs.by_id[self.npc_id]
		if npc and clicker and clicker:is_player() then dialog.approach(npc, clicker) end
	end,
})

return body
