-- Who fights, and whom: the courage of a role, and which players the server lets anybody fight. Only reads.
-- It holds both ways: a player whom NPCs do not fight does them no harm either.

local S, now_us, settings, roles = ...

local rules = {}

local TOLD_EVERY_US = 60e6 -- why a blow did not count, said to the same player

-- "meek" runs (children, elders …), "brave" strikes back, "watchful" attacks monsters on sight.
function rules.courage(npc)
	return (roles.by_name[npc.role] or {}).courage or "meek"
end

function rules.is_brave(npc) return rules.courage(npc) ~= "meek" end

local OFF = {["false"] = true, ["0"] = true, no = true, off = true}

-- Of a setting of the engine that is on where nothing is said. Read each time: an admin may /set it.
local function is_off(name)
	return OFF[core.settings:get(name) or ""] or false
end

-- Somebody's protection, or an area's: nobody in particular may not dig there.
local function is_protected(pos)
	return core.is_protected({x = math.floor(pos.x + 0.5), y = math.floor(pos.y + 0.5), z = math.floor(pos.z + 0.5)}, "")
end

-- Why no NPC fights this player now, in words for the player; nil where it may come to a fight.
function rules.refusal(player)
	if not settings.fight_players then return S("NPCs of this server fight no players.") end
	if is_off("enable_pvp") then
		return S("Players do not fight on this server, so NPCs neither strike you nor can be struck by you.")
	end
	local immortal = player:get_armor_groups().immortal
	if is_off("enable_damage") or immortal and immortal > 0 then
		return S("You cannot be hurt, so NPCs neither strike you nor can be struck by you.")
	end
	if core.is_creative_enabled(player:get_player_name()) then
		return S("You are in creative mode, so NPCs neither strike you nor can be struck by you.")
	end
	if not settings.fight_in_protected and is_protected(player:get_pos()) then
		return S("This place is protected: you and NPCs cannot strike each other here.")
	end
	return nil
end

local told_us = {} -- player → when they were told why no blow counts

-- Does a blow of this puncher count? A player whom NPCs may not fight is told why not.
function rules.counts(puncher)
	local refusal = puncher:is_player() and rules.refusal(puncher)
	if not refusal then return true end
	local name, now = puncher:get_player_name(), now_us()
	if not told_us[name] or now - told_us[name] > TOLD_EVERY_US then
		told_us[name] = now
		core.chat_send_player(name, refusal)
	end
	return false
end

core.register_on_leaveplayer(function(player) told_us[player:get_player_name()] = nil end)

return rules
