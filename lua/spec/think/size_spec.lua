-- think/request.lua keeps to the daemon's limits of size, whatever players and mods put into a question.

local game = require("spec.support.game")
local ORIGIN = game.ORIGIN

describe("a question that is too long", function()
	local mock, daemon, agent, npc

	before_each(function()
		mock, daemon, agent = game.start_quiet({})
		npc = agent.register_npc("a", {name = "Ann", role = "guard", pos = ORIGIN})
	end)

	local function sent(opts)
		opts.player = opts.player or "Robin"
		npc:think(opts, function() end)
		mock:step()
		return daemon.received[#daemon.received].request
	end

	local function bytes(value)
		if type(value) == "string" then return #value end
		if type(value) ~= "table" then return 0 end
		local sum = 0
		for key, item in pairs(value) do sum = sum + bytes(key) + bytes(item) end
		return sum
	end

	it("is cut after a word of what the player says", function()
		local said = sent({utterance = ("hello "):rep(1000)}).utterance
		assert.equal(("hello "):rep(333):sub(1, -2), said)
	end)

	it("keeps the newest turns of a talk, each cut after a word", function()
		local turns = {}
		for i = 1, 40 do turns[i] = {speaker = ("n"):rep(200), text = ("word" .. i .. " "):rep(500)} end
		local history = sent({utterance = "Well?", history = turns}).history
		local newest = history[#history]
		assert.equal("word40", newest.text:match("%S+$"))
		assert.is_true(#newest.text <= 2000 and #newest.speaker <= 128 and #history <= 20)
	end)

	it("is never over the limit of all texts together, and keeps what is said and offered", function()
		local turns, context = {}, {}
		for i = 1, 20 do turns[i] = {speaker = "Bo", text = ("talk "):rep(390)} end
		for i = 1, 100 do context["fact" .. i] = {("a"):rep(390), ("b"):rep(390)} end
		local request = sent({utterance = "Well?", history = turns, context = context, actions = true})
		assert.is_true(bytes(request) <= 32 * 1024)
		assert.equal("Well?", request.utterance)
		assert.is_true(next(request.context) ~= nil)
	end)
end)
