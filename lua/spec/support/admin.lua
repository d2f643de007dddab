-- A game that Ada administers.

local Mock = require("mock_core")

local admin = {}

-- Returns the mock, its daemon and the mod's API.
function admin.start(options)
	local mock = Mock.new(options)
	local daemon = mock:open_daemon(function() return {{event = "done", text = "Hello.", cache = "miss"}} end)
	mock.privs.Ada = {llm_admin = true}
	return mock, daemon, mock:load_mod()
end

return admin
