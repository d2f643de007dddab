"""What the game wrote of one run of `bench ticks`, read and checked. Pure; knows nothing of servers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from llm_agentd.errors import StartError

LONG_STEP_MS = 100.0
SLOWEST_SHARE = 0.01  # of the steps: of what these are made is what the p99 is made of
# What players did, as the game counts it; each is a load that must have been there to be measured.
PLAYERS_DID = ("lines", "answers", "trades", "haggles", "quests", "strikes", "fights")


@dataclass(frozen=True, slots=True)
class Run:
    """What the game wrote of one run.

    `gaps_ms`: from step to step; `kinds_ms`: the mod's time in each step, by the kind of call that took it (timer.lua
    has the kinds); `first_ms` and `reply_ms`: from a question to the first and the last of the model's words.
    """

    npcs: int
    on: bool
    gaps_ms: list[float]
    kinds_ms: dict[str, list[float]]
    first_ms: list[float]
    reply_ms: list[float]
    counts: dict[str, int]
    errors: dict[str, int]

    @property
    def name(self) -> str:
        return f"{self.npcs} {'on' if self.on else 'off'}"

    @property
    def mod_ms(self) -> list[float]:
        """The mod's time in each step."""
        return [sum(kinds) for kinds in zip(*self.kinds_ms.values(), strict=True)]

    @property
    def slowest_ms(self) -> dict[str, float]:
        """Kind of call → its mean in the hundredth of steps in which the mod took longest."""
        mod_ms = self.mod_ms
        count = math.ceil(len(mod_ms) * SLOWEST_SHARE)
        slowest = sorted(range(len(mod_ms)), key=mod_ms.__getitem__)[-count:]
        return {kind: fmean(values[step] for step in slowest) for kind, values in self.kinds_ms.items()}

    @property
    def long_steps(self) -> int:
        return sum(gap > LONG_STEP_MS for gap in self.gaps_ms)

    @property
    def idle_loads(self) -> list[str]:
        """What players should have done and did not; nobody answers them while the LLM is off."""
        due = [what for what in PLAYERS_DID if self.on or what != "answers"]
        return [what for what in due if self.counts.get(f"players_{what}") == 0]

    @property
    def deadline_violations(self) -> int:
        """Thinks whose callback came too late, twice or never."""
        return self.counts["late"] + self.counts["doubled"] + self.counts["asked"] - self.counts["answered"]


def read_run(npcs: int, on: bool, data: dict[str, Any]) -> Run:
    """Engines write empty tables as null, and before 5.16 whole numbers as 5.0."""
    counts, errors = (
        {key: int(value) for key, value in (data.get(part) or {}).items()} for part in ("counts", "errors")
    )
    if counts["bodies"] != npcs:
        raise StartError(f"bench ticks: of {npcs} NPCs only {counts['bodies']} had bodies at the end")
    gaps_ms, first_ms, reply_ms = (data.get(f"{key}_ms") or [] for key in ("gaps", "first", "reply"))
    return Run(npcs, on, gaps_ms, data["own_ms"], first_ms, reply_ms, counts, errors)
