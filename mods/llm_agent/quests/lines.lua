-- What NPCs say of their quests, by what happens, kind of quest, role and mood. Data only; every text here is spoken, and
-- translated in locale/. think/lines.lua chooses, quests/voice.lua fills in what the quest itself says:
--   {player} who is spoken to   {npc} who gave it   {target} whom goods are brought to   {goods} what is wanted or carried
--   {foes} who is to be defeated   {place}   {title} of a task   {reward}   {have} what the player has   {left} what is missing
-- A sentence never begins with goods: not every language could begin so.

local lines = {}

-- Before an offer.
lines.offer_opening = {
	anyone = {
		"You come at the right time, {player}.", "There is something, yes.", "I was about to ask around.",
		"Good that you ask, {player}.",
	},
	elder = {"The village has a wish, {player}.", "These old bones cannot do it any more."},
	merchant = {"I have honest business for you, {player}.", "My partner is late, and I am short of hands."},
	guard = {"The watch has work.", "This is for steady hands, {player}."},
	smith = {"My hammer keeps me here, {player}.", "Strong arms are what I need."},
	healer = {"The sick keep me here, {player}.", "You could help more people than me, {player}."},
	farmer = {"The farm never sleeps, {player}.", "There is more work here than hands."},
	innkeeper = {"The kitchen keeps me from going myself.", "A guest who asks for work! Sit down, {player}."},
	hunter = {"Listen.", "There is a thing."},
	child = {"I thought of something, {player}!", "It is a secret, {player}!"},
	bandit = {"Ask me no questions, {player}.", "Between you and me, {player}."},
	fisher = {"The nets keep me at the water, {player}.", "Speak low. There is something."},
	scholar = {"My studies have come to a halt, {player}.", "Science needs you, {player}."},
	miner = {"Down there it is missing.", "I come up for air, and you come to ask. Good."},
	priest = {"The shrine has a humble wish, {player}.", "The light has sent you, {player}."},
	happy = {"Oh, gladly, {player}!"},
	sad = {"It would ease my heart, {player}."},
	tired = {"I am too tired to do it myself."},
	angry = {"It is about time that somebody asks."},
	worried = {"It troubles me day and night, {player}."},
	afraid = {"I do not dare to do it myself, {player}."},
	proud = {"I do not ask just anyone, {player}."},
	calm = {"There is no hurry, {player}."},
}
lines.offer = {
	fetch = {
		"Bring me {goods}, and I pay you {reward}.", "I need {goods}. It is worth {reward} to me, {player}.",
		"If you bring me {goods}, {reward} will be yours.", "Could you get me {goods}? You get {reward} for it.",
		"What I lack is {goods}. I pay {reward} to whoever brings it.",
	},
	deliver = {
		"Carry {goods} to {target} for me, and you earn {reward}.",
		"{target} waits for {goods}. Take it there, and {reward} will be yours.",
		"Would you bring {goods} to {target}? I pay {reward} for the way.",
	},
	hunt = {
		"Rid us of {foes}, and I pay you {reward}.", "There will be no peace before somebody defeats {foes}. I give {reward} for it.",
		"Defeat {foes} for me, {player}, and {reward} will be yours.",
	},
	visit = {
		"Go to {place}, look around there, and tell me about it. I pay {reward}.",
		"I must know how things stand at {place}. Go and see, and you earn {reward}.",
		"Nobody has told me of {place} for a long time. Go there for me, {player}, and {reward} will be yours.",
	},
	task = {
		"It is this: {title}. I pay you {reward} for it.", "I have one wish: {title}. It is worth {reward} to me.",
		"Would you do this for me? {title}. You earn {reward}.",
	},
}
-- Behind an offer: it wants a yes or a no.
lines.offer_question = {
	"Will you do it?", "What do you say, {player}?", "Yes or no?", "Is it a bargain?", "Can I count on you?",
}

