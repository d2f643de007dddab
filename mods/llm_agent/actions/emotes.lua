-- The actions `emote`, a gesture that has a name, and `gesture`, one that a model makes up where that is what it is asked for.
-- gestures/ plays them. Offered to NPCs whose body can make them. A plain order is done whatever the model makes of it.

local actions, nearby, player, play, named, schema, goals, gesture_words = ...

local read_by = setmetatable({}, {__mode = "k"}) -- a question's opts → {npc =, order = what its words ask of that NPC, or false}

local function ordered(npc, player_name, opts)
	if type(opts.utterance) ~= "string" or not npc:get_pos() then return nil end
	local read = read_by[opts]
	if not read or read.npc ~= npc then
		read = {npc = npc, order = gesture_words.read(opts.utterance, npc.name, function()
			return (goals.all(npc, player_name, npc:get_pos(), goals.named_in(opts)))
		end) or false}
		read_by[opts] = read
	end
	return read.order or nil
end

-- Whom to point at and how far to count are offered only where the words say it: what is always offered is always in the prompt.
local function params_of(npc, player_name, opts)
	local properties, order = {kind = {type = "string", enum = named.kinds}}, ordered(npc, player_name, opts)
	if order and order.number then properties.number = {type = "integer", minimum = 1, maximum = named.COUNT_MAX} end
	if order and order.at then properties.at = {type = "string", enum = {order.at}} end
	return {type = "object", properties = properties, required = {"kind"}}
end

actions.register("emote", {
	meant = function(npc, player_name, opts)
		local order = ordered(npc, player_name, opts)
		if order then return {kind = order.kind, number = order.number, at = order.at}, order.lang end
	end,
	params = function(npc, player_name, opts)
		return player.can(npc) and params_of(npc, player_name, opts) or nil
	end,
	run = function(npc, player_name, params)
		local at
		if params.at then
			local _, targets = goals.all(npc, player_name, npc:get_pos(), nearby.named(params.at))
			at = goals.where(targets[params.at])
			if not at then return false end
		end
		return npc:emote(params.kind, {number = params.number, at = at})
	end,
})

actions.register("gesture", {
	params = function(npc, _, opts)
		return opts.intent == "gesture" and player.can(npc) and schema(player.joints_of(npc)) or nil
	end,
	run = function(npc, _, params) return play(npc, params) end,
})
