-- The registry of actions: what an NPC may choose to do beside its words (llm_agent.register_action).
-- think/offers.lua decides which of them go out with a question, and runs the one that was chosen.

local check = ...

local actions = {
	by_name = {}, -- name → {name, description, params, run, roles}
}

local function is_schema_or_function(value)
	if type(value) ~= "table" and type(value) ~= "function" then return "want a JSON schema, or a function that returns one" end
end

local ACTION_FIELDS = {description = "string?", params = is_schema_or_function, run = "function", roles = check.name_list}

-- An action may be chosen by NPCs whose role or own def lists it under `actions`, or whose role stands in def.roles.
-- params: a JSON schema, or params(npc, player_name, opts) -> schema for the world as it is, or nil where it cannot be done
-- now. Asked when the question goes out, and again when the reply is there.
function llm_agent.register_action(name, def)
	check.name("llm_agent.register_action", name)
	check.def("llm_agent.register_action: " .. name, def, ACTION_FIELDS)
	actions.by_name[name] = {
		name = name, description = def.description, params = def.params or {}, run = def.run, roles = def.roles or {},
	}
end

actions.register = llm_agent.register_action

return actions
