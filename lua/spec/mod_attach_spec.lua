-- Minds for entities of other mods: attach, detach, and the adapters, these with fakes (see fakes/). The adapter for
-- mobs_redo meets its real code in tests/game/test_attach.py.

local Mock = require("mock_core")

local function load_fake(name) return assert(loadfile("lua/spec/fakes/" .. name .. ".lua"))() end

local function at(x) return {x = x, y = 0, z = 0} end

describe("a mind for another mod's entity", function()
	local mock, agent, storage

	local function echo(request)
		return {{event = "done", text = request.npc.name .. " hears " .. (request.utterance or "nothing"), cache = "miss", model = "m"}}
	end

	-- prepare(core): what other mods do before ours is told that all are loaded.
	local function start(options, prepare, reply)
		options = options or {}
		storage = options.storage or {}
		options.storage = storage
		mock = Mock.new(options)
		mock:open_door(reply or echo)
		if prepare then prepare(mock.core) end
		agent = mock:load_mod()
	end

	local function luaentity(object) return object:get_luaentity() end

	-- A right-click as the engine gives it: the callback of the luaentity.
	local function click(object, player)
		local self = luaentity(object)
		if self.on_rightclick then self:on_rightclick(player) end
		mock:step(0.05, 3)
	end

	-- 1 if a click opens the dialog.
	local function talks(object, player)
		local name = player:get_player_name()
		mock.forms[name] = nil
		click(object, player)
		return mock.forms[name] and 1 or 0
	end

	local function look_around() mock:step(0.05, 12) end

	local function fails(words, fn)
		local ok, message = pcall(fn)
		assert.is_false(ok)
		assert.is_truthy(message:find(words, 1, true), message)
		assert.is_truthy(message:find("mod_attach_spec.lua", 1, true), "blames another line: " .. message)
	end

	describe("attach", function()
		-- A mob of a mod that keeps its fields, and one of a mod that keeps nothing.
		local function entities(core)
			core.register_entity("zoo:keeper", {
				on_activate = function(self, staticdata)
					for key, value in pairs(core.deserialize(staticdata) or {}) do self[key] = value end
				end,
				get_staticdata = function(self)
					local saved = {}
					for key, value in pairs(self) do if key ~= "object" then saved[key] = value end end
					return core.serialize(saved)
				end,
				on_rightclick = function(self) self.clicks = (self.clicks or 0) + 1 end,
			})
			core.register_entity("zoo:statue", {initial_properties = {nametag = "The Founder", infotext = "bronze"}})
		end

		local function keeper(staticdata) return mock.core.add_entity(at(0), "zoo:keeper", staticdata) end

		it("gives an entity a mind that thinks, speaks and is seen", function()
			start(nil, entities)
			local object = keeper()
			local npc = agent.attach(object, {name = "Kira", role = "farmer", mood = "glad"})
			assert.equal(npc, agent.get_npc(npc.id))
			assert.is_true(npc:is_present())
			assert.equal("Kira", object:get_properties().nametag)
			assert.equal("Kira, the farmer", object:get_properties().infotext)
			local replies = {}
			npc:think({utterance = "hi"}, function(reply) replies[#replies + 1] = reply end)
			mock:join("Robin", at(2))
			mock:step(0.05, 3)
			assert.equal("Kira hears hi", replies[1].text)
			npc:say(replies[1].text, {to = "Robin"})
			mock:step(0.05, 2)
			assert.same({"<Kira> Kira hears hi"}, mock:chat_of("Robin"))
		end)

		it("makes up what is left out, and leaves what the mob shows alone", function()
			start(nil, entities)
			local statue = mock.core.add_entity(at(0), "zoo:statue")
			local npc = agent.attach(statue, {role = "elder"})
			assert.is_truthy(npc.id:find("^mob_%d+_%d+$"))
			assert.is_true(#npc.name > 0)
			assert.same({"The Founder", "bronze"}, {statue:get_properties().nametag, statue:get_properties().infotext})
			local other = agent.attach(keeper(), {role = "elder"})
			assert.not_equal(npc.id, other.id)
		end)

		it("refuses what cannot have a mind, with the cure", function()
			start(nil, entities)
			local object, gone = keeper(), keeper()
			gone:remove()
			fails("players have a mind of their own", function() agent.attach(mock:join("Robin", at(0)), {role = "elder"}) end)
			fails("the object is gone", function() agent.attach(gone, {role = "elder"}) end)
			fails("want an object of the game, got nil", function() agent.attach(nil, {role = "elder"}) end)
			fails("role: missing", function() agent.attach(object, {}) end)
			fails("unknown role wizard; known: bandit", function() agent.attach(object, {role = "wizard"}) end)
			fails("unknown field nmae", function() agent.attach(object, {role = "elder", nmae = "Kira"}) end)
			fails("128 bytes", function() agent.attach(object, {role = "elder", id = ("x"):rep(129)}) end)
			local npc = agent.attach(object, {role = "elder", id = "zoo:kira"})
			assert.equal("zoo:kira", npc.id)
			fails("has a mind already, zoo:kira; llm_agent.detach", function() agent.attach(object, {role = "elder"}) end)
			fails("zoo:kira has a body already", function() agent.attach(keeper(), {role = "elder", id = "zoo:kira"}) end)
		end)

		it("ends with the object, and what was asked gets its answer", function()
			start(nil, entities, function() return {} end)
			local object = keeper()
			local npc = agent.attach(object, {role = "farmer"})
			local replies = {}
			for _ = 1, 2 do npc:think({}, function(reply) replies[#replies + 1] = reply.code end) end
			mock:step()
			object:remove()
			mock:step(0.05, 2)
			assert.same({"cancelled", "cancelled"}, replies)
			assert.is_nil(agent.get_npc(npc.id))
		end)

		it("sleeps unloaded and wakes the same, also after a restart", function()
			start(nil, entities)
			local object = keeper()
			local npc = agent.attach(object, {name = "Kira", role = "farmer", persona = "Kira hates foxes.", actions = {"wave"}})
			npc.mood = "cross"
			npc:set_context({debt = 3})
			local saved = object:unload()
			assert.is_false(npc:is_present())
			object = keeper(saved)
			assert.equal(npc, agent.get_npc(npc.id))
			assert.equal(object, npc:get_object())
			saved = object:unload()
			start({storage = storage}, entities)
			assert.is_nil(agent.get_npc(npc.id))
			keeper(saved)
			local back = agent.get_npc(npc.id)
			assert.same({"Kira", "farmer", "cross", "Kira hates foxes.", {"wave"}, {debt = 3}},
				{back.name, back.role, back.mood, back.persona, back.actions, back.context})
		end)

		it("keeps a role that is not known at present", function()
			start(nil, entities)
			agent.register_role("keeper", {persona = "A keeper feeds the bears."})
			local npc = agent.attach(keeper(), {role = "keeper"})
			local saved = npc:get_object():unload()
			start({storage = storage}, entities)
			saved = keeper(saved):unload()
			assert.equal("villager", agent.get_npc(npc.id).role)
			start({storage = storage}, entities)
			agent.register_role("keeper", {persona = "A keeper feeds the bears."})
			keeper(saved)
			assert.equal("keeper", agent.get_npc(npc.id).role)
		end)

		it("takes over what the body remembers, where the mob's mod attaches again", function()
			start(nil, entities)
			local npc = agent.attach(keeper(), {name = "Kira", role = "farmer", mood = "glad"})
			local saved = npc:get_object():unload()
			start({storage = storage}, function(core)
				entities(core)
				local def = core.registered_entities["zoo:keeper"]
				local restore = def.on_activate
				function def.on_activate(self, staticdata)
					restore(self, staticdata)
					agent.attach(self.object, {role = "hunter", hold = function() end})
				end
			end)
			keeper(saved)
			local back = agent.get_npc(npc.id)
			assert.same({"Kira", "hunter", "glad", "function"}, {back.name, back.role, back.mood, type(back.hold)})
			-- a mod that saves nothing names the id
			agent.attach(mock.core.add_entity(at(0), "zoo:statue"), {id = "zoo:founder", role = "elder"}):get_object():unload()
			local again = agent.attach(mock.core.add_entity(at(1), "zoo:statue"), {id = "zoo:founder", name = "Bo", role = "elder"})
			assert.equal(again, agent.get_npc("zoo:founder"))
			assert.same({"Bo", 1}, {again.name, again:get_pos().x})
		end)

		it("makes a copy of a mob somebody else", function()
			start(nil, entities)
			local npc = agent.attach(keeper(), {name = "Kira", role = "farmer"})
			local saved = npc:get_object():unload()
			local first, second = keeper(saved), keeper(saved)
			assert.equal(first, npc:get_object())
			local twin = luaentity(second).llm_agent.id
			assert.not_equal(npc.id, twin)
			assert.equal(second, agent.get_npc(twin):get_object())
		end)

		it("talks on a plain click and leaves the sneaking one to the mob, the other way round where it is owned", function()
			start(nil, entities)
			local object, player = keeper(), mock:join("Robin", at(2))
			agent.attach(object, {role = "farmer"})
			assert.equal(1, talks(object, player))
			assert.is_nil(luaentity(object).clicks)
			player.sneaks = true
			assert.equal(0, talks(object, player))
			assert.equal(1, luaentity(object).clicks)
			luaentity(object).owner = "Robin"
			assert.equal(1, talks(object, player))
			player.sneaks = false
			assert.equal(0, talks(object, player))
			assert.equal(2, luaentity(object).clicks)
			local statue = mock.core.add_entity(at(20), "zoo:statue") -- has no click of its own
			agent.attach(statue, {role = "elder"})
			player.sneaks = true
			assert.equal(1, talks(statue, player))
		end)

		it("asks own_click, and leaves all clicks to the mob while the mod is off", function()
			start(nil, entities)
			local object, player = keeper(), mock:join("Robin", at(2))
			agent.attach(object, {role = "farmer", own_click = function(asked, clicker)
				assert.equal(object, asked)
				return clicker:get_wielded_item():get_name() == "zoo:hay"
			end})
			player:set_wielded_item("zoo:hay")
			assert.equal(0, talks(object, player))
			player:set_wielded_item("")
			assert.equal(1, talks(object, player))
			mock.privs.Robin = {llm_admin = true}
			mock:command("Robin", "off")
			click(object, player)
			assert.equal(2, luaentity(object).clicks)
		end)

		it("leaves the mob its click when another mod unregistered the NPC, and may attach anew", function()
			start(nil, entities)
			local object, player = keeper(), mock:join("Robin", at(2))
			agent.unregister_npc(agent.attach(object, {role = "farmer"}).id)
			assert.equal(0, talks(object, player))
			assert.equal(1, luaentity(object).clicks)
			agent.attach(object, {role = "farmer"})
			assert.equal(1, talks(object, player))
		end)

		it("survives a hold that fails", function()
			start(nil, entities)
			local object = keeper()
			local npc = agent.attach(object, {role = "farmer", hold = function() error("no legs") end})
			npc.hold(object, true)
			assert.equal(1, #mock:logged("no legs"))
		end)

		it("is undone by detach", function()
			start(nil, entities, function() return {} end)
			local object, player = keeper(), mock:join("Robin", at(2))
			local npc = agent.attach(object, {role = "farmer"})
			local replies = {}
			npc:think({}, function(reply) replies[#replies + 1] = reply.code end)
			mock:step()
			assert.is_true(agent.detach(object))
			assert.is_false(agent.detach(object))
			assert.is_false(agent.detach(player))
			mock:step(0.05, 2)
			assert.same({"cancelled"}, replies)
			assert.is_nil(agent.get_npc(npc.id))
			assert.same({"", ""}, {object:get_properties().nametag, object:get_properties().infotext})
			assert.equal(0, talks(object, player))
			assert.equal(1, luaentity(object).clicks)
			assert.is_nil(luaentity(keeper(object:unload())).llm_agent)
		end)
	end)

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
				for _, held in ipairs({"mcl_farming:bread", "mcl_mobs:nametag", "mcl_mobitems:nametag"}) do
					player:set_wielded_item(held)
					assert.equal(0, talks(jobless, player), held)
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
