"""The endless stream of samples for the network: a moment as the daemon tells it, and the reply that fits.

A topic is drawn, then who speaks, in which mood, and which placeholders happen to have a value; the first of the
topic's cases that holds says which scenes may answer and what is done. Decided by one `random.Random`. Knows nothing
of tokens.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hearthling.corpus.patterns import PATTERNS, Pattern, choose, slots_of
from hearthling.data import FOLLOW_UP_SCENE, VALUE_MARK, Case, Topic, load
from llm_agentd.prompt.moment import ALWAYS, ANY_ROLE, Moment, messages
from llm_agentd.prompt.placeholders import CHARS, from_template
from llm_agentd.types import Message

DATA = load()
TOPICS = DATA.topics
NAMES = tuple(TOPICS)
FOLLOW_UP_WEIGHT = 12.0  # they have a hundred times as many replies as another topic
WEIGHTS = tuple(
    topic.weight * (FOLLOW_UP_WEIGHT if name.startswith(FOLLOW_UP_SCENE) else 1.0) for name, topic in TOPICS.items()
)
TIMES, WEATHERS = tuple(DATA.facts.times), DATA.facts.weathers
ALONE = frozenset({"mutter"})  # topics in which nobody is spoken to
ANY_ROLE_SHARE = 0.12
MOOD_SHARE, WORD_SHARE = 0.5, 0.8
OFFERED_SHARE = 0.75
PRESENT_SHARE = 0.6
KNOWN_SHARE = 0.25
FOLLOW_UP_SHARE = 0.8  # of bare follow-ups: behind a reply that has an answer to them
# A placeholder comes with these; and a value of these never comes alone.
IMPLIED = {
    "item": ("a_item", "items"),
    "price": ("item", "a_item", "items"),
    "want": ("wanted", "item", "a_item", "items"),
    "wanted": ("want", "item", "a_item", "items"),
    "a_item": ("item", "items"),
    "items": ("item", "a_item"),
    "count": ("item", "a_item", "items"),
    "way": ("target",),
    "other_title": ("other",),
    "near_list": ("near1",),
    "near1": ("near_list",),
    "a_held": ("held",),
    "held": ("a_held",),
    "counter": ("offer", "price", "item", "a_item", "items"),
    "foe": ("foe_call",),
    "foe_call": ("foe",),
    "act": ("chore",),
    "chore": ("act",),
    "badweather": ("weather",),
}


@dataclass(frozen=True)
class Sample:
    messages: tuple[Message, ...]
    reply: str
    topic: str


def samples(seed: int) -> Iterator[Sample]:
    """Endless and deterministic: the same seed gives the same samples."""
    rng = random.Random(f"moments/{seed}")
    while True:
        sample = _sample(rng)
        if sample:
            yield sample


def used_slots(topic: str) -> frozenset[str]:
    """Placeholders that a topic's replies, conditions and actions may use."""
    found: set[str] = set()
    for case in TOPICS[topic].cases:
        found.update(case.has, (value for key, value in _params(case).items() if not value.startswith(VALUE_MARK)))
        for scene in case.scenes:
            for pattern in PATTERNS[scene]:
                found.update(pattern.slots)
    if topic.startswith(FOLLOW_UP_SCENE):
        found.update(*(slots_of(text) for text in _follow_up_texts(topic)))
    return frozenset(found & CHARS.keys())


def used_words(topic: str) -> frozenset[str]:
    """Times, weathers and signs that a topic's replies depend on."""
    found: set[str] = set()
    for case in TOPICS[topic].cases:
        found.update(case.facts)
        for scene in case.scenes:
            for pattern in PATTERNS[scene]:
                found.update(pattern.times, pattern.weathers)
    for group in (TIMES, WEATHERS):  # one of them means that all must be told
        if found.intersection(group):
            found.update(group)
    return frozenset(found)


def _params(case: Case) -> dict[str, str]:
    return {key: value for key, value in (case.do or {}).items() if key != "action"}


def _follow_up_texts(topic: str) -> list[str]:
    kind = topic.removeprefix(FOLLOW_UP_SCENE)
    return [p.follow_ups[kind] for patterns in PATTERNS.values() for p in patterns if kind in p.follow_ups]


USED = {name: used_slots(name) for name in NAMES}
WORDS = {name: used_words(name) for name in NAMES}
WITH_FOLLOW_UP = {
    name: [p for patterns in PATTERNS.values() for p in patterns if name.removeprefix(FOLLOW_UP_SCENE) in p.follow_ups]
    for name in NAMES
    if name.startswith(FOLLOW_UP_SCENE)
}
ALL_PATTERNS = [p for patterns in PATTERNS.values() for p in patterns]


