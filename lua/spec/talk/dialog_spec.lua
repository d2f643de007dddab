-- talk/dialog.lua and dialog_view.lua: the form that a right click opens.

local game = require("spec.support.game")
local at, body, answer = game.at, game.body, game.answer

describe("in a game,", function()
	local mock, daemon, agent
	local function start(options, reply) mock, daemon, agent = game.start_quiet(options, reply) end

	describe("the dialog", function()
		local FORM = "llm_agent:dialog"

		local function click(object)
			object.entity:on_rightclick(mock.players.Robin)
		end

		local function send(fields)
			mock:submit("Robin", FORM, fields)
		end

		local function spec() return mock.forms.Robin and mock.forms.Robin.spec end

		local function shows(words)
			return spec():find(mock.core.formspec_escape(words), 1, true) ~= nil
		end

		it("opens with the role's greeting, asks, shows that the NPC thinks and then its answer, in private", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "priest")
			mock:join("Robin", at(2))
			mock:join("Will", at(3))
			click(object)
			assert.equal(FORM, mock.forms.Robin.name)
			assert.is_true(shows("Mira: Peace be with you") or shows("Mira: Welcome to the shrine"))
			send({words = "What [is]; new,\\ here?", key_enter_field = "words"})
			assert.is_true(shows("Robin: What [is]; new,\\ here?"))
			assert.is_true(shows("Mira is thinking …"))
			mock:step()
			assert.equal("What [is]; new,\\ here?", daemon.received[1].request.utterance)
			answer(1, {{event = "done", text = "Nothing, [my] friend; truly."}})
			mock:step(0.05, 3)
			assert.is_true(shows("Mira: Nothing, [my] friend; truly."))
			assert.is_false(shows("Mira is thinking …"))
			assert.same({}, mock:chat_of("Will"))
			assert.equal(0, #mock:logged("error"))
		end)

		it("has quick replies of the role and of everybody", function()
			start()
			agent.register_role("ferryman", {persona = "A ferryman rows.", quick = {"Take me over, {player}."}})
			local object = body("f", "Fen", "ferryman")
			mock:join("Robin", at(2))
			click(object)
			assert.is_true(shows("Take me over, Fen."))
			send({quick_1 = "x"})
			mock:step()
			assert.equal("Take me over, Fen.", daemon.received[1].request.utterance)
			send({quick_9 = "x", say = "x", words = "   "})
			mock:step()
			assert.equal(1, #daemon.received)
		end)

		it("keeps what was said before, in chat too, until the player leaves", function()
			start()
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello you")
			mock:step(0.05, 5)
			click(object)
			assert.is_true(shows("Robin: hello you"))
			assert.is_true(shows("Mira: Mira hears hello you"))
			mock:leave("Robin")
			mock:join("Robin", at(2))
			click(object)
			assert.is_false(shows("Robin: hello you"))
		end)

		it("shows the role in the client's language, and tells the model in English", function()
			start({translations = {["de: the healer"] = "Heilerin", ["de: @1, @2"] = "@2 @1"}})
			local object = body("m", "Mira", "healer", at(1))
			body("b", "Bram", "smith", at(2))
			mock:join("Robin", at(2))
			click(object)
			local function seen(words) return mock.core.get_translated_string("de", words) end
			assert.is_truthy(seen(spec()):find("label%[[%d.,]+;Heilerin%]"))
			assert.equal("Heilerin Mira", seen(object:get_properties().infotext))
			agent.get_npc("b"):think({player = "Robin"}, function() end)
			mock:step()
			assert.is_truthy(table.concat(daemon.received[1].request.context.near, ","):find("Mira the healer", 1, true))
		end)

		it("has its remarks in the client's language, wrapped as what they are there", function()
			local remark = "(NPCs are switched off on this server.)"
			local long = ("(aus und "):rep(8) .. "aus)"
			for language, shown in pairs({de = long:sub(1, 62), fr = remark, [""] = remark}) do
				start({translations = {["de: " .. remark] = long}, client_languages = {Robin = language}})
				mock.privs.Robin = {llm_admin = true}
				local object = body("m", "Mira", "healer", at(1))
				mock:join("Robin", at(2))
				mock:command("Robin", "off")
				click(object)
				assert.is_truthy(spec():find("#b8b0a0," .. shown .. ",#b8b0a0,", 1, true), spec())
			end
		end)

		it("does not come back after it was closed, and survives an NPC that goes while it thinks", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			click(object)
			send({words = "hello", say = "x"})
			mock:step()
			mock.forms.Robin = nil
			send({quit = "true"})
			answer(1, {{event = "done", text = "Late."}})
			mock:step(0.05, 3)
			assert.is_nil(mock.forms.Robin)
			click(object)
			assert.is_true(shows("Mira: Late."))
			send({words = "and now?", say = "x"})
			mock:step()
			object:remove()
			mock:step(0.05, 3)
			assert.is_true(shows("not here"))
			send({words = "still there?", say = "x"})
			assert.is_true(#mock:chat_of("Robin") > 0)
			assert.equal(0, #mock:logged("error"))
		end)

		it("ignores forms that nobody opened, and speech while one is thought about", function()
			start(nil, function() return {} end)
			local object = body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			send({words = "hello", say = "x"})
			mock:step()
			assert.equal(0, #daemon.received)
			click(object)
			send({words = "one", say = "x"})
			send({words = "two", say = "x"})
			mock:step()
			assert.equal(1, #daemon.received)
		end)
	end)
end)