lines.accepted_opening = {
	anyone = {"Agreed, {player}.", "Then it is settled.", "Good. My hand on it."},
	elder = {"I knew that I could ask you, {player}."},
	merchant = {"A bargain, {player}."},
	guard = {"Well spoken, {player}."},
	smith = {"That is a word like iron."},
	healer = {"You have a good heart, {player}."},
	farmer = {"Then one field less to worry about."},
	innkeeper = {"I shall keep the soup warm for you, {player}."},
	hunter = {"Good."},
	child = {"Promised is promised, {player}!"},
	bandit = {"And not a word to anybody."},
	fisher = {"Good wind, {player}."},
	scholar = {"Excellent, {player}!"},
	miner = {"Good luck on your way, {player}."},
	priest = {"The light go with you, {player}."},
	happy = {"How wonderful, {player}!"},
	sad = {"That is kind of you, {player}."},
	tired = {"Then I may sit down."},
	worried = {"Take care of yourself, {player}."},
	afraid = {"You are braver than I am, {player}."},
}
lines.accepted = {
	fetch = {"You bring me {goods}, I pay {reward}.", "I wait for {goods}, and keep {reward} for you."},
	deliver = {
		"Here it is: {goods}. Give it to {target}, and you get {reward}.", "Take {goods} to {target}. There you get {reward}.",
	},
	hunt = {"You defeat {foes}, I pay {reward}.", "Come back when you have defeated {foes}. I keep {reward} for you."},
	visit = {"You go to {place} and tell me of it, I pay {reward}.", "See {place} for me, then {reward} will be yours."},
	task = {"You do this: {title}. I pay {reward}.", "I keep {reward} for you until it is done: {title}."},
}

-- A yes that cannot be taken, by why.
lines.cannot = {
	player_full = {"You have promised enough already, {player}. Finish something first."},
	npc_full = {"Others are at it already, {player}. Ask me later."},
	no_reward = {"Forgive me, {player}, I cannot pay that any more."},
	no_goods = {"Forgive me, {player}, I do not have the goods any more."},
	ended = {"That offer is over, {player}. Ask me anew."},
	no_room = {"Your bags are full, {player}. Make room first."},
	other = {"It cannot be done now, {player}. Ask me again in a while."},
}

lines.refused = {
	anyone = {
		"As you like, {player}. Then somebody else will do it.", "A pity. I had hoped for you, {player}.",
		"No harm done. Ask me again another day.",
	},
	elder = {"So be it. Each decides for themselves."},
	merchant = {"Then no business between us today."},
	guard = {"Then move along, {player}."},
	smith = {"Fine. The fire does not care who feeds it."},
	hunter = {"Fine."},
	child = {"Oh. You are no fun, {player}."},
	bandit = {"Then forget that we spoke, {player}."},
	priest = {"Go in peace all the same, {player}."},
	angry = {"I should have known, {player}."},
	sad = {"Nobody ever has time for me."},
}

-- An open quest: how far it is.
lines.progress = {
	fetch = {
		"I still wait for {goods}. You get {reward} for it, {player}.", "{player}, I asked you for {goods}. I keep {reward} for you.",
	},
	fetch_partly = {
		"You have {have} by now. Still missing: {left}. Then you get {reward}.",
		"I see {have}, {player}. Bring me the rest as well: {left}. Then {reward} will be yours.",
	},
	deliver = {
		"{target} waits for {goods}. There you get {reward}.",
		"Do not forget {target}, {player}: you carry {goods}, and earn {reward}.",
	},
	deliver_arrived = {
		"You carry {goods} from {npc} for me? Hand it over, and you get {reward}.",
		"From {npc}: {goods}. I have waited for it. Give it to me, and {reward} will be yours.",
	},
	hunt = {
		"I still wait until you have defeated {foes}. Then you get {reward}.",
		"First defeat {foes}, {player}, then I pay {reward}.",
	},
	hunt_partly = {"That was not all, {player}. Still to defeat: {left}. Then you get {reward}."},
	visit = {
		"You have not seen {place} for me yet, {player}. I keep {reward} for you.", "Go to {place} first, then I pay {reward}.",
	},
	task = {
		"It is not done yet, {player}: {title}. I keep {reward} for you.",
		"I still have that wish: {title}. You get {reward} for it.",
	},
	done = {
		"You have done it, I see, {player}! Say so, and you get {reward}.",
		"It is all done, {player}? Then {reward} will be yours, you need only ask.",
	},
}
-- Before it, where the player said that it is done.
lines.missing_opening = {
	anyone = {"Not so fast, {player}.", "Not yet, {player}.", "I would like to believe you, {player}."},
	elder = {"Patience, {player}."},
	merchant = {"Business is business, {player}."},
	guard = {"I want to see it first, {player}."},
	smith = {"Half a sword cuts nothing, {player}."},
	hunter = {"No."},
	child = {"You are cheating, {player}!"},
	bandit = {"Do not try that with me, {player}."},
	scholar = {"I have counted twice, {player}."},
	happy = {"Almost, {player}!"},
	angry = {"Do you take me for a fool, {player}?"},
}

