-- talk/quiet_hours.lua: hours in which NPCs start nothing.

local folder = "mods/llm_agent/"
local quiet_hours = loadfile(folder .. "talk/quiet_hours.lua")()

describe("quiet hours", function()
	it("are read from two hours, also over midnight", function()
		local hours = quiet_hours.parse("22-6")
		for hour, quiet in pairs({[21.9] = false, [22] = true, [0] = true, [5.9] = true, [6] = false, [12] = false}) do
			assert.equal(quiet, quiet_hours.is_quiet(hours, hour / 24))
		end
		assert.is_true(quiet_hours.is_quiet(quiet_hours.parse(" 8 - 10 "), 9 / 24))
		assert.is_nil(quiet_hours.parse(""))
		for _, bad in ipairs({"night", "22", "25-3", "22-6-8"}) do assert.is_false(quiet_hours.parse(bad)) end
		assert.is_false(quiet_hours.is_quiet(nil, 0))
	end)
end)
