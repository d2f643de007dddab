"""The forms of what a line does, thanks and threats and praise, and the words that begin a sentence of each.

Data; `forms.py` reads it. `CALLS` goes before what is asked: `ew why is it blue`. `ACTS` goes behind what is asked and
before what a line only tells of.
"""

from __future__ import annotations

# Form, then what begins a sentence of it, one a line; the first form that fits is taken.
CALLS = r"""
emotes
    \* [a-z]+
disgusted
    (ew+|eww+|yuck|yucky|gross|bleh|blech|ick|barf|puke)
    <thing> <is> <very><foul>
    <thing> (stinks|reeks|smells (bad|weird|funny|awful|like))
    your \w+ (stinks|reeks|smells)
warns
    (watch|look) out
    (behind you|careful|beware|duck<end>|incoming|heads up|run for your life|get down|take cover)
    (it|they|he|she|[a-z]+s) (is|are) coming
    (it|they|he|she|(the|a|an|some) [a-z]+( [a-z]+)?|[a-z]+s) (is|are) (attacking|right behind|after (me|us|you))
    there (is|are) .{1,40}\b(behind|after|chasing|following) (me|you|us)
praises_you
    what (a|an) (\w+ )?<good> [a-z]+ (you are|you really are)
exclaims
    what (<good>|big|long|small|strange|odd|weird) [a-z]+ (you|he|she|it|they|we)
    what an? (?!\w+ (is|are|do|does|did)\b)
    how (nice|sad|lovely|odd|strange|funny|awful|cute|pretty|rude|sweet)$
    such an?
    so (much|many)
"""
ACTS = r"""
sorry_but
    (i am )?<very>sorry but
congratulates
    (congrats|congratulations|grats|gratz)
    (i am )?<very>(happy|glad|proud|pleased) (for|of) you
comforts
    (i am )?<very>sorry (for (you|your)|to hear|about (that|your|it)|(that|this) (happened|you))
    that (is|was) (?!an? |the )<very><sad>
    (that|it) (must be|sounds|must have been) <very><sad>
    that (sucks|must hurt)
    aw+(?: (?:you|that|poor|how|cute|thank|so|no)|<end>)
    poor (?!me\b|man\b)\w+
    you poor
    you must (be|feel|have been|get) <very>(<low>|<sad>)
    you must miss
    i feel (so )?(bad|sorry) for (?!how|what)
    it (will|is going to) be (ok|okay|alright|fine|all right)
    do not (worry|cry|give up|panic)<end>
    do not be <very>(sad|scared|afraid|upset)
    (never give up|cheer up|hang in there|keep going|you (can|will) do it|you got this|hope you feel)
    (rest in peace|rip|my condolences|condolences)
apologises
    (i am )?<very>sorry(?! but)
    (my bad|my fault|my mistake|oops|whoops|forgive me|pardon me)
    i (\w+ )?(apologi[sz]e|take (it|that) back)
    i (did not|never) mean\w* (to|it|that)
    i beg (your )?pardon
confesses
    (it|that) was (me|my fault|us)
    i (?!took care)(\w+ )?<harmed> .{0,20}\b(your|you|from you|yours)
    i (\w+ )?(stole|cheated|lied|betrayed|murdered)
    i (\w+ )?<harmed> .{0,40}\bsorry
    i (have to|must|need to|want to) (confess|admit)
    i (did it|am the one who|confess|admit)
    i (feel|am) <very>guilty
denies
    (it|that) (was|is) not (me|my fault|mine)
    i did not (do (it|that|this|anything)|steal|take|kill|touch|say|break|eat|cheat|start|hurt)
    i (have done|did) nothing( wrong|<end>| to)
    i am (not |no )(an? )?(thief|liar|bandit|spy|murderer|criminal|cheater|noob|child|bad|scared|afraid|lying)
    i am not an? [a-z]+
    i am (not |no )(stupid|monster|enemy|dangerous|joking|weird|crazy)
    i am innocent
threatens
    (it )?(would|will|might) be (a|such a|too) (shame|pity|bad) if
    <will> (\w+ ){0,2}<menace> (?!for\b)(\w+ )?(you|your|everything|everyone|it all)
    <will> (\w+ ){0,2}<menace> (\w+ )?(this|the) (place|town|village|house|shop|inn)
    <will> (\w+ )?tell (on you|the|your|everyone|everybody|my)
    (give|tell|open|move|drop|stop|leave|let|say|get|hand|pay) .{1,50}\bor (else|i|we|you|die)
    (you will|you are going to) (pay|regret|be sorry|die|burn|suffer|wish)
    you are (dead|finished|done for|next|toast|going down)
    (prepare to die|say goodbye|last (chance|warning)|watch your back|hands up|this is a (robbery|hold|stick|raid))
    i am (watching|coming for|warning|hunting) you
    do not make me (angry|mad|do|hurt|come|repeat)
deals
    if you .{1,60}\bi (will|can|would|could)
    i (will|would|can|could) (\w+ )?(give|trade|pay|swap|sell|offer) (you )?.{1,40}\b(for|if|instead)
    (trade|swap|exchange) (you|my|this|for|\d+)
    swap<end>
    \d+ \w+ for
    how about .{1,30} for
promises
    i (will|shall|am going to|can) (?!not\b|never\b)(\w+ ){0,2}<help> (you|it|your|him|her|them)
    i (can|could|will) (help|fix it|teach|protect|bring)
    let me (help|carry|fix|do|show|heal|handle|pay)
    i promise
    i will (come to|join|visit|be there|be back|stay with)
    (you can )?(count on|rely on|trust) me
    i got (you|your back)
gives
    (here you go|here you are|here (take|have)|this is (for|from) you|these are for you|for you)
    take (it|this|that)(?! (or|easy|off|from|to|back|away|slow))
    here is (a|an|your|some|the|my|\d+)
    i (\w+ )?<given> (\w+ )?(you (a|an|some|this)|(this|something|some .{1,20}) for you)
    i (\w+ )?<given> an? (?!tale|story|question|job|joke|riddle|message|letter|task|quest|plan|idea).{1,30} for you
    you can (have|keep) (it|this|my|mine|the|them|these)
    have (a|an|some|my|this) (?!(?:nice|good|great|lovely|look|safe|seat|question|minute|second|moment)\b)\w+
pleads
    (i am )?(begging|beg) (of )?you
    i beg (?!pardon|your)
    (have mercy|spare (me|my)|pretty please|come on|please(?: please)*<end>|just (this )?once)
    do not (kill|hurt|eat|leave|arrest|tell on|hit|curse|shoot) (me|us)
    i will do anything
let_me
    let me (in|out|pass|through|by|sleep|live|stay|have|be|go|see|try|ride|join|hide|down|up)
    let us (in|out|pass|through|by|live|go in)
    let (him|her|them) (go|out|in|be|live)
dares
    (i )?(dare|double dare|challenge) you
    (i )?bet you (can|could|will|would|do) not
    (fight me|race you|race me|catch me|come at me|try me|prove it)
    (make|hit) me<end>
    1 ?v ?1
    you (would not|could not|will not) dare
    you will never
claims
    (that|this|it|those|these|he|she) (is|are|was|were) (\w+ )?(mine|ours)
    (that|those) (is|are) my (?!(?:<kin>|favourite|first|last|second|point|name|job|dream|plan|birthday|best|life)\b)
    mine( mine)*<end>
    (this|that|it|those|these) belongs? to (me|us)
    i (was here|saw it|found it|had it|got here|called it|was) first
    it is my turn
    (hey |that is )?my turn
    i want (my .{1,30}|it|that|them) back
    give (it|that|them|me my|back my)( \w+){0,3} ?back
reproaches
    you (\w+ )?<wronged> (me|us|my|our|it|the|him|her|them|to|everything|that|this|all)
    you (\w+ )?(promised|lied|cheated|betrayed|swore|scammed)
    you (sold|sent) (me|us)
    you (told|gave|made) (me|us) .{0,60}\b(but|wrong|lies?|lava|broke\w*|fake|never|nothing|not)
    you said (you|it would|that you|i could|this would|there would)
    (no fair|not fair|(that is )?(so )?unfair|that is not fair)<end>
    (it|this|that) is (\w+ )?your fault
    because of you
    i (want|need|demand) (a refund|my money|my \w+ back|an apology)
    (?!.{0,80}\b<good>\b)(the|that|this|your) .{1,40} you (sold|gave|made|built|fixed|promised)
amazed
    no way (you|he|she|it|they|that|the)
    (wow|woah|whoa) (you|he|she|they|it|that|this|so|how|i)
    (that|this|it) is <very>(crazy|insane|wild|nuts|unreal|mad|unbelievable|mental)
    you (actually|seriously|literally) (?!<bad>\b)
corrects
    i meant (?!no\b|well\b|it\b)
    i said (?!yes|no\b|hi\b|hello|it first|goodbye)
    i did not (ask|mean) (that|this|you|for)
    i was (talking|asking) (to|about)
    i asked (you|about|for)
    (that|this|it) is not what (i|we)
    not (what i|that one|this one|him<end>|her<end>|you<end>|me<end>)
    wrong (one|way|person|guy|place)
    no (wait|not|i (said|meant|mean|asked|want|wanted))
doubts
    you (are|were) <very>(lying|wrong|joking|kidding|bluffing|liar|mistaken|full of|trolling|exaggerating|delusional)
    you are (just )?making (it|this|that|stuff)
    your (lying|wrong|joking|kidding|bluffing|making (it|this|that|stuff)|trolling)
    liar
    i do not (believe|buy) (you|that|it|this|a)
    i doubt
    no (way|chance)<end>
    no (you|it|they|he|she|that|there)
    <thing> (is|are|was|were) (not|never) <very>(true|possible|real|right|how|why|even|a|an|that|your|like)
    <thing> (is|was) (impossible|a lie|lies|nonsense|fake|made up|cap|wrong|false|a myth|a scam|bull\w*)
    there is no (such|way)
    no (?!i\b|one\b)[a-z]+ (is|are|can|has|have|does|do)
    <other>(is|are) not (real|true|even|a thing|that)
    <other>(do|does|can|did) not (exist|count|talk|think|fly|live|have)
    yes (you|it|they|he|she|there) (did|do|does|are|is|can|will|has|have)
    (it|this|that) is (already )?(the year )?\d{4}
    the [a-z]+ ([a-z]+ )?(is|are) over
    <other>(is|are) (long gone|long dead|a myth|not a thing|history|fake)
    (says who|not true|wrong|nonsense|sure you (did|do|are|can)|as if|yes right|bull\w*|cap)
shrugs
    (that|this|it|they|these|those|(?:your|the) \w+) <be> (just|only|basically) (?!a scratch|me\b|kidding|joking)[a-z]+
    (it|that|this) is not (that|so|even|really)
    not (that|so|very) (?!one\b|way\b)\w+
    (so what|who cares|big deal|boring|meh|who asked|overrated|yawn|ok and|snore)
    (whatever|no one cares|nobody (cares|asked))<end>
    i (do not|could not) care
    i am not impressed
taunts
    you (are|look|smell|sound|act|seem) <very>(<bad>|<foul>|<insult>)
    you (suck|stink|smell|<insult>|dumb|stupid|ugly|bore)
    <insult><end>
    (skill issue|cry about it|cope|get (good|rekt|lost)|shut up|touch grass|ratio|go away|ok boomer|cry more)
    nobody (likes|asked|wants|loves|needs) you
    i (hate|despise) you
    (nice try|cringe)
your_kin
    your <kin>
blames
    <thing> <is> <very><bad>
    <thing> (sucks|stinks|blows|does not work|did not work|is broken)
    (worst|terrible|horrible|awful) \w+
amused
    <thing> <is> <very>(funny|hilarious)
    you are <very>(hilarious)
    i (am (dying|crying)|can not stop laughing)
    (good one|lol|haha|hilarious)<end>
compares
    (?!you\b|what\b).{1,60}\b(worse|(more|less) \w+|(?!rather\b|other\b)\w{3,}er) than
    i (would )?(prefer|rather) (?!not)
    (?!(?:you|i|this|that|it|.{0,30}what)\b).{1,40}\b(is|are) (\w+ )?(the best|the worst|better|worse|overrated)
boasts
    i am <very><mighty>
    i can (\w+ )?(beat|kill|defeat|destroy|solo|lift|fly|do anything)
    (nobody|no one) (can|could) (beat|stop|catch|defeat|kill) me
    i (always|never) (win|lose|die|miss)
    i (\w+ )?(killed|beat|defeated|won|soloed|slew|conquered|destroyed) (the|a|an|all|\d+|like|every|three|ten|your)
    i (have|got) (full|so many|so much|tons|stacks|loads|the best)
    i (own|run|rule) (the|this|a|all|half)
insists
    (trust|believe) me
    i (swear|am serious|am not (joking|lying|kidding)|mean it|really did|am telling (you|the truth))
    it is <very>true
    (no cap|for real|no joke|true story)
puzzled
    i (do not|can not|did not) (get|understand|follow) (it|that|you|this|what|why|any)
    i (do not|did not|can not) (get|understand)<end>
    i am <very>confused
    (that|this|it|you) (makes|make|does not make|do not make) (no|any|zero) sense
wonders
    i (\w+ )?wonder
    (that|it|this) makes (me|you) (think|wonder)
    i am (curious|wondering)
    i (do not|never) (know|understand|get|knew) (why|how|what|who|if|where) (?!to\b|i would)
unsure
    i (do not know( maybe| man| really)?|am not sure|have no idea|can not (remember|decide|tell|say)|forgot|guess)<end>
    (maybe|perhaps|no idea|not sure|could be|hm+|um+|depends|kind of|sort of|i guess|dunno)<end>
declines
    no (thanks|thank you)
    i (will|shall) (not|never)
    i refuse
    not (now|today|yet|going(?! to lie)|interested|my|really|right now|again)
    maybe (later|another|tomorrow|next)
    i do not (want|need)
    i am (busy|good<end>|not going|not interested)
agrees
    (same|exactly|agreed|facts|fair|fair enough|good point|makes sense|for sure|me too|same here|word)<end>
    (i know right|true|deal|ok then|fine|sure)<end>
    (you are|that is|your) (so )?(right|true|fair)
    i agree
praises_you
    you are (a|an|the) (\w+ )?(better|good|nice|kind|great|real|true|best) (person|man|woman|friend|soul|heart|human)
    you (are|look|seem|sound) (\w+ )?<very><good>
    your <very><good>(?= (though|lol|brother|man|,|and|!)|$| !)
    you (\w+ )?(are the best|rock|rule|slay|deserve)
    i (love|like|respect|admire|trust) you
praises_it
    <thing> <is> (?!not\b)(\w+ )?<very><good>
    <thing> (rocks|slaps|rules|is sick)
    your [a-z]+( [a-z]+)? <is> <very><good>
    (this|the|that|your) [a-z]+ (so|too) <good>
    (this|the|that|your) .{1,40} you (made|built|baked|gave|sold|wrote)( \w+){0,2} <is> <very><good>
    (?!.{0,80}\?)(nice|cool|great|good|sick|lovely|beautiful|amazing|awesome|sweet|epic) (?!<not_praised>\b)[a-z]+
    i (\w+ )?(love|like|adore|enjoy) (your|this|that|the|how|what you|it|these|those)
    (love|like) (your|the|this|that)
    (well done|not bad|best \w+ (ever|i)|so <good>|chef's kiss)
    (wow|woah|whoa)<end>
rejoices
    i am <very><glad>
    i feel <very>(good|great|amazing|awesome|fantastic|wonderful|better|<glad>)
    (yay|woo+|wohoo|hooray|yippee|finally<end>|we won|i won|i made it|i did it)
"""
