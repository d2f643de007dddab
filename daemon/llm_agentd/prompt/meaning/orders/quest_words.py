"""Words by which players ask for work and report it done; looked for in what `imperatives.told` makes of a line.

English, as the models that are told topics. Pure; data alone.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.meaning.orders import tables

_PHRASES = {
    "work": r"(?:quests?|tasks?|missions?|errands?|jobs?|gigs?|bount(?:y|ies)|work|chores?|assignments?|favou?rs?"
    r"|(?:something|anything|stuff|things) (?:for me )?(?:to do|needs? doing|i (?:can|could) do)"
    r"|way to (?:make|earn) <some>)",
    "some": "(?:some |a little |a bit of )?(?:coins?|money|gold)",
    "kind": r"(?!(?:a )?(?:lot|much|too)\b)(?:(?:you|got|a|an|any|some|new|more|another|good|little|small|special|the"
    r"|for|me|kind|of|paid|decent|honest) )*",
    "now": r"(?! (?:today|on (?:my|the)|done|once|before)\b)",
    "deed": "(?:quest|task|job|mission|work|errand|favou?r)",
    "all": "(?:it|that|them|all|everything)",
    "wanted": "what(?:ever)? you (?:asked|wanted|said|told|needed)",
    "did": "(?:did|done|finished|completed|got|brought|delivered|collected|gathered|have|handled|took care of)",
    "pay": "(?:reward|pay|payment|money|coins?|gold)",
    "stop": r"(?= *(?:$|[!.,]|for you|now|already|sir|boss|friend))",
    "wish_to": "(?:want|need|would like|looking|like|here|ready|willing|happy|glad) to",
    "may_i": "(?:can|could|may|might|let|shall|should) (?:i|me|we|us)",
    "just": "(?:have |am |are |just |already |finally |all )*",
    "been": "(?:(?:is|was|has|been|all|now|already) )*",
}
_TABLE = r"""
asks
    (?:any|some|(?<!i )(?<!i have )got|(?<!did )(?:have you|you have)|give <me>|is there|are there) <kind><work><now>
    (?:looking for|seek|need|want|find|could use|take on|ready for) <kind><work><now>
    <may_i> (?:\w+ )?(?:do for you|help|be of (?:\w+ )?(?:help|use|service))
    <may_i> (?:\w+ )?(?:lend (?:you )?a hand|give you a hand)
    <may_i> (?:\w+ )?do something for you
    (?:you |^|[^\w ] ?)(?:hey |so |and )?(?:need|want|could use) (?:a hand|(?:some|any|my) help|help)(?! me)
    what (?:can|could|should|may) i (?:do|help)|what do you need(?! to\b)|how (?:can|may|could) i (?:help|be of)
    (?:i|we) (?:am |are )?<wish_to> (?:work for you|help(?: you)?(?: out)?(?! me)|(?:earn|make) <some>)
    what is there (?:for me )?to do|anything you need|make myself useful|put me to (?:work|use)|hiring|hire me
done
    (?:i|we) <just>(?:<did> <all><stop>|(?:<did>|made) (?:<wanted>|(?:your|the|that|this|my) (?:\w+ )?<deed>))
    ^(?:\W|\b(?:ok|hey|so|all|well)\b)*<did> <all>(?! (?:from|day|time|my|the)\b)
    ^(?:\W|\b(?:ok|hey|so|all|well)\b)*(?:<did>|here is) (?:<wanted>|(?:your|the|with|that) (?:\w+ )?<deed>)
    (?:it|that|this|everything|deed|all|<deed>) <been>(?:done|finished|complete|completed|accomplished|ready)(?! \w+ing)
    (?:it|that|this|everything|deed|all|<deed>) <been>taken care of
    (?:i|we) (?:are|am) (?:all )?(?:done|finished)(?= *(?:$|[!.,]|with (?:it|that|the|your)))
    where is my <pay>|(?:pay me|pay up|time to pay)|(?:reward|pay) please|my <pay>(?= *(?:\?|please))
    that is (?:(?:all|the last) of (?:it|them)|everything)
    (?:here (?:is|are)|i (?:have|got|brought)) (?:\w+ ){1,4}?you (?:asked for|wanted|needed|requested)
    (?:^|[,.!] ?)(?!not )(?:\w+ ){1,2}(?:is |are )?delivered
    (?:collect|claim|get|give me|have) my <pay>
"""
_WORDS = tables.read(_TABLE, _PHRASES)
ASKS_FOR_WORK, SAYS_DONE = re.compile(_WORDS["asks"]), re.compile(_WORDS["done"])
NOT_DONE = re.compile(
    r"^\W*(?:is|are|was|were|do|does|have|has|who|what|did (?:you|he|she|they|we|i))\b"
    r"|\b(?:not|almost|nearly|half|never|until|when|if|will|yet|how|cannot|is it)\b"
)
