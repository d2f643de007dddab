-- Draws the role editor. Pure: returns a formspec for what the editor knows, and keeps nothing. What was typed is escaped.
-- Readable in a window of 800x600, which 20x15 units of 36 pixels fill; a line of text takes half a unit.

local S, forms, order = ...

local WIDTH, HEIGHT = 20, 15
local LABEL = 0.3 -- above its element's top, the middle of the text
local WAITING = "…"

local function labels()
	return {
		title = S("Title"), language = S("Language"), persona = S("Who they are"), knowledge = S("What they know (one thing a line)"),
		manner = S("How they speak"), voice = S("Voice"), greetings = S("Greetings (one a line)"),
		fallback = S("When they cannot think (one a line)"), quick = S("Buttons for players (one a line)"),
		actions = S("Actions (names, commas between)"),
	}
end

local function tooltips(actions)
	return {
		title = S("Completes the sentence: You are NAME, …"),
		language = S("A code such as de or pt_BR; empty: the language of the daemon"),
		greetings = S("{player} is the listener's name."),
		fallback = S("Lines for when the model gives no answer. {player} is the listener's name."),
		quick = S("What players may say with a click"),
		actions = actions[1] and S("There are: @1", table.concat(actions, ", ")) or S("No mod has registered an action yet."),
	}
end

-- name → {x, y, width, height}; labels stand above.
local PLACES = {
	title = {0.4, 1.6, 6.3, 0.8}, language = {7.1, 1.6, 2.7, 0.8}, persona = {0.4, 3.1, 9.4, 2.5}, knowledge = {0.4, 6.3, 9.4, 2.1},
	manner = {0.4, 9.1, 6.3, 0.8}, voice = {7.1, 9.1, 2.7, 0.8},
	greetings = {10.2, 1.6, 9.4, 1.9}, fallback = {10.2, 4.2, 9.4, 1.9}, quick = {10.2, 6.8, 9.4, 1.6},
	actions = {10.2, 9.1, 9.4, 0.8},
	said = {0.4, 10.7, 7, 0.8}, status = {0.4, 11.8, 9.4, 1.4}, answer = {10.2, 10.7, 9.4, 2.5},
}
local LONG = {persona = true, knowledge = true, greetings = true, fallback = true, quick = true}

local function label(name, words)
	return forms.label(PLACES[name][1], PLACES[name][2] - LABEL, words)
end

-- An element with its place and size.
local function placed(element, place, name, value)
	local x, y, width, height = unpack(PLACES[place])
	return element(x, y, width, height, name, value)
end

local function input(name, value) return placed(LONG[name] and forms.textarea or forms.field, name, name, value) end

local function reading(name, value) return placed(forms.textarea, name, "", value) end

local function heading(view)
	local state = view.own and S("your own file") or view.shipped and S("as shipped") or view.known and S("from a mod") or S("new")
	return forms.label(0.4, 0.6, S("Role @1 (@2)", view.role, state))
end

-- view: role, form (name → text), said, answer, status, waiting ("try", "save"), confirm, own, shipped, known, actions (names).
return function(view)
	local parts = {forms.begin(WIDTH, HEIGHT), heading(view)}
	local function add(element) parts[#parts + 1] = element end
	local named = labels()
	for _, field in ipairs(order) do
		add(label(field.name, named[field.name]))
		add(input(field.name, view.form[field.name] or ""))
	end
	for name, words in pairs(tooltips(view.actions)) do add(forms.tooltip(name, words)) end

	add(label("said", S("Try it: a player says")))
	add(input("said", view.said))
	add(forms.button(7.6, 10.7, 2.2, 0.8, "try", S("Try it")) .. "set_focus[said;true]")
	add(label("answer", S("The answer to it, with all that is typed above")))
	add(reading("answer", view.waiting == "try" and S("thinking …") or view.answer))
	add(reading("status", view.waiting == "save" and WAITING or view.status))

	add(forms.button(0.4, 13.7, 3, 0.9, "save", S("Save")))
	if view.own then
		local words = view.shipped and S("Reset to shipped") or S("Delete the file")
		add(forms.button(3.8, 13.7, 6, 0.9, "reset", view.confirm and S("Sure? Press again") or words))
	end
	add(forms.button(16.6, 13.7, 3, 0.9, "close", S("Close"), true))
	return table.concat(parts)
end
