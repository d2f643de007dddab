-- core/settings.lua: defaults of settingtypes.txt, and what the admin says.

local Mock = require("mock_core")
local folder = "mods/llm_agent/"

local function read(name)
	local handle = assert(io.open(folder .. name))
	local content = handle:read("*a")
	handle:close()
	return content
end

describe("settings", function()
	local load_settings = loadfile(folder .. "core/settings.lua")()
	local file = read("settingtypes.txt")

	local function settings(given)
		local complaints = {}
		return load_settings(file, function(name) return (given or {})[name] end, function(line) complaints[#complaints + 1] = line end),
			complaints
	end

	it("come from settingtypes.txt", function()
		local defaults = settings()
		assert.equal("http://127.0.0.1:8000", defaults.url)
		assert.equal("", defaults.token)
		assert.equal(8000, defaults.deadline_ms)
		assert.is_true(defaults.chat)
		assert.equal("near_players", defaults.npc_talk)
	end)

	it("are what the admin says", function()
		local given = settings({["llm_agent.earshot"] = "7.5", ["llm_agent.chat"] = "false", ["llm_agent.npc_talk"] = "always"})
		assert.equal(7.5, given.earshot)
		assert.is_false(given.chat)
		assert.equal("always", given.npc_talk)
	end)

	it("fall back with a word where the admin's value makes no sense", function()
		for name, value in pairs({deadline_ms = "soon", wait_ms = "-1", open_max = "1.5", chat = "maybe", npc_talk = "loud", earshot = "nan"}) do
			local given, complaints = settings({["llm_agent." .. name] = value})
			assert.equal(settings()[name], given[name])
			assert.equal(1, #complaints)
			assert.is_truthy(complaints[1]:find(name, 1, true))
		end
	end)

	it("refuse a key that settingtypes.txt doesn't have", function()
		assert.has_error(function() return settings().earshott end, "llm_agent: no setting earshott in settingtypes.txt")
	end)

	it("are all known, and all used", function()
		local defaults, used = settings(), {}
		for _, path in ipairs(Mock.files()) do
			for key in read(path):gmatch("[^%w_]settings%.([%w_]+)") do used[key] = path end
		end
		for key, name in pairs(used) do
			assert.is_not_nil(rawget(defaults, key), name .. " uses llm_agent." .. key .. ", settingtypes.txt lacks it")
		end
		for key in pairs(defaults) do assert.is_not_nil(used[key], "llm_agent." .. key .. " is in settingtypes.txt, but nothing uses it") end
	end)
end)
