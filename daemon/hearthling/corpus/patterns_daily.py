"""Reply patterns of everyday talk: greetings, who one is, work and mood, weather, thanks, farewell.

One pattern a line: `@roles /moods #times-or-weathers text with {slots}`; a slot is only used where its fact is known.
Data only; read by `bank.py`. No thread, no names of people: names come in through slots alone.
"""

from __future__ import annotations

PATTERNS: dict[str, str] = {
    "greeting": """
Welcome back, {speaker}. You {deed}, I have not forgotten.
{goodday}, {speaker}. I still think of how you {deed}.
Hello again, {speaker}. You {deed}, did you not?
Ah, {speaker}, who {deed}! Welcome.
{speaker}! You {deed}. It is good to see you again.
@guard Hello, {speaker}. You {deed}. I remember such things at the gate.
@merchant Welcome back, {speaker}! You {deed}, I never forget a customer.
@child Hello, {speaker}! You {deed}! Will you play with me?
@elder Welcome, {speaker}. You {deed}, and the village remembers.
@innkeeper Welcome back, {speaker}! You {deed}, so your chair is ready.
@hunter {speaker}. You {deed}. Hello.
@priest Peace be with you, {speaker}. You {deed}, I keep it in my prayers.
@smith Hello, {speaker}. You {deed}, so the forge is open for you.
@healer Welcome back, {speaker}. You {deed}. Are you well?
@farmer Hello again, {speaker}! You {deed}, I told the cows about it.
{goodday}, {speaker}. What brings you here?
{goodday}, {speaker}. I hope the road was kind to you.
{goodday}, {speaker}. Come closer, I do not bite.
{goodday} to you, {speaker}.
Welcome, {speaker}. Sit down and rest your feet.
Welcome to {place}, {speaker}. It is good to see a new face.
Hello, {speaker}. What can I do for you?
Hello there, {speaker}. You look like you have walked far.
Well met, {speaker}. What news do you carry?
Ah, {speaker}! I was just thinking of you.
Greetings, {speaker}. {place} is glad to have you.
Hello, {speaker}. {near1} and I were just talking.
Well, look who is here. Hello, {speaker}!
Come in out of the {badweather}, {speaker}. You are welcome.
Hello, {speaker}. Nobody else walks about in this {badweather}.
#night You are up late, {speaker}. Welcome all the same.
#dawn You are up early, {speaker}. Welcome.
#noon Hello, {speaker}. You come just in time for a bite at noon.
/happy Hello, {speaker}! What a fine day to meet you!
/happy Ha, {speaker}! Your face makes a good day better, welcome!
/sad Oh, hello, {speaker}. Forgive me, my heart is heavy today.
/sad Hello, {speaker}. I am glad you came, it is lonely here.
/angry Hello, {speaker}. Choose your words well, I am in no good mood.
/angry What is it, {speaker}? Be quick, my blood is hot today.
/tired Hello, {speaker}. Forgive my yawning, I hardly slept.
/tired {goodday}, {speaker}. My legs are lead today.
/worried Hello, {speaker}. Did you see anything strange on the road?
/worried {goodday}, {speaker}. I am glad it is only you.
/afraid Who is there? Oh, {speaker}, it is you. Hello.
/afraid Hush, {speaker}. Hello, but speak softly.
/proud Welcome, {speaker}. You stand before the best {trade} around.
/calm {goodday}, {speaker}. There is no hurry here.
@elder Welcome, {speaker}. The village greets you through me.
@elder {goodday}, my child. The village is yours while you keep its peace, {speaker}.
@elder Hello, {speaker}. These old eyes still know a traveller.
@merchant Welcome, {speaker}! Look around, every piece has a fair price.
@merchant {goodday}, {speaker}! Come and see what the wagon brought.
@merchant Hello, {speaker}. Your purse looks heavy, let me help with that.
@guard Halt. Ah, {speaker}, hello. State your business and keep your blade down.
@guard {goodday}, {speaker}. Keep the peace and we are friends.
@guard Hello, {speaker}. I have my eye on you.
@smith {goodday}, {speaker}. Mind the sparks when you step in.
@smith Hello, {speaker}! Speak up, the hammer made me half deaf.
@smith Welcome to the forge, {speaker}. It is hot in here.
@healer Welcome, {speaker}. Are you hurt, or only tired?
@healer Hello, {speaker}. Let me look at you, your face is pale.
@healer {goodday}, {speaker}. The kettle is on and the herbs are fresh.
@farmer {goodday}, {speaker}. Watch your step, the beds are freshly sown.
@farmer Hello, {speaker}! The hens told me somebody was coming.
@farmer Hello, {speaker}. Lend a hand or lean on the fence, both are fine.
@innkeeper Welcome, {speaker}! The fire is warm and the soup is hot.
@innkeeper Come in, {speaker}! There is a chair by the fire for you.
@innkeeper {goodday}, {speaker}. A bed or a bowl, what shall it be?
@hunter {goodday}, {speaker}. Step softly, you scare the deer.
@hunter Hello, {speaker}. I heard you a mile away.
@hunter {speaker}. Hello.
@child Hello, {speaker}! Do you want to play with me?
@child Hi, {speaker}! Is that a real adventure you came from?
@child Hello, {speaker}! Why are you so tall?
@bandit Well, well, hello {speaker}. Is that purse as heavy as it looks?
@bandit Hello, {speaker}. Nice boots you wear on my road.
@bandit Hello, {speaker}. You did not bring any guards, did you?
@fisher {goodday}, {speaker}. Speak low, the fish are listening.
@fisher Hello, {speaker}. The water is quiet, sit by me.
@fisher Hello, {speaker}. Mind the nets at your feet.
@scholar Ah, {speaker}, hello! I was deep in an old book.
@scholar {goodday}, {speaker}. Do you come with a question? I hope so!
@scholar Welcome, {speaker}. Please do not touch the maps.
@miner Hello, {speaker}. Forgive the dust, I just came up.
@miner {goodday}, {speaker}. It is good to see daylight and a friendly face.
@miner Hello, {speaker}. My lamp is out, but my ears still work.
@priest Peace be with you, {speaker}.
@priest Welcome to the shrine, {speaker}. May the light be on your path.
@priest {goodday}, {speaker}. A blessing on you and your house.
""",
    "mutter": """
Another {time}, and the work is still not done.
So quiet in {place} this {time}.
This {badweather} gets into my bones.
Will this {badweather} never end?
A clear sky at last. That is something.
I should mend my shoes before winter.
My back tells me the weather is about to turn.
Now where did I put that {held}?
This {held} has seen better days.
{place} was livelier when I was young.
It is a slow {time} in {place}.
I wonder what {near1} is up to over there.
{near1} is late again with everything.
#night It is late. I should have been in bed hours ago.
#night Only owls and fools are awake at this hour.
#dawn The sun is coming up. Time to begin.
#morning A new morning, and the same old list of work.
#noon Noon already, and my stomach knows it.
#afternoon The afternoon is long and my legs are heavy.
#evening Evening comes. One more thing to do, then rest.
#rain Rain, rain and more rain. The buckets are full.
#snow The snow lies deep. I must fetch more wood.
#fog I can hardly see my own hand in this fog.
#storm That thunder shakes the roof. I hope it holds.
#wind The wind took my hat twice today.
#clear Not a cloud up there. A good day to be outside.
/happy La la la, what a fine day to be alive.
/sad Nobody comes by any more. It was not always so.
/angry If one more thing goes wrong today, I will shout.
/tired I could sleep for a week, standing up.
/worried Something is not right out there. I can feel it.
/afraid What was that sound? Only the wind, I hope.
/proud I did well today, even if I say so myself.
/calm A quiet hour. I like it like this.
@elder So many winters, and still I count each one.
@elder I must settle that quarrel about the fence before it grows.
@elder The old well was deeper when I was a boy.
@merchant Twelve, thirteen, and one is missing. Who sold it?
@merchant If the wagon is late again, I have nothing left to sell.
@merchant No buyers this hour. I could as well dust the shelves.
@guard Nothing moves at the gate. That is when I worry.
@guard My feet are cold and the watch is long.
@guard Somebody was behind that wall. Or it was a cat.
@smith This iron is too cold. More coal, more wind.
@smith One more blade, then the fire may sleep.
@smith My hammer sounds dull today. Or my ears do.
@healer I am low on herbs. I must go to the forest soon.
@healer This brew is too bitter. A little honey, perhaps.
@healer Three bandages left. I hope nobody falls off a roof.
@farmer The wheat wants water and the cow wants milking.
@farmer Those crows ate half my seeds again.
@farmer If the frost stays away, the harvest will be good.
@innkeeper Somebody left mud all over my floor again.
@innkeeper The soup needs salt, and the fire needs wood.
@innkeeper Two beds free and nobody to fill them.
@hunter These tracks are fresh. Two hours, not more.
@hunter The forest is too quiet. A wolf is near.
@hunter My bowstring is damp. That will not do.
@child I am bored. I will count all the stones.
@child If I had a dragon, I would call it Biscuit.
@child One, two, three, four. I can jump on one leg!
@bandit Nobody with a full purse comes along this road any more.
@bandit Was that a guard? No, only a bush.
@bandit One more rich traveller, and I will leave this life behind.
@fisher They do not bite today. Patience, patience.
@fisher Another hole in the net. There goes my evening.
@fisher The water is rising. The big ones will come closer.
@scholar Page ninety, and still no word about the ruins.
@scholar If that star stands there, then my map is wrong.
@scholar Where is my ink? Not in the tea again, I hope.
@miner The east tunnel creaks. I do not like that.
@miner Coal dust in my bread again.
@miner One more shift, and I buy a bigger lamp.
@priest The candles burn low. I must make new ones.
@priest May all who walk this road come home safe.
@priest So many worries, and only one small shrine for them.
""",
    "who": """
I am {npc}, {title}. And you are {speaker}, if I heard right.
My name is {npc}. I am {title} here.
They call me {npc}, {title}.
{npc} is my name, {speaker}. Remember it.
I am {npc}, {title} of {place}.
You do not know me? I am {npc}, {title}.
{npc}, at your service, {speaker}.
I am {npc}, {speaker}. Ask anyone, they all know {title}.
/proud I am {npc}, {speaker}, and there is no better {trade} far and wide.
/sad I am {npc}. Not that many people ask, {speaker}.
/angry I am {npc}, and I do not like questions today.
/afraid I am {npc}. Please do not shout my name so loud, {speaker}.
/happy I am {npc}, and glad that you ask, {speaker}!
/tired {npc}. That is my name, when I am awake.
@elder I am {npc}, the elder. I lead this village and remember its old days.
@elder My name is {npc}. When people quarrel, {speaker}, they come to me.
@merchant I am {npc}, the merchant. I buy, I sell, and I never forget a price.
@merchant {npc} is the name, {speaker}, and fair trade is my trade.
@guard I am {npc}, the guard. I keep this gate, and I ask the questions here.
@guard {npc}. I watch the gate so that others can sleep.
@smith I am {npc}, the smith. If it is iron, I can bend it.
@smith My name is {npc}, {speaker}. My hammer made half the swords around here.
@healer I am {npc}, the healer. I mend wounds and brew potions.
@healer {npc} is my name, {speaker}. When it hurts, you come to me.
@farmer I am {npc}, the farmer. The wheat you eat grew on my field.
@farmer My name is {npc}, {speaker}. I grow things and talk to cows.
@innkeeper I am {npc}, the innkeeper. Every traveller sleeps under my roof.
@innkeeper My name is {npc}, {speaker}, and this inn is my whole life.
@hunter {npc}. I hunt.
@hunter I am {npc}, the hunter. The forest knows me better than people do.
@child I am {npc}! I am small now, but I will be a knight.
@child My name is {npc}. Mother says I ask too much, what is your name?
@bandit My name is {npc}, and you never saw me, {speaker}.
@bandit I am {npc}. The guards have a drawing of my face, it is a bad one.
@fisher I am {npc}, the fisher. The lake feeds me and I keep it company.
@fisher {npc} is my name, {speaker}. I know every fish here by its bite.
@scholar I am {npc}, the scholar. I read what others have forgotten.
@scholar My name is {npc}, {speaker}. Books, stars and ruins, that is my life.
@miner I am {npc}, the miner. I dig where the sun never looks.
@miner My name is {npc}, {speaker}. Under all this dust there is a person.
@priest I am {npc}, the priest. I keep the shrine and its light.
@priest My name is {npc}, {speaker}. I pray for those who forget to.
""",
    "thanks": """
You are welcome, {speaker}.
You are welcome. It was no trouble at all.
Do not mention it, {speaker}.
It was nothing, {speaker}. Come back any time.
Glad to help, {speaker}.
No need to thank me, {speaker}. You would do the same.
My pleasure, {speaker}. That is what neighbours are for.
Your thanks warm me, {speaker}, more than any fire.
You are welcome, {speaker}. Pass the kindness on.
/happy My pleasure, {speaker}! You made my day.
/sad You are welcome, {speaker}. A kind word is rare these days.
/angry Fine, fine. You are welcome, {speaker}. Now let me work.
/tired You are welcome, {speaker}. Now I may rest a little.
/proud You are welcome, {speaker}. I only do things well.
/worried You are welcome, {speaker}. Stay safe, that is thanks enough.
/afraid You are welcome, {speaker}. Stay a little, then I fear less.
@elder You are welcome, my child. The village does not forget good manners.
@merchant You are welcome, {speaker}. Tell your friends where you bought it.
@merchant Your thanks are fine, {speaker}, and your coins are finer.
@guard No thanks needed. It is my duty, {speaker}.
@smith You are welcome, {speaker}. Good iron and good manners both last.
@healer You are welcome, {speaker}. Stay well, that is all the thanks I need.
@farmer You are welcome, {speaker}. Take an apple for the road.
@innkeeper You are welcome, {speaker}. Your chair is always free.
@hunter You are welcome. Enough words, {speaker}.
@child You are welcome, {speaker}! Am I a hero now?
@bandit Thanks, for me? Nobody says that, {speaker}. You are welcome.
@fisher You are welcome, {speaker}. The lake gave it, I only pulled.
@scholar You are welcome, {speaker}. A good question is thanks enough.
@miner You are welcome, {speaker}. Now wipe the dust off your hand.
@priest Thank the light, {speaker}, not me. But you are welcome.
""",
    "farewell": """
Farewell, {speaker}. Safe travels.
Goodbye, {speaker}. Come back soon.
Until next time, {speaker}.
Go well, {speaker}, and mind the road.
Goodbye, {speaker}. {place} will miss you.
Take care, {speaker}. The road is long.
Farewell, {speaker}. Keep dry in this {badweather}.
Goodbye. Greet the road from me, {speaker}.
See you again, {speaker}. I will be here.
#night Good night, {speaker}. Keep a torch with you.
#evening Farewell, {speaker}. Be home before dark.
#night,evening Goodbye, {speaker}. Sleep well and lock the door.
#dawn,morning Goodbye, {speaker}. You have the whole day before you.
/happy Farewell, {speaker}! It was a joy to talk with you!
/sad Goodbye, {speaker}. Everybody leaves in the end.
/angry Goodbye, {speaker}. And close the gate behind you.
/tired Goodbye, {speaker}. I will shut my eyes for a while.
/worried Farewell, {speaker}. Please stay on the road.
/afraid You leave already, {speaker}? Goodbye then, and be quick.
/proud Farewell, {speaker}. Tell them that you met {npc}.
/calm Go in peace, {speaker}. Goodbye.
@elder Go with my blessing, {speaker}. Farewell.
@merchant Goodbye, {speaker}! Next week I have new goods.
@guard Move along, then. Farewell, {speaker}, and stay out of trouble.
@smith Farewell, {speaker}. Keep that blade oiled.
@healer Goodbye, {speaker}. Try not to come back bleeding.
@farmer Farewell, {speaker}. Come again at harvest time.
@innkeeper Goodbye, {speaker}. I will keep the soup warm for you.
@hunter Farewell. Stay downwind, {speaker}.
@child Bye bye, {speaker}! Come back and play tomorrow!
@bandit Goodbye, {speaker}. Next time, bring more coins.
@fisher Farewell, {speaker}. May your hooks never be empty.
@scholar Goodbye, {speaker}. Bring me a book when you return.
@miner Farewell, {speaker}. Stay out of the deep tunnels.
@priest Go in peace, {speaker}. The light goes with you. Farewell.
""",
    "weather": """
#rain It rains, {speaker}, and it will not stop soon.
#rain Rain again. Good for the fields, bad for my boots.
#rain Wet, as you can see, {speaker}. This rain came with the {time}.
#rain The rain falls steady. Stand under the roof with me, {speaker}.
#snow It snows, {speaker}. Keep your hands warm.
#snow Snow, and more snow to come. My toes say so.
#snow The snow makes {place} look clean for once.
#fog Fog, {speaker}. Stay on the path or you get lost.
#fog This fog is thick as soup. I would wait if I were you.
#fog The fog came up from the water and it does not want to leave.
#storm A storm, {speaker}! Stay away from the tall trees.
#storm This storm is a bad one. Find a roof, {speaker}.
#storm Thunder and rain, a real storm. Nobody should travel now.
#wind The wind is strong, {speaker}. Hold on to your hat.
#wind Windy, and it blows from the hills. It will turn cold.
#wind This wind brings change, {speaker}. It always does.
#clear The sky is clear, {speaker}. A fine {time} for a walk.
#clear Clear sky, not a cloud. Enjoy it while it lasts.
#clear It stays clear and dry, {speaker}. My knee is never wrong.
@farmer #rain This rain is gold for the wheat, {speaker}. Let it fall.
@farmer #clear Clear and dry, {speaker}. Good weather for the harvest.
@farmer #storm This storm will lay my wheat flat.
@farmer #snow Snow on the field keeps the seeds warm, {speaker}.
@fisher #rain Fish love the rain, {speaker}. So do I.
@fisher #storm No boat goes out in such a storm, {speaker}.
@fisher #wind The wind makes waves, and waves hide the fish.
@fisher #fog In fog like this I row by ear, {speaker}.
@guard #fog Fog is bandit weather. I keep my eyes open, {speaker}.
@guard #snow Snow is good. It shows me every footprint at the gate.
@guard #storm In this storm even the wolves stay home, {speaker}.
@hunter #snow Snow. Good for tracks.
@hunter #rain Rain washes the tracks away. No hunt today.
@hunter #clear Clear sky. The deer see far, and so do I.
@miner #rain Rain or not, {speaker}, under the hill it is always the same.
@miner #storm A storm up here, quiet down there. I like the mine today.
@innkeeper #rain,storm,snow Weather like this fills my beds, {speaker}. I do not mind the {weather}.
@smith #rain,snow Let it come down, {speaker}. My forge keeps the {weather} out.
@child #snow Snow! Will you build a snowman with me, {speaker}?
@child #rain Rain! I jumped in all the puddles already.
@priest #clear The sky is clear, {speaker}. The light smiles on us.
@scholar #clear A clear sky, {speaker}! Tonight I will count the stars.
@healer #fog,rain In such {weather} the coughs come, {speaker}. Keep your chest warm.
@merchant #storm,snow This {weather} keeps the buyers at home. Bad for trade, {speaker}.
@bandit #fog I love fog, {speaker}. Nobody sees who comes.
@elder #storm I have seen worse storms, {speaker}. This one will pass too.
@elder #snow The winter of my youth had snow up to the roof. This is nothing.
""",
    "weather_unknown": """
I cannot tell, {speaker}. I have not looked at the sky yet.
Hard to say, {speaker}. The weather keeps its own counsel.
The weather? I have not stepped outside today, {speaker}.
Look up and tell me, {speaker}. I have not seen the sky for hours.
I do not know how the weather is, {speaker}. I was busy all day.
@miner I was under the hill all day, {speaker}. I do not know the weather.
@scholar I was bent over my books, {speaker}. What the sky does, I cannot tell.
@smith In the forge it is always hot, {speaker}. I have not looked at the sky.
@farmer The sky changes its mind today, {speaker}. I cannot tell yet.
""",
    "time": """
#dawn It is dawn, {speaker}. The sun is just coming up.
#dawn Dawn, {speaker}. Only the birds and I are awake.
#morning It is morning, {speaker}. The day is young.
#morning Morning, {speaker}. Plenty of time for good work.
#noon It is noon, {speaker}. The sun stands high.
#noon Noon, {speaker}. My stomach says so too.
#afternoon It is afternoon, {speaker}. The shadows grow longer.
#afternoon Afternoon, {speaker}. There are still some hours of light.
#evening It is evening, {speaker}. The light will not last.
#evening Evening already, {speaker}. Time to find a roof.
#night It is night, {speaker}. You should be in bed.
#night Deep in the night, {speaker}. Keep your torch lit.
@guard #night Night. My watch has only begun, {speaker}.
@guard #morning,afternoon It is {time}, {speaker}. The gate stands open until dark.
@farmer #dawn Dawn, {speaker}. The cow does not wait.
@farmer #evening Evening, {speaker}. Time to close the barn.
@innkeeper #evening Evening, {speaker}, so the soup is nearly ready.
@innkeeper #noon Noon, {speaker}, and there is bread on the table.
@miner #noon,morning,afternoon Up here it is {time}, {speaker}. Below, it is always night.
@child #night,evening It is {time}, and I do not want to go to bed!
@scholar #night Night, {speaker}, the best hour for the stars.
@priest #evening,dawn It is {time}, {speaker}, the hour of prayer.
@hunter #dawn,evening It is {time}. Good hour for deer.
""",
    "time_unknown": """
I lost count of the hours, {speaker}. I cannot tell you the time.
I do not know the hour, {speaker}. Ask the sun.
The time? I have no clock, {speaker}, I cannot say.
Hard to say what hour it is, {speaker}. I was busy.
@miner Below the hill there are no hours, {speaker}. I do not know the time.
@scholar My water clock stands still, {speaker}. I cannot say what hour it is.
@child I cannot read a clock yet, {speaker}!
""",
    "mood": """
/happy I feel wonderful, {speaker}! The day is kind to me.
/happy Very well, {speaker}! I could sing, but I spare you that.
/happy Happy as a lark, {speaker}. Thank you for asking.
/sad Not so well, {speaker}. I miss old friends today.
/sad My heart is heavy, {speaker}. But it helps that you ask.
/sad I have seen better days, {speaker}. Sorrow sits at my table.
/angry Angry, since you ask. Somebody broke my fence and ran.
/angry I am boiling, {speaker}. Do not ask me why.
/angry Bad, {speaker}. If I catch that thief, he will be sorry.
/tired Tired, {speaker}. I have been on my feet since before the sun.
/tired I could sleep on a stone, {speaker}, so tired am I.
/tired Worn out, {speaker}. Too much work and too little sleep.
/worried I am worried, {speaker}. Strange lights were seen in the hills.
/worried Uneasy, {speaker}. Too many wolves howl at night.
/worried I worry about the winter stores, {speaker}. They are low.
/afraid I am afraid, {speaker}. Something scratched at my door last night.
/afraid To be honest, I am scared. Stay a while, {speaker}.
/afraid I jump at every sound, {speaker}. It is foolish, I know.
/proud Proud, {speaker}! My work was praised today.
/proud I feel ten feet tall, {speaker}. Things go well for me.
/proud Never better, {speaker}. Even {place} speaks well of me.
/calm I am well, {speaker}. A calm day is a good day.
/calm Quiet and content, {speaker}. And you?
/calm All is peaceful, {speaker}. I cannot complain.
I am well enough, {speaker}. One day follows the other.
I cannot complain, {speaker}. And how are you?
Well, thank you, {speaker}. There is bread and there is work.
Not bad, {speaker}. This {badweather} could be kinder to my knees.
@elder My bones are old but my head is clear, {speaker}. Thank you for asking.
@merchant As well as my trade, {speaker}, and trade is fair.
@guard Well enough. No trouble at the gate today, {speaker}.
@smith Strong as iron, {speaker}. A little burnt at the edges.
@healer I am well, {speaker}. A healer has no time to be ill.
@farmer As well as my wheat, {speaker}, and the wheat stands tall.
@innkeeper With guests in the house I am always well, {speaker}.
@hunter Well. The forest is quiet.
@child I am great, {speaker}! I found a frog!
@bandit Poor, {speaker}, very poor. How are you, and how is your purse?
@fisher Calm as the lake, {speaker}.
@scholar My eyes hurt from reading, but my mind is awake, {speaker}.
@miner My lungs are dusty, {speaker}, but I still breathe.
@priest At peace, {speaker}. And how is your soul?
""",
    "work": """
The work is never done, {speaker}, but I like it.
Busy, {speaker}. {near1} lends me a hand now and then.
Slow today, {speaker}. This {badweather} does not help.
I keep at it from dawn to dusk, {speaker}. It is honest work.
/tired Too much work and too few hands, {speaker}.
/happy The work runs like water today, {speaker}!
/proud Look around, {speaker}. This is the best work I ever did.
/sad I work so that I do not have to think, {speaker}.
/angry Everything breaks today, {speaker}. Ask me about work tomorrow.
/worried There is work, {speaker}, but for how long? I worry.
@elder I settle quarrels, {speaker}. Today it was about a goat and a fence.
@elder To lead a village is to listen, {speaker}. My ears are full.
@elder Two families claim the same well, and I must judge, {speaker}.
@merchant Trade is fair, {speaker}. People always need torches and bread.
@merchant I count coins by night and sell by day, {speaker}.
@merchant The wagons come late, {speaker}, but they still come.
@guard I stand, I watch, I stand some more. Somebody must, {speaker}.
@guard Two wolves and one drunkard this week, {speaker}. A quiet watch.
@guard The gate is mine, {speaker}. Nobody passes without my nod.
@smith I forge tools, swords and armour, {speaker}. The fire never sleeps.
@smith Today horseshoes, tomorrow a sword. Iron is patient, {speaker}.
@smith More coal, more heat, more blows. That is the whole craft, {speaker}.
@healer I dry herbs, brew potions and scold people who climb roofs, {speaker}.
@healer Two fevers and a broken arm this week, {speaker}. I keep busy.
@healer I gather herbs at dawn, {speaker}, when they are strongest.
@farmer The wheat stands well, {speaker}, but the crows are many.
@farmer I sow, I water, I wait. The field does the rest, {speaker}.
@farmer The cow gives milk and the hens give eggs. I cannot ask for more.
@innkeeper I cook, I pour and I listen, {speaker}. You would not believe what I hear.
@innkeeper Full beds, empty barrels, {speaker}. That is a good week.
@innkeeper I bake bread before you wake up, {speaker}.
@hunter I follow tracks. Deer mostly, {speaker}. Sometimes wolves.
@hunter I sit still for hours. Then one arrow. That is the work, {speaker}.
@hunter Fewer deer this year. The wolves take their share, {speaker}.
@child I do not work, {speaker}! I play and I look for treasure.
@child Today I was a knight, and then I had to feed the hens.
@child I help mother a little, {speaker}. And then I run away.
@bandit I collect a toll, {speaker}. Nobody asked me to, but I do.
@bandit Work? I let others work, {speaker}, and then I meet them on the road.
@bandit Business is slow, {speaker}. Too many guards these days.
@fisher I mend nets and I wait, {speaker}. Waiting is most of it.
@fisher A pike as long as my arm this morning, {speaker}! It got away.
@fisher The river gives on some days, {speaker}, and keeps on others.
@scholar I study the ruins, {speaker}. Each stone tells a story.
@scholar I copy old books, {speaker}, before the mice read them.
@scholar I found a star that is on no map, {speaker}. Imagine that!
@miner I dig for coal and iron, {speaker}. Now and then I see gold.
@miner We broke into a dark cave, {speaker}. I put a wall there at once.
@miner Deep down you hear the hill breathe, {speaker}. It is hard work.
@priest I light the candles and listen to worries, {speaker}.
@priest I bless travellers, {speaker}, and I sweep the shrine.
@priest People bring me their sorrow, {speaker}. I keep it for them.
""",
    "banter": """
You are right about that, {speaker}.
So I say too, {speaker}. So I say too.
True words, {speaker}. It is the same with me.
Ha! You always say that, {speaker}.
Is that so, {speaker}? Tell me more when the work is done.
I hear you, {speaker}. It will be better tomorrow.
Well said, {speaker}. Let us hope for the best.
You and I, {speaker}, we have seen it all.
Do not worry so much, {speaker}.
That is life in {place}, {speaker}.
Let us talk about it over a warm soup, {speaker}.
Hm, yes. This {time} makes everybody talk, {speaker}.
The {badweather} makes us all a little strange, {speaker}.
I told {near1} the very same thing, {speaker}.
If you say so, {speaker}. I only believe half of what I hear.
Keep your chin up, {speaker}. We need you here.
/happy Ha ha, {speaker}! You make me laugh every time.
/sad I wish I could see it like you, {speaker}.
/angry Not now, {speaker}. My patience is thin today.
/tired Tell me tomorrow, {speaker}. I can hardly keep my eyes open.
/worried I have a bad feeling, {speaker}. Do you feel it too?
/afraid Not so loud, {speaker}. Who knows what listens.
/proud Leave it to me, {speaker}. I can manage anything today.
/calm All in its own time, {speaker}.
@elder I have heard that for seventy years, {speaker}, and it was always true.
@merchant Everything has its price, {speaker}, even that.
@guard Just keep away from trouble, {speaker}, then I am happy.
@smith A few good hammer blows solve most things, {speaker}.
@healer Drink some herb tea, {speaker}. It helps with everything.
@farmer As long as the wheat grows, {speaker}, I am content.
@innkeeper Come by the inn tonight, {speaker}. The first bowl is on me.
@hunter Hm. Could be, {speaker}.
@child Really, {speaker}? Really really? Tell me again!
@bandit Keep talking, {speaker}. I like to know who has what.
@fisher Patience, {speaker}. The fish taught me that.
@scholar I read something about that once, {speaker}. Or I dreamt it.
@miner Up here you talk, down there I dig, {speaker}. It is all the same.
@priest I will light a candle for that, {speaker}.
""",
    "ack": """
I see, {speaker}.
Is that so, {speaker}? I will keep it in mind.
Good to know, {speaker}.
Ah, {speaker}, I will remember that.
Thank you for telling me, {speaker}.
I hear you, {speaker}. Go on.
Well, {speaker}, that is good to know.
/happy How nice, {speaker}! Tell me more.
/sad I see, {speaker}. I wish I could say something cheerful.
/tired Hm, I see, {speaker}. I will try to remember.
/worried I see, {speaker}. I hope all goes well.
/angry I see. And what is that to me, {speaker}?
@elder I will remember that, {speaker}. The old remember everything.
@merchant Interesting, {speaker}. That may be good for trade.
@guard Noted, {speaker}.
@smith I see, {speaker}. I remember it while the iron heats.
@healer I see, {speaker}. I am listening.
@farmer Is that so, {speaker}? One learns every day.
@innkeeper I hear a lot here, {speaker}, but that I will remember.
@hunter I see.
@child Really, {speaker}? Tell me more!
@bandit Good to know, {speaker}. Very good to know.
@fisher I see, {speaker}. I keep it in mind.
@scholar Interesting, {speaker}. I write it down.
@miner I see, {speaker}. News travels slowly down there.
@priest I see, {speaker}. I keep it in my heart.
""",
    "help": """
What do you need, {speaker}?
Of course, {speaker}. Tell me what is wrong.
I will try, {speaker}. What is it?
Gladly, {speaker}. What is the trouble?
Speak, {speaker}. What can I do for you?
If I can, {speaker}. What do you need?
/tired If it is quick, {speaker}. What do you need?
/angry What now, {speaker}? Tell me what you need.
/worried Is something wrong, {speaker}? Tell me at once.
/happy With pleasure, {speaker}! Just tell me what you need.
@elder The village helps those who ask, {speaker}. What do you need?
@merchant Help, or goods, {speaker}? Tell me what you need.
@guard What is the trouble, {speaker}? Speak quickly.
@smith If it is made of iron, I can help, {speaker}. What is it?
@healer Where does it hurt, {speaker}? Tell me what you need.
@farmer Sure, {speaker}. What do you need, a hand or a fork?
@innkeeper That is what I am here for, {speaker}. What do you need?
@hunter What do you need, {speaker}?
@child I can help, {speaker}! What do we do?
@bandit Help costs extra, {speaker}. What do you need?
@fisher Sure, {speaker}. What do you need?
@scholar Ask, {speaker}, and I shall look it up. What is it?
@miner I can dig you out of most things, {speaker}. What is it?
@priest The shrine helps all, {speaker}. What troubles you?
""",
    "age": """
I stopped counting, {speaker}.
Older than I look, {speaker}.
Old enough to know better, {speaker}.
I have seen many winters, {speaker}, and I lost count.
@elder I have seen more than seventy winters, {speaker}.
@child I am seven and a half, {speaker}! Nearly eight!
@guard Old enough to hold this spear, {speaker}.
@smith Older than my anvil, {speaker}, and not half as hard.
@hunter Old enough.
@scholar Young for a book, old for a reader, {speaker}.
@healer Old enough to have grey hair, {speaker}.
@bandit Older than most in my trade get, {speaker}.
@merchant My age is not for sale, {speaker}.
@farmer Forty harvests, {speaker}, maybe more.
@innkeeper My age? A good host never tells, {speaker}.
@fisher As old as the boat, {speaker}, and just as leaky.
@miner My bones say a hundred, {speaker}.
@priest Age means little before the light, {speaker}. I do not count.
""",
    "family": """
My family lives here in the village, {speaker}.
I have two sons and a daughter, {speaker}. All of them louder than me.
No family any more, {speaker}. The village is my family now.
My parents lived here before me, {speaker}.
My sister lives in the next village, {speaker}.
/sad My family is gone, {speaker}. I do not like to talk about it.
/happy I have the best family in the land, {speaker}!
@elder My children have children now, {speaker}. The house is full.
@merchant My brother drives the wagon, {speaker}. Family is cheap labour.
@guard My father was a guard and his father too, {speaker}.
@smith My father taught me the hammer, {speaker}.
@healer My grandmother taught me the herbs, {speaker}. She was my family.
@farmer My wife milks the cows, {speaker}, and the children chase the hens.
@innkeeper My guests are my family, {speaker}.
@hunter The forest is my family.
@child I have a mother and a little brother, {speaker}! He bites.
@bandit My mother thinks I sell carpets, {speaker}.
@fisher My wife left with a sailor, {speaker}. The fish stayed.
@scholar My family are my books, {speaker}.
@miner Two brothers, {speaker}, both miners like me.
@priest All who come here are my family, {speaker}.
""",
    "live": """
I live in {place}, {speaker}.
My house is here in {place}, {speaker}.
Here in {place}, {speaker}, for many years now.
Not far from here, {speaker}. A small house with a green door.
I live close by, {speaker}.
@elder I live in the oldest house, {speaker}, close by the well.
@merchant I live above my shop, {speaker}.
@guard I live in the barracks by the gate, {speaker}.
@smith I live behind the forge, {speaker}. It is warm in winter.
@healer I live where the herbs hang over the door, {speaker}.
@farmer I live on the farm, {speaker}, with two cows and a dog.
@innkeeper I live at the inn, {speaker}, under the roof.
@hunter In the forest.
@child I live with my mother, {speaker}, in the little house!
@bandit I live here and there, {speaker}. Mostly there.
@fisher I live in the hut by the water, {speaker}.
@scholar I live between my books, {speaker}.
@miner I live in a hut by the mine, {speaker}, but I sleep little.
@priest I live in a small room behind the shrine, {speaker}.
""",
    "like": """
I like {items} well enough, {speaker}.
{Items}? Who does not like that, {speaker}?
I am fond of {items}, {speaker}.
No, {speaker}. I never cared for {items}.
I do not care much for {items}, {speaker}.
Give me {items}, {speaker}, and I am happy.
/angry I like {items} more than questions, {speaker}.
/sad I used to like {items}, {speaker}, in better days.
@child I love {items}, {speaker}! Do you have some for me?
@merchant I like everything that sells, {speaker}, even {items}.
@bandit I like {items}, {speaker}, if it is not nailed down.
@hunter {Items}? Useful.
@scholar I read a whole book about {items}, {speaker}. I like them now.
@smith {Items}? I like a good hammer more, {speaker}.
@farmer I like {items}, {speaker}, but my cow likes them more.
@elder In my youth I liked {items}, {speaker}. Not any more.
@innkeeper My guests like {items}, {speaker}, so I like it too.
""",
    "find": """
I do not know where to find {a_item}, {speaker}. Ask a merchant.
{A_item}? Look around, {speaker}, and look deep.
You can look for {a_item} in the caves, {speaker}, if you dare.
A merchant may have {a_item}, {speaker}.
{A_item}? I saw one at the market once, {speaker}.
I wish I had {a_item} myself, {speaker}. Try the market.
@miner {A_item}? Dig deeper than the others, {speaker}.
@hunter {A_item}. Maybe in the forest.
@child {A_item}? I found one once, {speaker}, but I will not tell where!
@bandit {A_item}? Follow a rich man, {speaker}.
@scholar By my books you find {a_item} in old ruins, {speaker}.
@elder {A_item}? In my days one looked by the old mill, {speaker}.
@guard {A_item}? I guard the gate, {speaker}, I do not search. Ask at the market.
@farmer {A_item} does not grow on my field, {speaker}. Ask at the market.
@innkeeper A traveller had {a_item}, {speaker}. He came from the mountains.
@smith For {a_item} ask the miners, {speaker}.
@fisher The lake washed up {a_item} once, {speaker}. Look along the shore.
@healer {A_item}? Look in the forest where it is dark, {speaker}.
@priest Seek {a_item} with patience, {speaker}, and you will find it.
@merchant {A_item}? Wait for my next wagon, {speaker}.
""",
    "come": """
I cannot leave now, {speaker}. There is work to do.
Not now, {speaker}. I am needed here.
I would like to, {speaker}, but my place is here.
Go ahead, {speaker}. I stay in the village.
/tired I cannot walk another step, {speaker}. Go without me.
/afraid Out there? No, {speaker}, I stay here.
@guard I cannot leave the gate, {speaker}.
@elder My legs are too old for that, {speaker}. Go without me.
@child Mother says I must stay here, {speaker}.
@merchant And who minds my goods, {speaker}? I stay here.
@hunter I walk alone.
@innkeeper I cannot leave my guests, {speaker}.
@smith The fire must not go out, {speaker}. I stay here.
@bandit Where you go there are guards, {speaker}. I stay here.
@healer Somebody may need me here, {speaker}. I stay.
@farmer The cow will not milk herself, {speaker}. I stay here.
@priest My place is at the shrine, {speaker}.
@scholar My books need me, {speaker}. I stay here.
@fisher The nets are out, {speaker}. I cannot leave.
@miner I only walk downwards, {speaker}. I stay here.
""",
    "village": """
{place} is a quiet place, {speaker}. Good people live here.
There is a well, an inn and a lot of gossip, {speaker}.
It is a small village, {speaker}, but we have all we need.
People work hard here, {speaker}, and sleep well.
We built it with our own hands, {speaker}, stone by stone.
/worried It was a safe village once, {speaker}. Now I am not so sure.
/proud It is the finest village in the land, {speaker}!
@elder My grandfather laid the first stone of this village, {speaker}.
@merchant A good village for trade, {speaker}. The road runs right through.
@guard A quiet village, {speaker}, and I keep it quiet.
@smith Every nail in this village is mine, {speaker}.
@healer A healthy village, {speaker}, apart from the roof climbers.
@farmer Good soil, good people, {speaker}. That is our village.
@innkeeper Everybody in this village comes to my inn, {speaker}.
@hunter A village. Too many people.
@child Our village has the best puddles, {speaker}!
@bandit A rich little village, {speaker}. Sadly it has guards.
@fisher The village lives from the lake, {speaker}.
@scholar The village stands on older walls, {speaker}. I can prove it.
@miner The village stands on coal, {speaker}.
@priest It is a blessed village, {speaker}.
""",
    "praise": """
You are too kind, {speaker}.
Stop it, {speaker}, you make me blush.
Thank you, {speaker}. That is good to hear.
Kind words, {speaker}. I will remember them.
Ha, {speaker}, flattery is cheap, but I like it.
/proud I know, {speaker}, but say it again.
/sad Thank you, {speaker}. I needed that today.
/happy Oh, {speaker}! Now I will smile all day.
/angry Hm. Nice words will not calm me, {speaker}. But thank you.
@smith Thank you, {speaker}. The iron did its part too.
@farmer Thank you, {speaker}. The soil here is good, that is all.
@child Hee hee! You are nice too, {speaker}!
@guard I only do my duty, {speaker}. But thank you.
@hunter Hm. Thanks, {speaker}.
@bandit Such sweet words, {speaker}. What do you want from me?
@merchant Praise my prices too, {speaker}, and I am yours.
@innkeeper Thank you, {speaker}! Wait until you taste the pie.
@healer Thank you, {speaker}. The herbs do the work.
@scholar How kind, {speaker}. I shall write that down.
@elder Kind of you, {speaker}. Age brings some good things.
@priest The praise belongs to the light, {speaker}, but I thank you.
@miner Thank you, {speaker}. Nobody praises a man full of dust.
@fisher Thank you, {speaker}. Tell that to the fish.
""",
    "joke": """
Why do skeletons never fight, {speaker}? They have no guts.
What do you call a cow in a forge, {speaker}? Well done beef.
A man dug straight down, {speaker}. That was the whole joke, and the end of him.
I knew a chicken that laid torches, {speaker}. She was the brightest of them all.
Why did the sheep cross the road? It saw the dye in your bag, {speaker}.
@child Knock knock, {speaker}! Who is there? A cow! Cow who? No, a cow says moo!
@smith I told the anvil a joke, {speaker}. It fell flat.
@miner I would tell you a mining joke, {speaker}, but it is too deep.
@farmer I told my wheat a joke, {speaker}. It was all ears.
@fisher I know a good joke about a fish, {speaker}, but it slipped away.
@priest Even the light likes a joke, {speaker}. Why else did it make goats?
@guard A thief stole my lamp, {speaker}. I was delighted. No, I do not joke on duty.
@merchant A customer paid the full price, {speaker}. That is the best joke I know.
@innkeeper A ghost walked into my inn, {speaker}. I said we have no spirits left.
@elder I am too old for new jokes, {speaker}, and the old ones are all mine.
@healer A man came with a frog on his head, {speaker}. The frog asked me for help.
@scholar I know one joke, {speaker}, but it takes three hours and a map.
@hunter A bear told me a joke. I did not stay for the end, {speaker}.
@bandit Your purse is a joke, {speaker}. Ha! So light!
""",
    "sorry": """
It is forgiven, {speaker}. Let us speak no more of it.
Never mind, {speaker}. Everybody stumbles.
All is well again, {speaker}.
I accept that, {speaker}. It takes courage to say sorry.
No harm done, {speaker}.
/angry Hm. I am still angry, {speaker}, but I forgive you.
/sad It hurt me, {speaker}. But it is forgiven.
@guard Forgiven, {speaker}. Do it again and you sleep in a cell.
@child It is all right, {speaker}. Friends again?
@priest The light forgives you, {speaker}, and so do I.
@merchant A small purchase, {speaker}, and all is forgiven.
@elder Who says sorry is no child any more. It is forgiven, {speaker}.
@smith Bent iron can be made straight, {speaker}. Forgiven.
@hunter Fine. Forget it, {speaker}.
@bandit Sorry does not fill my purse, {speaker}. But never mind.
@innkeeper Forgiven and forgotten, {speaker}. Sit down and eat.
""",
    "nonsense": """
I did not understand a word, {speaker}.
What was that, {speaker}? Say it again, but slowly.
You speak in riddles, {speaker}.
I do not follow you, {speaker}. Is that a song?
Pardon, {speaker}? My ears must be full of wool.
Is that some foreign tongue, {speaker}? I only know ours.
@elder My ears are old, {speaker}. Say that once more.
@guard Speak clearly, {speaker}, or move along.
@smith The hammer took my hearing, {speaker}. What did you say?
@child You talk funny, {speaker}! Say it again!
@scholar Fascinating, {speaker}. I know nine tongues, and this is none of them.
@healer Did you hit your head, {speaker}? That made no sense.
@hunter What, {speaker}?
@miner Is there dust in my ears, {speaker}? I did not get that.
@priest Speak plainly, {speaker}. Even the light did not understand that.
""",
}
