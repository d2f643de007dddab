"""What the data files hold: one record a file, and `Data` with all of them. The fields are explained in the files.

Plain data; knows nothing of reading or of the corpus.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from hearthling.data.files import Lines, Record, Words


class Names(Record):
    people: Words
    name_beginnings: Words
    name_middles: Words
    name_endings: Words
    towns: Words
    town_endings: Words
    sites: Words
    items: Words
    item_substances: Words
    item_kinds: Words
    item_qualities: Words
    enemies: Words
    chore_verbs: Words
    chore_things: Words


class Folk(Record):
    roles: Words
    moods: Words


class Facts(Record):
    times: dict[str, str]  # time of day → greeting
    weathers: Words
    signs: Words
    follow_ups: Words


class Placeholders(Record):
    """By what the checker asks of them: placeholder → meaning."""

    name: dict[str, str]
    item: dict[str, str]
    number: dict[str, str]
    phrase: dict[str, str]
    text: dict[str, str]

    def all(self) -> frozenset[str]:
        return frozenset(name for _, group in self for name in group)


class Case(Record):
    has: Words = ()
    facts: Words = ()
    roles: Words = ()
    do: dict[str, str] | None = None
    scenes: Words


class Topic(Record):
    weight: Annotated[float, Field(gt=0)] = 1.0
    lines: Words = ()
    goods: Literal["stock", "need"] = "stock"
    cases: tuple[Case, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """All that its cases may do, each once."""
        return tuple(dict.fromkeys(case.do["action"] for case in self.cases if case.do))


class Scene(Record):
    about: str
    alike: Words = ()
    own_lines_only: Words = ()
    player: Lines = ()
    replies: dict[str, Lines] = Field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """Everything in the folder. `topics`: those of topics.yaml, and one for each scene that they leave."""

    names: Names
    folk: Folk
    facts: Facts
    placeholders: Placeholders
    topics: Mapping[str, Topic]
    scenes: Mapping[str, Scene]
    known: Mapping[str, Lines]  # scene → sentences that answer its question

    def conditions(self) -> frozenset[str]:
        """All words that a reply may be bound to."""
        return frozenset((*self.folk.roles, *self.folk.moods, *self.facts.times, *self.facts.weathers))
