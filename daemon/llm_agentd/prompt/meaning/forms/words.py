"""Groups of words that the tables of forms name in <>. Data; `forms.py` reads it."""

from __future__ import annotations

# Parted by blanks.
WORDS = {
    "kin": """mother father brother brothers sister sisters son sons daughter daughters wife husband uncle aunt cousin
        cousins grandma grandpa grandmother grandfather granny friend friends boss teacher neighbour neighbours family
        parents baby children boyfriend girlfriend master captain mate mates team clan nephew niece child people""",
    "good": """nice good great best kind funny cool awesome sweet smart wise clever brave strong beautiful pretty cute
        amazing wonderful lovely friendly handsome helpful legend epic perfect fantastic brilliant incredible legendary
        impressive delicious tasty yummy adorable majestic fancy cosy cozy peaceful stunning wholesome fun comfy
        gorgeous magnificent talented fire dope neat rad wicked goated generous honest""",
    "bad": """ugly awful terrible horrible boring lame stupid dumb trash garbage rubbish bad worst useless ridiculous
        weak creepy cringe mid overrated unfair overpriced pathetic pointless silly annoying shabby hideous dull sucks
        stinks wrong rude mean worthless crap""",
    "foul": "gross disgusting nasty stinky smelly icky rotten slimy revolting vile",
    "sad": """sad tragic rough tough hard lonely horrible heartbreaking depressing terrible awful cruel painful
        miserable scary terrifying""",
    "low": """sad scared afraid lonely tired bored sick ill lost cold hungry thirsty stuck angry mad furious worried
        nervous stressed depressed exhausted hurt broke poor alone upset homesick heartbroken anxious ashamed miserable
        sleepy dying terrified grumpy""",
    "glad": "happy excited glad proud pumped hyped thrilled relieved lucky grateful blessed",
    "mighty": """best strongest richest fastest greatest smartest toughest king queen god legend pro boss hero champion
        strong rich fast powerful immortal invincible famous unbeatable undefeated amazing awesome unstoppable""",
    "suffered": """lost broke missed failed forgot spilled ruined dropped messed screwed""",
    "wounded": "fell died sprained drowned bled twisted crashed tripped",
    "struck": "lost robbed fired caught blown cheated scammed griefed banned kicked dumped",
    "beaten": "hurt killed beaten bitten stung stuck sick poisoned shot stabbed burned burnt struck hit",
    "gone": """died dead broke broken hurt hurts stole stolen gone lost sick ill missing burned burnt destroyed killed
        ate bit robbed attacked""",
    "harmed": """stole took broke killed ate burned burnt hit robbed spilled ruined lost sold smashed destroyed drank
        hid hurt cheated tricked read scratched trampled kicked dropped griefed mined""",
    "given": "brought got made bought baked picked found have",
    "insult": """idiot fool loser noob coward clown moron weirdo bot joke disgrace rat pig chicken nothing nobody boomer
        fat troll peasant""",
    "not_verb": """with for and but about like from into onto over under near after before until because than then what
        how why who when where which are was were had did does can could will would should not just only even still also
        maybe same all both half most every any some much many such here there more less good bad told said made found
        got lost love hate like you your his her their our the this that these those him them man yes""",
    "not_praised": """to of in for at with day morning evening night luck because as try meeting talking afternoon""",
    "did": """killed found won built made beat caught saw went came got did ate took left ran met bought sold broke lost
        fell dug slept gave brought put wrote swam fought heard kept been rode drank""",
    "wronged": """promised owe lied cheated tricked betrayed stole took forgot left ruined killed broke scammed robbed
        hurt swore ignored attacked ate burned sold""",
    "limb": """arm arms leg legs foot feet hand hands head finger fingers neck back toe nose tooth teeth knee knees
        ankle wrist ribs belly stomach eye eyes ear throat skin""",
    "menace": """kill fight hit hurt burn destroy smash break steal rob attack punch slap eat end blow report ban haunt
        curse sue arrest bury cook chop stab shoot grief raid beat crush fire jail bite squish
        squash stomp boil roast drown poison cage""",
    "help": """bring get give help save protect show teach fix find build make buy pay guard free carry lend defend heal
        repair avenge visit""",
    "think": """think believe guess suppose reckon bet know swear promise doubt wonder thought figured expected see
        agree""",
    "do": """do give put play sing show bring take throw open close make get go come leave stay wait hold fetch stand
        sit run pick drop keep try eat drink read write draw dance hide follow move turn smile hurry watch fix cook sell
        buy use find kill wake touch race dare promise ask call shut answer name guess count lend pay forget remember
        trust believe teach jump fly build dig feed heal repair relax calm sleep listen speak say admit""",
    "it": "it this that these those they he she everything everyone everybody there my people",
    "one": "it this that these those they he she everything here",
    "be": "am is are was were",
    "no_most": "priest forest chest guest quest harvest request interest",
    "is": "is are was were looks look smells smell feels feel seems sounds tastes has have got",
}
# Expressions as they are.
PHRASES = {
    "will": "(?:i|we) (?:will|am going to|are going to|shall|would|might|could)|im+a|going to|about to",
    "very": "(?:(?:so|very|really|too|pretty|such|super|kind of|a bit|a|an|the|just|actually|literally|quite|way"
    "|the most|most|like|all|always) )*",
    "thing": "(?:it|this|that|these|those|everything|here|all|all of (?:this|it)"
    "|(?:the|this|that|these|those|your|every) [a-z]+(?: [a-z]+)?)",
    "other": r"(?!(?:i|we|my|you|he|she)\b)(?:\w+ ){1,4}?",
    "end": r"(?=(?: lol| though| brother| please| man| then)?[ .,!?]*$)",
}
