-- The stage's manager: builds the square, lights it, dresses whoever joins as an admin and moves the camera on `/stage SCENE`.
-- For tests and screenshots with a real client; logs `[llm_stage] …` for each thing that the rig waits for, forms among them,
-- so that the rig finds a button by its name. Never part of a world that people play in.

local GROUND_Y = 8
local place = core.get_modpath("default") and "square" or "meadow"
local build = loadfile(("%s/%s.lua"):format(core.get_modpath("llm_stage"), place))(GROUND_Y)

-- Things of minetest_game, and what they are called in Mineclonia and VoxeLibre.
local NAMES = {
	["default:steel_ingot"] = "mcl_core:iron_ingot", ["default:coal_lump"] = "mcl_core:coal_lump",
	["flowers:rose"] = "mcl_flowers:poppy", ["farming:wheat"] = "mcl_farming:wheat_item", ["farming:bread"] = "mcl_farming:bread",
}

local function here(stack)
	local name = stack:match("^%S+")
	return place == "square" and stack or (NAMES[name] or name) .. stack:sub(#name + 1)
end

local function log(...) core.log("action", "[llm_stage] " .. string.format(...)) end

local function at(x, z) return {x = x, y = GROUND_Y + 0.5, z = z} end

-- Where the player stands, whom they look at, and who else is there. The camera looks at `look`, at a face's height
-- or `look_up` nodes above the ground; `item` is in the player's hand, `pack` in their pack. `begin` is what has been before, and
-- nobody reads it in the chat.
local SCENES = {
	smith = {stand = at(-7.3, -0.6), look = at(-8, 2.2), cast = {{"smith", "Mira", at(-8, 2.2)}}},
	trade = {
		stand = at(7.8, -0.1), look = at(8, 3), cast = {{"merchant", "Bram", at(8, 3)}},
		pack = {"llm_agent:coin 45", "default:steel_ingot 4", "flowers:rose 3", "default:coal_lump 22", "farming:wheat 12"},
	},
	stall = {stand = at(6.6, -5.2), look = at(8, 3), cast = {{"merchant", "Bram", at(8, 3)}}, pack = {"llm_agent:coin 60"}},
	market = {stand = at(7.8, -0.1), look = at(8, 3), cast = {{"merchant", "Bram", at(8, 3)}}},
	square = {
		stand = at(0, -0.4), look = at(0, 3.5),
		cast = {{"elder", "Otto", at(-1.4, 3.6)}, {"farmer", "Piet", at(0, 4.2)}, {"child", "Ida", at(1.4, 3.6)}},
	},
	quests = {
		stand = at(-7.3, -0.6), look = at(-8, 2.2), pack = {"default:coal_lump 5", "farming:bread 3"},
		cast = {{"smith", "Mira", at(-8, 2.2)}, {"innkeeper", "Rosa", at(-5.8, 2.4)}, {"farmer", "Piet", at(-5.2, 0.6)}},
		begin = function(player_name, by_name)
			llm_agent.set_place("Old Mill", at(60, 0), 9)
			local function quest(npc_name, name, ...)
				by_name[npc_name]:add_goods("llm_agent:coin", 40)
				assert(by_name[npc_name]:offer_quest(player_name, name))
				for _, word in ipairs({...}) do assert(core.registered_chatcommands.llm.func(player_name, "quests " .. word)) end
			end
			quest("Mira", "stage_steel", "accept", "abandon 1")
			quest("Mira", "stage_coal", "accept")
			quest("Rosa", "stage_bread", "accept")
			quest("Piet", "stage_mill")
		end,
	},
	people = {
		stand = at(0, -0.6), look = at(0, 3.5),
		cast = {
			{"guard", "Ann", at(-2.2, 3.4)}, {"smith", "Mira", at(-0.8, 3.8)}, {"miner", "Moe", at(0.8, 3.8)},
			{"hunter", "Bram", at(2.2, 3.4)}, {"child", "Ida", at(1.4, 2.6)},
		},
		begin = function(player_name, by_name)
			by_name.Mira:add_goods("llm_agent:coin", 40)
			assert(by_name.Mira:offer_quest(player_name, "stage_coal"))
		end,
	},
	empty = {stand = at(0, -2), look = at(0, 9), cast = {}},
	fight = {
		stand = at(0, -1), look = at(0, 3),
		cast = {{"guard", "Ann", at(-1.6, 2.4)}, {"hunter", "Bram", at(1.6, 2.6)}, {"bandit", "Rolf", at(0, 4.2)}},
		begin = function(_, by_name)
			for _, name in ipairs({"Ann", "Bram"}) do
				local rolf = by_name.Rolf:get_object()
				by_name[name]:get_object():punch(rolf, 1, {full_punch_interval = 1, damage_groups = {fleshy = 1}}, {x = 0, y = 0, z = -1})
			end
		end,
	},
	egg = {stand = at(0, -2), look = at(0, 1), look_up = 0.2, cast = {}, item = "llm_agent:spawn_egg 5"},
}
local EYES = 1.625 -- nodes above the feet
local FACE = 1.55

local function yaw_to(from, target) return math.atan2(from.x - target.x, target.z - from.z) end

local function spawn(towards, role, name, pos)
	local npc = llm_agent.spawn(pos, {role = role, name = name})
	npc:get_object():set_yaw(yaw_to(pos, towards))
	log("here npc=%s name=%s", npc.id, name)
	return npc
end

local function look_at(player, from, target, look_up)
	local x, z = target.x - from.x, target.z - from.z
	player:set_pos(from)
	player:set_look_horizontal(yaw_to(from, target))
	player:set_look_vertical(math.atan2(EYES - (look_up or FACE), math.sqrt(x * x + z * z)))
end

local function unheard(act, ...)
	local chat_send_player = core.chat_send_player
	core.chat_send_player = function() end
	act(...)
	core.chat_send_player = chat_send_player
end

local function clear()
	local bodies = {}
	for _, entity in pairs(core.luaentities) do
		if entity.name == "llm_agent:npc" then bodies[#bodies + 1] = entity.object end
	end
	for _, body in ipairs(bodies) do body:remove() end
end

core.register_chatcommand("stage", {
	params = "SCENE",
	description = "Set the stage for a scene",
	func = function(name, word)
		local scene, player = SCENES[word], core.get_player_by_name(name)
		if not scene or not player then return false, "No such scene" end
		unheard(clear)
		look_at(player, scene.stand, scene.look, scene.look_up)
		player:get_inventory():set_list("main", {})
		player:set_wielded_item(scene.item or "")
		for i, stack in ipairs(scene.pack or {}) do player:get_inventory():set_stack("main", i + 1, here(stack)) end
		local by_name = {}
		for _, actor in ipairs(scene.cast) do by_name[actor[2]] = spawn(scene.stand, unpack(actor)) end
		if scene.begin then unheard(scene.begin, name, by_name) end
		log("scene %s", word)
		return true
	end,
})

local function actor(name)
	for _, entity in pairs(core.luaentities) do
		local npc = entity.npc_id and llm_agent.get_npc(entity.npc_id)
		if npc and npc.name == name then return npc end
	end
end

core.register_chatcommand("gesture", {
	params = "NAME KIND or JSON",
	description = "Have somebody on the stage make a gesture",
	func = function(_, words)
		local name, kind = words:match("^(%S+) (.+)$")
		local npc = actor(name)
		if npc and kind:find("^{") then return llm_agent.play_gesture(npc, kind) end
		if npc then return npc:emote(kind) end
		return false, "Nobody of that name here"
	end,
})

core.register_chatcommand("line", {
	params = "NAME WORDS",
	description = "Have somebody on the stage say a line",
	func = function(_, words)
		local name, line = words:match("^(%S+) (.+)$")
		local npc = actor(name)
		if npc then return npc:say(line) end
		return false, "Nobody of that name here"
	end,
})

-- The chat is for the scene alone.
function core.get_server_status() return "" end
function core.send_join_message() end

for name, def in pairs({
	steel = {kind = "fetch", item = here("default:steel_ingot"), count = 4, reward = 30, roles = {"smith"}},
	coal = {kind = "fetch", item = here("default:coal_lump"), count = 8, reward = 20, roles = {"smith"}},
	bread = {kind = "fetch", item = here("farming:bread"), count = 3, reward = 18, roles = {"innkeeper"}},
	mill = {kind = "visit", target = "Old Mill", reward = 6, roles = {"farmer"}},
}) do llm_agent.register_quest("stage_" .. name, def) end

core.register_on_mods_loaded(function()
	local show_formspec = core.show_formspec
	function core.show_formspec(player_name, form_name, spec)
		log("form %s", core.write_json({player = player_name, name = form_name, spec = spec}))
		return show_formspec(player_name, form_name, spec)
	end
	local close_formspec = core.close_formspec
	function core.close_formspec(player_name, form_name)
		log("form closed %s", form_name)
		return close_formspec(player_name, form_name)
	end
	core.after(0, function()
		core.set_timeofday(0.42)
		core.emerge_area({x = -32, y = -16, z = -32}, {x = 32, y = 32, z = 32}, function(_, _, left)
			if left > 0 then return end
			build()
			log("ready")
		end)
	end)
end)

core.register_on_newplayer(function(player)
	core.set_player_privs(player:get_player_name(), {interact = true, shout = true, llm_admin = true})
end)

core.register_on_joinplayer(function(player)
	player:hud_set_flags({hotbar = false, healthbar = false, breathbar = false, wielditem = false, minimap = false})
	look_at(player, SCENES.empty.stand, SCENES.empty.look)
end)

core.register_on_chat_message(function(name, message) log("heard %s: %s", name, message) end)
core.register_on_chatcommand(function(name, command, params) log("heard %s: /%s %s", name, command, params) end)
core.register_on_player_receive_fields(function(_, form_name, fields)
	log("fields %s", core.write_json({name = form_name, fields = fields}))
end)
