-- Bodies and voices: the entity of an NPC, its bubble, and how a line reaches the players in earshot.
-- An entity only carries an id; the mind with that id is in the registry. Bodies come and go with their mapblocks.

local agent = ...
local settings, text, observe, check = agent.settings, agent.text, agent.observe, agent.check

local ENTITY, BUBBLE = "llm_agent:npc", "llm_agent:bubble"
local HEIGHT = 1.75 -- nodes, of the character model
local BUBBLE_Y = 22 -- tenths of a node above the feet: over the name
-- The model stands on its origin; a sprite is drawn around it.
local MODEL_BOX = {-0.3, 0, -0.3, 0.3, HEIGHT, 0.3}
local FIGURE_BOX = {-0.3, -HEIGHT / 2, -0.3, 0.3, HEIGHT / 2, 0.3}

local has_character = core.get_modpath("player_api") ~= nil

-- Look of a role: the player model where the game has it, else a flat figure (devtest has no model).
local function look(role_name)
	local role = agent.roles[role_name]
	local own = role and role.textures
	local skin = agent.shipped[role_name] and role_name or "villager"
	if has_character then
		return {
			visual = "mesh", mesh = "character.b3d", visual_size = {x = 1, y = 1},
			textures = own or {"llm_agent_" .. skin .. ".png"}, collisionbox = MODEL_BOX, selectionbox = MODEL_BOX,
		}
	end
	local front = "llm_agent_" .. skin .. "_front.png"
	return {
		visual = "upright_sprite", visual_size = {x = 0.9, y = HEIGHT},
		textures = own or {front, front}, collisionbox = FIGURE_BOX, selectionbox = FIGURE_BOX,
	}
end

local function face(npc, pos)
	local object, own = npc:get_object(), npc:get_pos()
	if not object or not own or not pos then return end
	local x, z = pos.x - own.x, pos.z - own.z
	if x * x + z * z > 0.01 then object:set_yaw(math.atan2(-x, z)) end
end
agent.face = face

local function show_bubble(npc, line, ms)
	local object = npc:get_object()
	if not object then return end
	local bubble = npc.bubble
	if not bubble or not bubble:get_pos() then
		bubble = core.add_entity(object:get_pos(), BUBBLE)
		if not bubble then return end
		local model = has_character and object:get_properties().visual == "mesh"
		bubble:set_attach(object, "", {x = 0, y = model and BUBBLE_Y or BUBBLE_Y / 2, z = 0}, {x = 0, y = 0, z = 0})
		npc.bubble = bubble
	end
	bubble:set_properties({
		nametag = text.wrap(line, settings.bubble_width),
		nametag_color = "#ffffff",
		nametag_bgcolor = "#000000a0",
	})
	local entity = bubble:get_luaentity()
	if entity then entity.left_s = ms / 1000 end
end

local function log_line(npc, line, opts)
	local answer = opts.reply or {}
	agent.log("action", ("say npc=%s name=%s role=%s fallback=%s cache=%s ms=%d text=%s"):format(
		npc.id:gsub("%s", "_"), npc.name:gsub("%s", "_"), npc.role, tostring(answer.fallback or false), answer.cache or "none",
		math.floor(answer.ms or 0), line))
end

-- The moment of speaking: log, bubble, chat of those in earshot, event. Called by the speech queue when it's the NPC's turn.
function agent.utter(npc, line, opts)
	if settings.log_lines then log_line(npc, line, opts) end
	local pos = npc:get_pos()
	local ms = opts.ms or settings.read_base_ms + settings.read_char_ms * text.length(line)
	if settings.bubbles then show_bubble(npc, line, ms) end
	if pos then
		local listener = opts.to and core.get_player_by_name(opts.to)
		if listener then face(npc, listener:get_pos()) end
		for _, player in ipairs(settings.chat and core.get_connected_players() or {}) do
			if observe.in_range(pos, player:get_pos(), settings.earshot) then
				core.chat_send_player(player:get_player_name(), ("<%s> %s"):format(npc.name, line))
			end
		end
	end
	agent.emit("say", npc, line, opts)
end

local NAMES = {
	"Ada", "Bram", "Clara", "Dora", "Edda", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Kai", "Lena", "Mira", "Nora", "Odo", "Petra",
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

-- A new NPC with a body at `pos`, which the world keeps. Returns the NPC, or nil where the place is not loaded.
function llm_agent.spawn(pos, def)
	local problem = check.position(pos)
	if problem then error("llm_agent.spawn: pos: " .. problem, 2) end
	check.def("llm_agent.spawn", def, SPAWN_FIELDS)
	if not agent.roles[def.role] then
		error(("llm_agent.spawn: role: unknown role %s; known: %s"):format(def.role, check.names_of(agent.roles)), 2)
	end
	local id = ("npc_%d_%d"):format(os.time(), math.random(10 ^ 6))
	local object = core.add_entity(pos, ENTITY, core.serialize({
		id = id, name = def.name or agent.unused_name(), role = def.role, mood = def.mood, persona = def.persona,
	}))
	return object and agent.npcs[id]
end

local function dress(object, npc)
	local properties = look(npc.role)
	properties.nametag = npc.name
	properties.nametag_color = "#e8d9a0"
	properties.infotext = npc.name .. ", " .. agent.title(npc)
	object:set_properties(properties)
	object:set_armor_groups({immortal = 1})
	object:set_acceleration({x = 0, y = -9.81, z = 0})
	if properties.visual == "mesh" then object:set_animation({x = 0, y = 79}, 30, 0, true) end
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
		npc.saved_role, npc.lives_in_body = saved.role, true
		for key, value in pairs(type(saved.context) == "table" and saved.context or {}) do npc.context[key] = value end
	end
	npc.object, npc.bodily = object, true
	return npc
end

core.register_entity(ENTITY, {
	initial_properties = {
		physical = true,
		collide_with_objects = false,
		stepheight = 0.6,
		hp_max = 20,
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
	end,

	get_staticdata = function(self)
		local npc = agent.npcs[self.npc_id]
		if not npc then return "" end
		return core.serialize({
			id = npc.id, name = npc.name, role = npc.saved_role or npc.role, mood = npc.mood, persona = npc.persona,
			context = observe.plain(npc.context),
		})
	end,

	-- Unloaded, it sleeps; removed for good, its mind goes too, unless another mod registered that.
	on_deactivate = function(self, removal)
		local npc = agent.npcs[self.npc_id]
		if removal and npc and npc.lives_in_body then llm_agent.unregister_npc(npc.id) end
	end,

	on_rightclick = function(self, clicker)
		local npc = agent.npcs[self.npc_id]
		if npc and clicker and clicker:is_player() then agent.greet(npc, clicker:get_player_name()) end
	end,
})

core.register_entity(BUBBLE, {
	initial_properties = {
		physical = false,
		pointable = false,
		collide_with_objects = false,
		visual = "sprite",
		visual_size = {x = 0.01, y = 0.01},
		textures = {"llm_agent_blank.png"},
		static_save = false, -- words are not kept with the world
	},
	left_s = 1,

	on_step = function(self, dtime)
		self.left_s = self.left_s - dtime
		if self.left_s <= 0 or not self.object:get_attach() then self.object:remove() end
	end,
})
