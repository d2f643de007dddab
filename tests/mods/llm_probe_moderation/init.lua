-- A player speaks foully to an NPC until NPCs do not hear her, in a real server with a real daemon (stub engine).
-- Ana has no client: enough of a player for who is only heard. The mod llm_probe runs the checks.

local ANA = "Ana"
local PLACE = llm_probe.place

local ana = {
	get_player_name = function() return ANA end,
	is_player = function() return true end,
	get_pos = function() return PLACE end,
	get_wielded_item = function() return ItemStack("") end,
	get_properties = function() return {eye_height = 1.5} end,
}
local get_player_by_name, chat_send_player = core.get_player_by_name, core.chat_send_player
local check_player_privs = core.check_player_privs
local shown, said = {}, {}

function core.get_player_by_name(name) return name == ANA and ana or get_player_by_name(name) end

function core.chat_send_player(name, words)
	if name ~= ANA then return chat_send_player(name, words) end
	shown[#shown + 1] = core.strip_colors(core.get_translated_string("en", words))
end

function core.check_player_privs(name, ...) return name == "Root" or check_player_privs(name, ...) end

llm_agent.on("say", function(_, line) said[#said + 1] = line end)

local function speak(words)
	for _, fn in ipairs(core.registered_on_chat_messages) do fn(ANA, words) end
end

local function was_shown(words)
	for _, line in ipairs(shown) do
		if line:find(words, 1, true) then return true end
	end
end

local function command(name, words) return core.registered_chatcommands.llm.func(name, words) end

local function foul(words) return function() speak(words) end end

llm_probe.run({
	{"foul_words_are_held_back_and_rebuked", function()
		llm_agent.register_role("keeper", {title = "the keeper", persona = "A keeper keeps."}) -- it has no actions
		llm_agent.register_npc("mira", {name = "Mira", role = "keeper", pos = PLACE})
		speak("You fuсking liar") -- with a Cyrillic letter in it
	end, function()
		return was_shown("was held back: this server") and #said == 1 or nil, "not told"
	end},
	{"again", foul("sh1t"), function() return #said == 2 or nil, "no second rebuke" end},
	{"the_third_time_brings_silence", foul("b1tch"), function()
		return was_shown("do not hear you for 10 minutes") and #said == 3 or nil, "not silenced"
	end},
	{"which_is_told_and_kept", function() end, function()
		local ok, words = command(ANA, "talk Mira Good day")
		words = core.get_translated_string("en", words)
		return not ok and words == "NPCs do not hear you. Minutes left: 10", words
	end},
	{"until_an_admin_ends_it", function()
		assert(command("Root", "unsilence Ana"))
		speak("Good day to you, Mira.")
	end, function()
		return #said == 4 or nil, "no answer"
	end},
})
