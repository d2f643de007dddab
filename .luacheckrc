-- Globals are granted folder by folder; a pure file gets none, and luacheck says so when it reaches for one.
std = "luajit"
max_line_length = 130
codes = true
exclude_files = {".venv", ".demo", "build", "dist"}

local mod = "mods/llm_agent/"
-- core/, daemon/ and api/ are pure: what they need of the engine is handed in, by their init.lua.
for _, folder in ipairs({
	"roles", "perception", "think", "speech", "talk", "body", "voice", "gestures", "ledger", "economy", "signs", "combat", "quests",
	"gossip", "promises",
	"actions", "adapters", "mic", "admin",
}) do
	files[mod .. folder] = {read_globals = {"core"}}
end
for _, file in ipairs({"core/init", "daemon/init", "api/commands"}) do
	files[mod .. file .. ".lua"] = {read_globals = {"core"}}
end
files[mod .. "daemon/init.lua"] = {read_globals = {"core", "SecureRandom"}}
-- Files that add a function to the API.
for _, file in ipairs({
	"api/actions", "api/events", "api/npc", "roles/roles", "perception/places", "body/body", "body/attach", "gestures/api", "economy/goods",
	"quests/registry", "gossip/happenings", "admin/forget",
}) do
	files[mod .. file .. ".lua"] = {globals = {"llm_agent"}}
end
files[mod .. "init.lua"] = {read_globals = {"core"}, globals = {"llm_agent"}}
-- Pure files in folders that know the game.
for _, file in ipairs({
	"roles/fields", "roles/form", "roles/goods", "roles/shipped", "perception/hours", "think/language", "think/repeats", "think/reply",
	"speech/attention", "speech/speech_queue", "speech/typewriter", "talk/conversation", "talk/quiet_hours", "economy/prices",
	"actions/gift_intent", "actions/fight_words", "actions/trade_words", "actions/gesture_words", "actions/gesture_phrases",
	"combat/cries", "combat/damage", "combat/tactics",
	"combat/views", "quests/state_machine", "quests/writer", "gossip/slant", "gossip/lines", "promises/meeting",
	"admin/diagnosis", "voice/answer", "voice/requests", "voice/sentences", "voice/sounds", "voice/speaking", "gestures/form",
	"gestures/named", "gestures/plan", "body/rigs", "signs/layout", "signs/pictures", "signs/words",
}) do
	files[mod .. file .. ".lua"] = {not_globals = {"core"}}
end
files[mod .. "body/figure.lua"] = {read_globals = {"core", "ItemStack"}}
files[mod .. "ledger/player_inventory.lua"] = {not_globals = {"core"}, read_globals = {"ItemStack"}}

files["daemon/llm_agentd/demo/llm_village/init.lua"] = {read_globals = {"core", "llm_agent"}}
for _, file in ipairs({"stage", "story", "plot", "wolf"}) do
	files["daemon/llm_agentd/demo/llm_village/" .. file .. ".lua"] = {read_globals = {"core", "llm_agent", "vector"}}
end
files["daemon/llm_agentd/demo/llm_village/visitor.lua"] = {
	globals = {"core"}, read_globals = {"vector", "ItemStack"}, self = false, -- methods as the engine calls them
}
for _, file in ipairs({"exchanges", "quarry"}) do
	files["daemon/llm_agentd/demo/llm_village/" .. file .. ".lua"] = {read_globals = {"core", "llm_agent", "vector"}}
