"""The pattern bank: reads the pattern and utterance files once, picks what suits a situation, fills slots.

A pattern is only eligible where its role, mood, time and weather marks hold and every slot has a value.
Pure; knows nothing of prompts or of the checker's verdicts.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from hearthling.corpus import patterns_daily, patterns_fight, patterns_quest, patterns_trade, players

SLOT = re.compile(r"\{(\w+)\}")
WORD = re.compile(r"[A-Za-z0-9_']+")
ROLE_SHARE = 0.55  # how often a line of the NPC's own trade is taken where there is one
GRIM = frozenset(("sad", "angry", "tired", "worried", "afraid"))  # asked how they are, these never say "fine"
MOOD_SHARE = 0.35  # of the rest: how often a line of the NPC's mood


@dataclass(frozen=True, eq=False)  # by identity: hashing every field would be most of a check's time
class Pattern:
    """One hand-written line with the marks under which it may be said."""

    scene: str
    text: str
    roles: frozenset[str] = frozenset()
    moods: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()  # values of time or weather, one of which must hold
    slots: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()  # literal words, small letters

    def suits(self, role: str, mood: str | None, facts: Mapping[str, str]) -> bool:
        """True where the marks hold; slots are not looked at."""
        if self.scene == "mood" and mood in GRIM and not self.moods:
            return False
        return (
            (not self.roles or role in self.roles)
            and (not self.moods or mood in self.moods)
            and (not self.facts or bool(self.facts & {facts.get("time"), facts.get("weather")}))
        )


def _parse(scene: str, line: str) -> Pattern:
    marks: dict[str, frozenset[str]] = {"@": frozenset(), "/": frozenset(), "#": frozenset()}
    text = line.strip()
    while text[0] in marks:
        head, _, text = text.partition(" ")
        marks[head[0]] = frozenset(head[1:].split(","))
    slots = frozenset(slot.lower() for slot in SLOT.findall(text))
    words = frozenset(word.lower() for word in WORD.findall(SLOT.sub(" ", text)))
    return Pattern(scene, text, marks["@"], marks["/"], marks["#"], slots, words)


def _load() -> dict[str, list[Pattern]]:
    bank: dict[str, list[Pattern]] = {}
    for source in (patterns_daily, patterns_quest, patterns_trade, patterns_fight):
        for scene, block in source.PATTERNS.items():
            if scene in bank:
                raise ValueError(f"{source.__name__}: scene {scene!r} is written twice")
            bank[scene] = [_parse(scene, line) for line in block.strip().splitlines() if line.strip()]
    return bank


BANK: dict[str, list[Pattern]] = _load()
SAID: dict[str, list[str]] = {
    scene: [line.strip() for line in block.strip().splitlines()] for scene, block in players.SAID.items()
}


def _needed(patterns: list[Pattern]) -> frozenset[str]:
    common = None
    for pattern in patterns:
        bare = frozenset(value_name(slot) for slot in pattern.slots)
        common = bare if common is None else common & bare
    return common or frozenset()


def value_name(slot: str) -> str:
    """The value behind a slot: `a_item` and `items` both carry `item`."""
    slot = slot.lower().removeprefix("a_")
    return "item" if slot == "items" else slot


NEEDED: dict[str, frozenset[str]] = {scene: _needed(patterns) for scene, patterns in BANK.items()}
USED: dict[str, frozenset[str]] = {
    scene: frozenset(value_name(slot) for pattern in patterns for slot in pattern.slots)
    for scene, patterns in BANK.items()
}
BY_WORD: dict[str, list[Pattern]] = defaultdict(list)
for _patterns in BANK.values():
    for _pattern in _patterns:
        for _word in _pattern.words:
            BY_WORD[_word].append(_pattern)
VOCABULARY = frozenset(BY_WORD)


def choose(
    rng: random.Random, scene: str, role: str, mood: str | None, facts: Mapping[str, str], slots: Mapping[str, str]
) -> Pattern | None:
    """A pattern of `scene` for this NPC at this moment: of its trade, of its mood, or a common one."""
    fit = [p for p in BANK[scene] if p.suits(role, mood, facts) and p.slots <= slots.keys()]
    own = [p for p in fit if p.roles]
    moody = [p for p in fit if p.moods and not p.roles]
    plain = [p for p in fit if not p.moods and not p.roles]
    groups: list[list[Pattern]] = []
    if own and rng.random() < ROLE_SHARE:
        groups.append(own)
    elif moody and rng.random() < MOOD_SHARE:
        groups.append(moody)
    groups += [plain, own, moody]
    for group in groups:
        if group:
            return rng.choice(group)
    return None


def fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with its slots filled; `{Place}` is `{place}` with a capital."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        text = slots[name.lower()]
        return text[:1].upper() + text[1:] if name[0].isupper() else text

    return SLOT.sub(value, template)
