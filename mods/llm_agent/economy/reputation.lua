-- What an NPC thinks of each player, from -1 (hates) to 1 (loves). Good and bad deeds add up; kept with the world.
-- Trade reads it for prices. Actions, deals and fights change it.

local storage, events = ...

local reputation = {}

local KEY = "standing:" -- and the NPC's id
local PLAYERS_MAX = 50 -- remembered by one NPC: those it cares about least are forgotten
local STEP = 0.01 -- smaller values are not kept
-- What an action that was done changes, by its name: from the player's side it was a kindness.
local KIND = {take_item = 0.1, complete_quest = 0.2}

local known = {} -- NPC's id → player → number; read when it is first asked for

local function of_npc(id)
	if not known[id] then
		known[id] = storage:read_table(KEY .. id)
	end
	return known[id]
end

local function save(id)
	local list = {}
	for player, value in pairs(known[id]) do list[#list + 1] = {player, math.abs(value)} end
	table.sort(list, function(a, b) return a[2] > b[2] end)
	for i, entry in ipairs(list) do
		if i > PLAYERS_MAX or entry[2] < STEP then known[id][entry[1]] = nil end
	end
	storage:set_string(KEY .. id, next(known[id]) and core.serialize(known[id]) or "")
end

function reputation.of(npc_id, player_name)
	return of_npc(npc_id)[player_name] or 0
end

function reputation.change(npc_id, player_name, by)
	local list = of_npc(npc_id)
	list[player_name] = math.max(-1, math.min((list[player_name] or 0) + by, 1))
	save(npc_id)
end

-- The player is a stranger to all NPCs again.
function reputation.forget(player_name)
	for key in pairs(storage:to_table().fields) do
		local id = key:sub(1, #KEY) == KEY and key:sub(#KEY + 1)
		if id and of_npc(id)[player_name] then
			known[id][player_name] = nil
			save(id)
		end
	end
end

-- The NPC is gone for good.
function reputation.drop(npc_id)
	known[npc_id] = nil
	storage:set_string(KEY .. npc_id, "")
end

events.on("action", function(npc, player_name, name, _, ok)
	if ok and player_name and KIND[name] then reputation.change(npc.id, player_name, KIND[name]) end
end)

return reputation
