-- What NPCs say with what they do, where a model's words do not belong to it, and where it fails. Data only; every text here is
-- spoken, and translated in locale/. think/lines.lua chooses, actions/speech.lua says which list is for what.
--   {player} who is spoken to   {target} who is followed, guarded or lost   {place}   {goods} what changes hands

local lines = {}

lines.follow = {
	anyone = {
		"I come with you, {player}.", "Lead the way, {player}. I am right behind you.", "You walk, and I walk along.",
		"I am at your heels, {player}.", "Very well, I follow you.",
	},
	elder = {"Slowly, young one. I am coming."},
	merchant = {"I come along. Nobody ever sold a thing by standing still."},
	guard = {"I come with you, {player}. My blade is ready."},
	smith = {"The fire can wait. I come with you."},
	healer = {"I come with you, {player}. My herbs are packed."},
	farmer = {"The weeds can wait. I am coming, {player}."},
	innkeeper = {"The soup minds itself. I come with you."},
	hunter = {"I follow."},
	child = {"Yes! I come with you, {player}! Is it an adventure?"},
	bandit = {"I come along, {player}. Where to, and is there gold?"},
	fisher = {"The fish will be here tomorrow. I come with you."},
	scholar = {"An expedition! I follow you, {player}."},
	miner = {"Above ground for once? I am right behind you."},
	priest = {"I walk with you, {player}."},
	happy = {"Gladly, {player}! I follow you anywhere!"},
	tired = {"I follow you, {player}, but slowly, please."},
	afraid = {"I come with you, {player}, but please not into the dark."},
}
lines.follow_other = {
	"I follow {target}.", "I come along with {target}.", "Where {target} goes, I go too.",
}
lines.follow_lost = {
	"I have lost sight of {target}.", "Where has {target} gone? I cannot follow any more.", "I cannot keep up. {target} is gone.",
}
lines.follow_failed = {
	"I cannot come along now, {player}.", "There is nobody whom I could follow.", "I would come, but I cannot get there.",
}

lines.stay = {
	anyone = {
		"I stay right here, {player}.", "I wait here for you.", "I do not move from this spot.", "Here I stand, and here I stay.",
		"Take your time. I wait here.",
	},
	guard = {"I hold this post, {player}."},
	hunter = {"I wait."},
	child = {"I wait here, {player}. But not for long!"},
	farmer = {"I wait here like a scarecrow."},
	elder = {"Standing here I can do, {player}."},
	tired = {"I am glad to stay here, {player}."},
	afraid = {"I stay here, {player}, but come back soon."},
}
lines.stay_failed = {"I cannot stay here, {player}."}

lines.go_to = {
	anyone = {
		"I am on my way, {player}: {place}.", "I go to {place}.", "{place}? I am off.", "Good, I walk over to {place}.",
	},
	guard = {"At once. I go to {place}."},
	hunter = {"{place}. I go."},
	child = {"I run to {place}! Watch me, {player}!"},
	tired = {"To {place}, then. One step after the other."},
}
lines.go_home = {
	"I go home, {player}.", "Home it is. I am on my way.", "Then I walk home now.",
}
lines.come_here = {
	"I am coming, {player}.", "Here I come, {player}.", "A few steps, and I am with you.",
}
lines.go_to_failed = {
	"I know no way to {place}, {player}.", "I cannot get to {place} from here.", "{place}? There is no way that I could walk.",
}
lines.go_home_failed = {
	"I cannot get home from here, {player}.", "The way home is blocked.",
}

lines.flee = {
	"I am getting out of here!", "Run, {player}, run!", "I stay here no longer!", "Away from here!",
}
lines.flee_failed = {
	"There is nowhere to run to!", "I cannot get away!",
}

lines.open_door = {
	"There, the door is open.", "After you, {player}.", "The door is open, {player}.",
}
lines.open_door_going = {
	"I go and open it, {player}.", "A moment, I am coming to open the door.", "The door? I open it for you.",
}
lines.open_door_locked = {
	"This door is locked, {player}, and the key is not mine.", "It is locked. I cannot open it for you.",
}
lines.open_door_protected = {
	"I may not open this door for you, {player}.", "This door is not ours to open, {player}.",
}
lines.open_door_none = {
	"I see no closed door here, {player}.", "Which door? I see none that is shut.",
}
lines.open_door_failed = {
	"I cannot get to that door, {player}.", "The door will not open for me, {player}.",
}

lines.wave = {"Hello there, {player}!", "I wave to you, {player}!", "Here I am, {player}!"}
lines.point = {"There. Look where I point.", "Over there, {player}.", "That way, {player}."}
lines.point_at = {"There, {player}: {at}.", "{at}? Look where I point.", "That way, {player}, to {at}."}
lines.beckon = {"Come here, {player}!", "Come closer, {player}.", "Over here, {player}!"}
lines.shake = {"No, {player}.", "That is not so, {player}.", "I shake my head at that."}
lines.think = {"Let me think, {player}.", "Hm. That wants some thought.", "I turn it over in my head, {player}."}
lines.count = {"{numbers}.", "I count: {numbers}.", "{numbers}, {player}."}
lines.gesture = {"Like this, {player}.", "Look, {player}!", "See how I do it?"}
lines.nod = {"Yes, {player}.", "So it is, {player}.", "You have my nod, {player}."}
lines.bow = {"Your servant, {player}.", "I bow to you, {player}.", "With all respect, {player}."}
lines.shrug = {"Who knows, {player}?", "I have no idea, {player}.", "Your guess is as good as mine."}
lines.laugh = {"Ha! Ha ha!", "That makes me laugh, {player}!", "Ha! You are a funny one, {player}."}
lines.cry = {"Forgive me these tears, {player}.", "Let me weep a little.", "My eyes run over, {player}."}
lines.dance = {"Look, {player}, I am dancing!", "One step left, one step right!", "My feet still know how to dance!"}
lines.emote_failed = {"My limbs will not do as I wish, {player}."}

lines.give_item = {
	anyone = {"This is for you, {player}: {goods}.", "Take it, {player}: {goods}.", "A gift for you, {player}: {goods}."},
	child = {"I give you my treasure, {player}: {goods}!"},
	merchant = {"For once without a price: {goods}."},
	hunter = {"Here: {goods}."},
}
lines.give_item_too_much = {"So much I do not give away, {player}.", "That is more than I can spare, {player}."}
lines.give_item_no_room = {"Your bags are full, {player}. Make room first."}
lines.give_item_failed = {"I would give it to you, {player}, but I cannot.", "My hands are empty, {player}."}
lines.take_item = {
	anyone = {"For me? I thank you, {player}: {goods}!", "That is kind of you, {player}: {goods}.", "I take it gladly: {goods}."},
	child = {"For me? Really? {goods}!"},
	hunter = {"Good. {goods}."},
}
lines.take_item_failed = {"I cannot take it now, {player}.", "Keep it for now, {player}. I cannot take it."}

lines.take_item_out_of_reach = {
	"Come closer, {player}, I cannot reach it from here.", "For me? Then come a few steps nearer, {player}.",
}

lines.guard = {
	anyone = {"I stand by {target}.", "Nothing gets past me, {player}.", "I keep watch over {target}."},
	guard = {"My shield is for {target}."},
	hunter = {"I watch over {target}."},
}
lines.attack = {
	anyone = {"At it!", "I take care of this.", "Stand back, {player}!"},
	guard = {"To arms!"},
	hunter = {"It is mine."},
}
lines.fight_failed = {
	"I see nobody to fight, {player}.", "There is no enemy here that I could find.",
}

return lines
