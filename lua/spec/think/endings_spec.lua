-- While questions are out, everything ends in every order: the player leaves, the NPC is removed, its mapblock unloads, the
-- world shuts down, the daemon dies. Whatever comes first, each callback comes exactly once and nothing is left behind.

local Mock = require("mock_core")

local ORIGIN, NEXT = {x = 0, y = 0, z = 0}, {x = 2, y = 0, z = 0}
local EVENTS = {"leave", "remove", "unload", "shutdown", "die"}
local NEVER = 0 -- the reply does not land

-- All orders of a list.
local function orders(list)
	if #list == 1 then return {list} end
	local all = {}
	for i, first in ipairs(list) do
		local rest = {}
		for j, item in ipairs(list) do
			if j ~= i then rest[#rest + 1] = item end
		end
		for _, order in ipairs(orders(rest)) do all[#all + 1] = {first, unpack(order)} end
	end
	return all
end

describe("whatever ends first", function()
	local mock, daemon, agent, object
	local requests, called, told_after_leaving, left

	-- Every think of anybody is counted, and its callback.
	local function count_thinks(npc)
		local think = npc.think
		function npc.think(self, opts, callback)
			requests = requests + 1
			local number = requests
			return think(self, opts, function(answer)
				called[number] = (called[number] or 0) + 1
				assert(answer.text ~= "", "a reply without words")
				callback(answer)
			end)
		end
	end

	local function client_is_empty()
		local status = select(2, mock:command("Robin", "status"))
		return status:find("open: 0%D") ~= nil, status
	end

	local function start()
		mock = Mock.new({settings = {["llm_agent.npc_talk"] = "off", ["llm_agent.greet"] = "false"}})
		daemon = mock:open_daemon(function() return {} end)
		agent = mock:load_mod()
		requests, called, told_after_leaving, left = 0, {}, 0, false
		agent.on("say", function(_, _, opts)
			if left and opts.to == "Robin" then told_after_leaving = told_after_leaving + 1 end
		end)
		agent.register_action("wave", {roles = {"guard"}, run = function(npc, player)
			assert(npc:get_object() and core.get_player_by_name(player), "an action for somebody who is gone")
			return true
		end})
		object = mock.core.add_entity(ORIGIN, "llm_agent:npc", mock.core.serialize({id = "a", name = "Ann", role = "guard"}))
		count_thinks(agent.get_npc("a"))
		mock:join("Robin", NEXT)
	end

	-- Questions of every kind: by chat, by command, by another mod with an action, and streamed.
	local function ask()
		local npc = agent.get_npc("a")
		mock:say("Robin", "hello Ann")
		mock:step() -- what is said is heard in the next step
		mock:command("Robin", "talk Ann how are you?")
		npc:think({player = "Robin", intent = "gesture"}, function(reply) npc:say(reply.text, {reply = reply}) end)
		npc:think({player = "Robin", on_delta = function() end}, function() error("a mod's own mistake") end)
		assert.equal(4, requests)
	end

	local happen = {
		leave = function()
			mock:leave("Robin")
			left = true
		end,
		remove = function() object:remove() end,
		unload = function() if object:get_pos() then object:unload() end end,
		shutdown = function() mock:shutdown() end,
		die = function() daemon:die() end,
	}

	local function reply_lands()
		if not daemon.up then return end
		for _, question in ipairs(daemon.received) do
			local id = question.request.id
			daemon:event(question.session, {id = id, event = "delta", text = "Well"})
			daemon:event(question.session, {id = id, event = "done", text = "Well met.", action = {name = "wave"}})
		end
	end

	-- `lands`: the reply comes after so many events; `steps` game steps between the events.
	local function play(order, lands, steps)
		start()
		local npc = agent.get_npc("a")
		ask()
		mock:step(0.05, steps)
		local up = true
		for i, event in ipairs(order) do
			happen[event]()
			up = up and event ~= "shutdown"
			if i == lands then reply_lands() end
			if up then mock:step(0.05, steps) end -- a world that is down takes no step
		end
		return npc
	end

	local function check(order, lands, steps)
		local where = ("%s, reply after %d, %d steps"):format(table.concat(order, " "), lands, steps)
		local npc = play(order, lands, steps)
		for number = 1, requests do assert.equal(1, called[number], where .. ": callbacks of question " .. number) end
		assert.is_nil(next(npc.open_requests), where)
		assert.is_true(client_is_empty(), where)
		assert.equal(0, told_after_leaving, where)
		local errors = {}
		for _, line in ipairs(mock:logged("error")) do
			if line:find("^error: ") and not line:find("a mod's own mistake", 1, true) then errors[#errors + 1] = line end
		end
		assert.same({}, errors, where)
	end

	local all = orders(EVENTS)

	it("of five endings, all 120 orders are played", function()
		assert.equal(120, #all)
	end)

	for lands = NEVER, 4 do
		it(lands == NEVER and "each callback comes once in every order, without a reply"
			or ("each callback comes once in every order, the reply landing after event %d"):format(lands), function()
			for _, order in ipairs(all) do
				check(order, lands, 0) -- all of it in one step
				check(order, lands, 2)
			end
		end)
	end

	it("an action is not run for a player who left, nor by a body that sleeps", function()
		for _, event in ipairs({"leave", "unload"}) do
			local seen = {}
			start()
			agent.on("action", function(_, _, name, _, ok, message) seen[#seen + 1] = {name, ok, message} end)
			ask()
			mock:step(0.05, 2)
			happen[event]()
			reply_lands()
			mock:step(0.05, 2)
			assert.not_nil(seen[1])
			for _, one in ipairs(seen) do
				assert.same({"wave", false, event == "leave" and "the player has left" or "the NPC is asleep"}, one)
			end
		end
	end)

	it("a body that comes back with its mapblock has the mind that was asked", function()
		start()
		ask()
		mock:step(0.05, 2)
		local saved = object:unload()
		mock:step(0.05, 2)
		object = mock.core.add_entity(ORIGIN, "llm_agent:npc", saved)
		reply_lands()
		mock:step(0.05, 2)
		for number = 1, 4 do assert.equal(1, called[number]) end
		assert.equal("<Ann> Well met.", mock:chat_of("Robin")[1])
	end)

	it("who asks while the world shuts down is answered too, also out of a callback, though not for ever", function()
		start()
		local npc, late, again = agent.get_npc("a"), 0, 0
		mock.core.register_on_shutdown(function() -- runs after llm_agent's own
			assert.equal(1, again)
			npc:think({}, function(reply)
				assert.equal("shutdown", reply.code)
				late = late + 1
			end)
		end)
		npc:think({}, function() npc:think({}, function() again = again + 1 end) end)
		local function insist() npc:think({}, insist) end
		insist()
		mock.privs.Robin = {llm_admin = true}
		function daemon.request() end -- nothing is answered in time
		mock:command("Robin", "doctor")
		mock:step()
		assert.equal(0, #mock:chat_of("Robin"))
		mock:shutdown()
		assert.same({1, 1}, {late, again})
		assert.is_true(#mock:chat_of("Robin") > 0) -- the doctor too
		assert.is_true(client_is_empty())
		for _, line in ipairs(mock.log) do assert.is_nil(line:find("^error")) end
	end)
end)
