-- talk/mind_mark.lua and what shows it: whose words a reply is, of two minds, is told to admins and to nobody else.

local game = require("spec.support.game")
local at, body = game.at, game.body

local HERE, ELSEWHERE = "(by the local model)", "(by the remote model)"

describe("of two minds", function()
	local mock, mind

	local function start()
		mock = game.start_quiet(nil, function()
			return {{event = "done", text = "Well met.", cache = "miss", model = "m", mind = mind}}
		end)
		mock.privs.Ada = {llm_admin = true}
	end

	-- All that this player was shown in the chat and sees in the dialog.
	local function shown_to(name)
		local form = mock.forms[name] and mock.forms[name].spec or ""
		return table.concat(mock:chat_of(name), "\n") .. form:gsub("\\(.)", "%1")
	end

	local function ask_in_dialog(name, object)
		object.entity:on_rightclick(mock.players[name])
		mock:submit(name, "llm_agent:dialog", {words = "Who are you?", key_enter_field = "words"})
		mock:step(0.05, 4)
	end

	it("the one that spoke is marked in an admin's dialog and private words, in nobody else's", function()
		start()
		local object = body("m", "Mira", "smith")
		for _, name in ipairs({"Ada", "Robin"}) do mock:join(name, at(2)) end
		mind = "remote"
		for _, name in ipairs({"Ada", "Robin"}) do
			ask_in_dialog(name, object)
			mock:command(name, "talk Mira How are you?")
			mock:step(0.05, 4)
		end
		assert.truthy(shown_to("Ada"):find("Well met.", 1, true))
		local _, marks = shown_to("Ada"):gsub("%(by the remote model%)", "")
		assert.equal(2, marks, "once in the dialog, once in the chat")
		assert.truthy(shown_to("Robin"):find("Well met.", 1, true))
		assert.is_nil(shown_to("Robin"):find("model)", 1, true))
		mind = "local"
		ask_in_dialog("Ada", object)
		assert.truthy(shown_to("Ada"):find(HERE, 1, true))
		assert.truthy(shown_to("Ada"):find(ELSEWHERE, 1, true))
	end)

	it("/llm status counts both, for admins", function()
		start()
		local object = body("m", "Mira", "smith")
		for _, name in ipairs({"Ada", "Robin"}) do mock:join(name, at(2)) end
		for _, one in ipairs({"remote", "local", "remote"}) do
			mind = one
			ask_in_dialog("Robin", object)
		end
		assert.truthy(select(2, mock:command("Ada", "status")):find("local model: 1, by the remote model: 2", 1, true))
		assert.is_nil(select(2, mock:command("Robin", "status")):find("remote model", 1, true))
	end)

	it("a daemon with one mind has nothing to mark, and neither have fallback lines", function()
		start()
		local object = body("m", "Mira", "smith")
		mock:join("Ada", at(2))
		mind = nil
		ask_in_dialog("Ada", object)
		mind = "elsewhere"
		ask_in_dialog("Ada", object)
		assert.is_nil(shown_to("Ada"):find("model)", 1, true))
		assert.is_nil(select(2, mock:command("Ada", "status")):find("remote model", 1, true))
	end)
end)
