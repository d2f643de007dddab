-- Every field of an NPC is declared in api/npc.lua. The fake game refuses others while the specs play (mock_core.lua); here the
-- source is looked through as well, for what no spec plays, and for fields that nobody uses.

local Mock = require("mock_core")

local NAMES = {"npc", "other", "speaker", "listener", "current", "called", "question.npc"} -- variables that hold an NPC
-- Where these names stand for something else: a line of speech, a quest.
local NOT_NPCS = {["speech/speech_queue.lua"] = true, ["quests/state_machine.lua"] = true}

local function used_fields()
	local game, used = Mock.new({}), {}
	game:load_mod()
	for _, path in ipairs(Mock.files()) do
		for line in io.lines("mods/llm_agent/" .. path) do
			local code = line:gsub('"[^"]*"', '""'):gsub("%-%-.*", "")
			for _, name in ipairs(NAMES) do
				for before, field in (" " .. code):gmatch("(.)" .. name:gsub("%.", "%%.") .. "%.([%l_]+)") do
					local is_npc = not before:find("[%w_.]") and not NOT_NPCS[path]
					if is_npc and not rawget(game.mod.api.Npc, field) then used[field] = used[field] or path end
				end
			end
			for field in path:find("^api/npc") and code:gmatch("self%.([%l_]+)") or function() end do used[field] = path end
		end
	end
	return used, game.mod.api.npcs.FIELDS
end

describe("the fields of an NPC", function()
	local used, declared = used_fields()

	it("are declared with what they mean wherever one is used", function()
		for field, path in pairs(used) do assert.is_string(declared[field], ("%s uses npc.%s"):format(path, field)) end
	end)

	it("are used if they are declared", function()
		for field in pairs(declared) do assert.is_string(used[field], "nobody uses npc." .. field) end
	end)

	it("cannot be read or written in the specs unless they are declared", function()
		local npc = Mock.new({}):load_mod().register_npc("a", {name = "Ann", role = "guard"})
		assert.has_error(function() npc.hungry = true end)
		assert.has_error(function() return npc.hungry end)
		npc.mood = "calm"
		assert.equal("calm", npc.mood)
	end)
end)
