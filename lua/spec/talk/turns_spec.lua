-- talk/turns.lua and small_talk.lua: several NPCs that answer, and take up each other's words.

local Mock = require("mock_core")
local ORIGIN = {x = 0, y = 0, z = 0}

local function at(x) return {x = x, y = 0, z = 0} end

describe("NPCs that are spoken to together", function()
	local mock, daemon, agent, says

	local function start(settings)
		settings["llm_agent.npc_talk"] = settings["llm_agent.npc_talk"] or "off"
		settings["llm_agent.greet"], settings["llm_agent.player_cooldown_s"] = "false", "0"
		mock = Mock.new({settings = settings})
		daemon = mock:open_daemon(function(request)
			local line = says[request.npc.name]
			if line == false then return {} end
			return {{event = "done", text = line or "Well.", cache = "miss"}}
		end)
		agent = mock:load_mod()
		for i, name in ipairs({"Ann", "Bram", "Cleo"}) do agent.register_npc(name, {name = name, role = "guard", pos = at(i)}) end
		mock:join("Robin", ORIGIN)
	end

	local function requests(number)
		local request = (daemon.received[number] or {}).request
		return request and request.npc.name, request
	end

	local function said_to(request)
		local lines = {}
		for i, line in ipairs(request.history or {}) do lines[i] = line.speaker .. ": " .. line.text end
		return table.concat(lines, " | ")
	end

	it("answer one after the other, each knowing what was said before", function()
		says = {Ann = "I saw a fox.", Bram = "A big fox it was.", Cleo = "I slept."}
		start({})
		mock:say("Robin", "everybody, what happened?")
		mock:step(0.05, 400)
		assert.equal(3, #daemon.received)
		local name, first = requests(1)
		assert.equal("Ann", name)
		assert.is_nil(first.history)
		assert.equal("Ann: I saw a fox.", said_to(select(2, requests(2))))
		assert.equal("Ann: I saw a fox. | Bram: A big fox it was.", said_to(select(2, requests(3))))
		for number = 1, 3 do assert.equal("everybody, what happened?", select(2, requests(number)).utterance) end
	end)

	it("take up a line that calls them by name, and answer who called", function()
		says = {Ann = "Bram knows that.", Bram = "North of the mill."}
		start({})
		mock:say("Robin", "Ann, where is the mine?")
		mock:step(0.05, 300)
		local name, request = requests(2)
		assert.equal("Bram", name)
		assert.same({"Ann", "Bram knows that."}, {request.player, request.utterance})
		assert.equal("Robin: Ann, where is the mine?", said_to(request))
		assert.is_nil(request.actions)
		assert.equal(2, #daemon.received)
		assert.same({"<Ann> Bram knows that.", "<Bram> North of the mill."}, mock:chat_of("Robin"))
		mock:say("Robin", "Bram, thank you") -- what Ann said there is known to him still
		mock:step(0.05, 300)
		assert.truthy(said_to(select(2, requests(3))):find("Ann: Bram knows that.", 1, true))
	end)

	it("do not join in where a player asks who is here", function()
		for _, words in ipairs({"I see Bram and Cleo.", "Well, Cleo and Bram sit here with me."}) do
			says = {Ann = words}
			start({})
			mock:say("Robin", "Ann, who is here?")
			mock:step(0.05, 300)
			assert.equal(1, #daemon.received, words)
		end
	end)

	it("do not join in where the player asks about one of them, or one is pointed out", function()
		for words, line in pairs({
			["Ann, who is Bram?"] = "Bram, the guard. We say good morning.", ["Ann, where is the priest?"] = "Bram the guard is over there.",
			["Ann, what do you think of Cleo?"] = "Cleo pays. Late, but Cleo pays.",
		}) do
			says = {Ann = line}
			start({})
			mock:say("Robin", words)
			mock:step(0.05, 300)
			assert.equal(1, #daemon.received, words)
		end
	end)

	it("never call each other without end", function()
		says = {Ann = "Ask Bram.", Bram = "Ask Cleo.", Cleo = "Ask Ann."}
		for depth, want in pairs({["0"] = 1, ["1"] = 2, ["2"] = 3, ["10"] = 11}) do
			start({["llm_agent.group_depth_max"] = depth, ["llm_agent.repeat_lines"] = "0"})
			mock:say("Robin", "Ann, who are you?")
			mock:step(0.05, 2000)
			assert.equal(want, #daemon.received)
		end
	end)

	it("leave the rest of a sentence's turns where the player goes on, or goes away", function()
		says = {Ann = false, Cleo = "Yes?"}
		for _, leaves in ipairs({false, true}) do
			start({})
			mock:say("Robin", "hello everybody")
			mock:step(0.05, 5)
			assert.equal(1, #daemon.received)
			if leaves then mock:leave("Robin") else mock:say("Robin", "Cleo, only you") end
			mock:step(0.5, 60) -- Ann's deadline passes
			assert.equal(leaves and 1 or 2, #daemon.received)
			assert.is_true(leaves or requests(2) == "Cleo")
		end
	end)

	it("are joined by others who are called, up to the setting, and all are free again after", function()
		says = {Ann = "Bram and Cleo, come here.", Bram = "Cleo, look.", Cleo = "I see, Ann."}
		start({
			["llm_agent.npc_talk"] = "always", ["llm_agent.npc_talk_chain_max"] = "6", ["llm_agent.npc_talk_interval_s"] = "300",
			["llm_agent.repeat_lines"] = "0",
		})
		agent.get_npc("Ann").next_small_talk_us = 0
		mock:step(0.1, 600)
		local spoke = {}
		for number = 1, #daemon.received do spoke[(requests(number))] = true end
		assert.equal(6, #daemon.received)
		assert.is_true(spoke.Ann and spoke.Bram and spoke.Cleo)
		local _, last = requests(6)
		assert.is_true(#last.history >= 4)
		for _, id in ipairs({"Ann", "Bram", "Cleo"}) do assert.is_nil(agent.get_npc(id).small_talk) end
	end)
end)
