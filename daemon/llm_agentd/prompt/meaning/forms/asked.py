"""The forms of what is asked, and the words that begin a sentence of each. Data; `forms.py` reads it."""

from __future__ import annotations

# Form, then what begins a sentence of it, one a line; the first form that fits is taken.
ASKED = r"""
of_player
    (what|who|which|whose) ([a-z]+ ){0,2}(is|are|was|were|did|have|had) (i|my|mine)
    (what|who|which|whose) ([a-z]+ ){0,2}do (i|my|mine)\b(?! (?:do|need|say|get|give|tell|pay|have to)\b)
    (where|when|how|why) (is|are|was|were|did|had) (i|my)
    how (many|much|old|long|often) ([a-z]+ ){0,2}(is|am|are|was|were|did|have|had) (i|my)
    how (many|much|old|long|often) ([a-z]+ ){0,2}do (i|my)\b(?! (?:need|have to|get|pay|must)\b)
    (do|would|can) you (still )?(know|remember|recall|guess|tell me) ([a-z]+ ){0,3}(my|i|me)
    did i (ever )?(tell|say|mention)
    have i (ever )?(told|said|mentioned)
reproaches
    (where|when|why|what) .{1,50}\byou (\w+ )?(promised|owe|stole|borrowed|swore)
    why did you (lie|steal|cheat|leave (me|us)|hurt|kill|attack|betray|take|break|scam|do (this|that))
    how (could|dare) you(<end>| do\b| say\b)
what_if
    what if (i|we|someone|somebody|he|she|they|it)
    what (happens|will happen|would happen) (if|when)
    if (i|we) .{1,60} what (happens|will happen|would happen)
would_if
    what if
    imagine
    (what|who|where|how) (would|will) you .{0,60}\bif
    what (would|will) you do\b
    if .{1,60} (would|will) (you|it)
    if .{1,60} (are|is|am|do|does|was) (you|it|i|he|she|they|we)
which_would_you
    (what|who|where|which|how)( \w+)? (would|will) you
    would you rather
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
remedy
    (do )?you (have|got|sell|know) (something|anything|a cure|a potion|medicine|a remedy)(?! to (say|tell|do))
    (have )?(you )?got (something|anything)
    is there (something|anything|a cure|a potion) (for|against|that helps|i can)
    (what|anything) (helps|works|can help|is good) (against|for|with)
    how (do|can) i get rid of
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
    do you (mind|hate|dislike|care|regret|fear|worry)
    do you get (scared|lonely|bored|tired|sad|angry|cold|mad|homesick|nervous|hurt)
    does (it|that|this) (?!belong).{1,30} you
    does (it|that|this) (\w+ )?(hurt|itch|tickle|smell|bother|sting|burn|ache)
think
    (do|would) you (think|believe|reckon|suppose|guess|say|agree|trust)
    you think
know
    (do|would) you (know|remember|recall|understand|recognise|recognize)
    you know (who|what|where|how|why|when|if)
are_you_a
    (are|were) you (really |actually |even |just |like |not )*(a|an|the|some|my|one of|made|from)
are_you
    (are|were|is) you
    you (ok|okay|alright|good|serious|sure|mad|scared|angry|sad|busy|lost)(?=[ .,!?]*$| lol)
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
why_not
    why (do|are|will|can|did|have|would|could|should) (not (you|we)|(you|we) not)
    why not
why_you
    (why|how come) (\w+ ){0,2}you
    what (made|makes|brings|brought|keeps) you
where_you
    (where|from where)( \w+){0,4} you
how_far
    how (deep|far|high|big|tall|wide|heavy|rich|fast|strong|large|small|thick|old)
how_long_you
    (for )?how (long|many years)( \w+){0,3} you
how_long
    (for )?how (long|many years)
    since when
how_many_you
    how (many|much)( \w+){0,4} you
how_many
    how (many|much)
how_you
    how (do|did|does|have|can|could) you
    how are you (going to|planning|supposed|able)
    what is (your|the) (secret|trick)
opinion
    what (do you|would you) (think|say|make)
    (what|how) about
    any thoughts
    (what is )?your opinion
    what are your thoughts
superlative
    (what|who|which|where) .{0,40}\b(best|worst|most|least|favourite|biggest|(?!<no_most>\b)[a-z]{3,}est)
what_kind
    what (kind|sort|type|breed|flavou?r|colou?r|brand|species)s? of
    what (kind|sort|type)
what_happened_you
    what (happened|has happened) (to|with) (you|your)
    what is (wrong|up|the matter) with you
    who (did (this|that) to|hurt|attacked|bit|killed) you
what_you
    what (\w+ )?(do|did|are|were|have|had|will) you
is_your
    (is|are|was|were|does|do|did|has|can) your
    how (is|are) your
about_yours
    (what|who|where) (is|are|was|were) (with )?your
    what is (wrong|up) with your
what_should
    what (should|shall|do|can|must|could) (i|we|one|you need)
    what does it take
should_i
    (should|shall|must) (i|we)
    do (i|we) (have to|need)
may_have
    (can|could|may|might) (i|we) (\w+ )?(have|borrow|buy|keep|get (a|an|some|the|my|your|that|this|one|it))
    can i (please )?(take|use|try) (one|some|a|the|it|that|this|your)
may_join
    (can|may|could) i (\w+ )?(sit|stay|watch|join|hang|walk|talk|play|listen|help|sleep|rest|wait)
    (can|may|could) (i|we) come\b(?! in| out| up| down)
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
    any [a-z]+ (to|for|near|around|against|in|on)
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
who_you
    (who|whose|whom) (?!are you(?: again)?<end>)(\w+ ){0,3}you
who
    (who|whose|whom)
where
    where
    which way
when_you
    (when|what (time|day|year))( \w+){0,6} you
when
    when (do|does|did|is|are|was|were|will|can|should|would)
    what time
which
    which
what_happened
    what (happen\w*|is (going on|wrong|happening|up with|the matter)|was that|did)
what_in
    what (is|are|was) (in|inside|under|behind|on|at) (?!your mind|fire)
what_like
    what (is|was|are) .{1,30} like
    what does .{1,40} (feel|taste|smell|look|sound|mean)
what_means
    what is an? [a-z]+(?=[ .?!]*$)
    what are [a-z]+s(?=[ .?!]*$)
    what does .{1,30} mean
what_is
    what (<be>|does)
what_else
    what(?! an?\b)
will_it
    (will|would|(is|are) .{1,25} going to)\b(?=.*\?)
    will (it|this|that|they|the|he|she|there)
is_true
    is it (really )?true
    is that (really )?(true|so|right|how)
was_it
    (was|were|did) (<it>|[a-z]+ [a-z]+|[a-z]+s)
    (had|has|have) (?=.{1,80}\?)(<it>|[a-z]+ [a-z]+|[a-z]+s)
is_it
    do (?!it\b|this\b|that\b|not\b)(<it>|[a-z]+s|[a-z]+ [a-z]+)
    (is|are|does|can|could|should) (<it>|(?!not )[a-z]+ [a-z]+|[a-z]+s)
tell_me
    (tell|talk|speak|say)( \w+){0,2} (me|us|about|something|of)
you_ask
    (so )?(you|your) (?=.{0,80}\?)
"""
