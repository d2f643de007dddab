-- What players are spared: talks among NPCs in the chat, greetings by a whole row, the same line from two, public words while they
-- talk in a window, bubbles that cover each other.

local game = require("spec.support.game")
local ORIGIN, at, body = game.ORIGIN, game.at, game.body

describe("a village", function()
	local mock, daemon, agent

	local function start(settings, reply)
		settings = settings or {}
		mock, daemon, agent = game.start({settings = settings}, reply)
	end

	local function gossip(settings)
		settings["llm_agent.npc_talk_interval_s"], settings["llm_agent.greet"] = "5", "false"
		start(settings)
		body("a", "Ann", "guard")
		body("b", "Bram", "smith", at(2))
		mock:join("Robin", at(1))
		local said, shown = 0, false
		agent.on("say", function() said = said + 1 end)
		for _ = 1, 600 do
			mock:step(0.1)
			for _, entity in ipairs(mock.entities) do
				if entity:get_pos() and entity:get_attach() and entity:get_properties().nametag ~= "" then shown = true end
			end
		end
		assert.is_true(said > 2 and shown)
		return #mock:chat_of("Robin")
	end

	it("talks among itself over its heads, and in the chat only where the setting says so", function()
		assert.equal(0, gossip({}))
		assert.is_true(gossip({["llm_agent.npc_talk_chat"] = "true"}) > 2)
	end)

	it("greets who comes to a row of three once", function()
		start({["llm_agent.npc_talk"] = "off"})
		for i, name in ipairs({"Ann", "Bram", "Cleo"}) do body(name, name, "guard", at(i)) end
		local robin = mock:join("Robin", at(50))
		mock:step(0.5, 4)
		robin:set_pos(ORIGIN)
		mock:step(0.5, 100)
		assert.equal(1, #mock:chat_of("Robin"))
	end)

	it("does not greet who talks with it already", function()
		start({["llm_agent.npc_talk"] = "off", ["llm_agent.greet_distance"] = "2"})
		body("a", "Ann", "guard")
		local robin = mock:join("Robin", at(6))
		mock:say("Robin", "Ann, what is new?")
		mock:step(0.5, 20)
		robin:set_pos(at(1))
		mock:step(0.5, 40)
		assert.equal(1, #mock:chat_of("Robin"))
	end)

	it("does not answer what somebody beside does", function()
		start({["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false"}, function(request)
			local goes = {name = "go_to", params = {place = "Bram"}}
			return {{event = "done", text = "I go over to Bram at once.", action = request.npc.name == "Ann" and goes or nil}}
		end)
		body("a", "Ann", "guard")
		body("b", "Bram", "guard", at(5))
		mock:join("Robin", at(1))
		mock:say("Robin", "Ann, go to Bram")
		mock:step(0.05, 200)
		assert.equal(1, #daemon.received)
	end)

	it("begins nothing in public with who talks in a window, nor does whom they talk with; after it, again", function()
		start({["llm_agent.npc_talk_interval_s"] = "5", ["llm_agent.npc_talk_chat"] = "true", ["llm_agent.greet_cooldown_s"] = "1"})
		local object = body("a", "Ann", "guard")
		local robin = mock:join("Robin", at(30))
		mock:step(0.5, 10)
		robin:set_pos(at(1))
		object:get_luaentity():on_rightclick(robin)
		body("b", "Bram", "smith", at(2))
		mock:step(0.5, 60)
		assert.same({}, mock:chat_of("Robin"))
		for _, received in ipairs(daemon.received) do assert.is_nil(received.request.utterance) end
		mock:submit("Robin", "llm_agent:dialog", {quit = "true"})
		mock:step(0.5, 100)
		assert.is_true(#mock:chat_of("Robin") > 0)
	end)

	it("keeps an answer that comes when the window is open already out of the chat", function()
		start({["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false"}, function() return {} end)
		local object = body("a", "Ann", "guard")
		local robin = mock:join("Robin", at(1))
		mock:say("Robin", "Ann, what is new?")
		mock:step(0.05, 3)
		object:get_luaentity():on_rightclick(robin)
		game.answer(1, {{event = "done", text = "Nothing at all is new."}})
		mock:step(0.05, 60)
		assert.same({}, mock:chat_of("Robin"))
	end)

	it("does not say what somebody beside has just said, by the model or without it", function()
		start({["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false", ["llm_agent.player_cooldown_s"] = "0",
			["llm_agent.wander"] = "false"}, function(request)
			return {{event = "done", text = request.avoid and "I have heard of that as well." or "The mill burnt down last night."}}
		end)
		body("a", "Ann", "guard")
		body("b", "Bram", "guard", at(14)) -- out of Ann's earshot, but the player hears both
		mock:join("Robin", at(7))
		mock:say("Robin", "everybody, any news?")
		mock:step(0.05, 300)
		local heard = mock:chat_of("Robin")
		assert.equal(2, #heard)
		assert.matches("The mill burnt down", heard[1])
		assert.matches("I have heard of that", heard[2])
		daemon:die()
		for number = 1, 2 do
			mock:say("Robin", "everybody, any news?")
			mock:step(0.05, 300)
			heard = mock:chat_of("Robin")
			assert.equal(2 + 2 * number, #heard)
			assert.not_equal(heard[#heard]:match("> (.*)"), heard[#heard - 1]:match("> (.*)"))
		end
	end)
end)

describe("two who do the same when they are told together", function()
	it("do not say the same of it", function()
		local mock = game.start_quiet(nil, function()
			local text = "I come with you gladly, wherever it goes."
			return {{event = "done", text = text, action = {name = "follow", params = {target = "Robin"}}}}
		end)
		body("a", "Ann", "guard")
		body("b", "Bram", "guard", at(2))
		mock:join("Robin", at(1))
		mock:say("Robin", "Ann and Bram, come with me")
		mock:step(0.05, 300)
		local lines = {}
		for _, line in ipairs(mock:chat_of("Robin")) do lines[#lines + 1] = line:match("^<%a+> (.*)") end
		assert.equal(2, #lines)
		assert.not_equal(lines[1], lines[2])
	end)
end)

describe("bubbles of NPCs in a row", function()
	local mock, agent

	local function row(count, apart)
		local _
		mock, _, agent = game.start_quiet({settings = {["llm_agent.earshot"] = "1"}})
		for i = 1, count do body("n" .. i, "Nora " .. i, "guard", at(i * apart)) end
		mock:join("Robin", at(1))
	end

	local function heights()
		local found = {}
		for _, entity in ipairs(mock.entities) do
			local _, _, offset = entity:get_attach()
			if entity:get_pos() and offset then found[#found + 1] = offset.y end
		end
		table.sort(found)
		return found
	end

	it("hang above each other while both are read", function()
		row(3, 2)
		for i = 1, 3 do agent.get_npc("n" .. i):say("These are words of mine.") end
		mock:step(0.05, 10)
		local found = heights()
		assert.equal(3, #found)
		assert.is_true(found[2] - found[1] >= 9 and found[3] - found[2] >= 9)
	end)

	it("hang as usual where they are far from each other", function()
		row(2, 20)
		for i = 1, 2 do agent.get_npc("n" .. i):say("These are words of mine.") end
		mock:step(0.05, 10)
		local found = heights()
		assert.equal(found[1], found[2])
	end)

	it("give way to the next at once when they have been read", function()
		row(2, 2)
		agent.get_npc("n1"):say("One.", {ms = 500})
		mock:step(0.05, 12)
		assert.equal(1, #heights())
		agent.get_npc("n2"):say("Two.")
		mock:step(0.05, 4)
		assert.equal(1, #heights())
	end)
end)
