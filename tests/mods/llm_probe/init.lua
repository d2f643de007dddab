-- Runs the checks of a test mod in a real server, one after the other, and logs each: `[llm_probe] ok NAME`, or
-- `[llm_probe] FAIL NAME why`. No player is there: the mapblock around PLACE is kept active by hand. The server ends by itself.

llm_probe = {}

local PLACE = {x = 8, y = 8, z = 8} -- the middle of a mapblock
local FLOOR = {from = -8, to = 24} -- its x and z; the rim is walled
local CHECK_MAX_S = 60 -- most checks take a few seconds; where other tests keep the machine busy, many more

llm_probe.place = PLACE

-- A floor of stone (by its alias, which all games have) below PLACE, its top at y = 5.5, with a wall around it.
local function lay_floor()
	for x = FLOOR.from, FLOOR.to do
		for z = FLOOR.from, FLOOR.to do
			local rim = x == FLOOR.from or x == FLOOR.to or z == FLOOR.from or z == FLOOR.to
			core.set_node({x = x, y = 5, z = z}, {name = "mapgen_stone"})
			core.set_node({x = x, y = 6, z = z}, {name = rim and "mapgen_stone" or "air"})
			core.set_node({x = x, y = 7, z = z}, {name = rim and "mapgen_stone" or "air"})
		end
	end
end

function llm_probe.speed(object)
	local velocity = object:get_velocity()
	return math.abs(velocity.x) + math.abs(velocity.z)
end

-- A body near PLACE by the name of its entity.
function llm_probe.find(name)
	for _, object in ipairs(core.get_objects_inside_radius(PLACE, 30)) do
		local self = object:get_luaentity()
		if self and self.name == name then return object end
	end
end

-- checks: list of {name, begin or nil, done() -> true, false and why, or nil and why not yet}. What comes after a failure would
-- build on it, so the first ends the run.
function llm_probe.run(checks)
	local current, left_s = 0, 0

	local function begin(number)
		current, left_s = number, CHECK_MAX_S
		local check = checks[number]
		if not check then return core.request_shutdown() end
		if check[2] then check[2]() end
	end

	-- The first check waits until the engine has activated the mapblock, as around a player: at its next activation an older
	-- engine (seen: 5.6.1) clears the bodies that were saved in one that never was (its timestamp is undefined).
	local is_laid

	core.register_globalstep(function(dtime)
		if current == 0 and is_laid and core.compare_block_status(PLACE, "active") then begin(1) end
		local check = checks[current]
		if not check then return end
		left_s = left_s - dtime
		local ok, why = check[3]()
		if ok == nil and left_s > 0 then return end
		core.log("action", ("[llm_probe] %s %s%s"):format(ok and "ok" or "FAIL", check[1], ok and "" or " " .. tostring(why)))
		begin(ok and current + 1 or #checks + 1)
	end)

	core.after(0, function()
		core.emerge_area(vector.subtract(PLACE, 32), vector.add(PLACE, 32), function(_, _, remaining)
			if remaining > 0 or is_laid then return end
			core.forceload_block(PLACE, true)
			lay_floor()
			is_laid = true
		end)
	end)
end
