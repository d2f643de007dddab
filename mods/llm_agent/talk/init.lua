-- Talk: who is meant, who speaks when, how words reach players, and what NPCs say by themselves.

local load, base, daemon_folder, api_folder, roles_folder, perception_folder, think_folder = ...
local S, log, now_us, settings, text, limits, phrases, geometry, check, util, storage, translate, rate_limit, steps =
	base.S, base.log, base.now_us, base.settings, base.text, base.limits, base.phrases, base.geometry, base.check, base.util,
	base.storage, base.translate, base.rate_limit, base.steps
local client = daemon_folder.client
local events, commands, npcs, Npc = api_folder.events, api_folder.commands, api_folder.npcs, api_folder.Npc
local roles = roles_folder.roles
local positions, nearby = perception_folder.positions, perception_folder.nearby
local language, repeats, offers = think_folder.language, think_folder.repeats, think_folder.offers

-- Is it there to speak, and where? A voice without a place has no position.
local function whereabouts(npc_id)
	local npc = npcs.by_id[npc_id]
	if not npc then return false end
	local pos = npc:get_pos()
	return pos ~= nil or npc:is_present(), pos
end

local speech_queue = load("speech_queue", settings, whereabouts, geometry.in_range)
local attention = load("attention", now_us, speech_queue)
local history = load("history", text, translate)
local mutes = load("mutes", S, storage, commands, nearby)
local silence = load("silence", S, log, now_us, settings, storage, events, commands)
local languages = load("languages", S, settings, text, client, events, commands, language)
local bubble = load("bubble", settings, text)
local typewriter = load("typewriter", settings, text)
local output = load("output", log, now_us, settings, geometry, util, events, npcs, repeats, attention, mutes, languages, bubble,
	speech_queue)
local say = load("say", log, text, check, npcs, Npc, nearby, language, typewriter, output)
local conversation = load("conversation")
local greetings = load("greetings", now_us, settings, text, geometry, translate, client, npcs, roles, positions, language,
	attention, history, mutes, say, speech_queue)
local whisper = load("whisper", S, now_us, settings, text, geometry, commands, npcs, nearby, repeats, attention, history, silence)
local dialog_view = load("dialog_view", S, text, translate, npcs, roles, language, history)
local dialog = load("dialog", S, now_us, settings, text, limits, geometry, rate_limit, client, npcs, attention, history, silence,
	whisper, dialog_view, greetings)
local addressing = load("addressing", now_us, settings, text, phrases, util, nearby, mutes)
local turns = load("turns", now_us, settings, npcs, nearby, attention, history, conversation, mutes, say)
load("hearing", log, now_us, settings, text, rate_limit, client, attention, history, conversation, silence, addressing, turns)
local quiet_hours = load("quiet_hours")
local small_talk = load("small_talk", log, now_us, settings, geometry, client, npcs, nearby, attention, conversation, greetings,
	quiet_hours)

npcs.on_unregister(function(npc) speech_queue.hush(npc.id) end)
offers.on_outcome(history.tell)
steps.register("speech_queue", speech_queue.step)
steps.register("small_talk", small_talk.step, 0.5)

return {attention = attention, history = history, conversation = conversation, dialog = dialog}
