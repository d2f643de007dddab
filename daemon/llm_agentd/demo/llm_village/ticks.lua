-- The game's side of `llm-agentd bench ticks`: NPCs with bodies on small walled floors, groups apart, who talk to each other, and
-- visitors who ask them. Times each step, the mod's own part of it, and each think from question to callback; while it measures
-- it only collects. Writes ticks.json into the world and shuts the server down.
-- Settings: llm_village.npcs, .seconds, .ask_interval_s, .warmup_s; llm_agent.deadline_ms must be set too. With .listener a
-- player is waited for, whom they speak to in turn (listener.lua); with .players so many, who live among them (players.lua).

local cast, setting, load = ...

local NPCS = setting("npcs", 10)
local SECONDS = setting("seconds", 120)
local ASK_INTERVAL_S = setting("ask_interval_s", 1)
local WARMUP_S = setting("warmup_s", 5)
local DEADLINE_MS = tonumber(core.settings:get("llm_agent.deadline_ms"))
local GRACE_S = 2 -- what has no answer so long after its deadline never gets one
local FLOOR_NODES = 16 -- a mapblock, so that one forced block keeps a whole group awake
local TURN_S = 2.5 -- of an NPC that a player listens to: as long as a line takes
local APART_NODES = 64 -- well out of earshot
local FLOORS_IN_A_ROW = 5
local STAND = {{6, 6}, {9, 6}, {6, 9}, {9, 9}} -- where the four of a group begin

local phase, phase_us = "building", core.get_us_time()
local ids = {}
local gaps_ms, first_ms, reply_ms, by_error = {}, {}, {}, {}
local counts = {
	asked = 0, answered = 0, doubled = 0, late = 0, fallbacks = 0, cache_hits = 0, said = 0, entity_steps = 0, bodies = 0,
}

local function enter(name)
	phase, phase_us = name, core.get_us_time()
end

local timer = load("timer")
local timed = timer.timed

local own_ms = {} -- kind of call → what the mod took of each step
for _, kind in ipairs(timer.KINDS) do own_ms[kind] = {} end

-- Thinks ----------------------------------------------------------------------------------------------------------------

-- When the mod last looked, and when before that: what had its deadline by then should have been answered then.
local look_us, look_before_us = 0, 0
local update = llm_agent.update
function llm_agent.update(dtime)
	look_before_us, look_us = look_us, core.get_us_time()
	return update(dtime)
end

