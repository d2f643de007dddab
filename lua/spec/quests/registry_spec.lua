-- quests/registry.lua: quests that mods register.

local Mock = require("mock_core")
local ORIGIN, NEXT = {x = 0, y = 0, z = 0}, {x = 2, y = 0, z = 0}
local COIN = "llm_agent:coin"
local mock, daemon, agent, private, answer

-- A small game: what the world is made of, what can be made from that, and what nobody can get.
local function register_game(core)
	local function node(name, def)
		def.description = def.description or name:match(":(.+)$"):gsub("_", " ")
		core.registered_nodes[name], core.registered_items[name] = def, def
	end
	core.registered_biomes = {plains = {node_top = "zoo:dirt", node_stone = "zoo:cobble"}}
	core.registered_ores = {{ore = "zoo:stone_with_coal"}}
	node("zoo:dirt", {})
	node("zoo:cobble", {})
	node("zoo:stone_with_coal", {drop = "zoo:coal_lump"})
	node("zoo:tree", {groups = {tree = 1}})
	node("zoo:apple", {groups = {leafdecay = 1}}) -- placed by nobody, in no recipe
	node("zoo:bedrock", {diggable = false})
	node("zoo:wood", {})
	for _, name in ipairs({"coal_lump", "stick", "torch", "bread", "wheat", "iron_lump"}) do
		core.register_craftitem("zoo:" .. name, {description = name:gsub("_", " ")})
	end
	mock.recipes = {
		["zoo:wood"] = {{method = "normal", items = {"zoo:tree"}, output = "zoo:wood 4"}},
		["zoo:stick"] = {
			{method = "normal", items = {"group:nothing"}, output = "zoo:stick"}, {method = "normal", items = {"zoo:wood"}, output = "zoo:stick 4"},
		},
		["zoo:torch"] = {{method = "normal", items = {"zoo:coal_lump", "zoo:stick"}, output = "zoo:torch 4"}},
		["zoo:bread"] = {{method = "cooking", items = {"zoo:wheat"}, output = "zoo:bread"}},
	}
	core.register_entity("zoo:wolf", {type = "monster", initial_properties = {hp_max = 10}})
	core.register_entity("zoo:sheep", {type = "animal", initial_properties = {hp_max = 8}})
	core.register_entity("zoo:cart", {initial_properties = {hp_max = 8}})
end

local function begin(settings, translations)
	mock = Mock.new({settings = settings or {}, translations = translations})
	mock.settings["llm_agent.npc_talk"], mock.settings["llm_agent.greet"] = "off", "false"
	mock.settings["llm_agent.player_cooldown_s"], mock.settings["llm_agent.player_burst"] = "0", "100"
	mock.settings["llm_agent.npc_burst"], mock.settings["llm_agent.goods"] = "100", "false"
	register_game(mock.core)
	answer = nil
	daemon = mock:open_daemon(function(request) return {{event = "done", text = "Well.", action = answer and answer(request)}} end)
	agent = mock:load_mod()
	private = mock.mod
end

local function npc(id, role, pos)
	return agent.register_npc(id, {name = id:sub(1, 1):upper() .. id:sub(2), role = role or "villager", pos = pos or ORIGIN})
end

