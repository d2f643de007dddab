"""The evening that a fleet is loaded with, read from evening.yaml and checked field by field.

Pure, apart from reading the file. Says how often something asks at a given moment; the trace rolls the dice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from llm_agentd.types import Priority

FILE = Path(__file__).with_name("evening.yaml")

Per = Literal["player", "game"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(_Strict):
    """How the mod asks."""

    priority: Priority
    deadline_ms: int


class _Steady(Kind):
    per: Per
    a_minute: float


class Event(_Strict):
    name: str
    at: float
    hours: float
    games: float = Field(gt=0, le=1)
    kind: str
    per: Per
    a_minute: float


class _Game(_Strict):
    npcs: int
    players: int


class Evening(_Strict):
    """Times are hours of the day, rates are real ones."""

    from_: float = Field(alias="from")
    to: float
    online: Mapping[float, float]
    game: _Game
    kinds: Mapping[str, _Steady]
    events: tuple[Event, ...]
    event_kinds: Mapping[str, Kind]
    repeat_share: float
    repeat_at_home: float

    @property
    def hours(self) -> float:
        return self.to - self.from_

    def how(self, kind: str) -> Kind:
        return self.kinds.get(kind) or self.event_kinds[kind]

    def online_share(self, hour: float) -> float:
        """Between the hours of the table in a straight line."""
        hours = sorted(self.online)
        above = min(max(1, bisect_right(hours, hour)), len(hours) - 1)
        left, right = hours[above - 1], hours[above]
        share = (hour - left) / (right - left)
        return self.online[left] * (1 - share) + self.online[right] * share

    def games_of(self, event: Event, games: int) -> int:
        """In how many of so many games it happens: the first ones, and at least in one."""
        return max(1, round(event.games * games))

    def rates(self, hour: float, game: int, games: int) -> Iterator[tuple[str, float]]:
        """Kind, and questions a second of it, in the `game`-th of so many games at that hour."""
        players = self.game.players * self.online_share(hour)
        for name, kind in self.kinds.items():
            yield name, _a_second(kind.per, kind.a_minute, players)
        for event in self.events:
            if event.at <= hour < event.at + event.hours and game < self.games_of(event, games):
                yield event.kind, _a_second(event.per, event.a_minute, players)

    def rate_a_second(self, hour: float, games: int) -> float:
        """Of all games together."""
        return sum(rate for game in range(games) for _, rate in self.rates(hour, game, games))


def _a_second(per: Per, a_minute: float, players: float) -> float:
    # Who has nobody near does not talk: a game with hardly anybody online has as many talks as players.
    return a_minute / 60 * (players if per == "player" else min(1.0, players / 4))


@cache
def evening() -> Evening:
    return Evening.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
