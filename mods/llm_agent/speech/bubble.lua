-- The bubble over an NPC's head: an invisible entity attached to the body, whose nametag holds the words.
-- Not saved with the world; it removes itself when its time is over or its body is gone.

local settings, text, geometry = ...

local bubble = {}

local BUBBLE = "llm_agent:bubble"
-- Tenths of a node over the body's origin: a third of a node above the name, so that they don't touch at earshot either.
local BUBBLE_Y = {mesh = 20.5, sprite = 11.75}
local POINT = {0, 0, 0, 0, 0, 0} -- the engine draws a name above the selection box, which by default is a whole node
local LINE_Y = 1.3 -- a bubble is drawn around its middle: so much higher for each further line
local ENGINE_NODES = 0.3 -- the engine draws the middle of a name so far above the selection box
local LEVEL_Y, LEVELS = 9, 3 -- bubbles of those who stand near each other are drawn above each other, in so many levels
local BESIDE_NODES = 12 -- as near as this: a bubble of 36 letters is as wide as five nodes are eight nodes away
local LINGER_S = 0.6 -- after the last word has been read
local KEPT_S = 30 -- while words may still come; each begins it anew
local LOOK_S = 0.5 -- whether the body is still there

local shown = {} -- bubble's luaentity → true; a handful

-- The lowest level that no bubble near this place has. One that only lingers goes at once: its words have been read.
local function free_level(pos)
	local taken = {}
	for entity in pairs(shown) do
		local there = entity.object:get_pos()
		if not there then
			shown[entity] = nil
		elseif geometry.in_range(pos, there, BESIDE_NODES) then
			if entity.lingers then entity.object:remove() else taken[entity.level] = true end
		end
	end
	for level = 0, LEVELS - 1 do
		if not taken[level] then return level end
	end
	return 0
end

-- The bubble, and whether it is a new one; nil where there is no body.
local function entity_of(npc, object)
	if npc.bubble and npc.bubble:get_attach() then return npc.bubble, false end
	local level = free_level(object:get_pos())
	npc.bubble = core.add_entity(object:get_pos(), BUBBLE)
	if npc.bubble then npc.bubble:get_luaentity().level = level end
	return npc.bubble, true
end

local function is_model(npc, object)
	if npc.is_model == nil then npc.is_model = object:get_properties().visual == "mesh" end -- another mod's body
	return npc.is_model
end

-- Called for each word of each speaker: only what differs from the last word is told to the engine.
function bubble.show(npc, words)
	local object = npc:get_object()
	if not object then return end
	local entity, is_new = entity_of(npc, object)
	if not entity then return end
	local wrapped = text.wrap(words, settings.bubble_width)
	local _, breaks = wrapped:gsub("\n", "")
	if is_new or npc.bubble_lines ~= breaks then
		npc.bubble_lines = breaks
		local base = BUBBLE_Y[is_model(npc, object) and "mesh" or "sprite"]
		local y = base + breaks * LINE_Y + entity:get_luaentity().level * LEVEL_Y
		entity:set_attach(object, "", {x = 0, y = y, z = 0}, {x = 0, y = 0, z = 0})
		entity:get_luaentity().y = y / 10
	end
	entity:set_properties({nametag = wrapped})
	local self = entity:get_luaentity()
	self.left_s, self.lingers = KEPT_S, nil
end

-- Where the middle of the bubble is, in nodes over the body's origin, and how many lines it has; nil where there is none.
function bubble.place_of(npc)
	local entity = npc.bubble and npc.bubble:get_luaentity()
	if entity then return entity.y + ENGINE_NODES, npc.bubble_lines + 1 end
end

-- The last word was said: the bubble stays until it has been read.
function bubble.release(npc)
	local entity = npc.bubble and npc.bubble:get_luaentity()
	if entity then entity.left_s, entity.lingers = LINGER_S, true end
end

core.register_entity(BUBBLE, {
	initial_properties = {
		physical = false,
		pointable = false,
		collide_with_objects = false,
		visual = "sprite",
		visual_size = {x = 0.01, y = 0.01},
		textures = {"llm_agent_blank.png"},
		collisionbox = POINT,
		selectionbox = POINT,
		nametag_color = "#ffffff",
		nametag_bgcolor = "#000000a0",
		static_save = false, -- words are not kept with the world
	},
	left_s = KEPT_S,
	look_s = LOOK_S,
	level = 0,

	on_activate = function(self) shown[self] = true end,
	on_deactivate = function(self) shown[self] = nil end,

	on_step = function(self, dtime)
		self.left_s, self.look_s = self.left_s - dtime, self.look_s - dtime
		if self.left_s > 0 and self.look_s > 0 then return end
		self.look_s = LOOK_S
		if self.left_s <= 0 or not self.object:get_attach() then self.object:remove() end
	end,
})

return bubble
