-- The window that `/llm` alone opens, for those who do not type commands: who is near, what can be done with them, and buttons
-- for the subcommands that need no more than a press. It only presses them: what each may and does stands where it is registered.
-- Owns whose window is open and who is chosen in it. Fields come from clients, so only what was shown is taken.

local S, settings, forms, commands, nearby, language, mutes, dialog = ...

local FORM = "llm_agent:menu"
local WIDTH, HEIGHT = 18, 13
local PEOPLE_MAX = 30 -- in the list; more do not stand in earshot

local open = {} -- player → {ids = of the people as shown, chosen = number in it, note = what the last press told}

-- Subcommands as buttons: word, label, admin.
local BUTTONS = {
	{"quests", S("My quests")}, {"market", S("What things cost here")}, {"status", S("Can NPCs think now?")},
	{"doctor", S("Find what is broken"), true}, {"role", S("Roles"), true},
}

local function people_near(player)
	local people = {}
	for _, npc in ipairs(nearby.in_earshot(player:get_pos())) do
		if #people < PEOPLE_MAX then people[#people + 1] = npc end
	end
	return people
end

local function people_part(player_name, people, chosen)
	local lines, npc = {}, people[chosen]
	for i, one in ipairs(people) do lines[i] = one.name end
	local parts = {forms.label(0.5, 0.6, S("Near you:")), forms.list(0.5, 1, 8, 5.2, "people", lines, chosen)}
	if not npc then
		parts[#parts + 1] = forms.label(0.9, 1.6, S("Nobody is near enough to talk to."), "quiet")
		return table.concat(parts)
	end
	local is_muted = mutes.is_muted(player_name, npc)
	parts[#parts + 1] = forms.button(0.5, 6.4, 3.9, 0.9, "talk", S("Talk"))
	if settings.trade then parts[#parts + 1] = forms.button(4.6, 6.4, 3.9, 0.9, "trade", S("Trade")) end
	parts[#parts + 1] = forms.button(0.5, 7.5, 8, 0.9, "mute", is_muted and S("Hear this one again") or S("Do not hear this one"))
	return table.concat(parts)
end

local function language_part(player_name)
	local parts, of_player = {forms.label(9.5, 6.05, S("NPCs speak to me in:"))}, language.of(player_name)
	for i, one in ipairs(language.NAMES) do
		local x, y = 9.5 + (i - 1) % 3 * 2.7, 6.4 + math.floor((i - 1) / 3) * 1.1
		local mark = one[1] == of_player and "• " or ""
		parts[#parts + 1] = forms.button(x, y, 2.6, 0.9, "lang_" .. one[1], mark .. one[2])
	end
	return table.concat(parts)
end

local function formspec(player_name, people, shown)
	local is_admin, y = not commands.refusal(player_name), 0.9
	local parts = {
		forms.begin(WIDTH, HEIGHT), people_part(player_name, people, shown.chosen), language_part(player_name),
		forms.textarea(0.5, 8.8, 17, 2.6, "", shown.note or S("Say hello in the chat near somebody, or click them: they answer. "
			.. "Call them by name where several stand together. /llm help lists all commands.")),
		forms.button(14, 11.7, 3.5, 0.9, "close", S("Close"), true),
	}
	for _, button in ipairs(BUTTONS) do
		if is_admin or not button[3] then
			parts[#parts + 1] = forms.button(9.5, y, 8, 0.8, "run_" .. button[1], button[2])
			y = y + 0.92
		end
	end
	return table.concat(parts)
end

local function show(player_name, note, chosen)
	local player = core.get_player_by_name(player_name)
	local people, ids = people_near(player), {}
	for i, npc in ipairs(people) do ids[i] = npc.id end
	local shown = {ids = ids, chosen = math.min(math.max(chosen or 1, 1), math.max(1, #ids)), note = note}
	open[player_name] = shown
	core.show_formspec(player_name, FORM, formspec(player_name, people, shown))
end

local function chosen_npc(player_name, shown)
	local player = core.get_player_by_name(player_name)
	for _, npc in ipairs(player and people_near(player) or {}) do
		if npc.id == shown.ids[shown.chosen] then return npc end
	end
end

-- A subcommand that opens a window of its own takes this one's place; what another tells is shown here.
local function press(player_name, word, rest, shown)
	local _, message = commands.run(player_name, word, rest)
	if type(message) == "string" and message ~= "" and open[player_name] == shown then show(player_name, message, shown.chosen) end
end

local function press_npc(player_name, fields, shown)
	local npc = chosen_npc(player_name, shown)
	if not npc then return show(player_name, S("Nobody is near enough to talk to."), 1) end
	if fields.talk then return dialog.open(npc, player_name) end
	if fields.trade then return press(player_name, "trade", npc.name, shown) end
	press(player_name, mutes.is_muted(player_name, npc) and "unmute" or "mute", npc.name, shown)
end

-- The subcommand that was pressed, and what stands behind it.
local function pressed(fields)
	for _, button in ipairs(BUTTONS) do
		if fields["run_" .. button[1]] then return button[1], "" end
	end
	for _, one in ipairs(language.NAMES) do
		if fields["lang_" .. one[1]] then return "lang", one[1] end
	end
end

core.register_on_player_receive_fields(function(player, form, fields)
	if form ~= FORM then return false end
	local name = player:get_player_name()
	local shown = open[name]
	if not shown then return true end
	local event = fields.people and core.explode_textlist_event(fields.people)
	if event and shown.ids[event.index] then shown.chosen = event.index end
	local word, rest = pressed(fields)
	if word then
		press(name, word, rest, shown)
	elseif fields.talk or fields.trade or fields.mute then
		press_npc(name, fields, shown)
	elseif event and event.type == "CHG" then
		show(name, nil, shown.chosen)
	end
	if fields.quit then open[name] = nil end
	return true
end)

core.register_on_leaveplayer(function(player) open[player:get_player_name()] = nil end)

commands.register("menu", {help = S("a window for those who do not type commands"), run = function(player_name)
	if not core.get_player_by_name(player_name) then return false, S("You need to be in the world for that.") end
	show(player_name)
	return true
end})
