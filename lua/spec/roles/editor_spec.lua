-- roles/editor.lua, form.lua and fields.lua: the role editor.

local fixture = require("spec.support.roles")
local FORM = "llm_agent:role"

describe("roles", function()
	local titles = fixture.titles
	local mock, daemon, keeper, storage
	local function restart(options) mock, daemon = fixture.start(keeper, storage, options) end
	before_each(function()
		keeper, storage = fixture.keeper(), {}
		restart()
	end)

	describe("in the editor", function()
		local function open(role)
			mock:command("Ada", "role " .. role)
			mock:step(0.05, 3)
			return mock.forms.Ada and mock.forms.Ada.spec
		end

		local function press(fields)
			mock:submit("Ada", FORM, fields)
			mock:step(0.05, 5)
			return mock.forms.Ada and mock.forms.Ada.spec
		end

		local function shows(words, spec)
			spec = spec or mock.forms.Ada.spec
			assert.is_truthy(spec:find(words, 1, true), ("no %q in %s"):format(words, spec))
		end

		before_each(function() mock:join("Ada", {x = 0, y = 0, z = 0}) end)

		it("are listed, those with a file of the admin's marked", function()
			keeper.set("smith", {title = "the smith", persona = "Mine."})
			mock:command("Ada", "role")
			mock:step(0.05, 3)
			local seen = table.concat(mock:chat_of("Ada"), "\n")
			assert.is_truthy(seen:find("baker, ", 1, true), seen)
			assert.is_truthy(seen:find("smith*", 1, true), seen)
		end)

		it("show what the daemon has, and Lua's lines where it has none", function()
			local spec = open("smith")
			shows("formspec_version[4]", spec)
			shows("A smith works iron.", spec)
			shows("Cannot hear you over the hammer", spec)
			shows("as shipped", spec)
			assert.is_nil(spec:find(";reset;", 1, true))
			shows("(new)", open("town_crier"))
			for _, bad in ipairs({"Smith", "../../etc", "a;b", "1x"}) do
				assert.is_false((mock:command("Ada", "role " .. bad)))
			end
		end)

		it("are saved on the daemon, and in force at once", function()
			open("smith")
			shows("Saved", press({
				title = "the master", persona = "A master.\nOf iron.", greetings = "Hail, {player}!\n\n Well met. ", fallback = "",
				actions = "give, follow,,", knowledge = "The mine is shut.", save = "Save",
			}))
			assert.same({
				title = "the master", persona = "A master. Of iron.", greetings = {"Hail, {player}!", "Well met."},
				actions = {"give", "follow"}, knowledge = {"The mine is shut."},
			}, keeper.own.smith)
			assert.equal("Tess, the master, is here.", titles("smith"))
			shows("your own file")
			shows(";reset;")
		end)

		it("tell what the daemon passes over, and are in force", function()
			open("smith")
			keeper.note = "voice: 'womn' is no word for a voice"
			shows("in force. But voice: 'womn' is no word", press({title = "the master", persona = "Mine.", voice = "womn", save = "Save"}))
			assert.equal("womn", keeper.own.smith.voice)
		end)

		it("tell the daemon's complaint and keep what was typed", function()
			open("smith")
			keeper.refuse = "title: missing; want a line of text"
			local spec = press({title = "", persona = "Kept; [for] me\\", save = "Save"})
			shows("Not saved: title: missing\\; want a line of text", spec)
			shows("Kept\\; \\[for\\] me\\\\", spec)
			daemon:die()
			shows("does not answer", press({title = "x", save = "Save"}))
			shows("Kept", mock.forms.Ada.spec)
		end)

		it("are reset to the shipped ones when the button is pressed twice", function()
			keeper.set("smith", {title = "the master", persona = "Mine."})
			open("smith")
			shows("Sure?", press({reset = "Reset"}))
			assert.is_truthy(keeper.own.smith)
			press({title = "x"}) -- anything else withdraws it
			press({reset = "Reset"})
			assert.is_truthy(keeper.own.smith)
			shows("A smith works iron.", press({reset = "Sure?"}))
			assert.is_nil(keeper.own.smith)
			shows("as shipped")
		end)

		it("are tried unsaved, by an NPC who is gone afterwards", function()
			open("town_crier")
			local before = #daemon.received
			mock:submit("Ada", FORM, {
				title = "the crier", persona = "A crier cries.", said = "What news?", key_enter_field = "said", key_enter = "true",
			})
			shows("thinking …")
			assert.equal(1, select(2, (select(2, mock:command("Ada", "status"))):gsub("NPCs: 1%.", "")))
			mock:submit("Ada", FORM, {try = "Try it"}) -- an impatient press asks nothing more
			mock:step(0.05, 5)
			assert.equal(before + 1, #daemon.received)
			local request = daemon.received[#daemon.received].request
			assert.same({title = "the crier", persona = "A crier cries."}, request.draft)
			assert.same({"off", "What news?"}, {request.cache, request.utterance})
			assert.is_nil(request.npc.persona)
			shows("the crier says: What news?")
			assert.is_nil(keeper.own.town_crier)
			assert.equal(1, select(2, (select(2, mock:command("Ada", "status"))):gsub("NPCs: 0%.", "")))
			daemon:die()
			shows("No answer: ", press({said = "And now?", try = "Try it"}))
			shows("A crier cries.")
			assert.equal(1, select(2, (select(2, mock:command("Ada", "status"))):gsub("NPCs: 0%.", "")))
			press({said = "", try = "Try it"})
			shows("Write what a player says")
		end)

		it("are tried by an NPC of the role that is edited: a smith knows how to mend a sword", function()
			open("smith")
			mock:submit("Ada", FORM, {title = "the smith", persona = "A smith.", said = "Can you mend my sword?", try = "Try it"})
			mock:step(0.05, 5)
			assert.equal("smith", daemon.received[#daemon.received].request.npc.role)
		end)

		it("listen to admins only, and to forms that they opened", function()
			mock:join("Eve", {x = 0, y = 0, z = 0})
			assert.is_false((mock:command("Eve", "role smith")))
			mock:submit("Eve", FORM, {title = "x", persona = "x", save = "Save"})
			mock:submit("Ada", FORM, {title = "x", persona = "x", save = "Save"}) -- not open
			open("smith")
			mock.privs.Ada = {}
			mock:submit("Ada", FORM, {title = "x", persona = "x", save = "Save"})
			mock:step(0.05, 5)
			assert.same({}, keeper.own)
			assert.is_nil(mock.forms.Ada)
			assert.is_truthy(mock:chat_of("Ada")[#mock:chat_of("Ada")]:find("llm_admin", 1, true))
		end)

		it("forget a form that was closed, or whose admin left, also with an answer on its way", function()
			open("smith")
			mock:submit("Ada", FORM, {save = "Save"})
			mock:submit("Ada", FORM, {quit = "true"})
			mock.forms.Ada = nil
			mock:step(0.05, 5)
			assert.is_nil(mock.forms.Ada)
			open("smith")
			mock:submit("Ada", FORM, {said = "Hello", try = "Try it"})
			mock.forms.Ada = nil
			mock:leave("Ada")
			mock:step(0.05, 5)
			assert.is_nil(mock.forms.Ada)
			assert.same({}, mock:logged("error"))
		end)

		it("keep what was typed when a slip of a key closes the form, and drop it by the button", function()
			open("smith")
			mock:submit("Ada", FORM, {title = "half a title", key_enter = "true", quit = "true"})
			mock:submit("Ada", FORM, {title = "forged", save = "Save"}) -- of a form that is closed
			mock:step(0.05, 5)
			assert.same({}, keeper.own)
			shows("half a title", open("smith"))
			shows("not saved yet")
			mock:submit("Ada", FORM, {close = "Close", quit = "true"})
			assert.is_nil(open("smith"):find("half a title", 1, true))
			mock:submit("Ada", FORM, {title = "the master", persona = "A master.", quit = "true"})
			open("baker")
			shows("the baker")
			mock:submit("Ada", FORM, {quit = "true"})
			keeper.set("baker", {title = "the new baker", persona = "Bakes."})
			shows("the new baker", open("baker")) -- nothing was typed: what is in force
		end)

		it("cannot be broken out of by what anybody types", function()
			open("smith")
			local nasty = "]button[0,0;9,9;evil;x]\\"
			local spec = press({title = nasty, persona = nasty, actions = nasty, said = nasty, try = "Try it"})
			assert.is_nil(spec:find("]button[0,0;9,9", 1, true))
			assert.is_nil(press({persona = ("x"):rep(20000), said = "", try = "Try it"}):find(("x"):rep(20000), 1, true))
			mock:submit("Ada", FORM, {persona = {}, said = {}, save = 1})
			mock:submit("Ada", FORM, {})
		end)

		it("say why they cannot open while the daemon is away or not asked", function()
			daemon:die()
			assert.is_nil(open("smith"))
			assert.is_truthy(table.concat(mock:chat_of("Ada"), "\n"):find("does not answer", 1, true))
			mock:command("Ada", "off")
			mock:command("Ada", "role smith")
			assert.is_truthy(mock:chat_of("Ada")[#mock:chat_of("Ada")]:find("/llm doctor", 1, true))
		end)
	end)
end)
