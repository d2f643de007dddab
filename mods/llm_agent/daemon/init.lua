-- The line to the daemon. Knows HTTP and JSON, and nothing of NPCs.

local load, base, http = ...
local mod_name, log, now_us, settings, text, steps = base.mod_name, base.log, base.now_us, base.settings, base.text, base.steps

local client = load("client", http, {
	name = ("%s-%d-%d"):format(mod_name, os.time(), math.random(10 ^ 6)), -- sessions and ids of this run
	settings = settings,
	now_us = now_us,
	parse_json = core.parse_json,
	write_json = core.write_json,
	log = log,
})
local calls = load("calls", text, client)

steps.register("client", client.step)

return {client = client, calls = calls}
