-- Salma the herbalist sells flowers and buys mushrooms, by the rules of every trader: /herbs brings her to where you stand.
llm_agent.register_role("herbalist", {
	persona = "A herbalist walks the hills, sells flowers for every sorrow, and haggles with a smile.",
	greeting = {"Fresh herbs, {player}!", "{player}, you look as if you need a rose."},
	fallback = {"One moment, I count my petals.", "The wind took your words, {player}."},
	actions = {"offer_trade", "emote"},
})
llm_agent.register_goods("herbalist", {
	sells = {["flowers:rose"] = 6, ["flowers:dandelion_yellow"] = 12},
	buys = {"flowers:mushroom_brown"},
	coins = 25,
	prices = {["flowers:rose"] = 3},
})
llm_agent.on("trade", function(npc, player_name, from_npc)
	if from_npc["flowers:rose"] then npc:say("A rose for " .. player_name .. "!", {to = player_name}) end
end)
core.register_chatcommand("herbs", {
	description = "Bring Salma the herbalist to where you stand",
	privs = {llm_admin = true},
	func = function(name)
		local player = core.get_player_by_name(name)
		local salma = player and llm_agent.spawn(player:get_pos(), {role = "herbalist", name = "Salma"})
		return salma ~= nil, salma and "Salma is here." or "Not here: this place is not loaded."
	end,
})
