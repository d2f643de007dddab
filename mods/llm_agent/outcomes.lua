-- What came of an action that an NPC chose, told to the player it was for: a line in the chat, and in the dialog's history.

local agent = ...

function agent.tell_outcome(npc, player_name, message)
	if type(message) ~= "string" or not player_name or not core.get_player_by_name(player_name) then return end
	agent.remember_line(player_name, npc, nil, message)
	core.chat_send_player(player_name, message)
end
