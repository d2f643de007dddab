-- luacheck: std lua51
-- Bytes to records and back: length-prefixed JSON, several records in one message part (docs/protocol.md).
-- The counterpart of daemon/llm_agentd/protocol/wire.py, held to it by tests/vectors/wire.json.
-- Pure Lua 5.1 and LuaJIT: no socket, no clock, no global; JSON is a parameter, so any library will do.
-- It knows framing, not what a record means.
--
--   local wire = require("llm_wire").new({ encode = cjson.encode, decode = cjson.decode })
--   wire.encode(record)       -> bytes, or nil and what is wrong
--   wire.encode_many(records) -> list of message parts, or nil and what is wrong
--   wire.decode(part)         -> list of { record = table } or { code = …, message = …, id = string or nil }
-- `decode` never raises. A bad record hides no good one: reading goes on behind it where its end is known.

local M = {
	LENGTH_BYTES = 4,
	RECORD_MAX_BYTES = 256 * 1024,
	PART_MAX_BYTES = 4 * 1024 * 1024,
	RECORDS_MAX = 1024,
	DEPTH_MAX = 64,
	ID_MAX_CHARS = 128,
}

local ID_SCAN_BYTES = 4096 -- how far a broken record is searched for its id
local REPLACEMENT = "\239\191\189" -- U+FFFD
local FRAME = "bad_frame"
local JSON = "bad_json"
local LARGE = "too_large"

local function length_of(bytes, at)
	local a, b, c, d = bytes:byte(at, at + 3)
	return ((a * 256 + b) * 256 + c) * 256 + d
end

local function length_bytes(length)
	local low = length % 65536
	local high = (length - low) / 65536
	return string.char((high - high % 256) / 256, high % 256, (low - low % 256) / 256, low % 256)
end

-- How many bytes at `at` belong together, and whether they are one good character (Unicode, table 3-7).
local function character(text, at)
	local first = text:byte(at)
	if first < 0x80 then
		return 1, true
	end
	local more, low, high = 0, 0x80, 0xBF
	if first >= 0xC2 and first <= 0xDF then
		more = 1
	elseif first >= 0xE0 and first <= 0xEF then
		more = 2
		low = first == 0xE0 and 0xA0 or low
		high = first == 0xED and 0x9F or high
	elseif first >= 0xF0 and first <= 0xF4 then
		more = 3
		low = first == 0xF0 and 0x90 or low
		high = first == 0xF4 and 0x8F or high
	end
	for i = 1, more do
		local byte = text:byte(at + i)
		if not byte or byte < low or byte > high then
			return i, false
		end
		low, high = 0x80, 0xBF
	end
	return more + 1, more > 0
end

