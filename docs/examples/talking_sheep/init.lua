-- The sheep of mobs_animal talk: little of the world, and much of grass.
llm_agent.register_role("sheep", {
	persona = "A sheep stands in a meadow, knows all kinds of grass and is afraid of dogs and of shears.",
	greeting = {"Baa, {player}.", "{player}! Have you brought wheat?"},
	fallback = {"Baa.", "Mm, grass.", "Baa? I was chewing."},
})

-- How a mob of mobs_redo is told to stand, and to look somewhere.
local function hold(object, talking)
	local sheep = object:get_luaentity()
	sheep.order = talking and "stand" or ""
	if talking then sheep:set_velocity(0) end
end

local function turn(object, yaw) object:get_luaentity():set_yaw(yaw) end

-- With wheat or shears in the hand, a click is the sheep's own.
local function own_click(_, clicker) return not clicker:get_wielded_item():is_empty() end

-- All sheep share this definition, so each gets its mind whenever it comes into the world. Who it is lies in the fields
-- of its entity, which mobs_redo saves: no id is needed, the same comes back. (Wild ones do not: far away, mobs_redo
-- removes them.)
local def = core.registered_entities["mobs_animal:sheep_white"]
local activate = def.on_activate
function def.on_activate(self, ...)
	activate(self, ...)
	if self.object:get_pos() then -- else it was removed at once: too many, or too old
		llm_agent.attach(self.object, {role = "sheep", hold = hold, turn = turn, own_click = own_click})
	end
end
