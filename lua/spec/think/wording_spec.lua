-- think/wording.lua and actions/speech.lua: what is said with an action belongs to it, and an action that fails says so.

local game = require("spec.support.game")
local ORIGIN, at = game.ORIGIN, game.at

describe("an NPC that does something", function()
	local mock, agent, npc, said, chosen, matched, replies, options

	local function begin()
		options = options or {}
		mock = game.start_quiet(options, function()
			return {{event = "done", text = said, action = chosen, matched = matched, cache = "off", model = "m"}}
		end)
		agent = _G.llm_agent
		game.body("m", "Mira", "guard", ORIGIN)
		npc = agent.get_npc("m")
		mock:join("Robin", at(2))
		replies = {}
		mock:step(0.5, 3)
	end

	before_each(function()
		said, chosen, matched, options = "Well.", nil, nil, nil
		begin()
	end)

	local function ask(words, action, line)
		chosen, said = action, line
		npc:think({player = "Robin", utterance = words, actions = true}, function(reply) replies[#replies + 1] = reply end)
		mock:step(0.05, 4)
		return replies[#replies]
	end

	local FOLLOW = {name = "follow", params = {target = "Robin"}}

	it("does not say that it cannot leave the gate while it follows", function()
		local reply = ask("Mira, follow me", FOLLOW, "I cannot leave the gate, Robin.")
		assert.is_true(reply.action.ok)
		assert.equal("follow", mock.mod.body.movement.current(npc).kind)
		assert.is_nil(reply.text:find("cannot", 1, true), reply.text)
		assert.is_not.equal("", reply.text)
	end)

	it("keeps the model's words where they speak of what it does", function()
		for _, line in ipairs({"Lead the way, I follow.", "Ich komme mit dir.", "Je te suis.", "Voy contigo.", "Иду с тобой."}) do
			assert.equal(line, ask("come with me", FOLLOW, line).text)
		end
	end)

	it("says a line of the deed where a model says nothing, or talks of something else", function()
		for _, line in ipairs({"", "The north tower is tall.", "Das Wetter ist schön.", "Не могу уйти с поста.", "No puedo ir."}) do
			local reply = ask("come with me", FOLLOW, line)
			assert.is_true(reply.action.ok)
			assert.is_not.equal(line, reply.text)
			assert.is_not.equal("", reply.text)
		end
	end)

	it("takes a saying with a no in it for no refusal", function()
		local claims = mock.mod.think.claims
		for _, line in ipairs({"That's where. You can't miss it.", "You cannot go wrong.", "Come with me, you won't regret it."}) do
			assert.is_false(claims.refuses(claims.fold(line)), line)
		end
		for _, line in ipairs({"You can't miss it, but I can't come.", "No, you can't.", "I won't."}) do
			assert.is_true(claims.refuses(claims.fold(line)), line)
		end
	end)

	it("believes words that the model's own data has matched with the deed", function()
		matched = true
		assert.equal("Side by side, then.", ask("come with me", FOLLOW, "Side by side, then.").text)
		assert.equal("My legs could use it.", ask("come with me", FOLLOW, "My legs could use it.").text)
	end)

	it("waves without taking leave, unless it was taken", function()
		local wave = {name = "emote", params = {kind = "wave"}}
		assert.is_nil(ask("hello Mira", wave, "Farewell, Robin. Safe travels!").text:find("arewell", 1, true))
		assert.equal("Farewell and thank you.", ask("goodbye", wave, "Farewell and thank you.").text)
		assert.equal("Ah, a new face!", ask("hello Mira", wave, "Ah, a new face!").text)
		assert.is_nil(ask("dance for me", {name = "emote", params = {kind = "dance"}}, "I cannot dance.").text:find("cannot", 1, true))
	end)

	it("shakes its head with no yes, and counts as far as it was told", function()
		local function emote(kind, more) return {name = "emote", params = {kind = kind, number = more}} end
		local words = ask("shake your head", emote("shake"), "Yes, of course, Robin!").text
		assert.is_nil(words:find("Yes", 1, true))
		assert.equal("Never in my life.", ask("shake your head", emote("shake"), "Never in my life.").text)
		words = ask("count to four", emote("count", 4), "I cannot count, Robin.").text
		assert.is_truthy(words:find("1, 2, 3, 4", 1, true))
	end)

	it("says so where there is no such way, nobody, or no door any more", function()
		game.body("b", "Bram", "farmer", at(4))
		mock:step(0.5, 3)
		chosen, said = {name = "follow", params = {target = "Bram"}}, "I come with you!"
		npc:think({player = "Robin", utterance = "Would you walk with Bram?", actions = true},
			function(reply) replies[#replies + 1] = reply end)
		mock:step()
		agent.unregister_npc("b") -- gone before the answer is there
		mock:step(0.05, 4)
		assert.is_false(replies[1].action.ok)
		assert.is_not.equal("I come with you!", replies[1].text)
		local lines = dofile("mods/llm_agent/actions/lines.lua")
		local found = false
		for _, line in ipairs(lines.follow_failed) do
			found = found or replies[1].text == line:gsub(", {player}", "") or replies[1].text == line:gsub("{player}", "Robin")
		end
		assert.is_true(found, replies[1].text)
	end)

	it("says aloud what fails on the way", function()
		ask("come with me", FOLLOW, "I come with you!")
		local seen = #mock:chat_of("Robin")
		mock.mod.body.movement.current(npc).done(false, "stuck")
		mock:step(0.5, 30)
		local told = table.concat(mock:chat_of("Robin"), "\n", seen + 1)
		assert.matches("Mira has lost Robin", told)
		assert.matches("<Mira> [^\n]*Robin", told)
	end)

	it("speaks another mod's lines for another mod's action, and fails in words of its own", function()
		agent.register_action("ring_bell", {
			roles = {"guard"}, lines = {done = {"Ding dong!"}, failed = {"The rope is torn."}},
			run = function(_, _, _) return replies.works, "message" end,
		})
		agent.register_action("row", {roles = {"guard"}, run = function() return false, "no boat" end})
		replies.works = true
		assert.equal("I ring it.", ask("ring the bell", {name = "ring_bell"}, "I ring it.").text)
		assert.equal("Ding dong!", ask("ring the bell", {name = "ring_bell"}, "I will not do that.").text)
		replies.works = false
		assert.equal("The rope is torn.", ask("ring the bell", {name = "ring_bell"}, "I ring it.").text)
		assert.is_not.equal("Off we go!", ask("row me over", {name = "row"}, "Off we go!").text)
		assert.has_error(function() agent.register_action("bad", {run = print, lines = {won = {"x"}}}) end)
	end)

	it("does what the words alone ask for, and not what they have nothing to do with, where a mod says so", function()
		local runs = 0
		agent.register_action("ring_bell", {
			roles = {"guard"}, run = function()
				runs = runs + 1
				return true
			end,
			meant = function(_, _, opts) return opts.utterance:find("bell", 1, true) and {} or nil end,
			fits = function(_, _, opts) return opts.utterance:find("noise", 1, true) ~= nil end,
		})
		agent.register_action("broken", {
			roles = {"guard"}, run = function() end, meant = function() error("a mod's own mistake") end,
		})
		ask("ring the bell", nil, "Nice day.")
		assert.equal(1, runs)
		ask("ring the bell", {name = "stay"}, "I stay.") -- what was plainly asked for goes before what a model made of it
		assert.equal(2, runs)
		runs = 1
		ask("hello", {name = "ring_bell"}, "Ding!")
		assert.equal(1, runs)
		ask("make some noise", {name = "ring_bell"}, "Ding!")
		assert.equal(2, runs)
		assert.is_true(#mock:logged("meant of action broken failed") >= 1)
	end)

	it("does a plain order whatever the model made of it, and says so in the language of the order", function()
		options = {translations = {}}
		local lists = dofile("mods/llm_agent/actions/lines.lua")
		for _, list in ipairs({lists.follow.anyone, lists.follow.guard, lists.stay.anyone, lists.stay.guard}) do
			for _, line in ipairs(list) do options.translations["de: " .. line] = "Jawohl." end
		end
		begin()
		local reply = ask("mira komm mit", nil, "I don't speak your tongue.")
		assert.equal("follow", mock.mod.body.movement.current(npc).kind)
		assert.same({"Jawohl.", "de"}, {reply.text, reply.lang})
		matched = true -- and whatever deed its own data has matched
		assert.equal("Jawohl.", ask("warte hier mira", FOLLOW, "I come with you.").text)
		assert.equal("stay", mock.mod.body.movement.current(npc).kind)
		matched = nil
		assert.is_nil(ask("wartest du hier?", nil, "Hm.").action)
		ask("folge mir", nil, "Hm.")
		assert.equal("stay", ask("folge mir nicht mehr", nil, "Hm.").action.name)
		mock.mod.body.movement.order(npc, {kind = "go_to", pos = at(20)})
		assert.is_nil(ask("dont follow me", nil, "Hm.").action) -- it does not
		assert.equal("de", mock.mod.think.offers.meant(npc, {player = "Robin", utterance = "komm mit"},
			mock.mod.think.offers.of(npc, {player = "Robin", actions = true})).lang)
	end)

	it("does not walk to where it is only asked the way", function()
		agent.set_place("Harbour", at(30), 5)
		matched = true
		local reply = ask("how do i get to the harbour", {name = "go_to", params = {place = "Harbour"}}, "I walk over to Harbour.")
		assert.is_nil(reply.action)
		assert.equal("way", reply.told)
		assert.is_nil(mock.mod.body.movement.current(npc))
		assert.equal("go_to", ask("mira, go to the harbour", nil, "Well.").action.name)
	end)

	it("says it in the player's language", function()
		options = {translations = {}, storage = {}}
		for _, line in ipairs(dofile("mods/llm_agent/actions/lines.lua").follow.anyone) do
			options.translations["de: " .. line] = "Ich folge dir."
		end
		for _, line in ipairs(dofile("mods/llm_agent/actions/lines.lua").follow.guard) do
			options.translations["de: " .. line] = "Ich folge dir."
		end
		begin()
		mock:command("Robin", "lang de")
		local reply = ask("folge mir", FOLLOW, "I cannot leave the gate.")
		assert.same({"Ich folge dir.", "de"}, {reply.text, reply.lang})
	end)
end)
