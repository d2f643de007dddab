-- A snapshot of what a quest could be about: what this NPC needs, has and can pay, who and what is near, where one can go.
-- Runs when an NPC is asked for work, at most once in a while for each. Only reads.

local geometry, npcs, positions, places, items, obtainable, ledger, market, trade, quests = ...

local world = {}

local MOBS_REACH = 40 -- nodes: farther away no mob is hunted
local WAY_MAX = 60 -- nodes that are searched for a way; further away only where somebody has been
local VISIT_MAX, PERSON_MAX = 400, 200 -- nodes
local NEAR_MIN = 12 -- a target nearer than this is no errand
local COLUMN = 8 -- nodes up and down in which a place's ground is looked for
local MANY, SOME, FEW = 12, 5, 2
local SHORT = 1.15 -- times the usual price: the market lacks it

-- Names of items as games have them, without the mod's: what each role can always use, and how many of it.
local NEEDS = {
	smith = {
		[MANY] = {"coal_lump", "coal", "charcoal_lump", "stick", "cobble"},
		[SOME] = {"iron_lump", "raw_iron", "copper_lump", "clay_lump"},
	},
	healer = {
		[MANY] = {"papyrus", "apple"},
		[SOME] = {"mushroom_brown", "mushroom_red", "dandelion_yellow", "dandelion", "rose", "poppy", "blueberries"},
	},
	farmer = {[MANY] = {"stick", "dirt", "wheat", "wheat_item"}, [SOME] = {"string", "apple"}, [FEW] = {"ladder_wood", "ladder"}},
	innkeeper = {[MANY] = {"wheat", "wheat_item", "apple", "flour"}, [SOME] = {"bread", "coal_lump", "torch", "blueberries"}},
	merchant = {[MANY] = {"paper", "papyrus", "clay_lump"}, [SOME] = {"glass", "string", "book", "coal_lump"}, [FEW] = {"chest"}},
	guard = {[MANY] = {"torch", "stick", "cobble"}, [SOME] = {"bread", "apple"}, [FEW] = {"ladder_wood", "ladder"}},
	hunter = {[MANY] = {"stick", "flint"}, [SOME] = {"string", "feather", "leather"}},
	child = {[MANY] = {"sand", "stick"}, [SOME] = {"apple", "rose", "poppy", "tulip", "dandelion_white", "snowball", "snow"}},
	fisher = {[MANY] = {"stick", "papyrus"}, [SOME] = {"string", "cotton"}},
	scholar = {[MANY] = {"paper", "papyrus"}, [SOME] = {"torch"}, [FEW] = {"book", "bookshelf"}},
	miner = {[MANY] = {"torch", "stick", "coal_lump"}, [SOME] = {"ladder_wood", "ladder", "bread"}},
	priest = {[MANY] = {"torch", "paper"}, [SOME] = {"rose", "poppy", "dandelion_white", "geranium"}, [FEW] = {"book"}},
	elder = {[MANY] = {"torch", "wood", "cobble"}, [SOME] = {"bread", "paper"}},
	bandit = {[MANY] = {"torch", "apple"}, [SOME] = {"gold_lump", "raw_gold", "iron_lump"}},
	villager = {[MANY] = {"wood", "stick", "torch", "cobble"}, [SOME] = {"apple", "bread", "coal_lump", "string"}},
}

local by_part = {} -- "coal_lump" → "default:coal_lump": the first by name

core.register_on_mods_loaded(function()
	for name in pairs(core.registered_items) do
		local part = name:match(":(.+)$")
		if part and obtainable.has(name) and (not by_part[part] or name < by_part[part]) then by_part[part] = name end
	end
end)

-- What one of it is worth, in coins.
function world.worth(item) return trade.base_price(item) end

