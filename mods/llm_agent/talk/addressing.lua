-- Decides who is meant by a sentence in chat.
-- Only who is called by it (calling/), distance and the last talk count; the model is not asked.

local now_us, settings, text, phrases, util, translate, roles, nearby, language, mutes = ...

local addressing = {}

local PARTNER_US = 30e6 -- a sentence without a name goes to the last partner for this long

local partners = {} -- player → {id, at_us}: the NPC they talk with

local waits = {} -- of add_wait

-- fn(npc, player_name, message): does this NPC wait for just these words from the player? "Yes" is for who asked.
function addressing.add_wait(fn) waits[#waits + 1] = fn end

local function is_waited_for(npc, player_name, message)
	for _, fn in ipairs(waits) do
		if fn(npc, player_name, message) then return true end
	end
	return false
end

-- Those of a list who wait for these words, and all of it where nobody does.
local function waiting(near, player_name, message)
	local found = {}
	for _, npc in ipairs(near) do
		if is_waited_for(npc, player_name, message) then found[#found + 1] = npc end
	end
	return found[1] and found or near
end

-- Who waits for the words, the last partner first; else the last partner, else the nearest: of those who are not spoken of, where
-- there are such. "Go to Bram!" is for somebody else.
local function unnamed(player_name, near, spoken_of, message)
	local partner, best = partners[player_name], nil
	local partner_id = partner and now_us() - partner.at_us < PARTNER_US and partner.id
	for _, npc in ipairs(waiting(near, player_name, message)) do
		if not util.contains(spoken_of, npc) and (not best or npc.id == partner_id) then best = npc end
	end
	if best then return {best} end
	for _, npc in ipairs(near) do
		if npc.id == partner_id then return {npc} end
	end
	return util.first_of(near, 1)
end

-- The nearest who is called by what they are: "hey smith!", in English or the player's language.
local function called_by_role(player_name, near, message)
	local called_so = {}
	for _, npc in ipairs(near) do
		local title = roles.title(npc)
		called_so[#called_so + 1] = {name = title, npc = npc}
		local translated = translate.line(language.of(player_name), title)
		if translated ~= title then called_so[#called_so + 1] = {name = translated, npc = npc} end
	end
	return util.first_of(nearby.called_as(message, called_so), 1)
end

-- Who is meant, of those in earshot: everybody who is called by name, or all where all are meant; else who is called by what they
-- are; else who waits for the words; else whom one talked with last; else the nearest, unless another player is called. Nobody
-- where the one who is called by name stands in view, and too far away to hear it: that one is the second result.
function addressing.of(player_name, pos, message)
	local called, spoken_of, players_called = nearby.meant(message)
	local near, named, others = {}, {}, {}
	for _, npc in ipairs(nearby.in_earshot(pos)) do
		if not mutes.is_muted(player_name, npc) then
			near[#near + 1] = npc
			if util.contains(called, npc) then named[#named + 1] = npc end
			if not util.contains(spoken_of, npc) then others[#others + 1] = npc end
		end
	end
	if named[1] then return util.first_of(named, settings.group_answers_max) end
	if text.names_any(message, phrases.everybody) then return util.first_of(others, settings.group_answers_max) end
	if players_called[1] and players_called[1] ~= player_name then return {} end
	local too_far = nearby.in_view(called, pos)
	if too_far then return {}, too_far end
	local called_so = called_by_role(player_name, near, message)
	return called_so[1] and called_so or unnamed(player_name, near, spoken_of, message)
end

-- The player talks with this NPC now.
function addressing.note_partner(player_name, npc)
	partners[player_name] = {id = npc.id, at_us = now_us()}
end

core.register_on_leaveplayer(function(player) partners[player:get_player_name()] = nil end)

return addressing
