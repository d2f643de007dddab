-- What happened, and who knows of it: a bounded list, kept with the world. Each NPC knows an event at a hand: 0 saw it, 1 was
-- told by who saw it, and so on. Owns the list and the fading; knows no words.

local settings, text, geometry, check, storage, npcs, positions = ...

local happenings = {}

local KEY = "gossip:" -- and the event's number
local EVENTS_MAX = 48 -- in the world; then the oldest goes. With all who know it an event takes about 1 KB
local KNOWERS_MAX = 24 -- NPCs who know one event; a village
local WITNESSES_MAX = 6 -- the nearest: a crowd that saw it would have nothing to tell each other
local SIGHT = 24 -- nodes from which an event is seen
local NEAR = 10 -- nodes: nearer it was seen well
local WORDS_MAX_BYTES, NAME_MAX_BYTES = 300, 64
local HAND_MAX = 3 -- what came over more mouths is passed on no more
local LESS_EXACT_SHARE, HEARSAY_SHARE = 1 / 3, 2 / 3 -- of its time; then an event is told like one of the next hand

local list = {} -- number → {kind, who, …, x, y, z, at_s, known = npc id → {hand, from, near}}, see report
local last = 0
local dirty = {} -- number → true: has to be written

local function now_s() return core.get_gametime() or 0 end

local function lifetime_s() return settings.gossip_minutes * 60 end

-- The store ------------------------------------------------------------------------------------------------------------

local function drop(number)
	list[number], dirty[number] = nil, true
end

local function write(number)
	dirty[number] = nil
	storage:set_string(KEY .. number, list[number] and core.serialize(list[number]) or "")
end

-- Writes one event that changed; a step has time for that.
function happenings.save_one()
	local number = next(dirty)
	if number then write(number) end
end

function happenings.save_all()
	for number in pairs(dirty) do write(number) end
end

local function is_event(event)
	return event and type(event.kind) == "string" and type(event.at_s) == "number" and type(event.known) == "table"
		and type(event.x) == "number" and type(event.y) == "number" and type(event.z) == "number"
end

for key in pairs(storage:to_table().fields) do
	local number = tonumber(key:match("^gossip:(%d+)$"))
	local event = number and storage:read_table(key)
	if is_event(event) then
		event.number = number
		list[number], last = event, math.max(last, number)
	end
end

-- Fading ---------------------------------------------------------------------------------------------------------------

local function age_share(event) return (now_s() - event.at_s) / math.max(1, lifetime_s()) end

-- At which hand an NPC tells an event now, for time blurs it as mouths do; nil where it does not know it, or any more.
function happenings.hand_of(npc_id, event)
	local knows, share = event.known[npc_id], age_share(event)
	if not knows or share >= 1 then return nil end
	return knows.hand + (share >= HEARSAY_SHARE and 2 or share >= LESS_EXACT_SHARE and 1 or 0)
end

-- What nobody would tell any more goes.
function happenings.fade()
	for number, event in pairs(list) do
		if age_share(event) >= 1 or not next(event.known) then drop(number) end
	end
end

