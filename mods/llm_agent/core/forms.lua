-- The look of every form of the mod, the same in each game: a panel of its own, colours that can be read on it, and the elements
-- that a game's theme or the engine's defaults would draw in theirs.
-- Pure: each function returns a piece of formspec with its words escaped. Knows no form.

local escape = ...

local forms = {}

-- Of words on the panel and on inputs. lua/spec/core/forms_spec.lua measures each: 4.5 to 1 at least, as WCAG counts contrast.
forms.COLOURS = {
	text = "#f4ecdc", quiet = "#b8b0a0", speech = "#ffe08a", player = "#9ecbff", good = "#a8e0a0", bad = "#ffb09c",
}
-- What words lie on. `panel` and `button` are what tools/draw_textures.py fills their pictures with.
-- `list_chosen` is the engine's own for a chosen line of a textlist, which is white there; no formspec changes either.
forms.BACKGROUNDS = {
	panel = "#262a33", input = "#14171d", chosen = "#263c57", tooltip = "#14171d", button = "#454d5e", list_chosen = "#467832",
}

local TEXT, BACK = forms.COLOURS.text, forms.BACKGROUNDS
local INSET = 0.12 -- of an input's words in its box: without the engine's border they have no margin
local BUTTONS = "button,button_exit,image_button,item_image_button"

local function states(state)
	return (BUTTONS:gsub("[^,]+", "%0:" .. state))
end

local STYLE = table.concat({
	"no_prepend[]bgcolor[#00000000;neither]", -- a game's theme is for its own forms
	"background9[0,0;0,0;llm_agent_form.png;true;6]",
	("style_type[%s;border=false;bgimg=llm_agent_button.png;bgimg_middle=4;textcolor=%s]"):format(BUTTONS, TEXT),
	("style_type[%s;bgimg=llm_agent_button.png^\\[colorize:#ffffff:24]"):format(states("hovered")),
	("style_type[%s;bgimg=llm_agent_button.png^\\[colorize:#000000:70]"):format(states("pressed")),
	("style_type[label,field,textarea,checkbox;textcolor=%s]"):format(TEXT),
	"style_type[field,textarea;border=false]", -- the engine's own box is grey, and green with the cursor in it: hard to read
	("listcolors[#00000060;#ffffff30;#00000000;%s;%s]"):format(BACK.tooltip, TEXT),
})

-- What every formspec of the mod begins with. Width and height in units, of which 20x15 fill a window of 800x600.
function forms.begin(width, height)
	return ("formspec_version[4]size[%g,%g]"):format(width, height) .. STYLE
end

-- A darker part of the panel, for lists, inputs and what is read.
function forms.well(x, y, width, height)
	return ("box[%g,%g;%g,%g;%sff]"):format(x, y, width, height, BACK.input)
end

-- colour: a name in COLOURS, or nil for plain text. The middle of the text is at `y`.
function forms.label(x, y, words, colour)
	if colour then words = ("\27(c@%s)%s\27(c@#ffffff)"):format(forms.COLOURS[colour], words) end
	return ("label[%g,%g;%s]"):format(x, y, escape(words))
end

-- exits: the client closes the form with the press.
function forms.button(x, y, width, height, name, words, exits)
	return ("%s[%g,%g;%g,%g;%s;%s]"):format(exits and "button_exit" or "button", x, y, width, height, name, escape(words))
end

-- One line to type; Enter does not close the form.
function forms.field(x, y, width, height, name, value)
	return forms.well(x, y, width, height) .. ("field[%g,%g;%g,%g;%s;;%s]field_close_on_enter[%s;false]"):format(
		x + INSET, y, width - 2 * INSET, height, name, escape(value), name)
end

-- Several lines to type, or with an empty name to read only.
function forms.textarea(x, y, width, height, name, value)
	return forms.well(x, y, width, height) .. ("textarea[%g,%g;%g,%g;%s;;%s]"):format(
		x + INSET, y + INSET / 2, width - 2 * INSET, height - INSET, name, escape(value))
end

function forms.tooltip(name, words)
	return ("tooltip[%s;%s]"):format(name, escape(words))
end

local function options(highlight)
	return ("tableoptions[background=%s;border=false;color=%s;highlight=%s;highlight_text=#ffffff]"):format(
		BACK.input, TEXT, highlight)
end

local CHOOSING, READING = options(BACK.chosen), options("#00000000")

-- rows: cells with commas between, as the engine's `table` takes them, escaped by who wrote them; columns: its `tablecolumns`.
-- is_read: the rows are for reading, and none shows that it is selected.
function forms.table(x, y, width, height, name, columns, rows, selected, is_read)
	return ("%stablecolumns[%s]table[%g,%g;%g,%g;%s;%s;%d]"):format(is_read and READING or CHOOSING, columns, x, y, width, height,
		name, table.concat(rows, ","), selected)
end

-- A list of lines to choose from; its events are those of a textlist.
function forms.list(x, y, width, height, name, lines, selected)
	local rows = {}
	for i, line in ipairs(lines) do rows[i] = escape(line:gsub("^#", "##")) end -- one # would begin a colour
	return forms.well(x, y, width, height)
		.. ("textlist[%g,%g;%g,%g;%s;%s;%d;true]"):format(x, y, width, height, name, table.concat(rows, ","), selected)
end

return forms
