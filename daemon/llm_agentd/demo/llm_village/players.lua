-- For `bench ticks --players`: tells the players of bench/players what to do, each in a coroutine of its own. A round among a
-- group: walk up to them, speak, haggle, buy and sell, take a quest and hand it in, and strike down a wolf beside them.
-- Orders go to the players as chat lines; what comes back came over the network, as from any client. Counts what was done.

local cast, corner, ids, players, counts, timed, wolf = ...

local GROUPS = cast.group_of(#ids) + 1
local WAIT_S = 4 -- for what a click or a word should bring; then on with the next thing
local STEPS_APART_S = 0.4 -- between two clicks of a player: quick, but a person
local STRIKE_EVERY_S = 1 -- as long as a sword takes to swing
local FIGHT_MAX_S = 12
local ARRIVE_S = 0.5 -- until the client knows where it was put
local TRADES = 2 -- NPCs that a player trades with in a round
local QUEST = "apples_for_a_neighbour"
local APPLE, APPLES = "default:apple", 2
local SWORD = "default:sword_steel" -- drawn to fight only: what the hand holds in talk would be a gift
local PURSE, BREADS = "llm_agent:coin 500", "farming:bread 20"
local LINES = {
	"Hello!", "Any news?", "What do you sell?", "How is work?", "Do you have a quest for me?", "Who are you?", "Where is the inn?",
}
local KINDS = {"lines", "answers", "trades", "haggles", "quests", "strikes", "fights"}

for _, kind in ipairs(KINDS) do counts["players_" .. kind] = 0 end

local is_measuring = false
local shown = {} -- player → {form, spec}: the window that is open
local done = {} -- player → kind → how often, whether it is measured or not

local function count(name, kind)
	local mine = done[name]
	if not mine then return end
	mine[kind] = (mine[kind] or 0) + 1
	if is_measuring then counts["players_" .. kind] = counts["players_" .. kind] + 1 end
end

local show_formspec = core.show_formspec
function core.show_formspec(name, form, spec)
	shown[name] = spec ~= "" and {form = form, spec = spec} or nil
	return show_formspec(name, form, spec)
end

llm_agent.on("trade", function(_, name) count(name, "trades") end)
llm_agent.on("quest", function(_, name, _, state)
	if state == "paid" then count(name, "quests") end
end)
llm_agent.on("say", function(_, _, opts)
	if opts.to then count(opts.to, "answers") end
end)

-- Waiting, in a coroutine that the steps of the server resume ------------------------------------------------------------------

local function wait_until(is_so, max_s)
	local until_us = core.get_us_time() + max_s * 1e6
	while core.get_us_time() < until_us do
		if is_so() then return true end
		coroutine.yield()
	end
	return false
end

-- What may call back into Lua (an entity that is added, an inventory that changes, the mod) is done by the step itself: the
-- engine runs its callbacks on the main thread of Lua, which must not be in the middle of a resume.
local function outside(fn) return coroutine.yield(fn) end

local function resume(thread, ...)
	local ok, fn = coroutine.resume(thread, ...)
	assert(ok, fn)
	if fn then return resume(thread, fn()) end
end

local function sleep(seconds) wait_until(function() return false end, seconds) end

-- Whether the player has done more of this than before, soon.
local function comes(name, kind, before)
	return wait_until(function() return (done[name][kind] or 0) > before end, WAIT_S)
end

-- What a player does ------------------------------------------------------------------------------------------------------------

local function order(name, what, fields)
	fields = fields or {}
	fields["do"] = what
	core.chat_send_player(name, "@order " .. core.write_json(fields))
end

local function say(name, words) order(name, "say", {text = words}) end

local function press(name, form, fields)
	order(name, "fields", {form = form, fields = fields})
	sleep(STEPS_APART_S)
end

-- The number that clients know an object by.
local function id_of(object)
	for id, other in pairs(core.object_refs) do
		if other == object then return id end
	end
end

local function walk_up_to(name, pos)
	local player = core.get_player_by_name(name)
	order(name, "walk", {x = pos.x + 1, z = pos.z + 1})
	wait_until(function() return vector.distance(player:get_pos(), pos) < 2.5 end, WAIT_S)
end

-- The NPCs of a group that one can speak with now.
local function people(group)
	local found = {}
	for number = group * cast.GROUP + 1, math.min(#ids, (group + 1) * cast.GROUP) do
		local npc = llm_agent.get_npc(ids[number])
		if npc and npc:get_object() and not npc.beaten then found[#found + 1] = npc end
	end
	return found
end

local function talk(name, npc, round)
	local before = done[name].answers or 0
	say(name, npc.name .. ", " .. LINES[round % #LINES + 1]:lower())
	count(name, "lines")
	comes(name, "answers", before)
end

local TRADE = "llm_agent:trade"

local function window(name, form)
	return wait_until(function() return shown[name] and shown[name].form == form end, WAIT_S) and shown[name].spec
end

-- Presses the button whose name begins so; its serial is in the window as it is shown.
local function press_trade(name, begin, more)
	local spec = shown[name] and shown[name].spec or ""
	local button = spec:match("[;%]](" .. begin .. "_%d+);")
	if not button then return false end
	local fields = more or {}
	fields[button] = "x"
	press(name, TRADE, fields)
	return true
end

local function deal(name, side, word)
	local before = done[name].trades or 0
	if not press_trade(name, side .. "_item") then return end
	if press_trade(name, side .. "_haggle", {[side .. "_offer"] = "2"}) then count(name, "haggles") end
	if press_trade(name, word) then comes(name, "trades", before) end
end

local function trade(name, npc)
	say(name, "/llm trade " .. npc.name)
	if not window(name, TRADE) then return end
	deal(name, "get", "buy")
	deal(name, "give", "sell")
	press(name, TRADE, {quit = "true"})
end

local LOG = "llm_agent:quests"

local function quest(name, npc)
	if not outside(function() return timed("api", npc.offer_quest)(npc, name, QUEST) end) then return false end
	say(name, "/llm quests")
	if not window(name, LOG) then return false end
	press(name, LOG, {accept = "x"})
	outside(function() core.get_player_by_name(name):get_inventory():add_item("main", APPLE .. " " .. APPLES) end)
	local before = done[name].quests or 0
	sleep(STEPS_APART_S)
	press(name, LOG, {done = "x"})
	comes(name, "quests", before)
	press(name, LOG, {quit = "true"})
	return true
end

local function draw(name, item)
	outside(function() core.get_player_by_name(name):set_wielded_item(ItemStack(item)) end)
end

local function strike_down(name, group)
	local at = corner(group)
	local beast = outside(function() return wolf.come({x = at.x + 3, y = at.y + 1, z = at.z + 3}, function() end) end)
	local until_us = core.get_us_time() + FIGHT_MAX_S * 1e6
	while beast and core.get_us_time() < until_us do
		local pos = beast:get_pos()
		if not pos then return count(name, "fights") end
		order(name, "walk", {x = pos.x, z = pos.z})
		local id = id_of(beast)
		if id and vector.distance(pos, core.get_player_by_name(name):get_pos()) < 3.5 then
			order(name, "punch", {id = id})
			count(name, "strikes")
		end
		sleep(STRIKE_EVERY_S)
	end
	if beast then outside(function() beast:remove() end) end
end

local function fight(name, group)
	draw(name, SWORD)
	strike_down(name, group)
	draw(name, "")
end

-- What a round consists of. Where one begins differs from player to player, so that at any time some trade and some fight.
local PARTS = {
	function(name, group, round)
		for _, npc in ipairs(people(group)) do
			walk_up_to(name, npc:get_pos())
			talk(name, npc, round)
		end
	end,
	function(name, group, round)
		local sellers = people(group)
		for turn = 1, math.min(TRADES, #sellers) do
			local npc = sellers[(round + turn) % #sellers + 1]
			walk_up_to(name, npc:get_pos() or corner(group))
			trade(name, npc)
		end
	end,
	function(name, group)
		for _, npc in ipairs(people(group)) do
			walk_up_to(name, npc:get_pos() or corner(group))
			if quest(name, npc) then return end
		end
	end,
	fight,
}

local function round_of(name, group, round, first)
	local at = corner(group)
	outside(function() core.get_player_by_name(name):set_pos({x = at.x + 3, y = at.y + 0.5, z = at.z + 7}) end)
	sleep(ARRIVE_S)
	for part = 0, #PARTS - 1 do PARTS[(first + part) % #PARTS + 1](name, group, round) end
end

local function life(name, index)
	local round = 0
	return coroutine.create(function()
		while true do
			round_of(name, (round * players + index) % GROUPS, round, index)
			round = round + 1
		end
	end)
end

-- The players -----------------------------------------------------------------------------------------------------------

local company = {}
local lives = {} -- player → coroutine

function company.are_here() return #core.get_connected_players() >= players end

local function equip(player)
	local pack = player:get_inventory()
	pack:set_list("main", {"", PURSE, BREADS})
end

function company.begin()
	local roles = {}
	for _, id in ipairs(ids) do roles[#roles + 1] = llm_agent.get_npc(id).role end
	llm_agent.register_quest(QUEST, {kind = "fetch", item = APPLE, count = APPLES, reward = 1, roles = roles})
	for index, player in ipairs(core.get_connected_players()) do
		local name = player:get_player_name()
		done[name], lives[name] = {}, life(name, index - 1)
		equip(player)
	end
end

function company.step(measuring)
	is_measuring = measuring
	for name, thread in pairs(lives) do
		if core.get_player_by_name(name) then resume(thread) end
	end
end

return company
