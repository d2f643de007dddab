-- Voices: what NPCs say is heard by players near them, and what players say into a microphone is heard by NPCs.
-- Speech is an addition: nothing that is shown, and no answer, waits for it.

local load, base, _, _, _, _, _, _, _ = ...
local now_us, settings, text, steps = base.now_us, base.settings, base.text, base.steps

local speaking = load("speaking", now_us)
load("sentences", text)
load("answer", core.parse_json)

steps.register("voice", settings.voice and function() end or function() end)

return {speaking = speaking, is_speaking = speaking.is_speaking, stop = speaking.stop, on_sound = speaking.on_sound}
