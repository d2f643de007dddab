"""Expressions with the verb of an order that order nothing: `follow your heart`, `give me a break`, `wait, what?`.

English, as the models that are told topics. Looked for in lines as of a book (`normalize.plain`). Pure.
"""

from __future__ import annotations

import re

# One a line. <own>: whose it may be; <end>: nothing more of the sentence.
_IDIOMS = r"""
follow <own> (own )?(heart|nose|dreams?|guts?|instincts?|passion|conscience|calling|star)
follow (the|my|our) (rules?|law|advice|example|logic|news)
hold <own> (tongue|breath|peace|temper|liquor|head (up|high))
hold (my beer|that thought)
give (it|me|us|that) a (break|rest)<end>
give (it|this|that) a (try|go|shot|thought|miss)
give (up|in)
give \w+ my (regards|best|love|thanks|greetings)
go (jump in|fly a kite|climb a tree|to (hell|the devil))
go (for it|figure|easy on|with the flow|nuts|mad|crazy|wild|broke|bad|bananas)
go (on|ahead)(?= *([,.!?]|and|then|tell|say|ask|$))
stay (safe|strong|positive|calm|cool|humble|healthy|warm|dry|sharp|alert|awake|tuned|young|golden|in touch|away)
stay out of (it|this|that|trouble|my (way|business))
stand (corrected|out)
(wait|hold on|hang on)( (a|one|just a) (sec|second|minute|min|moment))? [,.]* ?<puzzled>
(wait|just wait) (and see|(till|until) (you (see|hear|meet|try)|i (find|get|tell|catch)))
keep (the change|calm|quiet|talking|trying|smiling|in (touch|mind)|it (up|real|secret|to yourself|a secret))
keep <own> (chin up|head (up|down)|cool|word|promises?|secrets?|distance|hopes up|hair on|mouth shut)
keep (an open mind|a straight face|up the)
run (that|it) by
run in(to)? the family
take (care(?! of)|it easy|heart|five|it slow|my word|it or leave it|a (hike|hint|joke|guess|deep breath|chill))
take <own> time
open <own> (eyes?|heart|mind|ears)
light of my life
rings? (a|any|no) bells?
rings? (true|hollow)
shake (a leg|it off)
cry (me a river|wolf|over)
point (taken|made)
wave (it )?goodbye to (?!me|us|him|her|them|somebody)
break a leg
bless you
kill (time|two birds|the mood|me now)
beat around the bush
fight (fire with fire|the good fight|<own> demons)
hit the (road|hay|sack|books|spot|jackpot)
strike a (deal|balance|pose)
shoot (for the stars|the breeze)
guard <own> (heart|tongue|secrets|words)
watch <own> (mouth|tongue|step|language|words|head|manners|tone|feet|fingers|weight)
mind <own> ((own )?business|manners|step|head|tongue|language|words)
save (<own> breath|the (day|date|drama))
cover <own> (ears|eyes|mouth|tracks)
let (that sink in|bygones|sleeping dogs|it go)
get (a (life|grip|room|clue|move on)|over (it|yourself)|real|well soon|used to it|to the point)
play (along|fair|nice|dead|dumb|it (cool|safe)|with fire|<own> cards|games with)
tell me about it<end>
sweep .{1,20} under the rug
hang in there
move on(?! to)
step (on it|up <own> game)
turn over a new leaf
come (to think of it|to <own> senses|off it|clean|true|rain or shine|what may)
show me the (money|love|ropes)
lead by example
walk (on eggshells|it off|a mile in)
bring it on
help yourself
"""
_STANDS_FOR = {
    "own": "(your|my|his|her|their|our|the)",
    "end": "(?= *([,.!?]|$))",
    "puzzled": r"(?=(what|who|why|how|where|when|is|are|did|does|do you|so|really|that|this|he|she"
    r"|you (are|mean|said|have|had|did|were|never|can)|i (thought|know|remember))\b)",
}


def _read(table: str) -> re.Pattern[str]:
    spelt = re.sub(r"<(\w+)>", lambda found: _STANDS_FOR[found.group(1)], table)
    return re.compile(rf"\b(?:{'|'.join(line for line in spelt.splitlines() if line)})\b")


_IDIOM = _read(_IDIOMS)


def without(plain: str) -> str:
    """The line with a comma in the place of each."""
    return _IDIOM.sub(",", plain)


def has_one(plain: str) -> bool:
    return _IDIOM.search(plain) is not None
