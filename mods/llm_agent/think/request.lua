-- A question as the daemon takes it (op "think"): a snapshot of NPC, player, facts and actions on offer.
-- Only reads. Nothing of the game is referred to afterwards.

local settings, text, limits, json, roles, role_fields, observe, offers = ...

local request = {}

local PERSONA_MAX_BYTES = 2000
local RETRY_TEMPERATURE = 1.2 -- freer than the daemon's default: the likely words were just said

local function whole_persona(npc)
	local role = roles.by_name[npc.role]
	local parts = {}
	if role and role.persona then parts[1] = role.persona end
	if npc.persona then parts[#parts + 1] = npc.persona end
	return parts[1] and text.cut_words(text.clean(table.concat(parts, " ")), PERSONA_MAX_BYTES) or nil
end

-- What the player says, as long as the daemon takes it.
local function said(words)
	if not words or words == "" then return nil end
	return text.cut_words(text.clean(words), limits.UTTERANCE_MAX_BYTES)
end

-- The turns of a talk as {speaker =, text =}; where there are more than the daemon takes, the oldest are left out.
local function turns_of(turns)
	if not turns then return nil end
	local list = {}
	for i = math.max(1, #turns - limits.HISTORY_MAX + 1), #turns do
		local speaker, words = text.clean(turns[i].speaker, limits.NAME_MAX_BYTES), text.clean(turns[i].text)
		if speaker ~= "" and words ~= "" then
			list[#list + 1] = {speaker = speaker, text = text.cut_words(words, limits.TURN_MAX_BYTES)}
		end
	end
	return list[1] and list
end

local function text_bytes(value)
	if type(value) == "string" then return #value end
	if type(value) ~= "table" then return 0 end
	local sum = 0
	for key, item in pairs(value) do sum = sum + text_bytes(key) + text_bytes(item) end
	return sum
end

-- Leaves out what matters least until all texts together are as long as the daemon takes: old turns of the talk, then the
-- longest fact, and so on. Actions stay: without them an NPC could not do what it says.
local function fit(record)
	local over = text_bytes(record) - limits.THINK_MAX_BYTES
	while over > 0 and record.history and record.history[1] do
		over = over - text_bytes(table.remove(record.history, 1)) - #"speakertext"
	end
	while over > 0 and record.context and next(record.context) do
		local longest, longest_bytes
		for key, value in pairs(record.context) do
			local bytes = text_bytes(key) + text_bytes(value)
			if not longest or bytes > longest_bytes or bytes == longest_bytes and key < longest then
				longest, longest_bytes = key, bytes
			end
		end
		record.context[longest] = nil
		over = over - longest_bytes
	end
	return record
end

-- question: {npc, opts (of npc:think), priority, lang, offered, avoid = lines not to say again, or nil}
function request.record_of(question)
	local npc, opts = question.npc, question.opts
	local function clean(value, max) return value and value ~= "" and text.clean(value, max) or nil end
	local pos = npc:get_pos()
	return fit({
		op = "think",
		npc = {
			id = npc.id,
			name = npc.name,
			role = npc.role,
			persona = not opts.draft and whole_persona(npc) or nil, -- a draft brings its own
			mood = clean(npc.mood, limits.NAME_MAX_BYTES),
			pos = pos and {pos.x, pos.y, pos.z} or nil,
		},
		player = clean(opts.player, limits.NAME_MAX_BYTES),
		utterance = said(opts.utterance),
		intent = opts.intent,
		priority = question.priority,
		cache = question.avoid and "off" or opts.cache,
		avoid = question.avoid,
		context = observe.facts(npc, opts, question.priority),
		actions = offers.as_list(question.offered),
		history = turns_of(opts.history),
		audience = opts.audience and json.plain(opts.audience),
		lang = clean(question.lang, 32),
		remember = opts.remember,
		draft = opts.draft and role_fields.clean(opts.draft), -- a role's fields, unsaved, in the place of npc.role's
		stream = opts.stream or opts.on_delta ~= nil or nil,
		max_tokens = opts.max_tokens or (settings.max_tokens > 0 and settings.max_tokens or nil),
		temperature = question.avoid and RETRY_TEMPERATURE or opts.temperature,
		seed = opts.seed,
	})
end

return request
