-- A small game whose NPCs think of quests, with a model that says what a spec wants.

local Mock = require("mock_core")

local village = {ORIGIN = {x = 0, y = 0, z = 0}, NEXT = {x = 2, y = 0, z = 0}, COIN = "llm_agent:coin"}
local mock, daemon, agent, private
local say -- what the model says

-- What the world is made of, what can be made from that, and what nobody can get.
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

-- answer(request): the action that the model chooses, or nil. Returns the mock, the mod's private table, its API and the daemon.
function village.begin(answer, settings, translations)
	mock = Mock.new({settings = settings or {}, translations = translations})
	mock.settings["llm_agent.npc_talk"], mock.settings["llm_agent.greet"] = "off", "false"
	mock.settings["llm_agent.player_cooldown_s"], mock.settings["llm_agent.player_burst"] = "0", "100"
	mock.settings["llm_agent.npc_burst"], mock.settings["llm_agent.goods"] = "100", "false"
	register_game(mock.core)
	say = nil
	daemon = mock:open_daemon(function(request)
		return {{event = "done", text = say and say(request) or "Well.", action = answer and answer(request)}}
	end)
	agent = mock:load_mod()
	private = mock.mod
	return mock, private, agent, daemon
end

-- fn(request): what the model says from now on.
function village.says(fn) say = fn end

function village.npc(id, role, pos)
	return agent.register_npc(id, {name = id:sub(1, 1):upper() .. id:sub(2), role = role or "villager", pos = pos or village.ORIGIN})
end

function village.last_request() return daemon.received[#daemon.received].request end

-- What an NPC may do, as the question to the model says: name → params.
function village.actions_of(request)
	local found = {}
	for _, action in ipairs(request.actions or {}) do found[action.name] = action.params or {} end
	return found
end

-- Robin says it: the request that came of it.
function village.ask(words)
	mock:say("Robin", words)
	mock:step(0.05, 6)
	return village.last_request()
end

-- Answers: the model offers what it may.
function village.offers(request)
	local params = village.actions_of(request).offer_quest
	if not params then return nil end
	local p = params.properties
	return {name = "offer_quest", params = {item = p.item.enum[1], count = p.count.minimum, reward = p.reward.maximum}}
end

function village.completes(request)
	return village.actions_of(request).complete_quest and {name = "complete_quest"} or nil
end

function village.the_quest(player)
	return private.quests.quests.of_player(player or "Robin", private.quests.quests.is_open)[1]
end

return village
