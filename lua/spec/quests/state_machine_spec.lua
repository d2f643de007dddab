-- quests/state_machine.lua in any order of events: no quest pays twice.

local game = require("spec.support.quest_kinds")
local ORIGIN, NEXT, FAR, COIN, APPLE, BREAD = game.ORIGIN, game.NEXT, game.FAR, game.COIN, game.APPLE, game.BREAD
local begin, restart, coins_of, give, offer, accepted = game.begin, game.restart, game.coins_of, game.give, game.offer, game.accepted

-- Conservation -----------------------------------------------------------------------------------------------------------
local PLAYERS, NPCS = {"Robin", "Marian"}, {"ann", "bob"}

-- All there is: with players and in the ledger.
local function sum()
	local all = game.private.ledger.ledger.total()
	for _, name in ipairs(PLAYERS) do
		for _, item in ipairs({COIN, APPLE, BREAD}) do
			local player = core.get_player_by_name(name)
			local count = 0
			for _, stack in ipairs(player and player:get_inventory():get_list("main") or (game.mock.saves[name] or {lists = {}}).lists.main or {}) do
				if stack:get_name() == item then count = count + stack:get_count() end
			end
			all[item] = (all[item] or 0) + count
		end
	end
	for item, count in pairs(all) do if count == 0 then all[item] = nil end end
	return all
end

-- Whatever may happen to quests, each with a roll of the dice.
local function events(random)
	local function one(list) return list[random(#list)] end
	local function a_quest(name)
		local list = game.private.quests.quests.of_player(name)
		return list[1] and list[random(#list)].id or "q0"
	end
	local function here(fn)
		return function()
			local name = one(PLAYERS)
			if core.get_player_by_name(name) then fn(name) end
		end
	end
	local function desk(deed) return here(function(name) game.private.quests.service[deed](a_quest(name), name) end) end
	return {
		here(function(name)
			local npc = one(NPCS)
			if game.llm_agent.get_npc(npc) then offer(one({"fetch", "deliver", "hunt", "visit"}), random(8), name, npc) end
		end),
		desk("accept"), desk("accept"), desk("accept"), desk("hand_in"), desk("hand_in"), desk("hand_in"), desk("refuse"), desk("abandon"),
		here(function(name) core.get_player_by_name(name):set_pos(one({NEXT, FAR})) end),
		here(function(name) -- they lose something
			if random(4) > 1 then return end
			core.get_player_by_name(name):get_inventory():set_stack("main", random(3), "")
			game.dropped = true
		end),
		here(function(name)
			core.add_entity(NEXT, "zoo:wolf"):punch(core.get_player_by_name(name), 1, {damage_groups = {fleshy = 50}}, ORIGIN)
		end),
		function() game.mock:step(1, random(3)) end,
		function() game.mock:step(50, 1) end,
		function()
			local name = one(PLAYERS)
			if core.get_player_by_name(name) then game.mock:leave(name) else game.mock:join(name, NEXT) end
		end,
		function() if random(6) == 1 then restart() end end,
		function()
			local id = one(NPCS)
			if game.llm_agent.get_npc(id) and random(6) == 1 then game.private.api.npcs.bury(id) end
		end,
	}
end

describe("quests in any order of events", function()
	it("never pay twice, release each reward once, and keep the sum of all things (conservation)", function()
		local finished = {paid = 0, expired = 0, failed = 0, abandoned = 0, refused = 0}
		for seed = 1, 60 do
			math.randomseed(seed)
			begin({inventory_slots = 3})
			for _, id in ipairs(NPCS) do
				game.private.ledger.ledger.mint(id, COIN, 40)
				game.private.ledger.ledger.mint(id, BREAD, 10)
			end
			game.llm_agent.set_place("Mill", FAR, 5)
			for _, name in ipairs(PLAYERS) do
				game.mock:join(name, NEXT)
				give(name, APPLE .. " 9")
			end
			local ends, all = {}, sum()
			local function listen()
				game.llm_agent.on("quest", function(_, _, quest, state)
					if finished[state] then
						finished[state] = finished[state] + 1
						assert.is_nil(ends[quest.id], "seed " .. seed .. ": two ends of " .. quest.id)
						ends[quest.id] = state
					end
				end)
			end
			listen()
			for _ = 1, 150 do
				local before, storage = sum(), game.mock
				game.dropped = nil
				local happen = events(math.random)
				happen[math.random(#happen)]()
				if game.mock ~= storage then listen() end
				if game.dropped then all = sum() else assert.same(before, sum(), "seed " .. seed) end
			end
			assert.same(all, sum(), "seed " .. seed)
			-- in the end nothing is set apart but for those that are open
			for _, quest in ipairs(game.private.quests.quests.list(function() return true end)) do
				local held = game.private.ledger.ledger.escrow("quest:" .. quest.id) ~= nil
				assert.equal(game.private.quests.quests.is_active(quest), held, quest.id .. " " .. quest.state)
			end
		end
		for state, count in pairs(finished) do assert.is_true(count >= 5, state .. " " .. count) end
	end)

	it("follow the ledger where it mends what a killed server saved only partly", function()
		for _, was in ipairs({"redone", "undone"}) do
			begin()
			game.private.ledger.ledger.mint("ann", COIN, 20)
			game.mock:join("Robin", NEXT)
			local quest = accepted("fetch")
			give("Robin", APPLE .. " 3")
			game.mock:step(0.5, 3)
			local storage = {}
			for key, value in pairs(game.mock.storage) do storage[key] = value end
			game.mock:save_player("Robin")
			local saved = game.mock.saves.Robin
			assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin"))
			game.mock:save_player("Robin")
			-- one of the two databases is older
			local options = {storage = was == "redone" and storage or game.mock.storage, game_s = game.mock.game_s}
			options.saves = {Robin = was == "redone" and game.mock.saves.Robin or saved}
			begin(options)
			game.mock:join("Robin", NEXT)
			local state = game.private.quests.quests.get(quest.id).state
			assert.equal(was == "redone" and "paid" or "accepted", state)
			if was == "undone" then assert.is_true(game.private.quests.service.hand_in(quest.id, "Robin")) end
			assert.same({5, 15, 3}, {coins_of("Robin"), game.private.ledger.ledger.count("ann", COIN), game.private.ledger.ledger.count("ann", APPLE)}, was)
			assert.is_nil(game.private.ledger.ledger.escrow("quest:" .. quest.id))
		end
	end)
end)
