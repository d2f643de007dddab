-- daemon/client.lua against a fake daemon, stepped by hand: every ask ends exactly once, whatever is lost or dies.

local Mock = require("mock_core")

local function load_client(mock, over, http)
	local settings = {
		url = "http://127.0.0.1:8000/", token = "", wait_ms = 5000, http_timeout_s = 3, open_max = 8, budget_ms = 1000,
	}
	for key, value in pairs(over or {}) do settings[key] = value end
	local events = {}
	local client = assert(loadfile("mods/llm_agent/daemon/client.lua"))(http == nil and mock.core.request_http_api() or http or nil, {
		name = "spec", session_name = "secret", settings = settings, now_us = mock.core.get_us_time, parse_json = mock.core.parse_json,
		write_json = mock.core.write_json, log = function(level, text) mock.core.log(level, text) end,
		report = over and over.report or {step = function() end, take = function() end, must_go = function() end},
	})
	client.on_change(function(event) events[#events + 1] = event end)
	return client, events
end

describe("the client", function()
	local mock, client, events, got

	local function start(over, http) client, events = load_client(mock, over, http) end

	local function step(dtime, times)
		for _ = 1, times or 1 do
			mock.now_us = mock.now_us + (dtime or 0.05) * 1e6
			client.step(mock.now_us)
		end
	end

	-- got[key] lists all last events of this ask
	local function ask(key, deadline_ms, on_delta)
		got[key] = {}
		return client.ask({npc = {id = key}}, deadline_ms or 8000, function(kind, event)
			if kind == "delta" then
				if on_delta then on_delta(event.text) end
				return
			end
			table.insert(got[key], {kind = kind, event = event})
		end)
	end

	local function outcome(key)
		assert.equal(1, #got[key], key .. " ended " .. #got[key] .. " times")
		return got[key][1].kind, got[key][1].event.code or got[key][1].event.text
	end

	local function echo(request) return {{event = "done", text = "I am " .. request.npc.id, cache = "hit"}} end

	before_each(function()
		mock, got = Mock.new(), {}
	end)

	it("makes no request while nobody asks", function()
		start()
		step(1, 100)
		assert.equal(0, #mock.fetches)
	end)

	it("fetches words that stream in by the handful, but what is asked goes out at once", function()
		local daemon = mock:open_daemon(function() return {} end)
		start()
		local heard = {}
		ask("a", 8000, function(text) heard[#heard + 1] = text end)
		step()
		for i = 1, 40 do -- two seconds of a word in each step
			daemon:event(daemon.received[1].session, {id = daemon.received[1].request.id, event = "delta", text = "w" .. i})
			step()
		end
		assert.is_true(#mock.fetches <= 12, #mock.fetches .. " exchanges")
		assert.is_true(#heard <= 12, "handed out " .. #heard .. " times") -- those of one answer together
		local all, words = table.concat(heard), {}
		for word in all:gmatch("w%d+") do words[#words + 1] = word end
		assert.is_true(#words >= 36, #words .. " words")
		for i, word in ipairs(words) do assert.equal("w" .. i, word) end
		local before = #daemon.received
		ask("b")
		step()
		assert.equal(before + 1, #daemon.received)
	end)

	it("sends all that was asked in one step in one exchange", function()
		start()
		for i = 1, 5 do ask("npc" .. i) end
		step()
		assert.equal(1, #mock.fetches)
		local request = mock.fetches[1].request
		assert.equal("http://127.0.0.1:8000/v1/exchange", request.url)
		assert.equal("POST", request.method)
		assert.equal(8, request.timeout)
		assert.same({"Content-Type: application/json", "Expect:", "X-Session-ID: secret.1"}, request.extra_headers)
		local body = Mock.body(mock.fetches[1])
		assert.equal(5, #body.requests)
		assert.equal("npc1", body.requests[1].npc.id)
		assert.equal(8000, body.requests[1].deadline_ms)
		assert.equal(0, body.after)
		assert.equal(5000, body.wait_ms)
		assert.same({}, body.cancel)
	end)

	it("sends the token where one is set", function()
		start({token = "secret"})
		ask("a")
		step()
		assert.equal("Authorization: Bearer secret", mock.fetches[1].request.extra_headers[4])
	end)

	it("writes the token into no log, whatever the daemon answers", function()
		for _, code in ipairs({0, 200, 400, 401, 403, 404, 429, 500, 503}) do
			mock, got = Mock.new(), {}
			start({token = "secret"})
			ask("a")
			step()
			Mock.answer(mock.fetches[1], code, "no")
			step()
			assert.same({}, mock:logged("secret"))
		end
	end)

	it("holds at most two requests open, however many NPCs ask", function()
		start()
		local daemon = mock:open_daemon(function() return {} end)
		ask("a")
		step()
		for i = 1, 6 do
			ask("b" .. i)
			client.step(mock.now_us) -- two steps may fall into one moment
			step()
			assert.is_true(#mock:open_fetches() <= 2)
		end
		assert.equal(7, #daemon.received)
		local waiting = 0
		for _, fetch in ipairs(mock:open_fetches()) do
			if Mock.body(fetch).wait_ms > 0 then waiting = waiting + 1 end
		end
		assert.equal(1, waiting)
	end)

	it("carries what is asked while a poll is held at once, without waiting", function()
		start()
		mock:open_daemon(function(request) return request.npc.id == "b" and echo(request) or {} end)
		ask("a")
		step()
		ask("b")
		step()
		assert.equal(2, #mock.fetches)
		assert.equal(0, Mock.body(mock.fetches[2]).wait_ms)
		step()
		assert.same({"done", "I am b"}, {outcome("b")})
		assert.equal(0, #got.a)
	end)

	it("hands an answer out in a later step, never inside ask", function()
		start()
		mock:open_daemon(echo)
		ask("a")
		assert.equal(0, #got.a)
		step(0.05, 2)
		assert.same({"done", "I am a"}, {outcome("a")})
		assert.same({"online"}, events)
		assert.equal(1, client.counts.hits)
	end)

	it("counts a reply that comes twice once", function()
		start()
		mock:open_daemon(function() return {{event = "done", text = "one"}, {event = "done", text = "two"}} end)
		ask("a")
		step(0.05, 5)
		assert.same({"done", "one"}, {outcome("a")})
	end)

	it("does not see an event twice when two answers hold it", function()
		start()
		local text = {}
		ask("a", 8000, function(part) text[#text + 1] = part end)
		step()
		ask("b")
		step()
		local name = Mock.body(mock.fetches[1]).session
		assert.is_string(name)
		local same = {events = {{seq = 1, id = "spec:1", event = "delta", text = "Hel"}, {seq = 2, id = "spec:1", event = "delta", text = "lo"}}}
		Mock.answer(mock.fetches[1], 200, same)
		Mock.answer(mock.fetches[2], 200, same)
		step()
		assert.equal("Hello", table.concat(text))
	end)

	it("answers by its deadline, and ignores what comes after", function()
		start()
		local daemon = mock:open_daemon(function() return {} end)
		ask("a", 1000)
		step(0.05, 30)
		assert.same({"error", "deadline_exceeded"}, {outcome("a")})
		daemon:event(daemon.received[1].session, {id = daemon.received[1].request.id, event = "done", text = "late"})
		step(0.05, 30)
		outcome("a")
		assert.equal(0, client.open_count)
	end)

	it("sends a question again under the same id, in the same session, when an answer was lost", function()
		start()
		ask("a")
		step()
		local before = Mock.body(mock.fetches[1])
		Mock.answer(mock.fetches[1], "timeout")
		step()
		local again = Mock.body(mock.fetches[2])
		assert.equal(before.session, again.session)
		assert.equal(before.requests[1].id, again.requests[1].id)
		Mock.answer(mock.fetches[2], 200, {events = {{seq = 1, id = again.requests[1].id, event = "done", text = "yes"}}})
		step()
		assert.same({"done", "yes"}, {outcome("a")})
		assert.same({"online"}, events)
	end)

	it("begins a new session when the daemon that knew the old one is gone", function()
		start()
		local daemon = mock:open_daemon(echo)
		for i = 1, 5 do
			ask("warm" .. i)
			step(0.05, 3)
		end
		daemon.reply = function() return {} end
		ask("a")
		step()
		daemon:die()
		daemon:rise()
		daemon.reply = echo
		step(0.05, 4)
		assert.same({"done", "I am a"}, {outcome("a")})
	end)

	describe("behind a balancer", function()
		local daemon, heard

		-- Three questions are open, all sent to process A; of `a` a word has streamed in.
		local function open_three()
			start()
			heard = {}
			daemon = mock:open_daemon(function() return {} end)
			daemon.instance = "A"
			ask("a", 8000, function(part) heard[#heard + 1] = part end)
			ask("b")
			step()
			daemon:event(daemon.received[1].session, {id = daemon.received[1].request.id, event = "delta", text = "Hel"})
			step(0.05, 5)
			ask("c")
			step(0.05, 2)
			assert.same({"Hel"}, heard)
			assert.equal(3, #daemon.received)
		end

		-- The balancer sends what comes from now on to process B, which has heard of nothing.
		local function to_b()
			daemon.sessions, daemon.instance = {}, "B"
			daemon.reply = function(request)
				return {{event = "delta", text = "I am "}, {event = "done", text = "I am " .. request.npc.id}}
			end
		end

		local function all_answered()
			for _, key in ipairs({"a", "b", "c"}) do assert.same({"done", "I am " .. key}, {outcome(key)}) end
			assert.same({"Hel"}, heard) -- the text of `a` began anew, and no word came twice
			assert.equal(0, #mock:logged("offline"))
		end

		it("asks all again that is open when another process answers in the same session", function()
			open_three()
			for _, fetch in ipairs(mock:open_fetches()) do Mock.answer(fetch, 200, {events = {}, rejected = {}, instance = "A"}) end
			local name = daemon.received[1].session
			to_b() -- A was told to stop: it answered what waited, without an event
			step(0.05, 8)
			all_answered()
			for _, received in ipairs(daemon.received) do assert.equal(name, received.session) end
			assert.equal(6, #daemon.received) -- each once by A, once by B
		end)

		it("begins a new session when the balancer says that the process broke off", function()
			open_three()
			for _, fetch in ipairs(mock:open_fetches()) do Mock.answer(fetch, 502, "<html>Bad Gateway</html>") end
			local name = daemon.received[1].session
			to_b()
			step(0.05, 8)
			all_answered()
			assert.not_equal(name, daemon.received[6].session)
			assert.equal(6, #daemon.received)
		end)

		it("asks nothing again while the same process answers", function()
			open_three()
			step(0.5, 15)
			assert.equal(3, #daemon.received)
		end)

		it("names the session of each call in a header", function()
			start({token = "secret"})
			client.call("GET", "/v1/roles", nil, function() end)
			ask("a")
			step()
			Mock.answer(mock.fetches[2], 502)
			step()
			local names = {}
			for i = 1, 3 do names[i] = mock.fetches[i].request.extra_headers[3] end
			assert.same({"X-Session-ID: secret.1", "X-Session-ID: secret.1", "X-Session-ID: secret.2"}, names)
			assert.equal(Mock.body(mock.fetches[3]).session, "secret.2")
		end)
	end)

	it("leaves a session that stays silent after a lost answer", function()
		start()
		ask("a", 3000)
		step()
		local first = Mock.body(mock.fetches[1]).session
		Mock.answer(mock.fetches[1], "timeout")
		mock:open_daemon(function() return {} end)
		step(0.1, 35)
		assert.same({"error", "deadline_exceeded"}, {outcome("a")})
		ask("b")
		step(5, 1)
		step()
		assert.not_equal(first, mock.daemon.received[#mock.daemon.received].session)
	end)

	it("goes offline with one line, answers all at once, and comes back by itself", function()
		start()
		local daemon = mock:open_daemon(function() return {} end)
		ask("a")
		ask("b")
		step()
		local first = daemon.received[1].session
		daemon:die()
		step(0.05, 3)
		assert.same({"error", "offline"}, {outcome("a")})
		assert.same({"error", "offline"}, {outcome("b")})
		ask("c")
		step()
		assert.same({"error", "offline"}, {outcome("c")})
		step(0.05, 400)
		assert.equal(1, #mock:logged("offline:"))
		daemon:rise()
		daemon.reply = echo
		step(0.05, 250)
		assert.same({"offline", "online"}, {events[#events - 1], events[#events]})
		assert.equal(1, #mock:logged("online again"))
		ask("d")
		step(0.05, 3)
		assert.same({"done", "I am d"}, {outcome("d")})
		assert.not_equal(first, daemon.received[#daemon.received].session)
	end)

	it("looks for a lost daemon after 1, 2, 4, 8, 10, 10 s", function()
		start()
		mock:open_daemon(echo):die()
		ask("a")
		step(0.05, 3)
		local before, at = #mock.fetches, {}
		for i = 1, 700 do
			if i % 100 == 0 then ask("again" .. i) end -- somebody wants it all the time
			step()
			if #mock.fetches > before then
				at[#at + 1] = mock.now_us / 1e6
				before = #mock.fetches
			end
		end
		local pauses = {}
		for i = 2, #at do pauses[#pauses + 1] = math.floor(at[i] - at[i - 1] + 0.3) end
		assert.same({2, 4, 8, 10}, pauses)
	end)

	it("stops looking when nobody wants it, and looks again when somebody does", function()
		start()
		mock:open_daemon(echo):die()
		ask("a")
		step(0.5, 240)
		local before = #mock.fetches
		step(0.5, 600)
		assert.equal(before, #mock.fetches)
		mock.daemon:rise()
		ask("b")
		step(0.05, 3)
		assert.equal("online", client.state)
		assert.same({"error", "offline"}, {outcome("b")})
	end)

	it("takes 503 for a daemon that is away, and says what it said", function()
		start()
		ask("a")
		step()
		Mock.answer(mock.fetches[1], 503, {code = "unavailable", message = "loading the model"})
		step()
		assert.same({"error", "unavailable"}, {outcome("a")})
		assert.equal("loading the model", client.reason)
	end)

	it("still takes the answers that a 503 brings along", function()
		start()
		ask("a")
		ask("b")
		step()
		Mock.answer(mock.fetches[1], 503, {
			events = {{seq = 1, id = "spec:1", event = "done", text = "just in time"}}, error = {code = "unavailable", message = "gone"},
		})
		step()
		assert.same({"done", "just in time"}, {outcome("a")})
		assert.same({"error", "unavailable"}, {outcome("b")})
	end)

	it("counts two exchanges that fail of one cause as one failure", function()
		start()
		ask("a")
		step()
		ask("b")
		step()
		assert.equal(2, #mock:open_fetches())
		for _, fetch in ipairs(mock:open_fetches()) do Mock.answer(fetch, "timeout") end
		mock:open_daemon(echo)
		step(0.05, 3)
		assert.same({"done", "I am a"}, {outcome("a")})
		assert.same({"done", "I am b"}, {outcome("b")})
		assert.equal(0, #mock:logged("offline"))
	end)

	it("ignores an answer to a session that it has left", function()
		start()
		local said = {}
		ask("a", 8000, function(part) said[#said + 1] = part end)
		step()
		ask("b")
		step()
		Mock.answer(mock.fetches[2], 0) -- nobody there: another session, and all is asked anew
		step()
		assert.not_equal(Mock.body(mock.fetches[1]).session, Mock.body(mock.fetches[3]).session)
		Mock.answer(mock.fetches[1], 200, {events = {{seq = 1, id = "spec:1", event = "delta", text = "old"}}})
		step()
		assert.same({}, said)
		ask("c")
		step()
		Mock.answer(mock.fetches[3], 200, {events = {{seq = 1, id = "spec:1", event = "done", text = "new"}}})
		step()
		assert.same({"done", "new"}, {outcome("a")})
	end)

	it("names the fix for a wrong token and a wrong address", function()
		for code, word in pairs({[401] = "llm_agent.token", [403] = "proxy", [404] = "llm_agent.url"}) do
			mock, got = Mock.new(), {}
			start()
			ask("a")
			step()
			Mock.answer(mock.fetches[1], code, "no")
			step()
			outcome("a")
			assert.equal(1, #mock:logged(word))
		end
	end)

	it("tells an address that the daemon is not called by from a wrong token", function()
		start()
		ask("a")
		step()
		Mock.answer(mock.fetches[1], 403, {error = {code = "forbidden", message = "Host: 'x' … http.allowed_hosts"}})
		step()
		assert.same({"error", "forbidden"}, {outcome("a")})
		assert.equal(1, #mock:logged("http.allowed_hosts"))
	end)

	it("survives answers that are no exchange at all", function()
		for _, data in ipairs({"", "<html>", "[]", "{}", '{"events":7}', "{" .. ("["):rep(5000), '{"events":[1,"x",{"seq":"?"},{"id":{}}]}'}) do
			mock, got = Mock.new(), {}
			start()
			ask("a", 2000)
			for _ = 1, 60 do
				step()
				for _, fetch in ipairs(mock:open_fetches()) do Mock.answer(fetch, 200, data) end
			end
			assert.equal("error", (outcome("a")))
		end
	end)

	it("gives a rejected question its error and leaves the others open", function()
		start()
		ask("a")
		ask("b")
		step()
		Mock.answer(mock.fetches[1], 200, {events = {}, rejected = {{id = "spec:1", code = "bad_request", message = "npc.role: unknown"}}})
		step()
		assert.same({"error", "bad_request"}, {outcome("a")})
		assert.equal(0, #got.b)
	end)

	it("answers the carried questions of an exchange that is refused whole, and stays online", function()
		start()
		ask("a")
		step()
		Mock.answer(mock.fetches[1], 429, {error = {code = "overloaded", message = "queue full"}})
		step()
		assert.same({"error", "overloaded"}, {outcome("a")})
		assert.not_equal("offline", client.state)
	end)

	it("refuses what is too much or cannot be written, without a call", function()
		start()
		for i = 1, 9 do ask("n" .. i) end
		got.bad = {}
		client.ask({fn = print}, 1000, function(kind, event) table.insert(got.bad, {kind = kind, event = event}) end)
		step()
		assert.same({"error", "overloaded"}, {outcome("n9")})
		assert.equal("error", (outcome("bad")))
		assert.equal(8, #Mock.body(mock.fetches[1]).requests)
	end)

	it("cancels once, tells the daemon, and drops what still comes", function()
		start()
		local daemon = mock:open_daemon(function() return {} end)
		local id = ask("a")
		step()
		client.cancel(id)
		client.cancel(id)
		step(0.05, 2)
		assert.same({"error", "cancelled"}, {outcome("a")})
		assert.same({id}, daemon.cancelled)
		daemon:event(daemon.received[1].session, {id = id, event = "done", text = "late"})
		step(0.05, 5)
		outcome("a")
	end)

	it("makes no call while switched off, and answers everybody", function()
		start()
		mock:open_daemon(function() return {} end)
		ask("a")
		step()
		client.enable(false)
		ask("b")
		local before = #mock.fetches
		step(0.5, 200)
		assert.same({"error", "off"}, {outcome("a")})
		assert.same({"error", "off"}, {outcome("b")})
		assert.equal(before, #mock.fetches)
		client.enable(true)
		mock.daemon.reply = echo
		ask("c")
		step(0.05, 3)
		assert.same({"done", "I am c"}, {outcome("c")})
	end)

	it("answers everybody at shutdown", function()
		start()
		ask("a")
		step()
		client.shutdown()
		assert.same({"error", "shutdown"}, {outcome("a")})
	end)

	it("works without HTTP: every ask gets its error, no call", function()
		start(nil, false)
		ask("a")
		step()
		assert.same({"error", "no_http"}, {outcome("a")})
		assert.is_false(client.has_http())
	end)

	it("goes on when a callback fails, and says so", function()
		start()
		mock:open_daemon(echo)
		client.ask({npc = {id = "x"}}, 1000, function() error("oops") end)
		ask("b")
		step(0.05, 3)
		assert.same({"done", "I am b"}, {outcome("b")})
		assert.equal(1, #mock:logged("oops"))
	end)

	it("spreads many callbacks over steps when they are slow", function()
		start({budget_ms = 1})
		mock:open_daemon(echo)
		local came = 0
		for i = 1, 6 do
			client.ask({npc = {id = "n" .. i}}, 8000, function()
				came = came + 1
				mock.now_us = mock.now_us + 700
			end)
		end
		step()
		step()
		assert.equal(2, came)
		step(0.05, 2)
		assert.equal(6, came)
	end)

	it("ends every ask exactly once through any storm of failures", function()
		math.randomseed(11)
		for _ = 1, 30 do
			mock, got = Mock.new(), {}
			start({open_max = 64})
			local count = 0
			local daemon = mock:open_daemon(function(request) return math.random() < 0.5 and echo(request) or {} end)
			for _ = 1, 200 do
				if math.random() < 0.3 then
					count = count + 1
					local id = ask("n" .. count, math.random(100, 4000))
					if math.random() < 0.1 then client.cancel(id) end
				end
				local dice = math.random()
				if dice < 0.03 then daemon:die() elseif dice < 0.1 then daemon:rise() end
				local open = mock:open_fetches()
				if open[1] and math.random() < 0.1 then Mock.answer(open[math.random(#open)], ({"timeout", 500, 503, 429})[math.random(4)]) end
				step(0.2)
				assert.is_true(#mock:open_fetches() <= 2)
			end
			step(0.2, 40)
			for i = 1, count do outcome("n" .. i) end
			assert.equal(0, client.open_count)
		end
	end)
end)
