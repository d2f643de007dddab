-- A village without players: NPCs of several roles that talk to each other, and visitors who ask them things.
-- Used by the demo and the end-to-end test. It measures step gaps and keeps count of every callback, logs
-- `[llm_village] stats {json}` each second and at the end and `[llm_village] visit {json}` for each answer to a visitor, and
-- shuts the server down by itself. cast.lua has who they are.
-- With llm_village.story a story is told among them (story.lua), on a stage of its own; it may take as long again as the village.
-- Settings (all optional, in minetest.conf): llm_village.npcs, .seconds (0: for ever), .ask_interval_s, .seed, .warmup_s, .story;
-- with .ticks the step benchmark (ticks.lua) runs instead, with .exchanges what players say to NPCs (exchanges.lua).

local folder = core.get_modpath("llm_village") .. "/"
local cast = dofile(folder .. "cast.lua")

local function setting(name, default)
	return tonumber(core.settings:get("llm_village." .. name)) or default
end

local NPCS = setting("npcs", 12)
local SECONDS = setting("seconds", 60)
local ASK_INTERVAL_S = setting("ask_interval_s", 1) -- between two questions of visitors, over the whole village
local WARMUP_S = setting("warmup_s", 2) -- steps while the server starts are no measure of anything
local STATS_EVERY_S = 1
local LAST_WORDS_S = 2 -- nobody asks what would only be cut off by the end
local STORY_MAX = 2 -- times SECONDS: a scene that would begin later is left out
local GAPS_MAX = 100000 -- 80 minutes at 20 steps a second

math.randomseed(setting("seed", 7))

local function load(file, ...) return assert(loadfile(folder .. file .. ".lua"))(...) end

if core.settings:get_bool("llm_village.ticks") then return load("ticks", cast, setting, load) end

if core.settings:get_bool("llm_village.exchanges") then
	return load("exchanges", load("visitor"), load("stand_in"), load("quarry"))
end

local stats = {
	npcs = 0, roles = 0, asked = 0, called_back = 0, doubled = 0, fallbacks = 0, cut_off = 0, cache_hits = 0, said = 0,
	offline = 0, online = 0, steps = 0, step_gap_ms_max = 0,
}
local by_error, gaps, reply_ms = {}, {}, {}
local running_s, since_stats_s, since_ask_s, last_step_us = 0, 0, 0, nil
local ids = {}

