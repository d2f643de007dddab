-- Roles: who an NPC can be. The registry, the daemon's role files over it, and the editor that changes them.

local load, base, daemon_folder, api_folder = ...
local mod_name, S, now_us, text, limits, check, util, storage, translate =
	base.mod_name, base.S, base.now_us, base.text, base.limits, base.check, base.util, base.storage, base.translate
local client, calls = daemon_folder.client, daemon_folder.calls
local events, commands, actions, npcs, names =
	api_folder.events, api_folder.commands, api_folder.actions, api_folder.npcs, api_folder.names

local roles = load("roles", S, util, check, translate, npcs, load("shipped"))
local role_fields = load("fields", text)
local sync = load("sync", S, now_us, text, check, storage, client, calls, events, roles, role_fields)
local draw = load("form", S, base.forms, role_fields.order)
load("editor", mod_name, S, text, limits, check, commands, actions, npcs, names, roles, role_fields, sync, draw)

return {roles = roles, role_fields = role_fields, shipped_goods = load("goods"), outfits = load("outfits")}
