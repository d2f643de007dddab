-- A body that is spawned in a mapblock that no player was near: it sleeps when the engine unloads it, and is there again after a
-- restart. An older engine clears what was saved in a mapblock that was never active.

local storage = core.get_mod_storage()
local FAR = {x = 400, y = 6, z = 400}
local id = storage:get_string("id")

local function npc_pos()
	local npc = llm_agent.get_npc(id)
	return npc and npc:get_pos()
end

-- The engine activates the mapblock for which it generated a chunk: the one that is asked for first, not the one of the body.
local function spawn()
	core.emerge_area(vector.subtract(FAR, 16), FAR, function(_, _, remaining)
		if remaining > 0 or id ~= "" then return end
		core.set_node(vector.offset(FAR, 0, -1, 0), {name = "mapgen_stone"})
		core.set_node(FAR, {name = "air"})
		id = llm_agent.spawn(FAR, {role = "villager", name = "Ida"}).id
		storage:set_string("id", id)
	end)
end

llm_probe.run(id == "" and {
	{"spawned_and_unloaded", spawn, function() return id ~= "" and not npc_pos() or nil end},
} or {
	{"is_there_again", function() core.forceload_block(FAR, true) end, function() return npc_pos() and true or nil end},
})
