-- A question as the daemon takes it (op "think"): a snapshot of NPC, player, facts and actions on offer.
-- Only reads. Nothing of the game is referred to afterwards.

local settings, text, limits, json, roles, role_fields, observe, offers = ...

local request = {}

local WORDS_MAX_BYTES = 2000 -- four chat messages; more than that nobody says at once
local RETRY_TEMPERATURE = 1.2 -- freer than the daemon's default: the likely words were just said

local function whole_persona(npc)
	local role = roles.by_name[npc.role]
	local parts = {}
	if role and role.persona then parts[1] = role.persona end
	if npc.persona then parts[#parts + 1] = npc.persona end
	return parts[1] and text.clean(table.concat(parts, " "), WORDS_MAX_BYTES) or nil
end

-- question: {npc, opts (of npc:think), priority, lang, offered, avoid = lines not to say again, or nil}
function request.record_of(question)
	local npc, opts = question.npc, question.opts
	local function clean(value, max) return value and value ~= "" and text.clean(value, max) or nil end
	local pos = npc:get_pos()
	return {
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
		utterance = clean(opts.utterance, WORDS_MAX_BYTES),
		intent = opts.intent,
		priority = question.priority,
		cache = question.avoid and "off" or opts.cache,
		avoid = question.avoid,
		context = observe.facts(npc, opts, question.priority),
		actions = offers.as_list(question.offered),
		history = opts.history and json.plain(opts.history),
		audience = opts.audience and json.plain(opts.audience),
		lang = clean(question.lang, 32),
		remember = opts.remember,
		draft = opts.draft and role_fields.clean(opts.draft), -- a role's fields, unsaved, in the place of npc.role's
		stream = opts.stream or opts.on_delta ~= nil or nil,
		max_tokens = opts.max_tokens or (settings.max_tokens > 0 and settings.max_tokens or nil),
		temperature = question.avoid and RETRY_TEMPERATURE or opts.temperature,
		seed = opts.seed,
	}
end

return request
