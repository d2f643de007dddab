-- Speech: how an NPC's words reach players: its turn to speak, the pace of the words, bubble and chat, the listeners' languages.

local load, base, daemon_folder, api_folder, perception_folder, think_folder = ...
local S, log, now_us, settings, text, geometry, check, util, storage, steps =
	base.S, base.log, base.now_us, base.settings, base.text, base.geometry, base.check, base.util, base.storage, base.steps
local client = daemon_folder.client
local events, commands, npcs, Npc = api_folder.events, api_folder.commands, api_folder.npcs, api_folder.Npc
local nearby = perception_folder.nearby
local language, repeats = think_folder.language, think_folder.repeats

-- Is it there to speak, and where? A voice without a place has no position.
local function whereabouts(npc_id)
	local npc = npcs.by_id[npc_id]
	if not npc then return false end
	local pos = npc:get_pos()
	return pos ~= nil or npc:is_present(), pos
end

local speech_queue = load("speech_queue", settings, whereabouts, geometry.in_range)
local attention = load("attention", now_us, speech_queue)
local mutes = load("mutes", S, storage, commands, nearby)
local languages = load("languages", S, settings, text, client, events, commands, language)
local bubble = load("bubble", settings, text, geometry)
local typewriter = load("typewriter", settings, text)
local output = load("output", log, now_us, settings, geometry, util, events, npcs, nearby, repeats, attention, mutes, languages,
	bubble, speech_queue)
local say = load("say", log, text, check, npcs, Npc, nearby, language, typewriter, output)

npcs.on_unregister(function(npc) speech_queue.hush(npc.id) end)
steps.register("speech_queue", speech_queue.step)

return {
	speech_queue = speech_queue, attention = attention, mutes = mutes, languages = languages, bubble = bubble, output = output,
	say = say,
}
