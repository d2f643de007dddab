-- Reads an appointment in what somebody says: "meet me at the mill at noon", in the languages that the mod speaks.
-- Pure: knows neither places nor clocks.

local text = ...

local meeting = {}

-- All as text.spaced makes them: small letters, no marks. A phrase that says that two shall meet:
local MEET = {
	en = {
		"meet me", "meet you", "let us meet", "let s meet", "we meet", "we could meet", "wait for me", "i will be at", "i shall be at",
		"i will wait",
	},
	de = {
		"triff mich", "treffen wir uns", "treffen wir", "uns treffen", "wir treffen", "dich treffen", "warte auf mich", "treffe dich",
	},
	fr = {
		"retrouve moi", "retrouvez moi", "retrouvons nous", "rencontrons nous", "rejoins moi", "on se retrouve", "attends moi",
	},
	es = {
		"nos vemos", "encuéntrame", "encuentrame", "encontrémonos", "nos encontramos", "reúnete conmigo", "quedamos", "veámonos",
		"espérame",
	},
	ru = {"встретимся", "встреть меня", "встречаемся", "жди меня", "подожди меня", "увидимся"},
}
-- Said by who makes no appointment.
local NOT_SO = {"never", "not", "don t", "nicht", "nie", "ne", "jamais", "nunca", "не", "никогда"}

-- When, the longer first: "nachmittag" is no "mittag" (whole words), but "après midi" has "midi" in it. Share of the day.
local TIMES = {
	{"afternoon", 0.65}, {"nachmittag", 0.65}, {"nachmittags", 0.65}, {"après midi", 0.65}, {"por la tarde", 0.65},
	{"после полудня", 0.65}, {"днём", 0.6}, {"днем", 0.6},
	{"midnight", 0.999}, {"mitternacht", 0.999}, {"minuit", 0.999}, {"medianoche", 0.999}, {"полночь", 0.999},
	{"noon", 0.5}, {"midday", 0.5}, {"mittag", 0.5}, {"mittags", 0.5}, {"midi", 0.5}, {"mediodía", 0.5}, {"mediodia", 0.5},
	{"полдень", 0.5}, {"полудня", 0.5},
	{"dawn", 0.22}, {"sunrise", 0.22}, {"morgengrauen", 0.22}, {"sonnenaufgang", 0.22}, {"aube", 0.22}, {"amanecer", 0.22},
	{"alba", 0.22}, {"рассвете", 0.22}, {"рассвет", 0.22},
	{"evening", 0.77}, {"tonight", 0.77}, {"sunset", 0.77}, {"dusk", 0.77}, {"abend", 0.77}, {"abends", 0.77},
	{"sonnenuntergang", 0.77}, {"soir", 0.77}, {"anochecer", 0.77}, {"atardecer", 0.77}, {"вечером", 0.77}, {"вечера", 0.77},
	{"закате", 0.77},
	{"night", 0.9}, {"nachts", 0.9}, {"nacht", 0.9}, {"nuit", 0.9}, {"noche", 0.9}, {"ночью", 0.9},
	{"in the morning", 0.35}, {"tomorrow morning", 0.35}, {"this morning", 0.35}, {"am morgen", 0.35}, {"morgens", 0.35},
	{"morgen früh", 0.35}, {"matin", 0.35}, {"por la mañana", 0.35}, {"утром", 0.35},
}
local TOMORROW = {"tomorrow", "morgen", "demain", "mañana", "завтра"}
local NO_TOMORROW = {"por la mañana", "am morgen"} -- have that word in them and mean the morning
local HERE = {"here", "hier", "ici", "aquí", "aqui", "здесь", "тут"}

-- The language of the part that asks for a meeting; a no in another part is about something else.
local function language_of(words)
	for part in words:gmatch("[^.!?]+") do
		local sentence = text.spaced(part)
		for language, phrases in pairs(MEET) do
			if text.says_any(sentence, phrases) and not text.says_any(sentence, NOT_SO) then return language end
		end
	end
	return nil
end

-- {lang = code, time = share of the day, is_tomorrow, is_here}; nil where no appointment is made, or without an hour.
function meeting.read(words)
	local sentence = text.spaced(words)
	local lang = language_of(words)
	if not lang then return nil end
	for _, time in ipairs(TIMES) do
		if sentence:find(" " .. time[1] .. " ", 1, true) then
			return {
				lang = lang, time = time[2], is_here = text.says_any(sentence, HERE) ~= nil,
				is_tomorrow = text.says_any(sentence, TOMORROW) ~= nil and not text.says_any(sentence, NO_TOMORROW),
			}
		end
	end
	return nil
end

return meeting
