-- Fights in a real server: real bodies, blows and ways; by rules alone first, then with orders from the embedded model.
-- The mod llm_probe runs the checks.

local GROUND = {x = 8, y = 6.5, z = 8}
local ADMIN = "Robin"
local DUMMY_HP, WOLF_HP = 60, 400

local ids, seen, orders, hp_before = {}, {}, {}, 0

core.register_entity("llm_probe_combat:wolf", {
	initial_properties = {
		physical = true, hp_max = WOLF_HP, collisionbox = {-0.4, 0, -0.4, 0.4, 0.9, 0.4}, visual = "cube",
	},
	type = "monster", -- as mobs_redo and Mineclonia mark them
	on_activate = function(self)
		self.object:set_armor_groups({fleshy = 100})
		self.object:set_hp(WOLF_HP)
		self.object:set_acceleration({x = 0, y = -9.81, z = 0})
	end,
})

local function llm(word)
	core.set_player_privs(ADMIN, {llm_admin = true})
	assert(core.registered_chatcommands.llm.func(ADMIN, word))
end

local function npc(name) return llm_agent.get_npc(ids[name]) end
local function body(name) return npc(name):get_object() end
local function wolf() return llm_probe.find("llm_probe_combat:wolf") end

local function spawn(name, role, x, z)
	ids[name] = llm_agent.spawn({x = GROUND.x + x, y = GROUND.y, z = GROUND.z + z}, {role = role, name = name}).id
end

local function hit(who, by, damage)
	who:punch(by, 1, {full_punch_interval = 1, damage_groups = {fleshy = damage}}, {x = 0, y = 0, z = 1})
end

-- Where the wolf is struck from, as a direction.
local function bearing(name)
	local a, b = body(name):get_pos(), wolf():get_pos()
	return math.atan2(a.x - b.x, a.z - b.z)
end

llm_agent.on("action", function(who, _, name, _, ok, why)
	orders[#orders + 1] = name
	if not ok then core.log("action", ("[llm_probe_combat] order refused: %s %s: %s"):format(who.name, name, tostring(why))) end
end)

llm_probe.run({
	{"a_guard_goes_at_a_monster_that_comes_near", function()
		llm("off")
		for x = -8, 24, 16 do
			for z = -8, 24, 16 do core.forceload_block({x = x, y = 8, z = z}, true) end -- who falls back stays awake
		end
		spawn("Ann", "guard", -5, 0)
		core.add_entity({x = GROUND.x + 3, y = GROUND.y, z = GROUND.z}, "llm_probe_combat:wolf")
	end, function()
		return wolf() and wolf():get_hp() < WOLF_HP or nil, "the wolf is unhurt" -- it is there when its mapblock is active
	end},
	{"a_second_one_takes_its_flank", function()
		spawn("Bram", "guard", -5, 2)
		hit(body("Bram"), wolf(), 1)
	end, function()
		local combat = npc("Bram").combat
		if combat and combat.order and combat.order.kind == "flank" then seen.flank = true end
		local angle = math.abs(bearing("Ann") - bearing("Bram"))
		seen.apart = seen.apart or math.min(angle, 2 * math.pi - angle) > 0.5
		return seen.flank and seen.apart or nil, seen.flank and "they stand on the same side" or "no flank was ordered"
	end},
	{"the_model_gives_orders_that_are_carried_out", function() llm("on") end, function()
		return #orders >= 3 or nil, "orders: " .. table.concat(orders, " ")
	end},
	{"it_ends_when_the_monster_is_gone", function()
		wolf():remove()
	end, function()
		return not npc("Ann").combat and not npc("Bram").combat or nil, "they still fight"
	end},
	{"the_meek_run_and_call", function()
		spawn("Mira", "healer", 0, -6)
		core.add_entity({x = GROUND.x + 1, y = GROUND.y, z = GROUND.z - 6}, "llm_probe_combat:wolf")
		hp_before = body("Mira"):get_hp()
		hit(body("Mira"), wolf(), 2)
	end, function()
		if body("Mira"):get_hp() ~= hp_before - 2 then return false, "hit points: " .. body("Mira"):get_hp() end
		return vector.distance(body("Mira"):get_pos(), wolf():get_pos()) > 3 or nil, "she stands there"
	end},
	{"the_beaten_lie_and_get_up_again", function()
		wolf():remove()
		hit(body("Mira"), body("Ann"), DUMMY_HP)
		seen.lay = npc("Mira").beaten
	end, function()
		if not seen.lay then return false, "not beaten by " .. DUMMY_HP end
		return not npc("Mira").beaten and body("Mira"):get_hp() >= 10 or nil, "still lies there"
	end},
	{"the_watch_of_the_guide_comes_and_fights", function()
		local get_player_by_name = core.get_player_by_name
		core.get_player_by_name = function() return {get_pos = function() return GROUND end} end -- who calls them has no client
		assert(core.registered_chatcommands.watch.func(ADMIN))
		core.get_player_by_name = get_player_by_name
		core.add_entity({x = GROUND.x, y = GROUND.y, z = GROUND.z + 6}, "llm_probe_combat:wolf")
		for _, other in ipairs({"Ann", "Bram", "Mira"}) do body(other):remove() end
	end, function()
		return wolf() and wolf():get_hp() < WOLF_HP or nil, "the wolf is unhurt"
	end},
})
