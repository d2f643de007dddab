-- The action `emote`: a gesture beside the words.

local actions, movement, emote = ...

actions.register("emote", {
	params = function(npc)
		if not movement.can(npc) then return nil end
		return {type = "object", properties = {kind = {type = "string", enum = emote.kinds}}, required = {"kind"}}
	end,
	run = function(npc, _, params) return npc:emote(params.kind) end,
})
