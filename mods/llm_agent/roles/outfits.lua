-- What shipped roles hold, and wear where the game shows armour on its player model. Data only.
-- What is held has names in several games; the first that the running game knows counts, and without one the hand is empty.
-- Armour is that of Mineclonia and VoxeLibre.

local SWORD = {"mcl_tools:sword_iron", "default:sword_steel", "basetools:sword_steel"}
local STONE_SWORD = {"mcl_tools:sword_stone", "default:sword_stone"}
local BOW = {"mcl_bows:bow", "bows:bow_wood", "x_bows:bow_wood", "default:sword_stone"}
local HAMMER = {"vl_weaponry:hammer_iron", "anvil:hammer", "mcl_tools:axe_iron", "default:axe_steel", "basetools:axe_steel"}
local PICK = {"mcl_tools:pick_iron", "default:pick_steel", "basetools:pick_steel"}
local HOE = {"mcl_farming:hoe_iron", "farming:hoe_steel"}
local ROD = {"mcl_fishing:fishing_rod", "fishing:pole_wood", "default:stick"}
local BOOK = {"mcl_books:written_book", "mcl_books:book", "default:book_written", "default:book"}
local HERB = {"mcl_flowers:dandelion", "flowers:dandelion_yellow"}
local BREAD = {"mcl_farming:bread", "farming:bread"}
local APPLE = {"mcl_core:apple", "default:apple"}
local STICK = {"mcl_core:stick", "default:stick"}

-- hand: one thing. armour: pieces, the topmost first.
return {
	guard = {hand = SWORD, armour = {"mcl_armor:helmet_iron", "mcl_armor:chestplate_iron", "mcl_armor:boots_iron"}},
	hunter = {hand = BOW, armour = {"mcl_armor:boots_leather"}},
	bandit = {hand = STONE_SWORD, armour = {"mcl_armor:chestplate_chain", "mcl_armor:boots_leather"}},
	miner = {hand = PICK, armour = {"mcl_armor:helmet_chain"}},
	smith = {hand = HAMMER},
	farmer = {hand = HOE},
	fisher = {hand = ROD},
	scholar = {hand = BOOK},
	priest = {hand = BOOK},
	healer = {hand = HERB},
	innkeeper = {hand = BREAD},
	merchant = {hand = {"llm_agent:coin"}},
	child = {hand = APPLE},
	elder = {hand = STICK},
}
