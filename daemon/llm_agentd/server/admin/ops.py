"""The ops of admin_records.py: one short method each, from the checked record to the fields of its answer.

Router thread. Knows no sockets; `Control` runs them beside its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from llm_agentd.metrics import Metrics
from llm_agentd.protocol.admin_records import ReportRecord, RequestRecord, RequestsRecord
from llm_agentd.protocol.record import Change
from llm_agentd.server.admin.game_reports import GameReports
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.types import Peer

Fields: TypeAlias = dict[str, Any]  # of the `done` record


class AdminOps:
    """`by_name`: each takes its model in `schema.RECORDS`."""

    def __init__(
        self,
        *,
        games: GameReports,
        requests: RequestLog,
        audit: AuditLog,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._games = games
        self._requests = requests
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        self.by_name: dict[str, Callable[[Any], Fields]] = {
            "requests": self._list_requests,
            "request": self._request,
            "clear_requests": self._clear_requests,
        }

    def report(self, peer: Peer, record: ReportRecord) -> Fields:
        """The one op that concerns the peer: it names requests of its own."""
        for acted in record.acted:
            self._requests.note_acted(peer, acted)
        for fell_back in record.fell_back:
            self._requests.note_fallback(peer, fell_back.request, fell_back.reason)
        self._games.take(record, self._clock())
        steps = record.steps
        if steps is None:
            self._metrics.game_reported((), (0,), 0.0, record.fallbacks)
        else:
            self._metrics.game_reported(steps.bounds_s, steps.counts, steps.sum_s, record.fallbacks)
        return {}

    def forget(self, npc: str | None, player: str | None) -> None:
        """What the memory forgets is shown nowhere else."""
        self._requests.forget(npc, player)

    def _list_requests(self, record: RequestsRecord) -> Fields:
        rows = self._requests.rows(record)
        return {"requests": rows, "kept": len(self._requests), "bytes": self._requests.bytes}

    def _request(self, record: RequestRecord) -> Fields:
        return {"request": self._requests.detail(record.seq)}

    def _clear_requests(self, record: Change) -> Fields:
        cleared = self._requests.clear()
        self._audit.note("clear_requests", "requests", before=cleared, who=record.via or "wire", by=record.by)
        return {"cleared": cleared}
