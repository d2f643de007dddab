-- How a quest is described: to players in their client's language, to the model and to memory in plain English.
-- Only words; changes nothing.

local S, util, items = ...

local quest_text = {}

local MINUTE_S, HOUR_S = 60, 3600

local function first_line(description) return description:match("^[^\n]*") end

-- As a player's client shows it: the game's own description, which it may translate.
local function shown_item(name)
	local def = core.registered_items[name]
	local description = def and (def.short_description or def.description) or ""
	return description ~= "" and first_line(description) or name
end

local function shown_mob(name)
	local def = core.registered_entities[name]
	return def and def.description and def.description ~= "" and first_line(def.description) or quest_text.mob(name)
end

-- "mobs_monster:stone_monster" → "stone monster"
function quest_text.mob(name) return (name:gsub("^.*:", ""):gsub("_", " ")) end

-- Goods {item = n} as players see them, in a fixed order.
function quest_text.goods(goods)
	local parts = {}
	for i, name in ipairs(util.sorted_keys(goods)) do
		parts[i] = name == items.money() and items.coins(goods[name]) or S("@1 × @2", goods[name], shown_item(name))
	end
	return table.concat(parts, ", ")
end

local TITLES = {
	fetch = function(quest) return S("Bring @1 to @2", quest_text.goods({[quest.item] = quest.count}), quest.npc_name) end,
	deliver = function(quest)
		return S("Carry @1 from @2 to @3", quest_text.goods(quest.carries), quest.npc_name, quest.target_name)
	end,
	hunt = function(quest) return S("Defeat @1 × @2 for @3", quest.count, shown_mob(quest.target), quest.npc_name) end,
	visit = function(quest) return S("Go to @1 and tell @2 about it", quest.target, quest.npc_name) end,
	task = function(quest) return quest.title end,
}

function quest_text.title(quest) return quest.title or TITLES[quest.kind](quest) end

function quest_text.reward(quest) return quest_text.goods(quest.reward) end

-- The item, count and reward of offer_quest, in the words that the model knows: what a quest of each kind is asked for as.
local REQUESTED = {
	fetch = function(quest) return items.words(quest.item), quest.count end,
	deliver = function(quest) return "delivery to " .. quest.target_name, 1 end,
	hunt = function(quest) return "slain " .. quest_text.mob(quest.target), quest.count end,
	visit = function(quest) return "report from " .. quest.target, 1 end,
	task = function(quest) return quest.name:gsub("_", " "), 1 end,
}

function quest_text.requested(quest) return REQUESTED[quest.kind](quest) end

-- The reward as a number of coins where it is coins, else of the things it is.
function quest_text.reward_number(quest)
	local number = 0
	for name, count in pairs(quest.reward) do
		if name == items.money() then return count end
		number = number + count
	end
	return number
end

-- "brings Mira 3 apples", as what a player promised, did or failed to do is remembered.
local DEEDS = {
	fetch = function(quest) return ("bring %s to %s"):format(items.counted(quest.count, quest.item), quest.npc_name) end,
	deliver = function(quest)
		local name, count = next(quest.carries)
		return ("carry %s from %s to %s"):format(items.counted(count, name), quest.npc_name, quest.target_name)
	end,
	hunt = function(quest) return ("defeat %d %s for %s"):format(quest.count, quest_text.mob(quest.target), quest.npc_name) end,
	visit = function(quest) return ("go to %s for %s"):format(quest.target, quest.npc_name) end,
	task = function(quest) return ("%s for %s"):format(quest.name:gsub("_", " "), quest.npc_name) end,
}

local OUTCOMES = {
	accepted = "%s promised to %s", refused = "%s refused to %s", paid = "%s kept the promise to %s and was paid",
	failed = "%s could not %s", expired = "%s did not %s in time", abandoned = "%s gave up the promise to %s",
}

-- What became of it as an English sentence, or nil where nothing is worth remembering.
function quest_text.outcome(quest)
	local sentence = OUTCOMES[quest.state]
	return sentence and sentence:format(quest.player, DEEDS[quest.kind](quest)) or nil
end

function quest_text.progress(quest)
	if quest.kind == "deliver" then return S("bring it to @1", quest.target_name) end
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

function quest_text.state(quest) return STATES[quest.state] end

return quest_text
