-- The actions `offer_quest` and `complete_quest`, and the facts about quests that go with a question.
-- The model only decides when, and not against the player's plain words. The quest itself is fixed before the question goes
-- out: each parameter of the schema has one value. What is said of it comes from quests/voice.lua. Payment and checks are those
-- of quests/service.lua.

local S, settings, actions, observe, claims, quests, quest_text, store, news, service, answers, voice, heard, quest_drafts = ...

local function only(value)
	if type(value) == "string" then return {type = "string", enum = {value}} end
	return {type = "integer", minimum = value, maximum = value}
end

local function is_here(player_name) return player_name ~= nil and core.get_player_by_name(player_name) ~= nil end

-- The quest to offer, as the parameters of the action.
local function offer_of(npc, player_name)
	local quest = settings.quests and is_here(player_name) and quest_drafts.get(npc, player_name)
	if not quest then return nil end
	local item, count = quest_text.requested(quest)
	return {item = item, count = count, reward = quest_text.reward_number(quest)}
end

local function offer(npc, player_name, quest)
	if quest.state ~= "offered" then
		quest_drafts.drop(npc, player_name)
		return quests.offer(quest, store.now_s())
	end
	news.tell(quest) -- again
	voice.tell("offered", quest)
end

-- The embedded model knows both by name: no descriptions.
actions.register("offer_quest", {
	params = function(npc, player_name)
		local what = offer_of(npc, player_name)
		return what and {
			type = "object", required = {"item", "count", "reward"},
			properties = {item = only(what.item), count = only(what.count), reward = only(what.reward)},
		}
	end,
	fits = function(_, _, opts) return heard.speaks_of_work(claims.fold(opts.utterance)) end,
	meant = function(npc, player_name, opts)
		return heard.asks_for_work(claims.fold(opts.utterance)) and offer_of(npc, player_name) or nil
	end,
	run = function(npc, player_name)
		local quest = quest_drafts.get(npc, player_name)
		if not quest then return false, S("@1 has no work for you now.", npc.name) end
		voice.in_talk(npc, player_name, offer, npc, player_name, quest)
		return true
	end,
})

actions.register("complete_quest", {
	params = function(npc, player_name)
		return is_here(player_name) and service.ready(npc, player_name) and {} or nil
	end,
	meant = function(npc, player_name, opts) return answers.is_reported(npc, player_name, opts.utterance) and {} or nil end,
	run = function(npc, player_name)
		local quest = service.ready(npc, player_name)
		if not quest then return false, S("There is nothing to pay for.") end
		return voice.in_talk(npc, player_name, service.hand_in, quest.id, player_name)
	end,
})

-- What the model knows of it: what the NPC wants and what it pays, offered or promised.
observe.add_facts(function(npc, player_name, facts, opts)
	if not is_here(player_name) or not (opts.actions or opts.intent == "quest") then return end
	local quest = service.ready(npc, player_name) or quests.between(npc.id, player_name)
	-- what it only thinks of asking for is nobody's business before there is talk of work
	local is_of_work = opts.intent == "quest" or opts.utterance and heard.speaks_of_work(claims.fold(opts.utterance))
	if not quest and settings.quests and is_of_work then quest = quest_drafts.last(npc, player_name) end
	if not quest then return end
	local is_about_it = opts.utterance and answers.is_about(npc, opts.utterance, quest)
	if facts.intent == "trade" and not is_about_it then return end -- a small model takes its numbers for prices
	-- "delivery to Rolf" is no thing: a model would take a question about Rolf for one about it
	if not quest.item and not is_about_it then return end
	local item, count = quest_text.requested(quest)
	facts.need, facts.reward = {[item] = count}, quest_text.reward_number(quest)
	if is_about_it then
		facts.intent = "quest"
		facts.stock, facts.price = nil, nil -- a small model mixes up what it needs and what it sells
	end
end)
