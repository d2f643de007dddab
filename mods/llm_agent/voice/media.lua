-- Sends sounds to the clients that are to hear them, each once while its player is here and up to a measure (core/media.lua).

local S, log, settings, media = ...

local sounds = {}

local MIB = 2 ^ 20

-- Told once to the player, whom new lines are silent for from now on, and once to the admins.
local function tell_full(player_name)
	log("action", ("%s has been sent %g MiB of sounds, as many as llm_agent.voice_max_mib allows: new lines of NPCs are silent for "
		.. "them until they join again"):format(player_name, settings.voice_max_mib))
	core.chat_send_player(player_name, S("Your game holds as many voices of NPCs as this server allows. What is new you only "
		.. "read; join again to hear it."))
end

local box = media.new({
	prefix = "llm_agent_voice_", extension = ".ogg", max_bytes = settings.voice_max_mib * MIB, on_full = tell_full,
})

-- Has this client the sound, or is it on its way? Sent where it is neither. on_ready() comes when the client has it, now or
-- later. False where it gets none.
function sounds.give(player_name, sound, on_ready)
	return box:give(player_name, sound.id, sound.ogg, on_ready)
end

-- The name under which this client can play the sound; nil where it has it not, or not yet.
function sounds.name(player_name, sound)
	return box:name(player_name, sound.id)
end

core.register_on_leaveplayer(function(player) box:forget(player:get_player_name()) end)

return sounds
