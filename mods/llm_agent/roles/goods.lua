-- What shipped roles sell when they first live, what they buy, and their coins. Data only.
-- Each thing has names in several games; the first that the running game knows counts, and without one the thing is left out.

local function any(count, ...) return {count = count, names = {...}} end

local BREAD = any(8, "farming:bread", "mcl_farming:bread")
local APPLE = any(12, "default:apple", "mcl_core:apple", "basenodes:apple")
local WHEAT = any(16, "farming:wheat", "mcl_farming:wheat_item")
local TORCH = any(20, "default:torch", "mcl_torches:torch", "testnodes:torchlike")
local COAL = any(12, "default:coal_lump", "mcl_core:coal_lump")
local IRON = any(6, "default:steel_ingot", "mcl_core:iron_ingot")
local RAW_IRON = any(8, "default:iron_lump", "mcl_raw_ores:raw_iron")
local COPPER = any(4, "default:copper_ingot", "mcl_copper:copper_ingot")
local GOLD = any(2, "default:gold_ingot", "mcl_core:gold_ingot")
local SWORD = any(2, "default:sword_steel", "mcl_tools:sword_iron", "basetools:sword_steel")
local PICK = any(2, "default:pick_steel", "mcl_tools:pick_iron", "basetools:pick_steel")
local AXE = any(2, "default:axe_steel", "mcl_tools:axe_iron", "basetools:axe_steel")
local SHOVEL = any(2, "default:shovel_steel", "mcl_tools:shovel_iron", "basetools:shovel_steel")
local STRING = any(6, "farming:string", "mcl_mobitems:string")
local LEATHER = any(4, "mobs:leather", "mcl_mobitems:leather")
local FISH = any(6, "mcl_fishing:fish_raw", "ethereal:fish_raw")
local MEAT = any(4, "mobs:meat", "mcl_mobitems:cooked_beef")
local RAW_MEAT = any(6, "mobs:meat_raw", "mcl_mobitems:beef")
local BOOK = any(3, "default:book", "mcl_books:book")
local PAPER = any(8, "default:paper", "mcl_core:paper")
local MUSHROOM = any(5, "flowers:mushroom_brown", "mcl_mushrooms:mushroom_brown")
local HERBS = {
	any(5, "flowers:dandelion_yellow", "mcl_flowers:dandelion"), any(5, "flowers:rose", "mcl_flowers:poppy"), MUSHROOM,
}
local BERRIES = any(8, "default:blueberries", "mcl_farming:sweet_berry")
local BOTTLE = any(4, "vessels:glass_bottle", "mcl_potions:glass_bottle")
local SEEDS = any(10, "farming:seed_wheat", "mcl_farming:wheat_seeds")
local CARROT = any(8, "farming:carrot", "mcl_farming:carrot_item")
local WOOD = any(20, "default:wood", "mcl_core:wood", "mcl_trees:wood_oak")

-- buys: what it takes beside what it sells; true: whatever has a price.
return {
	merchant = {sells = {BREAD, APPLE, TORCH, PICK, BOOK, STRING}, buys = true, coins = 80},
	smith = {sells = {SWORD, PICK, AXE, SHOVEL, IRON}, buys = {COAL, RAW_IRON, COPPER, GOLD}, coins = 60},
	farmer = {sells = {WHEAT, APPLE, CARROT, SEEDS, BREAD}, buys = {SHOVEL}, coins = 25},
	innkeeper = {sells = {BREAD, APPLE, MEAT}, buys = {WHEAT, FISH, RAW_MEAT, MUSHROOM, WOOD}, coins = 50},
	fisher = {sells = {FISH, STRING, MUSHROOM}, buys = {BREAD}, coins = 20},
	hunter = {sells = {RAW_MEAT, LEATHER, MEAT, BERRIES}, buys = {STRING, BREAD}, coins = 20},
	miner = {sells = {COAL, RAW_IRON, COPPER}, buys = {TORCH, PICK, BREAD}, coins = 30},
	healer = {sells = {HERBS[1], HERBS[2], HERBS[3], BOTTLE}, buys = {APPLE}, coins = 30},
	priest = {sells = {}, buys = {BREAD, BOOK}, coins = 30},
	scholar = {sells = {BOOK, PAPER}, buys = {PAPER}, coins = 30},
	elder = {sells = {BREAD}, buys = {HERBS[1]}, coins = 40},
	guard = {sells = {TORCH}, buys = {BREAD, APPLE}, coins = 15},
	bandit = {sells = {}, buys = {GOLD}, coins = 15},
	child = {sells = {}, buys = {APPLE}, coins = 3},
	villager = {sells = {APPLE}, buys = {BREAD}, coins = 10},
}
