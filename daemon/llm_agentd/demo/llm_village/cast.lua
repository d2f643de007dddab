-- Who lives in the pretend village and what visitors ask: shared by the village (init.lua) and the step benchmark (ticks.lua).
-- Pure: only math.random, so the same seed gives the same talk.

local cast = {}

cast.GROUP = 4 -- so many stand in earshot of each other

local NAMES = {
	"Ana", "Bram", "Clara", "Dora", "Edda", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Kaisa", "Lotte", "Mira",
	"Nora", "Odo", "Piet", "Quentin", "Rosa", "Sven", "Tilda", "Ulf", "Vera", "Wim", "Yuri", "Zoe",
}
local ROLES = {
	"elder", "merchant", "guard", "smith", "healer", "farmer", "innkeeper", "hunter", "child", "fisher", "scholar", "miner",
}
local MOODS = {"happy", "calm", "tired", "worried", "proud", false}
local PLACES = {"Oakford", "Millbrook", "Ravenhill"} -- one for each group
local REGULAR_SHARE = 0.4 -- of the visits; what is asked again comes out of the cache
local VISITORS = {"Robin", "Marian", "Will", "Alice"}
local QUESTIONS = {
	"Hello!", "Who are you?", "Any news?", "How is work?", "Do you need help with anything?", "Where is the inn?", "Hello!",
	"What do you think of the weather?", "Any news?", "Do you have a quest for me?", "Thank you!", "Farewell!",
}

-- More than the lines an NPC does not repeat: by the time the first is asked again, its answer may be said again.
local REGULAR_QUESTIONS = {
	"Any news?", "Who are you?", "How is work?", "Where is the inn?", "What do you think of the weather?",
	"Do you need help with anything?", "Thank you!",
}

-- The villager of a number from 1 on: what register_npc and spawn want of them.
function cast.villager(number)
	local round = math.floor((number - 1) / #NAMES)
	return {
		name = NAMES[(number - 1) % #NAMES + 1] .. (round > 0 and " " .. round + 1 or ""),
		role = ROLES[(number - 1) % #ROLES + 1],
		mood = MOODS[(number - 1) % #MOODS + 1] or nil,
	}
end

-- Counted from 0.
function cast.group_of(number)
	return math.floor((number - 1) / cast.GROUP)
end

function cast.facts_of(number)
	return {place = PLACES[cast.group_of(number) % #PLACES + 1], weather = "clear"}
end

local regular_turn = 0

-- Robin asks the first villager the same things again and again; the other visits are anybody's to anybody.
-- Returns the villager's number, the visitor's name and the question.
function cast.visit(villagers)
	if math.random() < REGULAR_SHARE then
		regular_turn = regular_turn % #REGULAR_QUESTIONS + 1
		return 1, VISITORS[1], REGULAR_QUESTIONS[regular_turn]
	end
	return math.random(villagers), VISITORS[math.random(#VISITORS)], QUESTIONS[math.random(#QUESTIONS)]
end

-- Where an answer's words come from, for people.
function cast.origin(answer)
	if answer.fallback then return "fallback line, " .. (answer.code or "?") end
	return answer.cache == "hit" and "from the cache" or "model"
end

return cast
