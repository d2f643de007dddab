"""The replies of all scenes as patterns: which may be said when, and which one to say. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass

from hearthling.data import ANYONE, FOLLOW_UP, PLACEHOLDER, Scene, load, split_words

DATA = load()
ROLE_SHARE = 0.5  # how often a line of the NPC's own trade is taken where there is one
MOOD_SHARE = 0.4  # of the rest: how often a line of the NPC's mood
CARRIED = ("known", "recalled")  # placeholders that answer the question: where they have a value, they are mostly used
CARRIED_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Pattern:
    """One reply with the conditions under which it may be said; an empty set demands nothing.

    `follow_ups`: kind → what is said to a bare question behind it.
    """

    text: str
    follow_ups: dict[str, str]
    roles: frozenset[str]
    moods: frozenset[str]
    times: frozenset[str]
    weathers: frozenset[str]
    refused_moods: frozenset[str]
    slots: frozenset[str]

    def suits(self, role: str, mood: str, words: Collection[str], slots: Collection[str]) -> bool:
        return (
            (not self.roles or role in self.roles)
            and (not self.moods or mood in self.moods)
            and (not self.times or bool(self.times.intersection(words)))
            and (not self.weathers or bool(self.weathers.intersection(words)))
            and mood not in self.refused_moods
            and self.slots.issubset(slots)
        )


def slots_of(text: str) -> frozenset[str]:
    """The placeholders in `text`, in small letters."""
    return frozenset(slot.lower() for slot in PLACEHOLDER.findall(text))


def _patterns_of(scene: Scene) -> list[Pattern]:
    return [_pattern(scene, condition, line) for condition, lines in scene.replies.items() for line in lines]


def _pattern(scene: Scene, condition: str, line: str) -> Pattern:
    words = frozenset(split_words(condition)) - {ANYONE}
    text, *rest = FOLLOW_UP.split(line)
    moods = words & frozenset(DATA.folk.moods)
    return Pattern(
        text.strip(),
        {kind: answer.strip() for kind, answer in zip(rest[::2], rest[1::2], strict=True)},
        roles=words & frozenset(DATA.folk.roles),
        moods=moods,
        times=words & frozenset(DATA.facts.times),
        weathers=words & frozenset(DATA.facts.weathers),
        refused_moods=frozenset() if moods else frozenset(scene.own_lines_only),
        slots=slots_of(text),
    )


PATTERNS: dict[str, list[Pattern]] = {name: _patterns_of(scene) for name, scene in DATA.scenes.items()}


def choose(
    rng: random.Random,
    scenes: Collection[str],
    role: str,
    mood: str,
    words: Collection[str],
    slots: Collection[str],
    wanted: Collection[str] = (),
) -> Pattern | None:
    """A reply for this NPC at this moment: of its trade, of its mood, or a common one; mostly one with `wanted`."""
    suitable = [p for scene in scenes for p in PATTERNS[scene] if p.suits(role, mood, words, slots)]
    for carried in (*wanted, *(slot for slot in CARRIED if slot in slots)):
        with_it = [p for p in suitable if carried in p.slots]
        if with_it and rng.random() < CARRIED_SHARE:
            suitable = with_it
            break
    of_role = [p for p in suitable if p.roles]
    of_mood = [p for p in suitable if p.moods and not p.roles]
    common = [p for p in suitable if not p.moods and not p.roles]
    groups = []
    if rng.random() < ROLE_SHARE:
        groups.append(of_role)
    if rng.random() < MOOD_SHARE:
        groups.append(of_mood)
    for group in (*groups, common, of_role, of_mood):
        if group:
            return rng.choice(group)
    return None
