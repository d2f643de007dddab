-- For tests/game/test_voice_heard.py. `/meet NAME X`: the caller stands on a floor at X, and an NPC of that name before them.
-- `/back NODES`: the caller steps back from where they met. `/speak WORDS`: all NPCs say that at once. The log tells what
-- their bubbles showed, when each was done, and the longest step while they spoke.

local Y = 8
local BEFORE = 3 -- nodes from the player to the NPC
local FLOOR = 14 -- nodes around the player
local WAKES_S = 1 -- until the blocks around the player are active

local met = {} -- name of the player → where they stand
local shown = {} -- name of an NPC → the parts that its bubble has shown
local speaking, longest_us, last_us = 0, 0, nil

local function log(...) core.log("action", "[llm_probe_heard] " .. string.format(...)) end

local function floor_at(x)
	for dx = -FLOOR, FLOOR do
		for z = -FLOOR, FLOOR do core.set_node({x = x + dx, y = Y, z = z}, {name = "default:stone"}) end
	end
end

core.register_chatcommand("meet", {
	func = function(name, words)
		local npc_name, x = words:match("^(%S+) (%d+)$")
		local at = {x = tonumber(x), y = Y + 0.5, z = 0}
		core.emerge_area(vector.offset(at, -FLOOR, -9, -FLOOR), vector.offset(at, FLOOR, 9, FLOOR), function(_, _, left)
			if left > 0 then return end
			floor_at(at.x)
			local player = core.get_player_by_name(name)
			player:set_pos(at)
			player:set_look_horizontal(0)
			player:set_look_vertical(0)
			met[name] = at
			core.after(WAKES_S, function()
				local npc = llm_agent.spawn(vector.offset(at, 0, 0, BEFORE), {role = "farmer", name = npc_name})
				log("met %s id=%s", npc_name, npc.id)
			end)
		end)
	end,
})

core.register_chatcommand("back", {
	func = function(name, nodes)
		local at = vector.offset(met[name], 0, 0, -tonumber(nodes))
		core.set_node({x = at.x, y = Y, z = at.z}, {name = "default:stone"}) -- who falls is soon so far that the NPC is unloaded
		core.get_player_by_name(name):set_pos(at)
		log("back")
	end,
})

local function all_npcs()
	local found = {}
	for _, entity in pairs(core.luaentities) do
		local npc = entity.npc_id and llm_agent.get_npc(entity.npc_id)
		if npc then found[#found + 1] = npc end
	end
	return found
end

core.register_chatcommand("speak", {
	func = function(_, words)
		longest_us = 0
		for _, npc in ipairs(all_npcs()) do
			local own = core.settings:get("llm_probe_heard." .. npc.name)
			shown[npc.name], speaking = {}, speaking + 1
			npc:say(words ~= "" and words or own, {on_done = function(was_spoken)
				speaking = speaking - 1
				log("done %s spoken=%s longest_step_ms=%d shown=%s", npc.name, was_spoken, longest_us / 1000,
					table.concat(shown[npc.name], " | "))
			end})
		end
	end,
})

-- A bubble grows word by word, and begins anew with each part of a long line.
local function look_at_bubbles()
	for _, npc in ipairs(all_npcs()) do
		local words = npc.bubble and npc.bubble:get_attach() and npc.bubble:get_properties().nametag:gsub("\n", " ")
		local parts = shown[npc.name]
		if words and words ~= parts[#parts] then
			local grows = parts[1] and words:sub(1, #parts[#parts]) == parts[#parts]
			parts[grows and #parts or #parts + 1] = words
		end
	end
end

core.register_globalstep(function()
	local now_us = core.get_us_time()
	if speaking > 0 then
		longest_us = math.max(longest_us, last_us and now_us - last_us or 0)
		look_at_bubbles()
	end
	last_us = now_us
end)
