-- admin/menu.lua: the window that /llm alone opens.

local game = require("spec.support.game")
local ORIGIN, at, body = game.ORIGIN, game.at, game.body

describe("the window of /llm", function()
	local mock, agent, FORM = nil, nil, "llm_agent:menu"

	local function start()
		local _
		mock, _, agent = game.start_quiet()
		body("a", "Ann", "guard", at(1))
		body("b", "Bram", "smith", at(3))
		mock:join("Robin", ORIGIN)
	end

	local function form() return mock.forms.Robin.name, mock.forms.Robin.spec end
	local function shows(words) return mock.forms.Robin.spec:find(mock.core.formspec_escape(words), 1, true) ~= nil end
	local function press(fields)
		mock:submit("Robin", FORM, fields)
		mock:step(0.05, 5)
	end

	it("opens with /llm alone, and shows who is near and what a player may use", function()
		start()
		assert.is_true((mock:command("Robin", "")))
		assert.equal(FORM, (form()))
		assert.is_true(shows("Ann,Bram") or shows("Ann") and shows("Bram"))
		assert.is_true(shows("My quests"))
		assert.is_false(shows("Roles"))
		mock.privs.Robin = {llm_admin = true}
		mock:command("Robin", "")
		assert.is_true(shows("Roles"))
	end)

	it("lists the commands for who is not in the world", function()
		start()
		local _, message = mock:command("Console", "")
		assert.matches("/llm quests", message)
	end)

	it("talks, trades and mutes with who is chosen", function()
		start()
		mock:command("Robin", "")
		press({people = "CHG:2"})
		press({mute = "x"})
		assert.is_true(shows("Bram is muted for you."))
		assert.is_true(shows("Hear this one again"))
		press({mute = "x"})
		assert.is_true(shows("You hear Bram again."))
		press({talk = "x"})
		assert.equal("llm_agent:dialog", (form()))
		assert.is_true(shows("Bram"))
		mock:submit("Robin", "llm_agent:dialog", {quit = "true"})
		mock:command("Robin", "")
		press({trade = "x"})
		assert.equal("llm_agent:trade", (form()))
	end)

	it("shows what a press tells, and presses nothing that the player may not", function()
		start()
		mock:command("Robin", "")
		press({run_status = "x"})
		assert.is_true(shows("NPCs: 2"))
		press({run_doctor = "x"})
		assert.is_true(shows("You need the privilege llm_admin"))
		press({run_quests = "x"})
		assert.equal("llm_agent:quests", (form()))
	end)

	it("takes no press about somebody who has gone, and none without having been shown", function()
		start()
		press({talk = "x"})
		assert.is_nil(mock.forms.Robin)
		mock:command("Robin", "")
		agent.get_npc("a").object:set_pos(at(90))
		press({talk = "x"})
		assert.equal(FORM, (form()))
		press({people = "CHG:99"})
		press({people = "nonsense"})
		assert.equal(0, #mock:logged("error"))
	end)
end)
