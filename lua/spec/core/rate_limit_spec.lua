-- core/rate_limit.lua: token buckets.

local folder = "mods/llm_agent/"

describe("a rate limit", function()
	local rate_limit
	local S = 1e6
	before_each(function()
		rate_limit = loadfile(folder .. "core/rate_limit.lua")({
			player_rate_per_min = 6, player_burst = 2, npc_rate_per_min = 60, npc_burst = 10, server_rate_per_min = 60, server_burst = 4,
		})
	end)

	it("gives a burst, then what the rate refills, for each player alone", function()
		assert.is_nil(rate_limit.take("ana", "n", 0))
		assert.is_nil(rate_limit.take("ana", "n", 0))
		assert.equal("player", rate_limit.take("ana", "n", 0))
		assert.is_nil(rate_limit.take("bram", "n", 0))
		assert.equal("player", rate_limit.take("ana", "n", 9 * S))
		assert.is_nil(rate_limit.take("ana", "n", 10 * S))
		assert.equal("player", rate_limit.exhausted("ana", "n", 10 * S))
	end)

	it("holds the whole server, and takes from no bucket when one is empty", function()
		for i = 1, 4 do assert.is_nil(rate_limit.take("p" .. i, nil, 0)) end
		for _ = 1, 5 do assert.equal("server", rate_limit.take("ana", "n", 0)) end
		assert.is_nil(rate_limit.take("ana", "n", 1 * S))
		assert.is_nil(rate_limit.take("ana", "n", 2 * S)) -- the refused ones cost Ana nothing
	end)

	it("never gives more than burst plus rate, whatever the order", function()
		math.randomseed(5)
		local given, now = 0, 0
		for _ = 1, 5000 do
			now = now + math.random(0, 400) * 1000
			if not rate_limit.take("ana", "n" .. math.random(3), now) then given = given + 1 end
		end
		assert.is_true(given <= 2 + now / (10 * S) + 1)
		assert.is_true(given >= now / (10 * S) - 1)
	end)
end)
