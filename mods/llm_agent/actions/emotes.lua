-- The action `emote`: a gesture beside the words.

local agent = ...
local emote, legs = agent.emote, agent.legs

llm_agent.register_action("emote", {
	params = function(npc)
		if not legs.can(npc) then return nil end
		return {type = "object", properties = {kind = {type = "string", enum = emote.kinds}}, required = {"kind"}}
	end,
	run = function(npc, _, params) return npc:emote(params.kind) end,
})
