"""What the data files hold: one record a file, and `Data` with all of them. The fields are explained in the files.

Plain data; knows nothing of reading or of the corpus.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from hearthling.data.files import Lines, Record, Words

Share = Annotated[float, Field(ge=0, le=1)]


class Names(Record):
    people: Words
    name_beginnings: Words
    name_middles: Words
    name_endings: Words
    two_word_names: Words
    player_names: Words
    towns: Words
    town_endings: Words
    sites: Words
    items: Words
    item_substances: Words
    item_kinds: Words
    item_qualities: Words
    uncountable: Words
    unholdable: Words
    enemies: Words
    chore_verbs: Words
    chore_things: Words


class Folk(Record):
    roles: Words
    brave: Words
    moods: Words
    custom_roles: dict[str, str]  # role → persona
    personas: Lines


class Facts(Record):
    times: dict[str, str]  # time of day → greeting
    greeting_otherwise: str
    weathers: Words
    deeds: Lines
    outcomes: Lines
    fight_lost: str
    fight_won: str
    directions: Words
    ways: Lines
    kill_quest: str
    errand_quests: Lines
    health_low: Words
    health_good: Words
    seen_doors: Lines
    ally_orders: Words


class InTalk(Record):
    fact: str | None = None
    with_fact: Share
    without: Share = 0.0


class ActionData(Record):
    parameters: dict[str, Literal["string", "integer"]]
    does: str
    in_talk: InTalk


class ActionGroups(Record):
    quest: Words
    trade: Words
    fight: Words
    gesture: Words


class Actions(Record):
    actions: dict[str, ActionData]
    gestures: Words
    groups: ActionGroups
    fight_choices: Lines


class Conversation(Record):
    small_talk: dict[str, str]  # scene of the player's line → scene of the reply
    turns_between: dict[str, str]
    openers: Lines
    without_opener: Words
    banter: Words
    banter_otherwise: str
    shouts: Words


class Placeholders(Record):
    """By what the checker asks of them: placeholder → meaning."""

    name: dict[str, str]
    item: dict[str, str]
    number: dict[str, str]
    phrase: dict[str, str]
    text: dict[str, str]

    def all(self) -> frozenset[str]:
        return frozenset(name for _, group in self for name in group)


class Topic(Record):
    weight: Annotated[float, Field(gt=0)]
    scene: str | None = None
    needs: str | None = None
    role: str | None = None
    otherwise: str | None = None
    item: bool = False
    experts: Words = ()
    fits: Words = ()
    kind: str | None = None


class Scene(Record):
    about: str
    alike: Words = ()
    own_lines_only: Words = ()
    player: Lines = ()
    replies: dict[str, Lines] = Field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """Everything in the folder."""

    names: Names
    folk: Folk
    facts: Facts
    actions: Actions
    conversation: Conversation
    placeholders: Placeholders
    topics: Mapping[str, Topic]
    scenes: Mapping[str, Scene]

    def conditions(self) -> frozenset[str]:
        """All words that a reply may be bound to."""
        return frozenset((*self.folk.roles, *self.folk.moods, *self.facts.times, *self.facts.weathers))
