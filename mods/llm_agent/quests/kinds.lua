-- What kinds of quests there are: all that is particular to a kind stands in its table here, and every table has every field.
-- Stored quests name their kind, so a name stays. lua/spec/quests/kinds_spec.lua holds each kind to the fields below.
--
-- needs              fields of llm_agent.register_quest that such a quest needs beside a reward
-- is_possible(def, npc, reward)   does what a registered quest is about exist? reward: goods {item = n}
-- fields(def)        what a quest gets of the definition: count, and item, target, target_name, carries
-- weight, write      how often NPCs think of one by themselves, and write(world, random, coins_max) -> fields of the quest, fair
--                    pay in coins; nil where the snapshot (see world.lua) has nothing for it. Pure. 0 and false: they never do
-- title(quest)       what players read
-- requested(quest)   words, count: what the model is told that the NPC asks for
-- deed(quest)        "bring 3 apples to Mira": what a player promised, did or failed to do, as NPCs remember it
-- measure(quest, def)   how much is done, as the world is now; def: of a registered quest. Nil and a code where it has become
--                    impossible. Only for a player who is there. false: another file counts
-- counts_deaths      hunt.lua counts the deaths of its target
-- foe(quest)         what one of those is called, in English; false where there are none
-- is_carried         its progress is what the player has with them, and may fall
-- is_done_at_once    the player has what it takes from the start; what is left is to bring it
-- takes(quest)       goods that the player gives when it is done
-- receiver(quest)    id and name of the NPC it is handed in to

local S, log, npcs, places, items, ledger, store = ...

local FAIR = 1.3 -- times what the things are worth: more than a stall asks for them
local FETCH_MAX, HUNT_MAX, CARRY_MAX = 12, 4, 5 -- how many of a thing NPCs ask for
local CARRY_WORTH_MAX = 40 -- coins: what an NPC hands over to be carried is worth no more
local ERRAND, NODES_A_COIN = 2, 20 -- coins for an errand, and one more for so much of the way there
local COINS_A_FOE, HP_A_COIN = 3, 5

local function nothing() return {} end
local function giver(quest) return quest.npc, quest.npc_name end

-- "mobs_monster:stone_monster" → "stone monster"
local function mob_words(name) return (name:gsub("^.*:", ""):gsub("_", " ")) end

local function shown_mob(name)
	local def = core.registered_entities[name]
	return def and def.description and def.description ~= "" and def.description:match("^[^\n]*") or mob_words(name)
end

local kinds = {}

