"""The forms of a line, and the words that begin a sentence of each. Data; `forms.py` reads it."""

from __future__ import annotations

# Groups of words that the table below names in <>.
WORDS = {
    "kin": """mother father brother brothers sister sisters son sons daughter daughters wife husband uncle aunt cousin
        cousins grandma grandpa grandmother grandfather granny friend friends boss teacher neighbour neighbours family
        parents baby children boyfriend girlfriend master captain mate mates team clan nephew niece child""",
    "good": """nice good great best kind funny cool awesome sweet smart wise clever brave strong beautiful pretty cute
        amazing wonderful lovely friendly handsome helpful legend""",
    "suffered": """lost broke fell missed failed died burned burnt hurt cut almost nearly forgot spilled ruined dropped
        messed screwed starved drowned""",
    "struck": "lost robbed hurt killed beaten bitten stung stuck sick fired caught blown cheated",
    "gone": """died dead broke broken hurt hurts stole stolen gone lost sick ill missing burned burnt destroyed killed
        ate bit robbed attacked""",
    "did": """killed found won built made beat caught saw went came got did ate took left ran met bought sold broke lost
        fell dug slept gave brought put wrote swam fought heard kept been rode drank""",
    "think": """think believe guess suppose reckon bet know swear promise doubt wonder thought figured expected see
        agree""",
    "do": """give put play sing show bring take throw open close make get go come leave stay wait hold fetch stand sit
        run pick drop keep try eat drink read write draw dance hide follow move turn smile hurry watch fix cook sell
        buy use find kill wake touch race dare promise ask call shut answer name guess count lend pay forget remember
        trust believe teach""",
    "it": "it this that these those they he she everything everyone everybody there my people",
    "be": "am is are was were",
    "no_most": "priest forest chest guest quest harvest request interest",
    "is": "is are was were looks look smells smell feels feel seems sounds tastes has have got",
}
# Form, then what begins a sentence of it, one a line; the first form that fits is taken.
TABLE = r"""
exclaims
    what an?
    how (nice|sad|lovely|odd|strange|funny|awful|cute|pretty)
    such an?
    so (much|many)
of_player
    (what|who|which|whose) ([a-z]+ ){0,2}(is|are|was|were|did|have|had) (i|my|mine)
    (where|when|how|why) (is|are|was|were|did|had) (i|my)
    how (many|much|old|long|often) ([a-z]+ ){0,2}(is|am|are|was|were|did|do|have|had) (i|my)
    (do|would|can) you (still )?(know|remember|recall|guess|tell me) ([a-z]+ ){0,3}(my|i|me)
    did i (ever )?(tell|say|mention)
    have i (ever )?(told|said|mentioned)
would_if
    (what|who|where|how) (would|will|could) you
    what if
    imagine
    if .{1,60} (would|will) (you|it)
ever
    (have|did|had|were|has) you ever
    (you )?ever [a-z]+
    have you been
habit
    (do|does) you (ever|often|always|usually|sometimes|still|really|all)
    how often
seen
    i (am|was) (looking|searching) for
    i (seek|search)
    (have|did|do) you (just )?(see|seen|hear|heard|met|meet|notice|noticed|smell|feel)
have_thing
    do you (have|own|keep|carry|sell|stock|serve)
    have you (got|any|a)
    got (any|a|some)
offers
    ((do|would|did) you )?(want|like to|care to|care for|fancy)(?! you| to be)
    would you (like|rather)
like
    (do|does|would) you (like|love|enjoy|miss|prefer|want|wish)
mind
    do you (mind|hate|dislike|care|regret|fear|worry|get)
    does (it|that) .{1,30} you
think
    (do|would) you (think|believe|reckon|suppose|guess|say|agree|trust)
    you think
know
    (do|would) you (know|remember|recall|understand|recognise|recognize)
    you know (who|what|where|how|why|when|if)
are_you_a
    (are|were) you (really |actually |even |just )?(a|an|the|some|my|one of|made|from)
are_you
    (are|were|is) you
    you (ok|okay|alright|good|serious|sure|mad|scared|angry|sad|busy|lost)
request
    (can|could) you (\w+ ){0,4}(me|us|my|our|this|these|that|it|for|to)
    (will|would) you (\w+ ){0,3}(me|us|my|our)
    help me
would_you
    (would|could|might|should) you
can_you
    (can|will) you
did_you
    (did|had|have) you
do_you
    (do|does) you
why_you
    (why|how come) (\w+ ){0,2}you
    what (made|makes|brings|brought|keeps) you
how_far
    how (deep|far|high|big|tall|wide|heavy|rich|fast|strong|large|small|thick|old)
how_long
    (for )?how (long|many years)
    since when
how_many
    how (many|much)
how_you
    how (do|did|does|have|can|could) you
    what is (your|the) (secret|trick)
opinion
    what (do you|would you) (think|say|make)
    (what|how) about
    any thoughts
    (what is )?your opinion
    what are your thoughts
superlative
    (what|who|which|where) .{0,40}\b(best|worst|most|least|favourite|biggest|(?!<no_most>\b)[a-z]{3,}est)
what_you
    what (\w+ )?(do|did|are|were|have|had|will) you
is_your
    (is|are|was|were|does|do|did|has|can) your
    how (is|are) your
about_yours
    (what|who|where) (is|are|was|were) (with )?your
    what is (wrong|up) with your
what_should
    what (should|do|can|must|could) (i|we|one|you need)
    what does it take
should_i
    (should|shall|must) (i|we)
    do (i|we) (have to|need)
may_i
    (can|may|could|might) (i|we|my \w+)
    (am i|are we) allowed
    is it (ok|okay|fine|alright)
    mind if
am_i
    (am|do|did|will|was|have|would) (i|we)
is_there
    (is|are|was|were) there
    any(one|body|thing)?( \w+){1,6} (around|here|near\w*|left)
    anyone
how_to
    how (do|does|can|could|should|would|am|to)
    teach me
how_is
    how (<be>|did|has|have)
    how (dangerous|hard|cold|bad|good|safe|difficult)
why
    why
    how come
who
    (who|whose|whom)
where
    where
    which way
when
    when (do|does|did|is|are|was|were|will|can|should|would)
    what time
which
    which
what_happened
    what (happen\w*|is (going on|wrong|happening|up with|the matter)|was that|did)
what_like
    what (is|was|are) .{1,30} like
    what does .{1,40} (feel|taste|smell|look|sound|mean)
what_is
    what (<be>|does)
what_else
    what
will_it
    (will|would|(is|are) .{1,25} going to)\b(?=.*\?)
    will (it|this|that|they|the|he|she|there)
is_it
    (is|are|was|were|does|do|did|has|have|can|could|should) (<it>|(?!not )[a-z]+ [a-z]+|[a-z]+s)
tell_me
    (tell|talk|speak|say)( \w+){0,2} (me|us|about|something|of)
invites
    let (us|me)
    come (with|on|and|along|over)
    (we|you) (should|could) (\w+ )?(go|come|meet|play|try|eat|drink|sit|dance)
    join
advises
    you (should|must|could|have to|need to|ought|better|had better)
secret
    (do not|never) tell
    between (you and me|us)
forbids
    (do not|stop|quit)
    never (do|say|go|let|tell|come|leave|touch|speak|give|eat|trust)
praise_you
    you (are|look|seem|sound) (\w+ )?(so |really |very |pretty |the |a |an )*<good>
of_you
    you (are|look|seem|sound|smell|were|act|talk|walk|have|got)
your_thing
    your [a-z]+
    (nice|cool) [a-z]+
you_did
    you
hearsay
    (they|people|everyone|everybody|some\w*) (say|says|said|told|think|thinks|tell)
    i (\w+ )?(heard|read|was told)
    word is
    rumou?r\w*
mishap
    i (\w+ )?<suffered>
    i (\w+ )?got <struck>
    (my|our|somebody|someone|some \w+|they|a \w+|the \w+) .{0,40}\b(<gone>|ran away|went out|left me|hates? me)
of_kin
    my (\w+ )?<kin>
my_thing
    my [a-z]+
    mine
plans
    i (will|am going to|am off|am about|plan|intend|might|leave|am leaving|am heading)
    (tomorrow|tonight|next|soon)
    going to
longs
    i (\w+ )?(want|wish|hope|would like|would love|need|have to|must|long|dream|could use)
    (we )?need
believes
    i (\w+ )?(<think>|feel that)
feels
    i (\w+ )?feel
    feeling
taste
    i (\w+ )?(like|love|enjoy|prefer|hate|dislike|miss|can ?not stand)
cannot
    i (can not|cannot|do not|did not|could not|have not|never|will not|(have|had) never|forgot)
    nobody
was_once
    i (was|used to|were)
    when i
    once
    back (home|in|when|then)
has_thing
    i (\w+ )?(have|had|got|own|keep)( got)? (a|an|the|my|some|two|three|four|five|ten|many|no|this|these|so|\d+)
deed
    i (\w+ )?(have )?(just )?(\w+ed|<did>)
    (just|finally|<did>)
orders
    <do>
is_so
    i (am|look|seem)
    me
i_do
    i [a-z]+
we_did
    (we|us)
there_is
    there <be>
sight
    look
    see (that|this|there)
    watch out
    here (is|are|comes)
happens
    (something|someone|somebody|they|(a|the) [a-z]+) (is|are) ([a-z]+ )?[a-z]+ing
wishes
    (happy|merry|blessed|may (your|the|you)|(god )?bless)
supposes
    (if|maybe|perhaps)
around
    (it|this|that|these|those|everything|(the|this|that|these|those) [a-z]+|here|all)( \w+)? <is>
of_others
    (he|she|they|somebody|someone|something|a|an|one|two|three|some|the|that|this|every\w*|last)
"""
