-- Voices: what NPCs say is heard by players near them, and what players say into a microphone is heard by NPCs.
-- Speech is an addition: nothing that is shown, and no answer, waits for it.

local load, base, daemon_folder, api_folder, roles_folder, _, think_folder, speech_folder, talk_folder = ...
local S, log, now_us, settings, text, geometry, steps = base.S, base.log, base.now_us, base.settings, base.text, base.geometry,
	base.steps
local client = daemon_folder.client
local events, commands, npcs = api_folder.events, api_folder.commands, api_folder.npcs
local roles = roles_folder.roles
local language = think_folder.language
local mutes, output, languages = speech_folder.mutes, speech_folder.output, speech_folder.languages
local history = talk_folder.history

local Sentences = load("sentences", text)
local answer = load("answer", core.parse_json)
local requests = load("requests", log, now_us, client, answer)
local sounds = load("sounds", requests)
local media = load("media", S, log, settings, base.media)
local listeners = load("listeners", S, settings, geometry, commands, mutes, requests)
local mouth = load("mouth")
local speaking = load("speaking", now_us)
local tracks = load("tracks", now_us, settings, base.util, npcs, roles, Sentences, requests, sounds, media, listeners, mouth,
	speaking)
load("lines", now_us, settings, output, languages, language, history, listeners, speaking, tracks)

local prepare = load("prepare", settings, base.translate, npcs, roles, language, Sentences, requests)

events.on("online", function()
	requests.forget()
	sounds.forget()
	prepare.begin()
end)
steps.register("voice", function(now, _, dtime)
	tracks.step(now)
	prepare.step(dtime)
end)

return {speaking = speaking, is_speaking = speaking.is_speaking, stop = speaking.stop, on_sound = speaking.on_sound}
