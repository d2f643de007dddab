-- The game's globals are declared file by file: a pure file gets none, and luacheck says so when it reaches for one.
std = "luajit"
max_line_length = 130
codes = true
exclude_files = {".venv", ".demo", "build", "dist"}

local mod = "mods/llm_agent/"
for _, file in ipairs({
	"blows", "commands", "company", "doctor", "doors", "editor", "egg", "emote", "fight", "first_run", "foes", "form",
	"go", "ground", "hearing", "items", "languages", "legs", "manners", "market", "market_list", "observe", "orders",
	"outcomes", "path", "players", "role_sync", "silence", "small_talk", "standing", "stride", "surroundings", "think",
	"trade", "trade_form", "trade_view", "voice",
}) do
	files[mod .. file .. ".lua"] = {read_globals = {"core", "llm_agent"}}
end
for _, file in ipairs({"init", "api", "body", "goods", "places", "attach"}) do -- what adds to the API
	files[mod .. file .. ".lua"] = {read_globals = {"core"}, globals = {"llm_agent"}}
end
files[mod .. "actions/gifts.lua"] = {read_globals = {"core", "llm_agent"}}
for _, file in ipairs({"ledger", "ledger_accounts", "ledger_journal"}) do
	files[mod .. file .. ".lua"] = {read_globals = {"core"}}
end
for _, file in ipairs({"answer", "desk", "hunt", "log", "store", "tracker", "view", "words", "world"}) do
	files[mod .. "quest_" .. file .. ".lua"] = {read_globals = {"core", "llm_agent"}}
end
files[mod .. "obtainable.lua"] = {read_globals = {"core"}}
files[mod .. "quest_kinds.lua"] = {read_globals = {"core"}, globals = {"llm_agent"}}
files[mod .. "memory.lua"] = {read_globals = {"core", "llm_agent"}}
files[mod .. "forget.lua"] = {read_globals = {"core"}, globals = {"llm_agent"}}
files[mod .. "actions/quests.lua"] = {read_globals = {"core", "llm_agent"}}
files[mod .. "ledger_pockets.lua"] = {read_globals = {"ItemStack"}}
files[mod .. "actions"] = {read_globals = {"core", "llm_agent"}}
for _, file in ipairs({"mobs", "mcl"}) do
	files[mod .. "adapters/" .. file .. ".lua"] = {read_globals = {"core"}}
end
files[mod .. "roles.lua"] = {read_globals = {"llm_agent"}}

files["daemon/llm_agentd/demo/llm_village/init.lua"] = {read_globals = {"core", "llm_agent"}}
files["daemon/llm_agentd/demo/llm_village/ticks.lua"] = {globals = {"core", "llm_agent"}} -- it wraps what it times
files["tests/mods/llm_stage/init.lua"] = {read_globals = {"llm_agent"}, globals = {"core"}} -- listens in on core.show_formspec
files["tests/mods/llm_stage/square.lua"] = {read_globals = {"core", "default", "PcgRandom"}}
files["tests/mods/llm_probe/init.lua"] = {read_globals = {"core", "vector"}, globals = {"llm_probe"}}
files["tests/mods/llm_probe_mobs/init.lua"] = {read_globals = {"core", "llm_agent", "llm_probe", "mobs", "vector", "ItemStack"}}
files["tests/mods/llm_probe_off/init.lua"] = {read_globals = {"core", "llm_agent"}}
files["tests/mods/llm_probe_presence/init.lua"] = {read_globals = {"core", "llm_agent", "llm_probe", "vector"}}
files["tests/mods/llm_probe_legs/init.lua"] = {read_globals = {"core", "doors", "llm_agent", "llm_probe", "vector"}}
files["tests/mods/llm_probe_moderation/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "ItemStack"}, globals = {"core"}}
files["tests/mods/llm_probe_locale/init.lua"] = {read_globals = {"core", "llm_agent"}}
files["tests/mods/llm_probe_admin/init.lua"] = {read_globals = {"llm_agent", "ItemStack"}, globals = {"core"}}
for _, name in ipairs({"lifecycle", "leave"}) do
	files["tests/mods/llm_probe_" .. name .. "/init.lua"] = {read_globals = {"core", "llm_agent"}}
end
files["tests/mods/llm_probe_docs/init.lua"] = {read_globals = {"llm_probe", "llm_agent", "vector", "ItemStack"}, globals = {"core"}}
files["tests/mods/llm_probe_ledger/init.lua"] = {read_globals = {"core", "llm_agent", "ItemStack"}}
for _, name in ipairs({"quests", "giver"}) do
	files["tests/mods/llm_probe_" .. name .. "/init.lua"] = {read_globals = {"llm_probe", "llm_agent", "ItemStack"}, globals = {"core"}}
end
files["tests/mods/llm_probe_trade/init.lua"] = {read_globals = {"llm_probe", "llm_agent"}, globals = {"core"}}
files["tests/mods/llm_probe_memory/init.lua"] = {read_globals = {"core", "llm_agent"}}
files["tests/mods/mobs_animal/init.lua"] = {read_globals = {"mobs"}}
files["tests/mods/llm_probe_fight/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "vector"}, globals = {"core"}}
files["docs/examples"] = {read_globals = {"core", "llm_agent", "vector"}}
files["docs/examples/talking_sheep"] = {globals = {"core"}, read_globals = {"llm_agent"}} -- it changes another mod's definition
files["lua/mock_core.lua"] = {globals = {"core", "llm_agent", "ItemStack"}}
files["lua/spec"] = {std = "+busted", read_globals = {"core", "llm_agent"}, max_line_length = 150} -- tables of cases
