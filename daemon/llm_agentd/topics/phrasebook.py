"""The lines that may answer a topic, as the model's file brings them: which of them fit a moment, and what is done.

A model of ten million weights says the right thing in wrong words as often as not. So it is not left alone with its
words: a grammar holds it to the written lines that fit the topic, the speaker and what has a value at this moment, and
it chooses among those, word by word. Pure; built once from the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANSWERS = frozenset(("known", "recalled"))
# Where a trade has lines of its own, it is asked for what it knows: a fisher does not say that he never saw a ship.
DENIES = re.compile(
    r"\b(?:I|I'd|we) (?:do not|don't|can ?not|can't|could not|couldn't|would not|wouldn't|never) "
    r"(?:really |even )?(?:know|say|tell|learned|asked|heard|saw|seen)\b"
    r"|\bno idea\b|\bknow(?:s)? nothing\b|\bnever been\b|\bask (?:the|a|an|somebody|someone|him|her|those)\b"
    r"|\b(?:you'd|you would|you'll) have to ask\b|\bnot my (?:trade|business|field|craft)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Line:
    """`text` with placeholder characters; empty conditions demand nothing.

    `follow_ups`: kind → what is said to a bare question behind it.
    """

    text: str
    slots: frozenset[str]
    roles: frozenset[str] = frozenset()
    moods: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    follow_ups: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What must hold (`has`: placeholders, `signs`, `roles`), what is done then, and whose lines are said."""

    has: frozenset[str]
    signs: frozenset[str]
    roles: frozenset[str]
    deed: Mapping[str, str] | None
    scenes: tuple[str, ...]


class Phrasebook:
    """`cases` of each topic in their order, `scenes` with their lines, as `hearthling/train_topics.py` writes them."""

    def __init__(self, cases: Mapping[str, Any], scenes: Mapping[str, Any], always: Collection[str]) -> None:
        self._always = frozenset(always)
        self._cases = {name: tuple(map(_case, written)) for name, written in cases.items()}
        self._scenes = {name: tuple(map(_line, written)) for name, written in scenes.items()}
        self._follow_ups = {
            line.text: line.follow_ups for lines in self._scenes.values() for line in lines if line.follow_ups
        }

    def case(
        self, topic: str, role: str, signs: Collection[str], slots: Collection[str], offered: Collection[str]
    ) -> Case | None:
        """The first case that holds. `offered`: actions that can be done now."""
        for case in self._cases.get(topic, ()):
            if (
                case.has.issubset(slots)
                and case.signs.issubset(signs)
                and (not case.roles or role in case.roles)
                and (case.deed is None or case.deed["action"] in offered)
            ):
                return case
        return None

    def lines(self, case: Case, role: str, mood: str, words: Collection[str], slots: Collection[str]) -> list[str]:
        """Those that fit, of the role and the mood first; only those that say what is known, where there are any."""
        has = self._always | frozenset(slots)
        fitting = [
            line
            for scene in case.scenes
            for line in self._scenes.get(scene, ())
            if line.slots <= has
            and (not line.roles or role in line.roles)
            and (not line.moods or mood in line.moods)
            and (not line.words or line.words.intersection(words))
        ]
        for carried in ("recalled", "known", *sorted(case.has)):
            if carried in slots:
                fitting = [line for line in fitting if carried in line.slots] or fitting
        if any(line.roles for line in fitting):
            fitting = [line for line in fitting if line.roles or line.slots & ANSWERS or not DENIES.search(line.text)]
        fitting.sort(key=lambda line: (not line.roles, not line.moods, not line.words))  # stable: the file's order
        return list(dict.fromkeys(line.text for line in fitting))

    def own_lines(self, case: Case, role: str) -> frozenset[str]:
        """Those that are for this role."""
        return frozenset(
            line.text for scene in case.scenes for line in self._scenes.get(scene, ()) if role in line.roles
        )

    def follow_up(self, said: str, kind: str) -> str | None:
        """What is said to a bare question right behind the line `said`."""
        return (self._follow_ups.get(said) or {}).get(kind)


def _case(written: Mapping[str, Any]) -> Case:
    return Case(
        frozenset(written["has"]),
        frozenset(written["signs"]),
        frozenset(written["roles"]),
        written["deed"],
        tuple(written["scenes"]),
    )


def _line(written: Sequence[Any]) -> Line:
    text, slots, roles, moods, words, follow_ups = written
    return Line(text, frozenset(slots), frozenset(roles), frozenset(moods), frozenset(words), follow_ups or None)
