-- Logs the link of a microphone as the player is told it, and what NPCs do for players. Run by tests/game/test_mic.py.

local tell = core.chat_send_player

function core.chat_send_player(name, text)
	local link = core.get_translated_string("en", text):match("https?://%S+#%d+%-%d+")
	if link then core.log("action", ("[llm_probe_mic] link of %s: %s"):format(name, link)) end
	return tell(name, text)
end

llm_agent.on("action", function(npc, player_name, action, params, ok)
	core.log("action", ("[llm_probe_mic] %s does %s %s for %s: %s"):format(npc.name, action, params.target or "", player_name,
		tostring(ok)))
end)
