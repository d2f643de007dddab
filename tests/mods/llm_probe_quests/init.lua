-- Plays the player Robin, who has no client, through three quests in two runs of a real server with the embedded model: he asks
-- for work until it is offered, says yes, does it, and says so until he is paid. His things lie in a node's inventory, which
-- the engine keeps over the restart. The mod llm_probe runs the checks.

local ROBIN = "Robin"
local PLACE, OAKFORD = llm_probe.place, {x = 20, y = 6, z = 8}
local POCKET = {x = 8, y = 12, z = 8}
local COAL, COIN, SHEEP = "default:coal_lump", "llm_agent:coin", "mobs_animal:sheep_white"
local ASK_EVERY_S = 3
local SECOND = core.get_worldpath() .. "/second_run"

local is_second = io.open(SECOND) ~= nil
local place = PLACE
local robin = {
	is_player = function() return true end,
	get_player_name = function() return ROBIN end,
	get_pos = function() return place end,
	get_player_control = function() return {sneak = false} end,
	get_wielded_item = function() return ItemStack("") end,
	set_wielded_item = function() return true end,
	get_wield_list = function() return "main" end,
	get_inventory = function() return core.get_meta(POCKET):get_inventory() end,
	get_meta = function() return core.get_meta(POCKET) end,
}

local get_player_by_name, chat_send_player = core.get_player_by_name, core.chat_send_player

function core.get_player_by_name(name) return name == ROBIN and robin or get_player_by_name(name) end

function core.chat_send_player(name, words)
	if name ~= ROBIN then return chat_send_player(name, words) end
	core.log("action", "[llm_probe_quests] told " .. words)
end

local function count(item)
	local found = 0
	for _, stack in ipairs(robin.get_inventory():get_list("main") or {}) do
		if stack:get_name() == item then found = found + stack:get_count() end
	end
	return found
end

local function say(message)
	for _, fn in ipairs(core.registered_on_chat_messages) do
		if fn(ROBIN, message) then return end
	end
end

local function coins_of(id) return llm_agent.get_npc(id):get_goods()[COIN] or 0 end

local before = 0 -- Ann's coins
local held = 0 -- coins that Robin had already
local gifts, gifts_of_ann = 0, 0 -- coins that the model gave as presents
llm_agent.on("action", function(npc, _, name, params, ok)
	if not (name == "give_item" and params.item == "coin" and ok) then return end
	gifts = gifts + params.count
	if npc.id == "probe:ann" then gifts_of_ann = gifts_of_ann + params.count end
end)
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
		say(message)
	end
	return nil, "still not after: " .. message
end

local quests = {} -- NPC's id → the last that was heard of its quest with Robin
llm_agent.on("quest", function(npc, _, quest, state)
	quests[quest.npc] = quest
	core.log("action", ("[llm_probe_quests] %s %s %s"):format(quest.npc, quest.kind, state))
	assert(npc == nil or npc.id == quest.npc)
end)

local said = {} -- NPC's id → what it said last to Robin
llm_agent.on("say", function(npc, words) said[npc.id] = words end)

-- Did the NPC's last line hold all of these, and no other number?
local function says(id, ...)
	local line, numbers = said[id] or "", {}
	for i = 1, select("#", ...) do
		local part = select(i, ...)
		if not line:find(part, 1, true) then return nil, ("not %q in: %s"):format(part, line) end
		for number in part:gmatch("%d+") do numbers[number] = true end
	end
	for number in line:gmatch("%d+") do
		if not numbers[number] then return false, ("%s in: %s"):format(number, line) end
	end
	return true
end

local function state_of(id) return quests[id] and quests[id].state end

llm_agent.register_quest("coal", {kind = "fetch", item = COAL, count = 3, reward = 9, npcs = {"probe:ann"}})
llm_agent.register_quest("oakford", {kind = "visit", target = "Oakford", reward = 4, npcs = {"probe:bram"}})
llm_agent.register_quest("sheep", {kind = "hunt", target = SHEEP, count = 1, reward = 5, npcs = {"probe:clara"}})
for name, role in pairs({Ann = "smith", Bram = "farmer", Clara = "innkeeper", Dora = "merchant"}) do
	llm_agent.register_npc("probe:" .. name:lower(), {name = name, role = role, pos = PLACE})
end

local function enters()
	robin.get_inventory():set_size("main", 8)
	for _, fn in ipairs(core.registered_on_joinplayers) do
		if core.callback_origins[fn].mod == "llm_agent" then fn(robin) end
	end
end

