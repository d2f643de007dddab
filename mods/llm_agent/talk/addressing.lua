-- Decides who is meant by a sentence in chat.
-- Only names, distance and the last talk count; the model is not asked.

local now_us, settings, text, phrases, util, nearby, mutes = ...

local addressing = {}

local PARTNER_US = 30e6 -- a sentence without a name goes to the last partner for this long

local partners = {} -- player → {id, at_us}: the NPC they talk with

local function names_a_player(message, speaker)
	for _, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		if name ~= speaker and text.names(message, name) then return true end
	end
	return false
end

-- Who is meant, of those in earshot: everybody who is named, or all where all are meant; else whom one talked with last;
-- else the nearest, unless another player is named.
function addressing.of(player_name, pos, message)
	local near, named = {}, {}
	for _, npc in ipairs(nearby.in_earshot(pos)) do
		if not mutes.is_muted(player_name, npc) then
			near[#near + 1] = npc
			if nearby.is_named(message, npc) then named[#named + 1] = npc end
		end
	end
	if named[1] then return util.first_of(named, settings.group_answers_max) end
	if text.names_any(message, phrases.everybody) then return util.first_of(near, settings.group_answers_max) end
	if names_a_player(message, player_name) then return {} end
	local partner = partners[player_name]
	for _, npc in ipairs(near) do
		if partner and npc.id == partner.id and now_us() - partner.at_us < PARTNER_US then return {npc} end
	end
	return util.first_of(near, 1)
end

-- The player talks with this NPC now.
function addressing.note_partner(player_name, npc)
	partners[player_name] = {id = npc.id, at_us = now_us()}
end

core.register_on_leaveplayer(function(player) partners[player:get_player_name()] = nil end)

return addressing
