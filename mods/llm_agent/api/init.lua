-- What NPCs are, and where other mods and other folders register: NPCs, events, actions, subcommands of /llm.

local load, base, daemon_folder = ...
local S, log, text, limits, check = base.S, base.log, base.text, base.limits, base.check
local client = daemon_folder.client

local events = load("events", log)
local commands = load("commands", S)
local actions = load("actions", check)
local npcs = load("npc", text, limits, check, client)
local names = load("names", npcs)

client.on_change(events.emit)
daemon_folder.set_count_npcs(function() return #npcs.list end)

return {events = events, commands = commands, actions = actions, npcs = npcs, Npc = npcs.Npc, names = names}
