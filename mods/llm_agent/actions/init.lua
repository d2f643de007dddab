-- The actions that the model may choose: each asks the folders above what can be done, and has them do it.

local load, base, calling_folder, api_folder, roles_folder, perception_folder, think_folder, talk_folder, body_folder,
	gestures_folder, ledger_folder, economy_folder, combat_folder, quests_folder = ...
local S, settings, text, phrases, geometry, util, storage, translate =
	base.S, base.settings, base.text, base.phrases, base.geometry, base.util, base.storage, base.translate
local actions, events, npcs = api_folder.actions, api_folder.events, api_folder.npcs
local positions, places, observe, nearby =
	perception_folder.positions, perception_folder.places, perception_folder.observe, perception_folder.nearby
local memory, language, name_calls, claims, lines, wording =
	think_folder.memory, think_folder.language, think_folder.name_calls, think_folder.claims, think_folder.lines,
	think_folder.wording
local history, dialog = talk_folder.history, talk_folder.dialog
local doors, pathfinder, movement = body_folder.doors, body_folder.pathfinder, body_folder.movement
local items, spoken, ledger = ledger_folder.items, ledger_folder.spoken, ledger_folder.ledger
local goods, trade, trade_view, trade_form =
	economy_folder.goods, economy_folder.trade, economy_folder.trade_view, economy_folder.trade_form
local tactics, targets, squads, views, orders, rules, cries, damage, warnings =
	combat_folder.tactics, combat_folder.targets, combat_folder.squads, combat_folder.views, combat_folder.orders,
	combat_folder.rules, combat_folder.cries, combat_folder.damage, combat_folder.warnings
local quests, quest_text, store, news, writer, world, registry, service, answers, voice, heard =
	quests_folder.quests, quests_folder.quest_text, quests_folder.store, quests_folder.news, quests_folder.writer,
	quests_folder.world, quests_folder.registry, quests_folder.service, quests_folder.answers, quests_folder.voice,
	quests_folder.heard

local trade_words = load("trade_words", text, phrases)
local trade_subject = load("trade_subject", settings, text, phrases, items, ledger, goods, trade, trade_words)
local haggling = load("haggling", S, text, history, items, trade, trade_view, trade_form, quests, trade_words,
	trade_subject)
load("trade", S, util, actions, observe, dialog, items, ledger, goods, trade, trade_view, trade_form,
	trade_words, trade_subject, haggling, translate, wording, claims, economy_folder.told)
local quest_drafts = load("quest_drafts", settings, items, ledger, quests, store, writer, world, registry)
-- after trade: its facts go over those of a stall
load("quests", S, settings, actions, observe, claims, quests, quest_text, store, news, service, answers, voice, heard,
	quest_drafts)
local gift_intent = load("gift_intent", text, phrases)
local action_lines = load("lines")
load("gifts", S, settings, geometry, util, storage, actions, memory, lines, wording, items, ledger, gift_intent, trade,
	action_lines)
local speech = load("speech", text, npcs, actions, language, name_calls, claims, lines, action_lines, spoken, items)
local order_phrases = load("order_phrases")
local order_words = load("order_words", calling_folder.names, order_phrases)
local goals = load("goals", geometry, npcs, nearby, positions, places, pathfinder)
load("moves", S, geometry, actions, npcs, nearby, memory, history, movement, orders, speech, base.questions, order_words,
	goals)
load("door", S, geometry, actions, npcs, memory, history, doors, movement, speech)
local named = gestures_folder.named
local gesture_words = load("gesture_words", order_words, load("gesture_phrases"), named)
load("emotes", actions, nearby, gestures_folder.player, gestures_folder.play, named, gestures_folder.form.schema, goals,
	gesture_words)
load("fights", S, actions, memory, tactics, targets, squads, views, orders)
local fight_words = load("fight_words", text, phrases)
load("fight_orders", S, base.now_us, settings, text, geometry, events, roles_folder.roles, memory, nearby, npcs, history,
	rules, cries, damage, warnings, targets, squads, fight_words)

return {order_phrases = order_phrases}
