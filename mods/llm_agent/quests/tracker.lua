-- Measures how far quests are: what players have with them, and where they stand. Each player once a second, a few in each step.
-- Also ends what is past its deadline, tells missed news at joining, and follows repairs of the ledger. Deaths are counted in
-- hunt.lua.

local places, ledger, kinds, quests, store, news, registry = ...

local tracker = {}

local EVERY_S = 1

local present = {} -- names of the players in the world
local cursor, due_count = 0, 0 -- of `present`: the last that was looked at; how many are due
local next_end_s = 0 -- when deadlines are looked at again

-- Looks at one quest of a player who is there.
function tracker.measure(quest)
	local measure = kinds[quest.kind].measure
	if not measure or not core.get_player_by_name(quest.player) then return end
	local done, code = measure(quest, registry.definitions[quest.name])
	if not done then return quests.fail(quest.id, store.now_s(), code) end
	quests.progress(quest.id, done, store.now_s())
end

local function look_at(player_name)
	local player = core.get_player_by_name(player_name)
	if not player then return end
	places.note_player(player:get_pos())
	for _, quest in ipairs(quests.of_player(player_name, quests.is_active)) do tracker.measure(quest) end
end

-- Called each step.
function tracker.step(dtime)
	local now_s = store.now_s()
	due_count = math.min(due_count + #present * dtime / EVERY_S, #present)
	while due_count >= 1 do
		due_count, cursor = due_count - 1, cursor % #present + 1
		look_at(present[cursor])
	end
	if now_s >= next_end_s then
		next_end_s = now_s + EVERY_S
		quests.step(now_s)
	end
end

-- What happened while the player was away.
local function tell_missed(player_name)
	for _, quest in ipairs(quests.of_player(player_name, function(quest) return quest.untold end)) do
		quest.untold = nil
		store.save(quest.id, quest)
		news.tell(quest)
	end
end

core.register_on_joinplayer(function(player)
	local name = player:get_player_name()
	present[#present + 1] = name
	tell_missed(name)
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for i, other in ipairs(present) do
		if other == name then return table.remove(present, i) end
	end
end)

-- An exchange that was only partly saved when the server was killed.
ledger.watch(function(player_name, entry, what)
	local id = entry.key and entry.key:match("^quest:(.+)$")
	if id then return quests.mend(id, what == "redone", store.now_s()) end
	if what ~= "undone" then return end
	for _, quest in ipairs(quests.of_player(player_name, quests.is_active)) do -- what was to be carried is with the NPC again
		local item, count = next(quest.carries or {})
		if item and quest.npc == entry.account and entry.gives[item] == count then quests.fail(quest.id, store.now_s(), "no_goods") end
	end
end)

return tracker
