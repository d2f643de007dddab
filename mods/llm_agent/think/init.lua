-- A question to the model and its answer: what goes out, what comes back, which action may be chosen, what is remembered.

local load, base, daemon_folder, api_folder, roles_folder, perception_folder = ...
local log, now_us, settings, text, limits, check, json, util, storage, translate, rate_limit, steps, geometry =
	base.log, base.now_us, base.settings, base.text, base.limits, base.check, base.json, base.util, base.storage, base.translate,
	base.rate_limit, base.steps, base.geometry
local client, report = daemon_folder.client, daemon_folder.report
local events, actions, npcs, Npc = api_folder.events, api_folder.actions, api_folder.npcs, api_folder.Npc
local roles, role_fields = roles_folder.roles, roles_folder.role_fields
local places, nearby, observe, answers, hours = perception_folder.places, perception_folder.nearby, perception_folder.observe,
	perception_folder.answers, perception_folder.hours

local language = load("language", settings, storage, roles)
local repeats = load("repeats", settings, text)
local name_calls = load("name_calls", text)
local reply = load("reply", text, util)
local offers = load("offers", log, json, util, events, actions, roles, reply)
local lines = load("lines", text, translate, nearby.around)
local claims = load("claims", text)
local wording = load("wording", log, text, lines, claims, language, actions)
local request = load("request", settings, text, limits, json, roles, role_fields, observe, offers)
local think = load("think", log, now_us, settings, check, translate, rate_limit, base.jobs, client, report, events, npcs, Npc,
	roles, nearby, observe, answers, hours, language, repeats, name_calls, reply, offers, wording, request)
local memory = load("memory", log, now_us, text, limits, check, storage, client, events, Npc, places, observe)

local warming = load("warming", now_us, settings, geometry, client, events, npcs, nearby, think.record_of)

steps.register("memory", memory.step)

return {
	think = think, language = language, repeats = repeats, name_calls = name_calls, reply = reply, offers = offers, memory = memory,
	lines = lines, claims = claims, wording = wording, warming = warming,
}
