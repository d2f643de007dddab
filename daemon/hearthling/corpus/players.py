"""What players and other NPCs say, by topic: informal, short and long. One a line, slots in braces.

The generator adds the NPC's name before or behind, drops capitals and the last mark now and then.
Data only; read by `bank.py`.
"""

from __future__ import annotations

SAID: dict[str, str] = {
    "greeting": """
hallo
Hey you!
hello friend
sup
Good to see you.
I am back!
Hello my friend, long time no see.
Nice to see you again.
good day
Good afternoon!
hi!!
Hello!
hi
Hey there.
hello there
Good day to you.
good morning
Good evening.
hey
Greetings!
hiya
Hi, nice to meet you.
Hello, how do you do?
Well met.
Hail, friend!
yo
Hello again.
hi everyone
Excuse me, hello?
heya, anyone home?
Pleased to meet you.
""",
    "who": """
who is this
what are you
hey who are you
And who might you be?
What is your name, friend?
your name?
Who do I have the honour to speak to?
Who are you?
What is your name?
who r you
and you are?
Tell me who you are.
whats your name
I do not think I know you. Who are you?
What do they call you?
Who am I talking to?
Could you introduce yourself?
tell me about yourself
What do you do here?
what is your job?
Have you got a name?
Are you the {trade} here?
""",
    "way": """
where can i find {target}
What is the way to {target}?
{target}?
Where do I go for {target}?
which direction is {target}
I have to reach {target} before dark.
Could you tell me how to get to {target}?
Where is {target}?
How do I get to {target}?
Which way to {target}?
where is {target}
Do you know the way to {target}?
I am looking for {target}.
Can you tell me where {target} is?
how do i find {target}
Is {target} far from here?
I need to go to {target}, can you help?
Show me the way to {target} please.
directions to {target}?
I am lost, I want to get to {target}.
have you seen {target}
Point me to {target}.
""",
    "here": """
Where am I?
What is this place?
where are we
What do you call this place?
Which town is this?
I am lost, where am I?
whats this place called
What is the name of this place?
Where is here?
Can you tell me where we are?
""",
    "rumour": """
Any news from far away?
what happened here
Tell me a secret.
I want to hear a story.
Is something going on?
got any gossip
What have you heard lately?
Anything I should know?
Are there any legends about this place?
Any rumours?
Heard anything new?
any news
What are people talking about?
Tell me something interesting.
Have you heard any gossip?
whats new around here
What is the latest news?
Know any secrets?
Did anything strange happen lately?
tell me a story
got any rumors for me?
What do they say in the village?
Is there any treasure near here?
What goes on around here?
""",
    "quest": """
Is there something to do?
quest?
Do you need something?
I am bored, give me something to do.
i want a quest
Any work for a strong arm?
Do you have a mission for me?
Can I do a job for you?
what should i do
looking for quests
Do you have work for me?
Can I do something for you?
any quests?
Is there anything you need?
I am looking for work.
got a job for me
How can I help you?
Do you need help with anything?
I want to earn some coins.
give me a quest
What can I do for you?
need anything?
Have you got a task for me?
I am a brave adventurer, do you have a quest?
Can I earn something here?
anything I can bring you?
""",
    "help_heal": """
I have a wound.
Can you cure me?
heal me
I am poisoned.
A zombie hurt me.
i have low health
I have a fever.
I am hurt, please help me.
can you heal me
I was bitten by a wolf.
Please heal me!
My leg is bleeding.
I am dying, help!
I need a bandage.
ouch, I fell off a cliff
Can you look at my wound?
I feel sick.
help, im bleeding
A skeleton shot me in the arm.
I need healing.
do something, it hurts so much
""",
    "help_repair": """
Can you repair my sword?
My pickaxe is broken.
can you fix this
I need my armour mended.
My blade has a crack, can you mend it?
could you repair my tools
Please fix my axe.
This shovel broke, what now?
My helmet is dented, can you help?
fix my sword please
""",
    "help_food": """
I am hungry.
Do you have something to eat?
got any food
I am starving, please help.
Can I have something to eat?
I have not eaten for two days.
im so hungry
Where can I get food?
Is there anything to drink here?
a bite to eat would be nice
""",
    "thanks": """
Thank you!
thanks
Thanks a lot.
thx
Thank you very much, that was kind.
I am grateful to you.
ty
Many thanks.
You helped me a lot, thank you.
thanks for everything
Cheers, friend.
That is very kind of you, thanks.
""",
    "threat": """
I will rob you.
give me all your stuff
This is a robbery!
i will destroy you
You are dead.
Your end has come.
I will kill you!
Give me your money or die.
hand over your coins
Prepare to die!
I am going to burn your house down.
You will be sorry.
im gonna get you
Do what I say or I hurt you.
Fight me, coward!
I will cut you in half.
your money or your life
Say your prayers.
die
Do you want to feel my sword?
""",
    "insult": """
you stink
You are a coward.
dumb npc
You look like a troll.
You are so boring.
noob
You are stupid.
You smell like a goat.
shut up
you are ugly
What an idiot.
You are the worst {trade} ever.
nobody likes you
Get lost, fool.
I hate you.
you fat toad
Your work is rubbish.
you are useless
You are a liar.
""",
    "fight": """
How do I fight {foe}?
How can I beat {foe}?
any tips against {foe}
What do we do about {foe}?
I have to fight {foe}, what should I do?
how to kill {foe}
{Foe} is coming, what now?
Help me fight {foe}!
What is the best weapon against {foe}?
Is {foe} dangerous?
Tell me how to defeat {foe}.
""",
    "fight_none": """
Is there anything to fight here?
Who is the enemy?
any monsters around?
Are we in danger?
is it safe here
How do we fight them?
Let us fight!
Any enemies near?
Do you need protection?
""",
    "weather": """
weather?
It is cold today.
what will the weather be
Do you think a storm is coming?
How will the weather be tomorrow?
How is the weather?
What do you think of the weather?
whats the weather like
Will it get better?
Nice weather today.
What a weather, is it not?
is it going to rain
Terrible weather, do you not think?
How does the sky look?
Do you like this weather?
""",
    "time": """
What time is it?
what time is it now
How late is it?
Is it late?
Can you tell me the time?
What is the hour?
is it night yet
Do you know what time of day it is?
time?
""",
    "farewell": """
Goodbye!
bye
See you later.
I have to go now.
Farewell.
cya
Good night.
I must be on my way.
bye bye
Take care, I am leaving.
See you tomorrow.
gotta go
Until next time.
im off, see ya
""",
    "mood": """
How are you?
how are you doing
How do you feel today?
are you ok?
You look strange, is everything all right?
whats up
How is life?
Are you happy?
How do you do today?
what is wrong with you
You look tired, are you?
how is it going
Is something the matter?
""",
    "work": """
How is work?
How is your work going?
Tell me about your work.
Do you like being a {trade}?
hows business
What are you doing?
what are you up to
Is it hard to be a {trade}?
What did you do today?
Are you busy?
What does a {trade} do all day?
busy day?
""",
    "held": """
What are you holding?
What is that in your hand?
whats that you have there
What do you have in your hand?
Is that yours, in your hand?
what do you carry
Show me what you hold.
what is in your hands
""",
    "near": """
Who is here?
Who else is around?
who do you see
Are we alone?
Is anybody near?
Who is that over there?
What do you see around you?
anyone else here?
Who is with you?
""",
    "who_is": """
Who is {other}?
Do you know {other}?
who is {other}
Tell me about {other}.
What can you tell me about {other}?
have you met {other}
What does {other} do?
I am looking for {other}.
""",
    "memory": """
Do you remember me?
do you know me
Remember me?
Have we met before?
Do you know who I am?
Do you still know me?
You remember me, right?
did you forget me
I was here before, do you remember?
Do you remember what I did?
""",
    "health": """
Are you hurt?
Are you wounded?
you ok? you look hurt
Is that blood?
Do you need a healer?
are you injured
How are your wounds?
Did somebody hurt you?
""",
    "unknown": """
What is love?
How many blocks are in the world?
Who is the strongest man in the world?
how do i fly
Why do cows not talk?
What did people do a thousand years ago?
who is the president
Can you count to a million?
How long is a year on the moon?
What does the sea taste of in winter?
how do you build a castle in one day
Who was the first person on earth?
What colour is the wind?
do you know how to write a program
What is the answer to everything?
how far is it to the end of the world
Which came first, the chicken or the egg?
why does time go by
Do you know magic?
What is inside the sun?
where do babies come from
What is the biggest number?
can you speak french
Do you know what a car is?
tell me the secret of the universe
What do you know about quantum physics?
who invented the wheel
Is there life after death?
What is the recipe for gunpowder?
how do i win the lottery
What is the name of the king's horse?
Why is gold so heavy?
What is the capital of France?
How far away is the moon?
who won the football game
How do I install a mod?
What is the meaning of life?
How many stars are there?
Do you know what a computer is?
how old is the universe
What is the king's favourite dish?
How does electricity work?
what is 17 times 23
Can you explain gravity?
Who built the world?
What is beyond the sea?
How do dragons breathe fire?
what is a phone
Who was the first emperor?
How deep is the ocean?
What language do cats speak?
Why is the sky blue?
how do i craft a rocket
Where does the sun sleep?
What will happen in a hundred years?
who wrote the oldest book
""",
    "bot": """
Are you a bot?
are you an AI
Are you real?
You are just a computer program.
are you human
Are you an NPC?
ur a robot right
Who programmed you?
are you a real person
Is this a game?
what language model are you
""",
    "praise": """
You are great.
I like you.
you are so nice
You are the best {trade} I know.
Good work!
You look nice today.
i love this place
Your work is wonderful.
You are very wise.
well done
You have a kind heart.
""",
    "joke": """
Tell me a joke.
make me laugh
Do you know a joke?
say something funny
I need a good joke.
know any jokes
Cheer me up.
got a joke for me
""",
    "sorry": """
Sorry.
I am sorry.
Forgive me.
im so sorry
I did not mean it, sorry.
Please forgive me.
my bad
I want to apologise.
I apologise for what I did.
""",
    "nonsense": """
asdfgh
lol
hgjk dfg
xd
blub blub
qwertz
haha what
brrrr zzz
???
abc 123
bla bla bla
jkjkjk
""",
    "your_name": """
What is my name?
do you know my name
Who am I?
Say my name.
whats my name
Can you tell me my name?
""",
    "told_home": """
Where do I come from?
Do you remember where I am from?
where am i from
Where did I say I live?
Which place did I tell you about?
""",
    "told_home_fact": """
I come from {told}.
My home is {told}.
im from {told}
I live in {told}.
I just came here from {told}.
I walked all the way from {told}.
""",
    "told_need": """
What do I need?
What was I looking for?
what did i say i need
Do you remember what I need?
What did I ask you for?
""",
    "told_need_fact": """
I need {told}.
I am looking for {told}.
i really need {told}
Do you know who has {told}? I need it.
I search for {told}.
I want {told}.
""",
    "told_friend": """
What is my friend called?
Do you remember the name of my friend?
whats my friends name
Who is my friend?
Which friend did I tell you about?
""",
    "told_friend_fact": """
My friend is called {told}.
I have a friend, {told}.
my friend {told} says hi
My best friend is {told}.
I travel with my friend {told}.
""",
    "talk": """
I am bored.
I have built a bridge.
I like your hat.
My horse ran away.
i am a king
I come from far away.
Today is my birthday.
I was attacked last night.
I am not afraid of anything.
i want to be a hero
My feet hurt.
My friends are waiting for me.
I sleep in a cave.
we won the battle
I have a new house.
i have to think about it
I am rich now.
I caught a big fish.
The others are on their way.
sure
maybe
really?
wow
I was only looking around.
it is so quiet here
i found a treasure
I am cold.
I will build a tower.
My dog is lovely.
I am tired.
I found a cave today.
I built a house on the hill.
ok
all right
yes
I like it here.
My sword is new.
i just killed a zombie
We had a good harvest.
I will be back soon.
I am new here.
I saw a big spider.
it was a long way here
I am an adventurer.
I do not understand.
no
I planted a tree.
I was in the mine all day.
i lost all my stuff
""",
    "help": """
Can you help me?
help
I need help.
Help me please.
could you help me
I have a problem.
Can I ask you something?
I have a question.
What can you do for me?
do me a favour
Can you do something for me?
hey, i need a hand
""",
    "age": """
How old are you?
how old r u
What is your age?
Are you old?
When were you born?
you look old, how old are you?
""",
    "family": """
Do you have a family?
Are you married?
do you have kids
Who are your parents?
Do you have brothers or sisters?
tell me about your family
Where is your wife?
""",
    "live": """
Where do you live?
where is your house
Do you live here?
Where is your home?
Which house is yours?
where do you sleep
""",
    "like": """
Do you like {items}?
do you like {items}
What do you think of {items}?
what do you think about {items}
How do you like {items}?
""",
    "find": """
Where do I find {a_item}?
where can i find {items}
How do I get {a_item}?
I am looking for {items}, where do I find that?
Where do people get {items}?
do you know where {items} are found
""",
    "come": """
Come with me!
Follow me.
Will you travel with me?
come along
Do you want to join me?
Let us go on an adventure.
lets explore together
Walk with me.
""",
    "village": """
Tell me about this village.
What is there to see here?
Is it nice to live here?
how is life in the village
What is special about this place?
Is this a good place to live?
tell me about this place
""",
    "price": """
How much is {a_item}?
What does {a_item} cost?
how much for {a_item}
I want to buy {a_item}.
What is the price of {a_item}?
price of {a_item}?
What do you want for {a_item}?
Can I buy {a_item}?
I would like {a_item}, how much?
Sell me {a_item}.
""",
    "stock": """
shop
Can I see your goods?
trade?
I want to trade.
What is for sale?
do you sell something
Do you trade?
What do you sell?
What do you have?
what are you selling
Show me your goods.
Do you have anything for sale?
let me see your wares
What can I buy here?
anything to sell?
I want to buy something.
""",
    "lacking": """
Do you have {a_item}?
Can I buy {a_item}?
I want to buy {a_item}.
got {a_item}
I need {a_item}, do you sell that?
Sell me {a_item}.
How much is {a_item}?
""",
    "haggle": """
I give you {offer} coins.
How about {offer}?
{offer} coins?
would you take {offer}
That is too much. {offer} coins!
My offer is {offer} coins.
{offer} and not one more.
ill give you {offer} for {a_item}
I only have {offer} coins.
Can I have {a_item} for {offer}?
""",
    "j_trade": """
I want to buy {want} {wanted}.
Sell me {want} {wanted}.
can I have {want} {wanted}
I would like {want} {wanted} please.
{want} {wanted} please
Give me {want} {wanted}, I pay.
How much for {want} {wanted}?
i need {want} {wanted}
""",
    "j_give": """
Can I have {a_item}? I have no coins.
Please give me {a_item}.
I am poor, could you give me {a_item}?
could you spare {a_item}
I beg you, give me {a_item}.
A gift of {a_item} would help me.
""",
    "j_take": """
Here, {a_item} for you.
I brought you {a_item}.
Take this {item}, it is a gift.
this {item} is for you
I want to give you {a_item}.
A present for you, {a_item}!
""",
    "j_done": """
I have your {count} {items}.
Here are the {count} {items} you wanted.
I brought {count} {items}.
got your {count} {items}
{count} {items}, as you asked.
Done! {count} {items} for you.
""",
    "j_not_done": """
Here is your {wrong}.
I only found {wrong}.
is {wrong} good too?
I have {wrong} for you. Am I done?
I could not find it, but here is {wrong}.
""",
    "j_attack": """
Attack!
Attack {foe}!
get {foe}
Kill {foe}!
Fight!
Look out, {foe}!
{Foe} is here, do something!
What do we do now?
""",
    "j_guard": """
Protect me!
Guard me please.
keep me safe
Stay close and protect me.
defend me
Will you guard me?
""",
    "j_follow": """
Follow me.
Come with me!
follow
Come along.
come here with me
I want to show you something, come.
walk with me
""",
    "j_stay": """
Stay here.
Wait here for me.
stay
Do not move.
wait
Stop following me.
stand still
""",
    "j_wave": """
Hello!
Hi there!
Goodbye!
wave at me
hey
Bye!
Wave to us.
""",
    "j_bow": """
Bow to your king!
I am the queen.
bow
Show me respect.
I am a knight of the realm.
Kneel before me.
""",
    "j_laugh": """
A chicken laid a torch, ha ha.
That is so funny!
laugh
Why did the cow jump? Because of the moooon.
I told the creeper a joke and it blew up.
laugh for me
""",
    "j_cry": """
My dog died.
I lost my best friend.
My house burned down.
cry
Everything I had is gone.
I have such sad news.
""",
    "j_shrug": """
What is beyond the stars?
Who made the world?
do you know the answer
Why is water wet?
how long is forever
""",
    "j_nod": """
Is it true?
Do you agree?
nod
Am I right?
You are {npc}, yes?
do you understand me
""",
    "j_point": """
point
Point the way.
Can you point at it?
Point with your finger.
show me with your hand
Point over there.
""",
    "j_dance": """
Dance!
Can you dance?
dance with me
Show me your best dance.
let us dance
""",
    "o_wave": """
wave at me
Wave to us.
Wave!
can you wave
Give me a wave.
Wave your hand.
wave to the crowd
""",
    "o_shrug": """
shrug
Shrug for me.
can you shrug
Show me a shrug.
Lift your shoulders.
""",
    "o_go": """
Go to {target}.
go to {target}
Walk to {target} please.
Please go to {target} and wait there.
Could you go to {target}?
Run to {target}!
I need you at {target}. Go.
Move to {target}.
Meet me at {target}.
I want you to go to {target} now.
""",
    "o_open": """
Open the door.
open the door please
Could you open this door?
open up
Open the door, I want in.
Please let me in.
The door is shut, open it.
can you open that door for me
Let me out, open the door!
""",
    "o_flee": """
Run!
Run away!
flee
Get away from {foe}!
Save yourself!
run for your life
Quick, run from {foe}!
""",
    "beaten": """
Did you win the fight?
How did the fight go?
who won the fight
What happened in the fight?
did you win
How was your last fight?
""",
    "o_sell": """
I want to sell {want} {wanted}.
Do you buy {wanted}? I have {want}.
Will you buy {want} {wanted} from me?
i sell {want} {wanted}
I have {want} {wanted} to sell.
buy my {want} {wanted}
What do you give me for {want} {wanted}?
""",
    "o_sell_one": """
I want to sell this {item}.
Do you buy {a_item}?
Will you buy my {item}?
i sell {a_item}
What do you give me for this {item}?
I have {a_item} to sell.
buy my {item}
""",
    "o_chore": """
Please {chore}.
{Chore}!
{chore}
Could you {chore}?
I want you to {chore}.
can you {chore} for me
Go and {chore}, please.
Will you {chore}?
""",
}
