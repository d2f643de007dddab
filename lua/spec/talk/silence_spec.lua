-- Silence: players whom NPCs do not hear, by an admin's word or after too much that moderation held back.

local Mock = require("mock_core")

local ORIGIN = {x = 0, y = 0, z = 0}

describe("silence", function()
	local mock, daemon, agent, event, clock
	local os_time = os.time

	local function start(settings, storage)
		settings = settings or {}
		settings["llm_agent.greet"], settings["llm_agent.player_cooldown_s"], settings["llm_agent.npc_talk"] = "false", "0", "off"
		mock = Mock.new({settings = settings, storage = storage})
		daemon = mock:open_daemon(function()
			return {{event = event.event, code = event.code, by = event.by, message = event.message, text = event.text}}
		end)
		agent = mock:load_mod()
		agent.register_npc("mira", {name = "Mira", role = "guard", pos = ORIGIN})
		mock:join("Robin", ORIGIN)
		mock:join("Root", ORIGIN)
		mock.privs.Root = {llm_admin = true}
	end

	before_each(function()
		clock = 1000000
		os.time = function() return clock end -- luacheck: ignore
		event = {event = "error", code = "filtered", by = "player", message = "held back", text = "Mind your tongue."}
	end)
	after_each(function() os.time = os_time end) -- luacheck: ignore

	local function chat_of(player)
		return table.concat(mock:chat_of(player), "\n")
	end

	it("begins after too many held-back sentences; before, the player is told why", function()
		start({["llm_agent.filtered_max"] = "3"})
		mock:say("Robin", "one")
		mock:step(0.1, 80)
		assert.is_truthy(chat_of("Robin"):find("Mind your tongue.", 1, true))
		assert.is_truthy(chat_of("Robin"):find("was held back: this server", 1, true))
		mock:say("Robin", "two")
		mock:step(0.1, 80)
		local _, count = chat_of("Robin"):gsub("was held back: this server", "")
		assert.equal(1, count)
		mock:say("Robin", "three")
		mock:step(0.1, 80)
		assert.is_truthy(chat_of("Robin"):find("do not hear you for 10 minutes", 1, true))
		assert.equal(3, #daemon.received)
		mock:say("Robin", "four")
		mock:step(0.1, 80)
		assert.equal(3, #daemon.received)
		clock = clock + 601
		mock:say("Robin", "five")
		mock:step(0.1, 80)
		assert.equal(4, #daemon.received)
	end)

	it("does not begin for what the model said, nor where it is switched off", function()
		start({["llm_agent.filtered_max"] = "1"})
		event.by = "model"
		mock:say("Robin", "one")
		mock:step(0.1, 80)
		mock:say("Robin", "two")
		mock:step(0.1, 80)
		assert.equal(2, #daemon.received)
		assert.is_nil(chat_of("Robin"):find("held back", 1, true))
		start({["llm_agent.filtered_max"] = "0"})
		for _ = 1, 6 do
			mock:say("Robin", "one")
			mock:step(0.1, 80)
		end
		assert.equal(6, #daemon.received)
	end)

	it("is set and lifted by an admin, holds in chat, dialog and private words, and after a restart", function()
		start()
		local ok, words = mock:command("Root", "silence Robin 5")
		assert.is_true(ok)
		assert.equal("NPCs do not hear Robin for 5 minutes.", words)
		mock:say("Robin", "hello")
		mock:step(0.1, 40)
		assert.equal(0, #daemon.received)
		ok, words = mock:command("Robin", "talk Mira hello")
		assert.is_false(ok)
		assert.equal("NPCs do not hear you. Minutes left: 5", words)
		local kept = mock.storage
		start({}, kept)
		mock:say("Robin", "hello")
		mock:step(0.1, 40)
		assert.equal(0, #daemon.received)
		assert.is_true((mock:command("Root", "unsilence Robin")))
		mock:say("Robin", "hello")
		mock:step(0.1, 40)
		assert.equal(1, #daemon.received)
	end)

	it("holds in the dialog too, which says why", function()
		start()
		mock:command("Root", "silence Robin 5")
		local private = mock.mod
		private.talk.dialog.open(llm_agent.get_npc("mira"), "Robin")
		mock:submit("Robin", "llm_agent:dialog", {say = "Say", words = "hello"})
		mock:step(0.1, 40)
		assert.equal(0, #daemon.received)
		assert.is_truthy(mock.forms.Robin.spec:find("NPCs do not hear you", 1, true))
	end)

	it("of the model in the middle of a reply: what was said stays, and the line in its place follows", function()
		start()
		daemon.reply = function(request)
			return {
				{event = "delta", acts = false, text = "Well met, friend, "},
				{event = "error", code = "filtered", by = "model", message = "held back", text = "Let us speak of something else."},
				id = request.id,
			}
		end
		mock:say("Robin", "hello")
		mock:step(0.1, 200)
		local said = chat_of("Robin")
		assert.is_truthy(said:find("Well met", 1, true))
		assert.is_truthy(said:find("Let us speak of something else.", 1, true))
		assert.is_nil(said:find("held back", 1, true))
	end)

	it("is refused with a word where it makes no sense", function()
		start()
		for _, bad in ipairs({"silence", "silence Robin soon", "silence Robin 0", "silence Robin -3", "silence Robin nan", "silence R@b 3",
			"silence Robin 1e99", "unsilence", "unsilence Robin"}) do
			assert.is_false((mock:command("Root", bad)), bad)
		end
		assert.is_false((mock:command("Robin", "silence Root 5")))
	end)
end)