-- What an NPC knows, the latest first.
function happenings.known_by(npc_id)
	local found = {}
	for _, event in pairs(list) do
		if happenings.hand_of(npc_id, event) then found[#found + 1] = event end
	end
	table.sort(found, function(a, b) return a.number > b.number end)
	return found
end

-- Who comes to know ----------------------------------------------------------------------------------------------------

local function witnesses(pos, sight)
	local found = {}
	for _, npc in ipairs(positions.may_be_near(pos, sight or SIGHT)) do
		local there = positions.last_known(npc)
		if there and geometry.in_range(pos, there, sight or SIGHT) then
			found[#found + 1] = {id = npc.id, distance = geometry.distance(pos, there)}
		end
	end
	table.sort(found, function(a, b) return a.distance < b.distance end)
	for i = #found, WITNESSES_MAX + 1, -1 do found[i] = nil end
	return found
end

local function forget_oldest()
	local count, oldest = 0, nil
	for number in pairs(list) do
		count, oldest = count + 1, math.min(oldest or number, number)
	end
	if count > EVENTS_MAX then drop(oldest) end
end

-- Something happened at `pos`. given: kind, and of who, whom, npc (id of the NPC it happened to), got and gave ({item = n}),
-- count, words, vague what the kind has; seen_by: ids of NPCs who saw it, where those near are not the ones; sight: nodes from
-- which it is seen, where that is farther than usual. Nil where nobody did: nobody will tell it.
function happenings.report(pos, given)
	if lifetime_s() <= 0 then return nil end
	local event = {
		kind = given.kind, who = given.who, whom = given.whom, npc = given.npc, got = given.got, gave = given.gave,
		count = given.count, words = given.words, vague = given.vague, at_s = now_s(), x = pos.x, y = pos.y, z = pos.z, known = {},
	}
	if given.npc then event.known[given.npc] = {hand = 0, near = true} end
	for _, id in ipairs(given.seen_by or {}) do event.known[id] = {hand = 0, near = true} end
	for _, witness in ipairs(given.seen_by and {} or witnesses(pos, given.sight)) do
		event.known[witness.id] = event.known[witness.id] or {hand = 0, near = witness.distance <= NEAR}
	end
	if not next(event.known) then return nil end
	last = last + 1
	event.number = last
	list[last], dirty[last] = event, true
	forget_oldest()
	return event
end

local function count_of(map)
	local count = 0
	for _ in pairs(map) do count = count + 1 end
	return count
end

-- The latest that one NPC knows (`known`, as known_by gives it) and would tell another who does not know it; nil where there is
-- nothing.
function happenings.to_tell(teller, listener, known)
	for _, event in ipairs(known) do
		local fresh = not event.known[listener.id] and happenings.hand_of(teller.id, event) < HAND_MAX
		if fresh and count_of(event.known) < KNOWERS_MAX then return event end
	end
end

-- One NPC told another.
function happenings.pass_on(event, teller, listener)
	local hand = happenings.hand_of(teller.id, event)
	if not hand or event.known[listener.id] then return end
	event.known[listener.id] = {hand = event.known[teller.id].hand + 1, from = text.cut(teller.name, NAME_MAX_BYTES)}
	dirty[event.number] = true
end

-- Forgetting -----------------------------------------------------------------------------------------------------------

local function is_about(event, player_name)
	return event.who == player_name or event.whom == player_name or event.words and text.names(event.words, player_name)
		or event.vague and text.names(event.vague, player_name)
end

-- Nobody tells of this player any more; npc_id: that NPC does not.
function happenings.forget_player(player_name, npc_id)
	for number, event in pairs(list) do
		if is_about(event, player_name) then
			if not npc_id then
				drop(number)
			elseif event.known[npc_id] then
				event.known[npc_id], dirty[number] = nil, true
			end
		end
	end
	happenings.save_all() -- what is to be forgotten must not come back after a crash
end

-- This NPC knows nothing any more.
function happenings.drop_npc(npc_id)
	for number, event in pairs(list) do
		if event.known[npc_id] then event.known[npc_id], dirty[number] = nil, true end
	end
end

-- The Lua API ----------------------------------------------------------------------------------------------------------

local FIELDS = {pos = check.position, words = check.words, vague = check.words, player = check.words, npc = check.words}

-- A sentence of another mod. What its translator made is kept with its marks, for each player hears it in their language.
local function sentence(words)
	if words and words:find("\27(T", 1, true) and #words <= WORDS_MAX_BYTES then return words end
	return words and text.cut_words(text.clean(words), WORDS_MAX_BYTES)
end

-- Another mod's event: NPCs who are near saw it, and tell it in these words; who hears of it from them tells `vague`, where
-- there is such. True if somebody saw it.
function llm_agent.report_event(def)
	check.def("llm_agent.report_event", def, FIELDS)
	if not def.pos then error("llm_agent.report_event: pos: missing; where did it happen?", 2) end
	if not def.words then error("llm_agent.report_event: words: missing; say it in a sentence", 2) end
	if def.npc and not npcs.by_id[def.npc] then
		error(("llm_agent.report_event: npc: no NPC %s; leave it out, or register it first"):format(def.npc), 2)
	end
	return happenings.report(def.pos, {
		kind = "told", who = def.player, npc = def.npc, words = sentence(def.words), vague = sentence(def.vague),
	}) ~= nil
end

return happenings
