-- The promises there are: who is to be where, when, and for whom. Kept with the world; bounded.
-- Times are days of the game: the day's number and the share of it that has passed.

local settings, geometry, storage = ...

local promises = {}

local KEY = "promises"
local MAX = 32 -- in the world; with names and places about 8 KB at most
local PER_NPC_MAX = 3
local PASSED = 0.02 -- of a day: an hour that has just begun is now, one that is longer ago is tomorrow's

-- {npc = id, npc_name, player, place, x, y, z, due, state = "made", "waiting", "missed", came = the NPC was there}
local list = {}
for _, promise in ipairs(storage:read_table(KEY)) do
	if type(promise.npc) == "string" and type(promise.player) == "string" and type(promise.due) == "number"
			and type(promise.x) == "number" and type(promise.y) == "number" and type(promise.z) == "number" then
		if promise.state ~= "missed" then promise.state = "made" end -- it goes there again, if it does not stand there still
		list[#list + 1] = promise
	end
end

function promises.save()
	storage:set_string(KEY, list[1] and core.serialize(list) or "")
end

function promises.now() return (core.get_day_count() or 0) + (core.get_timeofday() or 0.5) end

local function time_speed() return tonumber(core.settings:get("time_speed")) or 72 end -- the engine's default

-- How long an NPC waits, in days of the game.
function promises.wait_days() return settings.promise_wait_min * 60 * time_speed() / 86400 end

-- Seconds until then, as the game's day passes; math.huge where its time stands still.
function promises.seconds_until(due)
	local speed, days = time_speed(), due - promises.now()
	if days <= 0 then return 0 end
	return speed > 0 and days * 86400 / speed or math.huge
end

-- The next time that the clock says so.
function promises.due_at(time, is_tomorrow)
	local day, now = core.get_day_count() or 0, core.get_timeofday() or 0.5
	local days = is_tomorrow and 1 or now - time > PASSED and 1 or 0
	return day + days + time
end

function promises.list() return list end

local function of_npc(npc_id)
	local found = {}
	for _, promise in ipairs(list) do
		if promise.npc == npc_id and promise.state ~= "missed" then found[#found + 1] = promise end
	end
	return found
end

-- Why one more cannot be made for that time, or nil: "full", "busy" (another waits for it then).
function promises.obstacle(npc_id, player_name, due)
	local own = of_npc(npc_id)
	for _, promise in ipairs(own) do
		if promise.player ~= player_name and math.abs(promise.due - due) < promises.wait_days() then return "busy" end
	end
	return (#own >= PER_NPC_MAX or #list >= MAX) and "full" or nil
end

-- given: {npc, player, place = its name or nil, pos, due}. One more to the same player takes the place of the last.
function promises.make(given)
	promises.drop({npc = given.npc.id, player = given.player})
	list[#list + 1] = {
		npc = given.npc.id, npc_name = given.npc.name, player = given.player, place = given.place, due = given.due, state = "made",
		x = given.pos.x, y = given.pos.y, z = given.pos.z,
	}
	promises.save()
end

-- Those of an NPC, of a player, or of both.
function promises.drop(of)
	local kept = {}
	for _, promise in ipairs(list) do
		local fits = (not of.npc or promise.npc == of.npc) and (not of.player or promise.player == of.player)
		if not fits then kept[#kept + 1] = promise end
	end
	if #kept == #list then return end
	list = kept
	promises.save()
end

function promises.remove(promise)
	for i, other in ipairs(list) do
		if other == promise then
			table.remove(list, i)
			return promises.save()
		end
	end
end

function promises.is_there(promise, pos, nodes) return geometry.in_range(pos, promise, nodes) end

return promises
