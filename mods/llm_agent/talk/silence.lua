-- Players whom NPCs do not hear for a while: by an admin's `/llm silence`, or after too much that moderation held back.
-- The end is kept in the mod's storage, so neither a restart nor a new client helps.

local S, log, now_us, settings, storage, events, commands = ...

local silence = {}

local PLAYER_NAME = "^[%w_-]+$"
local MINUTES_MAX = 525600 -- a year

local notified = {} -- player → true: was told once why an NPC did not answer
local held_back_us = {} -- player → when words of theirs were held back

-- Whole minutes for which NPCs do not hear this player any more, or nil.
function silence.minutes(player_name)
	local till = tonumber(storage:get_string("silence:" .. player_name))
	if not till then return nil end
	local left_s = till - os.time()
	if left_s > 0 then return math.ceil(left_s / 60) end
	storage:set_string("silence:" .. player_name, "")
	return nil
end

-- What a silenced player is told who speaks to an NPC, or nil.
function silence.words(player_name)
	local minutes = silence.minutes(player_name)
	return minutes and S("NPCs do not hear you. Minutes left: @1", minutes)
end

local function begin(player_name, minutes)
	storage:set_string("silence:" .. player_name, tostring(os.time() + minutes * 60))
	held_back_us[player_name] = nil
end

-- Words of a player were held back: told once, and silence after too many.
local function held_back(player_name)
	local now, recent = now_us(), {}
	for _, at_us in ipairs(held_back_us[player_name] or {}) do
		if now - at_us < settings.filtered_window_min * 60e6 then recent[#recent + 1] = at_us end
	end
	recent[#recent + 1] = now
	held_back_us[player_name] = recent
	if settings.filtered_max > 0 and #recent >= settings.filtered_max and not silence.minutes(player_name) then
		begin(player_name, settings.filtered_silence_min)
		log("action", ("%s is not heard by NPCs for %g minutes: too much was held back"):format(player_name,
			settings.filtered_silence_min))
		core.chat_send_player(player_name, S("Too much that you said was held back. NPCs do not hear you for @1 minutes.",
			settings.filtered_silence_min))
	elseif not notified[player_name] then
		core.chat_send_player(player_name, S("What you said was held back: this server does not allow such words to NPCs."))
	end
	notified[player_name] = true
end

events.on("error", function(_, answer, opts)
	if answer.code ~= "filtered" or answer.by ~= "player" then return end
	if opts.player and core.get_player_by_name(opts.player) then held_back(opts.player) end
end)

local function run_silence(_, rest)
	local player_name, minutes = rest:match("^(%S+)%s*(%S*)$")
	local count = minutes == "" and settings.filtered_silence_min or tonumber(minutes)
	if not player_name or not player_name:find(PLAYER_NAME) or not count or not (count > 0 and count <= MINUTES_MAX) then
		return false, S("Use: /llm silence PLAYER [MINUTES], up to @1 minutes.", MINUTES_MAX)
	end
	begin(player_name, count)
	if core.get_player_by_name(player_name) then core.chat_send_player(player_name, silence.words(player_name)) end
	return true, S("NPCs do not hear @1 for @2 minutes.", player_name, count)
end

local function run_unsilence(_, rest)
	if not rest:find(PLAYER_NAME) then return false, S("Use: /llm unsilence PLAYER") end
	if not silence.minutes(rest) then return false, S("NPCs do hear @1.", rest) end
	storage:set_string("silence:" .. rest, "")
	if core.get_player_by_name(rest) then core.chat_send_player(rest, S("NPCs hear you again.")) end
	return true, S("NPCs hear @1 again.", rest)
end

commands.register("silence", {
	params = S("PLAYER [MINUTES]"), admin = true, help = S("NPCs do not hear this player for a while"), run = run_silence,
})
commands.register("unsilence", {params = S("PLAYER"), admin = true, help = S("they hear them again"), run = run_unsilence})

core.register_on_leaveplayer(function(player)
	notified[player:get_player_name()], held_back_us[player:get_player_name()] = nil, nil
end)

return silence
