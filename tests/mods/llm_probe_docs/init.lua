-- Plays the player Robin, who has no client, against the examples of docs/api.md: he joins, dies, talks to the innkeeper and
-- to a sheep. The mod llm_probe runs the checks.
-- The engine's functions are wrapped here; llm_agent and the examples look them up when they call them.

local ROBIN = "Robin"
local PLACE, find = llm_probe.place, llm_probe.find
local POCKET = {x = 8, y = 12, z = 8} -- the node whose inventory and metadata are his

local holds = ""
local robin = {
	is_player = function() return true end,
	get_player_name = function() return ROBIN end,
	get_pos = function() return PLACE end,
	get_player_control = function() return {sneak = false} end,
	get_wielded_item = function() return ItemStack(holds) end,
	get_wield_list = function() return "main" end,
	get_inventory = function() return core.get_meta(POCKET):get_inventory() end,
	get_meta = function() return core.get_meta(POCKET) end,
}

local told, form = {}, nil -- what Robin is shown
local get_player_by_name, chat_send_player, show_formspec = core.get_player_by_name, core.chat_send_player, core.show_formspec

function core.get_player_by_name(name)
	if name == ROBIN then return robin end
	return get_player_by_name(name)
end

function core.chat_send_player(name, words)
	if name ~= ROBIN then return chat_send_player(name, words) end
	told[#told + 1] = words
end

function core.show_formspec(name, form_name, spec)
	if name ~= ROBIN then return show_formspec(name, form_name, spec) end
	form = form_name
end

-- What the engine does when something happens to a player, for the callbacks of one mod: others would want a real player.
local function happens(callbacks, mod, ...)
	local count = 0
	for _, fn in ipairs(callbacks) do
		if core.callback_origins[fn].mod == mod then
			fn(robin, ...)
			count = count + 1
		end
	end
	assert(count > 0, "no callback of " .. mod)
end

local function say(message)
	for _, fn in ipairs(core.registered_on_chat_messages) do
		if fn(ROBIN, message) then return end
	end
end

local said, replied = {}, {} -- name → the last line, and the last that the model gave
llm_agent.on("say", function(npc, line, opts)
	said[npc.name] = line
	if opts.reply and not opts.reply.fallback then replied[npc.name] = line end
end)

local sheep, mind

-- {name, begin, done() -> true, or nil or false and why not}
local CHECKS = {
	{"greeter_greets", function() happens(core.registered_on_joinplayers, "greeter") end, function()
		return told[1] and told[1]:find("^<Ines> .") and true, "told " .. tostring(told[1])
	end},
	{"innkeeper_comes", function() told[1] = select(2, core.registered_chatcommands.inn.func(ROBIN)) end, function()
		return told[1]:find("Rosa is here", 1, true) ~= nil, told[1]
	end},
	{"innkeeper_tells_the_news", function() happens(core.registered_on_dieplayers, "innkeeper") end, function()
		return said.Rosa == "Have you heard? Robin died in the wilds." or nil, said.Rosa
	end},
	{"innkeeper_answers", function() say("Rosa, any news?") end, function() return replied.Rosa and true, "silent" end},
	{"sheep_gets_a_mind", function() sheep = core.add_entity(PLACE, "mobs_animal:sheep_white") end, function()
		mind = llm_agent.get_npc((sheep:get_luaentity().llm_agent or {}).id)
		return mind and mind.role == "sheep", "no mind"
	end},
	{"empty_hand_talks", function() sheep:get_luaentity():on_rightclick(robin) end, function()
		return form == "llm_agent:dialog" and sheep:get_luaentity().order == "stand", "form " .. tostring(form)
	end},
	{"wheat_is_the_sheeps", function()
		holds = "farming:wheat"
		sheep:get_luaentity():on_rightclick(robin)
	end, function() return sheep:get_luaentity().clicks == 1, "took the click" end},
	{"sheep_speaks", function()
		happens(core.registered_on_player_receive_fields, "llm_agent", "llm_agent:dialog", {quit = "true"})
		say(mind.name .. ", how is the grass?")
	end, function()
		return replied[mind.name] and true, "silent"
	end},
	{"sheep_goes_on", nil, function() return sheep:get_luaentity().order == "" or nil, "stands" end},
	{"sheep_sleeps_unloaded", function()
		sheep:get_luaentity().tamed = true -- mobs_redo keeps no wild ones
		core.forceload_free_block(PLACE, true)
	end, function()
		return not sheep:get_pos() and not mind:is_present() or nil, "awake"
	end},
	{"sheep_comes_back_the_same", function() core.forceload_block(PLACE, true) end, function()
		local back = find("mobs_animal:sheep_white")
		if not back then return nil, "away" end
		return mind:get_object() == back and back:get_luaentity().llm_agent.id == mind.id, "somebody else"
	end},
	{"sheep_still_stands_to_talk", function()
		holds = ""
		find("mobs_animal:sheep_white"):get_luaentity():on_rightclick(robin)
	end, function() return find("mobs_animal:sheep_white"):get_luaentity().order == "stand", "walks" end},
}

llm_probe.run(CHECKS)
