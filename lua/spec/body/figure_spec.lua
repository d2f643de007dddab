-- body/figure.lua, hand.lua, roles/outfits.lua: what bodies look like and hold in each game.

local game = require("spec.support.game")
local at, body = game.at, game.body

describe("in a game,", function()
	local mock, agent
	local function start(options)
		local _
		mock, _, agent = game.start_quiet(options)
	end
	local function start_mcl()
		start({player_api = false, other_mods = {mcl_armor = true}})
		for _, piece in ipairs({"helmet_iron", "chestplate_iron", "boots_iron"}) do
			mock.core.registered_items["mcl_armor:" .. piece] = {_mcl_armor_texture = "mcl_armor_" .. piece .. ".png"}
		end
		mock.core.registered_items["mcl_armor:helmet_chain"] = {_mcl_armor_texture = function(_, stack)
			return stack:get_name():gsub(":", "_") .. ".png"
		end}
		mock.core.registered_items["mcl_tools:sword_iron"] = {}
	end
	-- What hangs on a body: the one entity of that kind, or nil.
	local function held_by(object)
		for _, entity in ipairs(mock.entities) do
			if entity.entity and entity.entity.name == "llm_agent:hand" and entity:get_attach() == object then return entity end
		end
	end

	describe("a body", function()
		it("is the player model of Mineclonia and VoxeLibre there, in a skin of ours and the armour of its role", function()
			start_mcl()
			local guard = body("g", "Ann", "guard"):get_properties()
			assert.equal("mesh", guard.visual)
			assert.equal("mcl_armor_character.b3d", guard.mesh)
			assert.same({
				"llm_agent_guard.png", "(mcl_armor_helmet_iron.png)^(mcl_armor_chestplate_iron.png)^(mcl_armor_boots_iron.png)",
				"llm_agent_blank.png",
			}, guard.textures)
			assert.equal("(mcl_armor_helmet_chain.png)", body("m", "Moe", "miner"):get_properties().textures[2])
			mock.core.registered_items["mcl_armor:boots_leather"] = {_mcl_armor_texture = function() error("no") end}
			assert.equal("llm_agent_blank.png", body("h", "Hal", "hunter"):get_properties().textures[2])
			assert.is_true(agent.get_npc("g").is_model)
			assert.equal(0, agent.get_npc("g").foot_y)
		end)

		it("moves the bones of the game's model when it waves", function()
			start_mcl()
			local object = body("g", "Ann", "guard")
			assert.is_true(agent.get_npc("g"):emote("wave"))
			assert.is_not_nil(object.bones.Arm_Right_Pitch_Control)
			assert.is_nil(object.bones.Arm_Right)
		end)

		it("wears one texture that a mod gave its role as the model's skin", function()
			start_mcl()
			agent.register_role("knight", {persona = "A knight.", textures = {"knight.png"}})
			assert.same({"knight.png", "llm_agent_blank.png", "llm_agent_blank.png"}, body("k", "Kay", "knight"):get_properties().textures)
		end)
	end)

	describe("a hand", function()
		it("holds the tool of the role, on the hand of the game's model, and is gone with its body", function()
			for _, case in ipairs({
				{start = start_mcl, item = "mcl_tools:sword_iron", bone = "Wield_Item"},
				{start = start, item = "default:sword_steel", bone = "Arm_Right"},
			}) do
				case.start()
				mock.core.registered_items[case.item] = {}
				local object = body("g", "Ann", "guard")
				local held = held_by(object)
				assert.equal(case.item, held:get_properties().wield_item)
				assert.equal(case.bone, held.attached_to_bone)
				assert.is_nil(held.entity.get_staticdata)
				object:remove()
				assert.is_nil(held:get_pos())
			end
		end)

		it("comes back where the engine lost it, and changes with the role", function()
			start()
			mock.core.registered_items["default:sword_steel"] = {}
			mock.core.registered_items["default:apple"] = {}
			local object = body("g", "Ann", "guard")
			held_by(object):remove()
			mock:step(0.05, 2)
			assert.equal("default:sword_steel", held_by(object):get_properties().wield_item)
			agent.get_npc("g").role = "child"
			mock:step(0.05, 2)
			assert.equal("default:apple", held_by(object):get_properties().wield_item)
			agent.get_npc("g").role = "villager"
			mock:step(0.05, 2)
			assert.is_nil(held_by(object))
		end)

		it("holds what a mod gave its role, and nothing where the game has no such thing or the setting says so", function()
			start()
			agent.register_role("ferryman", {persona = "A ferryman rows.", hand = "boats:oar"})
			assert.is_nil(held_by(body("f", "Fen", "ferryman", at(3))))
			mock.core.registered_items["boats:oar"] = {}
			mock:step(0.05, 3)
			assert.is_not_nil(held_by(agent.get_npc("f"):get_object()))
			start({settings = {["llm_agent.hands"] = "false"}})
			mock.core.registered_items["default:sword_steel"] = {}
			assert.is_nil(held_by(body("g", "Ann", "guard")))
		end)
	end)

	describe("before a player's eyes", function()
		local function distance(object, player)
			local a, b = object:get_pos(), player:get_pos()
			return math.sqrt((a.x - b.x) ^ 2 + (a.z - b.z) ^ 2)
		end
		local function ground(x) return {x = x, y = -0.5, z = 0} end

		it("nobody walks, neither strolling nor on the way to somewhere behind or to the player", function()
			start({settings = {["llm_agent.wander_radius"] = "4"}})
			math.randomseed(5)
			local object, npc = body("m", "Mira", "smith", ground(0))
			local robin = mock:join("Robin", ground(2))
			local nearest = math.huge
			local function look(seconds)
				for _ = 1, seconds * 10 do
					mock:step(0.1)
					nearest = math.min(nearest, distance(object, robin))
				end
			end
			look(120)
			for _, goal in ipairs({ground(6), "Robin"}) do
				local is_there
				npc:go_to(goal, {}, function(ok) is_there = ok end)
				look(20)
				assert.is_true(is_there)
			end
			assert.is_true(nearest > 0.9, nearest)
		end)

		it("one whom a player walks into goes back a step, unless it was told to stay", function()
			for _, stays in ipairs({false, true}) do
				start({settings = {["llm_agent.wander"] = "false"}})
				local object, npc = body("m", "Mira", "smith", ground(0))
				if stays then npc:stay() end
				local robin = mock:join("Robin", ground(0.5))
				mock:step(0.1, 60)
				assert.equal(not stays, distance(object, robin) >= 0.9)
				assert.is_true(distance(object, robin) < 2)
				assert.equal(0, object:get_velocity().x)
			end
		end)
	end)
end)
