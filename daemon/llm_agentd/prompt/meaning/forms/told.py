"""The forms of what is told, where a line does nothing else, and the words that begin a sentence of each. Data;
`forms.py` reads it."""

from __future__ import annotations

# Form, then what begins a sentence of it, one a line; the first form that fits is taken.
TOLD = r"""
either_or
    (?!(?:i|you|we|it|he|she)\b)(\w+ ){1,4}or (\w+ ?){1,4}(?=[ .?!]*$)
echoes
    (an?|one|two|three|four|five|ten|no|all|\d+) (?!little|game|deal)\w+( \w+)?(?= \?)
predicts
    (it|this|that|they|he|she|everything|everyone|we|you|(the|this|that|your|my) [a-z]+) (is|are) going to
    (it|this|that|they|he|she|everything|everyone|we|(the|this|that|your|my) [a-z]+) will (?!not\b)
invites
    let (us|me)
    come (with|on|and|along|over)
    (we|you) (should|could) (\w+ )?(go|come|meet|play|try|eat|drink|sit|dance)
    join
advises
    you (should\w*|must(?! (?:be|have)\b)|could|have to|need to|ought|better|had better)
secret
    (do not|never) tell
    between (you and me|us)
forbids
    (do not|stop|quit)
    never (do|say|go|let|tell|come|leave|touch|speak|give|eat|trust)
you_not
    you are too \w+ (to|for)
    you (do|did|can|could|will|would|have|are|were|should|is) (not|never)
    you never
of_you
    you (are|look|seem|sound|smell|were|act|talk|walk|have|got|must)
your_thing
    your [a-z]+
you_did
    you
hearsay
    (they|people|everyone|everybody|some\w*) (say|says|said|told|think|thinks|tell)
    i (\w+ )?(heard (that|about|of|you|your|they|people)|read|was told)
    word is
    rumou?r\w*
saw
    i (\w+ )?(saw|heard|noticed|spotted|met|smelled)
ill
    i (\w+ )?(am|was|feel|got|have been|been) (\w+ )?(sick|ill|poisoned)(?! of)
    i have (an? )?(headache|fever|cold|cough|toothache|stomach ache|flu)
    my (head|tooth|teeth|belly|stomach|throat|ear|back)s? (hurts?|aches?)
hurt
    i (\w+ )?<wounded>
    i (\w+ )?(hurt|cut|burned|burnt|broke) (myself|my <limb>)
    i (\w+ )?(almost|nearly) (died|drowned|fell|starved|froze|burned)
    i (\w+ )?(starved|froze)
    i (\w+ )?(am|was|got|have been) (\w+ )?<beaten>
    (a|an|the|some|that|your) .{1,30}\b(bit|stung|attacked|hit|shot|scratched|chased|killed) me
    my <limb> (is|are|hurts?|aches?|still)
    (it|that) hurts
    i have (a|an) (wound|broken)
mishap
    i (\w+ )?(<suffered>|broke|burned|burnt)
    i (\w+ )?(got|was) <struck>
    (my|our|somebody|someone|some \w+|they|a \w+|the \w+) .{0,40}\b(<gone>|ran away|went out|left me|hates? me)
of_kin
    my (\w+ )?<kin>
my_thing
    my [a-z]+
plans
    i (will|am going to|am off|am about|plan|intend|might|leave|am leaving|am heading|shall)
    (tomorrow|tonight|next|soon)
    (going to|im+a|off to)
lacks
    i (\w+ )?(have|got|had) (no (?!idea|time|reason|clue|choice|plans|problem)|nothing(?! to)|only)
    i do not (have|own|got)
    i (ran|am|have run) out of
    i (can not|could not) (afford|pay|find)
    (out of|no more|need more) \w+
    not enough
longs
    i (\w+ )?(want|wish|hope|would like|would love|need|have to|must|long|dream|could use)
    (we )?need
knows
    i (\w+ )?know (who|what|where|how|why|that|your|a|the|something|everything)
believes
    i (\w+ )?(<think>|feel that)
    in my opinion
feels
    i (\w+ |do not (\w+ )?|did not )?feel
    feeling
    i am <very><low>
taste
    i (\w+ |do not (really )?|never )?(like|love|enjoy|prefer|hate|dislike|miss|can ?not stand)
cannot
    i (can not|cannot|do not|did not|could not|have not|never|will not|(have|had) never|forgot)
was_once
    i (was|used to|were)
    when i
    once
    back (home|in|when|then)
has_thing
    i (\w+ )?(have|had|got|own|keep)( got)? (a|an|the|my|some|two|three|four|five|ten|many|this|these|so|\d+)
is_a
    i (am|was born) (really |actually |just |only |still |also |kind of )*(a|an|the|your|from|of|called|\d+)
is_doing
    i (am|was) (?!not\b)(\w+ )?\w+ing
    (trying|looking|working|waiting|building|making|searching|hunting|thinking|playing)
deed
    i (?!(?:can|could|will|would|should|must|may|might|never)\b)(\w+ )?(have )?(just )?(\w+ed|<did>)
    (just (\w+ed|<did>)|finally|<did>)
orders
    (just |please |then )?<do>
is_so
    i (am|look|seem)
    me
i_do
    i [a-z]+
we_did
    (we|us)
there_is_none
    there <be> (no|not|nothing|nobody)
    (nobody|nothing|no one) (is )?(here|around|home|there|left)
nobody_does
    (nobody|nothing|no one)
there_is
    there <be>
sight
    look
    see (that|this|there)
    here (is|are|comes)
happens
    (something|someone|somebody|they|(a|the) [a-z]+) (is|are) ([a-z]+ )?[a-z]+ing
wishes
    (happy|merry|blessed|may (your|the|you)|(god )?bless (you|your))
    (good luck|have (a )?(fun|nice|good|great|safe)|sleep well|get well|stay safe|take care|be careful)
supposes
    (if|maybe|perhaps)
around
    (it|this|that|these|those|everything|(the|this|that|these|those) [a-z]+|here|all)( \w+)? <is>
of_others
    (he|she|they|somebody|someone|something|a|an|one|two|three|some|the|that|this|it|every\w*|last)
orders
    (?!\w+(?:ed|s|ing|ly)\b)(?!<not_verb>\b)[a-z]{3,} (me|my|him|her|them|us|it|this|that)
"""
