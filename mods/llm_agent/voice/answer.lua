-- Reads what the daemon answers to POST /v1/speech: four bytes, big-endian, how long the JSON is that follows, and then a file,
-- Ogg Vorbis. Pure. What does not fit is refused: the bytes go to players' clients as they are.

local parse_json = ...

local answer = {}

local HEAD_MAX_BYTES = 64 * 1024 -- a sentence's JSON has a few hundred
local SECONDS_MAX = 60 -- of one sentence; its text has 280 bytes at most
local OGG_MAX_BYTES = 2 ^ 20 -- half an hour's worth of telephone quality; a sentence has some 50 KB

local function head_of(data)
	if type(data) ~= "string" or #data < 4 then return nil end
	local a, b, c, d = data:byte(1, 4)
	local length = ((a * 256 + b) * 256 + c) * 256 + d
	if length > HEAD_MAX_BYTES or #data < 4 + length then return nil end
	local ok, head = pcall(parse_json, data:sub(5, 4 + length))
	return ok and type(head) == "table" and head or nil, 5 + length
end

-- {id, seconds, mouth, ogg}, or nil where it is no such answer. id: the same for the same words of the same voice.
function answer.read(data)
	local head, from = head_of(data)
	if not head then return nil end
	local seconds = head.seconds
	if type(head.id) ~= "string" or #head.id ~= 32 or head.id:find("%X") then return nil end
	if type(seconds) ~= "number" or not (seconds > 0 and seconds <= SECONDS_MAX) then return nil end
	if #data - from >= OGG_MAX_BYTES or data:sub(from, from + 3) ~= "OggS" then return nil end
	local mouth = type(head.mouth) == "string" and head.mouth:find("^%d*$") and head.mouth or ""
	return {id = head.id:lower(), seconds = seconds, mouth = mouth, ogg = data:sub(from)}
end

return answer
