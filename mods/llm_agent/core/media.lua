-- Sends files to the clients that are to have them, each once while its player is here: sounds, pictures.
-- A client keeps what it was sent until it leaves (luanti#11640), so what each has is counted, and a player who has had too much
-- is sent no more. The engine takes a file as data since 5.9, before as a file in the world's folder.
-- It forgets a file that is `ephemeral` once its client has it. Until then its name is taken, also for other players: so each
-- client gets a file under a name of its own.

local core, remove, util = ...

local media = {}

local PUSHES_A_STEP = 4 -- each takes the engine 0.4 ms: a crowd is served over a few steps
local DEAF_AFTER = 3 -- files of which a client took none, as one without media does: nobody waits for it

local last_number = 0
local pushed, outgoing = 0, {} -- in this step, and what waits for the next: {box, player, id, entry, content}

local function push_file(options, content, callback)
	local path = ("%s/%s"):format(core.get_worldpath(), options.filename)
	if not core.safe_file_write(path, content) then return end
	options.filepath, options.filename = path, nil
	core.dynamic_add_media(options, callback)
	remove(path) -- the engine has made a copy of an ephemeral one
end

local function push(name, content, player_name, callback)
	local options = {filename = name, to_player = player_name, ephemeral = true}
	if not core.features.dynamic_add_media_filepath then return push_file(options, content, callback) end
	options.filedata = content
	core.dynamic_add_media(options, callback)
end

-- The engine's callback: an error in it would end the server.
local function arrival_of(client, entry)
	return util.guarded("what came to a client", function()
		entry.is_ready, client.taken = true, client.taken + 1
		local list = entry.waiting
		entry.waiting = {}
		for _, fn in ipairs(list) do fn() end
	end)
end

local Box = {}
Box.__index = Box

local function client_of(box, player_name)
	box.clients[player_name] = box.clients[player_name] or {bytes = 0, sent = 0, taken = 0, is_full = false, files = {}}
	return box.clients[player_name]
end

-- A client that the engine has no way to reach is never ready, and is sent nothing of it again.
local function push_to(box, player_name, entry, content)
	local client = box.clients[player_name]
	pushed, client.sent = pushed + 1, client.sent + 1
	pcall(push, entry.name .. box.extension, content, player_name, arrival_of(client, entry))
end

-- The end of a server step: what waits goes out as far as this step has room for it.
function media.step()
	while outgoing[1] and pushed < PUSHES_A_STEP do
		local one = table.remove(outgoing, 1)
		local client = one.box.clients[one.player]
		if client and client.files[one.id] == one.entry then push_to(one.box, one.player, one.entry, one.content) end
	end
	pushed = 0
end

-- Has this client the file, or is it on its way? Sent where it is neither. on_ready() comes when the client has it, now or later.
-- False where it gets none. id: what tells the box's files apart, of letters, digits, `_`, `.` and `-`.
function Box:give(player_name, id, content, on_ready)
	local client = client_of(self, player_name)
	local known = client.files[id]
	if known then
		if known.is_ready then on_ready() else table.insert(known.waiting, on_ready) end
		return true
	end
	if client.sent >= DEAF_AFTER and client.taken == 0 then return false end -- until one of them comes after all
	if client.bytes + #content > self.max_bytes then
		if not client.is_full then self.on_full(player_name) end
		client.is_full = true
		return false
	end
	last_number = last_number + 1
	local entry = {name = ("%s%s_%d"):format(self.prefix, id, last_number), is_ready = false, waiting = {on_ready}}
	client.files[id], client.bytes = entry, client.bytes + #content
	if pushed < PUSHES_A_STEP then
		push_to(self, player_name, entry, content)
	else
		outgoing[#outgoing + 1] = {box = self, player = player_name, id = id, entry = entry, content = content}
	end
	return true
end

-- The name under which this client has the file, without its ending; nil where it has it not, or not yet.
function Box:name(player_name, id)
	local known = self.clients[player_name] and self.clients[player_name].files[id]
	return known and known.is_ready and known.name or nil
end

-- The player has left, and their client with all it had.
function Box:forget(player_name)
	self.clients[player_name] = nil
end

-- def: {prefix, extension, max_bytes (a player), on_full(player_name): once, when it gets no more}.
function media.new(def)
	return setmetatable({
		prefix = def.prefix, extension = def.extension, max_bytes = def.max_bytes, on_full = def.on_full,
		clients = {}, -- player → {bytes, sent, taken, is_full, files = id → {name, is_ready, waiting}}
	}, Box)
end

return media
