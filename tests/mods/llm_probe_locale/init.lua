-- Logs what a real server makes of the mod's words: `translated` once, and what an NPC answers to two players, of whom one chose
-- German. Needs no client: nobody has to be in the world to be spoken to.

local S = core.get_translator("llm_agent")
local LANGUAGES = {"de", "es", "fr", "ru", "en"}

local function log(kind, value) core.log("action", ("[llm_probe_locale] %s %s"):format(kind, core.write_json(value))) end

local function translated(words)
	local found = {}
	for _, language in ipairs(LANGUAGES) do found[language] = core.get_translated_string(language, words) end
	return found
end

local function ask(player)
	local npc = llm_agent.get_npc("probe") or llm_agent.register_npc("probe", {name = "Probe", role = "smith"})
	npc:think({player = player, utterance = "Hello"}, function(reply)
		log("reply", {player = player, text = reply.text, fallback = reply.fallback})
	end)
end

core.after(0, function()
	log("translated", {
		argument = translated(S("@1 is too far away to hear you.", "Ada")),
		nested = translated(S("@1, @2", "Ada", S("the smith"))),
		equals = translated(S("llm_agent.url is no address: @1. Like this: llm_agent.url = http://127.0.0.1:8000", "x")),
	})
	-- Lena is in the world until she is told what comes of her choice: nobody else is told.
	local get_player_by_name, chat_send_player = core.get_player_by_name, core.chat_send_player
	function core.get_player_by_name(name) return name == "Lena" and {} or get_player_by_name(name) end
	function core.chat_send_player(name, words)
		if name ~= "Lena" then return chat_send_player(name, words) end
		log("told", {text = core.get_translated_string("de", words)})
		core.get_player_by_name, core.chat_send_player = get_player_by_name, chat_send_player
		ask("Lena")
		ask("Robin")
	end
	core.registered_chatcommands.llm.func("Lena", "lang de")
end)
