"""How a player takes up what the NPC has just said, and the words of each way. Data; `reactions.py` reads it."""

from __future__ import annotations

# Groups of words that the tables below name in <>.
WORDS = {
    "them": "it him her them that this those these",
    "they": "he she they it that those these any some all both either neither none somebody someone anybody anyone",
    "person": "he she they anybody anyone somebody someone people",
    "somebody": "him her them somebody someone",
    "it": "that this it",
    "and": "and so but or",
    "is": "is was are were sounds seems feels must",
    "did": "did was were had",
    "very": """so really actually kind sort of pretty very just such a an the most quite honestly too super also
        genuinely lowkey legit low key freaking literally still like such one some oddly weirdly strangely even more""",
    "sad": """sad awful terrible horrible rough cruel tragic harsh unfair depressing heartbreaking tough brutal lonely
        unfortunate dark bad hard shame pity""",
    "fine": """beautiful amazing cool awesome sweet cute lovely nice great wonderful adorable fantastic incredible epic
        impressive pretty neat dope brave genius smart clever romantic poetic wholesome inspiring badass metal iconic
        legendary crazy wild insane interesting fascinating relaxing peaceful fun fire goals""",
    "odd": "weird strange odd random gross disgusting nasty specific creepy sus awkward suspicious yuck ew eww",
    "own": "i my mine our we",
    "not_own": "want need will would can could should love am here",
    "not_of_it": """raining snowing late early far safe free dangerous night day time open closed cold warm hot ready
        finished done a an the my your""",
    "pitied": """him her them it guy boy boys girl girls man men woman women kid kids child children dog cat pig goat
        bird birds horse fish cow animal animals beast brother sister mother father husband wife soul souls""",
    "not_how": "feel look taste smell sound are doing end go",
    "asks": "i we you what who how why do can are is does did was were will would",
    "silly": """dumb stupid silly ridiculous nonsense wrong lame boring overrated pointless useless absurd petty
        underwhelming disappointing meh mid childish crap garbage trash cringe cheating weak""",
    "untrue": "fake cap bull bullshit lie lies impossible",
    "fair": "true fair right valid deep real wise fact facts smart",
    "felt": "scared afraid terrified frightened",
    "driven": "thrown driven sent kept left told made cursed caught locked banished",
    "go_wrong": "lose forget not fall survive confuse miss mistake accidentally",
    "done": """did made told gave took stole built broke found won taught left sent said wrote shot hit bit killed threw
        put wants""",
    "say": "say do think want answer tell feel saying doing thinking write reply",
    "meet": "see visit meet seen met",
    "low": "sad hard afraid scared upset down mad",
    "will_do": "can will",
    "well": "ok okay alright fine well better safe hurt happy sad sick ill",
    "worth": "good nice pretty tasty fun any worth useful strong fast smart handsome kind",
    "mean": "mean cruel rude evil idiot jerk fool liar bully monster coward loser meanie horrible awful terrible",
    "lend_a_hand": """help teach show bring get fetch carry make build give do fix find look search lend watch guard buy
        bake write talk ask tell save protect come visit listen stay wash clean take""",
    "hear": "read sing recite tell say name list repeat play whistle hum",
    "ask_for": "know want like sell should can could need look seem must have are were do will would",
    "do_to": """tell ask leave forgive marry kiss hug dump fire kick punch slap fight forget ignore sue thank visit
        invite hire eat send""",
    "do_with": """try buy get find use keep sell burn drop throw leave paint open read steal take hide build make
        write""",
    "try": "try just tell ask talk go leave write give forgive",
    "not_advice": """like a the wait kidding saying asking curious wondering looking checking one some give tell show
        you your my me""",
    "not_orders": """know think care like want have understand see need get remember mind ask worry listen let trust
        you be feel give""",
    "polite": "like love rather prefer want use really be appreciate you",
}
# Topic, then what begins a clause that asks so, one a line; the first topic that fits is taken.
ASKED = r"""
then_really
    (is|was) <it> (really |actually )?(true|so|real|for real|a joke|possible)$
    (are|were) you (sure|serious|joking|kidding|messing|certain|lying|for real)
    (you|your)( are)? (joking|kidding|messing|serious|for real)
then_what
    what (do|did|does) (you|that|it|he|she) (even |really )?mean
    (meaning|how do you mean)( what)?$
for_example
    (like what|such as|for example|for instance|like)$
about_why_not_just
    why (do|did|would|could|can) not you
    why not (just )?[a-z]+
    why (do|did|would|can|could) (you|he|she|they) (just )?not
    (can|could) not you( have)? (just )?[a-z]+
about_why_did_they
    why (did|do|does|would|was|were|is|are|has|have|had) (not )?<person>
    why (were|was|are|got|did) you (get )?([a-z]+ed|<driven>)\b
then_why
    (<and> )?(why|how come|what for|why not|why is that)$
    why (is|was|are|were) (it|that|those|these)
react_why_so
    why (only|always|just) [a-z]+$
    why (so|that|this) (many|much|few|late|early|one|long|often|big|small)\b
react_how
    (<and> )?how$
    how (can|could|did|does|would|is|was) (<they>|you|a [a-z]+)\b(?! (<not_how>|turn out))
    how do (you|they|people) (even|<go_wrong>)
    how is <it> (even )?(possible|a|an|not)
form_how_you
    how ((are|will|would) )?you (going to|get|do) .*\b<them>
about_what_did_it_look_like
    (how|what) (did|does|do) <they> look
    how (big|tall|large|huge|close|small) (was|is|were) <they>
about_what_is_there
    (what|how) (is|was|were) (<they>|there|the [a-z]+|your [a-z]+) like
    how (was|were) (it|that|they)$
how_many_was_it
    how (many|much|often)( (times|of (them|those)|was (it|that)|were (they|there|those)|did you [a-z]+))*$
then_when
    (when|since when|how long|how long ago)( (ago|was|were|is|did|has|have|are|exactly))*( <they>)?( (happen|ago))?$
then_where
    where( (exactly|to|from|is|was|were|are|did))*( <they>)?( (go|happen|now|exactly|from|come from))*$
react_its_name
    (what|how) (is|was|are|were) (its|his|her|their|your [a-z]+|the [a-z]+) (names?|called)\b
    what (is|was|are|were) your [a-z]+ names?\b
    what (do|did|does) (you|they|he|she) call <them>
then_who
    (by |with |from )?(who|whom|whose|who is (that|this|he|she)|who was (that|it)|says who)$
    (who|whom) (did|do|are|were|have) you\b
about_who_was_it
    who ([a-z]+ed|<done>)\b
react_why_you
    (why|how come) (did|were|would) (not )?you\b
    (why|how come) (do|are|have) you .*\b<them>
about_which_one
    (what|which) (kind|sort|type)s?( of [a-z]+){0,2}$
    which (one|ones|of them|[a-z]+)( (was|is|were) <they>)?$
    (of|for|with|from|about|to|in) (what|which|whom|who)$
react_what_then
    (<and> )?then( what)?$
    (and )?(after( that| wards)?|afterwards|so)$
    (<and> )?what (happen\w*|came|comes)(?! if\b)( (then|next|after|afterwards|in the end|when|with|to (<them>|you)))*
    (<and> )?what (did|do) you do( (then|next|after|afterwards|(about|to|with) <them>))?$
    (<and> )?how (did|does) (it|that) (end|go|turn)
react_what_did_i
    what did i (even |ever |do )*do\b
    what have i done
react_what_they
    what did you (say|tell|answer|write|reply)\b
    what (did|does|do|was|were|is|are) (<they>|(your|the) [a-z]+) <say>\b
react_are_they_well
    (is|are|was|were) (he|she|they|everybody|everyone|anybody|anyone|(the|your) [a-z]+) (doing )?<well>\b
    did (he|she|they|everybody|everyone|anybody|anyone|(the|your) [a-z]+) (survive|get (hurt|better)|recover|make it)
about_still_alive
    (is|are|does|do) (<they>|your [a-z]+) still
about_do_you_miss
    do you (ever |still |even )*miss <them>
about_do_you_visit
    (do|did|have|will) you (ever |still |even )*(<meet>|(hear|heard) from|(talk|talked|write) to) <them>
    you (ever |still |even )+(<meet>|(hear|heard) from|(talk|talked|write) to) <them>
about_were_you_scared
    (was|were|are) (not )?you (not )?<felt>
about_did_it_hurt
    (did|does) (it|that) (not )?hurt
was_it_worth_it
    ((do|did) )?you (ever )?regret
    (was|is) (it|that) worth
about_let_me_see
    show (me|us)\b(?! (how|where|the way|around|what you (have|sell)|your (wares|goods)))
    (can|may|could) (i|we) (see|meet|look at|hold|visit) <them>\b
    (let me|i want to|i would (like|love) to) (see|meet) <them>\b
react_what_in
    what (is|was) (in|inside|under|behind|on) (there|<them>)\b
about_can_it_be_mended
    (can|could) (you|<they>|somebody|someone) (not )?(fix|undo|mend|break|change|cure|stop|lift) <them>
react_was_it_good
    (is|was|are|were) <they> (at least |really |even |actually )*((a|an|that|so|very|this) )*<worth>\b
react_did_you
    (did|have|had|do|will|would|are|can|could) you$
    (did|have|had) you (not )?([a-z]+ ){0,3}?([a-z]+ )(<them>|there|back|again|to|with|about|everything)\b
    have you tried
    (did|have|had) you (ever|at least|really|actually)
    you ever [a-z]+ ([a-z]+ )?<them>
react_will_you
    (will|are|would|do) you ((ever|really|still|planning|plan|want|going|to) )*([a-z]+ ){1,2}<them>\b(?! (to|for) me)
react_you_did
    you (?!<ask_for>\b)((just|really|actually|even) )?[a-z]+ ([a-z]+ )?<them>
react_guess
    (was|is|were) (it|that|he|she|they) (a|an|the|my|your|one|because|from|about|like|by)\b
    (it|that|this) (is|was) (probably|maybe|perhaps|surely)\b
    because (it|he|she|they|you|of)\b
    (maybe|perhaps|probably) (it|that|he|she|they|someone|somebody|(the|your) [a-z]+) (?!not\b)[a-z]+
    (let me guess|i bet (it|that|he|she|they)|i guess (it|that|he|she|they))
react_did_they
    (is|was|does|can|did) it (?!<not_of_it>\b)(really |very |even |actually )?[a-z]+$
    <did> (not )?(<they>|your [a-z]+|people|nobody)\b
    (do|does) (your|the) [a-z]+ (know|like|mind|believe|think|want|see)\b
    does (it|that|this) (really |actually |even |ever )?(work|help|matter|rhyme|count)\b
    (do|does|is|are|has|have) (not )?(he|she|they|those|any of|some of|all of|both|either)\b
    (do|does|did|is|are|was|were|has|have) (any|some|all|one|none|both|either) of
"""
# The same of what is said and asks nothing.
SAID = r"""
react_lets_hear
    <hear> (it|that|them|us|one|some)\b( (all|to me|for me|aloud|out loud|please|then))*$
    (let us|let me|i want to|i would (like|love) to) (hear|listen)
react_offers
    i (can|could|will) be your\b
    i (can|could|will) (?!not\b)([a-z]+ )?<lend_a_hand>\b.*\b(you|your|one|there|while|for|<them>)\b
    (do you )?want me to (?!<hear>|leave|go\b)[a-z]+
    let me (help|do|carry|teach|show you|fix|get you|handle)
    i am (here|happy|glad|willing|ready) to help
about_excuses
    i (will not|would not|promise not to) (judge|laugh|tell|say|be mad|hurt|bite|steal|touch|bother)
react_spares
    (you|we) (do not|did not|need not) (have|need|got) to\b
    (you|we) need not\b
    it is (ok|okay|fine|alright) if you (do not|would rather not)
    (forget|never mind) (that )?i (asked|said)
    i will not (ask|push|press|bring it up)\b
comfort_npc
    it is never too late
    (do not|never) (worry|be (so )?<low>|cry|give up|feel|lose hope)
    you ((have )?got|<will_do> (do|get|make|be|find)) (this|it|through|there|fine|ok|alright|great|another)\b
    you should be (fine|ok|okay|alright|great|good)\b
    it (will (be|get|all|work)|gets|is getting) (better|easier|ok|okay|alright|fine|out|work)
    it will (be|get|all|work)
    it is (ok|alright|fine|not your fault|going to be)
    (cheer up|hang in there|stay strong|chin up|keep (going|trying|at it|it up)|i believe in you|no worries)
react_pities_other
    (oh |aww |the )?poor <pitied>\b
    i feel ([a-z]+ )?(bad|sorry) for (?!you\b)[a-z]+
    i (hope|wish) (he|she|they) (is|are|was|were|will be|gets?|got|has|have)\b
then_sorry
    <it> (<is> )?(be |have been )?(<very> )*<sad>\b
    that (suck|blow|hurt)\w*
    <it> <is> (<very> )*(messed up|not (ok|okay|right|cool|fair|nice))
    (you |oh |the )?poor [a-z]+
    i am ([a-z]+ )?sorry(?! (for|i|but|about (that|the)|to (bother|ask|interrupt)))
    sorry to hear
    i feel ([a-z]+ )?(bad|sorry)(?! for (?!you\b))
    (how )?(<very> )*(heartbreaking|tragic|sad|ouch|oof|damn)$
    rip
sounds_scary
    <it> (<is> )?(be |like )?(<very> )*(scary|terrifying|spooky|dangerous|frightening|horrifying)\b
react_blames_other
    (he|she|they) (is|are|was|were|sounds?|seems?) (like )?(<very> )*<mean>\b
    (he|she|they) should be ashamed
    (what|such) (a|an) (<very> )*(jerk|meanie|bully|monster)$
react_sides_with_other
    (he|she|they|your [a-z]+|the [a-z]+) (is|are|was|were) ([a-z]+ )?(right|not wrong)\b
    (he|she|they|your [a-z]+|the [a-z]+) (has|have|had) a point
    i (am|would be) on (his|her|their) side
    i (agree|side|am) with (him|her|them)
react_odd
    <it> (<is> )?(be |like )?(<very> )*<odd>\b
    (<very> )*<odd>( (flex|thing|stuff))?$
    you (are|is) ([a-z]+ )?(weird|strange|odd|nuts|insane|crazy|mad)$
not_believe_you
    i (do not|can not|will not|never) ([a-z]+ )?(believe|buy|trust) (you|a word|<it>)
    <it> (<is> )?(<very> )*(<untrue>|made up|not (true|real|possible))\b
    (you|your) (are |is )?(lying|making <it> up|so full|full of)
    you made <it> up
    <it> (never|did not) (happen|happened)
    (stop lying|yes right|sure (you|<they>) (<did>|do|does|are|is)|what a lie|bull\w*|cap|i doubt (it|that))
react_gainsays
    <it> (<is> )?(like )?(<very> )*<silly>\b
    <it> (<is> )?the (dumbest|stupidest|silliest|lamest|worst)\b
    <it> <is> called\b
    <it> (does|did|is|was|makes?) (not|no) [a-z]+
    (that|this) (is|was) (just|only)
    (maybe|perhaps) [a-z]+ (is|are|was|were) (not|just|only)
    (who cares|so what|nobody (cares|needs|wants|asked)|big deal|not that|not really a)
    (that|this) (is|was) (it|all|nothing)$
you_are_right
    <it> (<is> )?(<very> )*(<fair>|(good|fair|great) point|how it is)\b
    (i know right|so true|true|fair( enough)?|facts|exactly|agreed|preach|real|makes sense|good point|well said)\b
    <it> makes sense
    (can not|can nobody) argue with
react_own_tale
    (<it> )?(sounds|seems|looks|acts) like (my|me|us|our)\b
    (<it> )?reminds me of (my|me|the time|when|our)\b
    <own> (?!<not_own>\b)(.{1,40} )?(did (that|it|this|the same)|too|as well|also)( (once|before|to me))?$
then_and_you_too
    (same|relatable|mood|twins|me (too|neither|either)|so (do|am|did|was|have|would) i|neither do i)\b
    i (know|feel|get) (that|you|the feeling|how (it|that) feels|what (you|that)|exactly)
    tell me about it
then_laugh
    (<it>|you) (<is> )?(be |have been )?(<very> )*(funny|hilarious)\b
    (lol|haha|ha|xd)$
react_glad
    (good|nice|great|happy|glad|well) for (you|him|her|them|all|both|everybody)
    (i am|so) ([a-z]+ )?(happy|glad|proud|relieved) (for|of|that|you|he|she|they|it)
    lucky (you|him|her|them|[a-z]+)$
    (you|he|she|they) (are|is|was|were) ([a-z]+ )?lucky
    at least (you|he|she|they|it|that|some\w*|one)
then_wow
    (<it>|those|they|he|she) (<is> )?(be |like )?(<very> )*<fine>\b
    how <fine>\b
    (sounds|seems) (like )?(<very> )*<fine>\b
    (<very> )*<fine>( (story|name|idea|plan|way|line))?$
    (i )?(love|like|respect|want) (that|it|this|him|her|them)$
    (legend|respect|goals|badass|respectable)$
react_dissuades
    (.{1,30} )?(do not|never) do <it>\b
    (please )?(do not|never) (?!<not_orders>\b)[a-z]+ (<them>|the|your)\b
react_advice
    (you|one) ((should|could)(ve)?|must|better|had better|ought|need|have to|got to|can just)\b
    (maybe|perhaps|then|or|so|and|just|please|simply) (you <will_do>|you could|<try>)\b
    (do not|never) (listen|let|trust) .*
    <do_to> (him|her|them|your [a-z]+)\b
    (someone|somebody) (should|must|ought|has to|needs to)\b
    (go )?(talk|write|speak|apologi[sz]e|say sorry|propose|listen) to <somebody>\b
    <do_with> (it|them|one|another|some|a new|that)\b(?!.*\b(me|us|my)\b)
    just (?!<not_advice>\b)[a-z]+
    (?!<asks>\b)(?!<own>\b)[a-z]+ (on|at|with|after) (him|her|them)\b
    do (something|that|this|it)\b
    (?!<asks>\b)[a-z]+ (.* )?(instead|somewhere else|next time)$
react_would_do_the_same
    i (would|could)(ve)? (have |of |probably |just |also )*(do(ne)?|did|say|said)? ?(that|it)?( too| as well| also)$
    i (would|could)(ve)? (have |of |probably |also )*(do(ne)?|did|say|said|feel|felt) (exactly )?the same
    i would be .*\b(too|as well|also)$
react_i_would
    i (would|could)ve\b
    i (would|could) (?!<polite>\b)[a-z]+(?!.*\byou\b)
    (would not|could not|would never|could never) be me
    (would|could) (never|not) (catch me|[a-z]+ that)
"""
# What means so only with a word of the NPC's in it: `what kind of soup`, `why spoons`, `you read the letters?`
SHARED = r"""
react_why_so
    (<and> )?(why|how come)\b
react_what_in
    what (is|was|were|are) (on|in|inside|under|behind|about)\b
    what (is|was|were|are) (the|your|that|this) [a-z]+ (about|for|made)\b
react_how
    how (can|could) (?!i |we )
about_which_one
    (what|which) (kind|sort|type)?s?( of )?[a-z]+$
    what (kind|sort|type) of
react_did_you
    (did|have|had) you\b
react_did_they
    (does|did|was|were|has|had|<is>) (the|your|a|an|<they>)\b
react_you_did
    you (?!<ask_for>\b)[a-z]+
react_gainsays
    (?!<asks>\b).*\b(not|no|never|nobody|overrated|ugly|worse|(is|are|was|were) (just|only))\b
"""
