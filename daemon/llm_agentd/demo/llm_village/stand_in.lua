-- The player of `bench exchanges`: a visitor (visitor.lua) who is also among the connected players, so that NPCs greet them and
-- they read the chat; who has a language, a hand and hit points, and tells what they hear, see and suffer.
-- Also the weather, as climate_api would tell it. Everything that is asked of a player and not written here is answered by nil.

local HP = 20

local stand_in = {weather = nil} -- the preset that climate_api has around the player

local connected -- the player while they are in the world

local get_connected_players, get_player_information = core.get_connected_players, core.get_player_information

function core.get_connected_players()
	local players = get_connected_players()
	players[#players + 1] = connected
	return players
end

function core.get_player_information(name)
	if connected and name == connected.name then return {lang_code = connected.language, protocol_version = 42} end
	return get_player_information(name)
end

rawset(_G, "climate_api", {environment = {get_weather_presets = function() return {stand_in.weather} end}})

local Player = {}

function Player:join()
	connected = self
	self.visitor.join(self, self.pos)
end

function Player:leave()
	self.visitor.leave(self)
	connected = nil
end

-- What the client would show, in the player's language or another, without colours.
function Player:plain(words, language)
	local shown = core.get_translated_string(language or self.language, words)
	return (shown:gsub("\27%([^)]*%)", ""):gsub("\27.", ""))
end

-- def: language, pack (list of item strings), holds. The hand is the first slot.
function Player:equip(def)
	self.language, self.hp = def.language or "en", HP
	local list = {def.holds or ""}
	for _, item in ipairs(def.pack or {}) do list[#list + 1] = item end
	self:get_inventory():set_list("main", {})
	self:get_inventory():set_list("main", list)
end

function Player:hold(item) self:get_inventory():set_stack("main", 1, item) end
function Player:get_wielded_item() return self:get_inventory():get_stack("main", 1) end

function Player:set_wielded_item(stack)
	self:get_inventory():set_stack("main", 1, stack)
	return true
end

function Player:get_hp() return self.hp end
function Player:set_hp(hp) self.hp = math.max(1, hp) end
function Player:get_armor_groups() return {fleshy = 100} end
function Player:get_velocity() return {x = 0, y = 0, z = 0} end
function Player:get_look_dir() return {x = 0, y = 0, z = 1} end
function Player:get_look_horizontal() return 0 end
function Player:get_look_vertical() return 0 end
function Player:get_properties() return {eye_height = 1.6, hp_max = HP, collisionbox = {-0.3, 0, -0.3, 0.3, 1.75, 0.3}} end

-- An NPC strikes the player, who never dies of it: what happens then is for the exchange to say.
function Player:punch(puncher, _, capabilities)
	local by = puncher and puncher:get_luaentity()
	local npc = by and by.npc_id and llm_agent.get_npc(by.npc_id)
	self.hp = math.max(1, self.hp - ((capabilities or {}).damage_groups or {}).fleshy)
	self.struck(npc and npc.name or "somebody", self.hp)
end

local function nothing() end

-- visitors: of visitor.lua. pack: a position of a node that is the player's alone. What the player hears, sees and suffers goes
-- to .hears(words), .sees(form, words) and .struck(by, hp).
function stand_in.new(visitors, name, pack)
	local player = visitors.new(name, pack)
	local visitor = getmetatable(player).__index
	player.visitor, player.language, player.hp = visitor, "en", HP
	player.hears, player.sees, player.struck = nothing, nothing, nothing
	setmetatable(player, {__index = function(_, key) return Player[key] or visitor[key] or nothing end})
	local chat_send_player, show_formspec = core.chat_send_player, core.show_formspec
	function core.chat_send_player(to, words)
		if to == name then return player.hears(player:plain(words)) end
		return chat_send_player(to, words)
	end
	function core.show_formspec(to, form, spec)
		if to == name and spec ~= "" then player.sees(form, player:plain(spec)) end
		return show_formspec(to, form, spec)
	end
	return player
end

return stand_in
