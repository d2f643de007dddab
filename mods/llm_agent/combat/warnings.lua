-- Before the first blow at a player: a warning, and time to step back or to say sorry. One of a squad warns for all of it.
-- Owns who was forgiven of late: a word that is broken is not taken again for a while.

local now_us, settings, cries = ...

local warnings = {}

local STEP_BACK_NODES = 6 -- farther away when the time is up: it is over
-- Blows so soon after a warning belong to the first: a mouse button is held down, and nobody reads faster.
local READ_US = 1.5e6
local TRUCE_US = 120e6

local truces = {} -- player → NPC's id → until when the player is bound by their word

local function is_bound(npc, name)
	local until_us = (truces[name] or {})[npc.id]
	return until_us ~= nil and until_us > now_us()
end

-- squad.warned: player → {since_us, until_us, is_open: it came to blows}.

local function come_to_blows(npc, squad, name)
	squad.warned[name].is_open = true
	cries.say(npc, is_bound(npc, name) and "broken_word" or "cry", name, name)
end

-- An NPC that strikes back has taken up a fight with a player.
function warnings.begin(npc, squad, name)
	if squad.warned[name] then return end
	local now = now_us()
	squad.warned[name] = {since_us = now, until_us = now + settings.fight_warning_s * 1e6}
	if settings.fight_warning_s == 0 or is_bound(npc, name) then return come_to_blows(npc, squad, name) end
	cries.say(npc, "warning", name, name)
end

-- The player strikes again.
function warnings.struck(npc, squad, name)
	local warned = squad.warned[name]
	if warned and not warned.is_open and now_us() - warned.since_us > READ_US then come_to_blows(npc, squad, name) end
end

-- Is it time for blows at this player, so far away? "open", "waits", or "over": they stepped back.
function warnings.state(npc, squad, name, distance)
	local warned = squad.warned[name]
	if not warned or warned.is_open then return "open" end
	if now_us() < warned.until_us then return "waits" end
	if distance > STEP_BACK_NODES then return "over" end
	come_to_blows(npc, squad, name)
	return "open"
end

-- The player says to these NPCs that they are sorry: true if it is taken.
function warnings.forgive(name, list)
	for _, npc in ipairs(list) do
		if is_bound(npc, name) then return false end
	end
	truces[name] = truces[name] or {}
	for _, npc in ipairs(list) do truces[name][npc.id] = now_us() + TRUCE_US end
	return true
end

core.register_on_leaveplayer(function(player) truces[player:get_player_name()] = nil end)

return warnings
