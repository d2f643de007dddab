-- For tests/game/test_voice.py: logs what clients are sent and what they play of voices, and when a head moves, each with the
-- milliseconds since somebody began to speak, and lets an NPC speak: `/aloud NAME WORDS`.

local began_us = 0

local function log(what, ...)
	local ms = math.floor((core.get_us_time() - began_us) / 1000)
	core.log("action", ("[llm_probe_voice] %s ms=%d "):format(what, ms) .. string.format(...))
end

-- The mod looks these functions up each time it calls them.
local add_media, play, fade = core.dynamic_add_media, core.sound_play, core.sound_fade

function core.dynamic_add_media(options, callback)
	local name = options.filename or options.filepath:match("[^/]+$")
	local way, from_us = options.filedata and "data" or "file", core.get_us_time()
	local is_taken = add_media(options, function(...)
		log("there", "name=%s", name)
		return callback(...)
	end)
	log("sent", "way=%s name=%s to=%s took_us=%d", way, name, options.to_player, core.get_us_time() - from_us)
	return is_taken
end

function core.sound_play(spec, parameters, ...)
	local object = parameters.object
	log("played", "name=%s to=%s gain=%.2f at=%s", spec.name or spec, tostring(parameters.to_player), parameters.gain or 1,
		object and object:get_luaentity().name or "nothing")
	return play(spec, parameters, ...)
end

function core.sound_fade(...)
	log("faded", "")
	return fade(...)
end

-- Whenever the head of somebody leaves its rest, and is at rest again.
local turned = {}

core.register_globalstep(function()
	for id, entity in pairs(core.luaentities) do
		local _, angles = entity.object:get_bone_position("Head")
		local is_turned = entity.name == "llm_agent:npc" and angles and math.abs(angles.x) + math.abs(angles.y) > 0.1
		if is_turned and not turned[id] then log("nods", "by=%.1f", angles.x) end
		if turned[id] and not is_turned then log("rests", "") end
		turned[id] = is_turned or nil
	end
end)

core.register_chatcommand("aloud", {
	func = function(_, given)
		local name, words = given:match("^(%S+) (.+)$")
		for _, entity in pairs(core.luaentities) do
			local npc = entity.npc_id and llm_agent.get_npc(entity.npc_id)
			if npc and npc.name == name then
				began_us = core.get_us_time()
				return npc:say(words, {on_done = function() log("over", "") end})
			end
		end
		return false, "Nobody of that name here"
	end,
})
