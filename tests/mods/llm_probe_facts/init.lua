-- What the game knows is told as it is, in five languages, by the engine's own translations; gossip and a promise outlive a
-- restart, and the promise is kept on real legs. Robin is no client: only what the mod asks of a player is there.

local storage = core.get_mod_storage()
local ida = storage:get_string("ida")
local first_run = ida == ""

local START, MILL = {x = 2, y = 6, z = 8}, {x = 13, y = 6, z = 8}
local robin = setmetatable({pos = {x = 3, y = 6, z = 10}}, {__index = function() return function() end end})
function robin.get_pos() return robin.pos end
function robin.get_player_name() return "Robin" end
function robin.is_player() return true end
function robin.get_wielded_item() return ItemStack("") end

local by_name, chat_send = core.get_player_by_name, core.chat_send_player
function core.get_player_by_name(name) return name == "Robin" and robin or by_name(name) end
function core.chat_send_player(name, words) if name ~= "Robin" then chat_send(name, words) end end

local heard, said = {}, {} -- question → answer; lines said aloud

llm_agent.on("say", function(_, line) said[#said + 1] = line end)

local function was_said(words)
	for _, line in ipairs(said) do
		if line:find(words, 1, true) then return true end
	end
	return nil, table.concat(said, " | ")
end

local function ask(words)
	llm_agent.get_npc(ida):think({player = "Robin", utterance = words, actions = true}, function(reply)
		heard[words] = reply.text
	end)
end

-- Did each question get an answer that has these words?
local function answered(expected)
	for words, part in pairs(expected) do
		if not heard[words] then return nil, "no answer to " .. words end
		if not heard[words]:find(part, 1, true) then return false, ("%s %s"):format(words, heard[words]) end
	end
	return true
end

local function asks(expected) return function() for words in pairs(expected) do ask(words) end end end

local WAY = {
	["Where is the mill?"] = "10", ["Wo ist die Old Mill?"] = "Richtung Osten", ["Où se trouve Old Mill ?"] = "l’est",
	["¿Dónde está Old Mill?"] = "hacia el este", ["Где Old Mill?"] = "на восток",
}
local HOUR = {
	["What time is it?"] = "morning", ["Wie spät ist es?"] = "Vormittag", ["Quelle heure est-il ?"] = "matin",
	["¿Qué hora es?"] = "mañana", ["Который час?"] = "утро",
}
local AROUND = {
	["Who is here?"] = "Mira", ["Wer ist hier?"] = "Mira", ["How is the weather?"] = "",
	["Wie ist das Wetter?"] = "klar", ["Где я?"] = "",
}
local NEWS = {
	["Any news?"] = "I saw it myself: The bell rang by itself.",
	["Gibt es Neues?"] = "Ich habe es selbst gesehen: The bell rang by itself.",
}

local EVENING = "Meet me here in the evening."

local function spawn()
	core.set_timeofday(0.3)
	ida = llm_agent.spawn(START, {role = "villager", name = "Ida"}).id
	llm_agent.spawn({x = 4, y = 6, z = 5}, {role = "merchant", name = "Mira"})
	llm_agent.set_place("Old Mill", MILL, 2)
	storage:set_string("ida", ida)
end

local function is_there()
	local npc = llm_agent.get_npc(ida)
	return npc and npc:get_pos() and true or nil
end

local function near_mill()
	local pos = llm_agent.get_npc(ida):get_pos()
	return pos and vector.distance({x = pos.x, y = MILL.y, z = pos.z}, MILL) < 4
end

local checks = first_run and {
	{"lives", spawn, is_there},
	{"way", asks(WAY), function() return answered(WAY) end},
	{"hour", asks(HOUR), function() return answered(HOUR) end},
	{"around", asks(AROUND), function() return answered(AROUND) end},
	{"news", function()
		llm_agent.report_event({pos = START, words = "The bell rang by itself."})
		ask("Any news?")
		ask("Gibt es Neues?")
	end, function() return answered(NEWS) end},
	{"promised", asks({["Meet me at the mill at noon."] = ""}), function()
		return answered({["Meet me at the mill at noon."] = "Agreed: at noon, at Old Mill. I will be there."})
	end},
} or {
	{"lives_again", nil, is_there},
	{"gossip_outlived_the_restart", asks({["Any news?"] = ""}), function()
		return answered({["Any news?"] = "I saw it myself: The bell rang by itself."})
	end},
	{"promise_outlived_it_and_is_kept", function()
		robin.pos = {x = 13, y = 6, z = 9}
		core.set_timeofday(0.485)
	end, function()
		local ok, why = was_said("There you are, Robin, as agreed.")
		return ok and near_mill() or nil, why
	end},
	{"another_is_made", function()
		core.set_timeofday(0.6)
		ask(EVENING)
	end, function() return answered({[EVENING] = "Agreed: in the evening"}) end},
	{"one_that_the_player_breaks_is_spoken_of", function()
		robin.pos = {x = 500, y = 6, z = 9}
		core.set_timeofday(0.77)
	end, function() return was_said("Robin has not come. I have waited long enough.") end},
	{"and_at_the_next_meeting", function() robin.pos = {x = 13, y = 6, z = 9} end, function()
		return was_said("I waited for you. You did not come.")
	end},
}

llm_probe.run(checks)