local function strike(sheep)
	local self = sheep:get_luaentity()
	self:on_punch(robin, 2, {full_punch_interval = 1, damage_groups = {fleshy = 100}}, {x = 0, y = 0, z = 1}, 100)
end

-- {name, begin, done() -> true, or nil or false and why not}
local FIRST = {
	{"nonsense_is_offered_nothing", function()
		enters()
		llm_agent.set_place("Oakford", OAKFORD, 3)
		for _, name in ipairs({"ann", "bram", "clara", "dora"}) do
			llm_agent.get_npc("probe:" .. name):add_goods(COIN, 40)
		end
		before = coins_of("probe:ann")
		say("Ann, asdfgh qwerty zzz")
	end, function()
		if not said["probe:ann"] then return nil, "no answer" end
		return state_of("probe:ann") == nil, "an offer on nonsense"
	end},
	{"work_is_offered", nil, function() return insist("Ann, do you have work for me?", state_of("probe:ann") == "offered") end},
	{"the_offer_is_said_as_it_is", nil, function() return says("probe:ann", "3 coal lumps", "9 coins") end},
	{"a_yes_takes_it", function() said = {} end, function()
		return insist("Yes, Ann, I will", state_of("probe:ann") == "accepted")
	end},
	{"and_is_answered_with_it", nil, function() return says("probe:ann", "3 coal lumps", "9 coins") end},
	{"reward_is_set_apart", nil, function()
		local left = coins_of("probe:ann") + gifts_of_ann
		return left == before - 9, ("%d of %d left"):format(left, before)
	end},
	{"a_visit_is_offered", nil, function() return insist("Bram, can I help you?", state_of("probe:bram") == "offered") end},
	{"and_taken", function() said = {} end, function()
		local ok, why = insist("Yes, Bram", state_of("probe:bram") == "accepted")
		if ok and said["probe:bram"] then return true end
		return nil, why or "taken without a word" -- it thinks about "Yes, Bram", not about what comes then
	end},
	{"being_there_is_noticed", function() place = OAKFORD end, function()
		return state_of("probe:bram") == "fulfilled" or nil, "not noticed"
	end},
	{"what_an_npc_thinks_of_is_offered", function() place = PLACE end, function()
		local ok, why = insist("Dora, do you have work for me?", state_of("probe:dora") == "offered")
		if not ok then return ok, why end
		local quest = quests["probe:dora"]
		return quest.kind ~= "fetch" or core.registered_items[quest.item] ~= nil, "asks for " .. tostring(quest.item)
	end},
	{"incomplete_fetch_is_not_paid", function() robin.get_inventory():add_item("main", COAL .. " 2") end, function()
		local ok = select(2, core.registered_chatcommands.llm.func(ROBIN, "quests done 1"))
		assert(io.open(SECOND, "w")):close()
		return state_of("probe:ann") == "accepted" and count(COAL) == 2, tostring(ok)
	end},
}

local OTHER = {
	{"fetch_is_as_it_was", function()
		enters()
		before, held = coins_of("probe:ann"), count(COIN)
		robin.get_inventory():add_item("main", COAL .. " 1")
	end, function() return state_of("probe:ann") == "fulfilled" or nil, "not fulfilled" end},
	{"reported_fetch_is_paid", nil, function() return insist("Ann, here is your coal.", state_of("probe:ann") == "paid") end},
	{"and_the_payment_is_said", nil, function() return says("probe:ann", "9 coins") end},
	{"once_and_whole", nil, function()
		local is_whole = count(COIN) - held - gifts == 9 and count(COAL) == 0
		return is_whole and coins_of("probe:ann") == before - gifts_of_ann, "coins " .. count(COIN)
	end},
	{"the_visit_was_kept", nil, function() return insist("Bram, it is done.", state_of("probe:bram") == "paid") end},
	{"a_hunt_is_offered", nil, function()
		return insist("Clara, do you have work for me?", state_of("probe:clara") == "offered")
	end},
	{"and_accepted", nil, function() return insist("Yes, Clara", state_of("probe:clara") == "accepted") end},
	{"a_mob_of_mobs_redo_counts", function() strike(core.add_entity(PLACE, SHEEP)) end, function()
		return state_of("probe:clara") == "fulfilled", "state " .. tostring(state_of("probe:clara"))
	end},
	{"and_is_paid", nil, function() return insist("Clara, it is done.", state_of("probe:clara") == "paid") end},
	{"all_rewards_are_here", nil, function() return count(COIN) - held - gifts == 18, "coins " .. count(COIN) end},
}

llm_probe.run(is_second and OTHER or FIRST)
