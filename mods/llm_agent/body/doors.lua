-- Doors of minetest_game (mod `doors`) and of Mineclonia and VoxeLibre (mod `mcl_doors`): which node is one, open, close.
-- Trapdoors and gates do not count: nobody walks through the former, and the latter keep animals in. Locks are respected.

local has_mcl = core.get_modpath("mcl_doors") ~= nil

local doors = {}

-- The `doors` of the game are looked up late: mods may load after this one.
local function game_doors()
	local api = rawget(_G, "doors")
	return type(api) == "table" and api.registered_doors and api.get and api or nil
end

local function is_mcl(name)
	return has_mcl and core.get_item_group(name, "door") > 0 and name:find("_b_[12]$") ~= nil
end

-- The lower half of a door, where one walks through.
function doors.is_door(name)
	local api = game_doors()
	return api ~= nil and api.registered_doors[name] ~= nil or is_mcl(name)
end

function doors.is_open(pos)
	local api = game_doors()
	local door = api and api.get(pos)
	if door then return door:state() and true or false end
	return core.get_meta(pos):get_int("is_open") == 1
end

-- Somebody's own door, or one that no hand opens.
function doors.is_locked(pos)
	local def, meta = core.registered_nodes[core.get_node(pos).name] or {}, core.get_meta(pos)
	return meta:get_string("owner") ~= "" or meta:get_string("doors_owner") ~= "" or def.on_rightclick == nil
end

-- Can one get through: is it open, or not locked?
function doors.lets_through(pos)
	return doors.is_open(pos) or not doors.is_locked(pos)
end

-- True if it is as wanted now.
function doors.set(pos, open)
	if doors.is_open(pos) == open then return true end
	if doors.is_locked(pos) then return false end
	local node, api = core.get_node(pos), game_doors()
	local door = api and api.get(pos)
	local ok = pcall(function()
		if door then
			door:toggle()
		else -- these swap both halves, and move the position they are given
			core.registered_nodes[node.name].on_rightclick({x = pos.x, y = pos.y, z = pos.z}, node)
		end
	end)
	return ok and doors.is_open(pos) == open
end

return doors
