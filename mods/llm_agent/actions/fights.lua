-- The actions of a fight: attack, flank, guard, hold, retreat, call_help.
-- In a fight they are orders (combat/orders.lua). In peace a player may ask a brave NPC to attack a monster or to stand guard.
-- What is on offer comes from combat/tactics.lua.

local S, actions, memory, tactics, targets, squads, views, orders = ...

local IN_PEACE = {attack = true, guard = true}

local function params_of(kind)
	return function(npc, player_name)
		local view = views.of(npc, squads.wards[npc.id])
		if view then return tactics.schema(view, kind) end
		if not IN_PEACE[kind] or not player_name or not core.get_player_by_name(player_name) then return nil end
		view = views.peaceful(npc, player_name)
		return view and tactics.schema(view, kind)
	end
end

local function in_peace(npc, kind, player_name, target)
	if kind == "guard" then
		npc:guard(target)
		memory.remember(npc, player_name, "I guard " .. target)
		return true, S("@1 stands by you.", npc.name)
	end
	local pos, begun = npc:get_pos(), false
	for _, object in ipairs(pos and targets.monsters_near(pos, targets.SIGHT) or {}) do
		if targets.words(object) == target then begun = squads.begin(npc, object, player_name) or begun end
	end
	if not begun then return false, S("@1 sees no @2 any more.", npc.name, target) end
	return true
end

for _, kind in ipairs(tactics.kinds) do
	if kind ~= "flee" then -- actions/moves.lua registers it
		actions.register(kind, {
			params = params_of(kind),
			run = function(npc, player_name, params)
				if not npc.combat then return in_peace(npc, kind, player_name, params.target) end
				return orders.give(npc, {kind = kind, target = params.target, side = params.side}, true)
			end,
		})
	end
end
