-- The registry of actions: what an NPC may choose to do beside its words (llm_agent.register_action).
-- think/offers.lua decides which of them go out with a question, and runs the one that was chosen.

local check = ...

local actions = {
	by_name = {}, -- name → {name, description, params, run, roles, lines, meant, fits}
	speech = {}, -- name → what is said of an action of this mod, see actions.speak
}

local function is_schema_or_function(value)
	if type(value) ~= "table" and type(value) ~= "function" then return "want a JSON schema, or a function that returns one" end
end

-- What is said of it: lists of lines.
local function are_lines(value)
	if type(value) ~= "table" then return "want {done = lines, failed = lines}" end
	for field, list in pairs(value) do
		if field ~= "done" and field ~= "failed" then return ("unknown field %s; known: done, failed"):format(tostring(field)) end
		local problem = check.lines(list)
		if problem then return field .. ": " .. problem end
	end
end

local ACTION_FIELDS = {
	description = "string?", params = is_schema_or_function, run = "function", roles = check.name_list, lines = are_lines,
	meant = "function?", fits = "function?",
}

-- An action may be chosen by NPCs whose role or own def lists it under `actions`, or whose role stands in def.roles.
-- params: a JSON schema, or params(npc, player_name, opts) -> schema for the world as it is, or nil where it cannot be done
-- now. Asked when the question goes out, and again when the reply is there.
-- lines: {done = …, failed = …}, what is said where the model's words do not belong to the deed, and where it fails.
-- meant(npc, player, opts) -> params: the player's words alone ask for it, whatever the model makes of them; nil: they do not.
-- fits(npc, player, opts): false where the player's words have nothing to do with it, so that a model that chose it is wrong.
function llm_agent.register_action(name, def)
	check.name("llm_agent.register_action", name)
	check.def("llm_agent.register_action: " .. name, def, ACTION_FIELDS)
	actions.by_name[name] = {
		name = name, description = def.description, params = def.params or {}, run = def.run, roles = def.roles or {},
		lines = def.lines, meant = def.meant, fits = def.fits,
	}
end

actions.register = llm_agent.register_action

-- Lines of an action of this mod, which may differ by role, by mood and by how it ended: {done = a list as think/lines.lua
-- takes it, or fn(npc, player, params) -> list, failed = the same with `why` behind, belongs(folded line, params, folded
-- utterance), values(npc, params, code) -> what stands for the placeholders}.
function actions.speak(name, speech) actions.speech[name] = speech end

return actions
