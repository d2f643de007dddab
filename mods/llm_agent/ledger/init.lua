-- Who owns what: items by their names, the accounts of NPCs and settlements, exchanges with players. Goods change hands in
-- ledger.lua and nowhere else.

local load, base, api_folder, perception_folder = ...
local S, log, settings, text, util, storage, translate, steps =
	base.S, base.log, base.settings, base.text, base.util, base.storage, base.translate, base.steps
local npcs, Npc = api_folder.npcs, api_folder.Npc
local places = perception_folder.places

local items = load("items", S, log, settings, text, util)
local spoken = load("spoken", text, util, translate, items)
local obtainable = load("obtainable")
local accounts = load("accounts", log, storage, items)
local journal = load("journal", log, storage, accounts)
local player_inventory = load("player_inventory")
local ledger = load("ledger", S, npcs, Npc, places, items, accounts, journal, player_inventory)

npcs.on_bury(function(npc) ledger.close(npc.id) end)
steps.register("ledger", function(_, _, dtime) ledger.step(dtime) end)

return {items = items, spoken = spoken, obtainable = obtainable, ledger = ledger}
