-- Signs: names in what NPCs say, fingerspelled over their heads as pictures in SignWriting, for players who switch it on.
-- Captions are there as before. What this is and what it is not: docs/signs.md.

local load, base, calling, daemon_folder, api_folder, perception_folder, speech_folder, ledger_folder, economy_folder = ...
local S, log, now_us, settings, text = base.S, base.log, base.now_us, base.settings, base.text
local events, commands, npcs = api_folder.events, api_folder.commands, api_folder.npcs

local words = load("words", text, calling.names)
local vocabulary = load("vocabulary", npcs, perception_folder.places, ledger_folder.items, ledger_folder.spoken,
	economy_folder.goods, words)
local pictures = load("pictures", log, now_us, daemon_folder.client)
local overhead = load("overhead", now_us, base.media)
local layout = load("layout")
local readers = load("readers", S, settings, text, now_us, commands, pictures, overhead)
local lines = load("lines", settings, base.geometry, npcs, speech_folder.mutes, speech_folder.bubble, speech_folder.output, words,
	vocabulary, pictures, layout, readers, overhead)

events.on("online", pictures.forget)
base.steps.register("fingerspelling", lines.step)

return {words = words, pictures = pictures, readers = readers}
