-- Draws the quest log: the list on the left; on the right the chosen quest, its giver, progress, what is asked and what is paid.
-- Decides nothing and changes nothing.

local S, text, util, translate, forms, npcs, roles, quests, quest_text, store = ...

local view = {}

-- Characters to a line in a window of 800x600, Cyrillic ones too: title and state in the list, beside the face, below it.
local LIST_CHARS, TITLE_CHARS, LINE_CHARS = 35, 27, 34
local TITLE_LINES, REWARD_LINES, NOTE_LINES = 5, 2, 4
local PICTURES_MAX = 3 -- of items, on each side of the arrow
local COLOURS = {offered = "player", accepted = "speech", fulfilled = "good"} -- else "quiet": it is over
local BAR_COLOUR = "#4a9a4aff"
local LEFT, FACE_RIGHT, WIDTH = 10.3, 11.8, 7.2 -- of the right half, in units of the form
local LINE = 0.55
local CHAR = "[%z\1-\127\194-\244][\128-\191]*"

local BUTTONS = {
	offered = {{"accept", S("Accept")}, {"decline", S("Decline")}},
	accepted = {{"abandon", S("Give up")}},
	fulfilled = {{"done", S("Hand in")}, {"abandon", S("Give up")}},
}

local esc = core.formspec_escape

local function colour_of(quest) return COLOURS[quest.state] or "quiet" end

-- Plain words, for what is cut here: of a client that tells no language, those of the source.
local function shown(player_name, line) return core.get_translated_string("en", translate.as_shown_to(player_name, line)) end

-- At most `most` lines; where there would be more, the last ends in "…".
local function wrapped(player_name, line, chars, most)
	local lines = {}
	for part in text.wrap(shown(player_name, line), chars):gmatch("[^\n]+") do
		if #lines == most then
			lines[most] = text.wrap(lines[most], chars - 1):match("^[^\n]*") .. "…"
			break
		end
		lines[#lines + 1] = part
	end
	return lines
end

-- One line, cut inside a word: what is asked often comes last.
local function fitted(line, chars)
	if text.length(line) <= chars then return line end
	return line:match("^" .. CHAR:rep(chars - 1)):gsub(" +$", "") .. "…"
end

local function list_part(player_name, list, chosen)
	local rows, selected, state_chars = {}, 0, 0
	for _, quest in ipairs(list) do
		state_chars = math.max(state_chars, text.length(shown(player_name, quest_text.state(quest))))
	end
	for i, quest in ipairs(list) do
		local title = fitted(shown(player_name, quest_text.title(quest)), LIST_CHARS - state_chars)
		rows[i] = ("%s,%s,%s"):format(forms.COLOURS[colour_of(quest)], esc(title), esc(quest_text.state(quest)))
		if quest == chosen then selected = i end
	end
	return forms.table(0.5, 1.2, 9.4, 9.2, "list", "color;text;text,padding=1", rows, selected)
end

local function labels(parts, x, y, lines, colour)
	for i, line in ipairs(lines) do parts[#parts + 1] = forms.label(x, y + (i - 1) * LINE, line, colour) end
	return y + #lines * LINE
end

local function face(parts, quest)
	local npc = npcs.get(quest.npc)
	if not npc then return LEFT end
	parts[#parts + 1] = ("image[%g,1.2;1.3,2.6;%s]"):format(LEFT, esc(roles.portrait(npc)))
	return FACE_RIGHT
end

-- Who, until when, how far; in this order, each where there is something to say.
local function facts(quest)
	local lines, now_s = {S("From: @1", quest.npc_name)}, store.now_s()
	if quest.state == "offered" then lines[#lines + 1] = S("Time: @1", quest_text.time_left(quest.lasts_s)) end
	if quests.is_active(quest) then
		lines[#lines + 1] = S("Time left: @1", quest_text.time_left(quest.ends_s - now_s))
		lines[#lines + 1] = S("Progress: @1", quest_text.progress(quest))
	end
	if not quests.is_open(quest) then lines[#lines + 1] = S("Over: @1", quest_text.state(quest)) end
	return lines
end

local function bar(parts, y, quest)
	if not quests.is_active(quest) then return y end
	parts[#parts + 1] = forms.well(LEFT, y - 0.1, WIDTH, 0.25)
	local done = quest.progress / quest.count
	if done > 0 then parts[#parts + 1] = ("box[%g,%g;%g,0.25;%s]"):format(LEFT, y - 0.1, WIDTH * done, BAR_COLOUR) end
	return y + 0.65
end

local function pictures(parts, x, y, goods)
	local names = util.sorted_keys(goods)
	for i = 1, math.min(#names, PICTURES_MAX) do
		parts[#parts + 1] = forms.well(x, y, 1.1, 1.1) .. ("item_image[%g,%g;1.1,1.1;%s]"):format(x, y,
			esc(("%s %d"):format(names[i], goods[names[i]])))
		x = x + 1.3
	end
	return x
end

-- What is asked → what is paid.
local function exchange(parts, y, quest)
	local wanted = quests.takes(quest)
	local x = pictures(parts, LEFT, y, wanted)
	if next(wanted) then
		parts[#parts + 1] = forms.label(x + 0.1, y + 0.6, "→")
		x = x + 0.8
	end
	pictures(parts, x, y, quest.reward)
end

local function detail_part(player_name, quest, note)
	local parts, y = {}, 4.3
	local title = wrapped(player_name, quest_text.title(quest), TITLE_CHARS, TITLE_LINES)
	labels(parts, face(parts, quest), 1.45, title, colour_of(quest))
	for _, line in ipairs(facts(quest)) do y = labels(parts, LEFT, y, wrapped(player_name, line, LINE_CHARS, 1)) end
	y = bar(parts, y, quest)
	y = labels(parts, LEFT, y, wrapped(player_name, S("Reward: @1", quest_text.reward(quest)), LINE_CHARS, REWARD_LINES))
	exchange(parts, y, quest)
	if note then labels(parts, LEFT, 8.8, wrapped(player_name, note, LINE_CHARS, NOTE_LINES), "speech") end
	local buttons = BUTTONS[quest.state] or {}
	for i, button in ipairs(buttons) do
		local x = 13.6 - (#buttons - i + 1) * 4.2
		parts[#parts + 1] = forms.button(x, 10.75, 3.9, 0.9, button[1], button[2])
	end
	return table.concat(parts)
end

-- The whole window: `chosen` is one of `list`, or nil where that is empty; `note` what came of the last click.
function view.formspec(player_name, list, chosen, note)
	local parts = {
		forms.begin(18, 12),
		forms.label(0.5, 0.7, S("Your quests")),
		list_part(player_name, list, chosen),
		forms.button(13.6, 10.75, 3.9, 0.9, "close", S("Close"), true),
	}
	if chosen then
		parts[#parts + 1] = detail_part(player_name, chosen, note)
	else
		local none = S("You have none. Ask people whether they have work for you.")
		labels(parts, LEFT, 1.45, wrapped(player_name, none, LINE_CHARS, TITLE_LINES))
	end
	return table.concat(parts)
end

return view
