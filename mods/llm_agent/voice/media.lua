-- Sends sounds to the clients that are to hear them, each once while its player is here.
-- A client keeps what it was sent until it leaves (luanti#11640), so what each has is counted, and a player who has had too much
-- is sent no more. The engine takes a sound as data since 5.9, before as a file in the world's folder.
-- It forgets a sound that is `ephemeral` once its client has it. Until then its name is taken, also for other players: so each
-- client gets a sound under a name of its own.

local S, log, settings, util = ...

local media = {}

local MIB = 2 ^ 20
local PREFIX = "llm_agent_voice_"

local PUSHES_A_STEP = 4 -- each takes the engine 0.4 ms: a crowd of listeners is served over a few steps

local DEAF_AFTER = 3 -- sounds of which a client took none, as one without media does: nobody waits for it

local clients = {} -- player → {bytes, sent, taken, is_full, sounds = id → {name, is_ready, waiting}}
local last_number = 0
local pushed, outgoing = 0, {} -- in this step, and what waits for the next: {player, entry, sound}

local function client_of(player_name)
	clients[player_name] = clients[player_name] or {bytes = 0, sent = 0, taken = 0, is_full = false, sounds = {}}
	return clients[player_name]
end

local function push_file(options, ogg, callback)
	local path = ("%s/%s"):format(core.get_worldpath(), options.filename)
	if not core.safe_file_write(path, ogg) then return end
	options.filepath, options.filename = path, nil
	core.dynamic_add_media(options, callback)
	os.remove(path) -- the engine has made a copy of an ephemeral one
end

local function push(name, ogg, player_name, callback)
	local options = {filename = name .. ".ogg", to_player = player_name, ephemeral = true}
	if not core.features.dynamic_add_media_filepath then return push_file(options, ogg, callback) end
	options.filedata = ogg
	core.dynamic_add_media(options, callback)
end

-- Told once to the player, whom new lines are silent for from now on, and once to the admins.
local function tell_full(player_name, client)
	client.is_full = true
	log("action", ("%s has been sent %g MiB of sounds, as many as llm_agent.voice_max_mib allows: new lines of NPCs are silent for "
		.. "them until they join again"):format(player_name, settings.voice_max_mib))
	core.chat_send_player(player_name, S("Your game holds as many voices of NPCs as this server allows. What is new you only "
		.. "read; join again to hear it."))
end

-- The engine's callback: an error in it would end the server.
local function arrival_of(client, entry)
	return util.guarded("a voice", function()
		entry.is_ready, client.taken = true, client.taken + 1
		local list = entry.waiting
		entry.waiting = {}
		for _, fn in ipairs(list) do fn() end
	end)
end

-- A client that the engine has no way to reach is never ready, and is sent nothing of it again.
local function push_to(player_name, entry, sound)
	local client = clients[player_name]
	pushed, client.sent = pushed + 1, client.sent + 1
	pcall(push, entry.name, sound.ogg, player_name, arrival_of(client, entry))
end

-- The end of a server step: what waits goes out as far as this step has room for it.
function media.step()
	while outgoing[1] and pushed < PUSHES_A_STEP do
		local one = table.remove(outgoing, 1)
		if clients[one.player] and clients[one.player].sounds[one.sound.id] == one.entry then
			push_to(one.player, one.entry, one.sound)
		end
	end
	pushed = 0
end

-- Has this client the sound, or is it on its way? Sent where it is neither. on_ready() comes when the client has it, now or
-- later. False where it gets none.
function media.give(player_name, sound, on_ready)
	local client = client_of(player_name)
	local known = client.sounds[sound.id]
	if known then
		if known.is_ready then on_ready() else table.insert(known.waiting, on_ready) end
		return true
	end
	if client.sent >= DEAF_AFTER and client.taken == 0 then return false end -- until one of them comes after all
	if client.bytes + #sound.ogg > settings.voice_max_mib * MIB then
		if not client.is_full then tell_full(player_name, client) end
		return false
	end
	last_number = last_number + 1
	local entry = {name = ("%s%s_%d"):format(PREFIX, sound.id, last_number), is_ready = false, waiting = {on_ready}}
	client.sounds[sound.id], client.bytes = entry, client.bytes + #sound.ogg
	if pushed < PUSHES_A_STEP then
		push_to(player_name, entry, sound)
	else
		outgoing[#outgoing + 1] = {player = player_name, entry = entry, sound = sound}
	end
	return true
end

-- The name under which this client can play the sound; nil where it has it not, or not yet.
function media.name(player_name, sound)
	local known = clients[player_name] and clients[player_name].sounds[sound.id]
	return known and known.is_ready and known.name or nil
end

core.register_on_leaveplayer(function(player) clients[player:get_player_name()] = nil end)

return media
