-- The dialog: a right click on an NPC opens a form with what was said, quick replies and a line to type.
-- What is said here is private. The form is drawn anew when an answer is there; everything in it is escaped.

local S, now_us, settings, text, limits, geometry, translate, rate_limit, client, npcs, roles, language, repeats, attention,
	history, silence, greetings = ...

local dialog = {}

local FORM = "llm_agent:dialog"
local ROW_CHARS = 64 -- of the history: what its width below holds in a window of 800x600, where a unit is 36 pixels
local QUICK_MAX = 4
local PLAYER_COLOUR, NPC_COLOUR, NOTE_COLOUR = "#9ecbff", "#ffe9a8", "#aaaaaa"
-- What a player may want to say to anybody; a role's own stand before these.
local QUICK = {"Any news?", "Who are you?", "Can I help you?", "Farewell."}

local esc = core.formspec_escape

local open = {} -- player → {id, name, waiting}: whose form is on the screen
local buttons = {} -- of other folders, see add_button
local quick_reply_sources = {}

-- A button below the portrait. def: name (of the field), label, is_shown(npc), press(npc, player_name).
function dialog.add_button(def)
	table.insert(buttons, def)
end

-- fn(npc, player_name) -> list of lines that the player may say with a click, before those of the role.
function dialog.add_quick_replies(fn)
	table.insert(quick_reply_sources, fn)
end

local function rows_of(player_name, id, waiting, npc_name)
	local rows = {}
	local function add(colour, words)
		for line in text.wrap(words, ROW_CHARS):gmatch("[^\n]+") do rows[#rows + 1] = colour .. "," .. esc(line) end
	end
	for _, said in ipairs(history.of(player_name, id) or {}) do
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
	local role, code = roles.by_name[npc.role], language.between(npc, player_name)
	local lines = {}
	local function add(list)
		for _, line in ipairs(list) do
			if #lines < QUICK_MAX then lines[#lines + 1] = text.fill(translate.line(code, line), npc.name) end
		end
	end
	for _, replies in ipairs(quick_reply_sources) do add(replies(npc, player_name)) end
	add(role and role.quick or {})
	add(QUICK)
	return lines
end

local function formspec(player_name, shown)
	local npc = npcs.get(shown.id)
	local rows = rows_of(player_name, shown.id, shown.waiting, shown.name)
	local parts = {
		"formspec_version[4]size[18,13]",
		("image[0.5,0.5;2,4;%s]"):format(esc(roles.portrait(npc))),
		("label[0.5,5;%s]"):format(esc(shown.name)),
		("label[0.5,5.6;%s]"):format(esc(npc and roles.shown_title(npc) or S("not here"))),
		"tablecolumns[color;text]",
		"tableoptions[background=#00000080;border=true;highlight=#00000000;highlight_text=#ffffff]",
		("table[3,0.5;14.5,9;history;%s;%d]"):format(table.concat(rows, ","), #rows),
	}
	local y = 6.2
	for _, button in ipairs(buttons) do
		if npc and button.is_shown(npc) then
			parts[#parts + 1] = ("button[0.5,%g;2.2,0.9;%s;%s]"):format(y, button.name, esc(button.label))
			y = y + 1.1
		end
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
function dialog.whisper(npc, player_name, words, callback)
	local id = npc.id
	attention.attend(npc, player_name)
	history.add_player_line(npc, player_name, words)
	npc:think({player = player_name, utterance = words, priority = "spoken", actions = true}, function(reply)
		local current = npcs.get(id)
		if current then
			repeats.note(current.recent_lines, reply.text, player_name, now_us())
			history.add(player_name, current, current.name, reply.text)
		end
		callback(reply)
	end)
end

-- Opens the dialog. The first word is the NPC's, at once, out of its role's greetings.
function dialog.open(npc, player_name)
	if not history.of(player_name, npc.id) then
		local line = greetings.line(npc, player_name)
		if line then history.add(player_name, npc, npc.name, line) end
		npc.greeted_us = npc.greeted_us or {}
		npc.greeted_us[player_name] = now_us()
	end
	if not client.enabled then
		history.add(player_name, npc, nil, S("(NPCs are switched off on this server.)"))
	end
	attention.attend(npc, player_name)
	open[player_name] = {id = npc.id, name = npc.name}
	show(player_name)
end

-- Another window takes the dialog's place: it is not drawn again when an answer comes.
function dialog.leave(player_name)
	open[player_name] = nil
end

-- A right click. Other parts and adapters call this, not the form.
function dialog.approach(npc, clicker)
	dialog.open(npc, clicker:get_player_name())
end

local function say(player_name, shown, words)
	words = text.clean(words:sub(1, limits.CHAT_MAX_BYTES)) -- a client may send megabytes
	if words == "" or shown.waiting then return end
	local npc, player = npcs.get(shown.id), core.get_player_by_name(player_name)
	local pos = npc and npc:get_pos()
	if not npc or pos and not geometry.in_range(player:get_pos(), pos, settings.earshot) then
		return core.chat_send_player(player_name, S("@1 is not here any more.", shown.name))
	end
	local refusal = silence.words(player_name)
	if refusal then return history.add(player_name, npc, nil, refusal) end
	if rate_limit.exhausted(player_name, npc.id, now_us()) then
		return history.add(player_name, npc, nil, S("(@1 needs a moment.)", npc.name))
	end
	shown.waiting = true
	dialog.whisper(npc, player_name, words, function()
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
	local npc = npcs.get(shown.id)
	for _, button in ipairs(buttons) do
		if fields[button.name] and npc then
			button.press(npc, name)
			return true
		end
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
	open[name] = nil
end)

return dialog
