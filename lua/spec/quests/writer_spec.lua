-- quests/writer.lua and world.lua: what NPCs think of is possible and paid for.

local village = require("spec.support.quests")
local ORIGIN, NEXT, COIN, npc = village.ORIGIN, village.NEXT, village.COIN, village.npc
local mock, private, agent

local function begin(settings, translations) mock, private, agent = village.begin(nil, settings, translations) end

local OBTAINABLE = {
	["zoo:dirt"] = true, ["zoo:cobble"] = true, ["zoo:coal_lump"] = true, ["zoo:tree"] = true, ["zoo:wood"] = true,
	["zoo:stick"] = true, ["zoo:torch"] = true,
}

describe("a quest that an NPC writes", function()
	it("is always possible and paid for, in any world", function()
		local kinds = {}
		for seed = 1, 400 do
			math.randomseed(seed)
			begin()
			local r = math.random
			local role = ({"smith", "hunter", "farmer", "villager", "guard"})[r(5)]
			local ann = npc("ann", role)
			local coins = r(0, 3) * r(0, 30)
			private.ledger.ledger.mint("ann", COIN, coins)
			if r(2) == 1 then private.ledger.ledger.mint("ann", "zoo:bread", r(9)) end
			local walled = r(3) == 1
			for _, name in ipairs({"bob", "cid"}) do
				if r(2) == 1 then
					local other = npc(name, "miner", {x = r(5, 70), y = r(0, 1) * -20, z = 0})
					other.kept_by_body = true
				end
			end
			if walled then -- nobody gets out of here
				for x = -3, 3 do
					for z = -3, 3 do
						for y = 0, 3 do
							if math.abs(x) == 3 or math.abs(z) == 3 then mock.ground[("%d,%d,%d"):format(x, y, z)] = "stone" end
						end
					end
				end
			end
			for _ = 1, r(0, 3) do core.add_entity({x = r(-60, 60), y = 0, z = 0}, ({"zoo:wolf", "zoo:sheep", "zoo:cart"})[r(3)]) end
			agent.set_place("Mill", {x = r(-80, 80), y = r(0, 1) * -30, z = 0}, 5)
			mock:join("Robin", NEXT)
			local quest = private.quests.writer.write(private.quests.world.look(ann, "Robin", r), r)
			if coins < 2 then assert.is_nil(quest, "seed " .. seed) end
			if quest then
				kinds[quest.kind] = (kinds[quest.kind] or 0) + 1
				local where = ("seed %d, %s"):format(seed, quest.kind)
				assert.is_true(quest.coins >= 2 and quest.coins <= coins and quest.coins <= 60, where)
				assert.is_true(quest.count >= 1 and quest.lasts_s == 3600, where)
				if quest.kind == "fetch" then
					assert.is_true(OBTAINABLE[quest.item], where .. " " .. quest.item)
				elseif quest.kind == "hunt" then
					local near = 0
					for _, object in ipairs(core.get_objects_inside_radius(ORIGIN, 40)) do
						if object.entity and object.entity.name == quest.target then near = near + 1 end
					end
					assert.is_true(quest.count <= near, where)
					assert.is_true(quest.target == "zoo:wolf" or role == "hunter" and quest.target == "zoo:sheep", where)
				elseif quest.kind == "deliver" then
					local item, count = next(quest.carries)
					assert.is_true(private.ledger.ledger.count("ann", item) >= count, where)
					assert.is_true(agent.get_npc(quest.target).pos.y == 0 and not walled, where)
				else
					local place = private.perception.places.list()[1]
					assert.is_true(place.y == 0 and not walled and math.abs(place.x) > 5, where)
				end
			end
		end
		for _, kind in ipairs({"fetch", "hunt", "deliver", "visit"}) do assert.is_true((kinds[kind] or 0) >= 5, kind) end
	end)

	it("asks for nothing that cannot be had, though the game knows it", function()
		begin()
		for name in pairs(OBTAINABLE) do assert.is_true(private.ledger.obtainable.has(name), name) end
		for _, name in ipairs({"zoo:apple", "zoo:bedrock", "zoo:bread", "zoo:wheat", "zoo:iron_lump", "zoo:nothing", "air"}) do
			assert.is_false(private.ledger.obtainable.has(name), name)
		end
	end)

	it("asks for what the market is short of, and for nothing that it has plenty of", function()
		begin()
		local ann = npc("ann", "smith")
		private.ledger.ledger.mint("ann", "zoo:coal_lump", 12)
		local function wants(item)
			for _, want in ipairs(private.quests.world.look(ann, "Robin", math.random).wants) do
				if want.item == item then return want.most end
			end
		end
		assert.is_nil(wants("zoo:coal_lump"))
		assert.equal(12, wants("zoo:stick"))
		assert.is_nil(wants("zoo:dirt"))
		private.economy.market.note("", "zoo:dirt", private.economy.trade.base_price("zoo:dirt"), 30, true)
		assert.equal(5, wants("zoo:dirt"))
	end)

	it("sends nobody where no way is known, but where somebody has been", function()
		begin()
		local ann = npc("ann")
		agent.set_place("Cave", {x = 40, y = -40, z = 0}, 5)
		agent.set_place("Hall", {x = 300, y = 0, z = 0}, 5)
		mock:join("Robin", NEXT)
		local function near(pos) return private.quests.world.can_reach(ORIGIN, pos) end
		assert.is_false(near({x = 40, y = -40, z = 0}))
		assert.is_false(near({x = 300, y = 0, z = 0}))
		assert.is_true(near({x = 30, y = 0, z = 0}))
		core.get_player_by_name("Robin"):set_pos({x = 301, y = 0, z = 0})
		mock:step(0.5, 3)
		assert.is_true(near({x = 300, y = 0, z = 0}))
		assert.equal("Hall", private.quests.world.look(ann, "Robin", function(_, high) return high end).places[1].name)
	end)
end)
