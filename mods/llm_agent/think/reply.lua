-- From the daemon's last event to what a callback gets: cleaned words, a checked action, or a fallback line of the role.
-- Pure. What comes from a model is data: nothing of it is run, and an action passes only if it was offered and fits its schema.

local text, util = ...

-- Codes of the errors that are made in this folder; those of the client and the daemon are passed on as they come.
local CODES = {
	empty = "empty", -- the model said nothing
	internal = "internal", -- a mistake of ours, or an error without a code
	repeated = "repeated", -- the model said again what the NPC just said
	restrained = "restrained", -- a rate limit forbids to ask
}
setmetatable(CODES, {__index = function(_, code) error("reply.lua: no code " .. tostring(code), 2) end})

local reply = {CODES = CODES}

local PROBLEM_MAX_BYTES = 400
local TEXT_MAX_BYTES = 1200 -- about ten sentences; more is not read in a bubble
local SCHEMA_DEPTH_MAX = 6

local GENERIC_FALLBACK = {
	"Hm, let me think about that.",
	"Forgive me, my thoughts are elsewhere.",
	"Ask me again in a while.",
	"I have no words for that right now.",
}

local MINDS = {["local"] = true, remote = true}

local SOMEBODY = "traveller" -- stands for {player} where nobody is known

local kinds = {
	string = function(value) return type(value) == "string" end,
	number = function(value) return type(value) == "number" and value == value end,
	integer = function(value) return type(value) == "number" and value % 1 == 0 end,
	boolean = function(value) return type(value) == "boolean" end,
	object = function(value) return type(value) == "table" end,
	array = function(value) return type(value) == "table" end,
}

local check

local function check_object(schema, value, path, depth)
	local properties = schema.properties or {}
	for _, name in ipairs(schema.required or {}) do
		if value[name] == nil then return path .. name .. ": missing" end
	end
	if schema.minProperties and next(value) == nil then return path .. ": empty" end -- 1 is all that the daemon takes
	for name, item in pairs(value) do
		local known = properties[name]
		if not known then return path .. tostring(name) .. ": not a parameter of this action" end
		local problem = check(known, item, path .. name, depth + 1)
		if problem then return problem end
	end
end

-- nil if `value` fits, else what is wrong and where. The subset: type, enum, const, minimum, maximum, minLength, maxLength,
-- items, maxItems, properties, required, minProperties. Parameters that the schema doesn't name are refused.
check = function(schema, value, path, depth)
	if depth > SCHEMA_DEPTH_MAX then return path .. ": too deep" end
	if schema.type and not (kinds[schema.type] and kinds[schema.type](value)) then
		return ("%s: want %s, got %s"):format(path, schema.type, type(value))
	end
	if schema.const ~= nil and value ~= schema.const then return path .. ": want " .. tostring(schema.const) end
	if schema.enum and not util.contains(schema.enum, value) then return path .. ": not one of the allowed values" end
	if type(value) == "number" then
		if schema.minimum and value < schema.minimum then return path .. ": less than " .. schema.minimum end
		if schema.maximum and value > schema.maximum then return path .. ": more than " .. schema.maximum end
	elseif type(value) == "string" then
		local length = text.length(value)
		if schema.minLength and length < schema.minLength then return path .. ": too short" end
		if schema.maxLength and length > schema.maxLength then return path .. ": too long" end
	elseif schema.type == "array" then
		if schema.maxItems and #value > schema.maxItems then return path .. ": too many" end
		for i, item in ipairs(value) do
			local problem = schema.items and check(schema.items, item, path .. "[" .. i .. "]", depth + 1)
			if problem then return problem end
		end
	elseif type(value) == "table" then
		return check_object(schema, value, path == "" and "" or path .. ".", depth)
	end
end

function reply.check_params(schema, params)
	if type(params) ~= "table" then return "params: want an object" end
	return check_object(schema or {}, params, "", 1)
end

-- The role's next fallback line: each in turn, so that an NPC without a daemon does not repeat itself.
-- translate(line): the line in the language the NPC speaks; is_stale(line): it was said here a moment ago, so another is better.
function reply.fallback_line(role, npc, player, translate, is_stale)
	local lines = role and role.fallback or GENERIC_FALLBACK
	local line
	for _ = 1, #lines do
		npc.fallback_index = ((npc.fallback_index or #npc.id) % #lines) + 1
		line = text.fill(translate(lines[npc.fallback_index]), player or translate(SOMEBODY))
		if not is_stale or not is_stale(line) then return line end
	end
	return line -- all were said: the next in turn
end

-- The action of an event, if it was offered and fits: {name, params}, or nil and what is wrong.
function reply.action(event, offered)
	local action = event.action
	if type(action) ~= "table" then return nil end
	local def = offered and offered[action.name]
	if not def then return nil, "action " .. tostring(action.name) .. ": not offered to this NPC" end
	local params = action.params == nil and {} or action.params -- an empty object may arrive as null, which Lua drops
	local problem = reply.check_params(def.params, params)
	if problem then return nil, "action " .. action.name .. ": " .. problem end
	return {name = action.name, params = params}
end

-- kind, event: as the client hands them. about: {npc_id, npc_state, role, player, offered, ms, fallback, translate, is_stale}:
-- `npc_state` keeps the turn of fallback lines, `fallback` is a line to use instead of the role's.
function reply.build(kind, event, about)
	local result = {
		npc = about.npc_id,
		id = event.id,
		ms = about.ms,
		fallback = false,
		cache = type(event.cache) == "string" and event.cache or nil,
		model = type(event.model) == "string" and event.model or nil,
		mind = MINDS[event.mind] and event.mind or nil, -- whose words they are, where the daemon has two
		lang = type(event.lang) == "string" and event.lang or nil,
		finish = type(event.finish) == "string" and event.finish or nil,
		matched = event.matched == true or nil, -- the model's own data has these words for this action
		usage = type(event.usage) == "table" and event.usage or nil,
		timing_ms = type(event.timing_ms) == "table" and event.timing_ms or nil,
	}
	local words = type(event.text) == "string" and text.clean(event.text, TEXT_MAX_BYTES) or ""
	if kind == "done" then
		local problem
		result.action, problem = reply.action(event, about.offered)
		result.action_error = problem
		result.text = words
		if words ~= "" or result.action then return result end
		result.code, result.error = CODES.empty, "empty: the model said nothing"
	else
		result.code = type(event.code) == "string" and event.code or CODES.internal
		local message = type(event.message) == "string" and text.clean(event.message, PROBLEM_MAX_BYTES) or "no message"
		result.error = result.code .. ": " .. message
	end
	result.by = result.code == "filtered" and event.by == "player" and "player" or nil -- whose words were held back
	result.fallback, result.mind = true, nil
	-- `filtered` brings a safe line of its own
	result.text = words ~= "" and words or about.fallback or reply.fallback_line(about.role, about.npc_state, about.player,
		about.translate, about.is_stale)
	return result
end

return reply