-- Things this role needs that can be had, and what the market of its settlement is short of; as many as it has not got.
-- What the player carries already counts as well: it may be the easier errand.
local function wants_of(npc)
	local found = {}
	local function add(item, most)
		most = most - ledger.count(npc.id, item)
		if most > 0 then found[#found + 1] = {item = item, most = most, worth = world.worth(item)} end
	end
	for most, parts in pairs(NEEDS[npc.role] or NEEDS.villager) do
		for _, part in ipairs(parts) do
			if by_part[part] then add(by_part[part], most) end
		end
	end
	local settlement = places.settlement_of(npc)
	for _, item in ipairs(market.moved(settlement)) do
		local is_short = market.factor(settlement, item, world.worth(item)) >= SHORT
		if is_short and obtainable.has(item) then add(item, SOME) end
	end
	table.sort(found, function(a, b) return a.item < b.item end)
	return found
end

local function goods_of(npc)
	local found = {}
	for item, count in pairs(ledger.stock(npc.id)) do
		if item ~= items.money() then found[#found + 1] = {item = item, count = count, worth = world.worth(item)} end
	end
	table.sort(found, function(a, b) return a.item < b.item end)
	return found
end

local function is_free(pos)
	local node = core.get_node_or_nil(pos)
	local def = node and core.registered_nodes[node.name]
	return def ~= nil and def.walkable == false and (def.damage_per_second or 0) <= 0
end

local function is_firm(pos)
	local node = core.get_node_or_nil(pos)
	local def = node and core.registered_nodes[node.name]
	return def ~= nil and def.walkable ~= false
end

-- Where one can stand near `pos`, in its column; nil where nothing is loaded, or all is rock or air.
local function ground(pos)
	local x, z = math.floor(pos.x + 0.5), math.floor(pos.z + 0.5)
	local middle = math.floor(pos.y + 0.5)
	for off = 0, COLUMN do
		for _, y in ipairs({middle + off, middle - off}) do
			local feet = {x = x, y = y, z = z}
			if is_free(feet) and is_free({x = x, y = y + 1, z = z}) and is_firm({x = x, y = y - 1, z = z}) then return feet end
		end
	end
end

-- Can a player get from one to the other? Where it is near and loaded a way is looked for; elsewhere somebody must have been.
function world.can_reach(from, to)
	if places.somebody_was_at(to) then return true end
	if not geometry.in_range(from, to, WAY_MAX) then return false end
	local start, goal = ground(from), ground(to)
	return start ~= nil and goal ~= nil and core.find_path(start, goal, COLUMN, 1, 3) ~= nil
end

local function distance(a, b) return math.sqrt(geometry.distance_squared(a, b)) end

-- One other NPC at most, because each search for a way costs time.
local function people_of(npc, pos, random)
	local near = {}
	for _, other in ipairs(npcs.list) do
		local there = other ~= npc and other.kept_by_body and positions.last_known(other)
		local way = there and distance(pos, there)
		if way and way > NEAR_MIN and way <= PERSON_MAX then near[#near + 1] = other end
	end
	local other = near[1] and near[random(1, #near)]
	local there = other and other:get_pos()
	if not there or not world.can_reach(pos, there) then return {} end
	return {{id = other.id, name = other.name, distance = distance(pos, there)}}
end

local function places_of(pos, random)
	local near = {}
	for _, place in ipairs(places.list()) do
		local way = distance(pos, place)
		if way > place.radius + NEAR_MIN and way <= VISIT_MAX then near[#near + 1] = place end
	end
	local place = near[1] and near[random(1, #near)]
	if not place or not world.can_reach(pos, place) then return {} end
	return {{name = place.name, distance = distance(pos, place)}}
end

-- A mob that nobody owns and that has no mind; animals only for a hunter.
local function is_prey(self, npc)
	local def = self and core.registered_entities[self.name]
	if not def or self.llm_agent or self.tamed == true or (self.owner or "") ~= "" then return false end
	return def.type == "monster" or def.type == "animal" and npc.role == "hunter"
end

local function mobs_of(npc, pos)
	local counts, found = {}, {}
	for _, object in ipairs(core.get_objects_inside_radius(pos, MOBS_REACH)) do
		local self = object:get_luaentity()
		if is_prey(self, npc) then
			if not counts[self.name] then
				found[#found + 1] = {name = self.name, hp = self.hp_max or object:get_properties().hp_max or 1}
			end
			counts[self.name] = (counts[self.name] or 0) + 1
		end
	end
	for _, mob in ipairs(found) do mob.count = counts[mob.name] end
	table.sort(found, function(a, b) return a.name < b.name end)
	return found
end

-- The snapshot that writer.lua writes from.
function world.look(npc, player_name, random)
	local pos = npc:get_pos()
	return {
		coins = ledger.count(npc.id, items.money()),
		trusted = not quests.is_untrusted(player_name),
		wants = wants_of(npc),
		goods = goods_of(npc),
		people = pos and people_of(npc, pos, random) or {},
		mobs = pos and mobs_of(npc, pos) or {},
		places = pos and places_of(pos, random) or {},
	}
end

return world
