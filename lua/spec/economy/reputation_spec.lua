-- economy/reputation.lua: what an NPC thinks of a player.

local shop = require("spec.support.trade")

describe("trade", function()
	local mock, storage
	local function start(options) mock = shop.start(storage, options) end
	before_each(function() storage = {} end)

	describe("the reputation of a player", function()
		it("is kept with the world, bounded, and forgotten with the NPC", function()
			start()
			local reputation = mock.mod.economy.reputation
			for _ = 1, 50 do reputation.change("bram", "Robin", 0.1) end
			for i = 1, 70 do reputation.change("bram", "p" .. i, 0.02) end
			assert.equal(1, reputation.of("bram", "Robin"))
			start()
			reputation = mock.mod.economy.reputation
			assert.equal(1, reputation.of("bram", "Robin"))
			local _, count = storage["standing:bram"]:gsub('"p%d', "")
			assert.equal(49, count)
			reputation.drop("bram")
			assert.is_nil(storage["standing:bram"])
		end)
	end)
end)
