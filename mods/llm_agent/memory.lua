-- What NPCs remember lies with the daemon; here the game tells it what came of things.

local agent = ...

-- Tell the daemon what came of something between an NPC and a player (or nil), as a sentence: "Ana bought 3 apples for 6 coins".
function agent.remember(npc, player_name, sentence) -- luacheck: no unused args
end
