-- The life of a quest: offered → accepted → fulfilled → paid; or refused, failed, expired, abandoned.
-- Pure: time is passed in (seconds of the game), ledger and storage are handed in, so that any order of events can be tested. An
-- end is final; a reward is paid or released once.
-- Who may do what, and whether a quest is possible, is checked before: by service.lua and writer.lua. tracker.lua measures
-- progress.

local kinds, ledger, limits, save, changed, player_has = ...
-- save(id, quest or nil), changed(quest, state before or nil), player_has(player_name, item) -> n

local quests = {}

local HISTORY_MAX = 10 -- ended quests kept for each player: what the log shows

-- State → those that may follow. Progress may be lost again: the player ate the apples.
local NEXT = {
	offered = {accepted = true, refused = true, expired = true, failed = true},
	accepted = {fulfilled = true, failed = true, expired = true, abandoned = true},
	fulfilled = {accepted = true, paid = true, failed = true, expired = true, abandoned = true},
}
local known = {} -- id → quest
local of_player = {} -- player → id → quest: an index, because most queries are about one player
local last_number = 0

local function key_of(quest) return "quest:" .. quest.id end

function quests.is_open(quest) return NEXT[quest.state] ~= nil end

function quests.is_active(quest) return quest.state == "accepted" or quest.state == "fulfilled" end

function quests.get(id) return known[id] end

