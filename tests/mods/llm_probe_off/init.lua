-- Two NPCs that talk, and are asked twice a second by everything that may lead to a call; `/llm off` when a file of that name
-- appears in the world. Every callback is waited for: an NPC that is off still answers.

local ASK_EVERY_S = 0.5
local ADMIN = "Ada"

local function llm(command) core.registered_chatcommands.llm.func(ADMIN, command) end

local function exists(name)
	local file = io.open(core.get_worldpath() .. "/" .. name, "r")
	if file then file:close() end
	return file ~= nil
end

local since_s, is_off, asked, answered = 0, false, 0, 0

core.register_on_mods_loaded(function()
	for i, name in ipairs({"Ann", "Bram"}) do
		llm_agent.register_npc(name, {name = name, role = "guard", pos = {x = i * 2, y = 8, z = 0}})
	end
end)

core.after(0, function() -- the engine knows no privileges before the first step
	core.set_player_privs(ADMIN, {llm_admin = true})
	local command = core.settings:get("llm_probe_off.command")
	if command ~= "nothing" then llm(command) end
end)

core.register_globalstep(function(dtime)
	since_s = since_s + dtime
	if since_s < ASK_EVERY_S then return end
	since_s = 0
	asked = asked + 1
	llm_agent.get_npc("Ann"):think({utterance = "Any news?", deadline_ms = 2000}, function() answered = answered + 1 end)
	for _, command in ipairs({"doctor", "role", "status"}) do llm(command) end
	if asked % 4 == 0 then core.log("action", ("[llm_probe_off] asked %d answered %d"):format(asked, answered)) end
	if not is_off and exists("off") then
		is_off = true
		llm("off")
		core.log("action", "[llm_probe_off] off")
	end
end)
