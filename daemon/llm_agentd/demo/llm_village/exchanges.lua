-- The game's side of `llm-agentd bench exchanges`: plays exchanges.json (in the world's folder), scene by scene, with the
-- player Robin, who has no client, and writes what he saw and what happened into exchanges.jsonl, a line for each exchange.
-- Only plays and records: what is right is judged by bench/exchanges. Shuts the server down at the end.

local visitors, stand_in, quarry = ...

local PLAYER = "Robin"
local LANGUAGES = {"en", "de", "fr", "es", "ru"}
local SIZE, BLOCK, GROUND_Y = 64, 16, 7 -- nodes; whole mapblocks
local CORNER = {x = 0, y = 0, z = 2000} -- far from the voices of cast.lua
local MIDDLE = {x = CORNER.x + SIZE / 2, y = GROUND_Y + 0.5, z = CORNER.z + SIZE / 2}
local QUIET_S = 0.9 -- nobody thinks, speaks or acts for so long: it is over
local BEGIN_S = 0.5 -- what is said is taken up by then
local ANSWER_MAX_S = 60
local AWAKE_MAX_S = 20
local MOVED = 1.2 -- nodes: it is on its way

local FOLDER = core.get_worldpath() .. "/"

local robin -- the player
local people, names, mobs = {}, {}, {} -- name → id; id → name; name → object
local placed = {} -- nodes and places of the scene, to be taken away after it
local events, began_us, last_us = nil, 0, 0 -- of the exchange that is played

local function seconds_since(us) return (core.get_us_time() - us) / 1e6 end

