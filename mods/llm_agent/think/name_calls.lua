-- How often an NPC calls whom it talks with by name: in a minority of its lines. A model, and many a line of a role, would do it
-- in each. Pure. A name that is taken out stood behind a comma ("Well met, Ana!") or before one ("Ana, look."); elsewhere it
-- stays. Words that stream in are held back as long as they may become such a name, so what was shown never changes.

local text = ...

local name_calls = {}

local LINES_BETWEEN = 2 -- at least so many without the name after one with it
local AFTER = "[,%.!%?;:]"
local WORD = "[%w_\128-\255]"

-- Where a called name stands from `from` on: its first and last byte with the comma that goes with it, and whether it opens a
-- sentence; nil where there is none.
local function find_call(line, name, from)
	while true do
		local first, last = line:find(name, from, true)
		if not first then return nil end
		local before, after = line:sub(1, first - 1), line:sub(last + 1, last + 1)
		local comma = before:match(",%s*()$") and before:find(",%s*$")
		if comma and (after == "" or after:find(AFTER)) then return comma, last, false end
		local opens = first == 1 or before:find("[%.!%?]%s+$") ~= nil
		local _, gap = line:find("^,%s+", last + 1)
		if opens and gap then return first, gap, true end
		from = last + 1
	end
end

-- The line without calls of the name; as it is where nothing else would be left.
local function without(line, name)
	local out, from = line, 1
	while true do
		local first, last, opens = find_call(out, name, from)
		if not first then return out end
		local rest = out:sub(last + 1)
		if opens then rest = text.upper_first(rest) end
		out, from = out:sub(1, first - 1) .. rest, first
		if not out:find(WORD) then return line end
	end
end

-- Of words that still come in, those of which it is certain that they stay: not a comma and what may be the name after it.
local function certain(words, name)
	local opening = words:match("[%.!%?]%s+([^%.!%?]*)$") or not words:find("[%.!%?]%s") and words or ""
	if opening ~= "" and (name .. ", "):sub(1, #opening) == opening then return words:sub(1, #words - #opening) end
	local comma, rest = words:match("()(,%s*[^,%.!%?;:]*)$")
	local begun = rest and rest:gsub("^,%s*", "")
	return begun and name:sub(1, #begun) == begun and words:sub(1, comma - 1) or words
end

local function first_turn(npc, name)
	local sum = 0
	for byte in (npc.id .. name):gmatch(".") do sum = sum + byte:byte() end
	return sum % (LINES_BETWEEN + 1)
end

-- May its next line to somebody call them by name?
function name_calls.may_call(npc, name)
	npc.lines_unnamed = npc.lines_unnamed or {}
	local lines = npc.lines_unnamed[name] or first_turn(npc, name) -- not all begin with the name
	npc.lines_unnamed[name] = lines
	return lines >= LINES_BETWEEN
end

-- A whole line as it is said to somebody.
function name_calls.fit(line, name, may_call)
	return (may_call or not name or name == "") and line or without(line, name)
end

-- The same of a line that still comes in: as much of it as is certain.
function name_calls.fit_beginning(words, name, may_call)
	return (may_call or not name or name == "") and words or without(certain(words, name), name)
end

-- It said this to somebody.
function name_calls.note(npc, line, name)
	if not name or name == "" then return end
	npc.lines_unnamed = npc.lines_unnamed or {}
	npc.lines_unnamed[name] = find_call(line, name, 1) and 0 or (npc.lines_unnamed[name] or first_turn(npc, name)) + 1
end

-- A line that is said without a question: fit and noted.
function name_calls.line(npc, line, name)
	line = name_calls.fit(line, name, name_calls.may_call(npc, name))
	name_calls.note(npc, line, name)
	return line
end

return name_calls
