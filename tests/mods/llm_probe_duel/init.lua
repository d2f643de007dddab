-- Fights between NPCs and a real player, Robin, whose client only joins: his blows and words are made here. No model is there:
-- all of it is by rule. The mod llm_probe runs the checks.

local ROBIN = "Robin"
local GROUND = {x = 8, y = 6.5, z = 8}
local FIST = {full_punch_interval = 1, damage_groups = {fleshy = 1}}
local WARNING_S, EVERY_S = 5, 1.5 -- the defaults

local ids, said, blows, lost = {}, {}, {}, 0 -- lost: Robin's hit points of all causes
-- What games decide each in their own way: asked through the engine's functions, as the mod does.
local is_protected, protects = core.is_protected, false

function core.is_protected(pos, name) return protects or is_protected(pos, name) end

local function now_s() return core.get_us_time() / 1e6 end
local function robin() return core.get_player_by_name(ROBIN) end
local function npc(name) return llm_agent.get_npc(ids[name]) end
local function body(name) return npc(name):get_object() end
local function at(x, z) return {x = GROUND.x + x, y = GROUND.y, z = GROUND.z + z} end

-- A client may fall through ground that it has not got yet: Robin is held where he was put.
local stand
local function put(pos)
	stand = pos
	robin():set_pos(pos)
end

core.register_globalstep(function()
	local player = stand and robin()
	if player and player:get_hp() > 0 and vector.distance(player:get_pos(), stand) > 1 then player:set_pos(stand) end
end)

local function spawn(name, role, x, z) ids[name] = llm_agent.spawn(at(x, z), {role = role, name = name}).id end

local function strike(name, points)
	FIST.damage_groups.fleshy = points or 1
	body(name):punch(robin(), 1, FIST, {x = 0, y = 0, z = 1})
end

local function say(words)
	for _, fn in ipairs(core.registered_on_chat_messages) do
		if core.callback_origins[fn].mod == "llm_agent" then fn(ROBIN, words) end
	end
end

local function was_said(name, words)
	for _, line in ipairs(said) do
		if line[1] == name and line[2]:find(words) then return true end
	end
	return false
end

