-- Plays mobs_redo's real code, in a real server, against the minds that llm_agent gives its mobs. Clicks come from a stand-in;
-- the daemon's place is taken by a door that never answers. The server ends once in between: what has to last must be there in
-- the next run. The mod llm_probe runs the checks.

local PLACE, speed, find = llm_probe.place, llm_probe.speed, llm_probe.find

mobs:register_mob("llm_probe_mobs:town_guard", {
	type = "npc", visual = "cube", textures = {{"default_stone.png"}}, hp_min = 10, hp_max = 10, follow = {"farming:bread"},
	walk_chance = 100, stand_chance = 0, walk_velocity = 2, fear_height = 0, order = "wander",
	on_rightclick = function(self, clicker)
		self.clicks = (self.clicks or 0) + 1
		mobs:feed_tame(self, clicker, 8, false, false)
	end,
})
mobs:register_mob("llm_probe_mobs:sheep", {type = "animal", visual = "cube", textures = {{"default_stone.png"}}})

core.register_entity("llm_probe_mobs:keeper", {
	on_activate = function(self, staticdata) self.llm_agent = core.deserialize(staticdata) end,
	get_staticdata = function(self) return core.serialize(self.llm_agent) end,
})

local function stand_in(holds, sneaks)
	local stack = ItemStack(holds)
	return {
		is_player = function() return true end,
		get_player_name = function() return "Robin" end,
		get_pos = function() return PLACE end,
		get_player_control = function() return {sneak = sneaks} end,
		get_wielded_item = function() return stack end,
		set_wielded_item = function(_, left) stack = left end,
	}
end

local storage = core.get_mod_storage()
local guard, sheep, keeper -- objects
local id, keeper_id, keeper_name = storage:get_string("id"), storage:get_string("keeper_id"), storage:get_string("keeper_name")
local reply, asked_us, spot, since

local function me() return guard:get_luaentity() end
local function npc() return llm_agent.get_npc(id) end

local LATE_US = 6e6 -- after a deadline of a second; by the default one the fallback would come after 8 s

local function ask(deadline_ms)
	reply, asked_us = nil, core.get_us_time()
	npc():think({utterance = "Any news?", deadline_ms = deadline_ms}, function(answer) reply = answer end)
end

-- Are both back, the same as they were? nil while they are not back.
local function are_the_same()
	guard, keeper = find("llm_probe_mobs:town_guard"), find("llm_probe_mobs:keeper")
	if not guard or not keeper then return nil, "not back" end
	local mind, other = npc(), llm_agent.get_npc(keeper_id)
	if not mind or mind:get_object() ~= guard or not other or other:get_object() ~= keeper then return false, "somebody else" end
	return mind.name == "Berta" and mind.role == "guard" and other.name == keeper_name and other.mood == "glad", "changed"
end

-- {name, begin or nil, done() -> true, false and why, or nil and why not yet}
local BEFORE = {
	{"mob_gets_a_mind", function()
		guard = core.add_entity(PLACE, "llm_probe_mobs:town_guard")
		sheep = core.add_entity(PLACE, "llm_probe_mobs:sheep")
		keeper = core.add_entity(PLACE, "llm_probe_mobs:keeper")
	end, function()
		id = (me().llm_agent or {}).id
		if not id or npc():get_object() ~= guard then return nil, "no mind" end
		return npc().role == "guard" and sheep:get_luaentity().llm_agent == nil, "role " .. npc().role
	end},
	{"entity_is_attached", function()
		local mind = llm_agent.attach(keeper, {role = "farmer", mood = "glad"})
		keeper_id, keeper_name = mind.id, mind.name
	end, function() return keeper:get_properties().nametag == keeper_name end},
	{"thinks_or_falls_back", function() ask(1000) end, function()
		if not reply then return nil, "no reply" end
		return reply.fallback and reply.text ~= "" and core.get_us_time() - asked_us < LATE_US, "no reply in time"
	end},
	{"walks", nil, function() return speed(guard) > 0.5, "speed " .. speed(guard) end},
	{"stands_and_looks_while_it_talks", function()
		me():set_yaw(3, 8) -- it was about to turn
		npc().hold(guard, true)
		npc().turn(guard, 1)
		since, spot = core.get_us_time(), nil
	end, function()
		local passed_s = (core.get_us_time() - since) / 1e6
		if passed_s < 1 then return nil, "waits" end -- it may slide and fall to rest
		spot = spot or guard:get_pos()
		if vector.distance(spot, guard:get_pos()) > 0.2 then return false, "it walks" end
		if math.abs(guard:get_yaw() - 1) > 0.01 then return false, "it looks away" end
		return passed_s > 5 or nil, "waits"
	end},
	{"walks_again", function() npc().hold(guard, false) end, function()
		return me().order == "wander" and speed(guard) > 0.5 or nil, "order " .. me().order
	end},
	{"gift_is_the_mobs", function() me():on_rightclick(stand_in("farming:bread")) end, function()
		return me().clicks == 1 and me().food == 1, "clicks " .. tostring(me().clicks)
	end},
	{"empty_hand_talks", function() me():on_rightclick(stand_in("")) end, function()
		return me().clicks == 1, "took the click"
	end},
	{"sneaking_is_the_mobs", function() me():on_rightclick(stand_in("", true)) end, function()
		return me().clicks == 2, "no click"
	end},
	{"takes_its_nametag", function()
		me().nametag = "Berta"
		me():update_tag()
	end, function() return npc().name == "Berta" or nil, "is " .. npc().name end},
	{"sleeps_unloaded", function()
		npc().hold(guard, true)
		core.forceload_free_block(PLACE, true)
	end, function()
		if guard:get_pos() or keeper:get_pos() then return nil, "still there" end
		return npc() and not npc():is_present() and not llm_agent.get_npc(keeper_id):is_present(), "not asleep"
	end},
	{"wakes_the_same", function() core.forceload_block(PLACE, true) end, are_the_same},
	{"was_not_left_standing", nil, function() return me().order == "wander", "order " .. me().order end},
	{"talks_at_the_end", function()
		npc().hold(guard, true)
		storage:set_string("id", id)
		storage:set_string("keeper_id", keeper_id)
		storage:set_string("keeper_name", keeper_name)
	end, function() return me().order == "stand", "order " .. me().order end},
}
local AFTER = {
	{"is_the_same_after_a_restart", nil, are_the_same},
	{"goes_its_way_after_a_restart", nil, function() return me().order == "wander", "order " .. me().order end},
	{"removal_answers", function()
		ask(60000)
		guard:remove()
	end, function()
		if not reply then return nil, "no answer" end
		return reply.code == "cancelled" and npc() == nil, reply.code
	end},
}

llm_probe.run(id == "" and BEFORE or AFTER)
