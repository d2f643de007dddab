-- daemon/init.lua: the name of a session cannot be guessed, whatever the engine offers for that.

local sha1_calls

-- The environment that daemon/init.lua gives to the client, on an engine whose global SecureRandom is `secure_random`.
local function env_of(secure_random)
	sha1_calls = {}
	local given
	local function load(file, _, env)
		if file == "client" then given = env end
		return {}
	end
	local core = {
		sha1 = function(text, raw)
			assert.is_true(raw)
			sha1_calls[#sha1_calls + 1] = text
			return ("\171"):rep(20)
		end,
	}
	local chunk = assert(loadfile("mods/llm_agent/daemon/init.lua"))
	setfenv(chunk, setmetatable({core = core, SecureRandom = secure_random or false}, {__index = _G}))
	chunk(load, {mod_name = "llm_agent", now_us = function() return 5 end, steps = {register = function() end}}, false)
	return given
end

describe("the name of a session", function()
	it("is 16 bytes of the system's secure random source", function()
		local asked
		local env = env_of(function()
			return {next_bytes = function(_, count)
				asked = count
				return "\0\1\254\255" .. ("x"):rep(12)
			end}
		end)
		assert.equal(16, asked)
		assert.equal("0001feff" .. ("78"):rep(12), env.session_name)
		assert.same({}, sha1_calls)
	end)

	it("is mixed from clocks, addresses and the generator where there is no such source", function()
		for _, none in ipairs({false, function() return nil end}) do
			local env = env_of(none)
			assert.equal(("ab"):rep(16), env.session_name)
			assert.equal(1, #sha1_calls)
			assert.truthy(sha1_calls[1]:find("table: 0x", 1, true))
		end
	end)

	it("is in no id, as ids stand in logs", function()
		local env = env_of(false)
		assert.is_nil(env.name:find(env.session_name, 1, true))
	end)
end)