local function note(answer, asked_us, first_us, deadline_us)
	local now_us = core.get_us_time()
	counts.answered = counts.answered + 1
	if look_before_us > deadline_us then counts.late = counts.late + 1 end
	if answer.cache == "hit" then counts.cache_hits = counts.cache_hits + 1 end
	if answer.fallback then
		counts.fallbacks = counts.fallbacks + 1
		by_error[answer.code] = (by_error[answer.code] or 0) + 1
		return
	end
	if first_us then first_ms[#first_ms + 1] = (first_us - asked_us) / 1000 end
	reply_ms[#reply_ms + 1] = (now_us - asked_us) / 1000
end

-- Everything that this NPC is asked while we measure, by whomever, is timed; the first text where it is asked for as it comes.
local function watch(npc)
	local think = timed("api", npc.think)
	npc.say, npc.converse = timed("api", npc.say), timed("api", npc.converse)
	function npc.think(self, opts, callback)
		if phase ~= "measuring" then return think(self, opts, callback) end
		local asked_us, told, came, first_us, deadline_us = core.get_us_time(), {}, false, nil, nil
		for key, value in pairs(opts or {}) do told[key] = value end
		local on_delta = told.on_delta
		told.on_delta = on_delta and function(...)
			first_us = first_us or core.get_us_time()
			on_delta(...)
		end
		counts.asked = counts.asked + 1
		local id = think(self, told, function(answer)
			if came then counts.doubled = counts.doubled + 1 end
			came = true
			note(answer, asked_us, on_delta and (first_us or core.get_us_time()), deadline_us)
			callback(answer)
		end)
		deadline_us = core.get_us_time() + (told.deadline_ms or DEADLINE_MS) * 1000
		return id
	end
end

local function visit()
	local number, visitor, words = cast.visit(#ids)
	local npc = llm_agent.get_npc(ids[number])
	npc:converse({player = visitor, utterance = words, priority = "spoken"})
end

-- The place -------------------------------------------------------------------------------------------------------------

-- The corner of a group's floor, which is one mapblock.
local function corner(group)
	return {x = group % FLOORS_IN_A_ROW * APART_NODES, y = 0, z = math.floor(group / FLOORS_IN_A_ROW) * APART_NODES}
end

local PLAYERS = setting("players", 0)
local wolf = PLAYERS > 0 and load("wolf")
local company -- of players, once there are villagers

local listener = core.settings:get_bool("llm_village.listener")
	and load("listener", cast, corner, ids, math.min(TURN_S, SECONDS / NPCS), counts)

local GROUPS = cast.group_of(NPCS) + 1
local unbuilt = GROUPS

-- Stone to stand on, and a wall that keeps walkers in.
local function build(group)
	local at, nodes = corner(group), {}
	local last = FLOOR_NODES - 1
	for x = 0, last do
		for z = 0, last do
			local rim = x == 0 or z == 0 or x == last or z == last
			for y = 0, rim and 2 or 0 do nodes[#nodes + 1] = {x = at.x + x, y = at.y + y, z = at.z + z} end
		end
	end
	core.bulk_set_node(nodes, {name = "mapgen_stone"})
	assert(core.forceload_block(at, true), "max_forceloaded_blocks is too small for so many groups")
	unbuilt = unbuilt - 1
end

local function found()
	for group = 0, GROUPS - 1 do
		core.emerge_area(corner(group), corner(group), function(_, _, left)
			if left == 0 then build(group) end
		end)
	end
end

-- Are all floors there, and do entities live on them? Without players only forced blocks are active.
local function ready()
	if unbuilt > 0 then return false end
	for group = 0, GROUPS - 1 do
		if not core.compare_block_status(corner(group), "active") then return false end
	end
	return true
end

local function place_villagers()
	for number = 1, NPCS do
		local at, stand = corner(cast.group_of(number)), STAND[(number - 1) % cast.GROUP + 1]
		local npc = llm_agent.spawn({x = at.x + stand[1], y = at.y + 1, z = at.z + stand[2]}, cast.villager(number))
		assert(npc, "no body for NPC " .. number)
		npc:set_context(cast.facts_of(number))
		watch(npc)
		ids[number] = npc.id
	end
end

-- The run ---------------------------------------------------------------------------------------------------------------

local function report()
	for _, id in ipairs(ids) do
		local npc = llm_agent.get_npc(id)
		if npc and npc:get_object() then counts.bodies = counts.bodies + 1 end
	end
	local data = {
		counts = counts, errors = by_error, gaps_ms = gaps_ms, own_ms = own_ms, first_ms = first_ms, reply_ms = reply_ms,
	}
	assert(core.safe_file_write(core.get_worldpath() .. "/ticks.json", core.write_json(data)))
end

local last_us, last_ask_us

-- One step: what it took since the last, and what of that was the mod's.
local function measure(now_us)
	timer.take_us(function(kind, us)
		if phase == "measuring" then table.insert(own_ms[kind], us / 1000) end
	end)
	if phase == "measuring" then gaps_ms[#gaps_ms + 1] = (now_us - last_us) / 1000 end
	last_us = now_us
end

-- phase → what is done in a step of it
local PHASES = {
	building = function()
		if not ready() or listener and not listener.is_here() then return end
		if #core.get_connected_players() < PLAYERS then return end
		place_villagers()
		if PLAYERS > 0 then company = load("players", cast, corner, ids, PLAYERS, counts, timed, wolf) end
		if company then company.begin() end
		enter("warming")
	end,
	warming = function(passed_s)
		if passed_s >= WARMUP_S then enter("measuring") end
	end,
	measuring = function(passed_s)
		if passed_s >= SECONDS then enter("draining") end
	end,
	draining = function(passed_s)
		if counts.answered < counts.asked and passed_s < DEADLINE_MS / 1000 + GRACE_S then return end
		report()
		enter("over")
		core.request_shutdown("measured")
	end,
	over = function() end,
}

llm_agent.on("say", function()
	if phase == "measuring" then counts.said = counts.said + 1 end
end)

core.register_on_mods_loaded(function()
	timer.time_the_mod(counts)
	core.after(0, found)
end)

core.register_globalstep(function()
	local now_us = core.get_us_time()
	measure(now_us)
	PHASES[phase]((now_us - phase_us) / 1e6)
	if not ids[1] or phase == "over" then return end
	if company and (phase == "warming" or phase == "measuring") then company.step(phase == "measuring") end
	if listener and (phase == "warming" or phase == "measuring") then listener.step(now_us, phase == "measuring") end
	last_ask_us = last_ask_us or now_us
	if now_us - last_ask_us >= ASK_INTERVAL_S * 1e6 then
		last_ask_us = last_ask_us + ASK_INTERVAL_S * 1e6
		visit()
	end
end)
