-- What things cost: prices, the market of a settlement, what each role sells, trade, and what NPCs think of a customer.

local load, base, api_folder, roles_folder, perception_folder, think_folder, speech_folder, talk_folder, ledger_folder = ...
local S, log, now_us, settings, text, geometry, check, util, storage, translate =
	base.S, base.log, base.now_us, base.settings, base.text, base.geometry, base.check, base.util, base.storage, base.translate
local events, commands, npcs = api_folder.events, api_folder.commands, api_folder.npcs
local roles, shipped_goods = roles_folder.roles, roles_folder.shipped_goods
local places, nearby, answers = perception_folder.places, perception_folder.nearby, perception_folder.answers
local memory = think_folder.memory
local attention = speech_folder.attention
local dialog = talk_folder.dialog
local items, ledger = ledger_folder.items, ledger_folder.ledger

local prices = load("prices")
local market = load("market", settings, storage, prices)
local reputation = load("reputation", storage, events)
local goods = load("goods", log, settings, check, storage, npcs, shipped_goods, items, ledger)
local trade = load("trade", S, now_us, settings, geometry, events, npcs, places, memory, items, ledger, market, reputation, goods,
	prices)
local told = load("told", S, settings, text, base.phrases, translate, answers, items, ledger_folder.spoken, goods, trade)
local trade_view = load("trade_view", S, text, util, translate, base.forms, npcs, roles, items, ledger, goods, trade)
local trade_form = load("trade_form", S, settings, base.jobs, commands, npcs, nearby, attention, dialog, items, goods, trade,
	trade_view)
load("market_list", S, commands, npcs, places, items, market, goods, trade, trade_view)

npcs.on_wake(goods.visit)
npcs.on_bury(function(npc)
	goods.drop(npc.id)
	reputation.drop(npc.id)
end)
dialog.add_button({name = "trade", label = S("Trade"), is_shown = trade.is_possible, press = trade_form.open_or_tell})

return {
	market = market, reputation = reputation, goods = goods, trade = trade, trade_view = trade_view, trade_form = trade_form,
	told = told,
}
