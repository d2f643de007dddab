-- Pictures of signs on the screens of those who read them: over the head of an NPC that speaks, and a word to practise.
-- HUD elements of one player each: the client draws a waypoint where its place in the world is on the screen, always as large.
-- Owns the elements and the media of each player.

local now_us, media = ...

local overhead = {}

local MEDIA_MAX_BYTES = 2 * 2 ^ 20 -- a player: a thousand words, which the client keeps until it leaves
local PRACTICE_US = 12e6 -- long enough to read a name letter by letter
local PRACTICE_POSITION = {x = 0.5, y = 0.85} -- of the screen: over the hotbar, below the heads

local TYPE = core.features.hud_def_type_field and "type" or "hud_elem_type"

local box = media.new({prefix = "llm_agent_sign_", extension = ".png", max_bytes = MEDIA_MAX_BYTES, on_full = function() end})

local shown = {} -- player → key → {id, pos, offset}
local practised = {} -- player → {id, until_us}, both nil until the client has the picture

-- A name for a file, of any letters.
local function file_id(word, lang)
	return lang .. "_" .. word:gsub(".", function(char) return ("%02x"):format(char:byte()) end)
end

local function add(player, kind, name, fields)
	local def = {
		[TYPE] = kind, text = name .. ".png", scale = {x = 1, y = 1}, alignment = {x = 0, y = -1}, offset = {x = 0, y = 0},
	}
	for key, value in pairs(fields) do def[key] = value end
	return player:hud_add(def)
end

local function is_near(a, b)
	return math.abs(a.x - b.x) + math.abs(a.y - b.y) + math.abs(a.z - b.z) < 0.05
end

-- on_there() comes once this client has the picture, now or later; never, where it gets no more.
function overhead.send(player_name, word, lang, png, on_there)
	box:give(player_name, file_id(word, lang), png, on_there)
end

-- A picture that the client has at `pos` in the world, so many pixels beside it; moved where it has changed. key: of the element,
-- any string.
function overhead.show(player, key, word, lang, pos, offset)
	local player_name = player:get_player_name()
	local own = shown[player_name] or {}
	shown[player_name] = own
	local one = own[key]
	if not one then
		local id = add(player, "image_waypoint", box:name(player_name, file_id(word, lang)), {world_pos = pos, offset = offset})
		own[key] = id and {id = id, pos = pos, offset = offset}
		return
	end
	if not is_near(one.pos, pos) then
		one.pos = pos
		player:hud_change(one.id, "world_pos", pos)
	end
	if one.offset.x ~= offset.x or one.offset.y ~= offset.y then
		one.offset = offset
		player:hud_change(one.id, "offset", offset)
	end
end

-- Takes one away from a player's screen, by its key.
function overhead.hide(player_name, key)
	local own, player = shown[player_name] or {}, core.get_player_by_name(player_name)
	local one = own[key]
	own[key] = nil
	if one and player then player:hud_remove(one.id) end
end

function overhead.clear(player_name)
	for key in pairs(shown[player_name] or {}) do overhead.hide(player_name, key) end
end

local function end_practice(player_name)
	local own, player = practised[player_name], core.get_player_by_name(player_name)
	practised[player_name] = nil
	if own and own.id and player then player:hud_remove(own.id) end
end

-- A word at the lower edge of the screen for a while.
function overhead.practise(player_name, word, lang, png)
	end_practice(player_name)
	local own = {}
	practised[player_name] = own
	box:give(player_name, file_id(word, lang), png, function()
		local player = core.get_player_by_name(player_name)
		if not player or practised[player_name] ~= own then return end
		own.id = add(player, "image", box:name(player_name, file_id(word, lang)), {position = PRACTICE_POSITION})
		own.until_us = now_us() + PRACTICE_US
	end)
end

-- Called each step.
function overhead.step(now)
	for player_name, own in pairs(practised) do
		if own.until_us and now >= own.until_us then end_practice(player_name) end
	end
end

core.register_on_leaveplayer(function(player)
	local player_name = player:get_player_name()
	shown[player_name], practised[player_name] = nil, nil
	box:forget(player_name)
end)

return overhead
