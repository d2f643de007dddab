-- The form of a gesture, {frames = {{at =, joints = {NAME = {x, y, z}}, ease =}, …}, times =, name =}, as docs/gestures.md has
-- it: reads a table or JSON text strictly, and says what is wrong where. Pure: it may come from a model, and nothing is run.

local parse_json = ...

local form = {}

form.FRAMES_MAX, form.TIMES_MAX, form.LENGTH_MAX_S = 64, 20, 30 -- longer is a film, and keeps the clients busy
form.ANGLE_MAX = 360 -- degrees, either way: one whole turn

local TEXT_MAX_BYTES = 16384 -- of JSON: 64 frames with seven joints each take 14 KB
local NAME_MAX_BYTES = 64
local AXES = 3
local EASES = {in_out = true, linear = true, hold = true}
local FIELDS = {name = true, frames = true, times = true}
local FRAME_FIELDS = {at = true, joints = true, ease = true}

local function sorted(set)
	local names = {}
	for name in pairs(set) do names[#names + 1] = tostring(name) end
	table.sort(names)
	return table.concat(names, ", ")
end

local function unknown(value, known, where)
	for name in pairs(value) do
		if not known[name] then return ("%sunknown field %s; known: %s"):format(where, tostring(name), sorted(known)) end
	end
end

local function in_range(value, low, high)
	return type(value) == "number" and value >= low and value <= high -- NaN is in no range
end

local function problem_of_angles(angles, where)
	if type(angles) ~= "table" or #angles ~= AXES then return where .. ": want [x, y, z] in degrees from rest" end
	for axis in pairs(angles) do
		if not in_range(axis, 1, AXES) then return where .. ": want [x, y, z] in degrees from rest and nothing else" end
		if not in_range(angles[axis], -form.ANGLE_MAX, form.ANGLE_MAX) then
			return ("%s[%d]: want degrees from -%d to %d"):format(where, axis, form.ANGLE_MAX, form.ANGLE_MAX)
		end
	end
end

local function problem_of_joints(turned, joints, where)
	if type(turned) ~= "table" or next(turned) == nil then return where .. ": want at least one joint with its angles" end
	for joint, angles in pairs(turned) do
		if not joints[joint] then
			return ("%s: unknown joint %s; this model has %s"):format(where, tostring(joint), sorted(joints))
		end
		local problem = problem_of_angles(angles, where .. "." .. joint)
		if problem then return problem end
	end
end

local function problem_of_frame(frame, joints, where, after)
	if type(frame) ~= "table" then return where .. ": want {at, joints, ease}" end
	local problem = unknown(frame, FRAME_FIELDS, where .. ": ")
	if problem then return problem end
	if not in_range(frame.at, 0, form.LENGTH_MAX_S) then
		return ("%s.at: want seconds from 0 to %d"):format(where, form.LENGTH_MAX_S)
	elseif after and frame.at <= after then
		return ("%s.at: want more than the %s of the frame before it"):format(where, after)
	elseif frame.ease ~= nil and not EASES[frame.ease] then
		return ("%s.ease: want one of %s, got %s"):format(where, sorted(EASES), tostring(frame.ease))
	end
	return problem_of_joints(frame.joints, joints, where .. ".joints")
end

local function problem_of_frames(frames, joints)
	if type(frames) ~= "table" or #frames == 0 then return "frames: want a list with at least one frame" end
	if #frames > form.FRAMES_MAX then return ("frames: want at most %d, got %d"):format(form.FRAMES_MAX, #frames) end
	for key in pairs(frames) do
		if not in_range(key, 1, #frames) then return "frames: want a list, got the key " .. tostring(key) end
	end
	for i, frame in ipairs(frames) do
		local problem = problem_of_frame(frame, joints, ("frames[%d]"):format(i), i > 1 and frames[i - 1].at or nil)
		if problem then return problem end
	end
end

local function problem_of(given, joints)
	local problem = unknown(given, FIELDS, "") or problem_of_frames(given.frames, joints)
	if problem then return problem end
	local name, times = given.name, given.times or 1
	if name ~= nil and (type(name) ~= "string" or #name > NAME_MAX_BYTES) then
		return ("name: want a text of at most %d bytes"):format(NAME_MAX_BYTES)
	elseif not in_range(times, 1, form.TIMES_MAX) or times % 1 ~= 0 then
		return ("times: want a whole number from 1 to %d"):format(form.TIMES_MAX)
	end
	local length_s = given.frames[#given.frames].at * times
	if times > 1 and length_s == 0 then return "times: a gesture that takes no time cannot be repeated" end
	if length_s > form.LENGTH_MAX_S then
		return ("times: %d times %s s are more than the %d s that a gesture may take"):format(
			times, length_s / times, form.LENGTH_MAX_S)
	end
end

-- given: a table, or JSON text of one. joints: set of those that the model has. The table, or nil and what is wrong with it.
function form.read(given, joints)
	if type(given) == "string" then
		if #given > TEXT_MAX_BYTES then return nil, ("want at most %d bytes of JSON"):format(TEXT_MAX_BYTES) end
		local ok, parsed = pcall(parse_json, given)
		if not ok or parsed == nil then return nil, "not JSON; docs/gestures.md has the form" end
		given = parsed
	end
	if type(given) ~= "table" then return nil, "want a table, or JSON text, with frames; got " .. type(given) end
	local problem = problem_of(given, joints)
	if problem then return nil, problem end
	return given
end

-- For models --------------------------------------------------------------------------------------------------------------

-- A model writes less than a form may hold: each frame is some 40 tokens, and most of its time.
local MODEL_FRAMES_MAX, MODEL_TIMES_MAX, MODEL_ANGLE_MAX, MODEL_LENGTH_MAX_S = 6, 5, 180, 8

-- The JSON schema of a gesture that a model makes up: the form, but for the ease of frames.
function form.schema(joints)
	local angle = {type = "integer", minimum = -MODEL_ANGLE_MAX, maximum = MODEL_ANGLE_MAX}
	local turned = {}
	for joint in pairs(joints) do turned[joint] = {type = "array", items = angle, minItems = AXES, maxItems = AXES} end
	local frame = {
		type = "object", required = {"at", "joints"},
		properties = {
			at = {type = "number", minimum = 0, maximum = MODEL_LENGTH_MAX_S},
			joints = {type = "object", properties = turned, minProperties = 1},
		},
	}
	return {
		type = "object", required = {"frames", "times"},
		properties = {
			frames = {type = "array", items = frame, minItems = 1, maxItems = MODEL_FRAMES_MAX},
			times = {type = "integer", minimum = 1, maximum = MODEL_TIMES_MAX},
		},
	}
end

return form
