-- gestures/form.lua: what is a gesture, and what is said of one that is none. The daemon's tests read the same vectors.

local json = require("dkjson")

local function load_form(parse) return assert(loadfile("mods/llm_agent/gestures/form.lua"))(parse or json.decode) end

local function vectors()
	local file = assert(io.open("tests/vectors/gestures.json"))
	local found = json.decode(file:read("*a"))
	file:close()
	return found
end

describe("the form of a gesture", function()
	local form, known, joints = load_form(), vectors(), {}
	for _, joint in ipairs(known.joints) do joints[joint] = true end

	it("is read from a table and from JSON text", function()
		for i, good in ipairs(known.good) do
			for _, given in ipairs({good, json.encode(good)}) do
				local read, problem = form.read(given, joints)
				assert.is_nil(problem, i)
				assert.equal(#good.frames, #read.frames)
			end
		end
	end)

	it("is refused with the field that is wrong", function()
		for i, bad in ipairs(known.bad) do
			local given, field = bad[1], bad[2]
			local read, problem = form.read(given, joints)
			assert.is_nil(read, i)
			assert.is_truthy(problem:find(field, 1, true), ("%d: %s has no %s"):format(i, problem, field))
		end
	end)

	it("is no NaN, no text that is not JSON, none that is too long or too deep, and no number", function()
		local deep = load_form(function() error("JSON nested too deep") end)
		assert.is_truthy(select(2, form.read({frames = {{at = 0 / 0, joints = {Head = {0, 0, 0}}}}}, joints)):find("at", 1, true))
		assert.is_truthy(select(2, form.read("wave!", joints)):find("not JSON", 1, true))
		assert.is_truthy(select(2, form.read(("["):rep(100), joints)))
		assert.is_truthy(select(2, deep.read("{}", joints)):find("not JSON", 1, true))
		assert.is_truthy(select(2, form.read((" "):rep(20000), joints)):find("at most", 1, true))
		assert.is_truthy(select(2, form.read(7, joints)):find("number", 1, true))
		assert.is_truthy(select(2, form.read(nil, joints)):find("nil", 1, true))
	end)

	it("is a schema for models, the same that the daemon has", function()
		local function same(a, b, where)
			if type(a) ~= "table" or type(b) ~= "table" then return assert.equal(a, b, where) end
			for key in pairs(a) do same(a[key], b[key], where .. "." .. tostring(key)) end
			for key in pairs(b) do assert.is_not_nil(a[key], where .. "." .. tostring(key)) end
		end
		same(known.schema, form.schema(joints), "schema")
	end)

	it("is that of all gestures that have a name", function()
		local named = assert(loadfile("mods/llm_agent/gestures/named.lua"))()
		local kinds = {}
		for _, kind in ipairs(named.kinds) do
			kinds[kind] = true
			assert.is_nil(select(2, form.read(named.by_kind[kind], named.JOINTS)), kind)
		end
		for kind in pairs(named.by_kind) do assert.is_true(kinds[kind], kind) end
		for number = 1, named.COUNT_MAX do assert.equal(number, form.read(named.of("count", number), named.JOINTS).times) end
		assert.is_nil(select(2, form.read(named.point(40), named.JOINTS)))
	end)
end)