-- Bytes that are not UTF-8, and NUL, become U+FFFD, as Python's errors="replace" does it.
local function mend_bytes(text)
	text = text:gsub("%z", REPLACEMENT)
	local out, copied, at = {}, 1, text:find("[\128-\255]")
	while at do
		local length, good = character(text, at)
		if not good then
			out[#out + 1] = text:sub(copied, at - 1)
			out[#out + 1] = REPLACEMENT
			copied = at + length
		end
		at = text:find("[\128-\255]", at + length)
	end
	out[#out + 1] = text:sub(copied)
	return table.concat(out)
end

-- \u0000 and halves of surrogate pairs become U+FFFD. Whole escapes are read, so `\\ud800` is left alone.
local function mend_escapes(text)
	if not (text:find("\\u0000", 1, true) or text:find("\\u[dD]")) then
		return text
	end
	local out, copied, at = {}, 1, text:find("\\", 1, true)
	while at do
		local length = 2
		if text:find("^u[dD][89abAB]%x%x\\u[dD][c-fC-F]%x%x", at + 1) then
			length = 12
		elseif text:find("^u[dD][89a-fA-F]%x%x", at + 1) or text:find("^u0000", at + 1) then
			length = 6
			out[#out + 1] = text:sub(copied, at - 1)
			out[#out + 1] = REPLACEMENT
			copied = at + length
		end
		at = text:find("\\", at + length, true)
	end
	out[#out + 1] = text:sub(copied)
	return table.concat(out)
end

-- The end of the string that opens at `at`; nil where it never closes.
local function string_end(text, at)
	local from = at + 1
	while true do
		local found = text:find('["\\]', from)
		if not found then
			return nil
		elseif text:byte(found) == 34 then
			return found
		end
		from = found + 2
	end
end

-- Calls visit(kind, at, depth) for each string and bracket; stops when it returns true.
local function walk(text, visit)
	local depth, at = 0, text:find('["%[%]{}]')
	while at do
		local kind, last = text:sub(at, at), at
		if kind == "{" or kind == "[" then
			depth = depth + 1
		elseif kind == "}" or kind == "]" then
			depth = depth - 1
		else
			last = string_end(text, at)
		end
		if not last or visit(kind, at, depth, last) then
			return
		end
		at = text:find('["%[%]{}]', last + 1)
	end
end

local function too_deep(text)
	local _, brackets = text:gsub("[%[{]", "")
	local deep = false
	if brackets > M.DEPTH_MAX then
		walk(text, function(_, _, depth)
			deep = depth > M.DEPTH_MAX
			return deep
		end)
	end
	return deep
end

-- The JSON string under the outermost object's "id", also where the rest is not JSON.
local function find_id(text)
	local found
	walk(text, function(kind, at, depth, last)
		if kind ~= '"' or depth ~= 1 or text:sub(at, last) ~= '"id"' then
			return false
		end
		local value = text:match('^%s*:%s*()"', last + 1)
		local value_end = value and string_end(text, value)
		found = value_end and text:sub(value, value_end)
		return value ~= nil
	end)
	return found
end

local function characters(text)
	local _, continued = text:gsub("[\128-\191]", "")
	return #text - continued
end

-- Calls a library's decode, whether it raises or returns nil and an error.
local function parse(json, text)
	local ok, value, problem = pcall(json.decode, text)
	if not ok then
		return nil, tostring(value)
	elseif type(value) ~= "table" then
		return nil, tostring(problem or "no value")
	end
	return value
end

local function bad(json, code, problem, place, text)
	local raw = find_id(mend_escapes(mend_bytes(text:sub(1, ID_SCAN_BYTES))))
	local list = raw and parse(json, "[" .. raw .. "]")
	local id, note = list and list[1], ""
	if not id then
		note = "; no id could be read"
	elseif characters(id) > M.ID_MAX_CHARS then
		id, note = nil, ("; its id is longer than %d characters"):format(M.ID_MAX_CHARS)
	end
	return { code = code, message = place .. problem .. note, id = id }
end

local function read(json, body, place)
	if not body:find("^%s*{") then
		local got = #body == 0 and "no bytes" or "something else"
		return bad(json, JSON, "want a JSON object, got " .. got, place, "")
	elseif too_deep(body) then
		return bad(json, JSON, ("nested deeper than %d levels"):format(M.DEPTH_MAX), place, body)
	end
	local record, problem = parse(json, mend_escapes(mend_bytes(body)))
	if not record then
		return bad(json, JSON, "not JSON: " .. problem, place, body)
	end
	return { record = record }
end

-- Why nothing from `start` (0-based) on can be read, as code and message; nil where it can.
local function reason_to_stop(total, start, length, count)
	if count >= M.RECORDS_MAX then
		local problem = "a message holds %d records at most; %d bytes were not read: split it"
		return LARGE, problem:format(M.RECORDS_MAX, total - start)
	elseif not length then
		return FRAME, ("%d bytes where a 4-byte length should stand"):format(total - start)
	end
	local stop = start + M.LENGTH_BYTES + length
	if stop > total and length > M.RECORD_MAX_BYTES then
		local problem = "its length says %.0f bytes; the limit is %d (is it big-endian?)"
		return LARGE, problem:format(length, M.RECORD_MAX_BYTES)
	elseif stop > total then
		local problem = "its length says %d bytes, but only %d follow"
		return FRAME, problem:format(length, total - start - M.LENGTH_BYTES)
	elseif stop > M.PART_MAX_BYTES then
		local problem = "the message is over %d bytes; %d bytes were not read: split it"
		return LARGE, problem:format(M.PART_MAX_BYTES, total - start)
	end
end

local function decode(json, part)
	local found, start, total = {}, 0, #part
	while start < total do
		local body_start = start + M.LENGTH_BYTES
		local length = body_start <= total and length_of(part, start + 1) or nil
		local place = ("record %d at byte %d: "):format(#found + 1, start)
		local code, problem = reason_to_stop(total, start, length, #found)
		if code then
			found[#found + 1] = bad(json, code, problem, place, part:sub(body_start + 1, body_start + ID_SCAN_BYTES))
			return found
		end
		local body = part:sub(body_start + 1, body_start + length)
		if length > M.RECORD_MAX_BYTES then
			problem = ("%d bytes; the limit is %d: send less"):format(length, M.RECORD_MAX_BYTES)
			found[#found + 1] = bad(json, LARGE, problem, place, body)
		else
			found[#found + 1] = read(json, body, place)
		end
		start = body_start + length
	end
	if #found == 0 then
		found[1] = { code = FRAME, message = "empty message: want a 4-byte length and a JSON object" }
	end
	return found
end

local function encode(json, record)
	local ok, body, problem = pcall(json.encode, record)
	if not ok or type(body) ~= "string" then
		return nil, "record cannot be written as JSON: " .. tostring(ok and problem or body)
	elseif #body > M.RECORD_MAX_BYTES then
		local text = "record %s: %d bytes; the limit is %d: send less"
		return nil, text:format(tostring(record.id), #body, M.RECORD_MAX_BYTES)
	end
	return length_bytes(#body) .. body
end

local function encode_many(json, records)
	local parts, open, size = {}, {}, 0
	for _, record in ipairs(records) do
		local bytes, problem = encode(json, record)
		if not bytes then
			return nil, problem
		end
		if #open > 0 and (size + #bytes > M.PART_MAX_BYTES or #open == M.RECORDS_MAX) then
			parts[#parts + 1] = table.concat(open)
			open, size = {}, 0
		end
		open[#open + 1] = bytes
		size = size + #bytes
	end
	if #open > 0 then
		parts[#parts + 1] = table.concat(open)
	end
	return parts
end

-- `json`: { encode = function(table) -> string, decode = function(string) -> table }; errors raised or as nil, message.
function M.new(json)
	assert(type(json) == "table" and json.encode and json.decode, "llm_wire.new: want { encode = …, decode = … }")
	return {
		encode = function(record)
			return encode(json, record)
		end,
		encode_many = function(records)
			return encode_many(json, records)
		end,
		decode = function(part)
			return decode(json, part)
		end,
	}
end

return M
