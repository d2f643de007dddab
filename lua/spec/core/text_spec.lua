-- core/text.lua: cleaning, cutting and wrapping.

local folder = "mods/llm_agent/"

local text = loadfile(folder .. "core/text.lua")()

describe("text", function()
	it("is one plain line", function()
		assert.equal("red text, two lines", text.clean("\27(c@#f00)red\27(c@#fff)  text,\n\ttwo\0lines \27E"))
	end)

	it("loses escapes, and of what only looks like one nothing else", function()
		for shown, plain in pairs({
			["a\27(T@llm_agent)b\27Fc\27E\27Ed"] = "abcd", ["\27(never closed"] = "(never closed", ["\27"] = "", ["\27\27E"] = "",
			["\27()x\27("] = "x(", ["(a) \27(b\27(c) d"] = "(a)  d", ["ë\27é"] = "ëé", ["none"] = "none",
		}) do
			assert.equal(plain, text.without_escapes(shown))
		end
	end)

	it("is clean in a time that grows with its length and no faster", function()
		local BYTES, MAX_S = 200 * 1000, 1 -- it takes a hundredth of that; a scan from each escape took a minute
		for _, unit in ipairs({"\27(", "\27(T@", "a\27(x", "\27", "\27E", "( ", "\27()", "\128", "\240", " ", "\27( )"}) do
			local long, began = unit:rep(BYTES / #unit), os.clock()
			text.clean(long)
			text.clean(long .. ")", 1200)
			text.item_words(long)
			assert.is_true(os.clock() - began < MAX_S, ("%q"):format(unit))
		end
	end)

	it("is the beginning of what is far too long", function()
		assert.equal(("x"):rep(100), text.clean(("x"):rep(1e6), 100))
		assert.equal(("é"):rep(50), text.clean("\27(c@#ff0000)" .. ("é"):rep(1e5), 100))
	end)

	it("is valid UTF-8 whatever comes in", function()
		for bad, good in pairs({
			["a\255b"] = "a\239\191\189b", ["\195"] = "\239\191\189", ["\237\160\128"] = ("\239\191\189"):rep(3),
			["\192\128"] = ("\239\191\189"):rep(2), ["Zoë 🙂 שלום"] = "Zoë 🙂 שלום", ["\244\144\128\128"] = ("\239\191\189"):rep(4),
		}) do
			assert.equal(good, text.scrub(bad))
		end
	end)

	it("is cut at a character", function()
		assert.equal("a", text.cut("aë", 2))
		assert.equal("aë", text.cut("aë", 3))
		assert.equal("", text.cut("🙂", 3))
	end)

	it("is cut after a word, and inside one only where little would be left", function()
		assert.equal("one two", text.cut_words("one two three", 9))
		assert.equal("one two", text.cut_words("one two three", 7))
		assert.equal("one two three", text.cut_words("one two three", 13))
		assert.equal("a bcdefghi", text.cut_words("a bcdefghijkl", 10))
		assert.equal("ëë", text.cut_words("ëëëë", 5))
	end)

	it("wraps between words, and inside one only where it must", function()
		assert.equal("one two\nthree", text.wrap("one two three", 8))
		assert.equal("abcdef\ngh ij", text.wrap("abcdefgh ij", 6))
		assert.equal("ëëë\nëë", text.wrap("ëëëëë", 3))
		assert.equal("", text.wrap("  ", 5))
	end)

	it("finds names as whole words only", function()
		assert.is_true(text.names("Hello ana!", "Ana"))
		assert.is_true(text.names("ana", "Ana"))
		assert.is_false(text.names("my bandana", "Ana"))
		assert.is_false(text.names("Anabel", "Ana"))
		assert.is_true(text.names("bandana, ana", "Ana"))
		assert.is_true(text.names("ПРИВЕТ, ЁЛКА", "ёлка"))
		assert.equal("да, über été ñandú ящик", text.lower("ДА, Über ÉTÉ Ñandú Ящик"))
		assert.is_true(text.names("hey Old-Tom (now)", "old-tom"))
		assert.is_false(text.names("Zoës", "Zo"))
	end)

	it("fills the listener's name in as it is", function()
		assert.equal("Hi %1.", text.fill("Hi {player}.", "%1"))
	end)

	it("remembers what was read in the last texts", function()
		local reads = 0
		local read = text.remembering(function(words)
			reads = reads + 1
			return words ~= "" and #words or nil, words
		end)
		for _ = 1, 3 do assert.same({5, "hello"}, {read("hello")}) end
		for _ = 1, 2 do assert.same({nil, ""}, {read("")}) end
		assert.equal(2, reads)
		for i = 1, 60 do read("line " .. i) end -- more than it keeps
		assert.same({5, "hello"}, {read("hello")})
		assert.equal(63, reads)
	end)
end)
