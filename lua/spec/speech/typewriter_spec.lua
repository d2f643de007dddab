-- speech/typewriter.lua: a line typed out at reading pace.

local folder = "mods/llm_agent/"
local text = loadfile(folder .. "core/text.lua")()

describe("a line on the typewriter", function()
	local typing, now, shown, lines

	local function new(whole, over)
		local settings = {bubble_chars = 20, read_char_ms = 100, read_base_ms = 1000}
		for key, value in pairs(over or {}) do settings[key] = value end
		now, shown, lines = 0, {}, {}
		typing = loadfile(folder .. "speech/typewriter.lua")(settings, text).new(whole)
	end

	local function run(seconds)
		for _ = 1, math.floor(seconds / 0.05 + 0.5) do
			shown[#shown + 1] = typing:step(now)
			lines[#lines + 1] = typing:next_line()
			now = now + 50000
		end
	end

	it("is typed out word by word at reading pace, then stays a while", function()
		new("Good day to you.")
		run(0.05)
		assert.same({"Good"}, shown)
		run(1)
		assert.same({"Good", "Good day", "Good day to"}, shown)
		run(1)
		assert.equal("Good day to you.", shown[#shown])
		assert.is_false(typing.over)
		assert.same({"Good day to you."}, lines)
		run(2)
		assert.is_true(typing.over)
	end)

	it("keeps its pace however its chunks come: early words wait, a late word comes when it is whole", function()
		new()
		typing:hear("Hello the")
		run(1)
		assert.same({"Hello"}, shown)
		typing:hear("Hello there, my good fri")
		run(0.1)
		assert.same({"Hello", "Hello there,"}, shown)
		run(5)
		assert.equal("Hello there, my good", shown[#shown])
		assert.is_false(typing.over)
		typing:close("Hello there, my good friend.")
		run(5)
		assert.equal("Hello there, my good friend.", shown[#shown])
		assert.same({"Hello there, my good friend."}, lines)
		assert.is_true(typing.over)
	end)

	it("comes in parts when it is long, each to the chat when it begins", function()
		new("The first sentence. The second one is here. Third.")
		run(0.1)
		assert.same({"The first sentence."}, lines)
		run(10)
		assert.same({"The first sentence.", "The second one is here.", "Third."}, lines)
		local seen = {}
		for _, bubble in ipairs(shown) do seen[bubble] = true end
		assert.is_true(seen["The first sentence. …"])
		assert.is_true(seen["The second one is here. …"])
		assert.is_true(seen["Third."])
	end)

	it("breaks a sentence without an end, and loses no word whatever the chunks", function()
		math.randomseed(11)
		local words = {}
		for i = 1, 60 do words[i] = ("w"):rep(math.random(1, 9)) .. (math.random() < 0.15 and "." or "") end
		local whole = table.concat(words, " ")
		for _ = 1, 50 do
			new()
			local sent = 0
			while sent < #whole do
				sent = math.min(#whole, sent + math.random(1, 40))
				typing:hear(whole:sub(1, sent))
				run(0.05 * math.random(0, 20))
			end
			typing:close(whole)
			run(200)
			assert.is_true(typing.over)
			assert.equal(whole, table.concat(lines, " "))
			for _, line in ipairs(lines) do assert.is_true(#line <= 30) end
		end
	end)

	it("ends with an ellipsis where the rest was lost, or turned out otherwise", function()
		new()
		typing:hear("I was about to say")
		typing:close(nil)
		run(5)
		assert.equal("I was about to …", lines[1])
		new()
		typing:hear("One thing and another")
		typing:close("Something else.")
		run(5)
		assert.equal("One thing and …", lines[1])
	end)

	it("is there at once where the pace is 0", function()
		new("Good day to you.", {read_char_ms = 0})
		run(0.05)
		assert.same({"Good day to you."}, shown)
	end)

	describe("whose words a voice says", function()
		local LINE = "Good day to you. The road is closed."
		local FIRST, ALL = 16, #LINE

		it("keeps the voice's pace, however fast or slow it is, and shows nothing that is not said yet", function()
			for _, voice_s in ipairs({1, 5}) do
				new(LINE, {bubble_chars = 100})
				run(0.05)
				typing:keep_pace(FIRST, now + voice_s * 1e6)
				run(voice_s - 0.05)
				assert.equal(FIRST, typing:shown_until())
				run(0.2)
				assert.is_true(typing:shown_until() > FIRST, "after its end the next words come")
			end
		end)

		it("is slower where it was ahead, and types its words evenly", function()
			new(LINE, {bubble_chars = 100})
			run(0.5) -- "Good", at reading pace
			typing:keep_pace(FIRST, now + 4e6)
			local at = {}
			for i = 1, 80 do
				run(0.05)
				at[i] = typing:shown_until()
			end
			assert.is_true(at[20] < 12 and at[40] >= 8 and at[79] == FIRST, table.concat(at, " "))
		end)

		it("is over, and goes to its next part, when the voice has ended, not before", function()
			new("The first sentence. The second one is here.")
			run(0.05)
			typing:keep_pace(19, now + 10e6)
			run(9.9)
			assert.is_false(typing:is_past(19))
			run(1.3)
			assert.is_true(typing:is_past(19), "read_base_ms after its end")
			typing:keep_pace(43, now + 10e6)
			run(9.9)
			assert.is_false(typing.over)
			run(1.5)
			assert.is_true(typing.over)
		end)

		it("goes to its next part at once where the voice is there already", function()
			new("The first sentence. The second one is here.")
			run(2.1)
			assert.equal(19, typing:shown_until())
			typing:keep_pace(43, now + 3e6)
			run(0.1)
			assert.is_true(typing:is_past(19))
		end)

		it("shows all its words at once where it is broken off, and stays as long as ever", function()
			new(LINE, {bubble_chars = 100})
			run(0.05)
			typing:keep_pace(ALL, now + 60e6)
			run(1)
			typing:hurry()
			run(0.4)
			assert.equal(LINE, shown[#shown])
			run(0.5)
			assert.is_false(typing.over)
			run(0.5)
			assert.is_true(typing.over)
		end)

		it("keeps the reader's pace again once the voice has stopped", function()
			new(LINE, {bubble_chars = 100})
			run(0.05)
			typing:keep_pace(ALL, now + 60e6)
			run(1)
			typing:keep_pace(0, 0)
			run(5)
			assert.equal(ALL, typing:shown_until())
			assert.is_true(typing.over)
		end)
	end)
end)