local function chosen(some, fits)
	local found = {}
	for _, quest in pairs(some) do
		if fits(quest) then found[#found + 1] = quest end
	end
	table.sort(found, function(a, b) return a.number < b.number end)
	return found
end

-- Those that `fits` says yes to, the oldest first; of one player or of all.
function quests.list(fits) return chosen(known, fits) end

function quests.of_player(player_name, fits) return chosen(of_player[player_name] or {}, fits or function() return true end) end

-- The open quest that this NPC gave this player, or nil: there is never more than one.
function quests.between(npc_id, player_name)
	return quests.of_player(player_name, function(quest) return quest.npc == npc_id and quests.is_open(quest) end)[1]
end

local function ended_of(player_name)
	return quests.of_player(player_name, function(quest) return not quests.is_open(quest) end)
end

local function note(quest)
	known[quest.id] = quest
	of_player[quest.player] = of_player[quest.player] or {}
	of_player[quest.player][quest.id] = quest
end

local function forget_oldest(player_name)
	local ended = ended_of(player_name)
	table.sort(ended, function(a, b) return a.ended_s < b.ended_s end)
	for i = 1, #ended - HISTORY_MAX do
		known[ended[i].id], of_player[player_name][ended[i].id] = nil, nil
		save(ended[i].id, nil)
	end
end

-- The only place where a state changes. False where it may not follow.
local function go(quest, state, now_s, why)
	if not (NEXT[quest.state] or {})[state] then return false end
	local before, held = quest.state, quests.is_active(quest)
	quest.state = state
	if not quests.is_open(quest) then
		quest.ended_s, quest.why = now_s, why
		if held and state ~= "paid" then ledger.release(key_of(quest)) end
		if held and state == "expired" and quest.carries then quest.kept = true end
		forget_oldest(quest.player)
	end
	changed(quest, before)
	if known[quest.id] then save(quest.id, quest) end
	return true
end

-- After a crash the ledger mends exchanges that were only partly saved. was_paid: the reward is with the player after all, or
-- it is not.
function quests.mend(id, was_paid, now_s)
	local quest = known[id]
	if not quest then
		if not was_paid then ledger.release("quest:" .. id) end
	elseif was_paid and quests.is_open(quest) then
		quest.state = "fulfilled"
		go(quest, "paid", now_s)
	elseif not was_paid and quest.state == "paid" then
		quest.state, quest.ended_s, quest.progress = "accepted", nil, 0
		save(id, quest)
	end
end

-- What was kept, as the start of the server finds it.
function quests.load(list, number)
	last_number = number or 0
	for _, quest in ipairs(list) do
		note(quest)
		last_number = math.max(last_number, quest.number)
	end
end

-- def: kind, npc, npc_name, player, reward {item = n}, count, lasts_s, and what the kind needs (see writer.lua).
-- An earlier offer of the same NPC to the same player makes way. Nil where an accepted quest is there already.
function quests.offer(def, now_s)
	local before = quests.between(def.npc, def.player)
	if before and before.state ~= "offered" then return nil end
	if before then go(before, "expired", now_s, "replaced") end
	last_number = last_number + 1
	local quest = {}
	for field, value in pairs(def) do quest[field] = value end
	quest.number, quest.id = last_number, ("q%d"):format(last_number)
	quest.state, quest.progress, quest.offered_s = "offered", 0, now_s
	quest.ends_s = now_s + limits.offer_s
	note(quest)
	save(quest.id, quest)
	changed(quest)
	return quest
end

local function count(fits)
	return #quests.list(function(quest) return quests.is_active(quest) and fits(quest) end)
end

-- Why the player cannot take it up now: "ended", "player_full", "npc_full", or nil.
local function hindrance(quest)
	if quest.state ~= "offered" then return "ended" end
	if count(function(other) return other.player == quest.player end) >= limits.per_player then return "player_full" end
	if count(function(other) return other.npc == quest.npc end) >= limits.per_npc then return "npc_full" end
end

-- May another quest be open for this player and with this NPC?
function quests.has_room(npc_id, player_name)
	return count(function(other) return other.player == player_name end) < limits.per_player
		and count(function(other) return other.npc == npc_id end) < limits.per_npc
end

-- The reward goes into escrow, and what is to be carried into the player's hands; or nothing happens: false, code, message.
function quests.accept(id, now_s)
	local quest = known[id]
	local code = not quest and "ended" or hindrance(quest)
	if code then return false, code end
	if not ledger.reserve(quest.npc, key_of(quest), quest.reward) then
		go(quest, "failed", now_s, "no_reward")
		return false, "no_reward"
	end
	if quest.carries then
		local handed, problem, message = ledger.swap(quest.npc, quest.player, quest.carries, {})
		if not handed then
			ledger.release(key_of(quest))
			if problem == "npc_lacks" then go(quest, "failed", now_s, "no_goods") end
			return false, problem, message
		end
	end
	quest.accepted_s, quest.ends_s = now_s, now_s + quest.lasts_s
	go(quest, "accepted", now_s)
	return true
end

function quests.refuse(id, now_s)
	return known[id] ~= nil and known[id].state == "offered" and go(known[id], "refused", now_s)
end

-- How much of it is done. Progress never falls, except where it is what the player carries.
function quests.progress(id, done, now_s)
	local quest = known[id]
	if not quest or not quests.is_active(quest) then return end
	done = math.min(done, quest.count)
	if done == quest.progress or done < quest.progress and not kinds[quest.kind].is_carried then return end
	quest.progress = done
	local state = done >= quest.count and "fulfilled" or "accepted"
	if state == quest.state or not go(quest, state, now_s) then save(id, quest) end
end

-- The goods that the player gives when it is done.
function quests.takes(quest) return kinds[quest.kind].takes(quest) end

-- Id and name of the NPC it is handed in to.
function quests.receiver(quest) return kinds[quest.kind].receiver(quest) end

-- Gives the reward and takes what was fetched, at once or not at all: false, code, message. Measure the progress before.
function quests.complete(id, now_s)
	local quest = known[id]
	if not quest or quest.state ~= "fulfilled" then return false, "not_done" end
	local paid, code, message = ledger.pay(key_of(quest), quest.player, quests.takes(quest))
	if not paid then return false, code, message end
	if quest.carries then ledger.move(quest.npc, (quests.receiver(quest)), quest.carries) end
	go(quest, "paid", now_s)
	return true
end

-- The player gives up. What they still carry of a delivery goes back, as much as they have.
function quests.abandon(id, now_s)
	local quest = known[id]
	if not quest or not quests.is_active(quest) then return false end
	for item, carried in pairs(quest.carries or {}) do
		local left = math.min(carried, player_has(quest.player, item))
		local back = left > 0 and ledger.swap(quest.npc, quest.player, {}, {[item] = left}) and left or 0
		if back < carried then quest.kept = true end
	end
	return go(quest, "abandoned", now_s)
end

function quests.fail(id, now_s, why)
	return known[id] ~= nil and go(known[id], "failed", now_s, why)
end

-- An NPC is gone for good: what it gave and what was to be brought to it fails.
function quests.npc_gone(npc_id, now_s)
	for _, quest in ipairs(quests.list(quests.is_open)) do
		if quest.npc == npc_id or quests.receiver(quest) == npc_id then go(quest, "failed", now_s, "npc_gone") end
	end
end

-- Ends what its deadline has passed.
function quests.step(now_s)
	local due
	for _, quest in pairs(known) do
		if quests.is_open(quest) and now_s >= quest.ends_s then
			due = due or {}
			due[#due + 1] = quest
		end
	end
	for _, quest in ipairs(due or {}) do go(quest, "expired", now_s) end
end

-- Has the last quest between the two ended so recently that the NPC offers no other yet?
function quests.rests(npc_id, player_name, now_s)
	for _, quest in ipairs(ended_of(player_name)) do
		if quest.npc == npc_id and now_s - quest.ended_s < limits.cooldown_s and quest.why ~= "replaced" then return true end
	end
	return false
end

-- Has the player kept or lost goods of a delivery lately? NPCs then hand over no goods to them.
function quests.is_untrusted(player_name)
	for _, quest in ipairs(ended_of(player_name)) do
		if quest.kept then return true end
	end
	return false
end

return quests
