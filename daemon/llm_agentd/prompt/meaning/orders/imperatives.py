"""How orders are worded, made such as begin with their verb: `would you mind coming along?` becomes `come along`.

Players ask politely, wish and hint; the words of the orders themselves (`orders.py`) then need only one form each.
English, as the models that are told topics. Pure.
"""

from __future__ import annotations

import re
from functools import lru_cache

from llm_agentd.prompt.meaning.orders import idioms
from llm_agentd.topics import normalize

TEXTS_KEPT = 64  # the rules for one line ask for it a dozen times
OTHER = "somebody"  # stands for the name of whoever else is spoken of
_VERBS = """
    come: came coming; go: went going; stay: stayed staying; wait: waited waiting; follow: followed following;
    walk: walked walking; join: joined joining; accompany: accompanied accompanying; escort: escorted escorting;
    tag: tagged tagging; stick: stuck sticking; keep: kept keeping; hang: hung hanging; stand: stood standing;
    head: headed heading; run: ran running; move: moved moving; get: got getting; open: opened opening;
    let: letting; give: gave giving; hand: handed handing; pass: passed passing; lend: lent lending; take: took taking;
    sell: sold selling; guard: guarded guarding; protect: protected protecting; defend: defended defending;
    cover: covered covering; watch: watched watching; look: looked looking; attack: attacked attacking;
    kill: killed killing; fight: fought fighting; wave: waved waving; nod: nodded nodding; bow: bowed bowing;
    dance: danced dancing; laugh: laughed laughing; point: pointed pointing; ring: rang ringing; light: lit lighting;
    play: played playing; show: showed showing; bring: brought bringing; visit: visited visiting;
    check: checked checking; meet: met meeting; ride: rode riding; hold: held holding; remain: remained remaining;
    return: returned returning; help: helped helping; fetch: fetched fetching; travel: travelled travelling
"""


def _bases() -> dict[str, str]:
    entries = (entry.split(":") for entry in _VERBS.split(";"))
    return {form: base.strip() for base, forms in entries for form in forms.split()}


_BASE = _bases()  # came, coming → come
_FORM, _VERB = "|".join(_BASE), "|".join(dict.fromkeys(_BASE.values()))
_ORDER = re.compile(rf"(?:\W|\b(?:please|just|now|then|and|so|you|lets?|ok|well)\b)*(?:{_VERB})\b")
_TELLS_OF = (  # begin no order
    r"i|he|she|it|they|we|the|an?|my|your|his|her|our|this|that|there|is|are|was|were|am|has|have|do|does|did|what|who"
    r"|where|why|how|when|no|yes|not|right|huh|and|or|but|if|because|so|then|too"
)
_FOR_SOMEBODY = re.compile(  # who is called is told to do it
    rf"(?:\W|\b(?:hey|hi|oi|yo|ok|so|please|and)\b)*{OTHER} (?:(?:\W )+(?!(?:{_TELLS_OF})\b)\w|(?:{_VERB})\b)"
)
_ABOUT_SOMEBODY = re.compile(rf"\b(?:him|her|them)\b|\b{OTHER}\b.*\b{OTHER}\b")
_NOT_YOU = re.compile(r"\b(can|could|will|would) not you\b")  # `can't you come`: as `can you come`
# What only wraps an order => what stands in its place; ~ is a blank at its end.
_WRAPPINGS_TEXT = rf"""
why (?:(?:do|would|will|can) )?(?:(?:you|we) )?not(?: you| we)? => ,
(?:how|what) about => mind
<never> (?:you )?(?:forget|hesitate|fail|be (?:afraid|shy)) to => ,
(?:can|could|may|might) (?:i|we) (?:have|get|ask|trouble|bother) you (?:to )?(?={_VERB}) => ,~
<never> let (?:\w+ ){{1,3}}?(?:happen to|hurt|touch|harm|kill|near|get to|get|at|come near) => protect
<never> (?:let|leave|lose) (\w+) out of (?:your|my) sight => watch over \1
<never> (?:lose sight of|take your eyes? off(?: of)?|leave(?= {OTHER}'s side)|leave the side of) => watch over
<never> leave (?:my|our) side => stay by my side
<never> leave (\w+) (?:alone|by (?:him|her|them)self|behind) => watch over \1
make sure (?:that )?(?:nothing|no \w+) (?:bad )?(?:happens to|hurts|gets to|touches) => protect
make sure (?:that )?(\w+) (?:is|stays|gets home) (?:safe|alive|ok|unhurt) => protect \1
keep (?:\w+ ){{1,3}}?(?:off|away from) (?=(?:{OTHER}|me|us|him|her)\b) => protect~
<no_question>(?:can|could|will|would) you <kindly>(?:be <so_kind> (?:and|as to|to) )?(?!mind\b|like\b) => ,~
"""
_NAMED = {
    "never": "(?:do not|never)",
    "no_question": r"(?<!what )(?<!where )(?<!how )(?<!who )(?<!when )(?<!why )(?<!way )",
    "kindly": "(?:please |kindly |just |maybe |perhaps |possibly |also )*",
    "so_kind": "(?:so kind|a dear|a darling|so good|so nice)",
}


