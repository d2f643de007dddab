"""What the game wrote of one run of `bench ticks`, read and checked. Pure; knows nothing of servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_agentd.errors import StartError

LONG_STEP_MS = 100.0
# What players did, as the game counts it; each is a load that must have been there to be measured.
PLAYERS_DID = ("lines", "answers", "trades", "haggles", "quests", "strikes", "fights")


@dataclass(frozen=True, slots=True)
class Run:
    """What the game wrote of one run.

    `gaps_ms`: from step to step; `mod_ms`: the mod's time in each step; `first_ms` and `reply_ms`: from a question to
    the first and the last of the model's words.
    """

    npcs: int
    on: bool
    gaps_ms: list[float]
    mod_ms: list[float]
    first_ms: list[float]
    reply_ms: list[float]
    counts: dict[str, int]
    errors: dict[str, int]

    @property
    def name(self) -> str:
        return f"{self.npcs} {'on' if self.on else 'off'}"

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
    gaps_ms, mod_ms, first_ms, reply_ms = (data.get(f"{key}_ms") or [] for key in ("gaps", "own", "first", "reply"))
    return Run(npcs, on, gaps_ms, mod_ms, first_ms, reply_ms, counts, errors)
