-- The dialog: a right click on an NPC opens a form with what was said, quick replies and a line to type.
-- What is said here is private. The form is drawn anew when an answer is there; everything in it is escaped.

local agent = ...
local settings, text, observe, repeats, S = agent.settings, agent.text, agent.observe, agent.repeats, agent.S

local FORM = "llm_agent:dialog"
local HISTORY_MAX = 40 -- lines kept for each player and NPC, until the player leaves
local ROW_CHARS = 64 -- of the history: what its width below holds in a window of 800x600, where a unit is 36 pixels
local QUICK_MAX = 4
local WORDS_MAX_BYTES = 500 -- as in chat
local PLAYER_COLOUR, NPC_COLOUR, NOTE_COLOUR = "#9ecbff", "#ffe9a8", "#aaaaaa"
-- What a player may want to say to anybody; a role's own stand before these.
local QUICK = {"Any news?", "Who are you?", "Can I help you?", "Farewell."}

local esc = core.formspec_escape

local histories = {} -- player → NPC id → list of {who, line}
local open = {} -- player → {id, waiting}: whose form is on the screen

-- Keep a line of a talk between a player and an NPC. who: a name, or nil for a remark.
function agent.remember_line(player_name, npc, who, line)
	if not core.get_player_by_name(player_name) then return end
	local of_player = histories[player_name] or {}
	histories[player_name] = of_player
	local history = of_player[npc.id] or {}
	of_player[npc.id] = history
	history[#history + 1] = {who = who, line = text.clean(who and line or agent.as_shown_to(player_name, line))}
	if #history > HISTORY_MAX then table.remove(history, 1) end
end

-- What was said with any NPC is no longer shown to this player.
function agent.forget_lines(player_name)
	histories[player_name] = nil
end

local function rows_of(player_name, id, waiting, npc_name)
	local rows = {}
	local function add(colour, words)
		for line in text.wrap(words, ROW_CHARS):gmatch("[^\n]+") do rows[#rows + 1] = colour .. "," .. esc(line) end
	end
	for _, said in ipairs((histories[player_name] or {})[id] or {}) do
		if said.who then
			add(said.who == player_name and PLAYER_COLOUR or NPC_COLOUR, said.who .. ": " .. said.line)
		else
			add(NOTE_COLOUR, said.line)
		end
	end
	if waiting then rows[#rows + 1] = NOTE_COLOUR .. "," .. esc(S("@1 is thinking …", npc_name)) end
	rows[#rows + 1] = NOTE_COLOUR .. "," -- the last row is selected, which scrolls there: none that is read
	return rows
end

local function quick_replies(npc, player_name)
	local role, language = agent.roles[npc.role], agent.language_between(npc, player_name)
	local lines = {}
	for _, list in ipairs({agent.quest_replies(npc, player_name), role and role.quick or {}, QUICK}) do
		for _, line in ipairs(list) do
			if #lines < QUICK_MAX then lines[#lines + 1] = text.fill(agent.in_language(language, line), npc.name) end
		end
	end
	return lines
end

local function formspec(player_name, shown)
	local npc = llm_agent.get_npc(shown.id)
	local rows = rows_of(player_name, shown.id, shown.waiting, shown.name)
	local parts = {
		"formspec_version[4]size[18,13]",
		("image[0.5,0.5;2,4;%s]"):format(esc(agent.portrait(npc))),
		("label[0.5,5;%s]"):format(esc(shown.name)),
		("label[0.5,5.6;%s]"):format(esc(npc and agent.shown_title(npc) or S("not here"))),
		"tablecolumns[color;text]",
		"tableoptions[background=#00000080;border=true;highlight=#00000000;highlight_text=#ffffff]",
		("table[3,0.5;14.5,9;history;%s;%d]"):format(table.concat(rows, ","), #rows),
	}
	if npc and agent.trade.is_possible(npc) then
		parts[#parts + 1] = ("button[0.5,6.2;2.2,0.9;trade;%s]"):format(esc(S("Trade")))
	end
	for i, line in ipairs(npc and quick_replies(npc, player_name) or {}) do
		parts[#parts + 1] = ("button[%g,9.9;4.1,1;quick_%d;%s]"):format(0.5 + (i - 1) * 4.3, i, esc(line))
	end
	parts[#parts + 1] = "field_close_on_enter[words;false]"
	parts[#parts + 1] = ("field[0.5,11.4;11.6,1;words;;]button[12.3,11.4;2.5,1;say;%s]"):format(esc(S("Say")))
	parts[#parts + 1] = ("button_exit[15,11.4;2.5,1;close;%s]"):format(esc(S("Close")))
	parts[#parts + 1] = "set_focus[words;true]"
	return table.concat(parts)
end

local function show(player_name)
	local shown = open[player_name]
	if shown then core.show_formspec(player_name, FORM, formspec(player_name, shown)) end
end

-- Ask privately: nothing is said aloud. callback(reply) after the talk's history has both lines.
function agent.whisper(npc, player_name, words, callback)
	local id = npc.id
	agent.attend(npc, player_name)
	agent.remember_line(player_name, npc, player_name, words)
	agent.hear_quest_answer(npc, player_name, words)
	npc:think({player = player_name, utterance = words, priority = "spoken", actions = true}, function(reply)
		local current = llm_agent.get_npc(id)
		if current then
			repeats.note(current.said, reply.text, player_name, agent.now_us())
			agent.remember_line(player_name, current, current.name, reply.text)
		end
		callback(reply)
	end)
end

-- Opens the dialog. The first word is the NPC's, at once, out of its role's greetings.
function agent.open_dialog(npc, player_name)
	local history = (histories[player_name] or {})[npc.id]
	if not history then
		local line = agent.greeting_line(npc, player_name)
		if line then agent.remember_line(player_name, npc, npc.name, line) end
		npc.greeted = npc.greeted or {}
		npc.greeted[player_name] = agent.now_us()
	end
	if not agent.client.enabled then
		agent.remember_line(player_name, npc, nil, S("(NPCs are switched off on this server.)"))
	end
	agent.attend(npc, player_name)
	open[player_name] = {id = npc.id, name = npc.name}
	show(player_name)
end

-- Another window takes the dialog's place: it is not drawn again when an answer comes.
function agent.leave_dialog(player_name)
	open[player_name] = nil
end

-- A right click. Other parts and adapters call this, not the form.
function agent.approach(npc, clicker)
	agent.open_dialog(npc, clicker:get_player_name())
end

local function say(player_name, shown, words)
	words = text.clean(words:sub(1, WORDS_MAX_BYTES)) -- a client may send megabytes
	if words == "" or shown.waiting then return end
	local npc, player = llm_agent.get_npc(shown.id), core.get_player_by_name(player_name)
	local pos = npc and npc:get_pos()
	if not npc or pos and not observe.in_range(player:get_pos(), pos, settings.earshot) then
		return core.chat_send_player(player_name, S("@1 is not here any more.", shown.name))
	end
	local silence = agent.silence_words(player_name)
	if silence then return agent.remember_line(player_name, npc, nil, silence) end
	if agent.restraint.exhausted(player_name, npc.id, agent.now_us()) then
		return agent.remember_line(player_name, npc, nil, S("(@1 needs a moment.)", npc.name))
	end
	shown.waiting = true
	agent.whisper(npc, player_name, words, function()
		shown.waiting = nil
		if open[player_name] == shown then show(player_name) end
	end)
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	local shown = open[name]
	if not shown then return true end
	if fields.quit then
		open[name] = nil
		return true
	end
	local npc = llm_agent.get_npc(shown.id)
	if fields.trade and npc then
		local ok, problem = agent.trade_form.open(npc, name)
		if not ok then core.chat_send_player(name, problem) end
		return true
	end
	local words = (fields.say or fields.key_enter_field == "words") and fields.words or nil
	for i, line in ipairs(npc and quick_replies(npc, name) or {}) do
		if fields["quick_" .. i] then words = line end
	end
	if words then
		say(name, shown, words)
		show(name)
	end
	return true
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	histories[name], open[name] = nil, nil
end)