-- Bring items.
kinds.fetch = {
	needs = {"item"},
	is_possible = function(def) return core.registered_items[def.item] ~= nil end,
	fields = function(def) return {item = def.item, count = def.count or 1} end,
	weight = 4,
	write = function(world, random, coins_max)
		if not world.wants[1] then return nil end
		local want = world.wants[random(1, #world.wants)]
		local most = math.min(FETCH_MAX, want.most, math.floor(coins_max / (want.worth * FAIR)))
		if most < 1 then return nil end
		local count = random(1, most)
		return {item = want.item, count = count}, count * want.worth * FAIR
	end,
	title = function(quest) return S("Bring @1 to @2", items.shown({[quest.item] = quest.count}), quest.npc_name) end,
	requested = function(quest) return items.words(quest.item), quest.count end,
	deed = function(quest) return ("bring %s to %s"):format(items.counted(quest.count, quest.item), quest.npc_name) end,
	measure = function(quest) return store.player_has(quest.player, quest.item) end,
	foe = false, counts_deaths = false, is_carried = true, is_done_at_once = false,
	takes = function(quest) return {[quest.item] = quest.count} end,
	receiver = giver,
}

-- Carry the NPC's goods to another NPC.
kinds.deliver = {
	needs = {"item", "target"},
	is_possible = function(def, npc, reward)
		local target = npcs.get(def.target)
		local count = (def.count or 1) + (reward[def.item] or 0)
		return target ~= nil and target ~= npc and ledger.count(npc.id, def.item) >= count
	end,
	fields = function(def)
		local count, target = def.count or 1, npcs.get(def.target)
		return {count = count, target = def.target, target_name = target and target.name, carries = {[def.item] = count}}
	end,
	weight = 2,
	write = function(world, random)
		if not world.trusted or not world.goods[1] or not world.people[1] then return nil end
		local good, person = world.goods[random(1, #world.goods)], world.people[random(1, #world.people)]
		local most = math.min(CARRY_MAX, good.count, math.floor(CARRY_WORTH_MAX / math.max(1, good.worth)))
		if most < 1 then return nil end
		local count = random(1, most)
		return {carries = {[good.item] = count}, count = count, target = person.id, target_name = person.name},
			ERRAND + person.distance / NODES_A_COIN
	end,
	title = function(quest)
		return S("Carry @1 from @2 to @3", items.shown(quest.carries), quest.npc_name, quest.target_name)
	end,
	requested = function(quest) return "delivery to " .. quest.target_name, 1 end,
	deed = function(quest)
		local name, count = next(quest.carries)
		return ("carry %s from %s to %s"):format(items.counted(count, name), quest.npc_name, quest.target_name)
	end,
	measure = function(quest)
		for item, count in pairs(quest.carries) do
			if store.player_has(quest.player, item) < count then return 0 end
		end
		return quest.count
	end,
	foe = false, counts_deaths = false, is_carried = true, is_done_at_once = true,
	takes = function(quest) return quest.carries end,
	receiver = function(quest) return quest.target, quest.target_name end,
}

-- Defeat entities.
kinds.hunt = {
	needs = {"target"},
	is_possible = function(def) return core.registered_entities[def.target] ~= nil end,
	fields = function(def) return {target = def.target, count = def.count or 1} end,
	weight = 3,
	write = function(world, random)
		if not world.mobs[1] then return nil end
		local mob = world.mobs[random(1, #world.mobs)]
		local count = random(1, math.min(HUNT_MAX, mob.count))
		return {target = mob.name, count = count}, count * (COINS_A_FOE + mob.hp / HP_A_COIN)
	end,
	title = function(quest) return S("Defeat @1 × @2 for @3", quest.count, shown_mob(quest.target), quest.npc_name) end,
	foe = function(quest) return mob_words(quest.target) end,
	requested = function(quest) return "slain " .. mob_words(quest.target), quest.count end,
	deed = function(quest)
		return ("defeat %s for %s"):format(items.count_of(quest.count, mob_words(quest.target)), quest.npc_name)
	end,
	measure = false,
	counts_deaths = true, is_carried = false, is_done_at_once = false,
	takes = nothing,
	receiver = giver,
}

-- Go to a place and tell about it.
kinds.visit = {
	needs = {"target"},
	is_possible = function(def)
		for _, place in ipairs(places.list()) do
			if place.name == def.target then return true end
		end
		return false
	end,
	fields = function(def) return {target = def.target, count = 1} end,
	weight = 2,
	write = function(world, random)
		if not world.places[1] then return nil end
		local place = world.places[random(1, #world.places)]
		return {target = place.name, count = 1}, ERRAND + place.distance / NODES_A_COIN
	end,
	title = function(quest) return S("Go to @1 and tell @2 about it", quest.target, quest.npc_name) end,
	requested = function(quest) return "report from " .. quest.target, 1 end,
	deed = function(quest) return ("go to %s for %s"):format(quest.target, quest.npc_name) end,
	measure = function(quest)
		local is_inside = places.contains(quest.target, core.get_player_by_name(quest.player):get_pos())
		if is_inside == nil then return nil, "place_gone" end
		return is_inside and 1 or 0
	end,
	foe = false, counts_deaths = false, is_carried = false, is_done_at_once = false,
	takes = nothing,
	receiver = giver,
}

-- What a mod judges.
kinds.task = {
	needs = {"done", "title"},
	is_possible = function() return true end,
	fields = function() return {count = 1} end,
	weight = 0,
	write = false,
	title = function(quest) return quest.title end,
	requested = function(quest) return quest.name:gsub("_", " "), 1 end,
	deed = function(quest) return ("%s for %s"):format(quest.name:gsub("_", " "), quest.npc_name) end,
	measure = function(quest, def)
		local npc = npcs.get(quest.npc)
		if not def or not npc then return 0 end
		local ok, is_done = pcall(def.done, npc, quest.player)
		if not ok then log("error", ("done of quest %s failed: %s"):format(quest.name, tostring(is_done))) end
		return ok and is_done and 1 or 0
	end,
	foe = false, counts_deaths = false, is_carried = false, is_done_at_once = false,
	takes = nothing,
	receiver = giver,
}

return kinds
