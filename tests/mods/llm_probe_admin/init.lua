-- Plays the admin Ada, who has no client: does what the test writes into the world's file `probe.jsonl`, a JSON object a line,
-- and logs what she is shown. {"join": true}, {"command": "doctor"}, {"submit": {fields of the open form}}, {"think": "words"},
-- {"wave": "words"}, {"converse": "words"} (said aloud, as they come), {"click": true} (on a body), {"is_admin": false}.
-- The engine's functions are wrapped here; llm_agent looks them up when it calls them.

local ADA = "Ada"
local POCKET = {x = 0, y = 12, z = 0} -- the node whose inventory and metadata are hers
local FILE = core.get_worldpath() .. "/probe.jsonl"

local function log(kind, words) core.log("action", ("[llm_probe_admin] %s %s"):format(kind, core.write_json({words}))) end

local function plain(words) return core.strip_colors(core.get_translated_string("en", words)) end

-- Enough of a player for what is asked of one without a body.
local ada = {
	get_player_name = function() return ADA end,
	is_player = function() return true end,
	get_pos = function() return {x = 0, y = 8, z = 0} end,
	get_look_horizontal = function() return 0 end,
	get_wielded_item = function() return ItemStack("") end,
	get_properties = function() return {eye_height = 1.5} end,
	get_wield_list = function() return "main" end,
	get_inventory = function() return core.get_meta(POCKET):get_inventory() end,
	get_meta = function() return core.get_meta(POCKET) end,
}

local get_player_by_name, chat_send_player, show_formspec = core.get_player_by_name, core.chat_send_player, core.show_formspec
local open_form

function core.get_player_by_name(name)
	if name == ADA then return ada end
	return get_player_by_name(name)
end

function core.chat_send_player(name, words)
	if name ~= ADA then return chat_send_player(name, words) end
	log("chat", plain(words))
end

function core.show_formspec(name, form, spec)
	if name ~= ADA then return show_formspec(name, form, spec) end
	open_form = form
	log("form", plain(spec))
end

local does = {}

function does.join()
	for _, fn in ipairs(core.registered_on_joinplayers) do
		if core.callback_origins[fn].mod == "llm_agent" then fn(ada, nil) end
	end
end

function does.command(param)
	local _, message = core.registered_chatcommands.llm.func(ADA, param)
	if message then log("chat", plain(message)) end
end

function does.submit(fields)
	for _, fn in ipairs(core.registered_on_player_receive_fields) do
		if fn(ada, open_form, fields) then return end
	end
end

-- From now on she may do no more than any player.
function does.is_admin(is_admin)
	core.set_player_privs(ADA, is_admin and {llm_admin = true} or {shout = true})
end

function does.click()
	local place = ada.get_pos()
	for _, entity in pairs(core.luaentities) do
		if entity.name == "llm_agent:npc" then
			entity.object:set_pos(place)
			return entity:on_rightclick(ada)
		end
	end
	log("chat", "nobody to click at")
end

local function probe()
	return llm_agent.get_npc("probe") or llm_agent.register_npc("probe", {name = "Probe", role = "smith"})
end

function does.converse(utterance)
	probe():converse({player = ADA, utterance = utterance, remember = false}, function(reply)
		log("mind", tostring(reply.mind))
	end)
end

local function think(opts)
	probe():think(opts, function(reply)
		if reply.fallback then log("code", reply.code) end
		log("reply", reply.text)
	end)
end

function does.think(utterance) think({player = "Robin", utterance = utterance}) end

-- An action that the player's words alone ask for, and that cannot be done.
function does.wave(utterance)
	llm_agent.register_action("wave", {
		roles = {"smith"}, description = "waves", meant = function() return {} end,
		run = function() return false, "Nobody is here to wave at." end,
	})
	think({player = "Robin", utterance = utterance, actions = {"wave"}})
end

local done = 0

core.register_globalstep(function()
	local file = io.open(FILE, "r")
	if not file then return end
	local number = 0
	for line in file:lines() do
		number = number + 1
		if number > done then
			done = number
			for verb, given in pairs(core.parse_json(line)) do does[verb](given) end
		end
	end
	file:close()
end)

core.after(0, function() -- the engine knows no privileges before the first step
	core.set_player_privs(ADA, {llm_admin = true})
	log("ready", "")
end)
