-- Plays the villagers of VoxeLibre and Mineclonia, their games' real code, in a real server, against the minds that llm_agent
-- gives them. Clicks come from a stand-in; a door that never answers takes the daemon's place. The server ends once in between:
-- what has to last must be there in the next run. The mod llm_probe runs the checks.

local PLACE, speed, find = llm_probe.place, llm_probe.speed, llm_probe.find
local VILLAGER, TRADER = "mobs_mc:villager", "mobs_mc:wandering_trader"
local NOON, STANDS_S, LOOK_AWAY = 0.5, 4, 0.05
local LATE_US = 6e6 -- after a deadline of a second; by the default one the fallback would come after 8 s

local function stand_in(holds)
	local stack = ItemStack(holds)
	return {
		is_player = function() return true end,
		get_player_name = function() return "Robin" end,
		get_pos = function() return PLACE end,
		get_player_control = function() return {sneak = false} end,
		get_wielded_item = function() return stack end,
		set_wielded_item = function(_, left) stack = left end,
	}
end

local storage = core.get_mod_storage()
local id = storage:get_string("id")
local object, reply, asked_us, spot, since_us

local function me() return object:get_luaentity() end
local function npc() return llm_agent.get_npc(id) end

-- VoxeLibre's stand still where no player is near.
local function keep_lively() me().player_in_active_range = function() return true end end

-- Mineclonia's seldom think of a walk: where it stands, it is shown a way.
local EAST, WEST = {x = PLACE.x + 5, y = 6, z = PLACE.z}, {x = PLACE.x - 5, y = 6, z = PLACE.z} -- in the mapblock that is awake
local function walks()
	local self = me()
	if self.halt_in_tracks and not self.waypoints then
		self:gopath(vector.distance(object:get_pos(), EAST) > 3 and EAST or WEST)
	end
	return speed(object) > 0.3 or nil, "speed " .. speed(object)
end

local function learn(trade)
	if me().set_profession then me():set_profession(trade) else me()._profession = trade end
end

-- Is a plain click with that in hand the villager's own?
local function own_click(holds) return npc().own_click(object, stand_in(holds)) end

-- {name, begin or nil, done() -> true, false and why, or nil and why not yet}
local BEFORE = {
	{"villager_gets_a_mind", function()
		core.set_timeofday(NOON)
		object = core.add_entity(PLACE, VILLAGER)
		learn("farmer")
	end, function()
		id = (me().llm_agent or {}).id
		if not id or npc():get_object() ~= object then return nil, "no mind" end
		return npc().role == "farmer" or nil, "role " .. npc().role
	end},
	{"it_shows_its_name", nil, function()
		local shown = object:get_properties().nametag
		return shown == npc().name, "shows " .. tostring(shown)
	end},
	{"a_wandering_trader_is_a_merchant", function()
		if core.registered_entities[TRADER] then core.add_entity(PLACE, TRADER) end
	end, function()
		if not core.registered_entities[TRADER] then return true end -- VoxeLibre has none
		local trader = find(TRADER)
		local mind = trader and llm_agent.get_npc((trader:get_luaentity().llm_agent or {}).id)
		if not mind then return nil, "no mind" end
		local right = mind.role == "merchant" and mind.own_click(trader, stand_in(""))
		trader:remove()
		return right, "role " .. mind.role
	end},
	{"thinks_or_falls_back", function()
		reply, asked_us = nil, core.get_us_time()
		npc():think({utterance = "Any news?", deadline_ms = 1000}, function(answer) reply = answer end)
	end, function()
		if not reply then return nil, "no reply" end
		return reply.fallback and reply.text ~= "" and core.get_us_time() - asked_us < LATE_US, "no reply in time"
	end},
	{"walks", keep_lively, walks},
	{"stands_and_looks_while_it_talks", function()
		npc().hold(object, true)
		npc().turn(object, 1)
		since_us, spot = core.get_us_time(), nil
	end, function()
		local passed_s = (core.get_us_time() - since_us) / 1e6
		if passed_s < 1 then return nil, "waits" end -- it may slide and fall to rest
		spot = spot or object:get_pos()
		if vector.distance(spot, object:get_pos()) > 0.2 then return false, "it walks" end
		local away = math.abs(object:get_yaw() - 1 + (me().rotate or 0))
		if away > LOOK_AWAY then return false, "it looks away by " .. away end
		return passed_s > STANDS_S or nil, "waits"
	end},
	{"walks_again", function() npc().hold(object, false) end, walks},
	{"takes_up_another_trade", function() learn("librarian") end, function()
		return npc().role == "scholar" or nil, "role " .. npc().role
	end},
	{"keeps_its_shop", nil, function()
		return own_click("") and own_click("mcl_core:emerald"), "talks"
	end},
	{"has_time_for_a_talk_without_a_trade", function() learn("nitwit") end, function()
		if npc().role ~= "villager" then return nil, "role " .. npc().role end
		return not own_click("") and not own_click("mcl_farming:bread") and own_click("mcl_mobs:nametag"), "the wrong click"
	end},
	{"takes_its_nametag", function()
		me().nametag = "Berta"
		if me().update_tag then me():update_tag() end
	end, function() return npc().name == "Berta" or nil, "is " .. npc().name end},
	{"sleeps_unloaded", function()
		npc().hold(object, true)
		core.forceload_free_block(PLACE, true)
	end, function()
		if object:get_pos() then return nil, "still there" end
		return npc() and not npc():is_present(), "not asleep"
	end},
	{"wakes_the_same", function() core.forceload_block(PLACE, true) end, function()
		object = find(VILLAGER)
		if not object or not npc():is_present() then return nil, "not back" end
		return npc():get_object() == object and npc().name == "Berta" and npc().role == "villager", "somebody else"
	end},
	{"was_not_left_standing", keep_lively, walks},
	{"is_saved", function()
		storage:set_string("id", id)
		object:set_pos(PLACE) -- the mapblock that is woken in the next run
		npc().hold(object, true)
	end, function() return true end},
}
local AFTER = {
	{"is_the_same_after_a_restart", nil, function()
		object = find(VILLAGER)
		if not object or not npc() or not npc():is_present() then return nil, "not back" end
		return npc():get_object() == object and npc().name == "Berta" and npc().role == "villager", "somebody else"
	end},
	{"removal_answers", function()
		reply = nil
		npc():think({utterance = "Any news?", deadline_ms = 60000}, function(answer) reply = answer end)
		object:remove()
	end, function()
		if not reply then return nil, "no answer" end
		return reply.code == "cancelled" and npc() == nil, reply.code
	end},
}

llm_probe.run(id == "" and BEFORE or AFTER)
