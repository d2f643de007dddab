"""How many daemons an evening takes, on paper: a queueing model of the fullest hour, without running anything.

Pure. Each sequence of an engine is a server: a daemon is an M/M/c queue (Erlang C) of c = width servers, each busy with
a reply for as many steps as it has tokens and its prompt takes. Replies from the cache take no server. A game keeps to
its daemon, so the daemons are queues apart, each with its even share of the load.
Wrong where load is not Poisson: within an event of some seconds it is, and events are a rate of their own here.
Assumes that sequences of a step do not slow each other down, as on a graphics card below its useful batch; for engines
of which a step grows with its sequences, give the step time at that width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from llm_agentd.bench.fleet.evening import Evening
from llm_agentd.bench.fleet.trace import games_of

WAIT_MAX_S = 0.5  # at p95: what a player takes for a pause of thought
UTILISATION_MAX = 0.8  # the rest is for bursts, and for what the model leaves out
CPU_UTILISATION_MAX = 0.7  # of the one core that Python takes of a daemon at most
DAEMONS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Costs:
    """What a question takes. `tokens`: of a reply; `prompt_steps`: before its first; `cpu_s`: of the daemon's core."""

    hit_share: float
    tokens: float
    prompt_steps: float
    step_s: float
    width: int
    cpu_s: float

    @property
    def service_s(self) -> float:
        return (self.tokens + self.prompt_steps) * self.step_s


@dataclass(frozen=True, slots=True)
class Forecast:
    """`busy`: sequences that run at a time, of all daemons; `wait_p95_s`: for a free one; `daemons`: what it takes."""

    rate_per_s: float
    busy: float
    daemons: int
    utilisation: float
    wait_p95_s: float
    limit: str


def busy_sequences(rate_per_s: float, costs: Costs) -> float:
    """Little's law: how many are at work at a time, with however many daemons."""
    return rate_per_s * (1 - costs.hit_share) * costs.service_s


def daemons_needed(rate_per_s: float, costs: Costs) -> Forecast:
    """The fewest that keep the wait, the engine and the core under their limits; `limit` names what decided."""
    busy = busy_sequences(rate_per_s, costs)
    needs = {
        "engine": math.ceil(busy / (UTILISATION_MAX * costs.width)),
        "router's core": math.ceil(rate_per_s * costs.cpu_s / CPU_UTILISATION_MAX),
    }
    limit = max(needs, key=lambda name: needs[name])
    daemons = max(1, needs[limit])
    while (wait_s := wait_p95_s(busy / daemons, costs.width, costs.service_s)) > WAIT_MAX_S and daemons < DAEMONS_MAX:
        daemons, limit = daemons + 1, "wait"
    return Forecast(rate_per_s, busy, daemons, busy / (daemons * costs.width), wait_s, limit)


def wait_p95_s(busy: float, servers: int, service_s: float) -> float:
    """Of an M/M/c queue with work for `busy` servers; infinite where that is all of them or more."""
    if busy >= servers:
        return math.inf
    waits = erlang_c(busy, servers)
    if waits <= 0.05:
        return 0.0
    return math.log(waits / 0.05) * service_s / (servers - busy)


def erlang_c(busy: float, servers: int) -> float:
    """The share that has to wait. By Erlang B's recursion, which stays in range for thousands of servers."""
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = busy * blocked / (server + busy * blocked)
    return blocked / (1 - busy / servers * (1 - blocked))


def fullest_rate_per_s(evening: Evening, npcs: int) -> float:
    """The highest rate of the evening, events among it."""
    games = games_of(evening, npcs)
    hours = [evening.from_ + evening.hours * step / 240 for step in range(240)]
    return max(evening.rate_a_second(hour, games) for hour in hours)


def usual_rate_per_s(evening: Evening, npcs: int) -> float:
    """The mean of the evening."""
    games = games_of(evening, npcs)
    hours = [evening.from_ + evening.hours * (step + 0.5) / 240 for step in range(240)]
    return sum(evening.rate_a_second(hour, games) for hour in hours) / len(hours)


def table(evening: Evening, npcs: Sequence[int], costs: Sequence[Costs]) -> list[tuple[str, ...]]:
    """Rows for people: NPCs and step time, up to how many daemons it takes, in the mean and when it is fullest."""
    rows: list[tuple[str, ...]] = []
    for count in npcs:
        for cost in costs:
            mean = daemons_needed(usual_rate_per_s(evening, count), cost)
            found = daemons_needed(fullest_rate_per_s(evening, count), cost)
            rows.append(
                (
                    f"{count:,}",
                    f"{cost.step_s * 1000:g} x {cost.width}",
                    f"{mean.rate_per_s * 3600 / count:.0f}",
                    f"{mean.rate_per_s:.0f}; {found.rate_per_s:.0f}",
                    f"{mean.busy:.1f}; {found.busy:.1f}",
                    f"{mean.daemons}; {found.daemons}",
                    f"{found.utilisation:.0%}",
                    f"{found.wait_p95_s:.2f}",
                    found.limit,
                )
            )
    return rows
