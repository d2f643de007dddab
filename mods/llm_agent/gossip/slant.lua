-- What an NPC adds when it tells what happened: by how it stands to whom it is about, by its mood, by its role. Only words.

local S, reputation = ...

local slant = {}

local FOND, COOL = 0.2, -0.2 -- of reputation, -1 to 1

-- Which of the moods that roles and admins give are of which kind.
local MOODS = {
	happy = "happy", cheerful = "happy", merry = "happy", friendly = "happy", content = "happy", proud = "happy",
	grumpy = "grumpy", bitter = "grumpy", angry = "grumpy", furious = "grumpy", tired = "grumpy",
	afraid = "afraid", worried = "afraid", sad = "afraid",
}
local ROLES = {
	guard = "watch", hunter = "watch", bandit = "watch", merchant = "trade", innkeeper = "trade", smith = "trade",
	priest = "peace", healer = "peace", elder = "peace", scholar = "peace",
}

local FOND_OF = {
	function(who) return S("A good soul, @1.", who) end,
	function(who) return S("I think well of @1.", who) end,
}
local COOL_OF = {
	function(who) return S("I trust @1 no farther than I can see.", who) end,
	function(who) return S("@1, of all people.", who) end,
}

-- Kind of event → by standing (fond, cool, with the name), mood or role.
local WORDS = {
	deal = {
		trade = S("Good for business, that."), grumpy = S("Some have coins to spend."), happy = S("Good to see the stalls busy."),
	},
	quest = {
		fond = function(who) return S("One can rely on @1.", who) end,
		trade = S("Honest work, honest pay."), peace = S("So it should be among neighbours."),
		happy = S("That made my day."),
	},
	fight = {
		fond = S("There was a reason, I am sure."),
		cool = function(who) return S("What else would one expect of @1?", who) end,
		watch = S("I keep my eyes open since."), peace = S("No good comes of blows."), afraid = S("I bar my door at night now."),
	},
	building = {
		trade = S("New walls, new customers."), watch = S("I had a look at it on my round."), peace = S("May it stand long."),
		grumpy = S("All that hammering."), happy = S("It grows lively here."),
	},
	monsters = {
		watch = S("Next time we are ready."), peace = S("We got through it, thank heaven."), afraid = S("I have not slept since."),
		grumpy = S("And who mends the fences?"),
	},
	broken = {grumpy = S("Words are cheap."), peace = S("There may have been a reason.")},
	told = {},
}

local function standing_of(npc, event)
	if not event.who then return nil end
	local standing = reputation.of(npc.id, event.who)
	return standing >= FOND and "fond" or standing <= COOL and "cool" or nil
end

-- A sentence to add, or nil where this NPC has nothing to add.
function slant.of(npc, event)
	local words, standing = WORDS[event.kind] or {}, standing_of(npc, event)
	local mood = MOODS[npc.mood and npc.mood:lower():match("%a+") or ""]
	local line = standing and words[standing]
	if not line and standing then
		local own = standing == "fond" and FOND_OF or COOL_OF
		line = own[event.number % #own + 1]
	end
	line = line or mood and words[mood] or words[ROLES[npc.role] or ""]
	if type(line) == "function" then return line(event.who) end
	return line
end

return slant
