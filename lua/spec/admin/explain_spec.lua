-- admin/explain.lua: the prompt of an NPC, shown to an admin.

local game = require("spec.support.game")
local ORIGIN, body = game.ORIGIN, game.body

local SHOWN = {
	messages = {{role = "system", content = "A smith.\nYou are Ann."}, {role = "user", content = "Robin: Any news?"}},
	parts = {
		{part = "persona", message = 0, tokens = 5, text = "A smith."},
		{part = "utterance", message = 1, tokens = 6, text = "Robin: Any news?"},
	},
	left_out = {{part = "memory", text = "Robin bought bread", why = "no room"}},
	prompt_tokens = 21, context_tokens = 1024, max_tokens = 64,
	cache = {result = "miss", kept = 1, variants = 3, key = "00ff"},
}

describe("/llm explain", function()
	local mock, asked
	local function start(answer)
		asked = {}
		mock = game.start_quiet(nil, function(request)
			asked[#asked + 1] = request
			return {answer}
		end)
		mock.privs.Robin = {llm_admin = true}
		mock:join("Robin", ORIGIN)
		body("a", "Ann", "guard", ORIGIN)
	end

	local function chat() return table.concat(mock:chat_of("Robin"), "\n") end

	it("asks for the prompt of what would be said, and shows parts, what was left out, and the cache", function()
		start({event = "done", explanation = SHOWN})
		assert.is_true((mock:command("Robin", "explain ann Any news?")))
		mock:step(0.5, 4)
		assert.equal(1, #asked)
		assert.same({true, "Any news?", "Robin", "a"}, {asked[1].explain, asked[1].utterance, asked[1].player, asked[1].npc.id})
		assert.is_true(#asked[1].actions > 0)
		local shown = chat()
		for _, part in ipairs({"Ann", "21", "1024", "[system persona 5] A smith.", "[user utterance 6] Robin: Any news?",
			"Robin bought bread", "no room", "miss", "00ff"}) do
			assert.is_truthy(shown:find(part, 1, true), part)
		end
	end)

	it("without words asks for what the NPC would say first", function()
		start({event = "done", explanation = SHOWN})
		assert.is_true((mock:command("Robin", "explain Ann")))
		mock:step(0.5, 4)
		assert.is_nil(asked[1].utterance)
	end)

	it("says what the daemon says where it explains nothing, and survives an answer of another shape", function()
		start({event = "error", code = "too_large", message = "longer than the context"})
		mock:command("Robin", "explain Ann hello")
		mock:step(0.5, 4)
		assert.is_truthy(chat():find("longer than the context", 1, true))
		for _, odd in ipairs({{event = "done"}, {event = "done", explanation = {parts = {5}, left_out = {false}, cache = 3}}}) do
			start(odd)
			mock:command("Robin", "explain Ann hello")
			mock:step(0.5, 4)
			assert.is_true(#chat() > 0)
		end
	end)

	it("is for admins, and names what is missing", function()
		start({event = "done", explanation = SHOWN})
		assert.is_false((mock:command("Robin", "explain Nobody hello")))
		mock.privs.Robin = {}
		local ok, message = mock:command("Robin", "explain Ann hello")
		assert.is_false(ok)
		assert.is_truthy(message:find("llm_admin", 1, true))
		mock:step(0.5, 4)
		assert.equal(0, #asked)
	end)
end)
