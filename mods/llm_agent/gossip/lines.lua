-- How an NPC tells what happened: where it has it from, the thing itself, as exactly as its hand allows, and its own slant.
-- Lines are sentences of S; goods in them are in the language that they are told in. Only words; changes nothing.

local S, spoken, ways, happenings, slant = ...

local lines = {}

local EXACT, LESS_EXACT = 0, 1 -- hands; beyond it is hearsay

local function direction(event, pos)
	local steps, towards = ways.measure(pos, event)
	return steps, towards and ways.shown_direction(towards)
end

-- Kind → fn(event, hand, is_own, pos of the teller, code of the language) -> sentence. is_own: it happened to the teller.
local FACTS = {}

function FACTS.deal(event, hand, is_own, _, code)
	if hand == EXACT then
		local got, gave = spoken.goods_in_a_story(event.got, code), spoken.goods_in_a_story(event.gave, code)
		return is_own and S("@1 had @2 from me, for @3.", event.who, got, gave)
			or S("@1 had @2 from @3, for @4.", event.who, got, event.whom, gave)
	end
	if hand == LESS_EXACT then return S("@1 and @2 made a deal.", event.who, event.whom) end
	return S("@1 is doing business hereabouts.", event.who)
end

function FACTS.quest(event, hand, is_own)
	if hand == EXACT then
		return is_own and S("@1 kept a promise to me: @2.", event.who, event.words)
			or S("@1 kept a promise to @2: @3.", event.who, event.whom, event.words)
	end
	if hand == LESS_EXACT then return S("@1 did something for @2 and was paid for it.", event.who, event.whom) end
	return S("@1 has been a help to somebody here.", event.who)
end

function FACTS.fight(event, hand, is_own)
	if hand == EXACT then
		return is_own and S("@1 beat me to the ground.", event.who) or S("@1 beat @2 to the ground.", event.who, event.whom)
	end
	if hand == LESS_EXACT then return S("@1 and @2 came to blows.", event.who, event.whom) end
	return S("There was a fight, and @1 was in it.", event.who)
end

function FACTS.building(event, hand, _, pos)
	local steps, towards = direction(event, pos)
	if hand == EXACT and steps then
		return S("@1 is building something, about @2 steps from here, to the @3.", event.who, steps, towards)
	end
	if hand <= LESS_EXACT then return S("@1 is building something, not far from here.", event.who) end
	return S("Somebody is building hereabouts.")
end

function FACTS.monsters(event, hand)
	if hand == EXACT then return S("Monsters came in the night. I counted @1.", event.count) end
	if hand == LESS_EXACT then return S("Monsters came in the night, a whole pack of them.") end
	return S("It was a bad night somewhere near, with monsters about.")
end

function FACTS.broken(event, hand, is_own)
	if is_own then return S("I waited for @1, who had promised to come, and did not.", event.who) end
	if hand <= LESS_EXACT then return S("@1 let @2 wait and never came.", event.who, event.whom) end
	return S("Nobody should count on @1, one hears.", event.who)
end

function FACTS.told(event, hand)
	return hand == EXACT and event.words or event.vague or event.words
end

-- Where it has it from.
local function sourced(knows, hand, is_own, fact)
	if is_own and hand <= LESS_EXACT then return fact end
	if hand > LESS_EXACT then return S("They say: @1", fact) end
	if knows.from then return S("@1 told me: @2", knows.from, fact) end
	return knows.near and S("I saw it myself: @1", fact) or S("I saw it from afar: @1", fact)
end

-- The event as this NPC tells it now, at `pos`, to who hears it in the language `code` (nil: English); nil where it knows nothing
-- of it.
function lines.of(npc, event, pos, code)
	local hand, knows = happenings.hand_of(npc.id, event), event.known[npc.id]
	if not hand or not FACTS[event.kind] then return nil end
	local is_own = event.npc == npc.id
	local told = sourced(knows, hand, is_own, FACTS[event.kind](event, hand, is_own, pos, code))
	local own = slant.of(npc, event)
	return own and S("@1 @2", told, own) or told
end

return lines