def _sample(rng: random.Random) -> Sample | None:
    name = rng.choices(NAMES, WEIGHTS)[0]
    topic = TOPICS[name]
    role = ANY_ROLE if rng.random() < ANY_ROLE_SHARE else rng.choice(DATA.folk.roles)
    mood = rng.choice(DATA.folk.moods) if rng.random() < MOOD_SHARE else ""
    words = _words(rng, name)
    if name in WITH_FOLLOW_UP:
        return _follow_up(rng, name, role, mood)
    slots = _slots(rng, name, topic, words)
    offered = tuple(sorted(a for a in topic.actions if rng.random() < OFFERED_SHARE and is_possible(topic, a, slots)))
    case = first_case(topic, role, words, slots, offered)
    if case is None:
        return None
    pattern = choose(rng, case.scenes, role, mood, words, slots | ALWAYS, case.has)
    if pattern is None:
        return None
    moment = Moment(name, role, mood, words, slots, "", offered)
    return Sample(messages(moment), _reply(pattern.text, case if offered else None, offered), name)


def _words(rng: random.Random, name: str) -> tuple[str, ...]:
    used = WORDS[name]
    found = [rng.choice(group) for group in (TIMES, WEATHERS) if used.intersection(group) and rng.random() < WORD_SHARE]
    signs = used.intersection(DATA.facts.signs) - {"won", "lost"}
    found += sorted(sign for sign in signs if rng.random() < 0.35)
    if "won" in used and rng.random() < 0.7:
        found.append(rng.choice(("won", "lost")))
    return tuple(found)


def _slots(rng: random.Random, name: str, topic: Topic, words: Collection[str]) -> frozenset[str]:
    """What has a value: what one of the cases asks for, and others by chance."""
    used = USED[name]
    present = set(rng.choice(topic.cases).has)
    for slot in used:
        if rng.random() < (KNOWN_SHARE if slot in ("known", "recalled", "deed") else PRESENT_SHARE):
            present.add(slot)
    if not rng.random() < 0.9:
        present -= {"known", "recalled"}
    for slot in tuple(present):
        present.update(IMPLIED.get(slot, ()))
    if "weather" in used and not set(WEATHERS).intersection(words):
        present -= {"weather", "badweather"}
    elif "clear" in words:
        present -= {"badweather"}
    if "time" in used and not set(TIMES).intersection(words):
        present -= {"time"}
    if name in ALONE:
        present.discard("speaker")
    elif rng.random() < 0.97:
        present.add("speaker")
    return frozenset(present & used)


def is_possible(topic: Topic, action: str, slots: Collection[str]) -> bool:
    """Whether some case with this action has values for all its parameters."""
    return any(
        all(value.startswith(VALUE_MARK) or value in slots for value in _params(case).values())
        for case in topic.cases
        if case.do and case.do["action"] == action
    )


def first_case(
    topic: Topic, role: str, words: Collection[str], slots: Collection[str], offered: Collection[str]
) -> Case | None:
    for case in topic.cases:
        if (
            set(case.has) <= set(slots)
            and set(case.facts) <= set(words)
            and (not case.roles or role in case.roles)
            and (case.do is None or case.do["action"] in offered)
            and all(value.startswith(VALUE_MARK) or value in slots for value in _params(case).values())
        ):
            return case
    return None


def _follow_up(rng: random.Random, name: str, role: str, mood: str) -> Sample | None:
    """A bare "why?" behind a reply: what that reply has for it, else a line that fits behind any."""
    kind = name.removeprefix(FOLLOW_UP_SCENE)
    answered = WITH_FOLLOW_UP[name]
    said: Pattern
    if answered and rng.random() < FOLLOW_UP_SHARE:
        said = rng.choice(answered)
        text = said.follow_ups[kind]
    else:
        said = rng.choice(ALL_PATTERNS)
        own = choose(rng, TOPICS[name].cases[0].scenes, role, mood, (), ALWAYS | {"speaker"})
        if own is None or kind in said.follow_ups:
            return None
        text = own.text
    slots = (slots_of(text) & USED[name]) | {"speaker"}
    moment = Moment(name, role, mood, (), slots, from_template(said.text) if rng.random() < 0.97 else "")
    return Sample(messages(moment), from_template(text), name)


def _reply(text: str, case: Case | None, offered: Collection[str]) -> str:
    """Plain words, or the JSON form where actions are on offer."""
    words = from_template(text)
    if not offered:
        return words
    do: dict[str, object] = {"action": "nothing"}
    if case and case.do:
        action = case.do["action"]
        do = {"action": CHARS["act"] if action == "act" else action}
        do |= {key: _param(value) for key, value in _params(case).items()}
    return json.dumps({"say": words, "do": do}, separators=(",", ":"), ensure_ascii=False)


def _param(value: str) -> object:
    if not value.startswith(VALUE_MARK):
        return CHARS[value]
    value = value.removeprefix(VALUE_MARK)
    return int(value) if value.isdigit() else value
