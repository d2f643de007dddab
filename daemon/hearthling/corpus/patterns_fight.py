"""Reply patterns of danger: threats, insults, advice for a fight, and the `say` of tactics and gestures.

Same line form as `patterns_daily.py`. `{foe}` carries its own article ("the wolf", or a name alone).
Data only; read by `bank.py`.
"""

from __future__ import annotations

PATTERNS: dict[str, str] = {
    "threat": """
Put that away, {speaker}, before somebody gets hurt.
You do not scare me, {speaker}.
Leave me alone, {speaker}, or I call the guards.
Think twice, {speaker}. I have friends here.
Big words, {speaker}. I hope you know how to run.
Please, {speaker}, there is no need for blood.
Threaten me again, {speaker}, and you will regret it.
/afraid Please do not hurt me, {speaker}! I have done nothing.
/angry Try it, {speaker}! I am just in the mood for a fight.
/tired Not today, {speaker}. Threaten somebody else.
/proud I have faced worse than you, {speaker}.
/sad Do what you must, {speaker}. I have little left to lose.
/calm Lower your voice, {speaker}. I do not fear you.
/happy Ha ha! You, {speaker}? You could not hurt a hen!
@elder I have outlived harder men than you, {speaker}. Put the blade down.
@merchant Guards! {speaker} wants to rob me!
@guard One more word, {speaker}, and you spend the night in a cell.
@guard Draw that blade, {speaker}, and it is the last thing you do.
@smith My hammer is bigger than your sword, {speaker}. Think about it.
@healer I heal wounds, {speaker}, but I also know poisons. Go away.
@farmer I have a pitchfork, {speaker}, and I am not afraid to use it.
@innkeeper No fights in my house, {speaker}. Out with you.
@hunter My arrow is faster than you, {speaker}.
@child Mother! Help! {speaker} wants to hurt me!
@bandit Is that a threat, {speaker}? I do that for a living.
@fisher Go away, {speaker}, or you swim with the fish.
@scholar Violence, {speaker}? How very dull. Leave me alone.
@miner I swing a pick all day, {speaker}. Do you want to try me?
@priest I fear no blade, {speaker}. Put it down and talk to me.
""",
    "insult": """
Watch your tongue, {speaker}.
That was rude, {speaker}. Go and cool your head.
I have heard worse from better people, {speaker}.
Is that how they talk where you come from, {speaker}?
Such ugly words, {speaker}. You should be ashamed.
/angry Say that again, {speaker}, and you lose a tooth!
/sad That hurts, {speaker}. I did nothing to you.
/happy Ha! Your words bounce off me, {speaker}.
/tired Insult me tomorrow, {speaker}. I am too tired to care.
/proud The opinion of {speaker} means nothing to me.
/afraid Why are you so mean to me, {speaker}?
@elder Your mother taught you better words, {speaker}.
@merchant For that insult the price goes up, {speaker}.
@guard Watch your mouth, {speaker}, or I lock you up.
@smith I hit iron for less than that, {speaker}. Watch your tongue.
@healer Remember those words when you need a bandage, {speaker}.
@farmer My pig has better manners than you, {speaker}.
@innkeeper One more such word and you sleep outside, {speaker}.
@hunter Shut your mouth, {speaker}.
@child You are mean, {speaker}! I tell my mother!
@bandit Careful, {speaker}. I cut purses, and sometimes throats.
@fisher Even a toad talks nicer than you, {speaker}.
@scholar A poor choice of words, {speaker}. You should be ashamed.
@miner I have rocks with better manners, {speaker}.
@priest I forgive your rude words, {speaker}.
""",
    "fight": """
Keep {foe} at a distance, {speaker}, and use your bow.
Do not fight {foe} alone, {speaker}. Take friends with you.
Let {foe} come to you, {speaker}, and strike first.
Stand with your back to a wall when you fight {foe}.
Carry a torch, {speaker}. {Foe} fears the light.
Strike {foe} from the side, {speaker}, never from the front.
Wait until {foe} is tired, {speaker}, then hit hard.
Build a wall two blocks high, {speaker}. {Foe} cannot climb it.
Against {foe}? A good shield and a cool head, {speaker}.
/afraid Fight {foe}? I would run, {speaker}, as fast as I can!
/worried Please do not fight {foe}, {speaker}. Nobody came back so far.
/proud I beat {foe} once, {speaker}. Hit fast and do not blink.
@guard Shield up, blade low, and watch the feet of {foe}, {speaker}.
@guard Never turn your back on {foe}. Hold the gate and strike when it is close.
@hunter Two arrows into {foe}. Then run.
@hunter Stay downwind of {foe}, {speaker}. Aim for the neck.
@smith Against {foe} you need good steel, {speaker}. Let me sharpen your blade.
@elder My father drove {foe} off with fire, {speaker}. Do the same.
@healer Take bandages with you against {foe}, {speaker}, and come to me after.
@child Throw snowballs at {foe}, {speaker}! That always works!
@bandit Throw sand in the eyes of {foe}, {speaker}, then stab. It is not fair, but it works.
@scholar By my books {foe} is weak at the legs, {speaker}. Strike low.
@miner Dig a pit, {speaker}, and let {foe} fall in.
@farmer Poke {foe} with a long fork, {speaker}, and keep away from the teeth.
@innkeeper A traveller here killed {foe} with a hot pan, {speaker}. Aim for the head.
@priest Fight {foe} only if you must, {speaker}. I will pray for your arm.
@merchant I always pay others to fight {foe}, {speaker}. Buy a good bow.
@fisher Throw a net over {foe}, {speaker}, then strike.
""",
    "fight_none": """
There is nothing to fight here, {speaker}. All is quiet.
I see no enemy, {speaker}. Put your sword away.
Fight? Against whom, {speaker}? It is peaceful here.
No danger near, {speaker}. Save your strength.
@guard All quiet at the gate. Nothing to fight, {speaker}.
@hunter No danger. Only deer.
@child I see no monsters, {speaker}! Only pretend ones!
@elder There is peace here, {speaker}, and may it stay so. No enemy in sight.
@bandit Nothing to fight, {speaker}, unless you mean me.
@innkeeper The only danger here is my cooking, {speaker}.
@priest There is no enemy here, {speaker}. Only peace.
""",
    "j_attack": """
Take that, {foe_call}!
At {foe} now, before it is too late!
I strike {foe}!
You go no further! Attack {foe}!
For {place}! Down with {foe}!
/angry Now {foe} will pay!
/proud Nobody beats {npc}. Come here, {foe_call}!
@guard In the name of the watch, down with {foe}!
@hunter One arrow for {foe}.
@smith My hammer will greet {foe}!
@bandit I cut {foe} to pieces!
@farmer My fork for {foe}!
@miner My pick will stop {foe}!
""",
    "j_flank": """
{ally} holds the front, I come from the {side}.
Keep {foe} busy, {ally}. I go around on the {side}!
I go {side}, {ally}, and we have {foe} between us.
{ally}, stay there! I take {foe} from the {side}.
@guard Shields up, {ally}. I flank {foe} on the {side}.
@hunter {ally}, wait. I take the {side}.
@bandit You in front, {ally}, and I stab {foe} from the {side}.
""",
    "j_retreat": """
I am hurt! Back, everybody back!
Too many wounds. I fall back.
Back to safety, {foe} is too strong for me now.
I cannot hold {foe} any more. Retreat!
@guard Fall back behind the gate, I am bleeding!
@hunter Hurt. I fall back.
@bandit This is not worth my blood. Back!
@smith My arm gives out. I fall back from {foe}.
""",
    "j_flee": """
Run! {Foe} is here!
Help! I run from {foe}!
I am no fighter! Away from {foe}!
I must get away, {foe} is too close!
@child Mother! {Foe} is after me!
@merchant Leave the goods, run from {foe}!
@farmer Into the barn, {foe} comes!
@scholar Violence is not my field. I run!
@bandit Every man for himself! I run!
@healer I cannot fight {foe}, I run!
@priest Light protect me, I run from {foe}!
""",
    "j_guard": """
I stand before you, {speaker}. Nobody touches you.
Stay behind me, {speaker}. I guard you.
I guard you, {speaker}, with all I have.
Nobody comes near you while I am here, {speaker}.
@guard My shield is yours, {speaker}. I guard you.
@hunter Behind me, {speaker}.
@smith My hammer guards you, {speaker}.
@bandit I guard you, {speaker}, but it will cost you.
""",
    "j_hold": """
I hold my ground. Let {foe} come.
I stand here and wait for {foe}.
Not one step back. I hold.
I hold this place. {Foe} shall not pass.
@guard The gate holds. {Foe} shall not pass.
@hunter I wait. {Foe} comes to me.
@smith Like an anvil I stand. I hold.
""",
    "j_call_help": """
Help! {Foe} is here, everyone come!
To me! {Foe} attacks!
I need help against {foe}!
Sound the bell! {Foe} comes!
@guard Guards, to me! {Foe} is at the gate!
@child Help! Somebody help! {Foe} is here!
@innkeeper Help, everyone out of the inn! {Foe} attacks!
@priest Ring the bell! Help against {foe}!
@farmer Neighbours, help! {Foe} is in my field!
""",
    "j_calm": """
There is no danger here, {speaker}.
All is quiet, {speaker}. I see no enemy.
No need to fight, {speaker}.
@guard All quiet, {speaker}. No danger at the gate.
@hunter No danger.
@child I see no monsters, {speaker}!
""",
    "j_follow": """
I come with you, {speaker}.
Lead the way, {speaker}. I follow.
Good, {speaker}. I walk behind you.
I am right behind you, {speaker}.
/afraid I follow you, {speaker}, but please not into the dark.
/happy Gladly, {speaker}! I follow you anywhere!
/tired I follow, {speaker}, but slowly, please.
@child Yes! I follow you, {speaker}! Is it an adventure?
@guard I follow you, {speaker}. My blade is ready.
@hunter I follow.
@bandit I follow you, {speaker}, as long as there is gold.
""",
    "j_stay": """
I stay right here, {speaker}.
Good, {speaker}. I wait here for you.
I do not move from this spot, {speaker}.
As you wish, {speaker}. I stay.
/afraid I stay, {speaker}, but come back soon.
/tired I am glad to stay, {speaker}. My feet hurt.
@child I wait here, {speaker}. But not for long!
@guard I stay at my post, {speaker}.
@hunter I wait.
""",
    "j_wave": """
Hello, {speaker}! Over here!
I see you, {speaker}. Welcome!
{goodday}, {speaker}!
Farewell, {speaker}, and come back soon.
@child Hi, {speaker}! Hi!
@hunter {speaker}.
""",
    "j_bow": """
It is an honour, {speaker}.
I bow to you, {speaker}.
At your service, {speaker}.
@bandit My deepest bow, {speaker}, and my hand on your purse.
@child Like a knight, {speaker}! See?
""",
    "j_laugh": """
Ha ha! That was a good one, {speaker}!
You make me laugh, {speaker}!
Oh, {speaker}, I have tears in my eyes from laughing!
@hunter Ha.
@child Hee hee hee! Again, {speaker}!
""",
    "j_cry": """
Forgive my tears, {speaker}. It is so sad.
Oh, {speaker}, that breaks my heart.
I cannot hold back my tears, {speaker}.
@child I must cry now, {speaker}!
""",
    "j_shrug": """
Who knows, {speaker}? I do not.
No idea, {speaker}.
I cannot say, {speaker}.
@hunter Do not know.
""",
    "j_nod": """
Yes, {speaker}, that is so.
I agree, {speaker}.
You are right, {speaker}.
@hunter Yes.
""",
    "j_point": """
Look there, {speaker}. That way.
There it is, {speaker}. Follow my finger.
Over there, {speaker}.
@hunter There.
@child There, there, {speaker}! Do you see?
@guard That way, {speaker}, and keep moving.
""",
    "j_dance": """
Then let us dance, {speaker}!
My feet dance by themselves, {speaker}!
I dance for you, {speaker}, but do not laugh!
@child Look, {speaker}, I can dance!
""",
    "j_go": """
I go to {target}, {speaker}.
Good, {speaker}. I walk to {target} now.
I am on my way to {target}, {speaker}.
As you wish, {speaker}. To {target}, then.
{Target}? I go at once, {speaker}.
You find me at {target}, {speaker}.
/happy Gladly, {speaker}! I am off to {target}!
/tired All right, {speaker}. I go to {target}, but slowly.
/afraid To {target}? I go, {speaker}, but I do not like it.
/angry Yes, yes, {speaker}. I go to {target}.
@guard I march to {target}, {speaker}.
@child I run to {target}, {speaker}! Watch how fast I am!
@hunter I go to {target}.
@elder My old legs will bring me to {target}, {speaker}.
@merchant I go to {target}, {speaker}. Perhaps somebody buys there.
@bandit I slip over to {target}, {speaker}.
@miner I go to {target}, {speaker}, as long as I need not dig there.
@scholar I go to {target}, {speaker}, and take my book with me.
@innkeeper I go to {target}, {speaker}. Somebody must mind the soup.
@priest I walk to {target} in peace, {speaker}.
""",
    "j_open": """
I open the door for you, {speaker}.
Come in, {speaker}. The door is open.
Wait, {speaker}, I open the door.
The door? Of course, {speaker}.
There, {speaker}, now the door stands open.
/tired Yes, {speaker}, I open the door. Do not slam it.
/happy For you, {speaker}, my door is always open!
/angry I open the door, {speaker}. Wipe your feet.
@guard The door is open, {speaker}. Pass.
@innkeeper My door is open to all, {speaker}. Come in.
@child I can open the door all alone, {speaker}! See?
@hunter Door is open.
@bandit No lock stops me, {speaker}. The door is open.
@priest The door of the shrine is open, {speaker}.
@smith I open the door, {speaker}. Mind the hinges, I made them.
""",
    "j_no_door": """
I cannot open that door, {speaker}.
There is no door here that I could open, {speaker}.
Which door, {speaker}? I see none that I can open.
That door stays shut, {speaker}. I am sorry.
@guard No door is opened on my watch, {speaker}.
@hunter No door here.
@child I am not allowed to open the door, {speaker}!
@innkeeper That door is locked, {speaker}, and I lost the key.
""",
    "j_chore": """
I {chore} at once, {speaker}.
You want me to {chore}, {speaker}? Gladly.
Good, {speaker}. I {chore} now.
As you wish, {speaker}. I {chore}.
Watch me {chore}, {speaker}.
/tired I {chore}, {speaker}, and then I sit down.
/happy With pleasure, {speaker}! I {chore} for you!
/angry Yes, yes, {speaker}. I {chore}.
@child I {chore}, {speaker}! I can do that!
@hunter I {chore}.
@elder I {chore}, {speaker}, as my mother taught me.
@guard I {chore}, {speaker}. Stand back.
""",
}
