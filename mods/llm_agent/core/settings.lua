-- The mod's settings: defaults out of settingtypes.txt, over them what minetest.conf says.
-- Pure: gets the file's text and a `get(name)`; a value out of range falls back to the default and is reported.

local PREFIX = "llm_agent."

local readers = {}

function readers.string(_, raw)
	return raw
end

function readers.bool(_, raw)
	if raw == "true" or raw == "1" or raw == "yes" then return true end
	if raw == "false" or raw == "0" or raw == "no" then return false end
	return nil, "want true or false"
end

local function number(key, raw)
	local value = tonumber(raw)
	if not value or value ~= value then return nil, "want a number" end
	if key.min and value < key.min or key.max and value > key.max then
		return nil, ("want %s to %s"):format(key.min, key.max)
	end
	return value
end

readers.float = number

function readers.int(key, raw)
	local value, problem = number(key, raw)
	if value and value % 1 ~= 0 then return nil, "want a whole number" end
	return value, problem
end

function readers.enum(key, raw)
	for value in key.values:gmatch("[^,]+") do
		if raw == value then return raw end
	end
	return nil, "want one of " .. key.values
end

-- One line `llm_agent.name (Title) type default …`, or nil for comments and groups.
local function parse_line(line)
	local name, kind, rest = line:match("^llm_agent%.([%w_]+)%s+%b()%s+(%a+)%s*(.-)%s*$")
	if not name then return nil end
	local key = {name = name, kind = kind, default = rest}
	if kind == "int" or kind == "float" then
		key.default, key.min, key.max = rest:match("^(%S+)%s*(%S*)%s*(%S*)$")
		key.min, key.max = tonumber(key.min), tonumber(key.max)
	elseif kind == "enum" then
		key.default, key.values = rest:match("^(%S+)%s+(%S+)$")
	end
	return key
end

-- text: contents of settingtypes.txt; get(name): the admin's value as a string, or nil; complain(message).
-- Reading an unknown key of the result is an error: there is no second place for defaults.
return function(text, get, complain)
	local settings = {}
	for line in text:gmatch("[^\r\n]+") do
		local key = parse_line(line)
		if key then
			local read = assert(readers[key.kind], "settingtypes.txt: unknown type in: " .. line)
			local default, problem = read(key, key.default)
			if default == nil then error("settingtypes.txt: bad default (" .. problem .. ") in: " .. line) end
			local raw, value = get(PREFIX .. key.name), nil
			if raw ~= nil then
				value, problem = read(key, raw)
				if value == nil then
					complain(("%s%s = %s: %s; using %s"):format(PREFIX, key.name, raw, problem, tostring(default)))
				end
			end
			if value == nil then value = default end
			settings[key.name] = value
		end
	end
	return setmetatable(settings, {
		__index = function(_, name) error("llm_agent: no setting " .. tostring(name) .. " in settingtypes.txt", 2) end,
	})
end
