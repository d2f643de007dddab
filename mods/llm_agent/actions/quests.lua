-- The actions `offer_quest` and `complete_quest`, and the facts about quests that go with a question.
-- The model only decides when. The quest itself is fixed before the question goes out: each parameter of the schema has one
-- value.
-- Payment and checks are those of quests/service.lua.

local S, settings, actions, observe, items, ledger, quests, quest_text, store, news, writer, world, registry, service,
	answers = ...

local KEEP_S = 120 -- an NPC's idea of a quest stays the same for this long, so that a player may come back to it
local NONE_S = 20 -- after a search that found nothing, the next one waits this long

local drafts = {} -- NPC's id → player → {at_s, quest or nil}: what it would ask for

-- What the NPC would give this player to do: of those that mods registered, else a new one out of what there is.
local function write(npc, player_name)
	local quest = registry.pick(npc, player_name, math.random)
	if not quest then
		quest = settings.quests_made_up and writer.write(world.look(npc, player_name, math.random), math.random) or nil
		if not quest then return nil end
		quest.reward, quest.coins = {[items.money()] = quest.coins}, nil
	end
	quest.npc, quest.npc_name, quest.player = npc.id, npc.name, player_name
	return quest
end

local function can_pay(npc, quest)
	for item, count in pairs(quest.reward) do
		if ledger.count(npc.id, item) < count then return false end
	end
	return true
end

-- The quest to offer now, or nil: none of its own is open with this player, and it has not just been through one with them.
local function draft_for(npc, player_name)
	local now_s, open = store.now_s(), quests.between(npc.id, player_name)
	if open then return open.state == "offered" and open or nil end
	if quests.rests(npc.id, player_name, now_s) or not quests.has_room(npc.id, player_name) then return nil end
	drafts[npc.id] = drafts[npc.id] or {}
	local draft = drafts[npc.id][player_name]
	local keep_s = draft and draft.quest and KEEP_S or NONE_S
	if not draft or now_s - draft.at_s >= keep_s or draft.quest and not can_pay(npc, draft.quest) then
		draft = {at_s = now_s, quest = write(npc, player_name)}
		drafts[npc.id][player_name] = draft
	end
	return draft.quest
end

local function only(value)
	if type(value) == "string" then return {type = "string", enum = {value}} end
	return {type = "integer", minimum = value, maximum = value}
end

local function is_here(player_name) return player_name ~= nil and core.get_player_by_name(player_name) ~= nil end

-- The embedded model knows both by name: no descriptions.
actions.register("offer_quest", {
	params = function(npc, player_name)
		local quest = settings.quests and is_here(player_name) and draft_for(npc, player_name)
		if not quest then return nil end
		local item, count = quest_text.requested(quest)
		return {
			type = "object", required = {"item", "count", "reward"},
			properties = {item = only(item), count = only(count), reward = only(quest_text.reward_number(quest))},
		}
	end,
	run = function(npc, player_name)
		local quest = draft_for(npc, player_name)
		if not quest then return false, S("@1 has no work for you now.", npc.name) end
		if quest.state == "offered" then
			news.tell(quest) -- again
		else
			drafts[npc.id][player_name] = nil
			quests.offer(quest, store.now_s())
		end
		return true
	end,
})

actions.register("complete_quest", {
	params = function(npc, player_name)
		return is_here(player_name) and service.ready(npc, player_name) and {} or nil
	end,
	run = function(npc, player_name)
		local quest = service.ready(npc, player_name)
		if not quest then return false, S("There is nothing to pay for.") end
		return service.hand_in(quest.id, player_name)
	end,
})

-- What the model knows of it: what the NPC wants and what it pays, offered or promised.
observe.add_facts(function(npc, player_name, facts, opts)
	if not is_here(player_name) or not (opts.actions or opts.intent == "quest") then return end
	local quest = service.ready(npc, player_name) or quests.between(npc.id, player_name)
	if not quest and settings.quests then
		local draft = (drafts[npc.id] or {})[player_name]
		quest = draft and draft.quest
	end
	if not quest then return end
	local is_about_it = opts.utterance and answers.is_about(opts.utterance, quest)
	if facts.intent == "trade" and not is_about_it then return end -- a small model takes its numbers for prices
	local item, count = quest_text.requested(quest)
	facts.need, facts.reward = {[item] = count}, quest_text.reward_number(quest)
	if is_about_it then
		facts.intent = "quest"
		facts.stock, facts.price = nil, nil -- a small model mixes up what it needs and what it sells
	end
end)

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for _, of_npc in pairs(drafts) do of_npc[name] = nil end
end)
