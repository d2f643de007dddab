-- Limits that more than one folder keeps to. Those of the daemon are stated in its contract; a longer text would be refused.

return {
	NAME_MAX_BYTES = 128, -- of an NPC's name or id and of a player's name, as the daemon takes them
	UTTERANCE_MAX_BYTES = 2000, -- of what a player says at once, as the daemon takes it: four chat messages
	HISTORY_MAX = 20, -- turns of a talk
	TURN_MAX_BYTES = 2000, -- of a turn of `history`, too
	THINK_MAX_BYTES = 32 * 1024, -- of all texts of one question together, names of fields too
	TYPED_NAME_MAX_BYTES = 60, -- of an NPC's name that an admin types: it stands over a head
	CHAT_MAX_BYTES = 500, -- the engine's limit for one chat message; typed words in forms are held to the same
}
