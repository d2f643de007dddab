-- The action `emote`: the model chooses a gesture to go with its words.
-- gestures/ performs it.
-- Offered to NPCs with a body of this mod that is awake.

local actions, movement, named = ...

actions.register("emote", {
	params = function(npc)
		if not movement.can(npc) then return nil end
		return {type = "object", properties = {kind = {type = "string", enum = named.kinds}}, required = {"kind"}}
	end,
	run = function(npc, _, params) return npc:emote(params.kind) end,
})
