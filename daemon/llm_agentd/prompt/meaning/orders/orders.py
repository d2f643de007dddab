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
    r"|visit|patrol|guard|man|secure|inspect|check|report to|(?:swing|stop|drop|pop) by|(?:take"
    r"|have) a (?:quick )?look|look (?:at"
    r"|in on)"
    r"|make your way|(?:(?:wait|stand)(?: for (?:me|us))?|meet (?:me|us|them|somebody)|find me) (?:over )?(?:at"
    r"|in|by|near"
    r"|on))\b"
    r"|(?:^|[,.!;] ?)(?:please |now |and )*(?:off|back|over|down|up|home|to)\b"
)
NEEDED = re.compile(
    r"\b(?:needs?|wants?) you (?:over |back |down |up )?(?:at|in|by|on)\b|\byou are (?:needed|wanted) (?:at|in|by"
    r"|on)\b"
    r"|\blet us (?:\w+ )?(?:meet|gather|regroup)(?: \w+)? (?:at|in|by|near|on)\b"
)  # whoever it is that needs them there
LEADS = re.compile(
    r"\b(?:lead|take|bring|walk) (?:me|us|the way)\b|\bshow (?:me|us) the way\b"
)  # the player wants to be led, not told
ASKS_LEAVE = re.compile(r"^\W*(?:can|could|may|might|shall|should) (?:i|we)\b")
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
COME_HERE = re.compile(
    r"\b(?:come|get|step|move|walk|hurry|run|go) (?:\w+ )?(?:here|closer|nearer)\b(?! from)|\bcome (?:over"
    r"|to me)(?= *(?:$|[!,.]))"
    r"|(?:^|[,.!] ?)(?:over )?here(?= *(?:$|[!,]))"
)
SENDS = re.compile(  # where these begin an order
    r"\b(?:fetch|get|call|warn|wake|alert|see|visit|approach|find|check on) somebody\b|\bsee (?:what|how|if"
    r"|to) somebody\b"
)
TO_SOMEBODY = re.compile(
    r"\b(?:go|walk|head|run|get|move|come|hurry|rush|step)\b(?: (?!close|near|with|,)\w+){0,3}? to\b"
    r"|\b(?:take|bring|carry|deliver) (?:(?:this|these|it|that|them|the|my|some|a|an) )(?:\w+ ){0,3}?to somebody\b"
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
    r"\b(?:attack|kill|slay|fight|strike|hit|shoot|stab|destroy|finish|smash|get|stop) "
    r"(?:it|him|her|them|em|that|this|those|these|back)\b|\battack\b|\bopen fire\b|\bfire at\b"
    r"|\b(?:take|bring|put|cut) (?:it|him|her|them|that thing) (?:down|out)\b"
    r"|\b(?:fight|strike|charge|shoot)(?: back| now)?(?= *(?:$|[!.,]))"
)  # whom the game knows alone
WITH_ME = re.compile(
    r"\b(?:(?:follow|accompany|escort|join|shadow) (?:me|us)|come (?:along|on with)|tag along|keep me company"
    r"|(?:come|go|walk|travel|ride|head|run|move|march|hike|venture|explore|hunt|fish|mine|swim|sail|stick|hang)"
    r"(?: (?!and\b)\w+){0,5}? with (?:me|us)\b"
    r"|(?:stay|stick|keep|remain|walk|be|come|trail|fall in|right|close) (?:right |very |so )*"
    r"(?:close|near|nearby|behind|beside|next|by|with|up|at)(?: to| with| at| my)*"
    r" (?:me|us|side|heels|back)\b|(?:stay|stick|keep) (?:close|near|nearby)(?= *(?:[^\w ]|$))"
    r"|come (?:and )?(?:see|look at|check out|help)(?! me later)\b(?= (?:my|our|this|what|the))"
    r"|be my (?:\w+ )?(?:companion|guide|escort|partner|sidekick)|come (?:over )?to my|come too|keep up"
    r"|catch up with (?:me|us)"
    r"|(?:shall we|let us) (?:\w+ )?(?:go|move|get going|head (?:out|off)|leave|roll)(?! back)\b)"
    r"|(?:^|[^\w ] )(?:please |so |and )*(?:(?:with|after|behind|beside|next to) (?:me|us)|you coming|are you coming)"
    r"(?= *(?:$|[^\w ]|or\b|too\b|with\b|along\b|now\b))"
    r"|(?:^|[^\w ] ?)(?:please |ok |then |now )*come(?: now| please)*(?= *(?:$|[!.,]))"
)
BESIDE = re.compile(  # whoever it is that wants it
    r"\b(?:need|want|like|have) you (?:along|beside (?:me|us)|with (?:me|us)|(?:at|by) my side)\b"
    r"|\b(?:could use|want|need|would like|would love|looking for) (?:some |your |a bit of |a |an )?"
    r"(?:company|companion|escort|guide|some(?:one|body) (?:to (?:come|go|travel|walk) )?with me)\b"
    r"|\b(?:let us|we should|we could|shall we|want to) (?:\w+ ){0,3}together\b"
)
_BRIEFLY = (
    r"(?:a|an|one|two|just a|for a|for one|for just a|half a) (?:sec\w*|moment|minutes?|bit|while|hour|tick"
    r"|jiffy)(?= *(?:$|[!.]|here|please|for|while|until|, i\b|, do not))"
)
STAY = re.compile(
    r"\b(?:stay|wait|remain|stop|stand|hang|sit|hold|keep|freeze|rest|camp|chill)"
    r" (?:right |just |over |out |around |tight |on |it |down |back )*"
    r"(?:here|there|around|outside|inside|put|still|tight|behind|in place|where you (?:are|stand)|on the spot"
    r"|until|while|for (?:me|us|my|our)"
    r"|(?:with|by|at|near|beside|next to) (?:my|our|this|that|the|these) \w+"
    rf"|{_BRIEFLY})\b"
    r"|\bdo not (?:you )?(?:dare )?(?:to )?(?:move|budge|leave(?! (?:anything|it|any))|wander|run (?:off|away)"
    r"|walk (?:off|away)|take another step|go (?:any\w*|away|off|far)|step)\b"
    r"|\b(?:guard|watch|mind|keep an eye on|look after|take care of) (?:my|our|these|this"
    r"|the) \w+.{0,30}\b(?:while|until)\b"
    r"|\b(?:guard|keep watch|stand guard|keep guard)(?: over)? (?:here|this (?:spot|place|door|post))\b"
    r"|\b(?:stop|quit) (?:walking|moving|running)\b|\b(?:sit|rest) down\b"
    r"|\bnot (?:a|another) (?:step|move|inch)\b(?! back)"
)
STAY_ALONE = re.compile(
    r"(?:^|[^\w ] ?)(?:please |just |you |no |ok |now |then )*"
    r"(?:stay|wait(?!.*\w.*\?)|halt|freeze|stop moving|wait up|do not (?:move|go)|stay a while)(?= *(?:please|now"
    r"|wait|stay)? *(?:$"
    r"|[.!,]))"
)
OPEN = re.compile(
    r"\b(?:(?:open|unlock|unbar|unbolt)(?: up)?\b.{0,30}\b(?:door|gate)|(?:open|unlock)(?: up| it)\b"
    r"|let (?:me|us) (?:\w+ )?(?:in|inside|through|out|pass)\b|(?:get|answer) the (?:door|gate)\b)"
)
PROTECT = re.compile(
    r"\b(?:cover|guard|protect|defend|shield|keep (?:\w+ )?(?:safe|alive)|watch (?:my|our|his|her|over)"
    r"|save (?:me|us)"
    r"|look (?:after|out for)|take care of|keep an eye on|stand by"
    r"|(?:stay|stand|get|step|come|keep) (?:right )?(?:in )?(?:between|front of)|be my (?:\w+ )?(?:shield|guard"
    r"|bodyguard|protector)|watch somebody's back|got my back"
    r"|have my back)\b"
)
HELP_IN_FIGHT = re.compile(
    r"\b(?:help|save|rescue|aid|support|assist|stay (?:on|with|by|near)) somebody\b"
    r"|\bsomebody (?:needs? (?:help|us|you|saving)|is (?:in trouble|down|hurt|dying|surrounded|in danger))\b"
)
OF_ME = re.compile(r"\b(?:me|us|my|our|i)\b")
NOT_TO = re.compile(
    r"\b(?:(?<!why )(?<!\bi )(?<!we )(?<!they )(?<!people )(?<!if you )(?<!when you )(?:don'?t|do not)"
    r"|(?:i|we) (?:don'?t|do not) (?:really |even )?(?:want|need|wish|like)"
    r"(?! to (?!buy|trade|take|sell|have|pay|spend))|(?<!\bi )(?<!i have )never(?! ?mind)|no (?:need|reason) to"
    r"|stop (?:it|that)(?=\W*$|[,.!])|(?:stop|quit) \w+ing|must not|mustn'?t|shouldn'?t|should not|needn'?t"
    r"|(?<!bet )you (?:can not|may not)"
    r"|(?:i|we) (?:won'?t|will not|would not|wouldn'?t|(?:am|are) not|aint|ain'?t))\b"
    r"|\bleave\b.{0,80}\b(?:alone|off|be|closed|shut)\b|\blet\b.{0,80}\blive\b",
    re.I,
)
FLEES = re.compile(r"\b(?:flee|run (?:for|away|now)|save yourself|escape|bail)\b|\brun(?= *(?:[!.,]|$))")
IN_FIGHT = (
    (
        "retreat",
        re.compile(r"\b(?:fall|pull|get|back|every(?:one|body)) (?:back|off|out|up)\b|\bretreat|\bwithdraw|\bdisengage"
            r"|\b(?:move|step|go|run) back\b|\b(?:have|need|got) to (?:go|leave|get out|run)\b|(?:^"
            r"|[,.!] ?)back(?= *(?:$|[!,.]))"),
    ),
    (
        "hold",
        re.compile(
            r"(?<!not )\bhold\b(?! on\b)|\bstand (?:your|firm|fast|ground)|\bstay put\b|\b(?:not|give) an inch\b"
        ),
    ),
    (
        "call_help",
        re.compile(
            r"\b(?:call|shout|yell|send|get|fetch|need|cry|scream|ask|bring|signal|whistle)\b.{0,80}"
            r"\b(?:help|others|guards?|backup|reinforcements?|support|aid|assistance)\b|\bhelp ?!|\b(?:someone"
            r"|somebody|anyone) help\b|\bhelp us(?= *(?:$|[!,.]|some|any))|\bmore (?:men"
            r"|guards|hands|people|fighters|swords)\b"
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
    r"\b(?:take (?:this|these|it|them|my)(?! (?:\w+ )?to )|a (?:gift|present) (?:for|from)|(?:is|are|s|gift"
    r"|present|one|some) for you"
    r"|\d+ \w+ for you|all yours|i give you|i brought you|have this|keep (?:it|them|this))\b"
)
TAKES = re.compile(
    r"\b(?:take|accept|keep|have|hold (?:on to |onto )?(?:this|these|my))\b"
    r"|\bhere(?: is| are)?\b(?= (?!with|on|for a)\w)|^\W*catch\b"
)
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
    rf"|want|dying for|in need of|will (?:have|take))\b|\bcould {_ADVERB}use\b|\b(?:trouble|bother|beg"
    rf"|ask) you for\b|\bmind (?:an?|some|one|two|three|\d+)\b"
    r"|(?:^|[^\w ] |\b(?:got|have) )any (?:\w+ )?\w+ (?:for me|for us|to spare|left)"
)
BEGS = re.compile(
    r"\b(?:free|gift|present|spare|poor|broke|for nothing|kindness|mercy|no (?:coins?|money|gold))\b", re.I
)  # these and those below in the words as they were typed
BUYS = re.compile(
    r"\b(?:buy|purchase|(?:give|get|hand|sell|pass|bring|wrap) me|let me (?:have|get|buy)"
    r"|(?:i|we)(?:'?ll| will) (?:take|have|get|grab|go for)|i'?d (?:like|love|take)|(?:i"
    r"|we) (?:\w+ )?(?:would like|need|want)"
    r"|i'?m after|looking for|(?:can|could|may) (?:i|we) (?:\w+ )?(?:get|have|buy|grab|take)|down for"
    r"|interested in|(?:here|came|come) for|here to buy|^\W*need"
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
    r"\b(?:sell(?:ing)? (?:you|u|this|my|these|some|a|an)|want to sell|buy (?:this|my|these)"
    r"|(?<!can )(?<!could )(?<!may )i (?:have|got)|here is)\b",
    re.I,
)
CHEAPEST = re.compile(r"\bcheap(?:er|est)\b", re.I)
DEAREST = re.compile(
    r"\b(?:most (?:expensive|costly|valuable)|more (?:expensive|costly)|dear(?:er|est)|priciest)\b", re.I
)
ENOUGH = re.compile(r"\b(?:enough|afford)\b", re.I)
COUNTED = re.compile(r"\b((?:half a )?\w+)\s+(?:(?:of|more|your|those|these|the|fresh|good|big|small)\s+){0,2}$", re.I)
FOR_ME = re.compile(
    r"\s*(?:for (?:me|us|my|the)\b|pl[sz]\b|please\b|and\b|no\b|from\b|if\b|$|[,.!])", re.I
)  # behind it
COUNTED_BEHIND = re.compile(r"\W*(\w+)(?: of (?:them|those|these)| pieces?| please| pls|\W*$)", re.I)
COUNTED_ASKED = re.compile(  # of a thing that was named before: `i'm out of arrows, give me like 5`
    r"\b(?:give|get|hand|pass|lend|spare|have|take|need|want|use|borrow|like|toss|throw|bring|brought|here (?:is"
    r"|are)|got)"
    r" (?:(?:me|us|you|u|like|about|maybe|at least|just|around|another) )*(\w+)(?=\s*(?:$|[,.!?]|pl[sz]\b|please"
    r"|of them|more\b))",
    re.I,
)
COUNTED_ANEW = re.compile(
    r"\b(?:no|nah|actually|wait|sorry|or|better|rather|hmm?)\b\W+(?:\w+\W+)?make (?:it|that) (\w+)(?! coins?| gold)",
    re.I,
)  # `no, make it two`
ASKS_PRICE = re.compile(r"\b(?:how much|cost|costs|price|worth|how many coins|do i owe)\b", re.I)


def attacks(before: str, in_fight: bool = False) -> re.Match[str] | None:
    """The verb in the words before somebody's name that tells to attack them."""
    return _ATTACK.search(before) or (_ATTACK_IN_FIGHT.search(before) if in_fight else None)
