-- Loads the mod; the order is the way of a request: settings, client, facts, reply, speech, API, commands, voice, bodies,
-- talk. Runs once at start. `agent` is the private state all parts share; the global `llm_agent` holds the API and nothing else.
-- The HTTP capability is asked for here, handed to client.lua alone, and kept in no table that other mods can reach.

local http = core.request_http_api and core.request_http_api() -- only from a mod's main chunk

local name = core.get_current_modname()
local folder = core.get_modpath(name)
local storage = core.get_mod_storage()

local function log(level, message) core.log(level, "[llm_agent] " .. message) end

local function part(file, ...)
	local chunk, problem = loadfile(folder .. "/" .. file .. ".lua")
	if not chunk then error(problem, 0) end
	return chunk(...)
end

local function read(file)
	local handle = assert(io.open(folder .. "/" .. file, "r"))
	local content = handle:read("*a")
	handle:close()
	return content
end

llm_agent = {}

local agent = {
	name = name,
	S = core.get_translator(name), -- every string that a player or an admin sees goes through it
	log = log,
	storage = storage,
	now_us = core.get_us_time,
	npcs = {}, -- id → NPC
	order = {}, -- the same as a list, in the order of registration
	roles = {},
	actions = {},
}

agent.settings = part("settings")(read("settingtypes.txt"), function(key) return core.settings:get(key) end,
	function(problem) log("warning", problem) end)
agent.text = part("text")
agent.restraint = part("restraint", agent.settings)
agent.repeats = part("repeats", agent.text, agent.settings)
agent.utterance = part("utterance", agent.text, agent.settings)
agent.version = ("\n" .. read("mod.conf")):match("\nversion%s*=%s*(%S+)")
agent.check = part("check", agent.text)
agent.role_fields = part("role_fields", agent.text)
agent.client = part("client", http, {
	name = ("%s-%d-%d"):format(name, os.time(), math.random(10 ^ 6)), -- sessions and ids of this run
	settings = agent.settings,
	now_us = core.get_us_time,
	parse_json = core.parse_json,
	write_json = core.write_json,
	log = log,
	emit = function(...) agent.emit(...) end,
})
agent.surroundings = part("surroundings", agent)
agent.observe = part("observe", agent)
agent.reply = part("reply", agent.text)
agent.speech = part("speech", agent.settings, function(id)
	local npc = agent.npcs[id]
	if not npc then return false end
	local pos = npc:get_pos()
	return pos ~= nil or npc:is_present(), pos
end, agent.observe.in_range)
part("api", agent)
part("think", agent)
part("role_sync", agent)
part("roles", agent)
part("commands", agent)
part("players", agent)
part("company", agent)
agent.items = part("items", agent)
agent.ledger = part("ledger", agent, part)
part("memory", agent)
agent.places = part("places", agent)
agent.obtainable = part("obtainable")
agent.quest_words = part("quest_words", agent)
agent.quest_store = part("quest_store", agent)
agent.quests = part("quests", agent.quest_store)
agent.quests.load(agent.quest_store.read())
agent.quest_writer = part("quest_writer", {
	reward_max = agent.settings.quest_reward_max, lasts_s = agent.settings.quest_minutes * 60,
})
agent.quest_world = part("quest_world", agent)
part("quest_kinds", agent)
part("quest_hunt", agent)
part("quest_tracker", agent)
agent.quest_desk = part("quest_desk", agent)
part("quest_answer", agent)
agent.quest_view = part("quest_view", agent)
part("quest_log", agent)
agent.prices = part("prices")
agent.market = part("market", agent)
agent.standing = part("standing", agent)
agent.goods = part("goods", agent, part("role_goods"))
agent.trade = part("trade", agent)
agent.diagnosis = part("diagnosis", agent.S, agent.text)
part("doctor", agent)
part("first_run", agent)
agent.gathering = part("gathering")
agent.role_form = part("role_form", agent.S, core.formspec_escape, agent.role_fields.order)
part("editor", agent)
agent.languages = part("languages", agent)
part("voice", agent)
agent.doors = part("doors")
agent.ground = part("ground", agent)
agent.path = part("path", agent)
part("manners", agent)
agent.stride = part("stride", agent)
part("legs", agent)
part("go", agent)
part("emote", agent)
agent.foes = part("foes", agent)
agent.tactics = part("tactics")
agent.blows = part("blows", agent)
agent.fight = part("fight", agent)
agent.orders = part("orders", agent)
part("body", agent)
part("egg", agent)
part("silence", agent)
part("hearing", agent)
part("small_talk", agent)
part("form", agent)
agent.trade_view = part("trade_view", agent)
part("forget", agent)
agent.trade_form = part("trade_form", agent)
part("actions/trade", agent)
part("market_list", agent)
part("actions/quests", agent) -- after trade: its facts go over those of a stall
part("outcomes", agent)
part("actions/gifts", agent, part("consent"))
part("attach", agent)
part("actions/moves", agent)
part("actions/door", agent)
part("actions/emotes", agent)
part("actions/fights", agent)
if agent.settings.adapters then
	if core.get_modpath("mobs") then part("adapters/mobs", agent) end
	if core.get_modpath("mobs_mc") then part("adapters/mcl", agent) end
end

-- Off stops every call and stays off.
function agent.set_enabled(enabled)
	agent.client.enable(enabled)
	storage:set_string("off", enabled and "" or "yes")
end
if storage:get_string("off") ~= "" or not agent.settings.enabled then agent.client.enable(false) end

-- Called each server step. One step costs next to nothing while nobody asks and nobody speaks.
function llm_agent.update(dtime)
	local now = agent.now_us()
	local budget_us = agent.settings.budget_ms * 1000 -- what may wait begins no later
	agent.surroundings.step()
	agent.observe.step()
	agent.client.step(now)
	agent.speech.step(now)
	agent.send_unsent(now)
	agent.look_around(dtime, now + budget_us / 2) -- a question costs as much as all the rest: only in a quiet step
	agent.step_bodies(now, now + budget_us)
	agent.path.step(now + budget_us)
	agent.blows.step(now)
	agent.orders.step(now, now + budget_us)
	agent.emote.step(now)
	agent.look_at_bodies()
	agent.ledger.step(dtime)
	agent.step_quests(dtime)
end

core.register_globalstep(function(dtime) llm_agent.update(dtime) end)
core.register_on_shutdown(agent.client.shutdown)

if not http then
	log("warning", core.request_http_api
		and "NPCs speak fallback lines only: HTTP is not allowed for this mod. Add to minetest.conf: " .. agent.http_mods_line()
		or "NPCs speak fallback lines only: this server was built without cURL, so mods cannot use HTTP")
end
