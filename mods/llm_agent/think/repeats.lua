-- Notices when an NPC is about to say again what it said a moment ago. Pure; time is passed in.
-- Two lines are alike when most of their words are the same, whoever they name: "Hello, Ana" and "Hello, Bram" are one line.

local settings, text = ...

local repeats = {}

local ALIKE = 0.8 -- share of words in common; two different sentences of small talk share about a third
local WORDS_MIN = 3 -- "Yes, Ana." may be said twice
local AVOID_MAX, AVOID_MAX_BYTES = 12, 400 -- the daemon's limits
local KEPT_US = 300e6 -- what was said longer ago may be said again
-- Among themselves NPCs choose from few lines, and whoever stands by hears all of them: there more lines are told apart.
local CHATTER_LINES, CHATTER_KEPT_US = 24, 900e6

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
	while #recent > math.max(settings.repeat_lines, CHATTER_LINES) do table.remove(recent, 1) end
end

-- Those beside an NPC hear what it says to somebody (name), or is about to, and do not say the same a moment later.
function repeats.overhear(others, line, name, now)
	for _, other in ipairs(others) do repeats.note(other.overheard, line, name, now) end
end

-- Those that count, the oldest first. is_chatter: in a talk among NPCs.
local function fresh(recent, now, is_chatter)
	local kept_us, most = is_chatter and CHATTER_KEPT_US or KEPT_US, is_chatter and CHATTER_LINES or settings.repeat_lines
	local found = {}
	for i = math.max(1, #recent - most + 1), #recent do
		if now - recent[i].at_us <= kept_us then found[#found + 1] = recent[i] end
	end
	return found
end

-- Was a line like this said lately?
function repeats.is_repeat(recent, line, name, now, is_chatter)
	local words, count = words_of(line, name)
	if count < WORDS_MIN then return false end
	for _, entry in ipairs(fresh(recent, now, is_chatter)) do
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

-- What the model is to avoid: the last few lines of an NPC and of those beside it, its own last, then the one that it was about
-- to say; as many and as long as the daemon takes.
function repeats.lines(npc, about_to_say, now, is_chatter)
	local lines = {}
	for _, entries in ipairs({fresh(npc.overheard, now, is_chatter), fresh(npc.recent_lines, now, is_chatter)}) do
		for _, entry in ipairs(entries) do lines[#lines + 1] = entry.line end
	end
	if lines[#lines] ~= about_to_say then lines[#lines + 1] = about_to_say end
	local first, cut = math.max(1, #lines - AVOID_MAX + 1), {}
	for i = first, #lines do cut[#cut + 1] = text.cut(lines[i], AVOID_MAX_BYTES) end
	return cut
end

return repeats
