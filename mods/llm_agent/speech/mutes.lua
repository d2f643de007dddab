-- Whom a player does not want to hear: `/llm mute` and `/llm unmute`.
-- Kept in the mod's storage, read once for each player.

local S, storage, commands, nearby = ...

local mutes = {}

local KEY = "mute:" -- and the player's name
local ALL = "*" -- in the list of the muted

local function muted_by(name)
	local muted = {}
	for id in storage:get_string(KEY .. name):gmatch("[^\n]+") do muted[id] = true end
	return muted
end

local of_player = {} -- player → {id or ALL = true}, read from storage once

-- Does this player not want to hear this NPC?
function mutes.is_muted(player_name, npc)
	local muted = of_player[player_name]
	if not muted then
		muted = muted_by(player_name)
		of_player[player_name] = muted
	end
	return muted[ALL] or muted[npc.id] or false
end

local function set_muted(name, id, on)
	local muted, ids = id == ALL and {} or muted_by(name), {}
	muted[id] = on or nil
	for key in pairs(muted) do ids[#ids + 1] = key end
	storage:set_string(KEY .. name, table.concat(ids, "\n"))
	of_player[name] = muted
end

local function mute(on)
	return function(name, rest)
		if rest == "" then
			set_muted(name, ALL, on)
			return true, on and S("You hear no NPCs any more, and they do not speak to you. /llm unmute brings them back.")
				or S("NPCs speak to you again.")
		end
		local npc = nearby.find(rest, name)
		if not npc then return false, S("No NPC called @1.", rest) end
		set_muted(name, npc.id, on)
		return true, on and S("@1 is muted for you.", npc.name) or S("You hear @1 again.", npc.name)
	end
end

commands.register("mute", {params = S("[NAME]"), help = S("hear no NPC, or not this one"), run = mute(true)})
commands.register("unmute", {params = S("[NAME]"), help = S("hear them again"), run = mute(false)})

core.register_on_leaveplayer(function(player) of_player[player:get_player_name()] = nil end)

return mutes
