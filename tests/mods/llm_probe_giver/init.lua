-- Plays the player Robin, who has no client, against docs/examples/quest_giver and the embedded model: Gisela comes, he asks her
-- for work until she offers one of her quests, takes it, does it, and is paid; the other one is offered by npc:offer_quest and
-- goes by commands. The mod llm_probe runs the checks.

local ROBIN = "Robin"
local PLACE = llm_probe.place
local POCKET = {x = 8, y = 12, z = 8} -- the node whose inventory Robin's is
local TORCH, COIN, BREAD = "default:torch", "llm_agent:coin", "farming:bread"
local ASK_EVERY_S = 3

local function pocket() return core.get_meta(POCKET):get_inventory() end

local robin = {
	is_player = function() return true end,
	get_player_name = function() return ROBIN end,
	get_pos = function() return PLACE end,
	get_player_control = function() return {sneak = false} end,
	get_wielded_item = function() return ItemStack("") end,
	get_wield_list = function() return "main" end,
	get_inventory = pocket,
	get_meta = function() return core.get_meta(POCKET) end,
}

local heard = "" -- the last that all were told
local get_player_by_name, chat_send_player, chat_send_all = core.get_player_by_name, core.chat_send_player, core.chat_send_all

function core.get_player_by_name(name) return name == ROBIN and robin or get_player_by_name(name) end

function core.chat_send_player(name, words)
	if name ~= ROBIN then return chat_send_player(name, words) end
	core.log("action", "[llm_probe_giver] told " .. words)
end

function core.chat_send_all(words)
	heard = words
	return chat_send_all(words)
end

local function count(item)
	local found = 0
	for _, stack in ipairs(pocket():get_list("main")) do
		if stack:get_name() == item then found = found + stack:get_count() end
	end
	return found
end

local said_s = -ASK_EVERY_S

-- Says it again and again, until the model did what it should.
local function insist(message, is_done)
	local now_s = core.get_us_time() / 1e6
	if is_done then
		said_s = -ASK_EVERY_S
		return true
	end
	if now_s - said_s > ASK_EVERY_S then
		said_s = now_s
		for _, fn in ipairs(core.registered_on_chat_messages) do
			if fn(ROBIN, message) then break end
		end
	end
	return nil, "still not after: " .. message
end

local function command(words) return core.registered_chatcommands.llm.func(ROBIN, words) end

local gisela_id
local function gisela() return llm_agent.get_npc(gisela_id) end

local name, state -- of the quest that was heard of last
llm_agent.on("quest", function(npc, player_name, quest, new_state)
	assert(player_name == ROBIN)
	name, state, gisela_id = quest.name, new_state, npc.id
end)

-- What Robin does for each of her quests.
local DEEDS = {
	torches = function() pocket():add_item("main", TORCH .. " 3") end,
	light_the_beacon = function() core.set_node({x = 9, y = 6, z = 8}, {name = TORCH, param2 = 1}) end,
}
local OTHER = {torches = "light_the_beacon", light_the_beacon = "torches"}
local first

local CHECKS = {
	{"gisela_comes", function()
		pocket():set_size("main", 8)
		for _, fn in ipairs(core.registered_on_joinplayers) do
			if core.callback_origins[fn].mod == "llm_agent" then fn(robin) end
		end
	end, function()
		local ok, words = core.registered_chatcommands.beacon.func(ROBIN)
		return ok and words:find("Gisela is here", 1, true) ~= nil, tostring(words)
	end},
	{"she_offers_work", nil, function()
		return insist("Gisela, do you have work for me?", state == "offered" and DEEDS[name] ~= nil)
	end},
	{"a_yes_takes_it", nil, function() return insist("Yes, Gisela, I will", state == "accepted") end},
	{"the_deed_counts", function()
		first = name
		DEEDS[first]()
	end, function() return state == "fulfilled" or nil, "not noticed" end},
	{"she_pays", nil, function() return insist("Gisela, it is done.", state == "paid") end},
	{"all_hear_of_it", nil, function() return heard == ("Robin has done %s!"):format(first), heard end},
	{"her_mod_offers_the_other", nil, function()
		local ok, why = gisela():offer_quest(ROBIN, OTHER[first])
		return ok and state == "offered" and name == OTHER[first], tostring(why)
	end},
	{"a_command_takes_it", nil, function() return command("quests accept") and state == "accepted", "state " .. state end},
	{"that_counts_as_well", function() DEEDS[OTHER[first]]() end, function() return state == "fulfilled" or nil, "not noticed" end},
	{"a_command_hands_it_in", nil, function() return command("quests done") and state == "paid", "state " .. state end},
	{"goods_are_where_they_belong", nil, function()
		local hers = gisela():get_goods()
		return count(COIN) == 10 and count(BREAD) == 2 and count(TORCH) == 0
			and hers[COIN] == 40 and hers[BREAD] == 8 and hers[TORCH] == 3, core.write_json(hers)
	end},
}

llm_probe.run(CHECKS)
