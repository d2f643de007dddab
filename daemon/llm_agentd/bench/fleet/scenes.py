"""An evening in one piece, and the evenings on which something breaks in its middle.

A scene plays the same trace to a fresh fleet. What it breaks, it breaks when two fifths of the time are over, while
players are on the market; what comes back comes back when three fifths are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llm_agentd.bench.fleet import upstreams
from llm_agentd.bench.fleet.daemon_usage import Usage, UsageWatch
from llm_agentd.bench.fleet.fleet import FleetDaemon, fleet
from llm_agentd.bench.fleet.game_server import GameServer
from llm_agentd.bench.fleet.redis_server import RedisServer, find_program
from llm_agentd.bench.fleet.tally import Account, Tally
from llm_agentd.bench.fleet.trace import Question

BREAK_AT, MEND_AT = 0.4, 0.6  # of the evening: 20:24, the market has begun, and 21:36
REDIS_SCENES = ("shared-cache", "redis-killed")
SCENES = ("plain", "daemon-killed", *REDIS_SCENES, "upstream-slow")
UPSTREAMS = 2


def scenes_here() -> tuple[str, ...]:
    """Those for which all programs are installed."""
    return SCENES if find_program() else tuple(name for name in SCENES if name not in REDIS_SCENES)


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
    marks: tuple[tuple[float, str], ...] = ()

    @property
    def requests_per_s(self) -> float:
        return self.account.done / self.span_s


@dataclass(frozen=True, slots=True)
class Fault:
    """At a share of the evening `act` is called, which may take its time; `name`: for the plot."""

    at: float
    name: str
    act: Callable[[Sequence[FleetDaemon]], None]


@dataclass(frozen=True, slots=True)
class _Stage:
    """What a scene needs beside its daemons, and what goes wrong in it."""

    sets: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


def play(name: str, setup: Setup, questions: Sequence[Question]) -> Played:
    with (
        _stage(name, setup) as stage,
        fleet(setup.daemons, step_ms=setup.step_ms, width=setup.width, sets=stage.sets) as daemons,
    ):
        return asyncio.run(_evening(name, setup, questions, daemons, stage.faults))


@contextmanager
def _stage(name: str, setup: Setup) -> Iterator[_Stage]:
    if name == "daemon-killed":
        yield _Stage({}, (Fault(BREAK_AT, "killed", lambda daemons: daemons[0].kill()),))
    elif name in REDIS_SCENES:
        with RedisServer() as redis:
            killed = Fault(BREAK_AT, "Redis killed", lambda _: redis.kill())
            back = Fault(MEND_AT, "Redis is back", lambda _: redis.start())
            yield _Stage({"cache.redis_url": redis.url}, (killed, back) if name == "redis-killed" else ())
    elif name == "upstream-slow":
        with upstreams.upstream_servers(UPSTREAMS, setup.step_ms) as servers:
            slow = Fault(BREAK_AT, "one of two is slow", lambda _: servers[0].be_slow(upstreams.SLOW_MS))
            quick = Fault(MEND_AT, "quick again", lambda _: servers[0].be_slow(0))
            yield _Stage(upstreams.settings(servers), (slow, quick))
    else:
        yield _Stage({})


async def _evening(
    name: str,
    setup: Setup,
    questions: Sequence[Question],
    daemons: Sequence[FleetDaemon],
    faults: Sequence[Fault],
) -> Played:
    tally, clock = Tally(), time.perf_counter
    servers = [
        GameServer(daemons[game % len(daemons)].endpoint, [q for q in questions if q.game == game], tally, clock)
        for game in range(setup.games)
    ]
    await asyncio.gather(*(server.start() for server in servers))
    try:
        async with UsageWatch(daemons) as watch:
            began_s = clock()
            breaking = asyncio.gather(*(_break(fault, setup, daemons) for fault in faults))
            await asyncio.gather(*(server.play(began_s) for server in servers))
            await asyncio.gather(*(server.wait_until_answered() for server in servers))
            span_s = clock() - began_s
            await breaking
    finally:
        for server in servers:
            server.stop()
    marks = tuple((fault.at * setup.seconds, fault.name) for fault in faults)
    return Played(name, Account(tally.endings), watch.usage, span_s, marks)


async def _break(fault: Fault, setup: Setup, daemons: Sequence[FleetDaemon]) -> None:
    """On a thread: to start a server again takes longer than a game step may be late."""
    await asyncio.sleep(setup.seconds * fault.at)
    await asyncio.to_thread(fault.act, daemons)
