-- What an NPC knows of the world around it, as facts for the model, and who is near whom. Only reads the world.

local load, base, calling_folder, api_folder, roles_folder = ...
local S, log, now_us, settings, text, geometry, check, json, storage, steps, questions, translate =
	base.S, base.log, base.now_us, base.settings, base.text, base.geometry, base.check, base.json, base.storage, base.steps,
	base.questions, base.translate
local names, calling = calling_folder.names, calling_folder.calling
local commands, npcs = api_folder.commands, api_folder.npcs
local roles = roles_folder.roles

local positions = load("positions", npcs)
local surroundings = load("surroundings", now_us, settings, geometry)
local places = load("places", S, settings, text, geometry, check, storage, commands)
local nearby = load("nearby", settings, geometry, names, calling, npcs, positions)
local observe = load("observe", settings, text, json, roles, positions, places, nearby, surroundings)
local ways = load("ways", S, geometry, questions, places)
local answers = load("answers", log, text, questions, translate)
load("told", S, settings, geometry, questions, translate, npcs, roles, positions, places, nearby, observe, surroundings, ways,
	answers)
local hours = load("hours", text)

observe.add_facts(ways.facts)

steps.register("surroundings", surroundings.step)
steps.register("positions", positions.step)

return {
	positions = positions, places = places, nearby = nearby, observe = observe, ways = ways, answers = answers, hours = hours,
}
