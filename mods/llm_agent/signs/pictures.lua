-- Pictures of fingerspelled words, GET /v1/signs: each asked for once, a few at a time, and none while the daemon cannot draw
-- any. Pure; the client is handed in. A failure is silent: the words are read as ever.

local log, now_us, client = ...

local pictures = {}

pictures.HEIGHT = 80 -- pixels: a hand is up to 38 high, and three words over a head are less than half of a small window
local PATH = "/v1/signs"
local OPEN_MAX = 2 -- of the eight transfers that the engine runs at once for all mods
local WAITING_MAX = 24 -- words of a village that talks at once; more would come after their line
local KEPT_MAX = 300 -- words, of 2 KB each: the names of a world
local PAUSE_S = 30 -- after an answer that would be the same for each word: no package, no token, no daemon

local kept, kept_count = {}, 0 -- "lang word" → PNG, or "" where it has no sign
local waiting = {} -- {lang, word, key}, in the order they are sent
local asked = {} -- key → callbacks of a word that is waited for
local open, paused_until_us = 0, 0
local languages -- of the daemon: list of {code =, name =}, `default`
pictures.problem = nil -- why there are none at present, in the daemon's words or ours

local function encoded(words)
	return (words:gsub("[^%w]", function(char) return ("%%%02X"):format(char:byte()) end))
end

local function keep(key, png)
	if kept_count >= KEPT_MAX then kept, kept_count = {}, 0 end
	kept[key], kept_count = png, kept_count + 1
end

local function problem_of(result)
	local message = client.error_of(result.data)
	if message then return message end
	return result.code == 0 and "the daemon does not answer" or "HTTP " .. result.code .. " from the daemon"
end

local function pause(result)
	paused_until_us = now_us() + PAUSE_S * 1e6
	local problem = problem_of(result)
	if pictures.problem ~= problem then log("action", "no signs at present: " .. problem) end
	pictures.problem = problem
end

local function answer(entry, png)
	local callbacks = asked[entry.key]
	asked[entry.key] = nil
	for _, fn in ipairs(callbacks) do fn(png) end
end

local function take(entry, result)
	open = open - 1
	local is_png = result.code == 200 and type(result.raw) == "string" and result.raw:sub(1, 4) == "\137PNG"
	if is_png then
		pictures.problem = nil
		keep(entry.key, result.raw)
	elseif result.code == 400 then
		keep(entry.key, "")
	else
		pause(result)
	end
	answer(entry, is_png and result.raw or nil)
end

-- Called each step.
function pictures.step(now)
	while waiting[1] and open < OPEN_MAX do
		local entry = table.remove(waiting, 1)
		local path = ("%s?text=%s&lang=%s&height=%d"):format(PATH, encoded(entry.word), encoded(entry.lang), pictures.HEIGHT)
		open = open + 1
		local is_sent = now >= paused_until_us and client.call("GET", path, nil, function(result) take(entry, result) end)
		if not is_sent then
			open = open - 1
			answer(entry, nil)
		end
	end
end

-- callback(png, or nil where there is none), now or in a later step.
function pictures.get(word, lang, callback)
	local key = lang .. " " .. word
	if kept[key] then return callback(kept[key] ~= "" and kept[key] or nil) end
	if asked[key] then
		table.insert(asked[key], callback)
		return
	end
	local is_of_use = now_us() >= paused_until_us and client.state ~= "offline" and #waiting < WAITING_MAX
	if not is_of_use then return callback(nil) end
	asked[key] = {callback}
	waiting[#waiting + 1] = {lang = lang, word = word, key = key}
end

-- How wide a PNG is: it stands in its head.
function pictures.width(png)
	local a, b, c, d = png:byte(17, 20)
	return d and ((a * 256 + b) * 256 + c) * 256 + d
end

local function read_languages(data)
	local found = {default = tostring(data.default)}
	for i, one in ipairs(type(data.languages) == "table" and data.languages or {}) do
		found[i] = {code = tostring(one.code), name = tostring(one.name)}
	end
	return found
end

-- callback(list of {code =, name =} with the field `default`, or nil and why not), now or in a later step.
function pictures.languages(callback)
	if languages then return callback(languages) end
	local is_sent = client.call("GET", PATH .. "/languages", nil, function(result)
		if result.code == 200 and result.data then languages = read_languages(result.data) end
		if not languages then return callback(nil, problem_of(result)) end
		paused_until_us, pictures.problem = 0, nil -- who switches signs on wants to see whether there are any now
		callback(languages)
	end)
	if not is_sent then callback(nil, "NPCs are switched off") end
end

-- The daemon is there again, perhaps another.
function pictures.forget()
	languages, paused_until_us, pictures.problem = nil, 0, nil
	kept, kept_count = {}, 0
end

return pictures
