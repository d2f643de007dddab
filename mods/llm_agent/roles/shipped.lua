-- The roles this mod ships: what they say where the model cannot be asked, and what they may do. Data only.
-- The daemon knows the same names and has their personas. `{player}` is the listener's name.

local ROLES = {
	elder = {
		greeting = {"Welcome, {player}. The village greets you through me.", "Come closer, {player}. These old eyes want to see you."},
		fallback = {
			"My memory is a slow horse today, {player}.", "Let me sit with that question for a while.",
			"Old heads need their rest. Ask me later.", "Hm. My grandmother knew an answer to that, I do not.",
			"Patience, {player}. I must think before I speak.",
		},
	},
	merchant = {
		greeting = {"Welcome, {player}! Every piece has a fair price.", "Step up, {player}, looking costs nothing!"},
		fallback = {
			"One moment, {player}, I lost count of my coins.", "Let me look that up in my books first.",
			"Business is loud today, say that again later.", "Hm, for that I must ask my partner.",
			"Hold on, a crate is calling for me.",
		},
	},
	guard = {
		greeting = {"Halt! Ah, {player}. Go on.", "Keep your blade down, {player}, and be welcome."},
		fallback = {
			"Not now. I keep my eyes on the road.", "I did not catch that. The wind is loud up here.",
			"Move along, {player}.", "Ask the captain about that.", "Quiet. I thought I heard something.",
		},
	},
	smith = {
		greeting = {"Mind the sparks, {player}!", "Good to see you, {player}. Speak up over the hammer."},
		fallback = {
			"Cannot hear you over the hammer, {player}.", "The iron is hot, come back in a moment.",
			"Hm. Let me finish this blade first.", "My head is full of smoke today.",
		},
	},
	healer = {
		greeting = {"Welcome, {player}. Are you hurt, or only tired?", "Come in, {player}. The kettle is on."},
		fallback = {
			"One moment, the brew boils over.", "Let me count these drops first, {player}.",
			"Rest a little. I will have an answer later.", "Hm, I must look that up among my herbs.",
		},
	},
	farmer = {
		greeting = {"Good day, {player}. Watch your step, the beds are fresh.", "Hello, {player}! The hens announced you."},
		fallback = {
			"Sorry, {player}, the cow is louder than you.", "Ask me after the harvest.",
			"Hm. I only know wheat and weather.", "Let me finish this row first.",
		},
	},
	innkeeper = {
		greeting = {"Welcome, {player}! The fire is warm and the soup is hot.", "Come in, {player}. There is a chair for you."},
		fallback = {
			"One moment, {player}, the soup is burning.", "So many guests, and only two ears.",
			"I will ask around for you.", "Let me pour this ale first.", "Somebody calls from the kitchen, excuse me.",
		},
	},
	hunter = {
		greeting = {"{player}. Step softly.", "I heard you a mile away, {player}."},
		fallback = {"Hush. Tracks.", "Later, {player}.", "Hm.", "The forest has no answer to that.", "Not now. Something moves there."},
	},
	child = {
		greeting = {"Hello, {player}! Do you want to play?", "Hi, {player}! Are you a real hero?"},
		fallback = {
			"I forgot what I wanted to say!", "Mother says I must not talk so much.", "Look, a butterfly!",
			"That is a hard question, {player}.", "Can we play instead?",
		},
	},
	bandit = {
		greeting = {"Well, well, {player}. What a heavy purse.", "Nice boots, {player}. For my road."},
		fallback = {
			"None of your business, {player}.", "Quiet, I think the guards are near.", "I was never here, and I said nothing.",
			"Keep walking.",
		},
	},
	fisher = {
		greeting = {"Good day, {player}. Speak low, the fish listen.", "Sit by me, {player}. The water is quiet."},
		fallback = {
			"Hush, {player}, one is biting.", "The lake keeps that to itself.", "Let me mend this net first.",
			"Patience. Answers bite late, like the big ones.",
		},
	},
	scholar = {
		greeting = {"Ah, {player}! I was deep in an old book.", "Welcome, {player}. Mind the maps."},
		fallback = {
			"Fascinating. I must read up on that.", "I had that on a page somewhere, {player}.",
			"One moment, I lost my place in the book.", "My notes are silent on this. For now.",
		},
	},
	miner = {
		greeting = {"Hello, {player}. Forgive the dust.", "Good to see daylight and you, {player}."},
		fallback = {
			"The dust sits in my ears, {player}.", "Ask me after the shift.", "Hm. Down there nobody asks such things.",
			"My lamp went out, and my wits with it.",
		},
	},
	priest = {
		greeting = {"Peace be with you, {player}.", "Welcome to the shrine, {player}."},
		fallback = {
			"Let me pray on that, {player}.", "Silence is an answer too.", "The light will show it in time.",
			"Forgive me, my thoughts were at the shrine.",
		},
	},
}

-- What anybody may be asked to do; each is offered only while it can be done (see the action's params).
local COMMON_ACTIONS = {
	"emote", "gesture", "follow", "stay", "go_to", "flee", "open_door", "give_item", "take_item", "offer_trade", "offer_quest",
	"complete_quest", "attack", "guard", "flank", "hold", "retreat", "call_help",
}

-- Who strikes back, and who attacks monsters on sight; the others run.
local COURAGE = {
	guard = "watchful", hunter = "brave", smith = "brave", miner = "brave", farmer = "brave", bandit = "brave",
}

ROLES.villager = {
	persona = "A villager lives and works here, knows the neighbours and likes a chat.",
	greeting = {"Hello, {player}.", "Good day, {player}."},
}

for name, def in pairs(ROLES) do
	def.actions = COMMON_ACTIONS
	def.courage = COURAGE[name] or "meek"
end

return ROLES
