-- Notices when an NPC is about to say again what it said a moment ago. Pure; time is passed in.
-- Two lines are alike when most of their words are the same, whoever they name: "Hello, Ana" and "Hello, Bram" are one line.

local settings, text = ...

local repeats = {}

local ALIKE = 0.8 -- share of words in common; two different sentences of small talk share about a third
local WORDS_MIN = 3 -- "Yes, Ana." may be said twice
local AVOID_MAX, AVOID_MAX_BYTES = 5, 400
local KEPT_US = 300e6 -- what was said longer ago may be said again

-- The words that count: lower case, without punctuation and without `name`.
local function words_of(line, name)
	local words, count = {}, 0
	name = name and name:lower()
	for word in line:lower():gmatch("[%w_\128-\255']+") do
		if word ~= name and not words[word] then words[word], count = true, count + 1 end
	end
	return words, count
end

-- The line as its words alone, for comparing beginnings: no marks, no name, one blank between two words.
local function bare(line, name)
	local words = {}
	name = name and name:lower()
	for word in line:lower():gmatch("[%w_\128-\255']+") do
		if word ~= name then words[#words + 1] = word end
	end
	return table.concat(words, " ")
end

local function alike(a, a_count, b, b_count)
	local shared = 0
	for word in pairs(a) do
		if b[word] then shared = shared + 1 end
	end
	return shared / (a_count + b_count - shared) >= ALIKE
end

-- Remember what was said. recent: a list that the caller keeps for each NPC, oldest first.
function repeats.note(recent, line, name, now)
	if settings.repeat_lines == 0 then return end
	local words, count = words_of(line, name)
	if count < WORDS_MIN then return end
	recent[#recent + 1] = {words = words, count = count, start = bare(line, name), line = line, at_us = now}
	while #recent > settings.repeat_lines do table.remove(recent, 1) end
end

-- Those beside an NPC hear what it says to somebody (name), or is about to, and do not say the same a moment later.
function repeats.overhear(others, line, name, now)
	for _, other in ipairs(others) do repeats.note(other.overheard, line, name, now) end
end

local function fresh(recent, now)
	while recent[1] and now - recent[1].at_us > KEPT_US do table.remove(recent, 1) end
	return recent
end

-- Was a line like this said lately?
function repeats.is_repeat(recent, line, name, now)
	local words, count = words_of(line, name)
	if count < WORDS_MIN then return false end
	for _, entry in ipairs(fresh(recent, now)) do
		if alike(words, count, entry.words, entry.count) then return true end
	end
	return false
end

-- Could a line that begins so still become a repeat? Words that stream in are held back as long as it could: the same words so
-- far, whatever marks and name stand among them, or as many as are a repeat already.
function repeats.may_become(recent, beginning, name, now)
	local begun = bare(beginning, name)
	for _, entry in ipairs(fresh(recent, now)) do
		if entry.start:sub(1, #begun) == begun then return true end
	end
	return repeats.is_repeat(recent, beginning, name, now)
end

-- The last few lines of an NPC and of those beside it, its own last, for the model to avoid: as many and as long as the daemon
-- takes.
function repeats.lines(npc, now)
	local lines = {}
	for _, entries in ipairs({fresh(npc.overheard, now), fresh(npc.recent_lines, now)}) do
		for _, entry in ipairs(entries) do lines[#lines + 1] = text.cut(entry.line, AVOID_MAX_BYTES) end
	end
	while #lines > AVOID_MAX do table.remove(lines, 1) end
	return lines
end

return repeats
