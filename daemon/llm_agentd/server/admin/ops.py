"""The ops of admin_records.py: one short method each, from the checked record to the fields of its answer.

Router thread. Knows no sockets; `Control` runs them beside its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from llm_agentd.metrics import Metrics
from llm_agentd.protocol.admin_records import ReportRecord
from llm_agentd.server.admin.game_reports import GameReports

Fields: TypeAlias = dict[str, Any]  # of the `done` record


class AdminOps:
    """`by_name`: each takes its model in `schema.RECORDS`."""

    def __init__(self, *, games: GameReports, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._games = games
        self._metrics = metrics
        self._clock = clock
        self.by_name: dict[str, Callable[[Any], Fields]] = {"report": self._report}

    def _report(self, record: ReportRecord) -> Fields:
        self._games.take(record, self._clock())
        steps = record.steps
        if steps is None:
            self._metrics.game_reported((), (0,), 0.0, record.fallbacks)
        else:
            self._metrics.game_reported(steps.bounds_s, steps.counts, steps.sum_s, record.fallbacks)
        return {}
