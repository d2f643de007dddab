-- body/attach.lua: minds for entities of other mods.

local minds = require("spec.support.minds")
local at, luaentity, click, talks = minds.at, minds.luaentity, minds.click, minds.talks

describe("a mind for another mod's entity", function()
	local mock, agent, storage
	local function start(...) mock, agent, storage = minds.start(...) end
	local function fails(words, fn)
		local ok, message = pcall(fn)
		assert.is_false(ok)
		assert.is_truthy(message:find(words, 1, true), message)
		assert.is_truthy(message:find("attach_spec.lua", 1, true), "blames another line: " .. message)
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

		it("refuses what cannot have a mind, with the fix", function()
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
			agent.attach(object, {role = "farmer", own_click = function(clicked, clicker)
				assert.equal(object, clicked)
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
end)