end
files["daemon/llm_agentd/demo/llm_village/stand_in.lua"] = {globals = {"core"}, read_globals = {"llm_agent"}, self = false}
files["daemon/llm_agentd/demo/llm_village/listener.lua"] = {globals = {"core"}, read_globals = {"llm_agent"}} -- it counts sounds
files["daemon/llm_agentd/demo/llm_village/timer.lua"] = {globals = {"core"}} -- it wraps what it times
files["daemon/llm_agentd/demo/llm_village/players.lua"] = {globals = {"core"}, read_globals = {"llm_agent", "vector", "ItemStack"}}
files["daemon/llm_agentd/demo/llm_village/ticks.lua"] = {globals = {"core", "llm_agent"}} -- it wraps what it times
files["tests/mods/llm_stage/init.lua"] = {read_globals = {"llm_agent"}, globals = {"core"}} -- listens in on core.show_formspec
files["tests/mods/llm_stage/meadow.lua"] = {read_globals = {"core"}}
files["tests/mods/llm_stage/square.lua"] = {read_globals = {"core", "default", "PcgRandom"}}
files["tests/mods/llm_probe/init.lua"] = {read_globals = {"core", "vector"}, globals = {"llm_probe"}}
files["tests/mods/llm_probe_mobs/init.lua"] = {read_globals = {"core", "llm_agent", "llm_probe", "mobs", "vector", "ItemStack"}}
files["tests/mods/llm_probe_villagers/init.lua"] = {read_globals = {"core", "llm_agent", "llm_probe", "vector", "ItemStack"}}
files["tests/mods/llm_probe_sound/init.lua"] = {read_globals = {"core"}}
files["tests/mods/llm_probe_mic/init.lua"] = {read_globals = {"llm_agent"}, globals = {"core"}}
files["tests/mods/llm_probe_heard/init.lua"] = {read_globals = {"core", "llm_agent", "vector"}}
files["tests/mods/llm_probe_off/init.lua"] = {read_globals = {"core", "llm_agent"}}
files["tests/mods/llm_probe_presence/init.lua"] = {read_globals = {"core", "llm_agent", "llm_probe", "vector"}}
files["tests/mods/llm_probe_bodies/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "vector"}, globals = {"core"}}
files["tests/mods/llm_probe_spawn/init.lua"] = {read_globals = {"core", "llm_agent", "llm_probe", "vector"}}
files["tests/mods/llm_probe_movement/init.lua"] = {read_globals = {"core", "doors", "llm_agent", "llm_probe", "vector"}}
files["tests/mods/llm_probe_moderation/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "ItemStack"}, globals = {"core"}}
files["tests/mods/llm_probe_locale/init.lua"] = {read_globals = {"llm_agent"}, globals = {"core"}}
files["tests/mods/llm_probe_admin/init.lua"] = {read_globals = {"llm_agent", "ItemStack"}, globals = {"core"}}
for _, name in ipairs({"lifecycle", "leave", "faults"}) do
	files["tests/mods/llm_probe_" .. name .. "/init.lua"] = {read_globals = {"core", "llm_agent"}}
end
files["tests/mods/llm_probe_docs/init.lua"] = {read_globals = {"llm_probe", "llm_agent", "vector", "ItemStack"}, globals = {"core"}}
files["tests/mods/llm_probe_ledger/init.lua"] = {read_globals = {"core", "llm_agent", "ItemStack", "vector"}}
for _, name in ipairs({"quests", "giver"}) do
	files["tests/mods/llm_probe_" .. name .. "/init.lua"] = {read_globals = {"llm_probe", "llm_agent", "ItemStack"}, globals = {"core"}}
end
files["tests/mods/llm_probe_trade/init.lua"] = {read_globals = {"llm_probe", "llm_agent"}, globals = {"core"}}
files["tests/mods/llm_probe_facts/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "vector", "ItemStack"}, globals = {"core"}}
files["tests/mods/llm_probe_memory/init.lua"] = {read_globals = {"core", "llm_agent"}}
files["tests/mods/llm_probe_voice/init.lua"] = {read_globals = {"llm_agent"}, globals = {"core"}}
files["tests/mods/mobs_animal/init.lua"] = {read_globals = {"mobs"}}
files["tests/mods/llm_probe_duel/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "vector"}, globals = {"core"}}
files["tests/mods/llm_probe_combat/init.lua"] = {read_globals = {"llm_agent", "llm_probe", "vector"}, globals = {"core"}}
files["docs/examples"] = {read_globals = {"core", "llm_agent", "vector"}}
files["docs/examples/talking_sheep"] = {globals = {"core"}, read_globals = {"llm_agent"}} -- it changes another mod's definition
files["lua/mock_core.lua"] = {globals = {"core", "llm_agent", "ItemStack", "vector"}}
files["lua/spec"] = {std = "+busted", read_globals = {"core", "llm_agent"}, max_line_length = 150} -- tables of cases
