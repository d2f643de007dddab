-- Chooses among written lines: those for anybody, for the NPC's role and for its mood; not one that it said lately, nor, while
-- there is another, one that somebody beside it did. The random number is handed in. A list is a list of lines, or
-- {anyone = lines, ROLE or MOOD = lines}.

local text, translate, around = ... -- around(npc): the NPCs that hear it

local lines = {}

local KEPT = 8 -- lines that an NPC does not choose again so soon; lists are seldom longer
local OWN = 0.5 -- chance of a line of the role or the mood, where there is one
local SOMEBODY = "traveller" -- stands for {player} where nobody is known

-- Lines of the role, and of moods that `npc.mood` names ("tired", "sad and tired").
local function own_lines(list, npc)
	local found = {}
	local function add(key)
		for _, line in ipairs(key ~= "anyone" and list[key] or {}) do found[#found + 1] = line end
	end
	add(npc.role)
	for word in (npc.mood or ""):lower():gmatch("%a+") do
		if word ~= npc.role then add(word) end
	end
	return found
end

-- Those of the list that are in none of the lists of lines; nil where all are.
local function fresh(list, ...)
	local known, found = {}, {}
	for i = 1, select("#", ...) do
		for _, line in ipairs(select(i, ...) or {}) do known[line] = true end
	end
	for _, line in ipairs(list) do
		if not known[line] then found[#found + 1] = line end
	end
	return found[1] and found
end

local function note(npc, field, line)
	local last = npc[field] or {}
	npc[field] = last
	last[#last + 1] = line
	if #last > KEPT then table.remove(last, 1) end
end

-- One line as it is written, placeholders and all; nil where the list has none for this NPC. random() as math.random.
function lines.choose(list, npc, random)
	local own, anybody = list[1] and {} or own_lines(list, npc), list[1] and list or list.anyone or {}
	local from = own[1] and (not anybody[1] or random() < OWN) and own or anybody
	if not from[1] then return nil end
	from = fresh(from, npc.last_lines, npc.heard_lines) or fresh(from, npc.last_lines) or from
	local line = from[random(1, #from)]
	note(npc, "last_lines", line)
	for _, other in ipairs(around(npc)) do note(other, "heard_lines", line) end
	return line
end

-- With values ({name = words}) in the place of `{name}`.
local function fill(line, code, values)
	return (line:gsub("{(%w+)}", function(name)
		if name == "player" then return values.player or translate.line(code, SOMEBODY) end
		return values[name]
	end))
end

-- Chosen and filled; nil where there is none.
function lines.pick(list, npc, code, values, random)
	local line = lines.choose(list, npc, random)
	return line and fill(translate.line(code, line), code, values)
end

-- Begins with a capital letter, whatever was put in first; sentences in a row.
function lines.join(...)
	local parts = {}
	for i = 1, select("#", ...) do
		local part = select(i, ...)
		if part and part ~= "" then parts[#parts + 1] = text.upper_first(part) end
	end
	return table.concat(parts, " ")
end

return lines
