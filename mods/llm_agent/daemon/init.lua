-- The line to the daemon. Knows HTTP and JSON, and nothing of NPCs.

local load, base, http = ...
local mod_name, log, now_us, settings, text, translate, steps =
	base.mod_name, base.log, base.now_us, base.settings, base.text, base.translate, base.steps

-- 128 random bits: whoever knows a session's name can take its events. Without the system's source of them (the engine then has
-- no SecureRandom) they are mixed from what others cannot see all of: clocks, addresses in memory, the engine's generator.
local function random_name()
	local random = SecureRandom and SecureRandom()
	local bytes = random and random:next_bytes(16)
		or core.sha1(table.concat({os.time(), os.clock(), now_us(), math.random(), tostring({}), tostring(core)}, " "), true):sub(1, 16)
	return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local name = ("%s-%d-%d"):format(mod_name, os.time(), math.random(10 ^ 6)) -- ids of this run begin so; they may stand in logs
local count_npcs = function() return 0 end -- the folder that has them sets it

local report = load("report", {
	game = name,
	version = base.mod_version,
	write_json = core.write_json,
	players = function() return #core.get_connected_players() end,
	npcs = function() return count_npcs() end,
	plain = function(message, max_bytes) return text.clean(translate.into("en", message), max_bytes) end,
})

local client = load("client", http, {
	name = name,
	session_name = random_name(), -- stands in no log
	settings = settings,
	now_us = now_us,
	parse_json = core.parse_json,
	write_json = core.write_json,
	log = log,
	report = report,
})
local calls = load("calls", text, client)

steps.register("client", client.step)

return {client = client, calls = calls, report = report, set_count_npcs = function(count) count_npcs = count end}
