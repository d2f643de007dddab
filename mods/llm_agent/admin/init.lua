-- What admins and players see of the mod itself: commands, the doctor, the first steps, the spawn egg, what NPCs remember.

local load, base, daemon_folder, api_folder, roles_folder, perception_folder, think_folder, speech_folder,
	talk_folder, body_folder, economy_folder, gossip_folder, promises_folder = ...
local mod_name, mod_version, S, log, now_us, settings, text, limits, check, storage, rate_limit =
	base.mod_name, base.mod_version, base.S, base.log, base.now_us, base.settings, base.text, base.limits, base.check,
	base.storage, base.rate_limit
local client, calls = daemon_folder.client, daemon_folder.calls
local events, commands, npcs = api_folder.events, api_folder.commands, api_folder.npcs
local roles = roles_folder.roles
local nearby = perception_folder.nearby
local think, memory, language = think_folder.think, think_folder.memory, think_folder.language
local mutes = speech_folder.mutes
local history, dialog = talk_folder.history, talk_folder.dialog
local body = body_folder.body
local reputation = economy_folder.reputation
local happenings, promises = gossip_folder.happenings, promises_folder.promises

load("commands", S, settings, text, limits, storage, client, calls, commands, npcs, roles, nearby, body)
local diagnose = load("diagnosis", S, text)
local doctor = load("doctor", mod_name, mod_version, S, settings, client, commands, roles, diagnose)
load("explain", S, text, commands, nearby, think)
load("first_run", S, log, settings, storage, client, events, doctor)
load("menu", S, settings, base.forms, commands, nearby, language, mutes, dialog)
load("spawn_egg", S, text, limits, base.forms, commands, roles, body)
load("forget", S, now_us, text, check, rate_limit, calls, commands, nearby, memory, history, reputation,
	happenings, promises)
