-- The dialog that a right click opens: history, quick replies and a line to type. What is said in it is private.
-- Handles the form's fields; dialog_view.lua draws. The form is shown again when an answer is there.
-- Owns whose form is on the screen.

local S, text, limits, client, npcs, attention, output, speech_queue, history, whisper, dialog_view, greetings = ...

local dialog = {add_button = dialog_view.add_button, add_quick_replies = dialog_view.add_quick_replies}

local FORM = "llm_agent:dialog"

local open = {} -- player → {id, name, waiting}: whose form is on the screen

local function show(player_name)
	local shown = open[player_name]
	if shown then core.show_formspec(player_name, FORM, dialog_view.formspec(player_name, shown)) end
end

-- Opens the dialog. The first word is the NPC's, at once, out of its role's greetings.
function dialog.open(npc, player_name)
	if not history.of(player_name, npc.id) then
		local line = greetings.line(npc, player_name)
		if line then
			history.add(player_name, npc, npc.name, line)
			output.say_privately(npc, player_name, line)
		end
	end
	greetings.mark(npc, player_name)
	if not client.enabled then
		history.add(player_name, npc, nil, S("(NPCs are switched off on this server.)"))
	end
	attention.attend(npc, player_name)
	open[player_name] = {id = npc.id, name = npc.name}
	if npc.small_talk then speech_queue.hush(npc.id) end
	attention.set_private(player_name, npc)
	show(player_name)
end

-- Is this player in the dialog with this NPC?
function dialog.is_open(player_name, npc_id)
	return open[player_name] ~= nil and open[player_name].id == npc_id
end

-- Another window takes the dialog's place, or none: it is not drawn again when an answer comes.
function dialog.leave(player_name)
	open[player_name] = nil
	attention.set_private(player_name, nil)
end

-- A right click. Other parts and adapters call this, not the form.
function dialog.approach(npc, clicker)
	dialog.open(npc, clicker:get_player_name())
end

local function say(player_name, shown, words)
	words = text.clean(words:sub(1, limits.CHAT_MAX_BYTES)) -- a client may send megabytes
	if words == "" or shown.waiting then return end
	local npc = npcs.get(shown.id)
	if not npc or not whisper.is_in_reach(npc, player_name) then
		return core.chat_send_player(player_name, S("@1 is not here any more.", shown.name))
	end
	local refusal = whisper.refusal(npc, player_name)
	if refusal then return history.add(player_name, npc, nil, refusal) end
	shown.waiting = true
	attention.set_private(player_name, npc)
	whisper.ask(npc, player_name, words, function()
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
		dialog.leave(name)
		return true
	end
	local npc = npcs.get(shown.id)
	local button = npc and dialog_view.pressed_button(fields)
	if button then
		button.press(npc, name)
		return true
	end
	local words = (fields.say or fields.key_enter_field == "words") and fields.words or nil
	words = npc and dialog_view.pressed_quick_reply(npc, name, fields) or words
	if words then
		say(name, shown, words)
		show(name)
	end
	return true
end)

core.register_on_leaveplayer(function(player)
	dialog.leave(player:get_player_name())
end)

return dialog
