"""What the daemons of a fleet take: resident memory at its peak, and CPU time, sampled while a scene runs.

A daemon that is started again is another process: its CPU time counts from its start, so loading is in the figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from llm_agentd.bench.fleet.fleet import FleetDaemon

SAMPLE_EVERY_S = 0.5


@dataclass(slots=True)
class Usage:
    """`rss_bytes`: each daemon's peak. `cpu_s`: of all daemons; `client_cpu_s`: of the load itself."""

    rss_bytes: list[int]
    cpu_s: float = 0.0
    client_cpu_s: float = 0.0
    _before_s: dict[int, float] = field(default_factory=dict)
    _latest_s: dict[int, float] = field(default_factory=dict)


class UsageWatch:
    """An `async with` block; `usage` is complete behind it."""

    def __init__(self, daemons: Sequence[FleetDaemon]) -> None:
        self._daemons = daemons
        self.usage = Usage([0] * len(daemons))

    async def __aenter__(self) -> UsageWatch:
        self._client_s = _cpu_s(psutil.Process())
        for daemon in self._daemons:
            with suppress(psutil.Error):
                if (process := daemon.process) is not None:
                    self.usage._before_s[process.pid] = _cpu_s(process)
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._sample()
        usage = self.usage
        usage.cpu_s = sum(latest - usage._before_s.get(pid, 0.0) for pid, latest in usage._latest_s.items())
        usage.client_cpu_s = _cpu_s(psutil.Process()) - self._client_s

    async def _watch(self) -> None:
        while True:
            self._sample()
            await asyncio.sleep(SAMPLE_EVERY_S)

    def _sample(self) -> None:
        for number, daemon in enumerate(self._daemons):
            with suppress(psutil.Error):  # it may end while we look
                if (process := daemon.process) is not None:
                    self.usage.rss_bytes[number] = max(self.usage.rss_bytes[number], process.memory_info().rss)
                    self.usage._latest_s[process.pid] = _cpu_s(process)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