local function note(answer)
	stats.called_back = stats.called_back + 1
	if answer.code == "shutdown" then
		stats.cut_off = stats.cut_off + 1 -- the village's own end came first
	elseif answer.fallback then
		stats.fallbacks = stats.fallbacks + 1
		by_error[answer.code] = (by_error[answer.code] or 0) + 1
	else
		reply_ms[#reply_ms + 1] = answer.ms
	end
	if answer.cache == "hit" then stats.cache_hits = stats.cache_hits + 1 end
end

-- Every question of anybody is counted where the API is called, and its callback where it comes in.
local function count_thinks(npc)
	local think = npc.think
	function npc.think(self, opts, callback)
		local came = false
		stats.asked = stats.asked + 1
		return think(self, opts, function(answer)
			if came then stats.doubled = stats.doubled + 1 end
			came = true
			note(answer)
			callback(answer)
		end)
	end
end

local roles = {} -- that somebody here has

local function add_to_village(npc)
	count_thinks(npc)
	stats.npcs = stats.npcs + 1
	if not roles[npc.role] then stats.roles = stats.roles + 1 end
	roles[npc.role] = true
end

local function place_villagers()
	for i = 1, NPCS do
		local def = cast.villager(i)
		def.pos = {x = cast.group_of(i) * 100 + (i - 1) % cast.GROUP * 2, y = 8, z = 0}
		local npc = llm_agent.register_npc("village_" .. i, def)
		npc:set_context(cast.facts_of(i))
		add_to_village(npc)
		ids[i] = npc.id
	end
end

local function visit()
	local number, visitor, words = cast.visit(#ids)
	local npc = llm_agent.get_npc(ids[number])
	-- a passer-by, of whom nobody remembers anything: the same question may hit the cache
	npc:think({player = visitor, utterance = words, priority = "spoken", remember = false}, function(answer)
		npc:say(answer.text, {to = visitor, reply = answer})
		core.log("action", "[llm_village] visit " .. core.write_json({
			visitor = visitor, asked = words, who = npc.name, text = answer.text, how = cast.origin(answer), ms = math.floor(answer.ms),
		}))
	end)
end

-- The value below which `share` of the sorted list lies; 0 for an empty one.
local function percentile(sorted, share)
	return sorted[math.max(1, math.ceil(#sorted * share))] or 0
end

-- Percentiles only at the end: sorting in a step would itself be the gap that is measured.
local function add_percentiles(line)
	table.sort(gaps)
	table.sort(reply_ms)
	line.step_gap_ms_p50, line.step_gap_ms_p95 = percentile(gaps, 0.5), percentile(gaps, 0.95)
	line.step_gap_ms_p99 = percentile(gaps, 0.99)
	line.reply_ms_p50, line.reply_ms_p95 = percentile(reply_ms, 0.5), percentile(reply_ms, 0.95)
	line.final = true
end

local function log_stats(final)
	local line = {running_s = running_s, errors = next(by_error) and by_error}
	for key, value in pairs(stats) do line[key] = value end
	if final then add_percentiles(line) end
	for key, value in pairs(line) do
		if type(value) == "number" then line[key] = math.floor(value * 100 + 0.5) / 100 end
	end
	core.log("action", "[llm_village] stats " .. core.write_json(line))
end

local function measure()
	local now_us = core.get_us_time()
	if last_step_us and running_s > WARMUP_S and #gaps < GAPS_MAX then
		local gap_ms = (now_us - last_step_us) / 1000
		gaps[#gaps + 1] = gap_ms
		stats.step_gap_ms_max = math.max(stats.step_gap_ms_max, gap_ms)
	end
	last_step_us = now_us
	stats.steps = stats.steps + 1
end

llm_agent.on("say", function() stats.said = stats.said + 1 end)
llm_agent.on("offline", function() stats.offline = stats.offline + 1 end)
llm_agent.on("online", function() stats.online = stats.online + 1 end)

core.register_on_mods_loaded(place_villagers)

-- The story -------------------------------------------------------------------------------------------------------------

local story, is_told = nil, true

local function is_late() return SECONDS > 0 and running_s >= SECONDS * STORY_MAX end

local function begin_story()
	local visitors, stage = load("visitor"), load("stage")
	local trade_window = load("trade_window", visitors.plain)
	local told = load("story", cast, stage, visitors.plain, trade_window)
	local scenes = load("plot", stage, visitors, trade_window, load("wolf"))
	core.register_on_mods_loaded(function()
		local missing = stage.missing()
		if missing then return core.log("warning", "[llm_village] no story: this game has no " .. missing) end
		is_told, story = false, told
		story.announce()
		core.after(0, stage.build, add_to_village, function() story.begin(scenes, is_late, function() is_told = true end) end)
	end)
end

if core.settings:get_bool("llm_village.story") then begin_story() end

-- The run ---------------------------------------------------------------------------------------------------------------

local ending = false

core.register_globalstep(function(dtime)
	measure()
	running_s, since_stats_s, since_ask_s = running_s + dtime, since_stats_s + dtime, since_ask_s + dtime
	if story then story.step(dtime) end
	if since_ask_s >= ASK_INTERVAL_S and (SECONDS == 0 or running_s < SECONDS - LAST_WORDS_S) then
		since_ask_s = 0
		visit()
	end
	if since_stats_s >= STATS_EVERY_S then
		since_stats_s = 0
		log_stats()
	end
	if SECONDS > 0 and running_s >= SECONDS and (is_told or is_late() and not story.is_running()) and not ending then
		ending = true
		core.request_shutdown("the village sleeps")
	end
end)

-- llm_agent's own shutdown, registered before, has answered everything that was open.
core.register_on_shutdown(function() log_stats(true) end)
