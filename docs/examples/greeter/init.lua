-- Ines greets everybody who joins, wherever they are.
llm_agent.register_role("greeter", {
	persona = "A greeter welcomes all who come to this world, and wishes them luck.",
	fallback = {"Welcome, {player}!", "Good to see you, {player}."},
})
local ines = llm_agent.register_npc("greeter:ines", {name = "Ines", role = "greeter"})
core.register_on_joinplayer(function(player)
	local name = player:get_player_name()
	ines:think({player = name}, function(reply) core.chat_send_player(name, "<Ines> " .. reply.text) end)
end)
