-- adapters/: minds for mobs_redo, Mineclonia and VoxeLibre, played with fakes of these mods.

local minds = require("spec.support.minds")
local at, luaentity, click, talks = minds.at, minds.luaentity, minds.click, minds.talks

local function load_fake(name) return assert(loadfile("lua/spec/fakes/" .. name .. ".lua"))() end

describe("a mind that an adapter gives", function()
	local mock, agent, storage
	local function start(...) mock, agent, storage = minds.start(...) end
	local function look_around() mock:step(0.05, 12) end

	describe("of mobs_redo", function()
		local mobs

		local function start_mobs(options)
			options = options or {}
			options.other_mods = {mobs = true, mobs_npc = true}
			start(options, function(core) mobs = load_fake("mobs_redo")(core, options.new_tags) end, options.reply)
		end

		local function spawn(name, fields) return mock.core.add_entity(at(0), name, mock.core.serialize(fields or {})) end
		local function mind(object) return agent.get_npc((luaentity(object).llm_agent or {}).id) end

		it("comes to people, with the role that fits, and not to animals", function()
			start_mobs()
			local roles = {}
			for _, name in ipairs({"mobs_npc:npc", "mobs_npc:igor", "mobs_npc:trader", "guards:town_guard"}) do
				roles[#roles + 1] = mind(spawn(name)).role
			end
			assert.same({"villager", "guard", "merchant", "guard"}, roles)
			assert.equal("child", mind(spawn("mobs_npc:npc", {child = true})).role)
			assert.is_nil(luaentity(spawn("mobs_animal:cow")).llm_agent)
			start({other_mods = {mobs = true}}, function(core) core.register_entity("zoo:keeper", {type = "npc"}) end)
			assert.is_nil(luaentity(spawn("zoo:keeper")).llm_agent)
		end)

		it("does not come where the admin says so", function()
			start_mobs({settings = {["llm_agent.adapters"] = "false"}})
			assert.is_nil(luaentity(spawn("mobs_npc:npc")).llm_agent)
			-- nor back to one that had it
			start_mobs({storage = storage})
			local saved = spawn("mobs_npc:npc"):unload()
			start_mobs({storage = storage, settings = {["llm_agent.adapters"] = "false"}})
			local object = spawn("mobs_npc:npc", mock.core.deserialize(saved))
			assert.is_nil(mind(object))
			agent.attach(spawn("mobs_npc:npc"), {role = "elder"}) -- another mod may
			assert.is_nil(mind(spawn("mobs_npc:npc", mock.core.deserialize(saved))))
		end)

		it("uses the name that the mob has, and takes up a new one", function()
			for _, new_tags in ipairs({false, true}) do
				start_mobs({new_tags = new_tags})
				local object = spawn("mobs_npc:npc", {nametag = "Alma"})
				assert.equal("Alma", mind(object).name)
				mobs.name(luaentity(object), "Berta")
				look_around()
				assert.equal("Berta", mind(object).name)
				mobs.name(luaentity(object), "\27(T@guards)Guard\27E")
				look_around()
				assert.equal("Guard", mind(object).name)
				local trader = spawn("mobs_npc:trader")
				assert.not_equal("Trader", mind(trader).name)
				luaentity(trader).game_name = "Duncan"
				look_around()
				assert.equal("Duncan", mind(trader).name)
			end
			local hurt = luaentity(spawn("mobs_npc:npc", {nametag = "Alma"}))
			hurt.nametag2, hurt.nametag = hurt.nametag, "♥ 3 / 10" -- as old releases show health
			look_around()
			assert.equal("Alma", mind(hurt.object).name)
		end)

		it("shows a made-up name until the mob has its own, and keeps what an admin set", function()
			start_mobs()
			local object = spawn("mobs_npc:npc")
			local npc = mind(object)
			assert.equal(npc.name, object:get_properties().nametag)
			npc.role = "elder"
			look_around()
			assert.equal("elder", npc.role)
			mobs.name(luaentity(object), "Berta")
			look_around()
			assert.same({"elder", "Berta", "Berta"}, {npc.role, npc.name, object:get_properties().nametag})
		end)

		it("stays the same through unloading and a restart; a detached one stays without", function()
			start_mobs()
			local object = spawn("mobs_npc:npc")
			local npc = mind(object)
			local saved = object:unload()
			start_mobs({storage = storage})
			object = mock.core.add_entity(at(0), "mobs_npc:npc", saved)
			assert.same({npc.id, npc.name, npc.role}, {mind(object).id, mind(object).name, mind(object).role})
			agent.detach(object)
			object = mock.core.add_entity(at(0), "mobs_npc:npc", object:unload())
			assert.is_nil(mind(object))
			agent.attach(object, {role = "elder"})
		end)

		it("makes it stand while it talks, and gives its order back, also if it was unloaded meanwhile", function()
			start_mobs()
			local object = spawn("mobs_npc:npc")
			local self = luaentity(object)
			mock:step()
			assert.equal("walk", self.state)
			for _ = 1, 2 do mind(object).hold(object, true) end
			mock:step(0.05, 5)
			assert.same({"stand", "stand", 0}, {self.state, self.order, self.speed})
			self:set_yaw(3, 8)
			mind(object).turn(object, 1)
			mock:step(0.05, 2)
			assert.equal(1, object:get_yaw())
			mind(object).hold(object, false)
			assert.same({"wander", true}, {self.order, self.randomly_turn})
			mind(object).hold(object, true)
			object = mock.core.add_entity(at(0), "mobs_npc:npc", object:unload())
			assert.equal("wander", luaentity(object).order)
			self = luaentity(object)
			self.state = "attack"
			mind(object).hold(object, true)
			assert.same({"attack", "wander"}, {self.state, self.order})
		end)

		it("stands and looks at whom it talks with, until the talk is over", function()
			start_mobs()
			local object, player = spawn("mobs_npc:npc"), mock:join("Robin", {x = 0, y = 0, z = 3})
			object:set_yaw(2)
			click(object, player)
			assert.same({"stand", 0}, {luaentity(object).order, object:get_yaw()})
			object = mock.core.add_entity(at(0), "mobs_npc:npc", object:unload()) -- in the middle of it
			assert.equal("wander", luaentity(object).order)
			player:set_pos({x = 3, y = 0, z = 0})
			click(object, player)
			assert.same({"stand", -math.pi / 2}, {luaentity(object).order, object:get_yaw()})
			mock:step(1, 60)
			assert.equal("stand", luaentity(object).order)
			mock:submit("Robin", "llm_agent:dialog", {quit = "true"})
			mock:step(1, 20)
			assert.equal("wander", luaentity(object).order)
		end)

		it("leaves shop, owner and gifts their click", function()
			start_mobs()
			local player = mock:join("Robin", at(2))
			local trader = spawn("mobs_npc:trader")
			assert.equal(0, talks(trader, player))
			player.sneaks = true
			assert.equal(1, talks(trader, player))
			player.sneaks = false
			local npc = spawn("mobs_npc:npc")
			for held, talk in pairs({[""] = 1, ["default:pick_steel"] = 1, ["farming:bread"] = 0, ["mobs:nametag"] = 0}) do
				player:set_wielded_item(held)
				assert.equal(talk, talks(npc, player), held)
			end
			player:set_wielded_item("")
			luaentity(npc).tamed = true
			assert.equal(0, talks(npc, player))
		end)

		it("answers what was asked when the mob is removed", function()
			start_mobs({reply = function() return {} end})
			local object, replies = spawn("mobs_npc:npc"), {}
			mind(object):think({}, function(reply) replies[#replies + 1] = reply.code end)
			mock:step()
			object:remove()
			mock:step(0.05, 2)
			assert.same({"cancelled"}, replies)
		end)
	end)

	for _, flavour in ipairs({"mineclonia", "voxelibre"}) do
		describe("of a villager of " .. flavour, function()
			before_each(function()
				start({other_mods = {mobs_mc = true}}, function(core) load_fake("mcl_villager")(core, flavour) end)
			end)

			local function spawn(fields)
				return mock.core.add_entity(at(0), "mobs_mc:villager", mock.core.serialize(fields or {}))
			end
			local function mind(object) return agent.get_npc((luaentity(object).llm_agent or {}).id) end

			it("has the role of its trade", function()
				for profession, role in pairs({
					farmer = "farmer", fisherman = "fisher", weaponsmith = "smith", weapon_smith = "smith", armorer = "smith",
					toolsmith = "smith", tool_smith = "smith", cleric = "priest", librarian = "scholar", butcher = "merchant",
					leatherworker = "merchant", cartographer = "merchant", unemployed = "villager", nitwit = "villager",
				}) do
					assert.equal(role, mind(spawn({_profession = profession})).role, profession)
				end
				assert.equal("villager", mind(spawn()).role)
				assert.equal("Alma", mind(spawn({nametag = "Alma"})).name)
			end)

			if flavour == "mineclonia" then
				it("has the wandering trader beside it, a merchant who keeps his shop", function()
					local trader, player = mock.core.add_entity(at(0), "mobs_mc:wandering_trader"), mock:join("Robin", at(2))
					assert.equal("merchant", mind(trader).role)
					assert.equal(0, talks(trader, player))
					player.sneaks = true
					assert.equal(1, talks(trader, player))
				end)
			end

			it("grows up and takes a trade", function()
				local object = spawn({child = true})
				local npc, name = mind(object), mind(object).name
				assert.equal("child", npc.role)
				luaentity(object).child = false
				look_around()
				assert.equal("villager", npc.role)
				luaentity(object)._profession = "cleric"
				look_around()
				assert.same({"priest", name, name .. ", the priest"}, {npc.role, npc.name, object:get_properties().infotext})
			end)

			it("keeps the name that an admin gave, whatever its trade", function()
				local object = spawn({nametag = "Alma"})
				mind(object).name = "Zed"
				luaentity(object)._profession = "cleric"
				look_around()
				assert.same({"priest", "Zed"}, {mind(object).role, mind(object).name})
			end)

			it("keeps its shop on a plain click, and talks where it has none", function()
				local player = mock:join("Robin", at(2))
				local farmer, jobless = spawn({_profession = "farmer"}), spawn({_profession = "unemployed"})
				assert.equal(0, talks(farmer, player))
				assert.equal(1, luaentity(farmer).clicks)
				assert.equal(1, talks(jobless, player))
				assert.equal(1, talks(spawn({_profession = "farmer", child = true}), player))
				for held, talk in pairs({["mcl_farming:bread"] = 1, ["mcl_mobs:nametag"] = 0, ["mcl_mobitems:nametag"] = 0}) do
					player:set_wielded_item(held)
					assert.equal(talk, talks(jobless, player), held)
				end
				player.sneaks = true
				assert.equal(1, talks(farmer, player))
			end)

			it("stands while it talks, and goes when it is hurt", function()
				local object = spawn()
				local self = luaentity(object)
				mock:step()
				assert.is_true(self:moves())
				-- VoxeLibre's may be told to stand and not have stopped yet
				if flavour == "voxelibre" then self.state = "stand" end
				mind(object).hold(object, true)
				local thought = self.thought
				mock:step(0.05, 5)
				assert.is_false(self:moves())
				assert.equal(thought, self.thought)
				self.target_yaw = 3
				mind(object).turn(object, 1)
				mock:step()
				assert.equal(0.5, object:get_yaw())
				mind(object).hold(object, false)
				mock:step()
				assert.is_true(self:moves())
				mind(object).hold(object, true)
				self.health = 12
				mock:step()
				assert.is_true(self:moves())
				mind(object).hold(object, true)
				local back = luaentity(spawn(mock.core.deserialize(object:unload())))
				mock:step()
				assert.is_true(back:moves())
			end)
		end)
	end
end)
