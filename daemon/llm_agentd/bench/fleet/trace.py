"""Who asks what when: the questions of one evening, made from evening.yaml with a seed.

Pure: the same arguments give the same trace, byte by byte. A question belongs to the game step (50 ms) in which the mod
would send it, together with all others of its game and step.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from llm_agentd.bench.fleet.evening import Evening
from llm_agentd.bench.fleet.records import new_record
from llm_agentd.types import Priority

STEP_S = 0.05  # `dedicated_server_step` of the benchmarks' servers; Luanti's default is 0.09
SEED = 17


@dataclass(frozen=True, slots=True)
class Question:
    """`at_s`: when its game step begins, from the start of the run. `record`: as the mod sends it, without an id."""

    number: int
    game: int
    at_s: float
    kind: str
    priority: Priority
    record: dict[str, Any]


def games_of(evening: Evening, npcs: int) -> int:
    """How many game servers so many NPCs live on."""
    return max(1, round(npcs / evening.game.npcs))


def questions(evening: Evening, npcs: int, seconds: float, seed: int = SEED) -> list[Question]:
    """The evening of `npcs` NPCs in `seconds`: rates as they are, the clock of the evening so much faster."""
    chance = random.Random(seed)
    games = games_of(evening, npcs)
    said = _Said(evening, npcs, games)
    asked: list[Question] = []
    for step in range(round(seconds / STEP_S)):
        hour = evening.from_ + evening.hours * step * STEP_S / seconds
        for game in range(games):
            for kind, rate in evening.rates(hour, game, games):
                for _ in range(_poisson(chance, rate * STEP_S)):
                    record = said.record(kind, game, hour, chance)
                    at_s, priority = step * STEP_S, evening.how(kind).priority
                    asked.append(Question(len(asked), game, at_s, kind, priority, record))
    return asked


def by_step(asked: list[Question]) -> Iterator[tuple[float, list[Question]]]:
    """Questions of a trace by the game step in which they are sent."""
    for at_s, together in groupby(asked, key=lambda question: question.at_s):
        yield at_s, list(together)


class _Said:
    """What was said so far, by game and kind: a share of the questions says it again, letter by letter."""

    def __init__(self, evening: Evening, npcs: int, games: int) -> None:
        self._evening = evening
        self._npcs = [_share(npcs, games, game) for game in range(games)]
        self._at_home: dict[tuple[int, str], list[dict[str, Any]]] = {}
        self._anywhere: dict[str, list[dict[str, Any]]] = {}

    def record(self, kind: str, game: int, hour: float, chance: random.Random) -> dict[str, Any]:
        at_home = self._at_home.setdefault((game, kind), [])
        anywhere = self._anywhere.setdefault(kind, [])
        if chance.random() < self._evening.repeat_share:
            said = at_home if chance.random() < self._evening.repeat_at_home else anywhere
            if said:
                return chance.choice(said)
        how = self._evening.how(kind)
        record = new_record(kind, game, chance.randrange(self._npcs[game]), hour, chance)
        record |= {"priority": how.priority, "deadline_ms": how.deadline_ms, "seed": chance.randrange(2**31)}
        at_home.append(record)
        anywhere.append(record)
        return record


def _share(npcs: int, games: int, game: int) -> int:
    """Of all NPCs, those of one game: as evenly as it goes."""
    return npcs * (game + 1) // games - npcs * game // games


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth's way: fine for the small means of one game's step."""
    count, left = 0, chance.random()
    limit = pow(2.718281828459045, -mean)
    while left > limit:
        left *= chance.random()
        count += 1
    return count
