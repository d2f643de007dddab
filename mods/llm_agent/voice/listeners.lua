-- Who hears an NPC, and how loud: players in earshot who have not switched voices off nor muted it. Their choice is kept with the
-- player. Whether a client has a sound device nobody can see from here: one without plays nothing, and reads as ever.

local S, settings, geometry, commands, mutes, requests = ...

local listeners = {}

local OFF_KEY, VOLUME_KEY = "llm_agent:voice_off", "llm_agent:voice_volume" -- in the player's metadata
local VOLUME_MAX = 100 -- per cent
local OFF, VOICELESS = 0, 0

local volumes = {} -- player → 0 to 1, read once

local function volume_of(player)
	local meta = player:get_meta()
	if meta:get_string(OFF_KEY) ~= "" then return OFF end
	return (tonumber(meta:get_string(VOLUME_KEY)) or VOLUME_MAX) / VOLUME_MAX
end

-- How loud voices are for this player: of 1.
local function volume(player, name)
	volumes[name] = volumes[name] or volume_of(player)
	return volumes[name] * settings.voice_volume
end

-- The gain with which the player hears the NPC whose voice comes from `pos`, or nil where not at all.
function listeners.gain(npc, pos, player)
	local name = player:get_player_name()
	local gain = volume(player, name)
	if gain <= VOICELESS or mutes.is_muted(name, npc) then return nil end
	return geometry.in_range(pos, player:get_pos(), settings.earshot) and gain or nil
end

-- player → gain, of all who hear the NPC now and whom `hears(name)` lets; nil where there is none.
function listeners.of(npc, hears)
	local pos, found = npc:get_pos(), nil
	for _, player in ipairs(pos and core.get_connected_players() or {}) do
		local gain = listeners.gain(npc, pos, player)
		if gain and hears(player:get_player_name()) then
			found = found or {}
			found[player:get_player_name()] = gain
		end
	end
	return found
end

local change_listeners = {}

-- fn(player_name): a player has switched voices off, or made them silent.
function listeners.on_silence(fn)
	table.insert(change_listeners, fn)
end

-- What the player has now, and what the daemon has to give.
local function state_of(player)
	local share = volume_of(player)
	if share <= VOICELESS then return S("Voices of NPCs are off for you. /llm voice on brings them back.") end
	if requests.problem then return S("Voices of NPCs are on for you, but this server makes none now.") end
	return S("Voices of NPCs are on for you, at @1 of 100. /llm voice off ends them, a number sets how loud they are. If you hear "
		.. "nothing, look whether your game has its sound on.", math.floor(share * VOLUME_MAX + 0.5))
end

local function choose(name, rest)
	local player = core.get_player_by_name(name)
	if not player then return false, S("You are not in the game.") end
	if not settings.voice then return false, S("This server has no voices.") end
	local meta, number = player:get_meta(), tonumber((rest:gsub("%%$", "")))
	if number and number >= 0 and number <= VOLUME_MAX then
		meta:set_string(VOLUME_KEY, tostring(math.floor(number + 0.5)))
		meta:set_string(OFF_KEY, "")
	elseif rest == "on" then
		meta:set_string(OFF_KEY, "")
		if volume_of(player) <= VOICELESS then meta:set_string(VOLUME_KEY, "") end
	elseif rest == "off" then
		meta:set_string(OFF_KEY, "1")
	elseif rest ~= "" then
		return false, S("Use: /llm voice on, /llm voice off, or a number from 0 to 100 for how loud.")
	end
	volumes[name] = nil
	if volume_of(player) <= VOICELESS then
		for _, fn in ipairs(change_listeners) do fn(name) end
	end
	return true, state_of(player)
end

commands.register("voice", {params = S("[on, off or 0 to 100]"), help = S("voices of NPCs, and how loud"), run = choose})

core.register_on_leaveplayer(function(player) volumes[player:get_player_name()] = nil end)

return listeners
