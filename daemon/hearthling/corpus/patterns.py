"""The replies and the player lines of all scenes, as patterns: picks what suits a situation, fills placeholders.

A pattern is only eligible where its role, mood, time and weather hold and every placeholder has a value.
Pure; knows nothing of prompts or of the checker's verdicts.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from hearthling.data import ANYONE, PLACEHOLDER, Scene, load, split_words

DATA = load()
WORD = re.compile(r"[A-Za-z0-9_']+")
ROLE_SHARE = 0.55  # how often a line of the NPC's own trade is taken where there is one
MOOD_SHARE = 0.35  # of the rest: how often a line of the NPC's mood


@dataclass(frozen=True, eq=False)  # by identity: hashing every field would be most of a check's time
class Pattern:
    """One hand-written line with the conditions under which it may be said; an empty set demands nothing."""

    scene: str
    text: str
    roles: frozenset[str] = frozenset()
    moods: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    weathers: frozenset[str] = frozenset()
    refused_moods: frozenset[str] = frozenset()
    slots: frozenset[str] = frozenset()  # placeholders, small letters
    words: frozenset[str] = frozenset()  # literal words, small letters

    def suits(self, role: str, mood: str | None, facts: Mapping[str, str]) -> bool:
        """True where the conditions hold; placeholders are not looked at."""
        return (
            (not self.roles or role in self.roles)
            and (not self.moods or mood in self.moods)
            and (not self.times or facts.get("time") in self.times)
            and (not self.weathers or facts.get("weather") in self.weathers)
            and mood not in self.refused_moods
        )


def patterns_of(name: str, scene: Scene) -> list[Pattern]:
    """The scene's replies in the order of the file."""
    return [_pattern(name, scene, condition, text) for condition, texts in scene.replies.items() for text in texts]


def _pattern(name: str, scene: Scene, condition: str, text: str) -> Pattern:
    words = frozenset(split_words(condition)) - {ANYONE}
    moods = words & frozenset(DATA.folk.moods)
    return Pattern(
        name,
        text,
        roles=words & frozenset(DATA.folk.roles),
        moods=moods,
        times=words & frozenset(DATA.facts.times),
        weathers=words & frozenset(DATA.facts.weathers),
        refused_moods=frozenset() if moods else frozenset(scene.own_lines_only),
        slots=slots_of(text),
        words=frozenset(word.lower() for word in WORD.findall(PLACEHOLDER.sub(" ", text))),
    )


def slots_of(text: str) -> frozenset[str]:
    """The placeholders in `text`, in small letters."""
    return frozenset(slot.lower() for slot in PLACEHOLDER.findall(text))


def value_name(slot: str) -> str:
    """The value behind a placeholder: `a_item` and `items` both carry `item`."""
    slot = slot.lower().removeprefix("a_")
    return "item" if slot == "items" else slot


def _needed(patterns: list[Pattern]) -> frozenset[str]:
    """The values that every pattern carries."""
    return frozenset.intersection(*(frozenset(map(value_name, pattern.slots)) for pattern in patterns))


PATTERNS: dict[str, list[Pattern]] = {
    name: patterns_of(name, scene) for name, scene in DATA.scenes.items() if scene.replies
}
PLAYER_LINES: dict[str, tuple[str, ...]] = {name: scene.player for name, scene in DATA.scenes.items() if scene.player}
NEEDED: dict[str, frozenset[str]] = {scene: _needed(patterns) for scene, patterns in PATTERNS.items()}
USED: dict[str, frozenset[str]] = {
    scene: frozenset(value_name(slot) for pattern in patterns for slot in pattern.slots)
    for scene, patterns in PATTERNS.items()
}
BY_WORD: dict[str, list[Pattern]] = defaultdict(list)
for _patterns in PATTERNS.values():
    for _one in _patterns:
        for _word in _one.words:
            BY_WORD[_word].append(_one)
VOCABULARY = frozenset(BY_WORD)


def choose(
    rng: random.Random, scene: str, role: str, mood: str | None, facts: Mapping[str, str], slots: Mapping[str, str]
) -> Pattern | None:
    """A pattern of `scene` for this NPC at this moment: of its trade, of its mood, or a common one."""
    suitable = [p for p in PATTERNS[scene] if p.suits(role, mood, facts) and p.slots <= slots.keys()]
    of_role = [p for p in suitable if p.roles]
    of_mood = [p for p in suitable if p.moods and not p.roles]
    common = [p for p in suitable if not p.moods and not p.roles]
    groups: list[list[Pattern]] = []
    if of_role and rng.random() < ROLE_SHARE:
        groups.append(of_role)
    elif of_mood and rng.random() < MOOD_SHARE:
        groups.append(of_mood)
    groups += [common, of_role, of_mood]
    for group in groups:
        if group:
            return rng.choice(group)
    return None


def fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with its placeholders filled; `{Place}` is `{place}` with a capital."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        text = slots[name.lower()]
        return text[:1].upper() + text[1:] if name[0].isupper() else text

    return PLACEHOLDER.sub(value, template)
