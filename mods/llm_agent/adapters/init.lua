-- Minds for mobs of other mods, each loaded only where its mod is.

local load, base, roles_folder, body_folder = ...
local settings = base.settings
local roles = roles_folder.roles
local attach = body_folder.attach

if settings.adapters then
	if core.get_modpath("mobs") then load("mobs", roles, attach) end
	if core.get_modpath("mobs_mc") then load("mcl", attach) end
end
