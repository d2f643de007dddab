-- How a quest is described: to players in their client's language, to the model and to memory in plain English.
-- Only words; changes nothing.

local S, items, kinds = ...

local quest_text = {}

local MINUTE_S, HOUR_S = 60, 3600

function quest_text.title(quest) return quest.title or kinds[quest.kind].title(quest) end

function quest_text.reward(quest) return items.shown(quest.reward) end

-- The item and count of offer_quest, in the words that the model knows.
function quest_text.requested(quest) return kinds[quest.kind].requested(quest) end

-- The reward as a number of coins where it is coins, else of the things it is.
function quest_text.reward_number(quest)
	local number = 0
	for name, count in pairs(quest.reward) do
		if name == items.money() then return count end
		number = number + count
	end
	return number
end

local OUTCOMES = {
	accepted = "%s promised to %s", refused = "%s refused to %s", paid = "%s kept the promise to %s and was paid",
	failed = "%s could not %s", expired = "%s did not %s in time", abandoned = "%s gave up the promise to %s",
}

-- What became of it as an English sentence, or nil where nothing is worth remembering.
function quest_text.outcome(quest)
	local sentence = OUTCOMES[quest.state]
	return sentence and sentence:format(quest.player, kinds[quest.kind].deed(quest)) or nil
end

function quest_text.progress(quest)
	local kind = kinds[quest.kind]
	if kind.is_done_at_once then return S("bring it to @1", select(2, kind.receiver(quest))) end
	if quest.state == "fulfilled" then return S("done; go and tell @1", quest.npc_name) end
	return S("@1 of @2", quest.progress, quest.count)
end

function quest_text.time_left(seconds)
	if seconds >= HOUR_S then return S("@1 h @2 min", math.floor(seconds / HOUR_S), math.floor(seconds % HOUR_S / MINUTE_S)) end
	if seconds >= MINUTE_S then return S("@1 min", math.floor(seconds / MINUTE_S)) end
	return S("less than a minute")
end

local WHY = {
	npc_gone = function() return S("somebody is gone") end,
	place_gone = function(quest) return S("there is no place @1 any more", quest.target) end,
	no_reward = function(quest) return S("@1 has not got the reward any more", quest.npc_name) end,
	no_goods = function(quest) return S("@1 has not got the goods any more", quest.npc_name) end,
	ended = function() return S("that offer is over") end,
	player_full = function() return S("you have too many open quests: /llm quests") end,
	npc_full = function(quest) return S("@1 waits for too many others", quest.npc_name) end,
	not_done = function() return S("it is not done yet") end,
}

function quest_text.why(quest, code, message)
	return message or WHY[code] and WHY[code](quest) or code
end

local STATES = {
	offered = S("offered"), accepted = S("open"), fulfilled = S("done"), paid = S("paid"), refused = S("refused"),
	failed = S("failed"), expired = S("too late"), abandoned = S("given up"),
}

-- A delivery is never done but by who receives it.
function quest_text.state(quest)
	if quest.state == "fulfilled" and kinds[quest.kind].is_done_at_once then return S("on the way") end
	return STATES[quest.state]
end

return quest_text
