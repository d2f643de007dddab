-- The quest log: `/llm quests` opens it; a list on the left, the chosen one on the right with what can be done about it.
-- `/llm quests accept`, `done`, `decline` and `abandon` do the same without a window, with a number where there are several.
-- Owns what each player's log shows. Fields come from clients: only ids out of the player's own list are taken.

local agent = ...
local quests, store, desk, words, text, S =
	agent.quests, agent.quest_store, agent.quest_desk, agent.quest_words, agent.text, agent.S

local FORM = "llm_agent:quests"
local ROW_CHARS, TITLE_CHARS = 38, 26 -- of the details and of the list, in a window of 800x600
local COLOURS = {offered = "#9ecbff", accepted = "#ffe9a8", fulfilled = "#a8e0a0"}
local ENDED_COLOUR = "#999999"

local esc = core.formspec_escape

local open = {} -- player → {ids = list as shown, chosen = id, note}

-- Open ones first, then what is over, the latest first.
local function listed(player_name)
	local list = quests.of_player(player_name, quests.is_open)
	local ended = quests.of_player(player_name, function(quest) return not quests.is_open(quest) end)
	table.sort(ended, function(a, b) return a.ended_s > b.ended_s end)
	for _, quest in ipairs(ended) do list[#list + 1] = quest end
	return list
end

-- Plain words, for what is cut here: of a client that tells no language, those of the source.
local function shown(player_name, line) return core.get_translated_string("en", agent.as_shown_to(player_name, line)) end

-- The first line of each title: a longer one would push its state out of the window.
local function list_part(player_name, list, chosen)
	local rows, selected = {}, 0
	for i, quest in ipairs(list) do
		local title = text.wrap(shown(player_name, words.title(quest)), TITLE_CHARS):match("^[^\n]*")
		rows[i] = ("%s,%s,%s"):format(COLOURS[quest.state] or ENDED_COLOUR, esc(title), esc(words.state(quest)))
		if quest == chosen then selected = i end
	end
	return "tablecolumns[color;text;text,padding=1]tableoptions[background=#00000080;border=true]"
		.. ("table[0.5,1.2;8.6,9.6;list;%s;%d]"):format(table.concat(rows, ","), selected)
end

local function details(player_name, quest)
	local lines, now_s = {}, store.now_s()
	local function add(line)
		for part in text.wrap(shown(player_name, line), ROW_CHARS):gmatch("[^\n]+") do lines[#lines + 1] = part end
	end
	add(words.title(quest))
	lines[#lines + 1] = " "
	add(S("From: @1", quest.npc_name))
	add(S("Reward: @1", words.reward(quest)))
	if quests.is_active(quest) then add(S("Progress: @1", words.progress(quest))) end
	if quest.state == "offered" then add(S("Time: @1", words.time_left(quest.lasts_s))) end
	if quests.is_active(quest) then add(S("Time left: @1", words.time_left(quest.ends_s - now_s))) end
	if not quests.is_open(quest) then add(S("Over: @1", words.state(quest))) end
	return lines
end

local BUTTONS = {
	offered = {{"accept", S("Accept")}, {"decline", S("Decline")}},
	accepted = {{"abandon", S("Give up")}},
	fulfilled = {{"done", S("Hand in")}, {"abandon", S("Give up")}},
}

local function detail_part(player_name, quest, note)
	local parts = {}
	for i, line in ipairs(details(player_name, quest)) do
		parts[#parts + 1] = ("label[9.6,%g;%s]"):format(1.1 + i * 0.55, esc(line))
	end
	for i, line in ipairs(note and {text.wrap(shown(player_name, note), ROW_CHARS)} or {}) do
		parts[#parts + 1] = ("label[9.6,%g;%s]"):format(8.2 + i * 0.5, esc(line))
	end
	for i, button in ipairs(BUTTONS[quest.state] or {}) do
		parts[#parts + 1] = ("button[%g,9.9;3.9,0.9;%s;%s]"):format(9.5 + (i - 1) * 4.1, button[1], esc(button[2]))
	end
	return table.concat(parts)
end

local function show(player_name, chosen_id, note)
	local list, state = listed(player_name), {ids = {}}
	for i, quest in ipairs(list) do state.ids[i] = quest.id end
	local chosen = quests.get(chosen_id or "")
	chosen = chosen and chosen.player == player_name and chosen or list[1]
	state.chosen = chosen and chosen.id
	open[player_name] = state
	local none = S("You have none. Ask people whether they have work for you.")
	core.show_formspec(player_name, FORM, table.concat({
		"formspec_version[4]size[18,12]",
		("label[0.5,0.7;%s]"):format(esc(S("Your quests"))),
		list_part(player_name, list, chosen),
		chosen and detail_part(player_name, chosen, note)
			or ("label[9.6,1.65;%s]"):format(esc(text.wrap(shown(player_name, none), ROW_CHARS))),
		("button_exit[13.6,10.95;3.9,0.9;close;%s]"):format(esc(S("Close"))),
	}))
end

local DEEDS = {accept = desk.accept, decline = desk.refuse, done = desk.hand_in, abandon = desk.abandon}
-- What each is for: a quest in one of these states.
local STATES = {
	accept = {offered = true}, decline = {offered = true}, done = {accepted = true, fulfilled = true},
	abandon = {accepted = true, fulfilled = true},
}

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	local state = open[name]
	if not state then return true end
	if fields.quit then
		open[name] = nil
		return true
	end
	local row = type(fields.list) == "string" and core.explode_table_event(fields.list)
	if row and row.type == "CHG" then show(name, state.ids[row.row]) end
	for word, deed in pairs(DEEDS) do
		if fields[word] and state.chosen then
			local _, note = deed(state.chosen, name)
			show(name, state.chosen, note)
		end
	end
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

agent.command("quests", {params = S("[accept | decline | done | abandon [NUMBER]]"), help = S("your quests"), run = command})
