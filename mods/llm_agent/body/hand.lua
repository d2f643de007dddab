-- What an NPC holds: an entity that hangs on the hand of its model and shows the tool of its trade. Nothing of it is saved, and
-- nothing can be taken from it: it is a picture, what the NPC owns is in the ledger. A flat figure has no hand.
-- An entity that is added while a mapblock is being loaded may vanish, so each hand is looked after: one body in a step.

local npcs, figure = ...

local hand = {}

local ENTITY = "llm_agent:hand"

local cursor = 0 -- in npcs.list, the last that was looked at

core.register_entity(ENTITY, {
	initial_properties = {
		visual = "wielditem", visual_size = {x = 0.25, y = 0.25}, physical = false, pointable = false, collide_with_objects = false,
		static_save = false,
	},
	on_activate = function(self) self.object:set_armor_groups({immortal = 1}) end,
})

local function drop(npc)
	if npc.hand and npc.hand:get_pos() then npc.hand:remove() end
	npc.hand, npc.in_hand = nil, nil
end

local function take_up(npc, object, thing)
	local model = figure.model.hand
	local held = core.add_entity(object:get_pos(), ENTITY)
	if not held then return end
	local definition = core.registered_items[thing]
	held:set_properties({
		wield_item = thing, visual_size = {x = model.size, y = model.size},
		glow = definition.light_source and definition.light_source > 0 and definition.light_source or nil,
	})
	held:set_attach(object, model.bone, model.at, model.turned)
	npc.hand, npc.in_hand = held, thing
end

-- The right thing in the hand, or none: its role may have changed, or the engine lost the entity.
function hand.look_after(npc)
	local object = npc.is_model and npc:get_object()
	if not object then return end
	local thing = figure.thing_in_hand(npc.role)
	if npc.in_hand == thing and (not thing or npc.hand:get_attach() == object) then return end
	drop(npc)
	if thing then take_up(npc, object, thing) end
end

-- Its body is unloaded or removed: else the engine keeps what hung on it.
hand.drop = drop

function hand.step()
	local count = #npcs.list
	if count == 0 then return end
	cursor = cursor % count + 1
	hand.look_after(npcs.list[cursor])
end

return hand
