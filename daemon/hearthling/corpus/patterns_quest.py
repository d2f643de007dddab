"""Reply patterns about the world and its errands: ways, rumours, quests, help, memory, what is seen and held.

Same line form as `patterns_daily.py`. Scenes that start with `j_` are the `say` of the JSON form.
Data only; read by `bank.py`.
"""

from __future__ import annotations

PATTERNS: dict[str, str] = {
    "way": """
{Target}? Go {way}, {speaker}.
To {target}? That way: {way}.
You find {target} {way}, {speaker}.
{Target} lies {way}.
Walk {way}, and you will see {target}.
Easy, {speaker}. {Target} is {way}.
I know it well. {Target} lies {way}, {speaker}.
Go {way}, {speaker}, and you cannot miss {target}.
From here it is {way}. Greet {target} from me.
#fog {Target} is {way}, but be careful in this fog.
#night {Target} lies {way}. Take a torch, {speaker}.
#storm,rain,snow {Target} is {way}, {speaker}. Not far, even in this {weather}.
/tired {Way}, {speaker}. I would show you {target}, but my legs say no.
/happy With pleasure, {speaker}! {Target} lies {way}.
/worried {Target}? {Way}, {speaker}. But watch your back.
/angry {Target} is {way}. Now let me be, {speaker}.
@guard {Target} is {way}. Stay on the path, {speaker}.
@elder {Target} lies {way}, my child. I walked there as a boy.
@merchant My wagon goes there often. {Target} lies {way}, {speaker}.
@hunter {Way}. Then you smell {target}.
@child I know, I know! {Target} is {way}, {speaker}!
@bandit {Target}? {Way}, {speaker}. It would be a shame if you met robbers.
@innkeeper Every guest asks me that. {Target} is {way}, {speaker}.
@scholar By my map {target} lies {way}, {speaker}.
@fisher {Way}, {speaker}. There you find {target}.
@farmer {Target} is {way}. Do not step on my wheat, {speaker}.
@smith {Target}? {Way}. You hear my hammer half the way, {speaker}.
@miner Above ground I get lost, but {target} is {way}, {speaker}.
@healer {Target} lies {way}, {speaker}. Rest when you are tired.
@priest May your steps be light, {speaker}. {Target} lies {way}.
""",
    "way_unknown": """
{Target}? I do not know that place, {speaker}.
I never heard of {target}, {speaker}. Ask somebody else.
I do not know the way to {target}, {speaker}. Sorry.
{Target}? No, {speaker}, I cannot tell you where that is.
I am sorry, {speaker}. I have never been to {target}.
I would help you, {speaker}, but I do not know where {target} is.
{Target} is not a place I know, {speaker}.
If there is a {target}, {speaker}, nobody told me.
/angry How should I know where {target} is?
/tired {Target}? I cannot think of it now, {speaker}. I do not know.
@elder In all my years I never heard of {target}, {speaker}.
@merchant My wagons never went to {target}, {speaker}. I do not know it.
@guard {Target}? Not on my watch. I do not know it.
@child {Target}? I do not know. Mother does not let me go far.
@hunter {Target}. Do not know it.
@scholar {Target} is on none of my maps, {speaker}.
@innkeeper No guest of mine ever spoke of {target}, {speaker}. I do not know it.
@farmer I hardly leave my field, {speaker}. I do not know {target}.
@miner {Target}? I do not know it, {speaker}. I only know tunnels.
@fisher No river I know leads to {target}, {speaker}.
@priest I do not know {target}, {speaker}, but I will pray that you find it.
@bandit {Target}? Never robbed anybody there, so I do not know it.
@smith I do not know {target}, {speaker}. I only know my forge.
@healer {Target}? I never gathered herbs there, {speaker}. I do not know it.
""",
    "here": """
You are in {place}, {speaker}.
This is {place}, {speaker}. Welcome.
{Place}, that is where you are.
You stand in {place}, {speaker}. Have you lost your way?
We call it {place}, {speaker}.
/proud This is {place}, {speaker}, the best spot in the whole land!
/tired {Place}, {speaker}. The same as every day.
/happy You are in {place}, {speaker}, lucky you!
@child This is {place}, {speaker}! Did you get lost?
@guard You are in {place}, and I watch over it.
@elder This is {place}, {speaker}. I have lived here all my life.
@scholar {Place}, {speaker}. The old books have a longer name for it.
@innkeeper You are in {place}, {speaker}, and just in time for supper.
@hunter {Place}.
@bandit {Place}, {speaker}. A lonely spot, is it not?
@farmer You stand in {place}, {speaker}, and nearly on my beans.
""",
    "here_unknown": """
I could not say what this spot is called, {speaker}.
This place has no name that I know, {speaker}.
Good question, {speaker}. I do not know what they call it here.
Somewhere between here and there, {speaker}. I do not know the name.
@hunter No name. Just the woods, {speaker}.
@child I do not know what it is called, {speaker}!
@scholar My map has no name for this spot, {speaker}.
""",
    "rumour": """
They say there is a dragon asleep under the hill, {speaker}.
I heard that somebody found gold in the old mine.
People whisper about lights in the ruins at night, {speaker}.
Did you hear? The bridge was cut, and nobody knows who did it.
They say a ghost walks in {place} after dark.
A traveller told me of an island with crystal trees, {speaker}.
Word is that the bandits have a new leader, {speaker}.
I heard {near1} is hiding something, but do not tell anyone.
The wells in the east went dry, {speaker}. Nobody knows why.
They say the king needs soldiers again.
Somebody saw a giant spider in the caves, {speaker}.
There is talk of a hidden door behind the waterfall.
An old chest was dug up near {place}, {speaker}. It was empty, they say.
#night,evening They say on a {time} like this the dead go for a walk, {speaker}.
#fog They say voices call from the fog, {speaker}. Do not follow them.
/worried I heard wolves came as far as the gate, {speaker}. I do not like it.
/afraid They say something hunts at night. I heard it myself, {speaker}.
/happy Good news, {speaker}! I heard there will be a feast soon.
@elder They say the old king's crown lies under our hill, {speaker}. My father believed it.
@elder I heard a stranger asks about the founding of the village, {speaker}.
@merchant In the far towns they say iron will be dear by winter, {speaker}.
@merchant I heard a ship full of silk went down, {speaker}. Somebody will be rich.
@guard Word is that bandits camp by the road, {speaker}. Watch your purse.
@guard I heard the north tower burned a signal last night, {speaker}.
@smith I heard of a metal that glows in the dark, {speaker}. I would give much for it.
@smith They say a black sword lies in the ruins, {speaker}. Nobody could lift it.
@healer They say a blue flower in the caves heals any fever, {speaker}.
@healer I heard that people fall ill by the river, {speaker}. Boil your water.
@farmer I heard somebody's pumpkins vanish at night, {speaker}. Whole carts of them.
@farmer They say a giant rabbit eats the fields, {speaker}.
@innkeeper A guest told me of a treasure map, {speaker}, and then he paid with old coins.
@innkeeper By my fire they say a princess travels in disguise, {speaker}.
@hunter I heard of a white deer. Nobody hit it yet.
@hunter They say a bear lives in the old mine. The tracks agree.
@child I heard there is a monster in the well, {speaker}! A real one!
@child They say the moon is made of mese, {speaker}!
@bandit I heard a gold cart comes down this road, {speaker}. I hope so.
@bandit They say the guards sleep at midnight. I did not tell you that, {speaker}.
@fisher They say there is a fish as big as a house in the lake, {speaker}.
@fisher I heard bells under the water, {speaker}. I did not stay to listen.
@scholar They say the ruins had nine towers, {speaker}. I have found eight.
@scholar I heard of a book that writes itself, {speaker}.
@miner I heard knocking deep down, {speaker}, where nobody digs.
@miner They say there is a whole cave full of diamonds, {speaker}. I still search.
@priest They say the old bell rings by itself, {speaker}. I heard it once.
@priest I heard a pilgrim saw an angel on the hill, {speaker}.
""",
    "quest": """
Yes, {speaker}. Bring me {count} {items} and I pay you {reward} coins.
I need {count} {items}. There are {reward} coins in it for you, {speaker}.
You come at the right time. {count} {items} for {reward} coins, {speaker}?
If you find {count} {items}, {speaker}, {reward} coins are yours.
There is work. Fetch me {count} {items}, and you earn {reward} coins.
I pay {reward} coins to whoever brings me {count} {items}, {speaker}.
{count} {items}, that is all I ask. I give {reward} coins for it.
I would go myself, {speaker}, but I need {count} {items} and have no time. {reward} coins?
/worried Please, {speaker}, we badly need {count} {items}. I can give {reward} coins.
/happy Gladly, {speaker}! {count} {items}, and {reward} coins jump into your purse.
/tired I am too tired to get {count} {items}. Do it for {reward} coins, {speaker}.
/angry Work? Get me {count} {items}, then you see {reward} coins, not before.
@elder The village needs {count} {items}, {speaker}. The chest holds {reward} coins for you.
@merchant A customer waits for {count} {items}, {speaker}. My price to you is {reward} coins.
@guard The watch needs {count} {items}. The reward is {reward} coins, {speaker}.
@smith My forge hungers for {count} {items}. I pay {reward} coins, {speaker}.
@healer For my brew I need {count} {items}, {speaker}. I thank you with {reward} coins.
@farmer I could use {count} {items} on the farm, {speaker}. {reward} coins for you.
@innkeeper My guests ask for {count} {items}. {reward} coins if you bring them, {speaker}.
@hunter Need {count} {items}. Pay {reward} coins.
@child I want {count} {items} for my castle! I saved {reward} coins, {speaker}!
@bandit Get me {count} {items}, ask nothing, and take {reward} coins, {speaker}.
@fisher I need {count} {items} for the boat, {speaker}. {reward} coins are fair.
@scholar For my studies I need {count} {items}, {speaker}. I offer {reward} coins.
@miner Down there I need {count} {items}. I pay {reward} coins, {speaker}.
@priest The shrine lacks {count} {items}, {speaker}. We can spare {reward} coins.
""",
    "quest_none": """
No, {speaker}, I have no work for you today.
Nothing to do right now, {speaker}. Ask me again tomorrow.
I need nothing at the moment, {speaker}, but thank you.
No work here, {speaker}. Try somebody else.
Kind of you to ask, {speaker}, but I have no task for you.
/tired No task today, {speaker}. Just let me sleep.
/sad No, {speaker}. There is no work that could help me.
/angry I have no work for you, {speaker}. Not today.
@elder The village has all it needs today, {speaker}. No task for you.
@guard No work for you. Just keep the peace, {speaker}.
@smith No work at the forge today, {speaker}. The iron has run out.
@farmer The field must rest, and so must I. No work today, {speaker}.
@innkeeper The pots are washed and the wood is cut. No work left, {speaker}.
@hunter No work. I hunt alone.
@child I have no quest, {speaker}. But we could play!
@bandit No job for you, {speaker}. I work alone these days.
@merchant No errands today, {speaker}. The shelves are full.
@healer All are healthy, {speaker}, so I have no task for you.
@scholar No work today, {speaker}. I only need silence.
@miner No work, {speaker}. The tunnel is closed today.
@fisher No work, {speaker}. The nets are mended.
@priest I need nothing, {speaker}. The shrine is well kept.
""",
    "help_heal": """
Sit down, {speaker}. I clean the wound and bind it.
Let me see, {speaker}. A bandage and a warm drink will do.
Hold still, {speaker}. This salve stings, but it heals.
Drink this, {speaker}. The wound will close by morning.
Come here, {speaker}. I have mended worse wounds than yours.
Show me where it hurts, {speaker}. I have herbs for that.
Bad, but not the end of you, {speaker}. I will heal it.
/worried That looks deep, {speaker}. Lie down at once, I will bind it.
/tired One more wound today. Come, {speaker}, I bandage it.
/angry Another wound! When will you people learn? Sit down, {speaker}, I bind it.
/happy Nothing that my herbs cannot heal, {speaker}!
""",
    "help_heal_other": """
I am no healer, {speaker}. But sit down and rest.
I cannot heal you, {speaker}. Look for a healer, and quickly.
That wound needs a healer, {speaker}, not me.
Press a cloth on it, {speaker}, and find the healer.
I only know how to bind a cloth around it, {speaker}. The healer knows more.
@elder The healer will care for that, {speaker}. Lean on me.
@guard You bleed, {speaker}. Go to the healer, I keep the gate.
@smith I mend iron, {speaker}, not bones. Go to the healer.
@merchant I sell bandages, {speaker}, but only a healer can tie them well.
@farmer I only heal cows, {speaker}. The healer knows about people.
@innkeeper Sit by the fire, {speaker}. I send for the healer.
@hunter Moss on it. Then the healer.
@child You are bleeding, {speaker}! I will run and get the healer!
@bandit You bleed, {speaker}? Then you cannot run after me. Find a healer.
@fisher Wash it in the lake, {speaker}, then see the healer.
@scholar I read about wounds, {speaker}, but a healer has the hands for it.
@miner Down there we spit on it, {speaker}. Better ask a healer.
@priest I pray for you, {speaker}. But the healer has better bandages.
""",
    "help_repair": """
Give it here, {speaker}. I make it as good as new.
A broken blade? Leave it with me, {speaker}, I will mend it.
I can repair that, {speaker}. Come back when the iron has cooled.
Hm, a crack in the steel. I hammer it out for you, {speaker}.
Nothing that fire and hammer cannot mend, {speaker}.
/proud You bring it to the right smith, {speaker}. I mend it better than it was.
/tired Put it on the pile, {speaker}. I will repair it after a rest.
/angry What did you do with it, hit a rock? I will mend it, {speaker}.
/happy Gladly, {speaker}! A new edge, a new grip, and it is repaired.
""",
    "help_repair_other": """
I cannot repair that, {speaker}. Take it to the smith.
That is work for a smith, {speaker}.
I would only make it worse, {speaker}. Ask the smith.
My hands are no good for that, {speaker}. A smith could mend it.
@healer I mend people, {speaker}. For tools there is the smith.
@merchant I sell new ones, {speaker}. For repairs go to the smith.
@child I fixed it with string once, {speaker}. The smith laughed at me.
@guard I only break blades, {speaker}. The smith mends them.
@farmer I bind it with rope, {speaker}, but a smith would do it right.
@hunter The smith does that.
@bandit Broken? I steal a new one, {speaker}. Or ask the smith.
@scholar I know the theory, {speaker}, but the smith knows the hammer.
@priest A prayer mends no steel, {speaker}. The smith does.
@miner I break a pick a week, {speaker}. The smith mends them all.
@innkeeper I mend pots, {speaker}, not swords. Ask the smith.
@elder The smith will mend it, {speaker}. Say that I sent you.
""",
    "help_food": """
Here, {speaker}, take some of my bread.
Nobody goes hungry in {place}. Take some bread, {speaker}.
I have a little bread and cheese, {speaker}. Share it with me.
You look thin, {speaker}. Eat some bread with me.
I can spare an apple, {speaker}. Eat.
@innkeeper Sit down, {speaker}. A bowl of hot soup comes at once.
@innkeeper Bread, soup, and a pie for the brave, {speaker}. Eat!
@farmer Take bread and milk, {speaker}. The cow is generous today.
@fisher I have a fish on the fire, {speaker}. Eat with me.
@hunter Deer meat. Sit and eat, {speaker}.
@child I have half an apple, {speaker}. You can eat the other half!
@bandit I could eat too, {speaker}. What is in your bag?
@merchant Bread costs little here, {speaker}. You will not go hungry.
@guard Eat at the inn, {speaker}. I only have dry bread.
@healer Eat something warm, {speaker}. Soup is the best medicine.
@priest Come, {speaker}. The shrine always has bread for the hungry.
@elder Come to my table, {speaker}. There is bread for one more.
@miner Dusty bread, {speaker}, but you can eat it.
@smith There is bread beside the anvil, {speaker}. Eat, it is even toasted.
@scholar I forget to eat, {speaker}. Take my bread before the mice do.
""",
    "memory": """
Of course I remember you, {speaker}. You {deed}.
How could I forget, {speaker}? You {deed}.
Yes, {speaker}. You {deed}, and I have not forgotten.
You are {speaker}, who {deed}. I remember.
I remember well, {speaker}. It was you who {deed}.
Certainly, {speaker}. You {deed}, that stays in my mind.
{speaker}! You {deed}. Who could forget that?
/happy Ha, {speaker}, of course I remember! You {deed}!
/sad I remember, {speaker}. You {deed}. Those were better days.
/tired My head is tired, but I remember. You {deed}, {speaker}.
/angry Oh, I remember you, {speaker}. You {deed}.
@elder I forget many names, but you {deed}, {speaker}. I remember that.
@merchant I never forget a face, {speaker}. You {deed}.
@guard I remember every face at this gate. You {deed}, {speaker}.
@child Yes, yes! You {deed}, {speaker}! I remember!
@hunter I remember. You {deed}.
@bandit I remember you, {speaker}. You {deed}. We are even, I hope.
@innkeeper A good host remembers, {speaker}. You {deed}.
@scholar I wrote it down, {speaker}. You {deed}.
@priest You are in my prayers, {speaker}. You {deed}, I remember.
@smith Iron remembers, and so do I. You {deed}, {speaker}.
@healer I remember, {speaker}. You {deed}, I know it well.
@farmer I remember it like last harvest, {speaker}. You {deed}.
@miner I remember, {speaker}, dust or no dust. You {deed}.
@fisher I remember, {speaker}. You {deed}. The lake saw it too.
""",
    "beaten": """
{Foe} beat me, {speaker}. I still feel every bone.
I lost, {speaker}. {Foe} was too strong for me.
Do not ask, {speaker}. {Foe} beat me.
No, {speaker}. {Foe} beat me, and I had to run.
I fought {foe} and lost, {speaker}. Next time I bring friends.
/sad {Foe} beat me, {speaker}. I am ashamed.
/angry {Foe} beat me, {speaker}, but I will have my revenge!
@guard {Foe} beat me, {speaker}. It will not happen twice.
@child {Foe} beat me, {speaker}! It hurts!
@hunter Lost. {Foe} beat me.
@elder I am too old for that, {speaker}. {Foe} beat me.
""",
    "victory": """
I won, {speaker}! I beat {foe}.
Yes, {speaker}. I beat {foe}, and it was not easy.
I beat {foe}, {speaker}. There is nothing to fear now.
{Foe} will not come back, {speaker}. I won.
Ask {foe}, {speaker}! I won that fight.
/proud Nobody is stronger, {speaker}. I beat {foe}!
/tired I won, {speaker}. I beat {foe}, and now I must rest.
@guard I beat {foe}, {speaker}. The village is safe.
@child I beat {foe}, {speaker}! All alone!
@hunter Won. I beat {foe}.
@smith My hammer won, {speaker}. I beat {foe}.
""",
    "memory_none": """
I am sorry, {speaker}, I do not remember you.
Have we met, {speaker}? I do not recall it.
No, {speaker}. I think we meet for the first time.
Your face is new to me, {speaker}.
Forgive me, {speaker}, but I do not know you yet.
I do not think we have met before, {speaker}.
@elder My memory has holes, {speaker}. I do not recall you.
@merchant So many customers, {speaker}. I do not remember you.
@guard I know every face at this gate, {speaker}. Yours is new to me.
@child No, I do not remember you, {speaker}! But we can be friends now.
@hunter No. Never met, {speaker}.
@bandit I do not remember you, {speaker}. Did I rob you once?
@innkeeper Many sleep here, {speaker}. I do not recall your face.
@scholar You stand in none of my notes, {speaker}. I do not remember you.
@priest I do not recall you, {speaker}, but all are welcome.
@smith I remember blades, not faces. I do not recall you, {speaker}.
@healer I do not remember you, {speaker}. You must be very healthy.
@miner Down there all faces are black. I do not remember yours, {speaker}.
@farmer I do not recall you, {speaker}. You were not here at harvest.
@fisher No, {speaker}, I do not remember you. Did you fish here?
""",
    "held": """
This? It is my {held}, {speaker}.
I hold {a_held}, {speaker}. Why do you ask?
{A_held}, as you can see.
My {held}, {speaker}. I do not go anywhere without it.
In my hand is {a_held}. Do not touch it, {speaker}.
That is {a_held}, {speaker}. It was not cheap.
/proud {A_held}, {speaker}! Is it not fine work?
/afraid Only my {held}, {speaker}. It makes me feel safer.
/angry {A_held}. And I know how to use it, {speaker}.
@child Look, {speaker}, I have {a_held}! I found it!
@guard My {held}. It keeps people honest.
@merchant {A_held}, {speaker}. Do you want to buy it?
@bandit {A_held}. It belonged to somebody else yesterday, {speaker}.
@hunter My {held}. Old, but good.
@smith {A_held}, {speaker}. I made it myself.
@elder My old {held}, {speaker}. It was my father's.
@scholar {A_held}, {speaker}. I study how it was made.
@farmer Just {a_held}, {speaker}. There is work to do.
@miner My {held}, {speaker}. It has seen more tunnels than you.
""",
    "held_none": """
Nothing, {speaker}. My hands are empty.
My hands are empty, {speaker}. See?
I hold nothing at all, {speaker}.
Nothing but air, {speaker}.
@bandit Nothing, {speaker}. Do you see how harmless I am?
@child Nothing! Do you have something for me, {speaker}?
@guard Nothing in my hands yet. Keep it that way, {speaker}.
@merchant Empty hands, {speaker}. All my goods are sold.
@smith Nothing right now, {speaker}. The hammer rests.
@hunter Nothing.
@priest Empty hands are ready to help, {speaker}. I hold nothing.
""",
    "near": """
{near1} is here, {speaker}.
I see {near_list}, {speaker}.
Only {near_list}, {speaker}. Nobody else.
{near_list}, as far as I can see.
You can see for yourself, {speaker}. {near_list}.
Around here? {near_list}, {speaker}.
/worried {near_list}, {speaker}. I hope there is nobody else.
/afraid I see {near_list}. And I feel something behind me, {speaker}.
/happy {near_list}, {speaker}, and now you too!
@guard I count {near_list}. All under my eye.
@hunter {near_list}. No wolves.
@child I see {near_list}! And you, {speaker}!
@bandit {near_list}. Too many eyes for my taste, {speaker}.
@innkeeper {near_list}, {speaker}. Never a lonely hour here.
@elder {near_list}, {speaker}. Good people.
""",
    "near_none": """
Nobody, {speaker}. Only you and me.
I see nobody else here, {speaker}.
It is just the two of us, {speaker}.
Not a soul around, {speaker}.
@guard Nobody. All quiet, {speaker}.
@hunter Nobody. Only birds.
@child Nobody! Nobody wants to play, {speaker}!
@bandit Nobody, {speaker}. Just you, me and your purse.
@innkeeper Nobody, {speaker}. A quiet house today.
@priest Nobody but us and the light, {speaker}.
@elder Nobody else, {speaker}. They are all at work.
""",
    "who_is": """
{other} is {other_title}, {speaker}. Right over there.
You mean {other}? That is {other_title}.
{other}? {other_Title}, of course. Everybody knows {other}.
That is {other}, {other_title}. Say hello, {speaker}.
{other} is {other_title}. A good soul, {speaker}.
/angry {other} is {other_title}, and owes me money.
/happy Ah, {other}! That is {other_title}, a dear friend.
@guard {other} is {other_title}. Never made trouble so far.
@child {other} is {other_title}! {other} gave me a cookie once.
@elder {other} is {other_title}. I knew the parents too, {speaker}.
@hunter {other}. {other_Title}.
@bandit {other}? {other_Title}. Keeps the coins in the left boot.
@innkeeper {other} is {other_title}, {speaker}, and drinks here every week.
""",
    "who_is_unknown": """
{other}? I know nobody by that name, {speaker}.
I never heard of {other}, {speaker}.
I do not know any {other}, {speaker}.
{other}? No, {speaker}, that name tells me nothing.
There is no {other} that I know of, {speaker}.
@guard No {other} passed my gate. I do not know the name.
@hunter {other}? Do not know.
@child I do not know any {other}. Is {other} nice?
@elder I know every soul here, but no {other}, {speaker}.
@bandit {other}? I do not know the name. Rich?
@innkeeper No {other} ever slept here, {speaker}. I do not know the name.
@merchant {other} is no customer of mine, {speaker}. I never heard that name.
@scholar I never read of a {other}, {speaker}.
""",
    "health_low": """
I am hurt, {speaker}. I need a healer.
It is bad, {speaker}. I lost a lot of blood.
I have been better, {speaker}. Every step hurts.
My wounds burn, {speaker}. Can you help me?
/afraid I am badly hurt, {speaker}. Please do not leave me.
/proud A few wounds, {speaker}, nothing that can bend me. But it hurts.
@guard Hurt, but still at my post, {speaker}.
@child It hurts, {speaker}! I want to go home.
@healer I am hurt, {speaker}. It seems the healer needs a healer.
@hunter Hurt. I will live.
@bandit I am hurt, {speaker}. A guard was faster than me.
@miner A rock fell on me, {speaker}. I am hurt.
""",
    "health_good": """
I am not hurt, {speaker}. Thank you for asking.
All fine, {speaker}. Not a scratch on me.
I am healthy as an ox, {speaker}.
No wounds, {speaker}. I was lucky.
@guard Not a scratch. They know better, {speaker}.
@smith A few burns, {speaker}, but I am not hurt.
@healer I am healthy, {speaker}. I take my own medicine.
@child I am fine, {speaker}! I only scratched my knee.
@hunter Fine. Not a scratch.
@bandit Not a scratch, {speaker}. The guards shoot badly.
""",
    "unknown": """
I do not know, {speaker}. Nobody ever told me.
That is beyond me, {speaker}. I do not know.
I have no idea, {speaker}. Ask somebody wiser.
You ask strange things, {speaker}. I cannot tell you.
I never heard of such a thing, {speaker}.
I wish I knew, {speaker}, but I do not.
No idea, {speaker}. In {place} we do not speak of such things.
/angry How should I know that, {speaker}?
/tired I do not know, {speaker}, and I am too tired to guess.
@elder I am old, {speaker}, but that I do not know.
@merchant If I knew that, {speaker}, I would sell it.
@guard I do not know, and I am not paid to know, {speaker}.
@smith I know iron, {speaker}. That, I do not know.
@healer I know herbs, {speaker}, but I do not know that.
@farmer I know wheat and cows, {speaker}, not that.
@innkeeper I hear many things, {speaker}, but never that. I do not know.
@hunter Do not know.
@child I do not know! But you can tell me, {speaker}!
@bandit I do not know, {speaker}, and I would not tell for free.
@fisher The fish never told me that, {speaker}. I do not know.
@scholar I must admit that I do not know, {speaker}. I shall look it up.
@miner I know stone, {speaker}. Of that I know nothing.
@priest Only the light knows that, {speaker}. I do not.
""",
    "bot": """
A what, {speaker}? I am {npc}, {title}, flesh and blood.
I do not know that word, {speaker}. I am {npc}, {title}.
Strange words, {speaker}. I am only {npc}, {title}.
I am {npc}, {title}, {speaker}. What else should I be?
@child Are you silly, {speaker}? I am {npc}!
@guard I am {npc}, the guard. Do not mock me, {speaker}.
@scholar What a curious word, {speaker}! I am {npc}, the scholar.
@hunter I am {npc}. Nothing else.
@priest I am {npc}, a servant of the light, {speaker}, nothing stranger.
@smith Machines are made of iron, {speaker}. I am {npc}, made of bread and soup.
""",
    "your_name": """
You are {speaker}, of course.
Your name is {speaker}. Did you forget it?
You are {speaker}. I know that much.
{speaker}, that is your name.
/happy Ha! You are {speaker}, did somebody hit your head?
/tired {speaker}, if I remember right.
@child You are {speaker}! That was easy!
@guard You are {speaker}. Your name is on my list.
@hunter {speaker}.
@elder You are {speaker}. Even my old head can keep that.
@scholar Your name is {speaker}. I wrote it down.
""",
    "told_home": """
You told me you come from {told}, {speaker}.
From {told}, {speaker}. You said so yourself.
{told}, if I heard you right.
You come from {told}, {speaker}. I listen when people talk.
@child From {told}! You told me, {speaker}!
@guard From {told}, you said. I remember such things.
@hunter {told}. You said it.
@scholar From {told}, {speaker}. I made a note of it.
""",
    "told_need": """
You look for {told}, {speaker}. You said so.
You told me that you need {told}, {speaker}.
{told}, {speaker}. That is what you asked for.
You need {told}, if I heard you right.
@child You need {told}! You told me, {speaker}!
@guard You said you need {told}. I remember.
@merchant You want {told}, {speaker}. A merchant listens well.
@hunter {told}. You said it.
""",
    "told_friend": """
Your friend is called {told}, {speaker}. You told me.
{told}, {speaker}. You spoke the name yourself.
You told me about {told}, {speaker}.
That was {told}, if I heard you right.
@child {told}! You told me, {speaker}!
@guard {told}. I keep names in my head.
@hunter {told}. You said it.
""",
    "told_none": """
You never told me that, {speaker}.
How should I know, {speaker}? You did not tell me.
I do not know, {speaker}. You have not said it.
You did not say, {speaker}.
@child You did not tell me, {speaker}! Tell me now!
@guard You did not say, {speaker}. Should I know?
@hunter You never said.
@scholar It is not in my notes, {speaker}. You did not tell me.
@elder You have not told me, {speaker}, or I forgot it.
""",
    "j_offer_quest": """
Bring me {count} {items} and I pay you {reward} coins, {speaker}.
I need {count} {items}, {speaker}. {reward} coins are yours for it.
{count} {items} for {reward} coins. Do we have a deal, {speaker}?
There is work, {speaker}. Fetch {count} {items} and earn {reward} coins.
If you bring {count} {items}, you get {reward} coins from me.
/worried Please, {speaker}, find me {count} {items}. I can pay {reward} coins.
/happy Yes! {count} {items}, {speaker}, and {reward} shiny coins for you.
@elder The village needs {count} {items}, {speaker}. We offer {reward} coins.
@guard The watch needs {count} {items}. {reward} coins for you, {speaker}.
@smith The forge needs {count} {items}. I pay {reward} coins, {speaker}.
@healer My brew lacks {count} {items}, {speaker}. I give {reward} coins.
@hunter {count} {items}. {reward} coins.
@child Bring me {count} {items}, {speaker}! I have {reward} coins!
@bandit {count} {items}, no questions, {reward} coins. Well, {speaker}?
@priest The shrine needs {count} {items}, {speaker}. {reward} coins are set aside.
@scholar I need {count} {items} for a trial, {speaker}. {reward} coins?
@farmer The farm needs {count} {items}, {speaker}. I pay {reward} coins.
@merchant I buy {count} {items}, {speaker}, and I pay {reward} coins.
@miner I need {count} {items} down there, {speaker}. {reward} coins.
@innkeeper The kitchen needs {count} {items}, {speaker}. {reward} coins for you.
@fisher I need {count} {items}, {speaker}. My price is {reward} coins.
""",
    "j_no_quest": """
I have no work for you today, {speaker}.
Nothing to do right now, {speaker}. Come back tomorrow.
No task today, {speaker}, but thank you for asking.
I need nothing, {speaker}.
@elder The village has all it needs, {speaker}.
@hunter No work.
@child No quest today, {speaker}. Only playing!
@guard No work for you, {speaker}. Move along.
@smith The forge needs nothing today, {speaker}.
""",
    "j_complete_quest": """
You did it, {speaker}! Here are your {reward} coins.
Wonderful, {speaker}. All {count} {items}. Take your {reward} coins.
{count} {items}, just as I asked. The {reward} coins are yours, {speaker}.
Well done, {speaker}. {reward} coins, as promised.
@elder The village thanks you, {speaker}. Here are {reward} coins.
@hunter Good. {reward} coins.
@child Hooray, {speaker}! Here are my {reward} coins!
@guard Good work, {speaker}. {reward} coins from the watch.
@smith Just what the forge needed, {speaker}. {reward} coins for you.
@priest Bless you, {speaker}. Take these {reward} coins.
""",
    "j_not_complete": """
That is not what I asked for, {speaker}. I need {count} {items}.
Not yet, {speaker}. I still need {count} {items}.
No, {speaker}. It was {count} {items}, remember?
I count again, {speaker}. I need {count} {items}.
@hunter Not enough. {count} {items}.
@child No, {speaker}! I said {count} {items}!
""",
}
