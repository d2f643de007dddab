-- What a body looks like in the game at hand: its player model, else a flat figure; the role's skin, and armour where the game
-- has it on its model. Knows meshes, frames, bones and where a hand is; keeps nothing.
-- A model is taken by the mod that brings it, so games that are built on Mineclonia or VoxeLibre have theirs as well.

local settings, util, roles, outfits = ...

local figure = {}

local HEIGHT = 1.75 -- nodes, of all models here
-- A model stands on its origin; a sprite is drawn around it.
local MODEL_BOX = {-0.3, 0, -0.3, 0.3, HEIGHT, 0.3}
local FIGURE_BOX = {-0.3, -HEIGHT / 2, -0.3, 0.3, HEIGHT / 2, 0.3}
local SIZES = {child = 0.7} -- of a role that is not as tall as others
local NOTHING = "llm_agent_blank.png"

local function at(x, y, z) return {x = x, y = y, z = z} end

-- mesh; layers(skin, armour) → textures; hand: the bone and how a thing lies in it; bones: the rig that gestures
-- turn, joint → the bone's name in the mesh, where it is and how it is turned (degrees) in its rest, `has_legs` where the legs
-- hang on it; a model with a jaw has a `Jaw` there, these have none. All have the frames of player_api's model.
local MODELS = {
	{
		mod = "mcl_armor", mesh = "mcl_armor_character.b3d", has_armour = true,
		layers = function(skin, armour) return {skin, armour or NOTHING, NOTHING} end,
		hand = {bone = "Wield_Item", at = at(0, 0, 0), turned = at(0, 0, 0), size = 0.21},
		bones = { -- *_Control: no animation moves them, what hangs on them is animated besides
			Body = {name = "Body_Control", at = at(0, 6.75, 0), turned = at(0, 180, 0), has_legs = true},
			Head = {name = "Head_Control", at = at(0, 6.77, 0), turned = at(0, 0, 0)},
			Arm_Left = {name = "Arm_Left_Pitch_Control", at = at(3, 5.77, 0), turned = at(180, 0, 0)},
			Arm_Right = {name = "Arm_Right_Pitch_Control", at = at(-3, 5.77, 0), turned = at(180, 0, 0)},
			Leg_Left = {name = "Leg_Left", at = at(1, 0.02, 0), turned = at(180, 0, 0)},
			Leg_Right = {name = "Leg_Right", at = at(-1, 0.02, 0), turned = at(180, 0, 0)},
		},
	},
	{
		mod = "player_api", mesh = "character.b3d",
		layers = function(skin) return {skin} end,
		hand = {bone = "Arm_Right", at = at(0, 5.5, 3), turned = at(-90, 225, 90), size = 0.25},
		bones = {
			Body = {name = "Body", at = at(0, 6.3, 0), turned = at(0, 180, 0), has_legs = true},
			Head = {name = "Head", at = at(0, 6.3, 0), turned = at(0, 0, 0)},
			Arm_Left = {name = "Arm_Left", at = at(3.15, 5.25, 0), turned = at(180, 0, 0)},
			Arm_Right = {name = "Arm_Right", at = at(-3.15, 5.25, 0), turned = at(180, 0, 0)},
			Leg_Left = {name = "Leg_Left", at = at(1.05, 0, 0), turned = at(180, 0, 0)},
			Leg_Right = {name = "Leg_Right", at = at(-1.05, 0, 0), turned = at(180, 0, 0)},
		},
	},
}

-- The model of this game, or nil: NPCs are flat figures then.
for _, model in ipairs(MODELS) do
	if not figure.model and core.get_modpath(model.mod) then figure.model = model end
end

-- How far below its object's position the feet of a new body are.
figure.feet_below = figure.model and 0 or HEIGHT / 2

local function scaled(box, size)
	local out = {}
	for i, edge in ipairs(box) do out[i] = edge * size end
	return out
end

-- What somebody of a role has in the hand, by a role's own word or as shipped; nil for nothing.
function figure.thing_in_hand(role_name)
	if not settings.hands then return nil end
	local role, outfit = roles.by_name[role_name], outfits[role_name]
	for _, name in ipairs(role and role.hand and {role.hand} or outfit and outfit.hand or {}) do
		if core.registered_items[name] then return name end
	end
end

-- For nobody in particular; what the game says of it is not ours to trust.
local function drawn(picture, name)
	return util.guarded("the picture of " .. name, function() return picture(nil, ItemStack(name)) end)()
end

-- The armour of a role as one picture to lay over the skin, or nil. The game's own functions draw what is dyed or enchanted, too.
local function armour(role_name)
	local pictures = {}
	for _, name in ipairs(outfits[role_name] and outfits[role_name].armour or {}) do
		local item = core.registered_items[name]
		local picture = item and item._mcl_armor_texture
		if type(picture) == "function" then picture = drawn(picture, name) end
		if type(picture) == "string" then pictures[#pictures + 1] = "(" .. picture .. ")" end
	end
	return pictures[1] and table.concat(pictures, "^")
end

-- The properties of an entity for a role.
function figure.look(role_name)
	local role, model, size = roles.by_name[role_name], figure.model, SIZES[role_name] or 1
	local textures = role and role.textures
	if model then
		local skin = ("llm_agent_%s.png"):format(roles.shipped[role_name] and role_name or "villager")
		local own = textures and #textures == 1 and textures[1] -- one for each part of a model, or just the skin
		local box = scaled(MODEL_BOX, size)
		return {
			visual = "mesh", mesh = model.mesh, visual_size = {x = size, y = size}, collisionbox = box, selectionbox = box,
			textures = textures and not own and textures or model.layers(own or skin, model.has_armour and armour(role_name)),
		}
	end
	local front, box = roles.portrait({role = role_name}), scaled(FIGURE_BOX, size)
	return {
		visual = "upright_sprite", visual_size = {x = 0.9 * size, y = HEIGHT * size},
		textures = textures or {front, front}, collisionbox = box, selectionbox = box,
	}
end

return figure
