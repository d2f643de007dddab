-- What shows above an NPC's head that it has to do with a quest of the player who looks, and with nobody else's: "!" for work
-- that is on offer, "?" for pay that waits. And what all see and hear when one is paid: sparkle and the ring of coins.
-- Signs are particle spawners of one player, attached to the body: the client moves them along, the server does nothing per step.
-- Looks at one player a step.

local settings, geometry, events, npcs, positions, quests, registry, store = ...

local signs = {}

local SEEN_NODES = 24 -- from the player: farther off a sign is a dot
local EVERY_US = 1e6 -- one player is looked at so often
local ABOVE = 3 -- nodes above the feet: over the name and a bubble of two lines
local OFFERED, WAITS = "llm_agent_sign_offered.png", "llm_agent_sign_paid.png"
local SPARK, SOUND = "llm_agent_spark.png", "llm_agent_paid"
local HEARD_NODES = 16

local shown = {} -- player → NPC's id → {picture, object, spawner}
local looked_us = {} -- player → when
local present, cursor = {}, 0 -- names of the players in the world; the last that was looked at

-- The picture above an NPC for a player, or nil.
local function picture(npc, player_name, waits)
	if waits[npc.id] then return waits[npc.id] end
	if quests.between(npc.id, player_name) or quests.rests(npc.id, player_name, store.now_s()) then return nil end
	return quests.has_room(npc.id, player_name) and registry.pick(npc, player_name, math.random) and OFFERED or nil
end

-- NPC's id → picture, of the player's own quests.
local function of_quests(player_name)
	local found = {}
	for _, quest in ipairs(quests.of_player(player_name, quests.is_open)) do
		if quest.state == "offered" then
			found[quest.npc] = OFFERED
		elseif quest.state == "fulfilled" then
			found[quests.receiver(quest)] = WAITS
		end
	end
	return found
end

local function draw(npc, object, player_name, texture)
	local up = {x = 0, y = ABOVE + (npc.foot_y or 0), z = 0}
	local still = {x = 0, y = 0, z = 0}
	return core.add_particlespawner({
		playername = player_name, attached = object, texture = texture, glow = 14, time = 0, amount = 8,
		minexptime = 0.5, maxexptime = 0.5, minsize = 4, maxsize = 4, minpos = up, maxpos = up,
		minvel = still, maxvel = still, minacc = still, maxacc = still,
	})
end

local function put_away(player_name, id)
	local sign = shown[player_name][id]
	shown[player_name][id] = nil
	core.delete_particlespawner(sign.spawner, player_name)
end

local function look(player, player_name)
	local pos, waits, there = player:get_pos(), of_quests(player_name), {}
	local own = shown[player_name] or {}
	shown[player_name] = own
	for _, npc in ipairs(positions.may_be_near(pos, SEEN_NODES)) do
		local object = npc:get_object()
		local texture = object and geometry.in_range(pos, object:get_pos(), SEEN_NODES) and picture(npc, player_name, waits)
		if texture then
			there[npc.id] = true
			local sign = own[npc.id]
			if sign and (sign.picture ~= texture or sign.object ~= object) then put_away(player_name, npc.id) end
			own[npc.id] = own[npc.id] or {picture = texture, object = object, spawner = draw(npc, object, player_name, texture)}
		end
	end
	for id in pairs(own) do
		if not there[id] then put_away(player_name, id) end
	end
end

-- Called each step.
function signs.step(now)
	if not settings.quests or not settings.quest_signs then return end
	if #present == 0 then return end
	cursor = cursor % #present + 1
	local name = present[cursor]
	if looked_us[name] and now - looked_us[name] < EVERY_US then return end
	looked_us[name] = now
	local player = core.get_player_by_name(name)
	if player then look(player, name) end
end

local function celebrate(object)
	core.sound_play(SOUND, {object = object, max_hear_distance = HEARD_NODES, gain = 0.6}, true)
	core.add_particlespawner({
		attached = object, texture = SPARK, glow = 14, time = 0.5, amount = 30, minexptime = 0.6, maxexptime = 1.2,
		minsize = 1, maxsize = 2, minpos = {x = -0.4, y = 0.6, z = -0.4}, maxpos = {x = 0.4, y = 1.9, z = 0.4},
		minvel = {x = -0.6, y = 1, z = -0.6}, maxvel = {x = 0.6, y = 2.2, z = 0.6},
		minacc = {x = 0, y = -2, z = 0}, maxacc = {x = 0, y = -2, z = 0},
	})
end

events.on("quest", function(_, player_name, quest, state)
	looked_us[player_name] = nil -- a sign follows at once
	local npc = state == "paid" and npcs.get(quests.receiver(quest))
	local object = npc and npc:get_object()
	if object and settings.quest_signs then celebrate(object) end
end)

core.register_on_joinplayer(function(player) present[#present + 1] = player:get_player_name() end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for i, other in ipairs(present) do
		if other == name then
			table.remove(present, i)
			break
		end
	end
	shown[name], looked_us[name] = nil, nil -- the client's own spawners are gone with it
end)

return signs
