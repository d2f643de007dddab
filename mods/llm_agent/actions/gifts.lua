-- The actions `give_item` and `take_item`: gifts between an NPC and a player who stand together.
-- The model chooses among what is possible. How much NPCs give away in a day, and whether the player means to give, is decided
-- here and in gift_intent.lua.
-- Goods move through the ledger, whole or not at all.

local S, settings, geometry, util, storage, actions, memory, lines, wording, items, ledger, gift_intent, trade, action_lines = ...

local REACH = 6 -- nodes from hand to hand
local GIFTS_KEY = "gifts:" -- and the player's name: day of the game and worth of what NPCs gave them on it
local WORTH_MIN = 0.01
local KINDS_MAX = 12 -- of goods to choose from: they stand in the prompt

-- The player, if both stand together.
local function partner(npc, player_name)
	local player = player_name and core.get_player_by_name(player_name)
	local pos = player and npc:get_pos()
	return pos and geometry.in_range(pos, player:get_pos(), REACH) and player or nil
end

-- From an NPC --------------------------------------------------------------------------------------------------------------

-- In coins. Never 0, also where a mod set that price: the daily limit divides by it.
local function worth(item)
	return item == items.money() and 1 or math.max(WORTH_MIN, trade.base_price(item))
end

local function given_today(player_name)
	local day, sum = storage:get_string(GIFTS_KEY .. player_name):match("^(%d+) (%S+)$")
	return tonumber(day) == core.get_day_count() and tonumber(sum) or 0
end

-- What this NPC may give now: item → how many, by its goods and by what NPCs give to one player on a day.
local function gifts(npc, player_name)
	local left, found = settings.gift_coins_per_day - given_today(player_name), {}
	for item, n in pairs(ledger.stock(npc.id)) do
		local most = core.registered_items[item] and math.min(n, math.floor(left / worth(item) + 1e-9)) or 0
		if most > 0 then found[item] = most end
	end
	return found
end

-- words → item name of at most so many kinds, and the greatest count.
local function choice(found)
	local names, most = {}, 0
	for item in pairs(found) do names[#names + 1] = item end
	local by_words = items.by_words(names)
	local words = util.sorted_keys(by_words)
	for i = #words, 1, -1 do
		if i > KINDS_MAX then words[i] = nil else most = math.max(most, found[by_words[words[i]]]) end
	end
	return words, by_words, most
end

local function schema(words, most)
	return {
		type = "object", required = {"item", "count"},
		properties = {
			item = {type = "string", enum = words}, count = {type = "integer", minimum = 1, maximum = most},
		},
	}
end

-- Both tell the player, and remember.
local function outcome(npc, player_name, ok, message, done, failed, why)
	memory.remember(npc, player_name, ok and done or failed)
	return ok, message, why
end

actions.register("give_item", {
	params = function(npc, player_name)
		if not partner(npc, player_name) then return nil end
		local words, _, most = choice(gifts(npc, player_name))
		return words[1] and schema(words, most) or nil
	end,
	run = function(npc, player_name, params)
		local found = gifts(npc, player_name)
		local _, by_words = choice(found)
		local item, n = by_words[params.item], params.count
		local counted = items.counted(n, item)
		local refused = ("%s could not give %s to %s"):format(npc.name, counted, player_name)
		if n > found[item] then
			return outcome(npc, player_name, false, S("@1 does not give away so much.", npc.name), nil, refused,
				"too_much")
		end
		local ok, code, problem = ledger.swap(npc.id, player_name, {[item] = n}, {})
		if ok then
			local sum = given_today(player_name) + n * worth(item)
			storage:set_string(GIFTS_KEY .. player_name, ("%d %g"):format(core.get_day_count(), sum))
		end
		return outcome(npc, player_name, ok, ok and S("@1 gives you: @2 × @3", npc.name, n, params.item) or problem,
			("%s gave %s to %s as a gift"):format(npc.name, counted, player_name), refused, not ok and code or nil)
	end,
})

-- From a player ------------------------------------------------------------------------------------------------------------

-- What the player means to give with these words: what they hold, its words, and how many; nil where they mean to give nothing.
local function meant_gift(player_name, utterance)
	local player = player_name and type(utterance) == "string" and core.get_player_by_name(player_name)
	local item, n = nil, nil
	if player then item, n = ledger.wielded(player) end
	local words = item and items.words(item)
	local most = item and gift_intent(utterance, words, items.gist)
	return most and item, words, most and math.min(n, most)
end

-- A gift from farther than hands reach: the model, to whom nothing is on offer, would ask to see it.
local function is_out_of_reach(npc, opts)
	return npc:get_pos() ~= nil and not partner(npc, opts.player) and meant_gift(opts.player, opts.utterance) ~= nil
end

wording.add(function(npc, answer, opts, code)
	if answer.action or answer.told or not is_out_of_reach(npc, opts) then return nil end
	return {line = lines.pick(action_lines.take_item_out_of_reach, npc, code, {player = opts.player}, math.random)}
end, is_out_of_reach)

actions.register("take_item", {
	params = function(npc, player_name, opts)
		local item, words, most = meant_gift(player_name, opts.utterance)
		return item and partner(npc, player_name) and schema({words}, most) or nil
	end,
	run = function(npc, player_name, params)
		local item = ledger.wielded(core.get_player_by_name(player_name)) -- what the schema was made for, in this step
		local counted = items.counted(params.count, item)
		local ok, _, problem = ledger.swap(npc.id, player_name, {}, {[item] = params.count})
		return outcome(npc, player_name, ok, ok and S("You give @1: @2 × @3", npc.name, params.count, params.item) or problem,
			("%s gave %s to %s as a gift"):format(player_name, counted, npc.name),
			("%s could not take %s from %s"):format(npc.name, counted, player_name))
	end,
})
