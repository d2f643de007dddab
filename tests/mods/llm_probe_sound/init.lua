-- For tests/game/test_sound.py: a player looks north, and hears the mod's tone from places around, one after the other, each at
-- a pitch of its own. The sound is written by the test.

local BEGIN_S, EVERY_S = 1, 0.6 -- the tone lasts half a second
local AT = {x = 0, y = 8.5, z = 0}
local EARSHOT = 20
-- pitch, nodes to the east and to the north
local PLACES = {{1.0, -4, 0}, {1.4, 4, 0}, {1.8, 0, 3}, {2.3, 0, 16}, {2.7, 0, 40}} -- no pitch is an overtone of another

local function play(pitch, east, north)
	core.sound_play({name = "llm_probe_tone", pitch = pitch},
		{pos = {x = AT.x + east, y = AT.y + 1.6, z = AT.z + north}, max_hear_distance = EARSHOT}, true)
end

core.register_chatcommand("tones", {
	func = function(name)
		local player = core.get_player_by_name(name)
		player:set_pos(AT)
		player:set_look_horizontal(0)
		player:set_look_vertical(0)
		for i, place in ipairs(PLACES) do core.after(BEGIN_S + i * EVERY_S, play, unpack(place)) end
		core.after(BEGIN_S + (#PLACES + 2) * EVERY_S, core.log, "action", "[llm_probe_sound] over")
	end,
})
