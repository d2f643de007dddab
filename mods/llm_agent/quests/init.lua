-- Quests: thought of, offered, measured, paid. state_machine.lua decides what may follow what; the others bring it the world.

local load, base, calling_folder, api_folder, roles_folder, perception_folder, think_folder, talk_folder, ledger_folder,
	economy_folder = ...
local S, log, settings, text, phrases, geometry, check, util, storage, translate, entity_hooks, steps =
	base.S, base.log, base.settings, base.text, base.phrases, base.geometry, base.check, base.util, base.storage, base.translate,
	base.entity_hooks, base.steps
local events, commands, npcs, Npc = api_folder.events, api_folder.commands, api_folder.npcs, api_folder.Npc
local roles = roles_folder.roles
local nearby, positions, places = perception_folder.nearby, perception_folder.positions, perception_folder.places
local memory, language, name_calls, reply, offers, wording, lines, claims =
	think_folder.memory, think_folder.language, think_folder.name_calls, think_folder.reply, think_folder.offers,
	think_folder.wording, think_folder.lines, think_folder.claims
local history, dialog, addressing = talk_folder.history, talk_folder.dialog, talk_folder.addressing
local items, spoken, obtainable, ledger =
	ledger_folder.items, ledger_folder.spoken, ledger_folder.obtainable, ledger_folder.ledger
local market, trade = economy_folder.market, economy_folder.trade

local store = load("store", log, settings, storage, ledger)
local kinds = load("kinds", S, log, npcs, places, items, ledger, store)
local quest_text = load("text", S, items, kinds)
local quest_lines = load("lines")
local heard = load("heard", text, phrases, items.gist, calling_folder.things)
local voice = load("voice", npcs, nearby, language, name_calls, lines, quest_lines, translate, spoken, kinds, store)
local news = load("news", S, events, npcs, memory, history, kinds, quest_text, voice)
local quests = load("state_machine", kinds, ledger, store.limits, store.save, news.changed, store.player_has)
quests.load(store.read())
local writer = load("writer", kinds, {reward_max = settings.quest_reward_max, lasts_s = settings.quest_minutes * 60})
local world = load("world", geometry, npcs, positions, places, items, obtainable, ledger, market, trade, quests)
local registry = load("registry", log, settings, check, util, Npc, items, ledger, kinds, quests, store)
local hunt = load("hunt", entity_hooks, kinds, quests, store)
local tracker = load("tracker", places, ledger, kinds, quests, store, news, registry)
local service = load("service", S, nearby, npcs, kinds, quests, quest_text, store, hunt, tracker)
local replies = load("replies", settings, text, wording, claims, offers, reply, roles, translate, items, spoken, kinds, quests,
	voice, heard)
local answers = load("answers", text, phrases, language, claims, history, quests, quest_text, store, service, voice, heard,
	replies)
local view = load("view", S, text, util, translate, base.forms, npcs, roles, quests, quest_text, store)
load("log", S, base.jobs, commands, quests, service, view)
local signs = load("signs", settings, geometry, events, npcs, positions, quests, registry, store)

npcs.on_bury(function(npc) quests.npc_gone(npc.id, store.now_s()) end)
history.on_player_line(answers.hear)
addressing.add_wait(answers.is_waited_for)
dialog.add_quick_replies(answers.quick_replies)
steps.register("signs", signs.step)
steps.register("quests", function(_, _, dtime) tracker.step(dtime) end)

return {
	kinds = kinds, quests = quests, quest_text = quest_text, store = store, news = news, writer = writer, world = world,
	registry = registry, service = service, answers = answers, voice = voice, heard = heard,
}
