-- Has the daemon render beforehand, when nothing else is to do, what NPCs will surely say one day: the greetings and the fallback
-- lines of their roles. Sentences with a player's name in them are left out; the rest of such a line is not.
-- Begins when the daemon is online, and anew where roles change, a body wakes, or a player comes who reads another language.

local settings, translate, npcs, roles, language, Sentences, requests = ...

local prepare = {}

local EVERY_S = 0.25 -- one NPC: its lines are a dozen
local BEGIN_S = 2 -- after the daemon is online: by then it has told its roles, too
local RECORDS_MAX = 64 -- in one call; the daemon takes no more
local NPCS_MAX = 200 -- 20 seconds of sound each, as much as the daemon keeps
local NAME = "{player}"

local queue, queued = {}, {} -- ids of NPCs to look at, and the same as a set
local known = {} -- what was prepared already: NPC, voice and language → true
local known_count = 0
local records = {} -- to be sent
local left_s = 0

local function add(npc)
	if queued[npc.id] or not settings.voice then return end
	queued[npc.id] = true
	queue[#queue + 1] = npc.id
end

local function add_all()
	for _, npc in ipairs(npcs.list) do add(npc) end
end

-- The languages that it may be asked to speak now, "" for the daemon's own.
local function codes_of(npc)
	local codes = {[language.between(npc, nil) or ""] = true}
	for _, player in ipairs(core.get_connected_players()) do
		codes[language.between(npc, player:get_player_name()) or ""] = true
	end
	return codes
end

local function add_line(npc, voice, code, line)
	for _, sentence in ipairs(Sentences.of(translate.line(code, line))) do
		if not sentence.text:find(NAME, 1, true) then
			records[#records + 1] = {
				npc = {id = npc.id, name = npc.name, role = npc.role}, voice = voice, lang = code, text = sentence.text,
			}
		end
	end
end

local function look_at(npc)
	local role, voice = roles.by_name[npc.role], roles.voice(npc)
	if not role or not npc:is_present() then return end
	for code in pairs(codes_of(npc)) do
		local key = table.concat({npc.id, npc.name, npc.role, voice or "", code}, "\n")
		if not known[key] and known_count < NPCS_MAX then
			known[key], known_count = true, known_count + 1
			for _, list in ipairs({role.greeting or {}, role.fallback or {}}) do
				for _, line in ipairs(list) do add_line(npc, voice, code ~= "" and code or nil, line) end
			end
		end
	end
end

local function forget()
	known, known_count, records = {}, 0, {}
end

-- Those that do not fit, and all where the daemon does not take them now, wait.
local function send()
	local batch, rest = {}, {}
	for i, record in ipairs(records) do table.insert(i <= RECORDS_MAX and batch or rest, record) end
	local function done(is_over)
		if is_over then return end
		for _, record in ipairs(batch) do records[#records + 1] = record end
	end
	if requests.prepare(batch, done) then records = rest end
end

function prepare.step(dtime)
	if not queue[1] and not records[1] then return end
	left_s = left_s - dtime
	if left_s > 0 then return end
	left_s = EVERY_S
	local id = table.remove(queue, 1)
	queued[id or ""] = nil
	local npc = npcs.by_id[id or ""]
	if npc then look_at(npc) end
	if not queue[1] and records[1] or #records >= RECORDS_MAX then send() end
end

-- The daemon is online: another one may have prepared nothing.
function prepare.begin()
	forget()
	add_all()
	left_s = BEGIN_S
end

npcs.on_wake(add)
roles.on_change(prepare.begin)
core.register_on_joinplayer(function(player)
	if language.of(player:get_player_name()) then add_all() end
end)

return prepare
