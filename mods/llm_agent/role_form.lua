-- How the role editor looks: one form, readable in a window of 800x600 (there a unit is 48 pixels, a line of text 0.4).
-- Gives a formspec for what the editor knows and keeps nothing. Everything that anybody typed is escaped.

local S, escape, order = ...

local WIDTH, HEIGHT = 15, 11.25 -- 4:3
local WAITING = "…"

local function labels()
	return {
		title = S("Title (completes: You are NAME, …)"), language = S("Language"), persona = S("Persona"),
		knowledge = S("Knows (one thing a line)"), manner = S("Manner of speaking"), voice = S("Voice"),
		greetings = S("Greetings (one a line)"), fallback = S("Says when it cannot think (one a line)"),
		quick = S("Buttons for players (one a line)"), actions = S("May do (names, with commas between)"),
	}
end

-- name → {x, y, width, height}; a label stands 0.4 above.
local PLACES = {
	title = {0.3, 1.1, 4.8, 0.6}, language = {5.3, 1.1, 2, 0.6}, persona = {0.3, 2.2, 7, 1.9}, knowledge = {0.3, 4.6, 7, 1.8},
	manner = {0.3, 6.9, 4.8, 0.6}, voice = {5.3, 6.9, 2, 0.6},
	greetings = {7.7, 1.1, 7, 1.5}, fallback = {7.7, 3.1, 7, 1.5}, quick = {7.7, 5.1, 7, 1.3}, actions = {7.7, 6.9, 7, 0.6},
}
local LONG = {persona = true, knowledge = true, greetings = true, fallback = true, quick = true}

local function input(kind, name, place, label, value)
	return ("%s[%g,%g;%g,%g;%s;%s;%s]"):format(kind, place[1], place[2], place[3], place[4], name, escape(label), escape(value))
end

local function reading(x, y, width, height, label, value)
	return ("box[%g,%g;%g,%g;#00000066]"):format(x, y, width, height) .. input("textarea", "", {x, y, width, height}, label, value)
end

local function button(x, width, name, label)
	return ("button[%g,10.25;%g,0.75;%s;%s]"):format(x, width, name, escape(label))
end

local function heading(view)
	local state = view.own and S("your own file") or view.shipped and S("as shipped") or view.known and S("from a mod") or S("new")
	return ("label[0.3,0.35;%s]"):format(escape(S("Role @1 (@2)", view.role, state)))
end

-- view: role, form (name → text), said, answer, status, waiting ("try", "save"), confirm, own, shipped, known, actions (names).
return function(view)
	local named = labels()
	local parts = {"formspec_version[4]", ("size[%g,%g]"):format(WIDTH, HEIGHT), heading(view)}
	local function add(element) parts[#parts + 1] = element end
	for _, field in ipairs(order) do
		local name = field.name
		add(input(LONG[name] and "textarea" or "field", name, PLACES[name], named[name], view.form[name] or ""))
		if not LONG[name] then add(("field_close_on_enter[%s;false]"):format(name)) end
	end
	add(("tooltip[actions;%s]"):format(escape(#view.actions > 0 and S("Known: @1", table.concat(view.actions, ", "))
		or S("No mod has registered an action yet."))))
	add(("tooltip[language;%s]"):format(escape(S("A code such as de or pt_BR; empty: the language of the daemon"))))
	add(("tooltip[fallback;%s]"):format(escape(S("In greetings and here {player} is the listener's name."))))

	add(input("field", "said", {0.3, 8.1, 5.2, 0.6}, S("Try it: a player says"), view.said))
	add("field_close_on_enter[said;false]")
	add(("button[5.6,8.1;1.7,0.6;try;%s]"):format(escape(S("Try it"))))
	add(reading(7.7, 8.1, 7, 1.85, S("The answer, with what is typed above"),
		view.waiting == "try" and S("thinking …") or view.answer))
	add(reading(0.3, 9, 7, 0.95, "", view.waiting == "save" and WAITING or view.status))

	add(button(0.3, 2.4, "save", S("Save")))
	if view.own then
		local label = view.shipped and S("Reset to shipped") or S("Delete the file")
		add(button(2.9, 4.4, "reset", view.confirm and S("Sure? Press again") or label))
	end
	add(("button_exit[12.3,10.25;2.4,0.75;close;%s]"):format(escape(S("Close"))))
	return table.concat(parts)
end
