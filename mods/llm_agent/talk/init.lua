-- Talk: who is meant, who answers whom, private words and the dialog, and what NPCs say by themselves.

local load, base, daemon_folder, api_folder, roles_folder, perception_folder, think_folder, speech_folder = ...
local S, log, now_us, settings, text, limits, phrases, forms, geometry, util, storage, translate, rate_limit, steps =
	base.S, base.log, base.now_us, base.settings, base.text, base.limits, base.phrases, base.forms, base.geometry, base.util,
	base.storage, base.translate, base.rate_limit, base.steps
local client = daemon_folder.client
local events, commands, npcs = api_folder.events, api_folder.commands, api_folder.npcs
local roles = roles_folder.roles
local positions, nearby, observe, hours = perception_folder.positions, perception_folder.nearby, perception_folder.observe,
	perception_folder.hours
local language, repeats, name_calls, offers, warming = think_folder.language, think_folder.repeats, think_folder.name_calls,
	think_folder.offers, think_folder.warming
local speech_queue, attention, mutes, output, say =
	speech_folder.speech_queue, speech_folder.attention, speech_folder.mutes, speech_folder.output, speech_folder.say

local history = load("history", text, translate)
local mind_mark = load("mind_mark", S, commands)
local silence = load("silence", S, log, now_us, settings, storage, events, commands)
local conversation = load("conversation")
local greetings = load("greetings", now_us, settings, text, phrases, geometry, translate, client, npcs, roles, positions, nearby,
	observe, perception_folder.answers, hours, language, repeats, name_calls, attention, history, mutes, say, speech_queue)
local whisper = load("whisper", S, now_us, settings, text, geometry, rate_limit, commands, npcs, nearby, repeats, attention,
	history, silence, output, mind_mark)
local dialog_view = load("dialog_view", S, text, translate, forms, npcs, roles, language, history, mind_mark)
local dialog = load("dialog", S, text, limits, client, npcs, attention, output, speech_queue, history, whisper,
	dialog_view, greetings)
local addressing = load("addressing", now_us, settings, text, phrases, util, translate, roles, nearby, language, mutes)
local turns = load("turns", now_us, settings, util, base.questions, npcs, nearby, attention, history, conversation, mutes, say)
load("hearing", S, now_us, settings, text, rate_limit, base.jobs, client, nearby, greetings, attention, history, conversation,
	silence, addressing, turns)
local quiet_hours = load("quiet_hours")
local small_talk = load("small_talk", log, now_us, settings, geometry, client, npcs, nearby, attention, conversation, greetings,
	quiet_hours, warming)

offers.on_outcome(history.tell)
steps.register("small_talk", small_talk.step, 0.5)

return {
	history = history, conversation = conversation, small_talk = small_talk, dialog = dialog, addressing = addressing,
}
