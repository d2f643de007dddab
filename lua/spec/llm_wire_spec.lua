-- luacheck: std luajit+busted
-- The Lua codec against the golden vectors that the daemon's own tests read, with each JSON library we speak of.

local here = debug.getinfo(1, "S").source:match("^@(.*)spec/[^/]*$") or "lua/"
package.path = here .. "?.lua;" .. package.path

local llm_wire = require("llm_wire")
local llm_json = require("llm_json")

local function read_all(path)
	local file = assert(io.open(path, "rb"))
	local text = file:read("*a")
	file:close()
	return text
end

local function unhex(pieces)
	local out = {}
	for _, piece in ipairs(pieces) do
		local hex, times = piece, 1
		if type(piece) == "table" then
			hex, times = piece[1], piece[2]
		end
		local bytes = hex:gsub("%x%x", function(pair)
			return string.char(tonumber(pair, 16))
		end)
		out[#out + 1] = bytes:rep(times)
	end
	return table.concat(out)
end

local function framed(body)
	return llm_wire.new({ encode = function() return body end, decode = error }).encode({})
end

for _, library in ipairs({ "cjson", "dkjson" }) do
	describe("llm_wire with " .. library, function()
		local json = llm_json[library]()
		local wire = llm_wire.new(json)
		local vectors = json.decode(read_all(here .. "../tests/vectors/wire.json"))

		local function shown(items)
			local out = {}
			for i, item in ipairs(items) do
				if item.record then
					out[i] = { record = item.record }
				else
					assert.is_string(item.message)
					out[i] = { error = item.code, id = item.id or json.null }
				end
			end
			return out
		end

		for _, vector in ipairs(vectors.decode) do
			it("decodes: " .. vector.name, function()
				assert.same(vector.expect, shown(wire.decode(unhex(vector.hex))))
			end)
		end

		for _, vector in ipairs(vectors.encode) do
			it("encodes: " .. vector.name, function()
				assert.equal(unhex(vector.hex), wire.encode(vector.record))
			end)
		end

		it("gets back what it sent", function()
			local record = { id = "a", op = "think", npc = { name = "Bärbel", pos = { 1, -2.5, 3 } }, stream = true }
			assert.same({ { record = record } }, wire.decode(wire.encode(record)))
		end)

		it("packs 1024 records a part", function()
			local records = {}
			for i = 1, 1030 do
				records[i] = { id = tostring(i) }
			end
			local parts = wire.encode_many(records)
			assert.equal(2, #parts)
			assert.equal(1024, #wire.decode(parts[1]))
			assert.same({ record = { id = "1030" } }, wire.decode(parts[2])[6])
		end)

		it("packs 4 MiB a part", function()
			local records = {}
			for i = 1, 17 do
				records[i] = { text = ("a"):rep(250000) }
			end
			local parts = wire.encode_many(records)
			assert.equal(2, #parts)
			assert.is_true(#parts[1] <= llm_wire.PART_MAX_BYTES)
		end)

		it("says why a record cannot be sent", function()
			local bytes, problem = wire.encode({ id = "x", text = ("a"):rep(llm_wire.RECORD_MAX_BYTES) })
			assert.is_nil(bytes)
			assert.matches("record x: %d+ bytes; the limit is 262144", problem)
			bytes, problem = wire.encode({ id = "x", run = print })
			assert.is_nil(bytes)
			assert.matches("cannot be written as JSON", problem)
			assert.is_nil((wire.encode_many({ { id = "a" }, { run = print } })))
		end)

		it("names place and fix", function()
			local second = wire.decode(wire.encode({ id = "a" }) .. framed("[]"))[2]
			assert.matches("^record 2 at byte 14: want a JSON object", second.message)
			assert.matches("no id could be read", second.message)
		end)

		it("never raises, whatever the bytes", function()
			math.randomseed(7)
			for _ = 1, 300 do
				local bytes = {}
				for i = 1, math.random(0, 60) do
					bytes[i] = string.char(math.random(0, 255))
				end
				local junk = table.concat(bytes)
				for _, part in ipairs({ junk, framed(junk), framed('{"id":"a","t":"' .. junk .. '"}') }) do
					assert.is_true(#wire.decode(part) > 0)
				end
			end
		end)
	end)
end

describe("llm_json", function()
	it("finds a library", function()
		assert.equal("cjson", llm_json.find().name)
	end)
end)
