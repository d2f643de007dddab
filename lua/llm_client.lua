-- luacheck: std luajit
-- Client of the daemon's ROUTER for Lua programs outside the game: a DEALER over LuaJIT's FFI to libzmq.
-- One connection belongs to one thread (one Lua state). It never blocks but in poll and ask, for the time given.
-- The mod does not use it: the game's sandbox has no FFI, so the mod speaks HTTP.
--
--   local client = assert(require("llm_client").connect({ endpoint = "tcp://127.0.0.1:5570" }))
--   client:send(record)       -> id, or nil and what is wrong; an absent id is filled in
--   client:send_many(records) -> list of ids (one frame where the limits allow), or nil and what is wrong
--   client:poll(timeout_ms)   -> list of events, empty after timeout_ms; -1 waits for ever
--   client:ask(record, timeout_ms, on_delta) -> the `done` event, or nil, what is wrong, and the `error` event if there is one
--   client:close()            -- needed: sockets are not garbage-collected
-- Events are the records of docs/protocol.md as tables. A reply that cannot be read is an `error` event like the others.

local llm_wire = require("llm_wire")
local llm_json = require("llm_json")

local M = {}

local Client = {}
Client.__index = Client

local DEFAULT_ENDPOINT = "tcp://127.0.0.1:5570"
local DEFAULT_LINGER_MS = 200 -- how long close waits for what is still to be sent; without a daemon it never goes
local DEFAULT_HIGH_WATER = 1000 -- parts on their way; beyond that send says so instead of waiting

-- zmq.h and time.h
local ZMQ_DEALER, ZMQ_LINGER, ZMQ_SNDHWM, ZMQ_RCVHWM, ZMQ_POLLIN, ZMQ_DONTWAIT = 5, 17, 23, 24, 1, 1
local CLOCK_MONOTONIC = 1
local EINTR = 4

local DECLARATIONS = [[
typedef struct llm_zmq_msg { unsigned char opaque[64] __attribute__((aligned(8))); } llm_zmq_msg;
typedef struct llm_zmq_pollitem { void *socket; int fd; short events; short revents; } llm_zmq_pollitem;
typedef struct llm_timespec { long s; long ns; } llm_timespec;
int clock_gettime(int clock, llm_timespec *now);
void *zmq_ctx_new(void);
int zmq_ctx_term(void *context);
void *zmq_socket(void *context, int type);
int zmq_close(void *socket);
int zmq_setsockopt(void *socket, int option, const void *value, size_t size);
int zmq_connect(void *socket, const char *endpoint);
int zmq_send(void *socket, const void *bytes, size_t size, int flags);
int zmq_msg_init(llm_zmq_msg *message);
int zmq_msg_recv(llm_zmq_msg *message, void *socket, int flags);
int zmq_msg_close(llm_zmq_msg *message);
void *zmq_msg_data(llm_zmq_msg *message);
size_t zmq_msg_size(const llm_zmq_msg *message);
int zmq_poll(llm_zmq_pollitem *items, int count, long timeout_ms);
int zmq_errno(void);
const char *zmq_strerror(int number);
]]

local function load_ffi()
	local ok, ffi = pcall(require, "ffi")
	if not ok then
		return nil, "llm_client needs LuaJIT (its FFI); this is " .. _VERSION .. ": run the program with luajit"
	end
	if not pcall(ffi.typeof, "llm_zmq_pollitem") then -- types cannot be declared twice, modules can be loaded twice
		ffi.cdef(DECLARATIONS)
	end
	return ffi
end

local function load_zmq(ffi, library)
	local name = library or (ffi.os == "Linux" and "libzmq.so.5" or "zmq")
	local ok, zmq = pcall(ffi.load, name)
	if not ok then
		return nil, ("the ZeroMQ library %s cannot be loaded (%s): apt-get install libzmq5"):format(name, tostring(zmq))
	end
	return zmq
end

local function again(ffi)
	return ffi.os == "Linux" and 11 or 35 -- EAGAIN
end

function Client:_problem(doing)
	local number = self.zmq.zmq_errno()
	return ("%s %s: %s"):format(doing, self.endpoint, self.ffi.string(self.zmq.zmq_strerror(number))), number
end

function Client:_set(option, value)
	local number = self.ffi.new("int[1]", value)
	self.zmq.zmq_setsockopt(self.socket, option, number, self.ffi.sizeof(number))
end

function Client:_now_ms()
	local now = self.ffi.new("llm_timespec")
	self.ffi.C.clock_gettime(CLOCK_MONOTONIC, now)
	return tonumber(now.s) * 1000 + tonumber(now.ns) / 1e6
end

