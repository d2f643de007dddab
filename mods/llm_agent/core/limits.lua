-- Limits that more than one folder keeps to. Those of the daemon are stated in its contract; a longer text would be refused.

return {
	NAME_MAX_BYTES = 128, -- of an NPC's name or id and of a player's name, as the daemon takes them
	TYPED_NAME_MAX_BYTES = 60, -- of an NPC's name that an admin types: it stands over a head
	CHAT_MAX_BYTES = 500, -- the engine's limit for one chat message; typed words in forms are held to the same
}
