"""Actions that other mods made, told by their names: `ring the bell, will you` orders ring_bell.

Router thread. Knows of an action its name, what it is said to do, and the values that its parameters allow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from llm_agentd.memory.keywords import words_of
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.orders import chore_words, imperatives
from llm_agentd.prompt.meaning.world import is_spoken
from llm_agentd.topics import mentions
from llm_agentd.types import Action

WORDS_KEPT = 256  # patterns of actions: those of a village
_SMALL = frozenset(["the", "a", "an", "of", "to", "for", "my", "your"])  # in names, they say nothing
# Parameters whose values are not what is done something to: `mend the small chair` is no order for mend_net.
_NOT_THINGS = """
    size color colour side direction speed mood style manner volume quality material target player who whom to at place
"""
_NO_THINGS = frozenset(_NOT_THINGS.split())
_VERBS_OF_ALL = """
    give make let put take get have bring do doe goe go set use turn show
"""
_SAY_LITTLE = frozenset(_VERBS_OF_ALL.split())
_ONE = re.compile(r"\b(?:an?|one|the|this|that|tonight|another)\b")


@dataclass(frozen=True, slots=True)
class _Chore:
    """`verb` and `nouns`: of the action's name; `own`: the verb of its description; `values`: things it can be of."""

    name: str
    verb: str
    nouns: tuple[str, ...]
    own: str
    values: tuple[str, ...]

    @property
    def thing(self) -> str:
        return " ".join(self.nouns)


def ordered(draft: Draft) -> bool:
    """Whether an action that no topic names is ordered; notes which."""
    own = [_chore(action) for action in draft.think.actions if action.name not in draft.topics.actions]
    plain = draft.told if own else ""
    chore = next(
        (chore for is_meant in (_is_ordered, _is_generally) for chore in own if is_meant(draft, chore, plain)), None
    )
    if chore:
        verb, *rest = chore.name.split("_")
        draft.words["act"] = draft.params["act"] = chore.name
        draft.words["chore"] = " ".join([verb, *(["the"] if rest else []), *rest])
    return chore is not None


def _chore(action: Action) -> _Chore:
    verb, *rest = action.name.split("_")
    nouns = tuple(noun for noun in rest if noun not in _SMALL)
    return _Chore(action.name, verb, nouns, _own_verb(action), _values(action))


def _own_verb(action: Action) -> str:
    """`sounds the bell` → sound"""
    first = next(iter(words_of(action.description)), "")
    verb = first.removesuffix("s") if first.endswith("s") and not first.endswith("ss") else ""
    return "" if verb in _SAY_LITTLE else verb


def _values(action: Action) -> tuple[str, ...]:
    properties = action.params.get("properties") or {}
    schemas = [schema for name, schema in properties.items() if name not in _NO_THINGS]
    listed = [schema.get("enum") or () for schema in schemas if isinstance(schema, Mapping)]
    return tuple(value for values in listed for value in values if isinstance(value, str))


def _is_ordered(draft: Draft, chore: _Chore, plain: str) -> bool:
    """Whether its deed is told with the thing that it is done to, or what it makes is asked for."""
    return _is_given(chore, plain) or _is_asked(draft, chore, plain) or _is_done_to(draft, chore, plain)


def _is_done_to(draft: Draft, chore: _Chore, plain: str) -> bool:
    """`ring the bell`, `the pig is hungry, feed it`; of a name that begins with the thing too."""
    spoken = set(words_of(plain))
    if not _is_named(chore, spoken) and not (chore.values and draft.world.mention(plain, chore.values)):
        return False
    if any(_is_told(verb, plain) for verb in filter(None, (chore.verb, chore.own))):
        return True
    return is_spoken(chore.verb, spoken) and any(_is_told(noun, plain) for noun in chore.nouns)


def _is_named(chore: _Chore, spoken: set[str]) -> bool:
    return all(is_spoken(noun, spoken) for noun in chore.nouns)


def _is_told(verb: str, plain: str) -> bool:
    """As an order, or as `they need shearing`, `would you mind shearing them`."""
    needed, told = _deed_words(verb)
    return needed.search(plain) is not None or imperatives.tells(told, plain)


