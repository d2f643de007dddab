-- Loads the mod, folder by folder, in the order in which they build on each other; README.md has the map.
-- A folder's init.lua is given the tables of the folders it uses, loads its files with what each needs, and returns one table.
-- What an earlier folder must call registers with it while loading (npcs.on_wake, dialog.add_button …). The global `llm_agent`
-- holds the API and nothing else. The HTTP capability goes to daemon/client.lua alone. What this file returns is for the specs.

local http = core.request_http_api and core.request_http_api() -- only from a mod's main chunk
local name = core.get_current_modname()
local path = core.get_modpath(name)

llm_agent = {}

-- The mod's code is interpreted. It seldom loops for long enough to gain from LuaJIT's compiler, and has so many ways through it
-- that it fills up the 1,000 traces which all mods share: then all are thrown away, the game's too, and compiled anew. With a
-- hundred NPCs and players that happened each second, and took two fifths of the mod's time.
if jit then jit.off(true, true) end -- this file

local function interpreted(file)
	local chunk = assert(loadfile(file))
	if jit then jit.off(chunk, true) end
	return chunk
end

-- Runs PATH/FOLDER/init.lua with a `load(file, ...)` for that folder, and what else is given.
local function folder(dir, ...)
	local function load(file, ...)
		for i = 1, select("#", ...) do
			if select(i, ...) == nil then error(("llm_agent: argument %d of %s/%s.lua is nil"):format(i, dir, file), 2) end
		end
		return interpreted(("%s/%s/%s.lua"):format(path, dir, file))(...)
	end
	return load("init", load, ...)
end

local base = folder("core", name, path) -- `core` is the engine
local calling = folder("calling", base)
local daemon = folder("daemon", base, http or false)
local api = folder("api", base, daemon)
local roles = folder("roles", base, daemon, api)
local perception = folder("perception", base, calling, api, roles)
local think = folder("think", base, daemon, api, roles, perception)
local speech = folder("speech", base, daemon, api, perception, think)
local talk = folder("talk", base, daemon, api, roles, perception, think, speech)
local body = folder("body", base, daemon, api, roles, speech, talk)
local voice = folder("voice", base, daemon, api, roles, perception, think, speech, talk)
local gestures = folder("gestures", base, api, body, voice)
local ledger = folder("ledger", base, api, perception)
local economy = folder("economy", base, api, roles, perception, think, speech, talk, ledger)
local signs = folder("signs", base, calling, daemon, api, perception, speech, ledger, economy)
local combat = folder("combat", base, api, roles, perception, think, speech, talk, body, economy)
local quests = folder("quests", base, calling, api, roles, perception, think, talk, ledger, economy)
local gossip = folder("gossip", base, api, perception, think, talk, ledger, economy, combat, quests)
local promises = folder("promises", base, api, perception, think, talk, body, economy, gossip)
local actions = folder("actions", base, calling, api, roles, perception, think, talk, body, gestures, ledger, economy, combat,
	quests)
folder("adapters", base, roles, body)
folder("mic", base, daemon, api, perception, think, actions)
folder("admin", base, daemon, api, roles, perception, think, speech, talk, body, economy, gossip, promises)
base.steps.check()

-- Called each server step. One step costs next to nothing while nobody asks and nobody speaks.
function llm_agent.update(dtime) base.steps.run(dtime) end
core.register_globalstep(function(dtime) llm_agent.update(dtime) end)
core.register_on_shutdown(function()
	base.jobs.finish() -- what is asked by it is answered by the client
	daemon.client.shutdown()
end)

return {
	core = base, calling = calling, daemon = daemon, api = api, roles = roles, perception = perception, think = think,
	speech = speech, talk = talk, body = body, voice = voice, gestures = gestures, ledger = ledger, economy = economy,
	signs = signs, combat = combat, quests = quests, gossip = gossip, promises = promises,
}