local function last_request() return daemon.received[#daemon.received].request end

-- What an NPC may do, as the question to the model says: name → params.
local function actions_of(request)
	local found = {}
	for _, action in ipairs(request.actions or {}) do found[action.name] = action.params or {} end
	return found
end

local function ask(words)
	mock:say("Robin", words)
	mock:step(0.05, 6)
	return last_request()
end

-- The model offers what it may.
local function offers(request)
	local params = actions_of(request).offer_quest
	if not params then return nil end
	local p = params.properties
	return {name = "offer_quest", params = {item = p.item.enum[1], count = p.count.minimum, reward = p.reward.maximum}}
end

local function completes(request)
	return actions_of(request).complete_quest and {name = "complete_quest"} or nil
end

local function the_quest(player) return private.quests.quests.of_player(player or "Robin", private.quests.quests.is_open)[1] end

describe("a registered quest", function()
	local lights

	before_each(function()
		begin()
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		answer, lights = offers, 0
	end)

	it("goes before those that are made up", function()
		agent.register_quest("hearth", {
			kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"}, minutes = 5, title = "Light Ann's hearth",
		})
		assert.same({torch = 2}, ask("Any work?").context.need)
		local quest = the_quest()
		assert.same({"hearth", "Light Ann's hearth", 9, 300}, {quest.name, quest.title, quest.reward[COIN], quest.lasts_s})
	end)

	it("may be a task that its mod judges, for goods", function()
		private.ledger.ledger.mint("ann", "zoo:bread", 2)
		agent.register_quest("light_the_beacon", {
			kind = "task", title = "Light the beacon on the hill", reward = {["zoo:bread"] = 2}, npcs = {"ann"},
			done = function(who, player) return who.id == "ann" and player == "Robin" and lights > 0 end,
		})
		ask("Any work?")
		assert.is_true((mock:command("Robin", "quests accept")))
		mock:step(0.5, 3)
		assert.equal("accepted", the_quest().state)
		lights = 1
		mock:step(0.5, 3)
		assert.equal("fulfilled", the_quest().state)
		answer = completes
		ask("The beacon burns!")
		assert.is_nil(the_quest())
		assert.equal(2, private.ledger.ledger.carried(core.get_player_by_name("Robin"), "zoo:bread"))
	end)

	it("is not offered where it cannot be done, paid, or its mod says no", function()
		mock.settings["llm_agent.quests_made_up"] = "false"
		begin(mock.settings)
		npc("ann", "smith")
		private.ledger.ledger.mint("ann", COIN, 30)
		mock:join("Robin", NEXT)
		for i, def in ipairs({
			{kind = "fetch", item = "zoo:dragon", reward = 3}, {kind = "fetch", item = "zoo:torch", reward = 31},
			{kind = "hunt", target = "zoo:dragon", reward = 3}, {kind = "visit", target = "Nowhere", reward = 3},
			{kind = "deliver", item = "zoo:bread", target = "ann", reward = 3}, {kind = "deliver", item = "zoo:bread", target = "bob", reward = 3},
			{kind = "fetch", item = "zoo:torch", reward = 3, available = function() return false end},
			{kind = "fetch", item = "zoo:torch", reward = 3, available = function() error("oops") end},
		}) do
			def.roles = {"smith"}
			agent.register_quest("quest_" .. i, def)
		end
		agent.register_quest("other", {kind = "fetch", item = "zoo:torch", reward = 3, roles = {"farmer"}})
		assert.is_nil(actions_of(ask("Any work?")).offer_quest)
		assert.equal(1, #mock:logged("oops"))
	end)

	it("is offered by its mod without the model, if it can be", function()
		local ann, wants = agent.get_npc("ann"), true
		agent.register_quest("hearth", {kind = "fetch", item = "zoo:torch", count = 2, reward = 9, roles = {"smith"}})
		agent.register_quest("other", {kind = "fetch", item = "zoo:torch", reward = 3, roles = {"farmer"}})
		agent.register_quest("later", {
			kind = "fetch", item = "zoo:torch", reward = 3, npcs = {"ann"}, available = function() return wants end,
		})
		assert.is_true(ann:offer_quest("Robin", "later"))
		assert.is_true(ann:offer_quest("Robin", "hearth")) -- the first makes way
		assert.same({"hearth", "offered"}, {the_quest().name, the_quest().state})
		assert.is_true((mock:command("Robin", "quests accept")))
		assert.same({false, "busy"}, {ann:offer_quest("Robin", "later")})
		assert.same({false, "impossible"}, {ann:offer_quest("Robin", "other")})
		assert.same({false, "away"}, {ann:offer_quest("Nobody", "later")})
		assert.is_true((mock:command("Robin", "quests abandon")))
		assert.is_true(ann:offer_quest("Robin", "later")) -- the model would have to wait
		wants = false
		assert.same({false, "impossible"}, {ann:offer_quest("Robin", "later")})
		local ok, problem = pcall(ann.offer_quest, ann, "Robin", "laundry")
		assert.is_false(ok)
		assert.is_truthy(problem:find("no quest laundry; llm_agent.register_quest makes one", 1, true))
	end)

	it("is offered by nobody where quests are off", function()
		begin({["llm_agent.quests"] = "false"})
		npc("ann", "smith")
		mock:join("Robin", NEXT)
		agent.register_quest("hearth", {kind = "fetch", item = "zoo:torch", reward = 9, roles = {"smith"}})
		assert.same({false, "off"}, {agent.get_npc("ann"):offer_quest("Robin", "hearth")})
	end)

	it("with a mistake in it is an error that names the fix", function()
		local function fails(words, def)
			local ok, problem = pcall(agent.register_quest, "q", def)
			assert.is_false(ok)
			assert.is_truthy(problem:find(words, 1, true), problem)
		end
		fails("kind: want one of deliver, fetch, hunt, task, visit", {kind = "steal", reward = 1, roles = {"smith"}})
		fails("item: missing; a quest of kind fetch needs it", {kind = "fetch", reward = 1, roles = {"smith"}})
		fails("roles: missing", {kind = "fetch", item = "zoo:torch", reward = 1})
		fails("reward: want a number of coins, or goods", {kind = "fetch", item = "zoo:torch", reward = {}, roles = {"smith"}})
		fails("count: want a whole number from 1 to 999", {kind = "fetch", item = "zoo:torch", count = 0, reward = 1, roles = {"smith"}})
		fails("unknown field prize", {kind = "fetch", item = "zoo:torch", prize = 1, roles = {"smith"}})
	end)
end)
