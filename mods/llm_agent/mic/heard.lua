-- Words that a player spoke go the very same way as words that they type: every mod that reads chat gets them, in order, and
-- where none swallows them all players see the line. So moderation, mutes, earshot and orders hold. They are never run as a
-- command.

local log, now_us, text = ...

local heard = {}

local BYTES_MAX = 400 -- the engine's own limit for a line is 500
-- As the engine's for what is typed: so many at once, then one in so long.
local BURST, EVERY_US = 8, 1.25e6

local buckets = {} -- player → {left, at_us}

local function comes_too_fast(player_name)
	local now = now_us()
	local bucket = buckets[player_name] or {left = BURST, at_us = now}
	buckets[player_name] = bucket
	bucket.left, bucket.at_us = math.min(BURST, bucket.left + (now - bucket.at_us) / EVERY_US), now
	if bucket.left < 1 then return true end
	bucket.left = bucket.left - 1
	return false
end

-- One of the functions that mods registered; a mistake in it must not stop the others, nor the server's step.
local function is_swallowed_by(fn, player_name, message)
	local ok, swallowed = pcall(fn, player_name, message)
	if not ok then log("error", "a mod failed at words that were spoken: " .. tostring(swallowed)) end
	return ok and swallowed
end

-- What the engine does with a line that nobody swallowed.
local function show(player_name, message)
	if not core.check_player_privs(player_name, {shout = true}) then
		core.chat_send_player(player_name, "-!- You don't have permission to shout.") -- the engine's words, which it translates
		return
	end
	local line = core.format_chat_message(player_name, message)
	core.log("action", "CHAT: " .. text.without_escapes(line))
	core.chat_send_all(line)
end

function heard.say(player_name, words)
	local message = text.clean(words, BYTES_MAX):gsub("^[%s/]+", "")
	if message == "" or not core.get_player_by_name(player_name) or comes_too_fast(player_name) then return end
	for _, fn in ipairs(core.registered_on_chat_messages) do
		if is_swallowed_by(fn, player_name, message) then return end
	end
	show(player_name, message)
end

core.register_on_leaveplayer(function(player) buckets[player:get_player_name()] = nil end)

return heard
