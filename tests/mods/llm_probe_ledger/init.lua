-- Goods change hands with a real player, whose client comes and goes, until the server is killed. Logs what all have together
-- when the player is there (`sum`), and what becomes of exchanges with a real inventory that is full (`ok NAME`, `FAIL NAME`).
-- Settings: llm_probe.trades_per_s; llm_probe.trades, how many in one visit; llm_probe.storage_interval_s, how often the storage
-- alone is saved; llm_probe.storage_once: it is saved once the player is there, then never again, and only then trades begin.

local PLAYER = "Robin"
local COIN, APPLE = "llm_agent:coin", "default:apple"
local STOCK, PURSE = {[COIN] = 5000, [APPLE] = 5000}, {[COIN] = 200, [APPLE] = 150}
local SLOTS = 32
local STORAGE_FIRST_S = 10 -- after its start the engine saves the storage, then by the interval that holds at that time
local SAVED_S = 3 -- more than llm_probe.storage_interval_s, in the engine's own time: however slow it is, it has saved by then
local NEVER_S = 100000

local function setting(name) return tonumber(core.settings:get("llm_probe." .. name)) end

local function log(words) core.log("action", "[llm_probe_ledger] " .. words) end

local npc
local run_s, steps, due, done = 0, 0, 0, 0
local present_s, closed_s = 0, nil -- how long the player is there; when the storage was saved for the last time, of the run

local function save_storage_every(interval_s) core.settings:set("server_map_save_interval", tostring(interval_s)) end

local function may_trade(dtime)
	if not core.get_player_by_name(PLAYER) then return false end
	if not core.settings:get_bool("llm_probe.storage_once") then return true end
	present_s = present_s + dtime
	if not closed_s and present_s > SAVED_S and run_s > STORAGE_FIRST_S + SAVED_S then
		save_storage_every(NEVER_S)
		closed_s = run_s
	end
	return closed_s ~= nil and run_s > closed_s + SAVED_S
end

core.register_on_mods_loaded(function()
	npc = llm_agent.register_npc("shop", {name = "Ann", role = "merchant", pos = {x = 0, y = 0, z = 0}})
	if next(npc:get_goods()) then return end
	for item, count in pairs(STOCK) do npc:add_goods(item, count) end
end)

local function carried(inventory, item)
	local sum = 0
	for _, stack in ipairs(inventory:get_list("main")) do
		if stack:get_name() == item then sum = sum + stack:get_count() end
	end
	return sum
end

local function log_sum(inventory)
	local goods = npc:get_goods()
	local function all(item) return carried(inventory, item) + (goods[item] or 0) end
	log(("sum coins=%d apples=%d"):format(all(COIN), all(APPLE)))
end

local function check(name, ok)
	log((ok and "ok " or "FAIL ") .. name)
end

-- With all slots in use but one, which holds a few apples.
local function check_full(inventory)
	local kept = inventory:get_list("main")
	for i = 2, SLOTS do inventory:set_stack("main", i, "default:pick_wood") end
	inventory:set_stack("main", 1, APPLE .. " 95")
	local worn = ItemStack("default:pick_wood")
	worn:set_wear(1000)
	inventory:set_stack("main", SLOTS, worn)
	local function before_and_after(gives, gets)
		local list, goods = inventory:get_list("main"), npc:get_goods()
		local ok, code = npc:exchange(PLAYER, gives, gets)
		local same = npc:get_goods()[APPLE] == goods[APPLE] and npc:get_goods()[COIN] == goods[COIN]
		for i, stack in ipairs(inventory:get_list("main")) do same = same and stack:to_string() == list[i]:to_string() end
		return ok, code, same
	end
	local ok, code, same = before_and_after({[APPLE] = 5}, {})
	check("no_room_for_five", not ok and code == "no_room" and same)
	ok, code, same = before_and_after({[COIN] = 1}, {[APPLE] = 90})
	check("no_room_for_another_kind", not ok and code == "no_room" and same)
	ok, code, same = before_and_after({}, {["default:pick_wood"] = SLOTS - 1})
	check("what_is_worn_does_not_count", not ok and code == "player_lacks" and same)
	ok, code = npc:exchange(PLAYER, {[APPLE] = 4}, {})
	check("fills_a_stack", ok and not code and inventory:get_stack("main", 1):to_string() == APPLE .. " 99")
	ok = npc:exchange(PLAYER, {[COIN] = 2}, {[APPLE] = 99})
	check("takes_the_slot_that_becomes_free", ok and inventory:get_stack("main", 1):to_string() == COIN .. " 2")
	ok = npc:exchange(PLAYER, {[APPLE] = 95}, {[COIN] = 2})
	check("back", ok and inventory:get_stack("main", 1):to_string() == APPLE .. " 95")
	inventory:set_list("main", kept)
end

core.register_on_joinplayer(function(player)
	player:set_physics_override({gravity = 0, speed = 0})
	local inventory, meta = player:get_inventory(), player:get_meta()
	if meta:get_string("llm_probe_ledger:purse") == "" then
		meta:set_string("llm_probe_ledger:purse", "given") -- saved with the inventory, or not
		for item, count in pairs(PURSE) do inventory:add_item("main", item .. " " .. count) end
		check_full(inventory)
	end
	due, done = 0, 0
	log_sum(inventory)
end)

local function trade()
	local many, few = math.random(1, 9), math.random(1, 4)
	local gives, gets = {[APPLE] = many}, {[COIN] = few}
	if math.random(2) == 1 then gives, gets = {[COIN] = few}, {[APPLE] = many} end
	npc:exchange(PLAYER, gives, gets)
end

core.register_globalstep(function(dtime)
	run_s, steps = run_s + dtime, steps + 1
	if steps == 5 and setting("storage_interval_s") then -- the engine has read by now how often it saves players
		save_storage_every(setting("storage_interval_s"))
	end
	if not may_trade(dtime) then return end
	due = due + dtime * setting("trades_per_s")
	while due >= 1 and done < (setting("trades") or math.huge) do
		trade()
		due, done = due - 1, done + 1
		if done == setting("trades") then log("traded") end
	end
end)
