"""Words by which players ask for work and report it done; looked for in what `imperatives.told` makes of a line.

English, as the models that are told topics. Pure; data alone.
"""

from __future__ import annotations

import re

_WORK = (
    r"(?:quests?|tasks?|missions?|errands?|jobs?|gigs?|bount(?:y|ies)|work|chores?|assignments?|favou?rs?"
    r"|(?:something|anything|stuff|things) (?:for me )?(?:to do|needs? doing|i (?:can|could) do)"
    r"|way to (?:make|earn) (?:some |a little |a bit of )?(?:coins?|money|gold))"
)
ASKS_FOR_WORK = re.compile(
    rf"\b(?:any|some|(?<!i )(?<!i have )got|have you|you have|give (?:me|us)|is there|are there|looking for|seek"
    rf"|need|want|find"
    rf"|could use|take on|ready for) (?!(?:a )?(?:lot|much|too)\b)(?:(?:you|got|a|an|any|some|new|more"
    rf"|another|good"
    rf"|little|small|special|the|for|me|kind|of|paid|decent|honest) )*{_WORK}\b(?! (?:today|on (?:my|the)|done)\b)"
    rf"|\b(?:can|could|may|might|let|shall|should) (?:i|me|we|us) (?:\w+ )?(?:do for you|help"
    rf"|be of (?:\w+ )?(?:help|use|service)"
    rf"|lend (?:you )?a hand|give you a hand|do something for you)\b"
    r"|(?:\byou |^|[^\w ] ?)(?:hey |so |and )?(?:need|want|could use) (?:a hand|(?:some|any|my) help|help)\b(?! me)"
    rf"|\bwhat (?:can|could|should|may) i (?:do|help)\b|\bwhat do you need\b|\bhow (?:can|may|could) i (?:help|be of)"
    rf"|\b(?:i|we) (?:am |are )?(?:want|need|would like|looking|like|here|ready|willing|happy|glad) to"
    rf" (?:work for you|help(?: you)?(?: out)?\b(?! me)|(?:earn|make) (?:some |a little |a bit of )?(?:coins?"
    rf"|money|gold))"
    r"|\bwhat is there (?:for me )?to do\b|\banything you need\b|\bmake myself useful\b"
    r"|\bput me to (?:work|use)\b|\b(?:hiring|hire me)\b"
)
NOT_DONE = re.compile(
    r"^\W*(?:is|are|was|were|do|does|have|has|who|what|did (?:you|he|she|they|we|i))\b"
    r"|\b(?:not|almost|nearly|half|never|until|when|if|will|yet|how|cannot|is it)\b"
)
SAYS_DONE = re.compile(
    r"\b(?:i|we) (?:have |am |are |just |already |finally |all )*(?:did|done|finished|completed|got|brought"
    r"|delivered|made"
    r"|collected|gathered|have|handled|took care of) (?:it|that|them|all|everything|what(?:ever)? you (?:asked"
    r"|wanted|said|told"
    r"|needed)|(?:your|the|that|this|my) (?:\w+ )?(?:quest|task|job|mission|work|errand|favou?r))\b"
    r"|^(?:\W|\b(?:ok|hey|so|all|well)\b)*(?:did|done|finished|completed|got|brought|here is) (?:it|that|them|all"
    r"|everything"
    r"|what(?:ever)? you (?:asked|wanted|said|told|needed)|(?:your|the|with|that) (?:\w+ )?(?:quest|task|job"
    r"|mission|work"
    r"|errand))\b"
    r"|\b(?:it|that|this|job|quest|task|mission|everything|work|errand|deed|all) (?:(?:is|was|has|been|all|now"
    r"|already) )*"
    r"(?:done|finished|complete|completed|accomplished|taken care of|ready)\b(?! \w+ing)|\b(?:i|we) (?:are"
    r"|am) (?:all )?(?:done|finished)(?= *(?:$|[!.,]|with (?:it|that|the|your)))"
    r"|\bwhere is my (?:reward|pay|payment|money|coins?|gold)\b|\b(?:pay me|pay up|time to pay)\b|\b(?:reward"
    r"|pay) please\b|\bthat is (?:all of (?:it|them)|everything)\b"
    r"|\b(?:here (?:is|are)|i (?:have|got|brought)) (?:\w+ ){1,4}?you (?:asked for|wanted|needed|requested)\b"
    r"|\b(?:collect|claim|get|give me|have) my (?:reward|pay|payment)\b"
)
