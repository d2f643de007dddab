-- A game to test the mod in, stepped by hand: a fake `core` with clock, settings, log, players, objects, HTTP and JSON as
-- the engine has them, quirks included (whole numbers as 5.0, {} as null, null dropped, deep JSON raises).
-- Not the engine: no physics, no map. What only the engine can show is tried on a real server. What the fake lacks raises an
-- error that says so, instead of a nil value somewhere in the mod; a spec may set `mock.core.NAME` to have it.

local dkjson = require("dkjson")
local items = require("mock_items")

local Mock = {}
Mock.__index = Mock

local DEPTH_MAX = 100 -- where the engine's parser raises

-- JSON as the engine writes it before 5.16 -------------------------------------------------------------------------------

local function quote(s)
	return '"' .. s:gsub('[%z\1-\31"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function write_json(value, depth)
	local kind = type(value)
	if kind == "nil" then return "null" end
	if kind == "boolean" then return tostring(value) end
	if kind == "string" then return quote(value) end
	if kind == "number" then
		if value ~= value then return "null" end
		return value % 1 == 0 and ("%.1f"):format(value) or ("%.17g"):format(value)
	end
	if kind ~= "table" then error("Can't write type " .. kind .. " as JSON") end
	if depth > 16 then return nil end
	local parts = {}
	if #value > 0 then
		for i, item in ipairs(value) do parts[i] = write_json(item, depth + 1) end
		for key in pairs(value) do
			if type(key) ~= "number" then error("Can't mix array and object values in JSON") end
		end
		return "[" .. table.concat(parts, ",") .. "]"
	end
	for key, item in pairs(value) do
		if type(key) ~= "string" then error("Can't use this key in JSON") end
		parts[#parts + 1] = quote(key) .. ":" .. write_json(item, depth + 1)
	end
	if #parts == 0 then return "null" end
	table.sort(parts)
	return "{" .. table.concat(parts, ",") .. "}"
end

local function parse_json(s)
	local depth = 0
	for bracket in s:gmatch("[%[%]{}]") do
		depth = depth + ((bracket == "[" or bracket == "{") and 1 or -1)
		if depth > DEPTH_MAX then error("JSON nested too deep") end
	end
	return (dkjson.decode(s, 1, nil, nil, nil)) -- null becomes nil: dropped keys
end

-- Objects and players ----------------------------------------------------------------------------------------------------

local Object = {}
Object.__index = Object

local function vector_copy(v) return {x = v.x, y = v.y, z = v.z} end

function Object:get_pos() return not self.gone and vector_copy(self.pos) or nil end
function Object:set_pos(pos) self.pos = vector_copy(pos) end
function Object:get_properties() return self.properties end
function Object:set_properties(given) for key, value in pairs(given) do self.properties[key] = value end end
function Object:get_hp() return self.hp end
function Object:set_hp(hp, reason)
	if self.on_hp_change then self.on_hp_change(self, hp - self.hp, reason or {type = "set_hp"}) end
	local was_alive = self.hp > 0
	self.hp = math.max(0, hp)
	if was_alive and self.hp == 0 and self.on_die then self.on_die(self, reason or {type = "set_hp"}) end
end
function Object:set_yaw(yaw) self.yaw = yaw end
function Object:get_yaw() return self.yaw end
function Object:get_look_horizontal() return self.yaw or 0 end
function Object:get_look_dir() return {x = -math.sin(self.yaw or 0), y = 0, z = math.cos(self.yaw or 0)} end
function Object:get_velocity() return self.velocity and vector_copy(self.velocity) or {x = 0, y = 0, z = 0} end
function Object:set_velocity(velocity) self.velocity = vector_copy(velocity) end
function Object:set_armor_groups(groups) self.armor_groups = groups end
function Object:get_armor_groups() return self.armor_groups or {fleshy = 100} end
function Object:set_acceleration(acceleration) self.acceleration = acceleration end
function Object:set_animation(range) self.animation = range end
function Object:set_bone_position(bone, at, turned) self.bones[bone] = {at = at, turned = turned} end
function Object:set_attach(parent, bone, offset) self.parent, self.attached_to_bone, self.attached_at = parent, bone, offset end
function Object:get_attach()
	if self.gone or not self.parent or self.parent.gone then return nil end
	return self.parent, self.attached_to_bone, self.attached_at
end
function Object:get_luaentity() return not self.gone and self.entity or nil end
function Object:is_player() return self.player_name ~= nil end
function Object:get_player_name() return self.player_name or "" end
function Object:get_inventory() return not self.gone and self.inventory or nil end
function Object:get_meta() return not self.gone and self.meta or nil end
function Object.get_wield_list() return "main" end
function Object:get_wield_index() return self.wield_index end
function Object:get_wielded_item() return self.inventory:get_stack("main", self.wield_index) end
function Object:set_wielded_item(stack) return self.inventory:set_stack("main", self.wield_index, stack) end
function Object:get_player_control() return {sneak = self.sneaks or false} end

-- The damage is that of the weapon: no armour here. Who is left without hit points dies.
function Object:punch(puncher, since_s, capabilities, direction)
	local damage = (capabilities.damage_groups or {}).fleshy or 0
	local own = self.entity and self.entity.on_punch
	if own and own(self.entity, puncher, since_s, capabilities, direction, damage) then return end
	self:set_hp(math.max(0, self.hp - damage), {type = "punch", object = puncher})
	if not self.entity or self.hp > 0 then return end
	if self.entity.on_death then self.entity:on_death(puncher) end
	self:remove()
end

-- What a player has on the screen: self.hud, id → the definition as it is now.
function Object:hud_add(def)
	self.hud = self.hud or {}
	self.hud[#self.hud + 1] = def
	return #self.hud
end

function Object:hud_change(id, stat, value) self.hud[id][stat] = value end

function Object:hud_remove(id) self.hud[id].is_over = true end

function Object:remove()
	if self.gone then return end
	local entity = self.entity
	if entity and entity.on_deactivate then entity:on_deactivate(true) end
	self.gone = true
end

-- The mapblock goes: what the body would save, and no body any more.
function Object:unload()
	local saved = self.entity.get_staticdata and self.entity:get_staticdata() or ""
	if self.entity.on_deactivate then self.entity:on_deactivate(false) end
	self.gone = true
	return saved
end

-- The fake core ----------------------------------------------------------------------------------------------------------

-- options: settings (table of strings), http (false: not allowed), curl (false: no cURL), storage and saves (tables kept over
-- "restarts": of the mod storage, and of players, see save_player), inventory_slots (of a player, 32), player_api (false: a game
-- without the player model), fresh (see there), other_mods (name → true), mod_path, translations and client_languages (see there)
function Mock.new(options)
	options = options or {}
	local self = setmetatable({
		now_us = 1e9,
		is_fresh = options.fresh, -- files are compiled as the game does it, for what measures the garbage
		settings = options.settings or {},
		storage = options.storage or {},
		saves = options.saves or {}, -- player → {lists, fields}
		inventory_slots = options.inventory_slots or 32,
		mod_path = options.mod_path or "mods/llm_agent",
		log = {}, -- "level: text"
		chat = {}, -- {to, text}
		players = {},
		entities = {}, -- every object ever added
		has_bone_overrides = options.bone_overrides or false,
		time_of_day = 0.5,
		day = 1,
		light = 15, -- everywhere; false: nothing is loaded
		nodes = {}, -- {name, pos}, the only ones there are
		searches = 0, -- for nodes
		path_searches = 0,
		meta = {}, -- "x,y,z" → fields of that node
		game_s = 0, -- seconds of game time, which the world keeps
		recipes = {}, -- item → list as core.get_all_craft_recipes has them
		protected = {}, -- "x,y,z" → who may build there
		privs = {}, -- player → {privilege = true}
		fetches = {}, -- HTTP requests in the order they were made: {request, result, seen}
		callbacks = {globalstep = {}, chat = {}, join = {}, leave = {}, shutdown = {}, loaded = {}, fields = {}, hpchange = {},
			die = {}, place = {}},
		ground = {}, -- "x,y,z" → name, where it is not stone below 0 and air above
		spawners = {}, -- every particle spawner ever added, with is_over = true once it was deleted
		sounds = {}, -- {name, parameters, at_us, faded_us}
		media = {}, -- {name, content, player, is_there}: what was sent to clients
		media_by_file = options.media_by_file, -- as engines before 5.9
		world_path = options.world_path or "/nowhere",
		forms = {}, -- player → {name, spec}, the form that is open
	}, Mock)
	self.core = self:_core(options)
	function self.item_stack(item) return items.new_stack(self.core, item) end
	return self
end

-- Functions that not every engine has; the mod asks whether they are there.
local OPTIONAL = {request_http_api = true, read_schematic = true}

-- Reading a name that the table lacks is an error.
local function refuse_unknown_names(owner, owner_name)
	return setmetatable(owner, {__index = function(_, name)
		if not OPTIONAL[name] then error(("mock_core has no %s.%s"):format(owner_name, tostring(name)), 2) end
	end})
end

_G.vector = refuse_unknown_names({}, "vector")

function Mock:_core(options)
	local core = {
		registered_entities = {}, registered_chatcommands = {}, registered_privileges = {}, registered_items = {},
		registered_aliases = {}, registered_biomes = {}, registered_decorations = {}, registered_ores = {},
		registered_nodes = {air = {walkable = false}, stone = {}, pool = {walkable = false, liquidtype = "source"}},
	}
	self:_add_environment(core, options)
	self:_add_registrations(core)
	self:_add_world(core)
	if options.curl ~= false then
		function core.request_http_api()
			if options.http == false then return nil end
			return self:_http()
		end
	end
	return refuse_unknown_names(core, "core")
end

-- A text without its marks, each marked part looked up: what a client shows.
local function translated(words, look_up)
	local at = 1
	local function part()
		local out, arguments = {}, {}
		while at <= #words do
			local plain, mark = words:match("^[^\27]+", at), words:match("^\27%b()", at) or words:sub(at, at + 1)
			at = at + #(plain or mark)
			if plain then
				out[#out + 1] = plain
			elseif mark == "\27E" then
				break
			elseif mark == "\27F" then
				arguments[#arguments + 1] = part()
				out[#out + 1] = "@" .. #arguments
			elseif mark:find("^\27%(T") then
				local source, given = part()
				out[#out + 1] = look_up(source):gsub("@(%d)", function(number) return given[tonumber(number)] end)
			else -- a colour
				out[#out + 1] = mark
			end
		end
		return table.concat(out), arguments
	end
	return (part())
end

function Mock:_add_environment(core, options)
	core.settings = {get = function(_, name)
		if name == "llm_agent.hint" and self.settings[name] == nil then return "false" end -- players of specs were here before
		return self.settings[name]
	end}
	function core.get_current_modname() return "llm_agent" end
	function core.get_modpath(name)
		if name == "llm_agent" then return self.mod_path end
		if (options.other_mods or {})[name] then return "/mods/" .. name end
		return name == "player_api" and options.player_api ~= false and "/games/player_api" or nil
	end
	-- As the server sees it: the text with its arguments in, in the source's language. With `translations` ("language: text" →
	-- text) it is marked for whoever translates it, as the engine does.
	local argument, whole = "%s", "%s"
	if options.translations then argument, whole = "\27F%s\27E", "\27(T@llm_agent)%s\27E" end
	function core.get_translator()
		return function(words, ...)
			local given = {...}
			return whole:format((words:gsub("@(%d)", function(number) return argument:format(tostring(given[tonumber(number)])) end)))
		end
	end
	function core.get_translated_string(language, words)
		return translated(words, function(source) return (options.translations or {})[language .. ": " .. source] or source end)
	end
	-- client_languages: player → what their client speaks; client_protocols: player → the version of its protocol
	function core.get_player_information(name)
		local languages, protocols = options.client_languages or {}, options.client_protocols or {}
		return self.players[name] and {lang_code = languages[name] or "", protocol_version = protocols[name] or 46}
	end
	function core.is_singleplayer() return options.is_singleplayer or false end
	function core.get_us_time() return self.now_us end
	function core.sha1(_, raw) return raw and ("s"):rep(20) or ("73"):rep(20) end
	function core.log(level, text) self.log[#self.log + 1] = text and level .. ": " .. text or level end
	function core.get_mod_storage()
		return {
			get_string = function(_, key) return self.storage[key] or "" end,
			set_string = function(_, key, value) self.storage[key] = value ~= "" and value or nil end,
			to_table = function() return items.new_meta(self.storage):to_table() end,
		}
	end
	core.parse_json = parse_json
	function core.write_json(value) return write_json(value, 1) end
	function core.serialize(value) return dkjson.encode(value) end
	function core.deserialize(s) return (dkjson.decode(s, 1, nil, nil, nil)) end
end

function Mock:_add_registrations(core)
	local function into(list) return function(fn) table.insert(self.callbacks[list], fn) end end
	core.register_globalstep = into("globalstep")
	core.register_on_chat_message = into("chat")
	core.registered_on_chat_messages = self.callbacks.chat
	core.register_on_joinplayer = into("join")
	core.register_on_leaveplayer = into("leave")
	core.register_on_player_hpchange = into("hpchange")
	core.register_on_dieplayer = into("die")
	core.register_on_player_receive_fields = into("fields")
	core.register_on_shutdown = into("shutdown")
	core.register_on_mods_loaded = into("loaded")
	core.register_on_placenode = into("place")
	function core.register_privilege(name, def) core.registered_privileges[name] = def end
	function core.register_chatcommand(name, def) core.registered_chatcommands[name] = def end
	function core.register_craftitem(name, def)
		def.type = "craft"
		core.registered_items[name] = def
	end
	function core.register_alias(name, to) core.registered_aliases[name] = to end
	function core.register_entity(name, def) core.registered_entities[name] = def end
end

local function find_path(core, from, to, around)
	local function is_walkable(x, y, z)
		local node = core.get_node_or_nil({x = x, y = y, z = z})
		local def = node and core.registered_nodes[node.name]
		return not node or not def or def.walkable ~= false
	end
	local function height(x, y, z)
		if is_walkable(x, y, z) then return not is_walkable(x, y + 1, z) and y + 1 or nil end
		return is_walkable(x, y - 1, z) and y or is_walkable(x, y - 2, z) and y - 1 or nil
	end
	local seen, queue = {}, {{x = from.x, y = from.y, z = from.z}}
	for _, node in ipairs(queue) do
		if node.x == to.x and node.y == to.y and node.z == to.z then
			local way = {}
			while node do
				table.insert(way, 1, {x = node.x, y = node.y, z = node.z})
				node = node.before
			end
			return way
		end
		for _, side in ipairs({{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) do
			local x, z = node.x + side[1], node.z + side[2]
			local y = height(x, node.y, z)
			local key = y and ("%d,%d,%d"):format(x, y, z)
			local inside = x >= math.min(from.x, to.x) - around and x <= math.max(from.x, to.x) + around
				and z >= math.min(from.z, to.z) - around and z <= math.max(from.z, to.z) + around
			if key and inside and not seen[key] then
				seen[key] = true
				queue[#queue + 1] = {x = x, y = y, z = z, before = node}
			end
		end
	end
	return nil
end

-- Media for one client: it has them in the next step, or when mock:deliver_media() says so where mock.media_waits is set. A name
-- that is on its way already is refused, as the engine refuses it. Before 5.9 (mock.media_by_file) only files are taken.
function Mock:_add_media(core)
	core.features = {dynamic_add_media_filepath = not self.media_by_file or nil}
	function core.get_worldpath() return self.world_path end
	function core.safe_file_write(path, content)
		if self.disk_is_full then return false end
		local file = assert(io.open(path, "wb"))
		file:write(content)
		return file:close()
	end
	function core.dynamic_add_media(options, callback)
		local name, content = options.filename, options.filedata
		if options.filepath then
			local file = assert(io.open(options.filepath, "rb"))
			name, content = options.filepath:match("[^/]+$"), file:read("*a")
			file:close()
		end
		assert(content and name:find("^[%w_.-]+$") and options.ephemeral and self.players[options.to_player])
		for _, other in ipairs(self.media) do
			if other.name == name and not other.is_there then return false end
		end
		self.media[#self.media + 1] = {name = name, content = content, player = options.to_player, callback = callback}
		return not self.media_fails
	end
end

-- What is on its way to a player, or to all, has come.
function Mock:deliver_media(player_name)
	for _, entry in ipairs(self.media) do
		if not entry.is_there and (not player_name or entry.player == player_name) then
			entry.is_there = true
			if self.players[entry.player] then entry.callback(entry.player) end
		end
	end
end

-- Since 5.9: radians; nil gives the bone back to the animation.
local function set_bone_override(object, bone, override) object.bones[bone] = override end

function Mock:_add_world(core)
	function core.get_gametime() return math.floor(self.game_s) end
	function core.get_all_craft_recipes(name) return self.recipes[name] end
	function core.get_timeofday() return self.time_of_day end
	function core.get_day_count() return self.day end
	function core.get_node_light() return self.light or nil end
	-- As the engine groups them: name → positions. A search takes `search_us` of the clock.
	function core.find_nodes_in_area(low, high, names)
		local wanted, found = {}, {}
		for _, name in ipairs(names) do wanted[name] = true end
		for _, node in ipairs(self.nodes) do
			local inside = true
			for _, axis in ipairs({"x", "y", "z"}) do
				inside = inside and node.pos[axis] >= low[axis] and node.pos[axis] <= high[axis]
			end
			local has_group = false
			for group in pairs((core.registered_nodes[node.name] or {}).groups or {}) do
				has_group = has_group or wanted["group:" .. group]
			end
			if inside and (wanted[node.name] or has_group) then
				found[node.name] = found[node.name] or {}
				table.insert(found[node.name], node.pos)
			end
		end
		self.searches, self.now_us = self.searches + 1, self.now_us + (self.search_us or 0)
		return found
	end
	self.afters = {}
	function core.after(_, fn) self.afters[#self.afters + 1] = fn end -- the mod waits for the next step only
	function core.chat_send_player(name, text) self.chat[#self.chat + 1] = {to = name, text = text} end
	function core.chat_send_all(text)
		for name in pairs(self.players) do core.chat_send_player(name, text) end
	end
	function core.format_chat_message(name, message) return ("<%s> %s"):format(name, message) end
	function core.colorize(colour, text) return "\27(c@" .. colour .. ")" .. text .. "\27(c@#ffffff)" end
	function core.formspec_escape(text) return (text:gsub("[\\%[%];,$]", "\\%0")) end
	function core.show_formspec(name, form, spec) self.forms[name] = {name = form, spec = spec} end
	function core.close_formspec(name, form)
		if self.forms[name] and self.forms[name].name == form then self.forms[name] = nil end
	end
	function core.check_player_privs(name, wanted)
		for privilege in pairs(wanted) do
			if not (self.privs[name] or {})[privilege] then return false end
		end
		return true
	end
	function core.get_connected_players()
		local list = {}
		for _, player in pairs(self.players) do list[#list + 1] = player end
		return list
	end
	function core.line_of_sight() return not self.blind end
	function core.is_creative_enabled() return self.creative or false end
	function core.explode_textlist_event(event)
		local kind, index = event:match("^(%u+):(%d+)$")
		return {type = kind or "INV", index = tonumber(index)}
	end
	function core.explode_table_event(event)
		local kind, row, column = event:match("^(%u+):(%d+):(%d+)$")
		return {type = kind or "INV", row = tonumber(row) or 0, column = tonumber(column) or 0}
	end
	-- Stone below 0, air above, and what the test put somewhere: ground["x,y,z"] = name; false: not loaded.
	function core.get_node_or_nil(pos)
		local x, y, z = math.floor(pos.x + 0.5), math.floor(pos.y + 0.5), math.floor(pos.z + 0.5)
		local name = self.ground[("%d,%d,%d"):format(x, y, z)]
		if name == nil then name = y < 0 and "stone" or "air" end
		return name and {name = name} or nil
	end
	function core.get_node(pos) return core.get_node_or_nil(pos) or {name = "ignore"} end
	function core.compare_block_status(_, condition) return condition == "active" end -- each mapblock, at all times
	function core.is_protected(pos, name)
		local owner = self.protected[("%d,%d,%d"):format(pos.x, pos.y, pos.z)]
		return owner ~= nil and owner ~= name
	end
	function core.get_item_group(name, group)
		local def = core.registered_nodes[name] or core.registered_items[name] or {}
		return (def.groups or {})[group] or 0
	end
	function core.get_meta(pos)
		local key = ("%d,%d,%d"):format(pos.x, pos.y, pos.z)
		self.meta[key] = self.meta[key] or {}
		local fields = self.meta[key]
		return {
			get_string = function(_, name) return tostring(fields[name] or "") end,
			set_string = function(_, name, value) fields[name] = value end,
			get_int = function(_, name) return tonumber(fields[name]) or 0 end,
			set_int = function(_, name, value) fields[name] = value end,
		}
	end
	-- As the engine's finds ways: it looks for no room above the head, wades through what is not walkable, climbs whatever is.
	function core.find_path(from, to, around)
		self.path_searches = self.path_searches + 1
		return find_path(core, from, to, around)
	end
	function core.get_objects_inside_radius(pos, radius)
		local found = {}
		local function consider(object)
			local there = not object.gone and object.pos -- the engine counts no look for it
			if there and (there.x - pos.x) ^ 2 + (there.y - pos.y) ^ 2 + (there.z - pos.z) ^ 2 <= radius ^ 2 then
				found[#found + 1] = object
			end
		end
		for _, object in ipairs(self.entities) do consider(object) end
		for _, player in pairs(self.players) do consider(player) end
		return found
	end
	function core.add_particlespawner(def)
		self.spawners[#self.spawners + 1] = def
		return #self.spawners
	end
	function core.delete_particlespawner(id) self.spawners[id].is_over = true end
	function core.sound_play(name, parameters)
		self.sounds[#self.sounds + 1] = {name = name, parameters = parameters, at_us = self.now_us}
		return #self.sounds
	end
	function core.sound_fade(handle, step, gain)
		self.sounds[handle].faded_us, self.sounds[handle].fade = self.now_us, {step = step, gain = gain}
	end
	self:_add_media(core)
	function core.get_player_by_name(name) return self.players[name] end
	function core.add_entity(pos, name, staticdata)
		local def = assert(core.registered_entities[name], "unknown entity " .. name)
		local object = setmetatable({pos = vector_copy(pos), hp = 20, yaw = 0, properties = {}, bones = {}}, Object)
		object:set_properties({collisionbox = {-0.5, -0.5, -0.5, 0.5, 0.5, 0.5}}) -- the engine's default
		object:set_properties(def.initial_properties or {})
		if self.has_bone_overrides then object.set_bone_override = set_bone_override end
		object.entity = setmetatable({object = object, name = name}, {__index = def})
		self.entities[#self.entities + 1] = object
		if def.on_activate then object.entity:on_activate(staticdata or "", 0) end
		return not object.gone and object or nil
	end
end

-- HTTP: a request stays open until the test (or the fake daemon) answers it -----------------------------------------------------

function Mock:_http()
	return {
		fetch_async = function(request)
			assert(request.timeout % 1 == 0 and request.timeout >= 1, "before 5.14 a timeout below 1 s means for ever")
			self.fetches[#self.fetches + 1] = {request = request}
			if self.daemon then self.daemon:request(self.fetches[#self.fetches]) end
			return #self.fetches
		end,
		fetch_async_get = function(handle)
			local fetch = self.fetches[handle]
			if self.daemon then self.daemon:poll(fetch) end
			if not fetch.result then return {completed = false, succeeded = false, timeout = false, code = 0, data = ""} end
			assert(not fetch.seen, "the engine forgets a handle once its result was read")
			fetch.seen = true
			return fetch.result
		end,
	}
end

-- Answer a request: code 0 is nobody there, "timeout" no answer in time; data a string or a table.
function Mock.answer(fetch, code, data)
	if type(data) == "table" then data = dkjson.encode(data) end
	fetch.result = {
		completed = true, succeeded = code ~= 0 and code ~= "timeout", timeout = code == "timeout",
		code = code == "timeout" and 0 or code, data = data or "",
	}
end

-- Requests that wait for an answer, oldest first.
function Mock:open_fetches()
	local list = {}
	for _, fetch in ipairs(self.fetches) do
		if not fetch.result then list[#list + 1] = fetch end
	end
	return list
end

function Mock.body(fetch)
	return (dkjson.decode(fetch.request.data, 1, nil, nil, nil))
end

-- The daemon's HTTP side as docs/protocol.md has it: sessions, events kept until an `after` passes them, held polls.
-- daemon.reply(request) gives the events for a question at once (or {} to answer later with daemon:event);
-- daemon.instance is the process that answers, if it shall have a name.
-- daemon.call(method, path, body, fetch) -> code, data answers plain calls; without a code the test does, with Mock.answer.
-- What the mod reports of the game is in daemon.reports.
local Daemon = {}
Daemon.__index = Daemon

function Mock:open_daemon(reply)
	self.daemon = setmetatable({
		warmed = {}, warms = false, -- answered to the op `warm`, as the embedded model has it
		mock = self, sessions = {}, received = {}, cancelled = {}, calls = {}, reports = {}, up = true, reply = reply,
	}, Daemon)
	return self.daemon
end

-- A process that hears of a session for the first time counts on from where the client is.
function Daemon:_session(name, after)
	local session = self.sessions[name]
	if not session then
		session = {seq = after or 0, events = {}, ids = {}}
		self.sessions[name] = session
	end
	return session
end

function Daemon:event(session_name, event)
	local session = self:_session(session_name)
	session.seq = session.seq + 1
	event.seq = session.seq
	session.events[#session.events + 1] = event
end

function Daemon:request(fetch)
	if not self.up then return Mock.answer(fetch, 0) end
	local path = fetch.request.url:match("^%a+://[^/]+(/.*)$")
	if path ~= "/v1/exchange" then
		self.calls[#self.calls + 1] = fetch.request.method .. " " .. path
		local code, data = 200, {ready = true}
		if self.call then code, data = self.call(fetch.request.method, path, fetch.request.data and Mock.body(fetch), fetch) end
		if code then Mock.answer(fetch, code, data) end
		return
	end
	local body = Mock.body(fetch)
	local session = self:_session(body.session, body.after)
	fetch.instance = body.instance
	fetch.session, fetch.after, fetch.until_us = session, body.after, self.mock.now_us + body.wait_ms * 1000
	for i = #session.events, 1, -1 do
		if session.events[i].seq <= body.after then table.remove(session.events, i) end
	end
	for _, id in ipairs(body.cancel) do self.cancelled[#self.cancelled + 1] = id end
	for _, request in ipairs(body.requests) do
		if request.op == "report" then
			self.reports[#self.reports + 1] = request
		elseif request.op == "warm" then
			self.warmed[#self.warmed + 1] = request
			self:event(body.session, {id = request.id, event = "done", warms = self.warms})
		elseif not session.ids[request.id] then
			session.ids[request.id] = true
			self.received[#self.received + 1] = {session = body.session, request = request}
			for _, event in ipairs(self.reply and self.reply(request) or {}) do
				event.id = event.id or request.id
				self:event(body.session, event)
			end
		end
	end
end

function Daemon:poll(fetch)
	if fetch.result or not fetch.session then return end
	local newer = {}
	for _, event in ipairs(fetch.session.events) do
		if event.seq > fetch.after then newer[#newer + 1] = event end
	end
	local is_another = self.instance and fetch.instance and fetch.instance ~= self.instance
	if newer[1] or is_another or self.mock.now_us >= fetch.until_us then
		Mock.answer(fetch, 200, {events = newer, rejected = {}, instance = self.instance})
	end
end

-- The daemon dies: what is held breaks, what they knew is gone.
function Daemon:die()
	self.up = false
	self.sessions = {}
	for _, fetch in ipairs(self.mock:open_fetches()) do Mock.answer(fetch, 0) end
end

function Daemon:rise()
	self.up = true
end

-- Playing --------------------------------------------------------------------------------------------------------------

-- An NPC's field that api/npc.lua does not declare can neither be read nor written, by the mod or by a spec.
local function refuse_undeclared_fields(npcs)
	local Npc, FIELDS = npcs.Npc, npcs.FIELDS
	local function declared(key)
		return FIELDS[key] or error(("no field %s of an NPC is declared in api/npc.lua"):format(tostring(key)), 3)
	end
	function Npc.__index(_, key) return rawget(Npc, key) or declared(key) and nil end
	function Npc.__newindex(npc, key, value) return (rawget(Npc, key) or declared(key)) and rawset(npc, key, value) end
end

-- Load the mod as the engine does: globals `core` and, from it, `llm_agent`. `self.mod` has what the API does not show:
-- the tables of its folders, by name.
-- Thousands of servers start in the specs: each file of the mod is read and compiled once.
local read_file, compiled = loadfile, {}
local function load_once(path)
	if not compiled[path] then
		local chunk, problem = read_file(path)
		if not chunk then return nil, problem end
		compiled[path] = string.dump(chunk)
	end
	return loadstring(compiled[path], "@" .. path)
end

function Mock:load_mod()
	_G.core, _G.llm_agent, _G.ItemStack = self.core, nil, self.item_stack
	_G.loadfile = self.is_fresh and read_file or load_once
	local ok, folders = pcall(assert(loadfile(self.mod_path .. "/init.lua")))
	_G.loadfile = read_file
	if not ok then error(folders, 0) end
	self.mod = folders
	if not self.is_fresh then refuse_undeclared_fields(folders.api.npcs) end
	for _, fn in ipairs(self.callbacks.loaded) do fn() end
	return _G.llm_agent
end

-- All Lua files of the mod, by their path in its folder: what init.lua names, and what each folder's init.lua names.
function Mock.files()
	local function read(path)
		local file = assert(io.open("mods/llm_agent/" .. path))
		local content = file:read("*a")
		file:close()
		return content
	end
	local paths = {"init.lua"}
	for folder in read("init.lua"):gmatch('folder%("(%l+)"') do
		paths[#paths + 1] = folder .. "/init.lua"
		for file in read(folder .. "/init.lua"):gmatch('load%("([%w_]+)"') do paths[#paths + 1] = ("%s/%s.lua"):format(folder, file) end
	end
	return paths
end

-- The storage as the mod's own files get it (core/storage.lua), for specs of a single file.
function Mock:mod_storage()
	return assert(loadfile(self.mod_path .. "/core/storage.lua"))(
		self.core.get_mod_storage(), self.core.deserialize, self.core.parse_json)
end

function Mock:step(dtime, times)
	dtime = dtime or 0.05
	for _ = 1, times or 1 do
		self.now_us, self.game_s = self.now_us + dtime * 1e6, self.game_s + dtime
		local due = self.afters
		self.afters = {}
		for _, fn in ipairs(due) do fn() end
		if not self.media_waits then self:deliver_media() end
		for _, fn in ipairs(self.callbacks.globalstep) do fn(dtime) end
		for _, object in ipairs(self.entities) do
			local entity = not object.gone and object.entity
			if entity and object.velocity then
				object.pos.x, object.pos.z = object.pos.x + object.velocity.x * dtime, object.pos.z + object.velocity.z * dtime
			end
			if entity and entity.on_step then entity:on_step(dtime) end
		end
	end
end

function Mock:shutdown()
	for _, fn in ipairs(self.callbacks.shutdown) do fn() end
end

function Mock:join(name, pos, wielded)
	local player = setmetatable({player_name = name, pos = vector_copy(pos), hp = 20, properties = {}, wield_index = 1}, Object)
	player.inventory = items.new_inventory(self.item_stack, {main = self.inventory_slots})
	player.meta = items.new_meta()
	local saved = self.saves[name]
	if saved then
		player.inventory:restore(saved.lists)
		player.meta = items.new_meta(items.new_meta(saved.fields):to_table().fields)
	end
	if wielded then player:set_wielded_item(wielded) end
	function player.on_hp_change(...)
		for _, fn in ipairs(self.callbacks.hpchange) do fn(...) end
	end
	function player.on_die(...)
		for _, fn in ipairs(self.callbacks.die) do fn(...) end
	end
	self.players[name] = player
	for _, fn in ipairs(self.callbacks.join) do fn(player, nil) end
	return player
end

-- As the engine writes a player: inventory and metadata in one. It does so once in a while, and when the player has left.
function Mock:save_player(name)
	local player = self.players[name]
	self.saves[name] = {lists = player.inventory:save(), fields = player.meta:to_table().fields}
end

function Mock:leave(name)
	local player = self.players[name]
	for _, fn in ipairs(self.callbacks.leave) do fn(player, false) end
	self:save_player(name)
	self.players[name] = nil
	player.gone = true
end

-- What a client sends back for a form, whether it was shown or not.
function Mock:submit(name, form, fields)
	for _, fn in ipairs(self.callbacks.fields) do
		if fn(self.players[name], form, fields) then return true end
	end
	return false
end

-- True if some mod swallowed the message.
function Mock:say(name, message)
	for _, fn in ipairs(self.callbacks.chat) do
		if fn(name, message) then return true end
	end
	return false
end

function Mock:command(name, param)
	local ok, message = self.core.registered_chatcommands.llm.func(name, param)
	return ok, message
end

-- Lines of the log, or of a player's chat, that hold `words`.
function Mock:logged(words)
	local found = {}
	for _, line in ipairs(self.log) do
		if line:find(words, 1, true) then found[#found + 1] = line end
	end
	return found
end

function Mock:chat_of(name)
	local found = {}
	for _, line in ipairs(self.chat) do
		if line.to == name then found[#found + 1] = line.text end
	end
	return found
end

return Mock
