-- Quests that mods register (llm_agent.register_quest), and npc:offer_quest.
-- They go before quests that writer.lua makes up. A quest is offered only where the NPC can pay and what it is about exists.

local log, settings, check, util, Npc, items, ledger, kinds, quests, store = ...

local definitions = {} -- name → def
local registry = {definitions = definitions}

local MINUTE_S = 60
local MINUTES_MAX = 60 * 24 * 30 -- a month: goods are set apart for so long

local function is_count(value)
	if value ~= nil and (type(value) ~= "number" or value % 1 ~= 0 or value < 1 or value > 999) then
		return "want a whole number from 1 to 999"
	end
end

local function is_reward(value)
	if type(value) == "number" then return is_count(value) end
	if type(value) ~= "table" or not next(value) then return "want a number of coins, or goods {[item] = count}" end
	for item, count in pairs(value) do
		if type(item) ~= "string" or is_count(count) then return "want goods {[item] = count}" end
	end
end

local QUEST_FIELDS = {
	kind = check.one_of(kinds), reward = is_reward, item = "string?", count = is_count, target = check.words, title = check.words,
	done = "function?", available = "function?", minutes = check.number_in(1, MINUTES_MAX), roles = check.name_list,
	npcs = check.name_list,
}

-- A quest that NPCs of `roles`, or those whose id is in `npcs`, may give. To register a name again replaces the quest.
function llm_agent.register_quest(name, def)
	check.name("llm_agent.register_quest", name)
	check.def("llm_agent.register_quest: " .. name, def, QUEST_FIELDS)
	for _, field in ipairs(kinds[def.kind].needs) do
		if def[field] == nil then
			error(("llm_agent.register_quest: %s: %s: missing; a quest of kind %s needs it"):format(name, field, def.kind), 2)
		end
	end
	if not def.roles and not def.npcs then
		error(("llm_agent.register_quest: %s: roles: missing; name the roles that give it, or in npcs the ids of NPCs"):format(name), 2)
	end
	local quest = {name = name}
	for field in pairs(QUEST_FIELDS) do quest[field] = def[field] end
	definitions[name] = quest
end

local function reward_of(def)
	return type(def.reward) == "number" and {[items.money()] = def.reward} or def.reward
end

local function has_all(npc, goods)
	for item, count in pairs(goods) do
		if ledger.count(npc.id, item) < count then return false end
	end
	return true
end

local function is_available(def, npc, player_name)
	if not def.available then return true end
	local ok, yes = pcall(def.available, npc, player_name)
	if not ok then log("error", ("available of quest %s failed: %s"):format(def.name, tostring(yes))) end
	return ok and yes
end

local function may_give(def, npc, player_name)
	local reward = reward_of(def)
	return (util.contains(def.roles, npc.role) or util.contains(def.npcs, npc.id)) and has_all(npc, reward)
		and kinds[def.kind].is_possible(def, npc, reward) and is_available(def, npc, player_name)
end

local function quest_of(def)
	local quest = {
		kind = def.kind, name = def.name, title = def.title, target = def.target, reward = reward_of(def),
		lasts_s = (def.minutes or settings.quest_minutes) * MINUTE_S,
	}
	for field, value in pairs(kinds[def.kind].fields(def)) do quest[field] = value end
	return quest
end

-- One of those that this NPC may give this player now, or nil.
function registry.pick(npc, player_name, random)
	local fitting = {}
	for name, def in pairs(definitions) do
		if may_give(def, npc, player_name) then fitting[#fitting + 1] = name end
	end
	table.sort(fitting)
	local name = fitting[1] and fitting[random(1, #fitting)]
	return name and quest_of(definitions[name])
end

-- Offers a registered quest because a mod says so, even soon after another. True, or false and why: "off", "away" (the player),
-- "busy" (with a quest of this NPC) or "impossible" (as `may_give` finds).
function Npc:offer_quest(player_name, name)
	local def = definitions[name]
	if not def then error(("npc:offer_quest: name: no quest %s; llm_agent.register_quest makes one"):format(tostring(name)), 2) end
	if not settings.quests then return false, "off" end
	if type(player_name) ~= "string" or not core.get_player_by_name(player_name) then return false, "away" end
	if not may_give(def, self, player_name) then return false, "impossible" end
	local quest = quest_of(def)
	quest.npc, quest.npc_name, quest.player = self.id, self.name, player_name
	if not quests.offer(quest, store.now_s()) then return false, "busy" end
	return true
end

return registry
