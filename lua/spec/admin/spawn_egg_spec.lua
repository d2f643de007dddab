-- admin/spawn_egg.lua: the spawn egg.

local game = require("spec.support.game")
local at = game.at

describe("in a game,", function()
	local mock
	local function start(options) mock = game.start_quiet(options) end

	describe("the spawn egg", function()
		local function use(name, pos)
			local egg = mock.core.registered_items["llm_agent:spawn_egg"]
			egg.on_place(mock.players[name]:get_wielded_item(), mock.players[name],
				{type = "node", under = {x = pos.x, y = -1, z = pos.z}, above = pos})
		end

		it("asks for role and name, and is used up", function()
			start()
			mock.privs.Robin = {llm_admin = true}
			local robin = mock:join("Robin", at(2), "llm_agent:spawn_egg")
			use("Robin", at(4))
			assert.equal("llm_agent:egg", mock.forms.Robin.name)
			local roles = mock.forms.Robin.spec:match("textlist%[[^%]]*;role;([^;]*);")
			local index = 0
			for role in roles:gmatch("[^,]+") do
				index = index + 1
				if role == "the smith" then break end
			end
			mock:submit("Robin", "llm_agent:egg", {role = "CHG:" .. index, name = "Wilma"})
			assert.is_truthy(mock.forms.Robin.spec:find("llm_agent_smith_front.png", 1, true))
			assert.is_truthy(mock.forms.Robin.spec:find("Wilma", 1, true))
			mock:submit("Robin", "llm_agent:egg", {spawn = "x", name = "Wilma"})
			local object = mock.entities[1]
			assert.same({x = 4, y = -0.5, z = 0}, object:get_pos())
			assert.equal("Wilma", object:get_properties().nametag)
			assert.is_true(robin:get_wielded_item():is_empty())
			mock:submit("Robin", "llm_agent:egg", {spawn = "x", name = "Wilma"})
			assert.equal(1, #mock.entities)
		end)

		it("does nothing without the privilege, also when it was lost meanwhile", function()
			start()
			mock:join("Robin", at(2), "llm_agent:spawn_egg")
			use("Robin", at(4))
			assert.is_nil(mock.forms.Robin)
			mock.privs.Robin = {llm_admin = true}
			use("Robin", at(4))
			mock.privs.Robin = {}
			mock:submit("Robin", "llm_agent:egg", {spawn = "x"})
			assert.equal(0, #mock.entities)
			assert.equal(2, #mock:chat_of("Robin"))
		end)
	end)
end)
