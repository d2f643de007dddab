-- Rosa the innkeeper hears who dies in this world, and tells it. /inn brings her to where you stand.
local RUMOURS_MAX = 3 -- more would crowd out the rest of what she sees
local storage = core.get_mod_storage()
local rumours = core.deserialize(storage:get_string("rumours"), true) or {"The miller's cow is gone since Monday"}

-- She may be gone: look her up each time. What she knows goes along with every question to the model; what is new she
-- says at once, in these words, to whoever is near.
local function tell_rosa(news)
	local rosa = llm_agent.get_npc(storage:get_string("rosa"))
	if not rosa then return end
	rosa:set_context({rumours = rumours})
	if news then rosa:say("Have you heard? " .. news .. ".") end
end

core.register_on_dieplayer(function(player)
	local news = player:get_player_name() .. " died in the wilds"
	table.insert(rumours, news)
	if #rumours > RUMOURS_MAX then table.remove(rumours, 1) end
	storage:set_string("rumours", core.serialize(rumours))
	tell_rosa(news)
end)

core.register_chatcommand("inn", {
	description = "Bring Rosa the innkeeper to where you stand",
	privs = {llm_admin = true},
	func = function(name)
		local player = core.get_player_by_name(name)
		local rosa = player and llm_agent.spawn(player:get_pos(), {role = "innkeeper", name = "Rosa"})
		if not rosa then return false, "Not here: this place is not loaded." end
		storage:set_string("rosa", rosa.id) -- her body is kept with the world, and her mind with it
		tell_rosa()
		return true, "Rosa is here. Ask her for news."
	end,
})
