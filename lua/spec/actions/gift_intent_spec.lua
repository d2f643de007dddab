-- actions/gift_intent.lua: when a player's words give something away.

local Mock = require("mock_core")
local folder = "mods/llm_agent/"

local function at(x) return {x = x, y = 0, z = 0} end

describe("gifts", function()
	local mock, agent, remembered
	local function start(settings)
		settings = settings or {}
		settings["llm_agent.player_burst"], settings["llm_agent.npc_burst"] = "100", "100"
		settings["llm_agent.goods"] = "false"
		mock = Mock.new({settings = settings})
		mock:open_daemon(function() return {} end)
		mock.core.register_craftitem("zoo:apple", {description = "Apple"})
		mock.core.register_craftitem("zoo:bread", {description = "Loaf of Bread"})
		mock.core.register_craftitem("zoo:crown", {description = "Crown"})
		agent = mock:load_mod()
		local private = mock.mod
		private.economy.trade.base_price = function(item) return item == "zoo:crown" and 500 or item == "zoo:bread" and 2 or 0.5 end
		remembered = {}
		private.think.memory.remember = function(_, player, sentence) remembered[#remembered + 1] = player .. ": " .. sentence end
		agent.register_npc("ann", {name = "Ann", role = "merchant", pos = at(0)})
	end

	describe("the intent to give", function()
		local gift_intent = loadfile(folder .. "actions/gift_intent.lua")(
			loadfile(folder .. "core/text.lua")(), loadfile(folder .. "core/phrases.lua")())
		local gist

		before_each(function()
			start()
			gist = mock.mod.ledger.items.gist
		end)

		it("is plain words of the player", function()
			for words, count in pairs({
				["Take it."] = math.huge, ["Here you are!"] = math.huge, ["this is for you"] = math.huge, ["an apple for you"] = 1,
				["Here are two apples"] = 2, ["You can have my apples"] = math.huge, ["Here’s an apple"] = 1, ["Take five apples please"] = 5,
				["Toma esto"] = math.huge, ["Prends ça"] = math.huge, ["Возьми"] = math.huge, ["Das ist für dich"] = math.huge,
			}) do
				assert.equal(count, gift_intent(words, "apple", gist), words)
			end
		end)

		it("is nothing else: no question, no promise, no refusal, no other thing", function()
			for _, words in ipairs({
				"", "Do you want this apple?", "Would you take it?", "I will not give you the apple", "Can I take an apple?",
				"Give me an apple", "Is there anything for you?", "take me to the mine", "I like apples", "If you help, take it",
				"here is a sword", "take 0 apples", "Nimm das nicht", "Не возьми", "What is this?", "Where is the apple?", "I know where you are",
				"He gave me an apple",
			}) do
				assert.is_nil(gift_intent(words, "apple", gist), words)
			end
		end)
	end)
end)
