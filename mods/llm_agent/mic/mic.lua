-- `/llm mic`: a browser becomes a player's microphone. The daemon's HTTP process is asked for a one-time code (`listen`), the
-- player types it into its page, and what is said there comes back as events.
-- It is off when the player leaves, by `/llm mic off`, and after some hours. Where the daemon went away it is asked for again,
-- and who had a page open is told the new code.

local S, now_us, settings, text, client, commands, language, heard, hints = ...

local mic = {}

local LIFE_MS = 8 * 3600 * 1000 -- the most that the daemon grants
local CODE_US = 300e6 -- as long as it takes a code
local REFRESH_US = 2e6 -- a player meets others no faster
local PROBLEM_MAX_BYTES = 300
local LOOPBACK = {["127.0.0.1"] = true, localhost = true, ["[::1]"] = true}

local open = {} -- player → {player, id, hints, hinted_us, ready_us, has_page}
local lost = {} -- player → true: had a page open when the daemon went away

local function page_address()
	local base = settings.mic_url ~= "" and settings.mic_url or settings.url
	return (base:gsub("/+$", ""):gsub("/voice$", "")) .. "/voice"
end

-- Does the address lead to the machine of whoever opens it? Right for who plays alone, and for nobody else.
local function is_for_this_machine(address)
	local host = address:match("^%a+://(%[[^%]]*%])") or address:match("^%a+://([^:/]+)")
	return LOOPBACK[host] and not core.is_singleplayer() or false
end

local function tell(one, message) core.chat_send_player(one.player, message) end

local function tell_code(one, code, was_cut_off)
	local address = page_address()
	if was_cut_off then tell(one, S("Your microphone was cut off. It needs a new code.")) end
	tell(one, S("To speak to NPCs open @1 in a browser and type the code @2 there, within 5 minutes.", address, code))
	tell(one, S("This link does both: @1", address .. "#" .. code))
	if is_for_this_machine(address) then
		tell(one, S("This address works on the server's own machine alone. An admin can set llm_agent.mic_url."))
	end
end

local function close(one)
	if open[one.player] == one then open[one.player] = nil end
	client.cancel(one.id)
end

local on = {} -- event → fn(one, event)

-- A second one comes of another process than the first: it knows no page.
function on.ready(one, event)
	local had_page, now = one.has_page, now_us()
	local has_waited = one.ready_us and not had_page and now - one.ready_us > CODE_US
	if type(event.code) ~= "string" or has_waited then return close(one) end
	one.ready_us, one.has_page = now, false
	tell_code(one, text.clean(event.code, 16), had_page or one.was_cut_off)
	one.was_cut_off = false
end

function on.opened(one)
	one.has_page = true
	tell(one, S("Your microphone is on: hold the button on the page and speak. /llm mic off ends it."))
end

function on.heard(one, event)
	if type(event.text) == "string" then heard.say(one.player, event.text) end
end

-- Its time is up.
function on.done(one)
	open[one.player] = nil
	tell(one, one.has_page and S("Your microphone is off. /llm mic switches it on again.")
		or S("Nobody typed the code for the microphone. /llm mic gives a new one."))
end

function on.error(one, event)
	open[one.player] = nil
	if one.has_page then
		lost[one.player] = true
	elseif not one.ready_us then
		tell(one, S("There is no microphone now: @1", text.clean(tostring(event.message), PROBLEM_MAX_BYTES)))
	end
end

local function record_of(one)
	return {op = "listen", player = one.player, lang = language.of(one.player), phrases = one.hints}
end

local function ask(player_name, was_cut_off)
	local one = {
		player = player_name, hints = hints.of(player_name, language.of(player_name)), hinted_us = now_us(),
		was_cut_off = was_cut_off,
	}
	open[player_name] = one
	one.id = client.ask(record_of(one), LIFE_MS, function(kind, event)
		if open[player_name] == one and on[kind] then on[kind](one, event) end
	end)
end

local function stop(player_name)
	local one = open[player_name]
	if one then close(one) end
	lost[player_name] = nil
	return one ~= nil
end

local function run(player_name, rest)
	if rest == "off" then
		return true, stop(player_name) and S("Your microphone is off.") or S("You have no microphone on.")
	end
	if rest ~= "" then return false, S("Use: /llm mic, or /llm mic off") end
	if not settings.mic then return false, S("Microphones are switched off on this server.") end
	if not core.get_player_by_name(player_name) then return false, S("Only players in the world have a microphone.") end
	stop(player_name)
	ask(player_name)
	return true
end

commands.register("mic", {params = S("[off]"), help = S("speak to NPCs with your browser as the microphone"), run = run})

-- Who had a page open gets a new one.
client.on_change(function(event)
	if event ~= "online" then return end
	local names = lost
	lost = {}
	for name in pairs(names) do
		if core.get_player_by_name(name) and not open[name] then ask(name, true) end
	end
end)

-- The one whose hints were looked at longest ago, where it is time.
local function due(now)
	local found
	for _, one in pairs(open) do
		if one.has_page and now - one.hinted_us >= REFRESH_US and (not found or one.hinted_us < found.hinted_us) then
			found = one
		end
	end
	return found
end

-- One player in a step: the names near them are told anew where they are others than before.
function mic.step(now)
	local one = next(open) and due(now)
	if not one then return end
	one.hinted_us = now
	local found = hints.of(one.player, language.of(one.player))
	if table.concat(found, "\n") == table.concat(one.hints, "\n") then return end
	one.hints = found
	client.again(one.id, record_of(one))
end

core.register_on_leaveplayer(function(player) stop(player:get_player_name()) end)

return mic
