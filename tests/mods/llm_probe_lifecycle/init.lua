-- For tests/game/test_lifecycle.py: sixteen NPCs with bodies, each in a mapblock of its own and with a question out at all times.
-- In three acts (the daemon is up, dead, back) some mapblocks unload and load again and some NPCs are removed, in every
-- combination; then the world shuts down. Every callback is counted; the log tells what happened and what was out just then.

local ACTS = {"up", "dead", "back"}
local SPACING = 80 -- nodes; no two in one mapblock, nor in each other's earshot
local HEIGHT = 8
local GAP_S = 2 -- how long the daemon is up before an act begins, so that real replies are among the callbacks

local npcs = {} -- {id, pos, unloads = act or nil, goes = act or nil, gone, out = questions without their callback}
local stats = {
	asked = 0, called_back = 0, doubled = 0, unloaded = 0, came_back = 0, back_from_the_dead = 0, removed = 0,
	late = 0, leftover = 0,
}
local replies = {} -- act → how many came from the daemon
local act, stopping = "up", false

local function note(event, words) core.log("action", ("[llm_probe] %s %s"):format(event, words or "")) end

local function ask(entry)
	local npc = llm_agent.get_npc(entry.id)
	if not npc or stopping then return end
	local came = false
	stats.asked = stats.asked + 1
	entry.out = entry.out + 1
	npc:think({player = "Visitor", utterance = "Question " .. stats.asked, cache = "off"}, function(reply)
		if came then stats.doubled = stats.doubled + 1 end
		came = true
		stats.called_back = stats.called_back + 1
		entry.out = entry.out - 1
		if not reply.fallback then replies[act] = (replies[act] or 0) + 1 end
		npc = llm_agent.get_npc(entry.id)
		if npc then npc:say(reply.text, {to = "Visitor", reply = reply}) end
		ask(entry)
	end)
end

local function each(key, run)
	for _, entry in ipairs(npcs) do
		if entry[key] == act then run(entry) end
	end
end

local function all(key, holds)
	local yes = true
	each(key, function(entry) yes = yes and holds(entry) end)
	return yes
end

local function is_present(entry)
	local npc = llm_agent.get_npc(entry.id)
	return npc ~= nil and npc:is_present()
end

local function is_unloaded(entry)
	return not is_present(entry) and not core.get_node_or_nil(entry.pos)
end

local function is_loaded(entry)
	return core.get_node_or_nil(entry.pos) ~= nil and (entry.gone or is_present(entry))
end

local function unload(entry)
	if not entry.gone then note("unload", ("npc=%s out=%d"):format(entry.id, entry.out)) end
	entry.mind = llm_agent.get_npc(entry.id)
	stats.unloaded = stats.unloaded + 1
	core.forceload_free_block(entry.pos, true)
end

local function count_who_came_back(entry)
	local npc = llm_agent.get_npc(entry.id)
	if entry.gone then
		stats.back_from_the_dead = stats.back_from_the_dead + (npc and 1 or 0)
	elseif npc == entry.mind then
		stats.came_back = stats.came_back + 1
	end
end

local function remove(entry)
	note("remove", ("npc=%s out=%d"):format(entry.id, entry.out))
	llm_agent.get_npc(entry.id):get_object():remove()
	entry.gone = true
	stats.removed = stats.removed + 1
end

-- The steps of an act: whose turn it is (the key that names this act), what happens, and what is waited for then.
local STEPS = {
	{of = "unloads", run = unload, done = is_unloaded},
	{of = "unloads", run = function(entry) core.forceload_block(entry.pos, true) end, done = is_loaded},
	{of = "unloads", run = count_who_came_back, done = function() return true end},
	{of = "goes", run = function() end, done = is_loaded}, -- a slow server unloads a block in use now and then
	{of = "goes", run = remove, done = function(entry) return entry.out == 0 and not llm_agent.get_npc(entry.id) end},
}

local function out_now()
	local out = 0
	for _, entry in ipairs(npcs) do out = out + entry.out end
	return out
end

local step, since_act_s, running = 0, 0, false

local function begin(next_act)
	act, step, since_act_s, running = next_act, 0, 0, true
	note("act", act)
end

local function end_act()
	running = false
	note("done", ("act=%s out=%d"):format(act, out_now()))
	if act == ACTS[#ACTS] then
		note("shutdown", "out=" .. out_now())
		core.request_shutdown("everything ends")
	end
end

core.register_globalstep(function(dtime)
	since_act_s = since_act_s + dtime
	if not running or act ~= "dead" and (since_act_s < GAP_S or (replies[act] or 0) < #npcs) then return end
	if step > 0 and not all(STEPS[step].of, STEPS[step].done) then return end
	step = step + 1
	if STEPS[step] then each(STEPS[step].of, STEPS[step].run) else end_act() end
end)

llm_agent.on("offline", function() if act == "up" then begin("dead") end end)
llm_agent.on("online", function() if act == "dead" then begin("back") end end)

-- A floor, a body on it, and a mapblock that stays.
local function settle(entry)
	for x = -2, 2 do
		for z = -2, 2 do
			core.set_node({x = entry.pos.x + x, y = entry.pos.y - 1, z = entry.pos.z + z}, {name = "default:stone"})
		end
	end
	assert(core.forceload_block(entry.pos, true), "max_forceloaded_blocks is too small")
	local npc = assert(llm_agent.spawn(entry.pos, {role = "guard"}))
	entry.id = npc.id
	npcs[#npcs + 1] = entry
end

-- What one of them perceives: its answer stays in the daemon's cache, with the prompt, for the test to read.
local function furnish(entry)
	for dx, name in pairs({[2] = "default:furnace", [-2] = "default:chest"}) do
		core.set_node({x = entry.pos.x + dx, y = entry.pos.y, z = entry.pos.z}, {name = name})
	end
	llm_agent.set_place("the old mill", entry.pos, 12)
	core.set_timeofday(0)
	llm_agent.get_npc(entry.id):think({player = "Visitor", utterance = "What is here?"}, function() end)
end

core.register_on_mods_loaded(function() core.after(0, function()
	local waiting = 0
	for unloads = 0, #ACTS do
		for goes = 0, #ACTS do
			local pos = {x = (unloads * (#ACTS + 1) + goes) * SPACING + 8, y = HEIGHT, z = 8}
			local entry = {pos = pos, unloads = ACTS[unloads], goes = ACTS[goes], out = 0}
			waiting = waiting + 1
			core.emerge_area(pos, pos, function(_, _, left)
				if left > 0 then return end
				settle(entry)
				waiting = waiting - 1
				if waiting > 0 then return end
				furnish(npcs[1])
				for _, ready in ipairs(npcs) do ask(ready) end
				begin("up")
			end)
		end
	end
end) end)

-- llm_agent's own shutdown, registered before, has answered everything that was open.
core.register_on_shutdown(function()
	stopping = true
	local npc = llm_agent.register_npc("late", {name = "Late", role = "guard"})
	npc:think({}, function(reply) if reply.code == "shutdown" then stats.late = stats.late + 1 end end)
	for _, entry in ipairs(npcs) do
		npc = llm_agent.get_npc(entry.id)
		if npc and next(npc.open_requests) then stats.leftover = stats.leftover + 1 end
	end
	stats.out = out_now()
	for name, count in pairs(replies) do stats["replies_" .. name] = count end
	note("stats", core.write_json(stats))
end)
