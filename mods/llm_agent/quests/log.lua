-- The quest log: `/llm quests` opens it (view.lua draws it). `/llm quests accept|done|decline|abandon` do the same in chat.
-- Owns which quests each player's log shows. Fields come from clients, so only ids from the player's own list are taken.

local S, jobs, commands, quests, service, view = ...

local FORM = "llm_agent:quests"

local open = {} -- player → {ids = list as shown, chosen = id}

-- Open ones first, then what is over, the latest first.
local function listed(player_name)
	local list = quests.of_player(player_name, quests.is_open)
	local ended = quests.of_player(player_name, function(quest) return not quests.is_open(quest) end)
	table.sort(ended, function(a, b) return a.ended_s > b.ended_s end)
	for _, quest in ipairs(ended) do list[#list + 1] = quest end
	return list
end

local function show(player_name, chosen_id, note)
	local list, state = listed(player_name), {ids = {}}
	for i, quest in ipairs(list) do state.ids[i] = quest.id end
	local chosen = quests.get(chosen_id or "")
	chosen = chosen and chosen.player == player_name and chosen or list[1]
	state.chosen = chosen and chosen.id
	open[player_name] = state
	core.show_formspec(player_name, FORM, view.formspec(player_name, list, chosen, note))
end

local DEEDS = {accept = service.accept, decline = service.refuse, done = service.hand_in, abandon = service.abandon}
-- What each is for: a quest in one of these states.
local STATES = {
	accept = {offered = true}, decline = {offered = true}, done = {accepted = true, fulfilled = true},
	abandon = {accepted = true, fulfilled = true},
}

local function receive(name, fields)
	local state = open[name]
	if not state then return end
	if fields.quit then
		open[name] = nil
		return
	end
	local row = type(fields.list) == "string" and core.explode_table_event(fields.list)
	if row and row.type == "CHG" then show(name, state.ids[row.row]) end
	for word, deed in pairs(DEEDS) do
		if fields[word] and state.chosen then
			local _, note = deed(state.chosen, name)
			jobs.add(function()
				if open[name] == state then show(name, state.chosen, note) end
			end)
		end
	end
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	jobs.add(function() receive(name, fields) end) -- in the step that follows, shown in one after that, each where there is room
	return true
end)

core.register_on_leaveplayer(function(player) open[player:get_player_name()] = nil end)

-- The one that a command is about: by its number in the log, or the only one that fits.
local function meant(player_name, word, number)
	local fitting = {}
	for i, quest in ipairs(listed(player_name)) do
		if STATES[word][quest.state] and (not number or i == number) then fitting[#fitting + 1] = quest end
	end
	if #fitting == 1 then return fitting[1] end
	if not fitting[1] then return nil, S("You have no such quest. /llm quests shows yours.") end
	return nil, S("Which one? /llm quests @1 NUMBER, as in the log: /llm quests", word)
end

local function command(player_name, rest)
	local word, number = rest:match("^(%S*)%s*(%d*)$")
	if not core.get_player_by_name(player_name) then return false, S("You need to be in the world for that.") end
	if word == "" then
		show(player_name)
		return true
	end
	if not DEEDS[word] then return false, S("Use: /llm quests, or /llm quests accept, decline, done or abandon, with a number.") end
	local quest, problem = meant(player_name, word, tonumber(number))
	if not quest then return false, problem end
	return DEEDS[word](quest.id, player_name)
end

commands.register("quests", {params = S("[accept | decline | done | abandon [NUMBER]]"), help = S("your quests"), run = command})