def _wrappings(table: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    spelt = re.sub(r"<(\w+)>", lambda found: _NAMED[found.group(1)], table)
    lines = (line.partition(" => ") for line in spelt.splitlines() if line)
    return tuple((re.compile(rf"\b{words}(?!(?<=\w)\w)"), instead.replace("~", " ")) for words, _, instead in lines)


_WRAPPINGS = _wrappings(_WRAPPINGS_TEXT)
_WISHED = re.compile(  # `i would feel safer if you came along`
    r"\b(if|wish|rather) (?:you|we) ((?:(?:just|also|maybe|could|would|can|please|only|all) )*)"
    rf"({_FORM}|{_VERB})\b"
)
_WISHES = re.compile(
    r"\b(?:would|wish|love|better|glad|happy|safer|great|nice|cool|best|appreciate|grateful|thankful|owe|kind|help)\b"
)
_GERUND = re.compile(  # `would you mind opening`, `how about coming`
    r"\b(?:mind|fancy|up for|feel like|care for|consider|try|start|keep|appreciate) (?:you |your )?"
    rf"({_FORM})\b(?<=ing)"
)
_ASKS = re.compile(r"\b(?:what|who|where|why|when|how)\b")
_OF_SOMEBODY = re.compile(rf"\b(?:i|we|he|she|they|people|{OTHER})(?: \w+){{0,3}} $")
_NOT_TOLD = re.compile(
    r"\b(?:did|does|have(?! to)|has|had(?! better)|why|when|who|what|where|he|she|they|i|we|people|nobody)"
    r" (?:\w+ ){0,2}$"
    r"|\b(?:can|could|will|would|must|may|might) (?:it|this|that|there) (?:\w+ )?$|\bever (?:\w+ ){0,3}$"
    r"|\b(?:should|shall|do|must) (?:i|we) (?:\w+ ){0,6}or (?:\w+ )?$|^(?:stay|wait|go|come) (?:\w+ ){0,3}or $"
    r"|(?:^|[,.!?;] )(?:i|we|he|she|they) (?:(?!you\b)\w+ ){1,9}and $"
    rf"|\b{OTHER} (?:(?:will|would|should|can|could|must|may|might|always|never|often|wants?|likes?|has|had|to|is"
    rf"|was) )+$"
    r"|\b(?:do not|never|not|stop|quit|no need to) (?:just |even )?$"
    r"|(?<!you )(?<!have )(?<!need )(?<!ought )(?<!got )(?<!time )(?<!remember )(?<!try )(?<!sure )(?<!want )"
    r"(?<!someone )(?<!pretend )(?<!start )\bto $"
    r"|\b(?!you\b|please\b|and\b|or\b|so\b|someone\b|anyone\b)\w+ (?:should|must|will|would|might) (?:\w+ )?$"
    r"|\b(?:told|asked|wants?|wanted|made|let) (?:me|us) (?:to )?$"
    r"|\b(?:do|are|were|can|could|if|as|than|before) (?:you|i) (?:\w+ ){0,2}$|\bdo (?:(?!not)\w+ ){1,2}$"
    r"|\b(?:the|an?|my|your|his|her|this|our|their|those|these|any|no) (?:\w+ )?$|(?<!after )\bthat (?:\w+ )?$"
)  # right before the verb: a question, what somebody else does, or no verb: `the long walk home`
_TOLD = re.compile(
    r"\b(?:need|want|like|ask|beg|order|command|tell|love) (?:for )?you (?:to |please )*$"
    r"|\bdo you (?:want|care|wish|mind) (?:to )?$|\b(?:said|say) $"
)
_BEGINS = re.compile(
    r"(?:^|[^\w\s'-] |\b(?:please|just|and|then|now|so|ok|hey|or|you to|pretend to|try to|start to|us|on|go|well"
    r"|least|instead) )$"
)


@lru_cache(maxsize=TEXTS_KEPT)
def told(text: str, called: tuple[str, ...] = (), other: str = "") -> str:
    """The text as of a book, with each order in it as one. `called`: names of who is spoken to, each a comma then;
    `other`: words of the text that name somebody else."""
    plain = idioms.without(normalize.plain(text))
    for name in called:
        plain = _without(plain, name, ",")
    plain = _NOT_YOU.sub(r"\1 you", _without(plain, other, OTHER))
    for words, instead in _WRAPPINGS:
        plain = words.sub(instead, plain)
    return " ".join(_GERUND.sub(_of_gerund, _WISHED.sub(_of_wish, plain)).split())


def _without(plain: str, name: str, instead: str) -> str:
    spelt = normalize.plain(name)
    return re.sub(rf"(?<!\w){re.escape(spelt)}(?!\w)", instead, plain) if len(spelt) > 1 else plain


def _of_wish(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    is_wish = found[1] != "if" or found[3] in _BASE or re.search("c(?:ould|an)", found[2]) or _WISHES.search(before)
    return f", {_BASE.get(found[3], found[3])}" if is_wish and not _ASKS.search(before) else found[0]


def _of_gerund(found: re.Match[str]) -> str:
    is_own = _OF_SOMEBODY.search(found.string[: found.start()])
    return found[0] if is_own else f", {_BASE[found[1]]}"


def is_told(before: str) -> bool:
    """Whether a verb after these words is what the listener is told to do: no question, and nobody else's deed."""
    return _TOLD.search(before) is not None or not _NOT_TOLD.search(before)


def begins(before: str) -> bool:
    """Whether a verb after these words begins an order: `please …`, `could you …`, `…, and …`."""
    return is_told(before) and _BEGINS.search(before) is not None


def tells(words: re.Pattern[str], plain: str) -> bool:
    """Whether one of the words is said as an order."""
    return any(is_told(plain[: found.start()]) for found in words.finditer(plain))


def commands(words: re.Pattern[str], plain: str) -> bool:
    """Whether one of the words begins an order: those that may as well be a noun or told of oneself."""
    return any(begins(plain[: found.start()]) for found in words.finditer(plain))


def is_for(plain: str) -> bool:
    """Whether the order is somebody else's: `somebody , wait for me`, `somebody come here`."""
    return _FOR_SOMEBODY.match(plain) is not None and _ABOUT_SOMEBODY.search(plain) is None


def is_order(plain: str) -> bool:
    """Whether it begins with the verb of an order."""
    return _ORDER.match(plain) is not None
