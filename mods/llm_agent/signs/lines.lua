-- Lines that are spoken while somebody near reads signs: their words are looked for as they come in, their pictures fetched, and
-- shown over the head until the line ends. Nothing waits for it, and without readers it costs a look at an empty table.

local settings, geometry, npcs, mutes, bubble, output, words, vocabulary, pictures, layout, readers, overhead = ...

local lines = {}

local READ_EVERY_US = 250e3 -- a line that still comes in
local LOOK_EVERY_US = 500e3 -- who is in earshot
local HEAD_NODES = 2.1 -- the name over a head where there is no bubble; in nodes over the body's origin
local TEXT_LINE_PX = 20 -- of a bubble, at the size that clients have set
local ABOVE_PX = 8 -- between bubble and picture

-- Lines that are spoken now: {npc_id, typing, opts, key, words, listeners = player → code, pictures = player → word → {width},
-- so_far, read_us, is_read, looked_us}
local spoken = {}

-- The words that are whole.
local function heard(typing)
	return typing.closed and typing.heard or typing.heard:match("^(.*)%s") or ""
end

local function drop_picture(line, name, word)
	line.pictures[name][word] = nil
	overhead.hide(name, line.key .. word)
end

-- "Iron" is another word once "Gate" has come behind it.
local function set_words(line, list)
	local stays = {}
	for _, word in ipairs(list) do stays[word] = true end
	for name, own in pairs(line.pictures) do
		for word in pairs(own) do
			if not stays[word] then drop_picture(line, name, word) end
		end
	end
	line.words = list
end

local function read(line, npc, now)
	if line.is_read or line.read_us and now - line.read_us < READ_EVERY_US then return end
	line.read_us, line.is_read = now, line.typing.closed
	local so_far = heard(line.typing)
	if so_far == line.so_far then return end
	line.so_far = so_far
	set_words(line, words.of(so_far, vocabulary.of(npc, line.opts.reply and line.opts.reply.lang or line.opts.lang, now)))
end

local function forget_listener(line, name)
	for word in pairs(line.pictures[name] or {}) do drop_picture(line, name, word) end
	line.listeners[name], line.pictures[name] = nil, nil
end

local function look(line, npc, pos, now)
	if line.looked_us and now - line.looked_us < LOOK_EVERY_US then return end
	line.looked_us = now
	local all = readers.all()
	for name, lang in pairs(all) do
		local player = core.get_player_by_name(name)
		local hears = player and geometry.in_range(pos, player:get_pos(), settings.earshot) and not mutes.is_muted(name, npc)
		if hears then line.listeners[name] = lang elseif line.listeners[name] then forget_listener(line, name) end
	end
	for name in pairs(line.listeners) do
		if not all[name] then forget_listener(line, name) end
	end
end

-- The pictures of a listener: word → {width: once the client has it}. Each is fetched once.
local function pictures_of(line, name, lang)
	local own = line.pictures[name] or {}
	line.pictures[name] = own
	for _, word in ipairs(line.words) do
		if not own[word] then
			local entry = {}
			own[word] = entry
			pictures.get(word, lang, function(png)
				if not png or line.listeners[name] ~= lang then return end
				overhead.send(name, word, lang, png, function() entry.width = pictures.width(png) end)
			end)
		end
	end
	return own
end

-- Over the bubble, the first word on the left.
local function draw(line, npc, pos)
	local y, text_lines = bubble.place_of(npc)
	local above = {x = pos.x, y = pos.y + (y or HEAD_NODES), z = pos.z}
	local up = (text_lines or 1) * TEXT_LINE_PX / 2 + ABOVE_PX
	for name, lang in pairs(line.listeners) do
		local player, own, there, widths = core.get_player_by_name(name), pictures_of(line, name, lang), {}, {}
		for _, word in ipairs(player and line.words or {}) do
			if own[word].width then there[#there + 1], widths[#widths + 1] = word, own[word].width end
		end
		for i, place in ipairs(layout.places(widths, pictures.HEIGHT)) do
			overhead.show(player, line.key .. there[i], there[i], lang, above, {x = place.x, y = -up - place.y})
		end
	end
end

local last_number = 0

local function start(npc, typing, opts)
	if not next(readers.all()) then return nil end
	last_number = last_number + 1
	local line = {
		npc_id = npc.id, typing = typing, opts = opts, words = {}, listeners = {}, pictures = {}, key = last_number .. " ",
	}
	table.insert(spoken, line)
	return line
end

local function finish(line)
	for i, other in ipairs(spoken) do
		if other == line then table.remove(spoken, i) end
	end
	for name in pairs(line and line.listeners or {}) do forget_listener(line, name) end
end

-- Called each step.
function lines.step(now)
	for _, line in ipairs(spoken) do
		local npc = npcs.by_id[line.npc_id]
		local pos = npc and npc:get_pos()
		if pos then
			read(line, npc, now)
			look(line, npc, pos, now)
			if line.words[1] then draw(line, npc, pos) end
		end
	end
	pictures.step(now)
	overhead.step(now)
end

output.add_voice({start = start, finish = finish})

return lines