local function record(kind, fields)
	if not events then return end
	fields.kind, fields.t = kind, math.floor(seconds_since(began_us) * 1000) / 1000
	events[#events + 1] = fields
	if kind ~= "blow" then last_us = core.get_us_time() end
end

-- Time to wait, in a coroutine that the server's steps resume ------------------------------------------------------------

local function wait_until(is_so, max_s)
	local from_us = core.get_us_time()
	while not is_so() and seconds_since(from_us) < max_s do coroutine.yield() end
end

local function sleep(seconds) wait_until(function() return false end, seconds) end

-- What is seen and heard -------------------------------------------------------------------------------------------------

local function npc_name(npc) return npc and (names[npc.id] or npc.name) end

local function listen()
	llm_agent.on("say", function(npc, text, opts)
		record("say", {npc = npc_name(npc), text = robin:plain(text), to = opts.to, priority = opts.priority})
	end)
	llm_agent.on("reply", function(npc, reply, opts)
		record("reply", {
			npc = npc_name(npc), player = opts.player, asked = opts.utterance, text = robin:plain(reply.text), code = reply.code,
			action = reply.action and reply.action.name, ok = reply.action and reply.action.ok,
		})
	end)
	llm_agent.on("action", function(npc, player, name, params, ok, message)
		record("action", {
			npc = npc_name(npc), player = player, name = name, params = params, ok = ok, message = message and robin:plain(message),
		})
	end)
	llm_agent.on("quest", function(npc, player, quest, state)
		record("quest", {npc = npc_name(npc) or quest.npc_name, player = player, state = state, quest = quest})
	end)
	llm_agent.on("trade", function(npc, player, from_npc, from_player)
		record("trade", {npc = npc_name(npc), player = player, from_npc = from_npc, from_player = from_player})
	end)
	robin.hears = function(words) record("told", {text = words}) end
	robin.sees = function(form, words) record("form", {name = form, text = words}) end
	robin.struck = function(by, hp) record("blow", {npc = by, to = PLAYER, hp = hp}) end
	quarry.died = function(name) record("death", {name = name}) end
	quarry.struck = function(name, by, hp)
		local self = by and by:get_luaentity()
		local npc = self and self.npc_id and llm_agent.get_npc(self.npc_id)
		record("blow", {npc = npc_name(npc) or "somebody", to = name, hp = hp})
	end
end

local function is_busy()
	for id in pairs(names) do
		local npc = llm_agent.get_npc(id)
		if npc and (npc.is_answering or npc.next_turn or next(npc.open_requests or {})) then return true end
	end
	return false
end

local function flat(pos) return {math.floor(pos.x * 10) / 10, math.floor(pos.z * 10) / 10} end

local function positions()
	local found = {[PLAYER] = flat(robin.pos)}
	for name, id in pairs(people) do
		local npc = llm_agent.get_npc(id)
		local pos = npc and npc:get_pos()
		if pos then found[name] = flat(pos) end
	end
	for name, object in pairs(mobs) do
		if object:get_pos() then found[name] = flat(object:get_pos()) end
	end
	for name, pos in pairs(placed.places) do found[name] = flat(pos) end
	return found
end

local function goods()
	local found = {}
	for name, id in pairs(people) do
		local npc = llm_agent.get_npc(id)
		found[name] = npc and npc:get_goods() or nil
	end
	return found
end

-- The stage --------------------------------------------------------------------------------------------------------------

local function at(offset) return {x = MIDDLE.x + offset[1], y = MIDDLE.y, z = MIDDLE.z + offset[2]} end

local function for_each_block(fn)
	for x = CORNER.x, CORNER.x + SIZE - 1, BLOCK do
		for z = CORNER.z, CORNER.z + SIZE - 1, BLOCK do fn({x = x, y = CORNER.y, z = z}) end
	end
end

local function lay_ground()
	local ground, wall, last = {}, {}, SIZE - 1
	for x = 0, last do
		for z = 0, last do
			local y = CORNER.y + GROUND_Y
			ground[#ground + 1] = {x = CORNER.x + x, y = y, z = CORNER.z + z}
			if x == 0 or z == 0 or x == last or z == last then
				for up = 1, 2 do wall[#wall + 1] = {x = CORNER.x + x, y = y + up, z = CORNER.z + z} end
			end
		end
	end
	core.bulk_set_node(ground, {name = "mapgen_dirt_with_grass"})
	core.bulk_set_node(wall, {name = "mapgen_cobble"})
end

local function build()
	local is_laid = false
	core.emerge_area(CORNER, vector.add(CORNER, {x = SIZE - 1, y = BLOCK - 1, z = SIZE - 1}), function(_, _, left)
		if left > 0 or is_laid then return end
		for_each_block(function(pos) assert(core.forceload_block(pos, true), "max_forceloaded_blocks is too small") end)
		lay_ground()
		is_laid = true
	end)
	wait_until(function() return is_laid end, AWAKE_MAX_S)
	wait_until(function()
		local is_awake = true
		for_each_block(function(pos) is_awake = is_awake and core.compare_block_status(pos, "active") end)
		return is_awake
	end, AWAKE_MAX_S)
end

local function place(name, offset, radius)
	robin.pos = at(offset)
	core.set_player_privs(PLAYER, {interact = true, shout = true, llm_admin = true})
	robin:command(("place %s %d"):format(name, radius))
	core.set_player_privs(PLAYER, {interact = true, shout = true})
	placed.places[name] = robin.pos
end

local function set_node(offset, node)
	local pos = at(offset)
	pos.y = GROUND_Y + 1
	core.set_node(pos, {name = node})
	placed.nodes[#placed.nodes + 1] = pos
end

local function settle(name, person, scene)
	local def = {role = person.role, name = name, mood = person.mood, persona = person.persona}
	local npc = assert(llm_agent.spawn(at(person.at), def), "no body for " .. name)
	people[name], names[npc.id] = npc.id, name
	npc.next_small_talk_us = not scene.gossip and math.huge or nil
	for item, count in pairs(person.goods or {}) do npc:add_goods(item, count) end
	if person.facts then npc:set_context(person.facts) end
end

-- The quests of the script are the only ones. Who gets a delivery is known by name there, by id in the game.
local function register_quest(name, quest)
	local def = {npcs = {people[name]}}
	for key, value in pairs(quest) do def[key] = value end
	def.target = people[def.target or ""] or def.target
	llm_agent.register_quest("exchange_" .. people[name], def)
end

local function settle_all(scene)
	for name, person in pairs(scene.people) do settle(name, person, scene) end
	for name, person in pairs(scene.people) do
		if person.quest then register_quest(name, person.quest) end
	end
	wait_until(function()
		for _, id in pairs(people) do
			local npc = llm_agent.get_npc(id)
			if not npc or not npc:get_object() then return false end
		end
		return true
	end, AWAKE_MAX_S)
end

local function open_scene(scene)
	placed = {places = {}, nodes = {}}
	core.set_timeofday(scene.hour / 24)
	stand_in.weather = scene.weather
	robin:equip(scene.player)
	robin.pos = at({0, 0})
	robin:join() -- before anybody is there to greet: places are named by who stands in them
	for name, spot in pairs(scene.places or {}) do place(name, spot.at, spot.radius) end
	robin.pos = at({0, 0})
	robin:command("lang " .. (scene.speaks or "default"))
	for _, node in ipairs(scene.nodes or {}) do set_node({node[2], node[3]}, node[1]) end
	settle_all(scene)
	for name, offset in pairs(scene.mobs or {}) do mobs[name] = quarry.stand(name, at(offset)) end
	sleep(0.5)
end

local function close_scene()
	robin:leave()
	for _, id in pairs(people) do
		local npc = llm_agent.get_npc(id)
		local object = npc and npc:get_object()
		if object then object:remove() end
	end
	for _, object in pairs(mobs) do object:remove() end
	for _, pos in ipairs(placed.nodes) do core.remove_node(pos) end
	for name in pairs(placed.places) do llm_agent.remove_place(name) end
	people, names, mobs = {}, {}, {}
	sleep(0.3)
end

-- What Robin does --------------------------------------------------------------------------------------------------------

local function body(name)
	local npc = people[name] and llm_agent.get_npc(people[name])
	return npc and npc:get_object() or mobs[name]
end

local deeds = {}

function deeds.say(words) robin:say(words) end
function deeds.whisper(to_and_words) robin:command(("talk %s %s"):format(to_and_words[1], to_and_words[2])) end
function deeds.click(name)
	local object = body(name)
	object:get_luaentity():on_rightclick(robin)
end
function deeds.type(words) robin:send({words = words, key_enter_field = "words", key_enter = "true"}) end
function deeds.command(words)
	local _, answer = robin:command(words)
	if answer then record("told", {text = answer}) end
end
function deeds.walk(offset) robin.pos = at(offset) end
function deeds.gets(items) for _, item in ipairs(items) do robin:get_inventory():add_item("main", item) end end
function deeds.loses(items) for _, item in ipairs(items) do robin:get_inventory():remove_item("main", item) end end
function deeds.holds(item) robin:hold(item) end
function deeds.hit(name)
	local object = body(name)
	object:get_luaentity():on_punch(robin, 1, {full_punch_interval = 1, damage_groups = {fleshy = 2}}, {x = 0, y = 0, z = 1}, 2)
end
function deeds.slay(name)
	local object = mobs[name]
	quarry.slay(object, robin)
	mobs[name] = nil
end
function deeds.offer(name) llm_agent.get_npc(people[name]):offer_quest(PLAYER, "exchange_" .. people[name]) end
function deeds.hour(hour) core.set_timeofday(hour / 24) end
function deeds.close() robin:send({quit = "true"}) end
function deeds.wait(seconds) sleep(seconds) end

local function have_moved(step, before)
	local now = positions()
	for _, name in ipairs(step.movers or {}) do
		local a, b = before[name], now[name]
		if a and b and math.abs(a[1] - b[1]) + math.abs(a[2] - b[2]) < MOVED then return false end
	end
	return true
end

local function do_step(step)
	local before = positions()
	for _, deed in ipairs(step.deeds) do assert(deeds[deed[1]], deed[1])(deed[2]) end
	wait_until(function()
		return seconds_since(began_us) > BEGIN_S and not is_busy() and seconds_since(last_us) > QUIET_S
	end, ANSWER_MAX_S)
	if step.watch_s > 0 then
		wait_until(function() return step.movers[1] and have_moved(step, before) end, step.watch_s)
	end
	return before
end

local function play(scene_number, step_number, step)
	events, began_us, last_us = {}, core.get_us_time(), core.get_us_time()
	local stock = goods()
	local before = do_step(step)
	local line = core.write_json({
		scene = scene_number, step = step_number, events = events, before = before, after = positions(), goods = stock,
		hour = core.get_timeofday() * 24, ms = math.floor(seconds_since(began_us) * 1000),
	})
	events = nil
	local file = assert(io.open(FOLDER .. "exchanges.jsonl", "a"))
	file:write(line, "\n")
	file:close()
end

-- What players call things, by which lines are judged.
local function write_items()
	local shown = {}
	for name, def in pairs(core.registered_items) do
		shown[name] = name ~= "" and def.description ~= "" and {} or nil
		for _, language in ipairs(shown[name] and LANGUAGES or {}) do
			shown[name][language] = robin:plain(def.description, language):match("^[^\n]*")
		end
	end
	local file = assert(io.open(FOLDER .. "items.json", "w"))
	file:write(core.write_json(shown))
	file:close()
end

local function perform()
	local file = assert(io.open(FOLDER .. "exchanges.json"))
	local script = core.parse_json(file:read("*a"))
	file:close()
	build()
	robin = stand_in.new(visitors, PLAYER, {x = CORNER.x + 1, y = 1, z = CORNER.z + 1})
	listen()
	write_items()
	for scene_number, scene in ipairs(script) do
		open_scene(scene)
		for step_number, step in ipairs(scene.steps) do play(scene_number, step_number, step) end
		close_scene()
	end
	core.request_shutdown()
end

local thread = coroutine.create(perform)
core.register_globalstep(function()
	if coroutine.status(thread) == "dead" then return end
	local ok, problem = coroutine.resume(thread)
	if ok then return end
	core.log("error", "[llm_village] exchanges: " .. debug.traceback(thread, tostring(problem)))
	core.request_shutdown()
end)