llm_agent.on("say", function(who, line) said[#said + 1] = {who.name, line} end)

-- A blow of an NPC's. Mineclonia takes it from the engine, and counts it by a reason of its own; so does VoxeLibre other harm.
core.register_on_player_hpchange(function(_, change, reason)
	lost = lost - math.min(0, change)
	local by = reason._mcl_reason and reason._mcl_reason.source or reason.type == "punch" and reason.object
	local self = by and by:get_luaentity()
	if change < 0 and self and self.npc_id then blows[#blows + 1] = {at_s = now_s(), points = -change} end
end, false)

-- For a check that fails: where the two are, and how it stands between them.
local function state()
	local combat, player = npc("Ann").combat, robin()
	return ("Robin %s with %d hit points, groups %s; Ann %s with %d, %s"):format(core.pos_to_string(player:get_pos(), 1),
		player:get_hp(), core.write_json(player:get_armor_groups()), core.pos_to_string(body("Ann"):get_pos(), 1),
		body("Ann"):get_hp(), combat and "fights" or "at peace")
end

-- Robin, whole, beside an NPC that is new, in a world where nothing has happened.
local began_s
local function scene(role, x)
	for name, id in pairs(ids) do
		local old = llm_agent.get_npc(id)
		if old and old:get_object() then old:get_object():remove() end
		ids[name] = nil
	end
	protects = false
	local player = robin()
	put(at(x or 1.5, 0))
	player:set_armor_groups({fleshy = 100, fall_damage_add_percent = -100})
	player:set_hp(20, {type = "set_hp"})
	spawn("Ann", role, 0, 0)
	said, blows, lost, began_s = {}, {}, 0, now_s()
end

local function passed_s() return now_s() - began_s end

-- Struck by Robin, Ann does not strike back; he is told why.
local function nobody_strikes()
	strike("Ann", 5)
	return body("Ann"):get_hp() == 20 and not npc("Ann").combat
end

local lines_at_death, distance_before, hurt

-- devtest knows creative players by a setting alone, which the engine reads once.
local is_creative = false
core.register_on_mods_loaded(function()
	if core.registered_privileges.creative then return end
	function core.is_creative_enabled() return is_creative end
end)

-- {name, begin, done() -> true, or nil or false and why not}
local CHECKS = {
	{"a_player_joins", nil, function()
		local player = robin()
		if not player then return nil, "nobody" end
		scene("guard")
		return core.settings:get_bool("enable_damage") and body("Ann"):get_hp() == 20, "no damage here"
	end},
	{"who_is_struck_warns_and_waits", function() strike("Ann") end, function()
		if #blows > 0 and passed_s() < WARNING_S - 0.5 then return false, "struck at once" end
		if passed_s() < WARNING_S - 0.5 then return nil, "waits" end
		return was_said("Ann", "orry"), "said no warning"
	end},
	{"then_blows_come_at_a_pace_one_survives", nil, function()
		if #blows < 4 then return nil, #blows .. " blows; " .. state() end
		for i, blow in ipairs(blows) do
			local before = blows[i - 1]
			if blow.points ~= 2 then return false, "a blow of " .. blow.points end
			if before and blow.at_s - before.at_s < EVERY_S - 0.1 then return false, "too fast: " .. blow.at_s - before.at_s end
		end
		local left = robin():get_hp() -- who has eaten heals meanwhile in some games
		return left < 20 and left >= 20 - lost, "hit points: " .. left
	end},
	{"the_games_armour_counts", function()
		robin():set_armor_groups({fleshy = 50})
		blows = {}
	end, function()
		if not blows[1] then return nil, "no blow" end
		return blows[1].points == 1, "a blow of " .. blows[1].points
	end},
	{"sorry_ends_it", function()
		say("Sorry, Ann!")
		blows, began_s = {}, now_s()
	end, function()
		if npc("Ann").combat or #blows > 0 then return false, "fights on" end
		return passed_s() > 4 and was_said("Ann", "eace") or was_said("Ann", "forgotten") or nil, "no pardon"
	end},
	{"stepping_back_does_too", function()
		scene("smith")
		strike("Ann")
		put(at(10, 0))
	end, function()
		if #blows > 0 then return false, "struck" end
		return passed_s() > WARNING_S and not npc("Ann").combat or nil, "still in a fight"
	end},
	{"the_players_blows_count_and_the_hurt_yield", function()
		scene("guard")
		strike("Ann", 8)
		hurt = body("Ann"):get_properties().infotext
		strike("Ann", 8)
	end, function()
		if not core.get_translated_string("", hurt):find("12") then return false, hurt end
		if npc("Ann").combat then return nil, "fights on with " .. body("Ann"):get_hp() end
		return body("Ann"):get_hp() >= 4 and vector.distance(body("Ann"):get_pos(), robin():get_pos()) > 4 or nil, "does not fall back"
	end},
	{"and_are_beaten", function() strike("Ann", 20) end, function()
		return npc("Ann").beaten == true and body("Ann"):get_hp() == 1, "not beaten"
	end},
	{"children_and_elders_flee", function()
		scene("child")
		spawn("Otto", "elder", 0, 2)
		for _, name in ipairs({"Ann", "Otto"}) do strike(name) end
	end, function()
		if #blows > 0 then return false, "struck" end
		local far = true
		for _, name in ipairs({"Ann", "Otto"}) do far = far and vector.distance(body(name):get_pos(), robin():get_pos()) > 6 end
		return far or nil, "they stand there"
	end},
	{"nobody_fights_who_cannot_be_hurt", function()
		scene("guard")
		robin():set_armor_groups({immortal = 1})
	end, function() return nobody_strikes(), "an immortal is fought" end},
	{"nor_who_is_creative", function()
		scene("guard")
		core.set_player_privs(ROBIN, {creative = true, interact = true, shout = true})
		is_creative = true
	end, function()
		local right = nobody_strikes()
		core.set_player_privs(ROBIN, {interact = true, shout = true})
		is_creative = false
		return right, "one in creative mode is fought"
	end},
	{"nor_in_a_protected_place", function()
		scene("guard")
		protects = true
	end, function() return nobody_strikes(), "a protected place" end},
	{"nor_without_pvp", function()
		scene("guard")
		core.settings:set("enable_pvp", "false")
	end, function()
		local right = nobody_strikes()
		core.settings:set("enable_pvp", "true")
		return right, "no pvp"
	end},
	{"a_hunter_and_a_guard_fight_when_told", function()
		scene("guard")
		spawn("Hugo", "hunter", 0, 1.5)
		spawn("Rolf", "bandit", 5, 0)
		began_s = now_s()
	end, function()
		if passed_s() < 2 then return nil, "they come" end
		if not npc("Rolf").combat and not npc("Ann").combat then say("Ann and Hugo, attack Rolf!") end
		local ann, hugo = npc("Ann").combat, npc("Hugo").combat
		if not (ann and hugo) then return nil, "they do not fight" end
		distance_before = distance_before or body("Rolf"):get_hp()
		return body("Rolf"):get_hp() < 20 or nil, "Rolf is unhurt"
	end},
	{"who_strikes_a_player_is_fought_by_their_guard", function()
		scene("guard")
		spawn("Rolf", "bandit", 0, 5)
		npc("Ann"):guard(ROBIN)
		robin():punch(body("Rolf"), 1, {full_punch_interval = 1, damage_groups = {fleshy = 1}}, {x = 0, y = 0, z = -1})
	end, function()
		return npc("Ann").combat and body("Rolf"):get_hp() < 20 or nil, "Rolf is unhurt"
	end},
	{"nothing_is_said_after_a_death", function()
		scene("guard")
		robin():set_hp(3, {type = "set_hp"})
		strike("Ann")
	end, function()
		if robin():get_hp() > 0 and not lines_at_death then return nil, "lives with " .. robin():get_hp() end
		if not lines_at_death then lines_at_death, began_s = #said, now_s() end
		if passed_s() < 6 then return nil, "listens" end
		return #said == lines_at_death and not npc("Ann").combat, "said after it: " .. (said[#said] or {})[2]
	end},
}

local has_begun = false
core.register_on_joinplayer(function() -- a client takes a while for the media of a large game
	if not has_begun then llm_probe.run(CHECKS) end
	has_begun = true
end)
