-- Players who speak: `/llm mic`, and the words that come from the page in their browser.

local load, base, daemon_folder, api_folder, perception_folder, think_folder, actions_folder = ...
local S, log, now_us, settings, text, steps = base.S, base.log, base.now_us, base.settings, base.text, base.steps

local heard = load("heard", log, now_us, text)
local hints = load("hints", text, perception_folder.nearby, actions_folder.order_phrases)
local mic = load("mic", S, now_us, settings, text, daemon_folder.client, api_folder.commands, think_folder.language, heard,
	hints)

steps.register("mic", mic.step)
