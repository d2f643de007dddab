"""An evening in one piece, and the evenings on which something breaks in its middle.

A scene plays the same trace to a fresh fleet. What it breaks, it breaks when two fifths of the time are over, while
players are on the market.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from llm_agentd.bench.fleet.daemon_usage import Usage, UsageWatch
from llm_agentd.bench.fleet.fleet import FleetDaemon, fleet
from llm_agentd.bench.fleet.game_server import GameServer
from llm_agentd.bench.fleet.tally import Account, Tally
from llm_agentd.bench.fleet.trace import Question

BREAK_AT = 0.4  # of the evening: 20:24, the market has begun
SCENES = ("plain", "daemon-killed")


@dataclass(frozen=True, slots=True)
class Setup:
    """What all scenes of a run share."""

    daemons: int
    games: int
    step_ms: float
    width: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Played:
    """`span_s`: from the first question to the last answer. `marks`: what happened when, for the plot."""

    name: str
    account: Account
    usage: Usage
    span_s: float
    began_s: float
    marks: tuple[tuple[float, str], ...] = ()

    @property
    def requests_per_s(self) -> float:
        return self.account.done / self.span_s


def play(name: str, setup: Setup, questions: Sequence[Question]) -> Played:
    with fleet(setup.daemons, step_ms=setup.step_ms, width=setup.width, sets={}) as daemons:
        return asyncio.run(_evening(name, setup, questions, daemons))


async def _evening(name: str, setup: Setup, questions: Sequence[Question], daemons: Sequence[FleetDaemon]) -> Played:
    tally, clock = Tally(), time.perf_counter
    servers = [
        GameServer(daemons[game % len(daemons)].endpoint, [q for q in questions if q.game == game], tally, clock)
        for game in range(setup.games)
    ]
    await asyncio.gather(*(server.start() for server in servers))
    try:
        async with UsageWatch(daemons) as watch:
            began_s = clock()
            breaking = asyncio.create_task(_break(name, setup, daemons))
            await asyncio.gather(*(server.play(began_s) for server in servers))
            await asyncio.gather(*(server.wait_until_answered() for server in servers))
            span_s = clock() - began_s
            await breaking
    finally:
        for server in servers:
            server.stop()
    marks = ((setup.seconds * BREAK_AT, name),) if name != "plain" else ()
    return Played(name, Account(tally.endings), watch.usage, span_s, began_s, marks)


async def _break(name: str, setup: Setup, daemons: Sequence[FleetDaemon]) -> None:
    if name == "daemon-killed":
        await asyncio.sleep(setup.seconds * BREAK_AT)
        daemons[0].kill()
