"""The lines that may answer a topic, as the model's file brings them: which of them fit a moment, and what is done.

A model of ten million weights says the right thing in wrong words as often as not. So it is not left alone with its
words: a grammar holds it to the written lines that fit the topic, the speaker and what has a value at this moment, and
it chooses among those, word by word. Pure; built once from the file. The lines stay packed text until their scene is
asked for: 20,000 of them as objects would be 30 MiB, and a talk needs a handful.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

PACKED_QUICKLY = 1  # zlib's level: the others win a twentieth, and every start waits for it
SCENES_KEPT = 64  # of those asked for last, as objects: some 30 kB each
ANSWERS = frozenset(("known", "recalled"))
# Where a trade has lines of its own, it is asked for what it knows: a fisher does not say that he never saw a ship.
DENIES = re.compile(
    r"\b(?:I|I'd|we) (?:do not|don't|can ?not|can't|could not|couldn't|would not|wouldn't|never) "
    r"(?:really |even )?(?:know|say|tell|learned|asked|heard|saw|seen)\b"
    r"|\bno idea\b|\bknow(?:s)? nothing\b|\bnever been\b|\bask (?:the|a|an|somebody|someone|him|her|those)\b"
    r"|\b(?:you'd|you would|you'll) have to ask\b|\bnot my (?:trade|business|field|craft)\b",
    re.I,
)
CHILD = "child"
GROWN = (
    r"\b(?:at my age|in my youth|when I was (?:young|your age|small|little|a (?:boy|girl|child))|I'm grown|I am grown"
    r"|my (?:back|knees?|bones|beard|wife|husband|sons?|daughters?|children|grandchildren|trade)|years ago"
    r"|all (?:these|my) years|old bones|(?:I am|I'm|I've grown) (?:too )?old)\b"
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
    """`cases` of each topic in their order, as `hearthling/topics_file.py` writes them; `scenes` with their lines,
    each as JSON.
    """

    def __init__(self, cases: Mapping[str, Any], scenes: Mapping[str, bytes], always: Collection[str]) -> None:
        self._always = frozenset(always)
        self._cases = {name: tuple(map(_case, written)) for name, written in cases.items()}
        # Packed, they take half of the memory; one is unpacked in less time than its JSON is read.
        self._scenes = {name: zlib.compress(lines, PACKED_QUICKLY) for name, lines in scenes.items()}
        self._scene = lru_cache(maxsize=SCENES_KEPT)(self._read)
        # In which scene a line with follow-ups stands. By its hash: the texts are three times as large.
        self._followed = {hash(line[0]): name for name in scenes for line in json.loads(scenes[name]) if line[5]}

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
            for line in self._scene(scene)
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
        not_own = _of_others(role)
        fitting = [line for line in fitting if line.roles or not not_own.search(line.text)] or fitting
        fitting.sort(key=lambda line: (not line.roles, not line.moods, not line.words))  # stable: the file's order
        return list(dict.fromkeys(line.text for line in fitting))

    def own_lines(self, case: Case, role: str) -> frozenset[str]:
        """Those that are for this role."""
        return frozenset(line.text for scene in case.scenes for line in self._scene(scene) if role in line.roles)

    def follow_up(self, said: str, kind: str) -> str | None:
        """What is said to a bare question right behind the line `said`."""
        scene = self._scene(self._followed.get(hash(said), ""))
        found = {line.text: line.follow_ups for line in scene if line.follow_ups}
        return found.get(said, {}).get(kind)

    def _read(self, scene: str) -> tuple[Line, ...]:
        packed = self._scenes.get(scene)
        return tuple(map(_line, json.loads(zlib.decompress(packed)))) if packed else ()


@lru_cache(maxsize=SCENES_KEPT)
def _of_others(role: str) -> re.Pattern[str]:
    """A line for anyone that names the speaker's own trade is about somebody else: "I'm no bard", "ask the smith". And
    a child has no past."""
    naming = rf"\b(?:an?|the|no|any) {re.escape(role)}\b"
    return re.compile(f"{naming}|{GROWN}" if role == CHILD else naming, re.I)


@cache
def one_set(*names: str) -> frozenset[str]:
    """One object for all that are equal: the file has thousands, of two hundred different ones."""
    return frozenset(names)


def _case(written: Mapping[str, Any]) -> Case:
    return Case(
        one_set(*written["has"]),
        one_set(*written["signs"]),
        one_set(*written["roles"]),
        written["deed"],
        tuple(written["scenes"]),
    )


def _line(written: Sequence[Any]) -> Line:
    text, slots, roles, moods, words, follow_ups = written
    return Line(text, frozenset(slots), frozenset(roles), frozenset(moods), frozenset(words), follow_ups or None)