@lru_cache(maxsize=WORDS_KEPT)
def _deed_words(verb: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    doing = rf"(?:an? |some |your )?{re.escape(verb.removesuffix('e'))}\w?ing"
    needed = rf"\b(?:needs?|wants?|mind|how about|could (?:use|do with)|time for) {doing}\b"
    done = rf"\b(?:needs?|wants?|should|has|have) (?:to )?be {re.escape(verb)}\w?\w?d\b"
    words = rf"\b(?:{chore_words.like(verb)})\b(?! (?:you|yourself)\b)"
    return re.compile(f"{needed}|{done}"), re.compile(words)


def _is_given(chore: _Chore, plain: str) -> bool:
    """`give the bell a ring`, `lamp on please`, `some light please`."""
    return bool(chore.nouns) and _given_words(chore.verb, chore.thing).search(plain) is not None


@lru_cache(maxsize=WORDS_KEPT)
def _given_words(verb: str, thing: str) -> re.Pattern[str]:
    after, verb, thing = chore_words.behind(verb), re.escape(verb), re.escape(thing)
    given = rf"\b(?:give|take) (?:\w+ ){{0,2}}?(?:{thing}|it|them) an? (?:\w+ )?{verb}\b"
    asked = rf"(?:^|[,.!] ?)(?:some |a bit of |a little |more )+{verb}\b(?= *(?:please|$|[!.,]))"
    brief = rf"(?:^|[,.!] ?)(?:the |please )*{thing}s? (?:{after})\b(?= *(?:$|[,.!]|please|now))"
    return re.compile("|".join([given, asked, *([brief] if after else [])]))


def _is_asked(draft: Draft, chore: _Chore, plain: str) -> bool:
    """What the action makes, asked for by its name: `two ciders please`, `let us hear a sad song`."""
    names = [chore.thing] if chore.nouns else []
    names += chore.values if chore.verb in chore_words.MAKES else ()
    found = draft.world.mention(plain, names) if names else None
    if found is None:
        return False
    hears = chore.verb in chore_words.MAKES and imperatives.tells(chore_words.HEARS_ONE, plain)
    return hears or _asks_for(chore.verb, plain[: found.start], plain[found.end :])


def _asks_for(verb: str, before: str, after: str) -> bool:
    asked = chore_words.asks_for(verb, before)
    if asked:
        return imperatives.is_told(before[: asked.start()])
    last = re.split(r"[,.!;]", before)[-1].split()
    is_alone = chore_words.ALONE.match(after) is not None and "?" not in after
    if not is_alone or not all(word in chore_words.BEFORE or word.isdecimal() for word in last):
        return False
    is_called_for = after.strip().startswith("!") and not {"a", "an", "some"} & {*last}  # `look, a lamp!` only tells
    return verb in chore_words.MAKES or "please" in after or is_called_for


def _is_generally(draft: Draft, chore: _Chore, plain: str) -> bool:
    """`see to the bellows`, `get the bellows going`: words that are said of any deed."""
    if not chore.nouns or not (found := draft.world.mention(plain, [chore.thing])):
        return False
    general = chore_words.GENERAL.search(plain[: found.start])
    gets = general is not None and general.group().startswith("get ")
    is_meant = general is not None and (not gets or chore_words.GETS_GOING.match(plain[found.end :]) is not None)
    return general is not None and is_meant and imperatives.is_told(plain[: general.start()])


def named(action: Action, text: str) -> Action:
    """With those parameters only to which the text gives a value: `the large net`."""
    properties = action.params.get("properties") or {}
    said = {name: found for name, schema in properties.items() if (found := _said(schema, text))}
    return replace(action, params={**action.params, "properties": {**properties, **said}}) if said else action


def _said(schema: Any, text: str) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    values = [value for value in schema.get("enum") or () if isinstance(value, str)]
    found = mentions.find(text, values) if values else None
    if found:
        return {**schema, "enum": [found.name]}
    number = _number(text) if schema.get("type") == "integer" and "enum" not in schema else None
    is_allowed = number is not None and schema.get("minimum", number) <= number <= schema.get("maximum", number)
    return {**schema, "minimum": number, "maximum": number} if is_allowed else {}


def _number(text: str) -> int | None:
    """The number that is said; 1 where one thing is: `an ale`, `for the night`."""
    number = mentions.number(text)
    return 1 if number is None and _ONE.search(text.lower()) else number
