-- Values of the game made fit for JSON. Pure.
-- The engine's writer fails or writes nonsense for NaN, functions, userdata, mixed tables and deep tables (see `plain`).

local text = ...

local json = {}

local VALUE_MAX_BYTES = 400 -- one runaway value must not push everything else out of a small context
local KEY_MAX_BYTES = 64
local DEPTH_MAX = 4 -- engines before 5.10 write nothing at all beyond 16
local ITEMS_MAX = 32

-- A copy as JSON can carry it, or nil: strings cleaned, no NaN, no functions, no userdata, no mixed tables, not deep.
-- depth_max: of tables in tables, where those in a prompt are not meant.
function json.plain(value, depth, depth_max)
	local kind = type(value)
	if kind == "string" then
		local words = text.clean(value, VALUE_MAX_BYTES)
		return words ~= "" and words or nil
	elseif kind == "number" then
		return value == value and value ~= math.huge and value ~= -math.huge and value or nil
	elseif kind == "boolean" then
		return value
	elseif kind ~= "table" or (depth or 1) > (depth_max or DEPTH_MAX) then
		return nil
	end
	local out, list = {}, #value > 0
	for key, item in pairs(value) do
		local known = json.plain(item, (depth or 1) + 1, depth_max)
		if known ~= nil then
			if list and type(key) == "number" then
				if #out < ITEMS_MAX then out[#out + 1] = known end
			elseif not list and type(key) == "string" then
				out[json.key(key)] = known
			end
		end
	end
	return next(out) ~= nil and out or nil
end

-- A key as it stands in the JSON.
function json.key(key)
	return text.clean(key, KEY_MAX_BYTES)
end

return json
