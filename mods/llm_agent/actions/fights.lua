-- Actions of a fight, as the model may choose them: in one as its orders, in peace as what a player asks of a brave one.

local agent = ...
local fight, orders, tactics, foes, S = agent.fight, agent.orders, agent.tactics, agent.foes, agent.S

local IN_PEACE = {attack = true, guard = true}

local function params_of(kind)
	return function(npc, player_name)
		local view = fight.view(npc)
		if view then return tactics.schema(view, kind) end
		if not IN_PEACE[kind] or not player_name or not core.get_player_by_name(player_name) then return nil end
		view = fight.peaceful_view(npc, player_name)
		return view and tactics.schema(view, kind)
	end
end

local function in_peace(npc, kind, player_name, target)
	if kind == "guard" then
		npc:guard(target)
		agent.remember(npc, player_name, "I guard " .. target)
		return true, S("@1 stands by you.", npc.name)
	end
	local pos, begun = npc:get_pos(), false
	for _, object in ipairs(pos and foes.monsters_near(pos, foes.SIGHT) or {}) do
		if foes.words(object) == target then begun = fight.begin(npc, object, player_name) or begun end
	end
	if not begun then return false, S("@1 sees no @2 any more.", npc.name, target) end
	return true
end

for _, kind in ipairs(tactics.kinds) do
	if kind ~= "flee" then -- legs.lua knows how to run
		llm_agent.register_action(kind, {
			params = params_of(kind),
			run = function(npc, player_name, params)
				if not npc.fight then return in_peace(npc, kind, player_name, params.target) end
				return orders.give(npc, {kind = kind, target = params.target, side = params.side}, true)
			end,
		})
	end
end
