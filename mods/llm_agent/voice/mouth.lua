-- Where an NPC's voice comes from: an invisible entity attached to its body at the height of its mouth, so that the sound goes
-- with the body. The engine has a sound come from an object's origin, which is between the feet.
-- Not saved with the world; it goes when the NPC has said its line.

local mouth = {}

local ENTITY = "llm_agent:mouth"
local MOUTH_SHARE = 0.85 -- of a body's height
local TENTHS = 10 -- attachments are measured in tenths of a node
local LOOK_S = 0.5 -- whether the body is still there
local POINT = {0, 0, 0, 0, 0, 0}

local function attach(object)
	local box = object:get_properties().collisionbox
	local entity = core.add_entity(object:get_pos(), ENTITY)
	if not entity then return nil end
	local height = box[2] + MOUTH_SHARE * (box[5] - box[2])
	entity:set_attach(object, "", {x = 0, y = height * TENTHS, z = 0}, {x = 0, y = 0, z = 0})
	return entity
end

-- The object that its voice comes from; nil where it has no body.
function mouth.of(npc)
	if npc.mouth and npc.mouth:get_attach() then return npc.mouth end
	local object = npc:get_object()
	npc.mouth = object and attach(object) or nil
	return npc.mouth
end

function mouth.release(npc)
	if npc.mouth then npc.mouth:remove() end
	npc.mouth = nil
end

core.register_entity(ENTITY, {
	initial_properties = {
		physical = false, pointable = false, collide_with_objects = false, visual = "sprite",
		visual_size = {x = 0.01, y = 0.01}, textures = {"llm_agent_blank.png"}, collisionbox = POINT, selectionbox = POINT,
		static_save = false,
	},
	look_s = LOOK_S,

	on_step = function(self, dtime)
		self.look_s = self.look_s - dtime
		if self.look_s > 0 then return end
		self.look_s = LOOK_S
		if not self.object:get_attach() then self.object:remove() end
	end,
})

return mouth
