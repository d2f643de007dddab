-- luacheck: std luajit+busted
-- The client against a real ROUTER socket over loopback TCP, opened here through the same library.

local here = debug.getinfo(1, "S").source:match("^@(.*)spec/[^/]*$") or "lua/"
package.path = here .. "?.lua;" .. package.path

local ffi = require("ffi")
local llm_client = require("llm_client")
local llm_json = require("llm_json")
local wire = require("llm_wire").new(llm_json.find())

local ZMQ_ROUTER, ZMQ_LINGER, ZMQ_LAST_ENDPOINT, ZMQ_RCVTIMEO, ZMQ_SNDMORE = 6, 17, 32, 27, 2
local WAIT_MS = 5000 -- only how long a failing spec takes

assert(llm_client.connect()):close() -- declares what client and router both use
ffi.cdef([[
int zmq_bind(void *socket, const char *endpoint);
int zmq_getsockopt(void *socket, int option, void *value, size_t *size);
int zmq_recv(void *socket, void *buffer, size_t size, int flags);
]])

describe("llm_client", function()
	local zmq, context, router, endpoint, client

	local function new_router()
		router = zmq.zmq_socket(context, ZMQ_ROUTER)
		zmq.zmq_setsockopt(router, ZMQ_LINGER, ffi.new("int[1]", 0), 4)
		zmq.zmq_setsockopt(router, ZMQ_RCVTIMEO, ffi.new("int[1]", WAIT_MS), 4)
	end

	local function open_router()
		zmq = ffi.load("libzmq.so.5")
		context = zmq.zmq_ctx_new()
		new_router()
		assert.equal(0, zmq.zmq_bind(router, "tcp://127.0.0.1:*"))
		local buffer, size = ffi.new("char[256]"), ffi.new("size_t[1]", 256)
		zmq.zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, buffer, size)
		endpoint = ffi.string(buffer)
	end

	local function receive_frame()
		local buffer = ffi.new("char[?]", 1048576)
		local size = zmq.zmq_recv(router, buffer, 1048576, 0)
		assert.is_true(size >= 0, "nothing came")
		return ffi.string(buffer, size)
	end

	-- The routing id and the records of one message.
	local function take()
		local peer = receive_frame()
		local records = {}
		for i, item in ipairs(wire.decode(receive_frame())) do
			records[i] = assert(item.record)
		end
		return peer, records
	end

	local function answer_bytes(peer, bytes)
		zmq.zmq_send(router, peer, #peer, ZMQ_SNDMORE)
		zmq.zmq_send(router, bytes, #bytes, 0)
	end

	local function answer(peer, ...)
		answer_bytes(peer, wire.encode_many({ ... })[1])
	end

	before_each(function()
		open_router()
		client = assert(llm_client.connect({ endpoint = endpoint }))
	end)

	after_each(function()
		client:close()
		zmq.zmq_close(router)
		zmq.zmq_ctx_term(context)
	end)

	it("sends a request and gets its events", function()
		assert.equal("q1", client:send({ op = "infer", id = "q1", prompt = "Grüß Gott 🙂" }))
		local peer, records = take()
		assert.same({ { op = "infer", id = "q1", prompt = "Grüß Gott 🙂" } }, records)
		answer(peer, { id = "q1", event = "delta", text = "He" }, { id = "q1", event = "done", text = "Hello" })
		assert.same({
			{ id = "q1", event = "delta", text = "He" },
			{ id = "q1", event = "done", text = "Hello" },
		}, client:poll(WAIT_MS))
	end)

	it("sends many requests in one frame and names them", function()
		local ping = { op = "ping" }
		assert.same({ "lua-1", "lua-2", "x" }, client:send_many({ ping, ping, { op = "ping", id = "x" } }))
		local _, records = take()
		assert.same({ "lua-1", "lua-2", "x" }, { records[1].id, records[2].id, records[3].id })
		assert.is_nil(ping.id)
	end)

	it("returns an empty list when nothing comes in time", function()
		assert.same({}, client:poll(0))
		assert.same({}, client:poll(1))
	end)

	it("shows an unreadable reply as an error event", function()
		client:send({ op = "ping", id = "p" })
		answer_bytes(take(), "\0\0\0\9{\"id\":\"p\"")
		local events = client:poll(WAIT_MS)
		assert.same({ "error", "p", "bad_json" }, { events[1].event, events[1].id, events[1].code })
		assert.matches("unreadable reply: record 1 at byte 0", events[1].message)
	end)

	-- The router answers before the client looks: the request goes out by the library's own thread meanwhile.
	local function ask_answered_by(reply)
		local wrapped = client._poll_new
		client._poll_new = function(self, timeout_ms)
			client._poll_new = wrapped
			reply(take())
			return wrapped(self, timeout_ms)
		end
	end

	it("asks and waits for the one answer, keeping other events", function()
		ask_answered_by(function(peer, records)
			local id = records[1].id
			answer(peer, { id = "other", event = "done", text = "later" }, { id = id, event = "delta", text = "A" })
			answer(peer, { id = id, event = "delta", text = "ye" }, { id = id, event = "done", text = "Aye" })
		end)
		local shown = {}
		local done = assert(client:ask({ op = "infer", prompt = "hm", stream = true }, WAIT_MS, function(text)
			shown[#shown + 1] = text
		end))
		assert.equal("Aye", done.text)
		assert.equal("Aye", table.concat(shown))
		assert.same({ { id = "other", event = "done", text = "later" } }, client:poll(0))
	end)

	it("gives an error's code and message", function()
		ask_answered_by(function(peer, records)
			answer(peer, { id = records[1].id, event = "error", code = "overloaded", message = "queue full" })
		end)
		local done, problem, event = client:ask({ op = "infer", prompt = "hm" }, WAIT_MS)
		assert.is_nil(done)
		assert.equal("overloaded: queue full", problem)
		assert.equal("overloaded", event.code)
	end)

	it("says that nobody answered", function()
		local done, problem = client:ask({ op = "ping" }, 1)
		assert.is_nil(done)
		assert.matches("no answer from " .. endpoint:gsub("%p", "%%%0") .. " within 1 ms", problem)
	end)

	it("survives the daemon's restart", function()
		client:send({ op = "ping", id = "before" })
		take()
		zmq.zmq_close(router)
		new_router()
		while zmq.zmq_bind(router, endpoint) ~= 0 do -- the old socket is closed by the library's thread, in its own time
			assert.equal(98, zmq.zmq_errno())
		end
		zmq.zmq_setsockopt(router, ZMQ_RCVTIMEO, ffi.new("int[1]", 50), 4)
		local buffer, came = ffi.new("char[256]"), false
		for _ = 1, WAIT_MS / 50 do -- what was sent before the loss was noticed is lost, so it is sent again, as users must
			client:send({ op = "ping", id = "after" })
			came = came or zmq.zmq_recv(router, buffer, 256, 0) >= 0
			if came then
				break
			end
		end
		assert.is_true(came)
		local frame = receive_frame()
		assert.equal("after", wire.decode(frame)[1].record.id)
	end)

	it("does not block when nobody takes what it sends", function()
		local lonely = assert(llm_client.connect({ endpoint = "ipc:///nonexistent/socket", high_water = 3, linger_ms = 0 }))
		local problem
		for _ = 1, 10 do
			_, problem = lonely:send({ op = "ping" })
		end
		lonely:close()
		assert.matches("too much waits to be sent", problem)
	end)

	it("names a bad endpoint and the fix", function()
		local none, problem = llm_client.connect({ endpoint = "localhost" })
		assert.is_nil(none)
		assert.matches("cannot connect to localhost: .*want tcp://HOST:PORT", problem)
	end)

	it("names a missing library and the fix", function()
		local none, problem = llm_client.connect({ library = "libnothing.so.9" })
		assert.is_nil(none)
		assert.matches("libnothing.so.9 cannot be loaded .*apt%-get install libzmq5", problem)
	end)

	it("says that it needs LuaJIT", function()
		local loaded, preload = package.loaded.ffi, package.preload.ffi
		package.loaded.ffi = nil
		package.preload.ffi = function()
			error("no ffi here")
		end
		local none, problem = llm_client.connect()
		package.loaded.ffi, package.preload.ffi = loaded, preload
		assert.is_nil(none)
		assert.matches("needs LuaJIT", problem)
	end)

	it("can be closed twice, and says so after", function()
		client:close()
		client:close()
		assert.same({ nil, "the client is closed" }, { client:send({ op = "ping" }) })
		assert.same({ nil, "the client is closed" }, { client:poll(0) })
	end)
end)
