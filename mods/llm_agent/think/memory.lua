-- Tells the daemon what came of things, one sentence each; the daemon keeps the memory.
-- Sentences wait in a bounded list and go together (POST /v1/memory/remember). What the daemon did not take is sent again when
-- it answers, over a restart too; it keeps only one of two equal sentences.

local log, now_us, text, limits, check, storage, client, events, Npc, places, observe = ...

local memory = {}

local KEY = "unsent" -- in the mod's storage: what the daemon had not taken when the server went down
local BATCH_MAX = 64 -- the daemon's limit
local UNSENT_MAX = 500 -- while the daemon is away; then the oldest go
local GATHER_US = 2e6 -- what comes within it goes in one call
local AGAIN_US = 10e6 -- after a call that failed
local SENTENCE_MAX_BYTES = 400 -- the daemon's limit, in letters of one byte
local NEW_US, NEW_MAX = 10e6, 16 -- until the daemon can find a line: it gathers, too; so many are told with a question till then

local unsent = storage.decode_json(storage:get_string(KEY)) or {}
local due_us, sending = 0, false
local new = {} -- {npc, player, text, at_us}: what was remembered a moment ago, the oldest first

-- Tell the daemon what came of something between an NPC and a player (or nil), as a sentence: "Ana bought 3 apples for 6 coins".
function memory.remember(npc, player_name, sentence)
	local line = text.clean(sentence, SENTENCE_MAX_BYTES)
	if line == "" or not client.has_http() then return end
	if not unsent[1] then due_us = now_us() + GATHER_US end
	unsent[#unsent + 1] = {
		npc = npc.id,
		name = text.clean(npc.name, limits.NAME_MAX_BYTES),
		player = player_name and text.clean(player_name, limits.NAME_MAX_BYTES) or nil,
		place = places.name_at(npc:get_pos()),
		text = line,
	}
	if #unsent > UNSENT_MAX then table.remove(unsent, 1) end
	new[#new + 1] = {npc = npc.id, player = player_name, text = line, at_us = now_us()}
	if #new > NEW_MAX then table.remove(new, 1) end
end

-- Whoever is asked knows at once what has just happened.
observe.add_facts(function(npc, player_name, facts, opts)
	if not new[1] or not opts.utterance or opts.remember == false then return end
	local now, lines = now_us(), {}
	for _, line in ipairs(new) do
		local is_theirs = line.npc == npc.id and (line.player == nil or line.player == player_name)
		if is_theirs and now - line.at_us <= NEW_US then lines[#lines + 1] = line.text end
	end
	if not lines[1] then return end
	for _, line in ipairs(type(facts.memory) == "table" and facts.memory or {facts.memory}) do lines[#lines + 1] = line end
	facts.memory = lines
end)

-- Drop what was not sent yet of this NPC (its id) and this player; nil: of any.
function memory.drop_unsent(id, player_name)
	new = {}
	local kept = {}
	for _, line in ipairs(unsent) do
		local names_them = not player_name or line.player == player_name or text.names(line.text, player_name)
		if not ((not id or line.npc == id) and names_them) then kept[#kept + 1] = line end
	end
	unsent = kept
end

local function take_out(sent)
	local done, kept = {}, {}
	for _, line in ipairs(sent) do done[line] = true end
	for _, line in ipairs(unsent) do
		if not done[line] then kept[#kept + 1] = line end
	end
	unsent = kept
end

local function landed(sent, answer)
	sending = false
	if answer.code == 200 then return take_out(sent) end
	if answer.code >= 400 and answer.code < 500 and answer.code ~= 401 and answer.code ~= 429 then
		take_out(sent) -- sent again they would be refused again
		log("warning", ("the daemon does not remember %d lines: HTTP %d"):format(#sent, answer.code))
	end
	due_us = now_us() + AGAIN_US
end

-- In each step: what waits is sent once it is due. While the daemon is away nothing is tried: "online" tells when it is back.
function memory.step(now)
	if not unsent[1] or now < due_us or sending or client.state == "offline" then return end
	local sent = {}
	for i = 1, math.min(BATCH_MAX, #unsent) do sent[i] = unsent[i] end
	due_us = now + AGAIN_US
	sending = client.call("POST", "/v1/memory/remember", {lines = sent}, function(answer) landed(sent, answer) end)
end

events.on("online", function() due_us = 0 end)

core.register_on_shutdown(function() storage:set_string(KEY, unsent[1] and core.write_json(unsent) or "") end)

-- An NPC remembers a sentence, of a player or of nobody in particular; all of its settlement may come to know it.
function Npc:remember(sentence, player_name)
	local problem = check.words(sentence)
	if problem then error("npc:remember: text: " .. problem, 2) end
	if player_name ~= nil and type(player_name) ~= "string" then
		error("npc:remember: player_name: want a name, got " .. type(player_name), 2)
	end
	memory.remember(self, player_name, sentence)
end

return memory
