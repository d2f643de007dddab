-- Who owns what, what things cost, and trade. Goods change hands in ledger.lua and nowhere else.

local load, base, api_folder, roles_folder, perception_folder, think_folder, talk_folder = ...
local S, log, now_us, settings, text, phrases, geometry, check, util, storage, translate, steps =
	base.S, base.log, base.now_us, base.settings, base.text, base.phrases, base.geometry, base.check, base.util, base.storage,
	base.translate, base.steps
local events, commands, npcs, Npc = api_folder.events, api_folder.commands, api_folder.npcs, api_folder.Npc
local roles, shipped_goods = roles_folder.roles, roles_folder.shipped_goods
local places, nearby = perception_folder.places, perception_folder.nearby
local memory = think_folder.memory
local attention, dialog = talk_folder.attention, talk_folder.dialog

local items = load("items", S, log, settings, text)
local obtainable = load("obtainable")
local ledger_accounts = load("ledger_accounts", log, storage, items)
local ledger_journal = load("ledger_journal", log, storage, ledger_accounts)
local player_inventory = load("player_inventory")
local ledger = load("ledger", S, npcs, Npc, places, items, ledger_accounts, ledger_journal, player_inventory)
local gift_intent = load("gift_intent", text, phrases)
local prices = load("prices")
local market = load("market", settings, storage, prices)
local reputation = load("reputation", storage, events)
local goods = load("goods", log, settings, check, storage, npcs, shipped_goods, items, ledger)
local trade = load("trade", S, now_us, settings, geometry, events, npcs, places, memory, items, ledger, market, reputation, goods,
	prices)
local trade_view = load("trade_view", S, text, util, translate, npcs, roles, items, ledger, goods, trade)
local trade_form = load("trade_form", S, settings, commands, npcs, nearby, attention, dialog, items, goods, trade, trade_view)
load("market_list", S, commands, npcs, places, items, market, goods, trade, trade_view)

npcs.on_wake(goods.visit)
npcs.on_bury(function(npc)
	ledger.close(npc.id)
	goods.drop(npc.id)
	reputation.drop(npc.id)
end)
dialog.add_button({name = "trade", label = S("Trade"), is_shown = trade.is_possible, press = trade_form.open_or_tell})
steps.register("ledger", function(_, _, dtime) ledger.step(dtime) end)

return {
	items = items, obtainable = obtainable, ledger = ledger, gift_intent = gift_intent, market = market, reputation = reputation,
	goods = goods, trade = trade, trade_view = trade_view, trade_form = trade_form,
}
