"""Orders that a few plain words give away, where the action is on offer: `fall back!`, `go over to Hugo`, `don't`.

The classifier of topics is right most of the time; an order that is not followed is what players notice first, so these
words decide before it. They are looked for in what `imperatives.told` makes of a line, where not said otherwise.
English, as the models that are told topics. Pure.

What may stand between two words of an order is at most 80 letters (`.{0,80}`): with `.*` each `call` would look for its
`help` through all of the text.
"""

from __future__ import annotations

import re

GO = re.compile(
    r"\b(?:go|walk|head|run(?! the)|move|get (?:to|over|back|down|up|out|in|home|there|going|moving|you)|come"
    r"|return|show me|lead|take me|bring me|hurry|rush|march|hike|ride|travel|proceed"
    r"|visit|patrol|inspect|check|report to|(?:swing|stop|drop|pop) by|(?:take|have) a (?:quick )?look|look (?:at"
    r"|in on)"
    r"|make your way|(?:wait|meet (?:me|us|them|somebody)|find me) (?:over )?(?:at|in|by|near|on))\b"
    r"|(?:^|[,.!;] ?)(?:please |now |and )*(?:off|back|over|down|up|home|to)\b"
)
NEEDED = re.compile(
    r"\b(?:needs?|wants?) you (?:over |back |down |up )?(?:at|in|by|on)\b|\byou are (?:needed|wanted) (?:at|in|by"
    r"|on)\b"
)  # whoever it is that needs them there
LEADS = re.compile(r"\b(?:lead|take|bring|walk) (?:me|us|the way)\b")  # the player wants to be led, not told
ASKS_WAY = re.compile(
    r"\b(?:where|which way|how (?:do|can|to|far)|way to|directions?|is there|what is|do you know)\b", re.I
)
WHERE = re.compile(
    r"\b(?:where|which way|how (?:do|can) (?:i|we|one) (?:get|come|go)|is there)\b", re.I
)  # in the words as they were typed
WITH_SOMEBODY = re.compile(
    r"\b(?:follow|stick (?:to|with)|(?:stay|go|walk|keep|remain|travel|ride|come|head|tag along|hang|run)"
    r" (?:close |near |along |right )?(?:to|with|by|behind)|keep an eye|look after|watch over|accompany|escort|join"
    r"|shadow|tail|help)\b(?: \w+){0,2}? (?:somebody|him|her|them)\b"
)
TO_SOMEBODY = re.compile(
    r"\b(?:go|walk|head|run|get|move|come|hurry|rush|step)\b(?: (?!close|near|with|,)\w+){0,3}? to\b"
    r"|\b(?:check(?: up| in)? on|look in on|drop by|pay)\b"
    r"|\b(?:go|run|hurry)(?: and| over| over and)? (?:see|find|tell|ask|visit|wake|fetch|get|meet|help|talk|speak"
    r"|look for"
    r"|comfort|greet|warn|join|check)\b|\b(?:visit|find|fetch|wake) (?:somebody|him|her)\b"
)
_ATTACK = re.compile(
    r"\b(?:attack|kill|slay|fight|strike|beat|punch|hit|hurt|stab|shoot|smash|finish|destroy|crush|charge|murder"
    r"|eliminate|slaughter|target|engage|focus(?: on)?|(?:go|fire|aim|shoot|swing) (?:for|after|at)|sic|smack"
    r"|bash|wreck"
    r"|take (?:down|out|on|care of)|(?:bring|put|cut|strike) down|deal with|get rid of) (?:\w+ ){0,3}$"
)
_ATTACK_IN_FIGHT = re.compile(r"\b(?:get|take|stop|handle|chase|rush|on|bring|yours is) (?:\w+ ){0,2}$")
STRIKES = re.compile(
    r"\b(?:attack|kill|slay|fight|strike|hit|shoot|stab|destroy|finish|smash|get|take out|take down) "
    r"(?:it|him|her|them|that|this|those|these|back)\b|\battack\b"
)  # whom the game knows alone
WITH_ME = re.compile(
    r"\b(?:(?:follow|accompany|escort|join|shadow) (?:me|us)|come (?:along|on with)|tag along|keep me company"
    r"|(?:come|go|walk|travel|ride|head|run|move|march|hike|venture|explore|hunt|fish|mine|swim|sail|stick|hang)"
    r"(?: (?!and\b)\w+){0,5}? with (?:me|us)\b"
    r"|(?:stay|stick|keep|remain|walk|be|come|right|close) (?:right |very |so )*"
    r"(?:close|near|nearby|behind|beside|next|by|with|up|at)(?: to| with| at| my)*"
    r" (?:me|us|side|heels|back)\b|(?:stay|stick|keep) (?:close|near|nearby)(?= *(?:[^\w ]|$))"
    r"|come (?:and )?(?:see|look at|check out|help)(?! me later)\b(?= (?:my|our|this|what|the))"
    r"|(?:need|want|like|have) you (?:to come|along|beside me|with (?:me|us)|(?:at|by) my side)"
    r"|be my (?:\w+ )?(?:companion|bodyguard|guide|escort|guard|partner|sidekick)"
    r"|(?:shall we|let us) (?:\w+ )?(?:go|move|get going|head (?:out|off)|leave|roll)(?! back)\b)"
    r"|(?:^|[^\w ] )(?:please |so |and )*(?:with me|after me|you coming|are you coming)"
    r"(?= *(?:$|[^\w ]|or\b|too\b|with\b|along\b|now\b))"
    r"|(?:^|[^\w ] ?)(?:please |ok |then |now )*come(?: on| now| please)*(?= *(?:$|[!.,]))"
)
_BRIEFLY = (
    r"(?:a|an|one|two|just a|for a|for one|for just a|half a) (?:sec\w*|moment|minutes?|bit|while|hour|tick|jiffy)"
)
STAY = re.compile(
    r"\b(?:stay|wait|remain|stop|stand|hang|sit|hold|keep|freeze|rest|camp|chill)"
    r" (?:right |just |over |out |around |tight |on )*"
    r"(?:here|there|around|put|still|tight|behind|in place|where you (?:are|stand)|on the spot|until|while"
    r"|for (?:me|us)"
    r"|(?:with|by|at|near|beside|next to) (?:my|our|this|that) \w+"
    rf"|{_BRIEFLY})\b"
    r"|\bdo not (?:you )?(?:dare )?(?:to )?(?:move|budge|leave(?! (?:anything|it|any))|wander|run (?:off|away)"
    r"|walk (?:off|away)|go (?:any\w*|away|off|far)|step)\b"
    r"|\b(?:guard|watch|mind|keep an eye on|look after|take care of) (?:my|our|these|this"
    r"|the) \w+.{0,30}\b(?:while|until)\b"
    r"|\b(?:guard|keep watch|stand guard|keep guard)(?: over)? (?:here|this (?:spot|place|door|post))\b"
    r"|\bnot (?:a|another) (?:step|move|inch)\b(?! back)"
)
STAY_ALONE = re.compile(
    r"(?:^|[^\w ] ?)(?:please |just |you |no |ok |now |then )*"
    r"(?:stay|wait|halt|freeze|stop moving|wait up|do not move|stay a while)(?= *(?:please|now|wait|stay)? *(?:$"
    r"|[.!,]))"
)
OPEN = re.compile(
    r"\b(?:(?:open|unlock|unbar|unbolt)(?: up)?\b.{0,30}\b(?:door|gate)|(?:open|unlock)(?: up| it)\b"
    r"|let (?:me|us) (?:\w+ )?(?:in|inside|through|out|pass)\b|(?:get|answer) the (?:door|gate)\b)"
)
PROTECT = re.compile(
    r"\b(?:cover|guard|protect|defend|shield|keep (?:\w+ )?(?:safe|alive)|watch (?:my|our|his|her|over)"
    r"|save (?:me|us)"
    r"|look (?:after|out for)|take care of|keep an eye on|stand by|got my back|have my back)\b"
)
OF_ME = re.compile(r"\b(?:me|us|my|our|i)\b")
NOT_TO = re.compile(
    r"\b(?:(?<!why )(?<!\bi )(?<!we )(?<!they )(?<!people )(?<!if you )(?<!when you )(?:don'?t|do not)"
    r"|(?:i|we) (?:don'?t|do not) (?:really |even )?(?:want|need|wish|like)"
    r"(?! to (?!buy|trade|take|sell|have|pay|spend))|(?<!\bi )(?<!i have )never(?! ?mind)|no (?:need|reason) to"
    r"|stop (?:it|that)|(?:stop|quit) \w+ing|must not|mustn'?t|shouldn'?t|should not|needn'?t"
    r"|(?<!bet )you (?:can not|may not)"
    r"|(?:i|we) (?:won'?t|will not|would not|wouldn'?t|(?:am|are) not|aint|ain'?t))\b"
    r"|\bleave\b.{0,80}\b(?:alone|off|be|closed|shut)\b|\blet\b.{0,80}\blive\b",
    re.I,
)
FLEES = re.compile(r"\b(?:flee|run (?:for|away|now)|save yourself|escape|bail)\b|\brun(?= *(?:[!.,]|$))")
IN_FIGHT = (
    (
        "retreat",
        re.compile(r"\b(?:fall|pull|get|back|every(?:one|body)) (?:back|off|out|up)\b|\bretreat|\bwithdraw"),
    ),
    ("hold", re.compile(r"\bhold\b(?! on\b)|\bstand (?:your|firm|fast|ground)|\bstay put\b|\b(?:not|give) an inch\b")),
    (
        "call_help",
        re.compile(
            r"\b(?:call|shout|yell|send|get|fetch|need|cry|scream|ask|bring|signal|whistle)\b.{0,80}"
            r"\b(?:help|others|guards?|backup|reinforcements?|support|aid|assistance)\b|\bhelp ?!"
            r"|\b(?:raise|sound|ring) the (?:alarm|alert|bell|horn)|\b(?:alert|warn|rally|summon) (?:the|your|our"
            r"|every)\b"
        ),
    ),
    (
        "flank",
        re.compile(
            r"\bflank|\bcircle\b|\b(?:the|to|from|on|go|your|its|his|her|their|our|my|move|swing) (?:left|right)\b"
            r"|\b(?:left|right) (?:side|flank)\b|\baround (?:them|it|him|her|the|that|behind|back)\b|\bgo around\b"
            r"|\b(?:from|get|go|come|sneak|attack) (?:up )?(?:the side|behind)\b"
        ),
    ),
    ("flee", FLEES),
)  # fmt: skip
NO_INCH = re.compile(r"\b(?:do not|never|not) (?:\w+ )?(?:give|lose|yield)? ?(?:an inch|ground|a step back|give way)\b")
GIVES = re.compile(
    r"\b(?:take (?:this|these|it|them|my)|a (?:gift|present) (?:for|from)|(?:is|are|s|gift|present|one|some) for you"
    r"|\d+ \w+ for you|all yours|i give you|i brought you|have this|keep (?:it|them|this))\b"
)
TAKES = re.compile(r"\b(?:take|accept|keep|have)\b|\bhere(?: is| are)?\b(?= (?!with|on|for a)\w)|^\W*catch\b")
HANDS_OVER = re.compile(
    r"\b(?:yours|(?:for|brought|bring|give|giving|got) you|you can (?:have|keep|take)|you (?:gift|present)"
    r"|your (?:gift|present)|a (?:gift|present))\b"
)  # these two beside the name of what the player holds out
_ADVERB = r"(?:(?:please|really|also|just|maybe|totally|kind of|only|badly|still) )*"
ASKS_FOR = re.compile(
    r"\b(?:give|hand|pass|get|bring|fetch|throw|lend|toss|loan|slip|chuck|share) (?:over )?"
    r"(?:me|us|that|those|some|the|a|an|one)\b|\bspare\b|\bhook (?:me|us) up\b|\bhand over\b"
    rf"|\b(?:can|could|may|might|mind if) (?:i|we) {_ADVERB}(?:have|get|take|borrow|grab|use|steal|bum)\b"
    r"|\blet (?:me|us) (?:have|borrow|take|get)\b"
    rf"|\b(?:i|we) (?:am |are )?{_ADVERB}(?:could {_ADVERB}(?:use|do with)|would {_ADVERB}(?:like|love|take"
    rf"|kill for)|need"
    rf"|want|dying for|in need of|will (?:have|take))\b|\bcould {_ADVERB}use\b"
    r"|(?:^|[^\w ] |\b(?:got|have) )any (?:\w+ )?\w+ (?:for me|for us|to spare|left)"
)
BEGS = re.compile(
    r"\b(?:free|gift|present|spare|poor|broke|for nothing|kindness|mercy|no (?:coins?|money|gold))\b", re.I
)  # these and those below in the words as they were typed
BUYS = re.compile(
    r"\b(?:buy|purchase|(?:give|get|hand|sell|pass|bring|wrap) me|let me (?:have|get|buy)"
    r"|(?:i|we)(?:'?ll| will) (?:take|have|get|grab|go for)|i'?d (?:like|love|take)|(?:i"
    r"|we) (?:\w+ )?(?:would like|need|want)"
    r"|i'?m after|looking for|(?:can|could|may) (?:i|we) (?:\w+ )?(?:get|have|buy|grab|take)|down for|interested in"
    r"|(?:gonna|going to|gotta|have to|got to) (?:need|get|buy)|wanna buy|gimme|lemme get"
    r"|of (?:those|these|your|them)|deal|business|trade)\b",
    re.I,
)
ASKS = re.compile(r"^\W*(?:what|where|who|why|when|how|do|does|did|are|is|was|were|have|has|should)\b", re.I)
OF_THE_SPEAKER = re.compile(
    r"^\W*(?:i|my|he|she|they|it|the|this|that|we)\b(?!.*\b(?:you|u|ur|please|pls)\b)", re.I
)  # what somebody does or wants, and nothing that the listener shall do
GESTURES = re.compile(
    r"\b(?:wave|point|nod|bow|shrug|laugh|cry|dance|follow|attack|go|open|ring"
    r"|beckon|shake (?:your|the) head|count to)\b"
)
SIDE = re.compile(r"\b(left|right)\b(?! (?:now|away|here|there|back|behind|alone))", re.I)
# Of trade: a price that is offered, a thing that the player sells, a count before a thing.
OFFERS = re.compile(
    r"\b(?:take|accept|give (?:you|u)|offer|pay|how about|what about|make it|say|only|coins?|for (?:it|the|that"
    r"|\d+))\b",
    re.I,
)
SELLS = re.compile(
    r"\b(?:sell(?:ing)? (?:you|u|this|my|these|some|a|an)|want to sell|buy (?:this|my|these)|i (?:have|got)"
    r"|here is)\b",
    re.I,
)
CHEAPEST = re.compile(r"\bcheap(?:er|est)\b", re.I)
DEAREST = re.compile(
    r"\b(?:most (?:expensive|costly|valuable)|more (?:expensive|costly)|dear(?:er|est)|priciest)\b", re.I
)
ENOUGH = re.compile(r"\b(?:enough|afford)\b", re.I)
COUNTED = re.compile(r"\b((?:half a )?\w+)\s+(?:(?:of|more|your|those|these|the|fresh|good|big|small)\s+){0,2}$", re.I)
COUNTED_BEHIND = re.compile(r"\W*(\w+)(?: of (?:them|those|these)| pieces?| please| pls|\W*$)", re.I)
COUNTED_ANEW = re.compile(
    r"\b(?:no|nah|actually|wait|sorry|or|better|rather|hmm?)\b\W+(?:\w+\W+)?make (?:it|that) (\w+)(?! coins?| gold)",
    re.I,
)  # `no, make it two`
ASKS_PRICE = re.compile(r"\b(?:how much|cost|costs|price|worth|how many coins|do i owe)\b", re.I)


def attacks(before: str, in_fight: bool = False) -> re.Match[str] | None:
    """The verb in the words before somebody's name that tells to attack them."""
    return _ATTACK.search(before) or (_ATTACK_IN_FIGHT.search(before) if in_fight else None)
