-- Gisela keeps the beacon. She needs torches, and somebody who lights it. /beacon brings her to where you stand.
llm_agent.register_role("beacon_keeper", {
	persona = "A beacon keeper watches over the coast and needs helping hands.", actions = {"offer_quest", "complete_quest"},
})
llm_agent.register_quest("torches", {kind = "fetch", item = "default:torch", count = 3, reward = 10, roles = {"beacon_keeper"}})
llm_agent.register_quest("light_the_beacon", {
	kind = "task", title = "Light a fire beside Gisela", reward = {["farming:bread"] = 2}, roles = {"beacon_keeper"},
	done = function(npc) return npc:get_pos() ~= nil and core.find_node_near(npc:get_pos(), 8, {"group:torch"}) ~= nil end,
})
llm_agent.on("quest", function(_, player_name, quest, state)
	if state == "paid" then core.chat_send_all(("%s has done %s!"):format(player_name, quest.name or "a favour")) end
end)
core.register_chatcommand("beacon", {description = "Bring Gisela here", privs = {llm_admin = true}, func = function(name)
	local player = core.get_player_by_name(name)
	local gisela = player and llm_agent.spawn(player:get_pos(), {role = "beacon_keeper", name = "Gisela"})
	if not gisela then return false, "Not here: this place is not loaded." end
	gisela:add_goods("llm_agent:coin", 50) -- what she pays with: she never promises what she has not got
	gisela:add_goods("farming:bread", 10)
	return true, "Gisela is here. Ask her for work."
end})
