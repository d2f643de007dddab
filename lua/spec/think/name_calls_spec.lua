-- think/name_calls.lua: names are called in a minority of lines.

local game = require("spec.support.game")
local text = assert(loadfile("mods/llm_agent/core/text.lua"))()
local name_calls = assert(loadfile("mods/llm_agent/think/name_calls.lua"))(text)

describe("a line in which nobody is called by name", function()
	it("has lost the name and the comma beside it, and nothing else", function()
		for line, want in pairs({
			["Hello, Robin."] = "Hello.", ["Well met, Robin, and welcome!"] = "Well met, and welcome!", ["Robin, look there."] = "Look there.",
			["Ah. Robin, élan helps."] = "Ah. Élan helps.", ["Good day, Robin"] = "Good day", ["Robin!"] = "Robin!",
			["I know Robin, he is a smith."] = "I know Robin, he is a smith.", ["Robin is here, they say."] = "Robin is here, they say.",
			["So, Robin Hood was here."] = "So, Robin Hood was here.", ["Да, Robin, иди."] = "Да, иди.", ["Robin, иди сюда."] = "Иди сюда.",
			["Robin, Robin, listen."] = "Listen.", ["No name at all."] = "No name at all.",
		}) do assert.equal(want, name_calls.fit(line, "Robin", false)) end
		assert.equal("Hello, Robin.", name_calls.fit("Hello, Robin.", "Robin", true))
	end)

	it("only grows while it streams in, and ends as the whole does", function()
		for _, line in ipairs({"Hello, Robin. How are you, Robin?", "Robin, look. Robin, there, a robin.", "Rob is here, Robert too."}) do
			local shown = ""
			for bytes = 1, #line do
				local now = name_calls.fit_beginning(line:sub(1, bytes), "Robin", false)
				assert.equal(shown, now:sub(1, #shown), line:sub(1, bytes))
				shown = now
			end
			local whole = name_calls.fit(line, "Robin", false)
			assert.equal(shown, whole:sub(1, #shown))
		end
	end)
end)

describe("an NPC", function()
	it("calls a player by name in no more than one of three lines, and not all begin with it", function()
		local settings = {["llm_agent.player_burst"] = "100", ["llm_agent.npc_burst"] = "100"}
		local mock, _, agent = game.start_quiet({settings = settings}, function(request)
			return {{event = "done", text = ("That is line %s of mine, Robin."):format(request.utterance)}}
		end)
		mock:join("Robin", game.ORIGIN)
		local called, first = 0, {}
		for number = 1, 3 do
			local npc = agent.register_npc("n" .. number, {name = "Ann", role = "guard", pos = game.ORIGIN})
			for line = 1, 9 do
				local replies = game.think(npc, {player = "Robin", utterance = ("%d%d and some words for it"):format(number, line * 7)})
				mock:step(0.05, 4)
				local has_name = replies[1].text:find(", Robin", 1, true) ~= nil
				if has_name then called = called + 1 end
				if line == 1 then first[has_name] = true end
			end
		end
		assert.equal(9, called)
		assert.is_true(first[true] and first[false])
	end)
end)
