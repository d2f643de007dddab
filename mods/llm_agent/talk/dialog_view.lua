-- Draws the dialog: portrait, what was said, quick replies, a line to type, and buttons that later folders add.
-- Decides nothing. Everything in it is escaped.

local S, text, translate, forms, npcs, roles, language, history, mind_mark = ...

local dialog_view = {}

local ROW_CHARS = 64 -- of the history: what its width below holds in a window of 800x600, where a unit is 36 pixels
local QUICK_MAX = 4
local COLOURS = forms.COLOURS
-- What a player may want to say to anybody; a role's own stand before these.
local QUICK = {"Any news?", "Who are you?", "Can I help you?", "Farewell."}

local esc = core.formspec_escape

local buttons = {} -- that later folders add
local quick_reply_sources = {}

-- A button below the portrait. def: name (of the field), label, is_shown(npc), press(npc, player_name).
function dialog_view.add_button(def)
	table.insert(buttons, def)
end

-- fn(npc, player_name) -> list of lines that the player may say with a click, before those of the role.
function dialog_view.add_quick_replies(fn)
	table.insert(quick_reply_sources, fn)
end

local function rows_of(player_name, id, waiting, npc_name)
	local rows = {}
	local function add(colour, words)
		for line in text.wrap(words, ROW_CHARS):gmatch("[^\n]+") do rows[#rows + 1] = colour .. "," .. esc(line) end
	end
	for _, entry in ipairs(history.of(player_name, id) or {}) do
		if entry.who then
			add(entry.who == player_name and COLOURS.player or COLOURS.speech, entry.who .. ": " .. entry.line)
			local mark = mind_mark(player_name, entry.mind)
			if mark then rows[#rows + 1] = COLOURS.quiet .. "," .. esc(mark) end
		else
			add(COLOURS.quiet, entry.line)
		end
	end
	if waiting then rows[#rows + 1] = COLOURS.quiet .. "," .. esc(S("@1 is thinking …", npc_name)) end
	rows[#rows + 1] = COLOURS.quiet .. "," -- the last row is selected, which scrolls there: none that is read
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

-- shown: {id, name, waiting}, see dialog.lua.
function dialog_view.formspec(player_name, shown)
	local npc = npcs.get(shown.id)
	local rows = rows_of(player_name, shown.id, shown.waiting, shown.name)
	local parts = {
		forms.begin(18, 13),
		("image[0.5,0.5;2,4;%s]"):format(esc(roles.portrait(npc))),
		forms.label(0.5, 5, shown.name),
		forms.label(0.5, 5.6, npc and roles.shown_title(npc) or S("not here")),
		forms.table(3, 0.5, 14.5, 9, "history", "color;text", rows, #rows, true),
	}
	local y = 6.2
	for _, button in ipairs(buttons) do
		if npc and button.is_shown(npc) then
			parts[#parts + 1] = forms.button(0.4, y, 2.55, 0.9, button.name, button.label)
			y = y + 1.1
		end
	end
	for i, line in ipairs(npc and quick_replies(npc, player_name) or {}) do
		parts[#parts + 1] = forms.button(0.5 + (i - 1) * 4.3, 9.9, 4.1, 1, "quick_" .. i, line)
	end
	parts[#parts + 1] = forms.field(0.5, 11.4, 11.6, 1, "words", "")
	parts[#parts + 1] = forms.button(12.3, 11.4, 2.5, 1, "say", S("Say"))
	parts[#parts + 1] = forms.button(15, 11.4, 2.5, 1, "close", S("Close"), true)
	parts[#parts + 1] = "set_focus[words;true]"
	return table.concat(parts)
end

-- The button that was pressed, as it was added; nil where none was.
function dialog_view.pressed_button(fields)
	for _, button in ipairs(buttons) do
		if fields[button.name] then return button end
	end
end

-- The line of the quick reply that was pressed; nil where none was.
function dialog_view.pressed_quick_reply(npc, player_name, fields)
	for i, line in ipairs(quick_replies(npc, player_name)) do
		if fields["quick_" .. i] then return line end
	end
end

return dialog_view
