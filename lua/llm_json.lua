-- luacheck: std lua51
-- Finds a JSON library for programs outside the game and makes it strict: lua-cjson (fast), else dkjson (pure Lua).
-- What it returns suits llm_wire.new: encode, decode, and `null`, the value that stands for JSON's null.
-- Knows nothing of records.

local M = {}

function M.cjson()
	local cjson = require("cjson").new() -- settings of its own: other users of the library keep theirs
	cjson.decode_invalid_numbers(false) -- NaN and Infinity are not JSON
	cjson.encode_invalid_numbers("null") -- as the daemon writes them
	return { name = "cjson", encode = cjson.encode, decode = cjson.decode, null = cjson.null }
end

function M.dkjson()
	local dkjson = require("dkjson")
	local function decode(text)
		local value, after, problem = dkjson.decode(text, 1, dkjson.null)
		if problem then
			return nil, problem
		elseif text:find("%S", after) then
			return nil, ("more behind the value, at byte %d"):format(after)
		end
		return value
	end
	return { name = "dkjson", encode = dkjson.encode, decode = decode, null = dkjson.null }
end

-- The first of them that is installed; nil and the fix where there is none.
function M.find()
	for _, name in ipairs({ "cjson", "dkjson" }) do
		local ok, json = pcall(M[name])
		if ok then
			return json
		end
	end
	return nil, "no JSON library for Lua: apt-get install lua-cjson (or lua-dkjson)"
end

return M
