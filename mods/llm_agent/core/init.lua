-- What every other folder uses and what uses none: settings, text, checks, storage, steps. The files here are pure: what they
-- need of the engine is handed in below.

local load, mod_name, mod_path = ...

local S = core.get_translator(mod_name) -- every string that a player or an admin sees goes through it

local function log(level, message) core.log(level, "[llm_agent] " .. message) end

local function read(file)
	local handle = assert(io.open(mod_path .. "/" .. file, "r"))
	local content = handle:read("*a")
	handle:close()
	return content
end

local settings = load("settings")(read("settingtypes.txt"), function(key) return core.settings:get(key) end,
	function(problem) log("warning", problem) end)
local text = load("text")
local util = load("util", log)
local steps = load("steps", settings, core.get_us_time)
local jobs = load("jobs", core.get_us_time, log)
local media = load("media", core, os.remove, util)

steps.register("jobs", jobs.step, 1)
steps.register("media", media.step)

return {
	mod_name = mod_name,
	mod_version = ("\n" .. read("mod.conf")):match("\nversion%s*=%s*(%S+)"),
	S = S,
	log = log,
	now_us = core.get_us_time,
	settings = settings,
	text = text,
	limits = load("limits"),
	phrases = load("phrases"),
	forms = load("forms", core.formspec_escape),
	questions = load("questions", text),
	geometry = load("geometry"),
	check = load("check", text),
	json = load("json", text),
	util = util,
	storage = load("storage", core.get_mod_storage(), core.deserialize, core.parse_json),
	translate = load("translate", S, core.get_translated_string, core.get_player_information),
	entity_hooks = load("entity_hooks", core.registered_entities),
	rate_limit = load("rate_limit", settings),
	jobs = jobs,
	media = media,
	steps = steps,
}
