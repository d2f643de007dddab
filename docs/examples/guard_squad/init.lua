-- Three watchmen look out for monsters and fight as one. /watch brings them to where you stand, and they stand by you.
llm_agent.register_role("watchman", {
	persona = "A watchman of the old legion knows his comrades' every move, and gives short orders.",
	actions = {"attack", "flank", "guard", "hold", "retreat", "call_help", "follow", "stay"},
	courage = "watchful", -- attacks monsters on sight; "brave" strikes back, "meek" runs
	greeting = {"All quiet, {player}."}, fallback = {"Eyes open!", "Hold the line!"},
})
local watch = {} -- ids: bodies come and go with their mapblocks
core.register_chatcommand("watch", {description = "Bring the watch here", privs = {llm_admin = true}, func = function(name)
	local player = core.get_player_by_name(name)
	for i, who in ipairs({"Cato", "Varro", "Livia"}) do
		local npc = player and llm_agent.spawn(vector.offset(player:get_pos(), i - 2, 0, 2), {role = "watchman", name = who})
		if not npc then return false, "Not here: this place is not loaded." end
		npc:guard(name) -- whoever strikes you is theirs to fight
		watch[i] = npc.id
	end
	return true, "The watch is here."
end})
-- Whoever breaks a door is an enemy of the watch.
core.register_on_dignode(function(_, node, digger)
	if core.get_item_group(node.name, "door") == 0 or not digger then return end
	for _, id in ipairs(watch) do
		local npc = llm_agent.get_npc(id)
		if npc then npc:attack(digger) end
	end
end)
