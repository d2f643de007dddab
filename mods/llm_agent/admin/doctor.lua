-- /llm doctor: reports every broken link between this mod and the model. Problems come last, where the chat shows them; a hint
-- at what works and could be better is none of them.
-- Gathers facts in the command's step and by five calls to the daemon; diagnosis.lua judges them.

local mod_name, mod_version, S, settings, client, commands, roles, diagnose = ...

local doctor = {}


-- Characters that the client's fonts have: ✓ and ✗ they have not.
local BAD, GOOD, HINT = "× ", "√ ", "· "
local BAD_COLOUR, GOOD_COLOUR, HINT_COLOUR = "#ff9a8a", "#9ae69a", "#e8d9a0"

-- Mods that HTTP is allowed to, this one among them or not.
local function http_mods()
	local mods, seen = {}, {}
	for _, key in ipairs({"secure.http_mods", "secure.trusted_mods"}) do
		for mod in (core.settings:get(key) or ""):gmatch("[^,%s]+") do
			if not seen[mod] and core.get_modpath(mod) then mods[#mods + 1] = mod end
			seen[mod] = true
		end
	end
	return mods
end

local function role_count()
	local count = 0
	for _ in pairs(roles.by_name) do count = count + 1 end
	return count
end

-- The line for minetest.conf, with what stands there already.
function doctor.http_mods_line()
	local mods = {}
	for mod in (core.settings:get("secure.http_mods") or ""):gmatch("[^,%s]+") do
		if mod ~= mod_name then mods[#mods + 1] = mod end
	end
	mods[#mods + 1] = mod_name
	return "secure.http_mods = " .. table.concat(mods, ",")
end

local function tell_all(name, answers)
	local bad, good, hints = diagnose({
		has_http = client.has_http(),
		has_curl = core.request_http_api ~= nil,
		enabled = client.enabled,
		off_by_setting = not settings.enabled,
		url = settings.url,
		version = mod_version,
		http_mods_line = doctor.http_mods_line(),
		http_mod_count = #http_mods(),
		role_count = role_count(),
		env = os.getenv,
		setting = function(key) return core.settings:get(key) end,
		answers = answers,
	})
	-- a chat shows its last six lines or so: they are what is to mend
	local function tell(lines, mark, colour)
		for _, line in ipairs(lines) do core.chat_send_player(name, core.colorize(colour, mark .. line)) end
	end
	tell(good, GOOD, GOOD_COLOUR)
	tell(hints, HINT, HINT_COLOUR)
	tell(bad, BAD, BAD_COLOUR)
	core.chat_send_player(name, #bad == 0 and S("All is well.")
		or S("@1 to mend. After a change of minetest.conf restart the server.", #bad))
end

local QUESTIONS = {ready = "/readyz", info = "/info", roles = "/v1/roles", daemon = "/v1/doctor", switch = "/v1/switch"}

local function run(name)
	local answers, waiting = {}, 0
	for key, path in pairs(QUESTIONS) do
		local is_sent = client.call("GET", path, nil, function(answer)
			answers[key], waiting = answer, waiting - 1
			if waiting == 0 then tell_all(name, answers) end
		end)
		if not is_sent then -- no HTTP, or switched off: then all are refused
			tell_all(name)
			return true
		end
		waiting = waiting + 1
	end
	return true, S("Asking the daemon …")
end

commands.register("doctor", {admin = true, help = S("find what is broken, and how to fix it"), run = run})

return doctor
