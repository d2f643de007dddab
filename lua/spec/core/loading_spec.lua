-- How the mod is put together: each file gets what its folder gives it, each folder only those that load before it.

local Mock = require("mock_core")

local function read(path)
	local file = assert(io.open("mods/llm_agent/" .. path))
	local content = file:read("*a")
	file:close()
	return content
end

-- "a,\n\tb.c, function() … end" → {"a", "c", ""}: the last name of each argument, "" for what is no name.
local function names_of(list)
	local names = {}
	for item in (list .. ","):gsub("%b{}", "…"):gsub("%b()", "…"):gmatch("%s*(.-),") do
		local is_name = item:match("^[%w_.]+$") and not item:match("^core%.") -- the engine's functions have names of their own
		names[#names + 1] = is_name and item:match("[%w_]+$") or ""
	end
	return names
end

-- The names that a file gives to its arguments; nil where it takes none.
local function taken_by(path)
	local list = ("\n" .. read(path)):match("\nlocal ([%w_,%s]-) = %.%.%.")
	return list and names_of(list)
end

-- file → the arguments that its folder's init.lua gives it, by name.
local function given_in(folder)
	local given, source = {}, read(folder .. "/init.lua"):gsub("%-%-[^\n]*", "")
	for file, rest in source:gmatch('load%("([%w_]+)"(.)') do
		given[file] = rest == ")" and {} or nil
	end
	for call in source:gmatch("load(%b())") do
		local file, list = call:match('^%("([%w_]+)",%s*(.*)%)$')
		if file then given[file] = names_of(list) end
	end
	return given
end

local function folders()
	local list = {}
	for name in read("init.lua"):gmatch('folder%("(%l+)"') do list[#list + 1] = name end
	return list
end

describe("each file of the mod", function()
	it("takes by name, in order, what its folder's init.lua gives it", function()
		local count = 0
		for _, folder in ipairs(folders()) do
			for file, given in pairs(given_in(folder)) do
				local path = ("%s/%s.lua"):format(folder, file)
				local taken = taken_by(path) or {}
				assert.equal(#taken, #given, path)
				for i, name in ipairs(taken) do
					if given[i] ~= "" then assert.equal(name, given[i], path .. ", argument " .. i) end
				end
				count = count + 1
			end
		end
		assert.is_true(count > 80)
	end)

	it("is loaded by its folder, and no file lies about unused", function()
		local listed, known = assert(io.popen("find mods/llm_agent -name '*.lua' | sort")), {}
		for _, path in ipairs(Mock.files()) do known["mods/llm_agent/" .. path] = true end
		for path in listed:lines() do assert.is_true(known[path], path) end
		listed:close()
	end)
end)

describe("each folder of the mod", function()
	it("is given only folders that load before it", function()
		local loaded = {base = true, http = true, name = true, path = true}
		for result, name, list in read("init.lua"):gmatch('\n([^\n]-)folder%("(%l+)", ([^)]*)%)') do
			for _, given in ipairs(names_of(list)) do assert.is_true(loaded[given] or given == "", name .. " gets " .. given) end
			loaded[result:match("^local (%l+) = $") or ""] = true
		end
	end)

	it("is shut in: only the root's init.lua and its own load its files", function()
		for _, path in ipairs(Mock.files()) do
			if path ~= "init.lua" then
				assert.is_nil(read(path):find("loadfile", 1, true), path)
				assert.is_nil(read(path):find("dofile", 1, true), path)
			end
		end
	end)
end)

describe("steps", function()
	it("are all registered, each once, and run in the order of core/steps.lua", function()
		local order, game = {}, Mock.new({})
		game:load_mod()
		for name in read("core/steps.lua"):match("ORDER = (%b{})"):gmatch('\n\t"([%w_]+)"') do order[#order + 1] = name end
		assert.is_true(#order > 10)
		local ran, steps = {}, game.mod.core.steps
		for _, name in ipairs(order) do steps.register(name, function() ran[#ran + 1] = name end) end
		steps.run(0.05)
		assert.same(order, ran)
		assert.has_no_error(steps.check)
		steps.register("nap", function() end)
		assert.has_error(steps.check)
	end)

	it("get their share of the budget, counted from the begin of the step", function()
		local game, untils = Mock.new({settings = {["llm_agent.budget_ms"] = "4"}}), {}
		game:load_mod()
		local steps = game.mod.core.steps
		for name, share in pairs({small_talk = 0.5, idle = 1}) do
			steps.register(name, function(now, until_us, dtime) untils[name] = {until_us - now, dtime} end, share)
		end
		steps.run(0.09)
		assert.same({small_talk = {2000, 0.09}, idle = {4000, 0.09}}, untils)
	end)
end)

describe("the storage", function()
	it("takes no key that is not declared", function()
		local game = Mock.new({})
		game:load_mod()
		assert.has_error(function() game.mod.core.storage:set_string("secret", "1") end,
			"llm_agent: no key secret is declared in core/storage.lua")
		game.mod.core.storage:set_string("lang:Ana", "de")
		assert.equal("de", game.storage["lang:Ana"])
	end)

	it("reads what cannot be read as nothing, and never fails", function()
		local game = Mock.new({storage = {places = "nonsense", market = "[1", roles = "{"}})
		assert.has_no_error(function() game:load_mod() end)
		assert.same({}, game.mod.core.storage:read_table("places"))
		assert.is_nil(game.mod.core.storage.decode(""))
	end)
end)
