-- voice/sentences.lua: what is spoken by itself, and when it is known to be whole.

local folder = "mods/llm_agent/"
local text = loadfile(folder .. "core/text.lua")()
local Sentences = loadfile(folder .. "voice/sentences.lua")(text)

local function texts(sentences)
	local list = {}
	for i, sentence in ipairs(sentences) do list[i] = sentence.text end
	return list
end

local function cut(words) return texts(Sentences.of(words)) end

describe("sentences", function()
	it("end at their marks, and the last without one at the end of the line", function()
		for line, parts in pairs({
			["Welcome to the forge. What can I do for you? Mind the sparks"]
				= {"Welcome to the forge.", "What can I do for you?", "Mind the sparks"},
			["The mill burned down!! Nobody knows why?! We will see."]
				= {"The mill burned down!!", "Nobody knows why?!", "We will see."},
			["Das Wetter ist schön. Über uns nur Sterne."] = {"Das Wetter ist schön.", "Über uns nur Sterne."},
			["Кузница закрыта сегодня. Приходите завтра!"] = {"Кузница закрыта сегодня.", "Приходите завтра!"},
			["你好，欢迎光临铁匠铺。你想要什么？我有剑！"] = {"你好，欢迎光临铁匠铺。", "你想要什么？", "我有剑！"},
		}) do
			assert.same(parts, cut(line))
		end
	end)

	it("do not end at numbers, short forms and initials", function()
		for _, line in ipairs({
			"It costs 3.5 coins and not a copper less.", "Dr. Bram and Mrs. Weaver live on St. Martin street.",
			"Take something sweet, e.g. honey from the hives.", "J. R. Smith forged it long ago.",
			"Am 3. Mai z.B. kommt der Händler.", "I have 3. You have 5 of them.",
		}) do
			assert.same({line}, cut(line))
		end
	end)

	it("go on after a quote or an ellipsis where the next word is small", function()
		assert.same({"He cried \"Stop the thief!\" and ran after him.", "We followed."},
			cut("He cried \"Stop the thief!\" and ran after him. We followed."))
		assert.same({"He cried \"Stop the thief!\"", "Then he ran after him."},
			cut("He cried \"Stop the thief!\" Then he ran after him."))
		assert.same({"Well... perhaps the baker knows."}, cut("Well... perhaps the baker knows."))
		assert.same({"I am not so sure…", "The road is long."}, cut("I am not so sure… The road is long."))
		assert.same({"Vielleicht … über den Berg geht es schneller."}, cut("Vielleicht … über den Berg geht es schneller."))
	end)

	it("go with the next where they are short and it is known", function()
		assert.same({"Halt! Ah, Robin.", "Go on."}, cut("Halt! Ah, Robin. Go on."))
		assert.same({"Hush. Tracks."}, cut("Hush. Tracks."))
		local cutter = Sentences.new()
		assert.same({"Halt!"}, texts(cutter:take("Halt! ", false)))
		assert.same({"Who goes there?"}, texts(cutter:take("Halt! Who goes there? ", false)))
	end)

	it("are given once, as soon as they are whole", function()
		local cutter = Sentences.new()
		local line, given = "The iron is hot. \"Come back later,\" he said. It was 3.5 miles", {}
		for last = 1, #line do
			for _, sentence in ipairs(cutter:take(line:sub(1, last), false)) do given[#given + 1] = {last, sentence.text} end
		end
		assert.same({{17, "The iron is hot."}, {45, "\"Come back later,\" he said."}}, given)
		local rest = cutter:take(line, true)
		assert.same({{text = "It was 3.5 miles", last = #line}}, rest)
		assert.same({}, cutter:take(line, true))
	end)

	it("say to which byte of the text they go", function()
		local line = "The iron is hot. Come back later. Halt! Now go."
		local lasts = {}
		for i, sentence in ipairs(Sentences.of(line)) do lasts[i] = sentence.last end
		assert.same({16, 33, 47}, lasts)
	end)

	it("leave out what is no speech", function()
		assert.same({"Good to see you, traveller."}, cut("*wipes hands* Good to see you, traveller."))
		assert.same({"Look at this sword of mine."}, cut("Look at **this** `sword` of mine."))
		assert.same({}, cut("… *nods slowly* ..."))
		assert.same({}, cut(""))
	end)

	it("are cut at a comma where they are too long to be interrupted", function()
		local long = ("the road goes over the hill and down to the old mill by the river, "):rep(12) .. "and there it ends."
		local parts = cut(long)
		assert.is_true(#parts > 2)
		for i, part in ipairs(parts) do
			assert.is_true(#part <= 281)
			if i < #parts then assert.equal(",", part:sub(-1)) end
		end
		assert.equal((long:gsub("%s+", " ")), table.concat(parts, " "))
	end)
end)
