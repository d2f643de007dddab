-- Tells the daemon who may be spoken to next, so that a spoken line costs the model its own words alone (the op `warm`).
-- An NPC is told of when a player stands near and looks at it, and after each answer, when what was said is a part of the next
-- prompt. Nothing waits for it, and nothing is lost without it.

local now_us, settings, geometry, client, events, npcs, nearby, record_of = ...

local warming = {}

local EVERY_US = 20e6 -- for an NPC that nobody speaks to: only the facts of the moment, which come last, are others by then
local DEADLINE_MS = 5000 -- the daemon answers at once; what it computes has no deadline
local FACING = 0.9 -- cosine of the angle at which a player looks at somebody: 25 degrees

local useless = false -- so the daemon said of its model; it may have another when it is back
local turn = 0

client.on_change(function() useless = false end)

-- The daemon prepares for words of this player to the NPC.
local function warm(npc, player_name)
	if useless or not settings.warm or not client.enabled or client.state == "offline" then return end
	npc.warmed_us = npc.warmed_us or {}
	npc.warmed_us[player_name] = now_us()
	local record = record_of(npc, {player = player_name, actions = true})
	record.op, record.priority, record.stream, record.cache = "warm", nil, nil, nil
	client.ask(record, DEADLINE_MS, function(kind, event)
		if kind == "done" then useless = event.warms == false end
	end)
end

-- The nearest NPC in earshot that a player looks at, or nil.
local function looked_at(player)
	local pos, dir = player:get_pos(), player:get_look_dir()
	for _, npc in ipairs(nearby.in_earshot(pos)) do
		local there = npc:get_pos()
		local along = (there.x - pos.x) * dir.x + (there.y - pos.y) * dir.y + (there.z - pos.z) * dir.z
		if along > 0 and along >= FACING * geometry.distance(there, pos) then return npc end
	end
end

-- Called every half a second or so: one player a call.
function warming.look(players, now)
	if useless or not players[1] then return end
	turn = turn % #players + 1
	local player = players[turn]
	local npc, name = looked_at(player), player:get_player_name()
	local last = npc and npc.warmed_us and npc.warmed_us[name]
	if npc and not npc.is_answering and not (last and now - last < EVERY_US) then warm(npc, name) end
end

events.on("reply", function(npc, reply, opts)
	local is_player = opts.player and core.get_player_by_name(opts.player)
	if is_player and not reply.fallback and not opts.draft and npcs.by_id[npc.id] == npc then warm(npc, opts.player) end
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for _, npc in ipairs(npcs.list) do
		if npc.warmed_us then npc.warmed_us[name] = nil end
	end
end)

return warming
