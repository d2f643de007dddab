-- Checks of what callers hand to the Lua API. Pure.
-- A wrong argument is an error at the caller's line (the level counts from the API function), naming the field and the fix.

local text = ...

local check = {}

function check.names_of(fields)
	local names = {}
	for name in pairs(fields) do names[#names + 1] = name end
	table.sort(names)
	return table.concat(names, ", ")
end

-- def against fields {name = "type" or "type?" or function(value) -> problem}. The level points at the API's caller.
function check.def(where, def, fields)
	if type(def) ~= "table" then error(("%s: want a table, got %s"):format(where, type(def)), 3) end
	for name in pairs(def) do
		if not fields[name] then
			error(("%s: unknown field %s; known: %s"):format(where, tostring(name), check.names_of(fields)), 3)
		end
	end
	for name, want in pairs(fields) do
		local value, problem = def[name], nil
		if type(want) == "function" then
			problem = value ~= nil and want(value) or nil
		elseif not (value == nil and want:sub(-1) == "?") and type(value) ~= want:gsub("%?", "") then
			problem = ("want a %s, got %s"):format((want:gsub("%?", "")), type(value))
		end
		if problem then error(("%s: %s: %s"):format(where, name, problem), 3) end
	end
end

function check.one_of(known)
	return function(value)
		if not known[value] then return "want one of " .. check.names_of(known) .. ", got " .. tostring(value) end
	end
end

function check.lines(value)
	if type(value) ~= "table" or #value == 0 then return "want a list with at least one line" end
	for i, line in ipairs(value) do
		if type(line) ~= "string" or line == "" then return ("entry %d: want a line of text"):format(i) end
	end
end

function check.words(value)
	if type(value) ~= "string" or text.clean(value) == "" then return "want a text that is not empty" end
end

function check.name_list(value)
	if type(value) ~= "table" then return "want a list of names" end
	for i, name in ipairs(value) do
		if type(name) ~= "string" then return ("entry %d: want a name"):format(i) end
	end
end

function check.names_or_true(value)
	if value ~= true then return check.name_list(value) end
end

-- {speaker, text} of what was said before, the oldest first.
function check.turns(value)
	if type(value) ~= "table" then return "want a list of {speaker =, text =}" end
	for i, turn in ipairs(value) do
		if type(turn) ~= "table" or type(turn.speaker) ~= "string" or type(turn.text) ~= "string" then
			return ("entry %d: want {speaker =, text =}"):format(i)
		end
	end
end

function check.position(value)
	if type(value) ~= "table" or type(value.x) ~= "number" or type(value.y) ~= "number" or type(value.z) ~= "number" then
		return "want a position {x=, y=, z=}"
	end
end

-- The name of a role or an action, as the daemon takes it: a role's is a file's name there.
function check.is_name(name)
	return type(name) == "string" and name:find("^[a-z][a-z0-9_]*$") ~= nil and #name <= 64
end

function check.name(where, name)
	if not check.is_name(name) then
		error(("%s: name: want lower-case letters, digits and _, got %s"):format(where, tostring(name)), 3)
	end
end

function check.number_in(min, max)
	return function(value)
		if type(value) ~= "number" or not (value >= min and value <= max) then
			return ("want a number from %s to %s"):format(min, max)
		end
	end
end

return check
