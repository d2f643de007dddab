-- Looks at the bodies of NPCs in a real server, in whatever game runs: the game's own model, armour where it has some, the tool
-- in the hand, and a step that is kept off a player, for whom a stand-in is there. The mod llm_probe runs the checks.

local PLACE = {x = llm_probe.place.x, y = 5.5, z = llm_probe.place.z}
local MODEL = core.get_modpath("mcl_armor") and "mcl_armor_character.b3d" or core.get_modpath("player_api") and "character.b3d"

local eyes -- where the stand-in for a player is
local ann, thing

local robin = {
	is_player = function() return true end,
	get_player_name = function() return "Robin" end,
	get_pos = function() return vector.new(eyes) end,
}
local get_connected_players = core.get_connected_players
-- For our steps alone: a game's own mods ask more of a player.
function core.get_connected_players()
	return eyes and core.get_last_run_mod() == "llm_agent" and {robin} or get_connected_players()
end

local function body() return ann:get_object() end

local function hand()
	for _, child in ipairs(body():get_children()) do
		local self = child:get_luaentity()
		if self and self.name == "llm_agent:hand" then return child end
	end
end

local function distance()
	local pos = body():get_pos()
	return math.sqrt((pos.x - eyes.x) ^ 2 + (pos.z - eyes.z) ^ 2)
end

llm_probe.run({
	{"looks_as_people_do_in_this_game", function()
		ann = llm_agent.spawn(PLACE, {role = "guard", name = "Ann"})
	end, function()
		local look = body():get_properties()
		if not MODEL then return look.visual == "upright_sprite", look.visual end
		return look.visual == "mesh" and look.mesh == MODEL, look.mesh
	end},
	{"wears_armour_where_the_game_has_it", nil, function()
		local worn = body():get_properties().textures[2]
		if not core.get_modpath("mcl_armor") then return true end
		return worn:find("chestplate_iron", 1, true) ~= nil, worn
	end},
	{"holds_the_tool_of_its_role", nil, function()
		if not MODEL then return true end
		thing = hand()
		if not thing then return nil, "empty hand" end
		local item = thing:get_properties().wield_item
		return item:find("sword", 1, true) ~= nil and core.registered_items[item] ~= nil, item
	end},
	{"holds_another_with_another_role", function() ann.role = "child" end, function()
		if not MODEL then return true end
		local item = hand() and hand():get_properties().wield_item or "nothing"
		return item:find("apple", 1, true) ~= nil or nil, item
	end},
	{"makes_a_gesture", nil, function() return ann:emote("wave") end},
	{"plays_a_gesture_that_came_as_json", function()
		assert(llm_agent.play_gesture(ann, '{"frames": [{"at": 0.3, "joints": {"Arm_Left": [90, 0, 0]}}], "times": 5}'))
	end, function()
		if not MODEL then return true end
		local _, turned = body():get_bone_position(core.get_modpath("mcl_armor") and "Arm_Left_Pitch_Control" or "Arm_Left")
		return math.abs(turned.x - 270) < 1 or nil, core.pos_to_string(turned)
	end},
	{"goes_back_from_who_walks_into_it", function()
		eyes = vector.offset(body():get_pos(), 0.4, 0, 0)
		eyes.y = PLACE.y
	end, function()
		return distance() >= 0.9 and llm_probe.speed(body()) < 0.1 or nil, ("%.2f nodes"):format(distance())
	end},
	{"leaves_nothing_in_the_air", function()
		eyes = nil
		body():remove()
	end, function()
		return not (thing and thing:get_pos()) and not llm_probe.find("llm_agent:hand") or nil, "a hand without a body"
	end},
})