-- options: endpoint, json (as llm_wire.new wants it), linger_ms, high_water, library (libzmq's file name).
function M.connect(options)
	options = options or {}
	local ffi, no_ffi = load_ffi()
	if not ffi then
		return nil, no_ffi
	end
	local zmq, no_zmq = load_zmq(ffi, options.library)
	if not zmq then
		return nil, no_zmq
	end
	local json, no_json = options.json, nil
	if not json then
		json, no_json = llm_json.find()
	end
	if not json then
		return nil, no_json
	end

	local client = setmetatable({
		ffi = ffi,
		zmq = zmq,
		wire = llm_wire.new(json),
		endpoint = options.endpoint or DEFAULT_ENDPOINT,
		last_id = 0,
		waiting = {}, -- events that ask met while it waited for its own
	}, Client)
	client.context = zmq.zmq_ctx_new()
	client.socket = zmq.zmq_socket(client.context, ZMQ_DEALER)
	client:_set(ZMQ_LINGER, options.linger_ms or DEFAULT_LINGER_MS)
	client:_set(ZMQ_SNDHWM, options.high_water or DEFAULT_HIGH_WATER)
	client:_set(ZMQ_RCVHWM, 0) -- replies are never dropped; their number is bounded by the requests
	if zmq.zmq_connect(client.socket, client.endpoint) ~= 0 then
		local problem = client:_problem("cannot connect to")
		client:close()
		return nil, problem .. " (want tcp://HOST:PORT or ipc://PATH)"
	end
	return client
end

function Client:close()
	if self.socket then
		self.zmq.zmq_close(self.socket)
		self.zmq.zmq_ctx_term(self.context)
		self.socket, self.context = nil, nil
	end
end

function Client:send_many(records)
	if not self.socket then
		return nil, "the client is closed"
	end
	local ids, named = {}, {}
	for i, record in ipairs(records) do
		if record.id == nil then
			self.last_id = self.last_id + 1
			local copy = { id = ("lua-%d"):format(self.last_id) }
			for key, value in pairs(record) do
				copy[key] = value
			end
			record = copy -- the caller's table may be sent again, with an id of its own
		end
		ids[i], named[i] = record.id, record
	end
	local parts, problem = self.wire.encode_many(named)
	if not parts then
		return nil, problem
	end
	for _, part in ipairs(parts) do
		if self.zmq.zmq_send(self.socket, part, #part, ZMQ_DONTWAIT) < 0 then
			local text, number = self:_problem("cannot send to")
			if number == again(self.ffi) then
				text = text .. "; too much waits to be sent already: does the daemon run there?"
			end
			return nil, text
		end
	end
	return ids
end

function Client:send(record)
	local ids, problem = self:send_many({ record })
	return ids and ids[1], problem
end

-- The bytes of one message part; nil where none waits.
function Client:_receive()
	local ffi, zmq = self.ffi, self.zmq
	local message = ffi.new("llm_zmq_msg")
	zmq.zmq_msg_init(message)
	local size = zmq.zmq_msg_recv(message, self.socket, ZMQ_DONTWAIT)
	local bytes = size >= 0 and ffi.string(zmq.zmq_msg_data(message), zmq.zmq_msg_size(message)) or nil
	zmq.zmq_msg_close(message)
	return bytes
end

function Client:_take(part, events)
	if part == "" then
		return -- the delimiter frame that a peer may put before its reply
	end
	for _, item in ipairs(self.wire.decode(part)) do
		events[#events + 1] = item.record
			or { event = "error", id = item.id, code = item.code, message = "unreadable reply: " .. item.message }
	end
end

-- New events; those that ask put aside are none.
function Client:_poll_new(timeout_ms)
	local item = self.ffi.new("llm_zmq_pollitem[1]")
	item[0].socket, item[0].events = self.socket, ZMQ_POLLIN
	if self.zmq.zmq_poll(item, 1, timeout_ms) < 0 then
		local problem, number = self:_problem("cannot poll")
		if number ~= EINTR then -- a signal is no failure: the caller polls again
			return nil, problem
		end
	end
	local events = {}
	local part = self:_receive()
	while part do
		self:_take(part, events)
		part = self:_receive()
	end
	return events
end

function Client:poll(timeout_ms)
	if not self.socket then
		return nil, "the client is closed"
	end
	if #self.waiting > 0 then
		local events = self.waiting
		self.waiting = {}
		return events
	end
	return self:_poll_new(timeout_ms or 0)
end

function Client:ask(record, timeout_ms, on_delta)
	local id, problem = self:send(record)
	if not id then
		return nil, problem
	end
	local deadline_ms = self:_now_ms() + timeout_ms
	local answer
	repeat
		local left_ms = math.max(0, math.ceil(deadline_ms - self:_now_ms()))
		local events
		events, problem = self:_poll_new(left_ms)
		if not events then
			return nil, problem
		end
		for _, event in ipairs(events) do
			if event.id ~= id then
				self.waiting[#self.waiting + 1] = event
			elseif event.event ~= "delta" then
				answer = event
			elseif on_delta then
				on_delta(event.text)
			end
		end
	until answer or left_ms == 0
	if not answer then
		local text = "no answer from %s within %d ms: does the daemon run there? (systemctl status llm-agentd)"
		return nil, text:format(self.endpoint, timeout_ms)
	elseif answer.event == "error" then
		return nil, ("%s: %s"):format(tostring(answer.code), tostring(answer.message)), answer
	end
	return answer
end

return M
