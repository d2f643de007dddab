-- The actions `offer_quest` and `complete_quest`, and the facts about quests that go with a question.
-- The model only decides when. The quest itself is fixed before the question goes out: each parameter of the schema has one
-- value.
-- Payment and checks are those of quests/service.lua.

local S, settings, actions, observe, quests, quest_text, store, news, service, answers, quest_drafts = ...

local function only(value)
	if type(value) == "string" then return {type = "string", enum = {value}} end
	return {type = "integer", minimum = value, maximum = value}
end

local function is_here(player_name) return player_name ~= nil and core.get_player_by_name(player_name) ~= nil end

-- The embedded model knows both by name: no descriptions.
actions.register("offer_quest", {
	params = function(npc, player_name)
		local quest = settings.quests and is_here(player_name) and quest_drafts.get(npc, player_name)
		if not quest then return nil end
		local item, count = quest_text.requested(quest)
		return {
			type = "object", required = {"item", "count", "reward"},
			properties = {item = only(item), count = only(count), reward = only(quest_text.reward_number(quest))},
		}
	end,
	run = function(npc, player_name)
		local quest = quest_drafts.get(npc, player_name)
		if not quest then return false, S("@1 has no work for you now.", npc.name) end
		if quest.state == "offered" then
			news.tell(quest) -- again
		else
			quest_drafts.drop(npc, player_name)
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
	if not quest and settings.quests then quest = quest_drafts.last(npc, player_name) end
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
