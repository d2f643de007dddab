-- What was said between a player and an NPC, and what came of it, for the dialog to show.
-- Kept in memory until the player leaves. Later folders hear here what a player says to an NPC (on_player_line).

local text, translate = ...

local history = {}

local LINES_MAX = 40 -- kept for each player and NPC

local histories = {} -- player → NPC id → list of {who, line, mind}; who: a name, or nil for a remark
local line_listeners = {}

-- Keep a line of a talk between a player and an NPC. who: a name, or nil for a remark. mind: whose words they are, of a reply.
function history.add(player_name, npc, who, line, mind)
	if not core.get_player_by_name(player_name) then return end
	local of_player = histories[player_name] or {}
	histories[player_name] = of_player
	local lines = of_player[npc.id] or {}
	of_player[npc.id] = lines
	lines[#lines + 1] = {who = who, line = text.clean(who and line or translate.as_shown_to(player_name, line)), mind = mind}
	if #lines > LINES_MAX then table.remove(lines, 1) end
end

-- What was said with any NPC is no longer shown to this player.
function history.forget(player_name)
	histories[player_name] = nil
end

-- The lines between the two, the oldest first; nil where nothing was said.
function history.of(player_name, npc_id)
	return (histories[player_name] or {})[npc_id]
end

-- fn(npc, player_name, words) -> true if it has answered: a player says something to an NPC, aloud or in the dialog. Runs before
-- the NPC thinks, which it does not where one has answered.
function history.on_player_line(fn)
	table.insert(line_listeners, fn)
end

-- True if it is answered already.
function history.add_player_line(npc, player_name, words)
	history.add(player_name, npc, player_name, words)
	local is_answered = false
	for _, fn in ipairs(line_listeners) do
		is_answered = fn(npc, player_name, words) == true or is_answered
	end
	return is_answered
end

-- What came of something, told to the player it was for: a line in the chat, and a remark here.
function history.tell(npc, player_name, message)
	if type(message) ~= "string" or not player_name or not core.get_player_by_name(player_name) then return end
	history.add(player_name, npc, nil, message)
	core.chat_send_player(player_name, message)
end

core.register_on_leaveplayer(function(player) histories[player:get_player_name()] = nil end)

return history
