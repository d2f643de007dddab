-- A daemon with a voice, for specs: sounds of a known length, their words in them.

local Mock = require("mock_core")
local game = require("spec.support.game")

local voice = {asked = {}, prepared = {}}

local function be32(number)
	return string.char(math.floor(number / 2 ^ 24) % 256, math.floor(number / 2 ^ 16) % 256, math.floor(number / 256) % 256, number % 256)
end

-- The same words of the same voice in the same language have the same id.
local function id_of(body)
	local hash = 7
	for char in (body.npc.id .. (body.voice or "") .. (body.lang or "") .. body.text):gmatch(".") do
		hash = (hash * 31 + char:byte()) % 2 ^ 32
	end
	return ("%08x"):format(hash):rep(4)
end

-- What the daemon answers: 10 characters a second, and the words in place of their sound.
function voice.answer(body, seconds, ogg)
	local head = ('{"id":"%s","seconds":%.2f,"mouth":"0357","engine":"stub"}'):format(id_of(body), seconds or #body.text / 10)
	return be32(#head) .. head .. (ogg or "OggS" .. body.text)
end

-- options: as game.start_quiet. respond(body, fetch) -> code, data, or nothing to answer later; by default each sentence has its
-- sound at once. Returns the mock, its daemon and the mod's API.
function voice.start(options, reply, respond)
	local mock, daemon, agent = game.start_quiet(options, reply)
	voice.asked, voice.prepared = {}, {}
	daemon.call = function(_, path, body, fetch)
		if path ~= "/v1/speech" then return 200, {ready = true} end
		if body.prepare then
			table.insert(voice.prepared, body.prepare)
			return 202, {queued = #body.prepare}
		end
		table.insert(voice.asked, body)
		if respond then return respond(body, fetch) end
		return 200, voice.answer(body)
	end
	return mock, daemon, agent
end

-- A sound for a sentence that was left unanswered.
function voice.send(fetch, seconds)
	Mock.answer(fetch, 200, voice.answer(Mock.body(fetch), seconds))
end

-- The texts that were asked for, in order.
function voice.texts()
	local list = {}
	for i, body in ipairs(voice.asked) do list[i] = body.text end
	return list
end

-- What a player hears, or all: the words, in the order they begin.
function voice.heard(mock, name)
	local words, list = {}, {}
	for _, entry in ipairs(mock.media) do words[entry.name:gsub("%.ogg$", "")] = entry.content:gsub("^OggS", "") end
	for _, sound in ipairs(mock.sounds) do
		local played = type(sound.name) == "table" and sound.name.name or sound.name
		if words[played] and (not name or sound.parameters.to_player == name) then list[#list + 1] = words[played] end
	end
	return list
end

return voice