-- Before the pay, or what is still missing: the goods came before the yes to the offer.
lines.brought_opening = {
	"That is just what I asked you for, {player}.", "You have it already, {player}? Then we have a bargain.",
}

lines.paid_opening = {
	anyone = {
		"Well done, {player}!", "You kept your word, {player}.", "I thank you, {player}.",
		"I knew I could count on you, {player}.",
	},
	elder = {"The village will remember it, {player}."},
	merchant = {"A bargain well kept, {player}."},
	guard = {"You are reliable, {player}. I like that."},
	smith = {"Good work, {player}. I know it when I see it."},
	healer = {"You may have helped somebody more than you know, {player}."},
	farmer = {"Honest work, {player}."},
	innkeeper = {"There will always be a chair for you here, {player}."},
	hunter = {"Good."},
	child = {"You are the best, {player}!"},
	bandit = {"Quick, and no questions. I like that, {player}."},
	fisher = {"A good catch, {player}."},
	scholar = {"Excellent, {player}! I shall write it down."},
	miner = {"Solid work, {player}."},
	priest = {"The light has seen it, {player}."},
	happy = {"I could sing, {player}!"},
	sad = {"You make a dark day brighter, {player}."},
	tired = {"Now I may rest, thanks to you."},
	worried = {"That takes a weight off my mind, {player}."},
	angry = {"At last somebody who does as promised."},
	proud = {"I chose the right one, as always."},
}
lines.paid = {
	anyone = {"Here is your pay: {reward}.", "As promised: {reward}.", "Take your pay, you have earned it: {reward}."},
	deliver = {"From {npc} for you: {reward}.", "This is for your trouble, from {npc}: {reward}."},
}

lines.expired = {
	anyone = {
		"The time is up, {player}. I do not need it any more.", "Too late, {player}. Our bargain is over.",
		"I have waited long enough, {player}.",
	},
	child = {"You took for ever, {player}! Now I do not want it any more."},
	merchant = {"The term is over, {player}, and so is the bargain."},
}
lines.failed = {
	anyone = {
		"It cannot be done any more, {player}. Forget our bargain.", "Things have changed, {player}. You are free of your promise.",
	},
}
lines.abandoned = {
	anyone = {
		"You give it up? Then you are free of your word, {player}.", "A pity, {player}. I had counted on you.",
		"Then I shall ask somebody else.",
	},
	child = {"But you promised, {player}!"},
	angry = {"Words, nothing but words."},
}

-- Asked for work, and there is none.
lines.none = {
	anyone = {
		"I have no work for you now, {player}.", "There is nothing to do at the moment. Ask me later, {player}.",
		"All is done here for today, {player}.",
	},
	elder = {"The village is well cared for today, {player}."},
	merchant = {"No errands today, {player}."},
	guard = {"The watch is complete, {player}."},
	smith = {"The forge is quiet, {player}. No work today."},
	farmer = {"All is sown and watered, {player}. Come another day."},
	innkeeper = {"Everything is swept and cooked, {player}."},
	hunter = {"No. Nothing."},
	child = {"I have no work. I only play!"},
	bandit = {"Nothing that you should know of, {player}."},
	fisher = {"Nothing today, {player}. The fish and I get along."},
	scholar = {"My notes are in order, {player}. Nothing today."},
	miner = {"Nothing today, {player}. The shaft is empty."},
	priest = {"The shrine lacks nothing today, {player}."},
}
-- A reward is claimed where no bargain was.
lines.no_debt = {
	anyone = {
		"I owe you nothing, {player}. We had no bargain.", "What do you mean, {player}? I had asked you for nothing.",
		"You must take me for somebody else, {player}.",
	},
	guard = {"We had no agreement, {player}."},
	child = {"But I did not ask you for anything!"},
	merchant = {"There is nothing of the kind in my books, {player}."},
}

return lines
