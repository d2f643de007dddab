-- think/repeats.lua, and how npc:think uses it.

local game = require("spec.support.game")
local at, body, answer = game.at, game.body, game.answer
local folder = "mods/llm_agent/"
local text = loadfile(folder .. "core/text.lua")()

describe("repeats", function()
	local repeats, memory

	before_each(function()
		repeats = loadfile(folder .. "think/repeats.lua")({repeat_lines = 2}, text)
		memory = {}
	end)

	it("are lines of nearly the same words, whoever they name", function()
		repeats.note(memory, "Good day, Ana, and mind the sparks!", "Ana", 0)
		assert.is_true(repeats.is_repeat(memory, "Good day, Bram, and mind the sparks.", "Bram", 0))
		assert.is_false(repeats.is_repeat(memory, "Good day, Bram. The iron is hot.", "Bram", 0))
		assert.is_false(repeats.is_repeat(memory, "Yes, Ana.", "Ana", 0))
	end)

	it("are told apart longer in a talk among NPCs, who have few lines and whose neighbours hear all", function()
		for i = 1, 12 do repeats.note(memory, ("line number %d is %d"):format(i, i), nil, i * 1e6) end
		assert.is_false(repeats.is_repeat(memory, "line number 1 is 1", nil, 20e6))
		assert.is_true(repeats.is_repeat(memory, "line number 1 is 1", nil, 20e6, true))
		assert.is_true(repeats.is_repeat(memory, "line number 1 is 1", nil, 600e6, true))
		assert.is_false(repeats.is_repeat(memory, "line number 1 is 1", nil, 1000e6, true))
	end)

	it("are forgotten after some lines and some time", function()
		repeats.note(memory, "one two three four", nil, 0)
		repeats.note(memory, "five six seven eight", nil, 0)
		repeats.note(memory, "nine ten eleven twelve", nil, 0)
		assert.is_false(repeats.is_repeat(memory, "one two three four", nil, 0))
		assert.is_true(repeats.is_repeat(memory, "five six seven eight", nil, 0))
		assert.is_false(repeats.is_repeat(memory, "five six seven eight", nil, 400e6))
	end)

	it("are told to the model, no more and no longer than the daemon takes", function()
		repeats = loadfile(folder .. "think/repeats.lua")({repeat_lines = 50}, text)
		for i = 1, 15 do repeats.note(memory, ("line number %d %s"):format(i, ("ë"):rep(300)), nil, 0) end
		local lines = repeats.lines({recent_lines = memory, overheard = {}}, "what it is about to say", 0)
		assert.equal(12, #lines)
		assert.equal("line number 5", lines[1]:sub(1, 13))
		assert.equal("what it is about to say", lines[12])
		for _, line in ipairs(lines) do
			assert.is_true(#line <= 400)
			assert.equal(line, text.scrub(line))
		end
	end)

	it("are possible only while the beginning is the same", function()
		repeats.note(memory, "The iron is hot today.", nil, 0)
		assert.is_true(repeats.may_become(memory, "The iron", nil, 0))
		assert.is_false(repeats.may_become(memory, "The iron was", nil, 0))
		repeats.note(memory, "They say the well answers who asks politely.", "Robin", 0)
		assert.is_true(repeats.may_become(memory, "They say the well answers who asks politely, Rob", "Robin", 0))
		assert.is_true(repeats.may_become(memory, "They say, Robin, the well", "Robin", 0))
	end)
end)

describe("an NPC", function()
	local mock, daemon
	local function start(options, reply) mock, daemon = game.start_quiet(options, reply) end

	describe("does not repeat itself", function()
		it("asks once more, with the lines to avoid, then says a line of the role", function()
			local texts = {"The iron is hot today.", "The iron is hot today!", "The rain comes down.", "The iron is hot today.", "The iron is hot today."}
			local turn = 0
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}}, function()
				turn = turn + 1
				return {{event = "done", text = texts[turn]}}
			end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			for _ = 1, 3 do
				mock:say("Robin", "hello")
				mock:step(0.05, 200)
			end
			local heard = mock:chat_of("Robin")
			assert.equal("<Mira> The iron is hot today.", heard[1])
			assert.equal("<Mira> The rain comes down.", heard[2])
			assert.equal(3, #heard)
			assert.is_nil(heard[3]:find("hot today", 1, true))
			assert.equal(5, #daemon.received)
			local again = daemon.received[3].request
			assert.same({"The iron is hot today.", "The iron is hot today!"}, again.avoid)
			assert.equal("off", again.cache)
			assert.is_nil(daemon.received[2].request.avoid)
		end)

		it("holds streamed words back while they could become a repeat", function()
			start({settings = {["llm_agent.player_cooldown_s"] = "0"}}, function() return {} end)
			body("m", "Mira", "smith")
			mock:join("Robin", at(2))
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(1, {{event = "done", text = "The iron is hot today."}})
			mock:step(0.05, 200)
			mock:say("Robin", "hello")
			mock:step(0.05, 2)
			answer(2, {{event = "delta", acts = false, text = "The iron is "}})
			mock:step(0.05, 20)
			local bubbles = #mock.entities
			answer(2, {{event = "delta", acts = false, text = "cold by now, "}})
			mock:step(0.05, 20)
			assert.equal(bubbles + 1, #mock.entities)
			assert.equal("The iron is cold by", mock.entities[#mock.entities]:get_properties().nametag:sub(1, 19))
		end)
	end)
end)
