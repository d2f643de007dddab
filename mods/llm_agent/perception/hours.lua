-- Greetings that fit the hour: "Good morning" said in the evening becomes "Good evening", whoever wrote the line.
-- Only at the beginning of a line, where a greeting stands. Pure.

local text = ...

local hours = {}

-- By language: what is said in the morning, by day, and in the evening. "Good night" is a farewell, and left alone.
local GREETINGS = {
	en = {morning = {"Good morning"}, day = {"Good day", "Good afternoon"}, evening = {"Good evening"}},
	de = {morning = {"Guten Morgen"}, day = {"Guten Tag"}, evening = {"Guten Abend"}},
	fr = {morning = {"Bonjour"}, day = {"Bonjour", "Bon après-midi"}, evening = {"Bonsoir"}},
	es = {morning = {"Buenos días"}, day = {"Buenas tardes"}, evening = {"Buenas noches"}},
	ru = {morning = {"Доброе утро"}, day = {"Добрый день"}, evening = {"Добрый вечер"}},
}
-- After midnight "Good evening" is as odd as "Good morning".
local LATE = {en = "Hello", de = "Hallo", fr = "Bonsoir", es = "Buenas noches", ru = "Здравствуй"}
local LATE_UNTIL = 0.19 -- as core.get_timeofday() counts; then dawn begins
-- What fits a part of the day (perception/observe.lua), the first to be said.
local FITS = {
	dawn = {"morning"}, morning = {"morning", "day"}, noon = {"day"}, afternoon = {"day"}, evening = {"evening"},
	night = {"evening"}, late = {},
}

-- The part of the day for greetings. name: that of perception/observe.lua for this time.
function hours.part(time_of_day, name) return name == "night" and time_of_day < LATE_UNTIL and "late" or name end

-- What may stand before the first letter: marks, blanks, and the bytes of ¡ « ¿ — “ and their like, with which no letter begins.
local MARKS = "[%p%s\194\160\161\171\187\191\226\128\148\156\157\158]*"

local all = {} -- {words in small letters, language, part}
for language, parts in pairs(GREETINGS) do
	for part, list in pairs(parts) do
		for _, words in ipairs(list) do all[#all + 1] = {words = text.lower(words), language = language, part = part} end
	end
end

local function said_at(language, time)
	local part = FITS[time][1]
	return part and GREETINGS[language][part][1] or LATE[language]
end

-- May the greeting stand at this time? "Bonjour" is said in the morning and by day.
local function fits(greeting, time)
	if time == "late" and text.lower(LATE[greeting.language]) == greeting.words then return true end
	for _, part in ipairs(FITS[time]) do
		for _, words in ipairs(GREETINGS[greeting.language][part]) do
			if text.lower(words) == greeting.words then return true end
		end
	end
	return false
end

-- The line with a greeting that fits; time: a part of the day, another mod's word for it leaves the line alone.
function hours.fit(line, time)
	if not FITS[time] then return line end
	local begin = line:match("^" .. MARKS .. "()")
	local lowered = text.lower(line:sub(begin))
	for _, greeting in ipairs(all) do
		local is_said = lowered:sub(1, #greeting.words) == greeting.words
			and not lowered:find("^[%w'\128-\255]", #greeting.words + 1) -- "a good day's work"
		if is_said and not fits(greeting, time) then
			return line:sub(1, begin - 1) .. said_at(greeting.language, time) .. line:sub(begin + #greeting.words)
		end
	end
	return line
end

-- May a line that begins so become one of these greetings, with what still comes?
function hours.may_become(beginning)
	local lowered = text.lower(beginning:match("^" .. MARKS .. "(.*)$"))
	for _, greeting in ipairs(all) do
		if #lowered < #greeting.words and greeting.words:sub(1, #lowered) == lowered then return true end
	end
	return false
end

return hours
