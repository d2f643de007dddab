-- roles/sync.lua and roles.lua: role files of the daemon.

local fixture = require("spec.support.roles")

describe("roles", function()
	local titles = fixture.titles
	local mock, daemon, agent, keeper, storage
	local function restart(options) mock, daemon, agent = fixture.start(keeper, storage, options) end
	before_each(function()
		keeper, storage = fixture.keeper(), {}
		restart()
	end)
	-- Somebody asks something: the daemon is seen, and with it its roles. Returns the record that was sent.
	local function ask(npc, opts)
		npc:think(opts or {utterance = "hello"}, function() end)
		mock:step(0.05, 5)
		return daemon.received[#daemon.received].request
	end
	local function npc_of(role) return agent.register_npc("n" .. math.random(1e9), {name = "Nora", role = role}) end

	describe("from the daemon", function()
		before_each(function() mock:join("Ada", {x = 0, y = 0, z = 0}) end)

		it("are asked for when it comes online, and not by an idle server", function()
			mock:leave("Ada") -- whose joining made a call of its own
			mock:step(0.05, 5)
			mock:step(10, 20)
			assert.equal(0, keeper.gets)
			ask(npc_of("smith"))
			assert.equal(1, keeper.gets)
			mock:step(10, 20)
			assert.equal(1, keeper.gets)
		end)

		it("are looked at again while NPCs are asked things, every half minute at most", function()
			local npc = npc_of("smith")
			for _ = 1, 30 do
				ask(npc)
				mock:step(0.75)
			end
			assert.equal(1, keeper.gets)
			mock:step(10)
			ask(npc)
			assert.equal(2, keeper.gets)
			mock:command("Ada", "off")
			mock:step(40)
			npc:think({}, function() end)
			mock:step(0.05, 5)
			assert.equal(2, keeper.gets)
		end)

		it("can be spawned though Lua does not know them", function()
			assert.is_nil(titles("baker"))
			ask(npc_of("smith"))
			assert.equal("Tess, the baker, is here.", titles("baker"))
		end)

		it("go over Lua's where the admin has a file, and only then", function()
			agent.register_role("smith", {persona = "Lua's smith.", title = "the Lua smith", greeting = {"Lua greets."}, fallback = {"Lua falls."},
				textures = {"lua.png"}})
			assert.equal("Lua's smith.", ask(npc_of("smith")).npc.persona)
			assert.equal("Tess, the Lua smith, is here.", titles("smith"))
			keeper.set("smith", {title = "the master smith", persona = "A master.", fallback = {"Not now, {player}."}, quick = {"Any work?"}})
			mock:step(40)
			ask(npc_of("smith"))
			assert.equal("Tess, the master smith, is here.", titles("smith"))
			assert.is_nil(ask(npc_of("smith")).npc.persona) -- the daemon has it
			daemon:die()
			local said
			npc_of("smith"):think({player = "Robin"}, function(reply) said = reply.text end)
			mock:step(0.05, 5)
			assert.matches("^Not now", said) -- whether by name is chance
			daemon:rise()
			keeper.set("smith", nil)
			mock:step(40)
			ask(npc_of("smith"))
			ask(npc_of("smith"))
			assert.equal("Tess, the Lua smith, is here.", titles("smith"))
			assert.equal("Lua's smith.", ask(npc_of("smith")).npc.persona)
		end)

		it("have the mod's own lines in their language, where nobody chose one", function()
			restart({translations = {["de: Mind it."] = "Vorsicht.", ["fr: Mind it."] = "Gare."}})
			agent.register_role("herald", {persona = "A herald cries.", fallback = {"Mind it."}})
			keeper.set("herald", {title = "the herald", persona = "A herald of mine.", language = "de"})
			local npc, heard = npc_of("herald"), {}
			ask(npc)
			daemon:die()
			for _, lang in ipairs({"fr", "none"}) do
				npc:think({lang = lang ~= "none" and lang or nil}, function(reply) heard[#heard + 1] = reply.text end)
				mock:step(0.05, 5)
			end
			assert.same({"Gare.", "Vorsicht."}, heard)
		end)

		it("keep the admin's lines over a restart without a daemon", function()
			keeper.set("smith", {title = "the master smith", persona = "A master.", fallback = {"Not now."}})
			ask(npc_of("smith"))
			restart()
			daemon:die()
			mock:join("Ada", {x = 0, y = 0, z = 0})
			assert.equal("Tess, the master smith, is here.", titles("smith"))
			assert.equal("Tess, the baker, is here.", titles("baker"))
			local said
			npc_of("smith"):think({}, function(reply) said = reply.text end)
			mock:step(0.05, 5)
			assert.equal("Not now.", said)
		end)

		it("are given back to NPCs that had lost them, and taken with their file", function()
			local entity = mock.core.registered_entities["llm_agent:npc"]
			assert.is_table(entity)
			keeper.set("herald", {title = "the herald", persona = "A herald."})
			local body = mock.core.add_entity({x = 0, y = 0, z = 0}, "llm_agent:npc", mock.core.serialize({id = "h", name = "Hal", role = "herald"}))
			assert.equal("villager", agent.get_npc("h").role)
			assert.equal("villager", ask(agent.get_npc("h")).npc.role)
			assert.equal("herald", ask(agent.get_npc("h")).npc.role)
			assert.equal("Hal, the herald", body:get_properties().infotext)
			keeper.set("herald", nil)
			mock:step(40)
			ask(agent.get_npc("h"))
			assert.equal("villager", agent.get_npc("h").role)
			assert.is_truthy(body:unload():find("herald", 1, true))
		end)

		it("are data: what is no role, or odd, changes nothing and breaks nothing", function()
			for _, roles in ipairs({
				{1, "x", {name = 7}, {name = "../x"}, {name = "Big"}},
				{{name = "ok", own = "yes", title = {}, fallback = "x", quick = {1, ""}}},
			}) do
				function daemon.call() return 200, {roles = roles, version = tostring(roles), problems = {}} end
				ask(npc_of("smith"))
				mock:step(40)
			end
			assert.equal("Tess, the ok, is here.", titles("ok"))
			assert.is_nil(titles("../x"))
			for _, answer in ipairs({{404, {error = {}}}, {200, {roles = "none"}}, {500}, {0}}) do
				function daemon.call() return answer[1], answer[2] end
				ask(npc_of("smith"))
				mock:step(40)
			end
			assert.equal("Tess, the ok, is here.", titles("ok"))
			assert.same({}, mock:logged("error"))
		end)
	end)
end)
