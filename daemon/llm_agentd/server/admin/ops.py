"""The ops of admin_records.py: one short method each, from the checked record to the fields of its answer.

Router thread. Knows no sockets; `Control` runs them beside its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from llm_agentd.errors import AgentdError
from llm_agentd.metrics import Metrics
from llm_agentd.protocol.admin_records import (
    AuditRecord,
    ReportRecord,
    RequestRecord,
    RequestsRecord,
    SpokenRecord,
    SwitchRecord,
)
from llm_agentd.protocol.record import Change, Record
from llm_agentd.server.admin.event_stream import EventStream
from llm_agentd.server.admin.game_reports import GameReports, rebucketed
from llm_agentd.server.admin.rates import Rates
from llm_agentd.server.admin.request_log import Entry, RequestLog
from llm_agentd.server.admin.switch import MasterSwitch
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.server.recent_thinks import RecentThinks
from llm_agentd.types import Npc, Peer

Fields: TypeAlias = dict[str, Any]  # of the `done` record


class AdminOps:
    """`by_name`: each takes its model in `schema.RECORDS`. The pipeline asks the `switch` and fills the `requests`."""

    def __init__(
        self,
        *,
        requests: RequestLog,
        events: EventStream,
        rates: Rates,
        switch: MasterSwitch,
        recent_thinks: RecentThinks,
        audit: AuditLog,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests = requests
        self.events = events
        self.switch = switch
        self._rates = rates
        self._games = GameReports()
        self._recent_thinks = recent_thinks
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        requests.on_add = self._on_request
        recent_thinks.on_new = self._on_new_npc
        self.by_name: dict[str, Callable[[Any], Fields]] = {
            "spoken": self._spoken,
            "requests": self._list_requests,
            "request": self._request,
            "clear_requests": self._clear_requests,
            "npcs": self._npcs,
            "stats_history": self._stats_history,
            "audit": self._list_changes,
        }

    # -- what happens ------------------------------------------------------------------------------

    def _on_request(self, entry: Entry) -> None:
        self._rates.note(entry)
        is_done = entry.outcome == "done"
        npc_id = entry.npc.get("id")
        if is_done and npc_id:
            self._recent_thinks.note_text(npc_id, entry.answer.get("text") or "")
        self.events.emit("said" if is_done else "error", entry)

    def _on_new_npc(self, npc: Npc) -> None:
        names = {} if self.requests.is_private else {"npc": npc.id, "npc_name": npc.name}
        self.events.emit("npc", {**names, "role": npc.role})

    def report(self, peer: Peer, record: ReportRecord) -> Fields:
        """The one op that concerns the peer: it names requests of its own."""
        for acted in record.acted:
            if entry := self.requests.note_acted(peer, acted):
                self.events.emit("acted", entry)
        for fell_back in record.fell_back:
            if entry := self.requests.note_fallback(peer, fell_back.request, fell_back.reason):
                self.events.emit("fallback", entry)
        if self._games.is_new(record):
            game = {"version": record.version, "players": record.players, "npcs": record.npcs}
            self.events.emit("online", game)
        if count := record.fallbacks.get("offline"):
            self.events.emit("offline", {"fallbacks": count})
        self._games.take(record, self._clock())
        steps = record.steps
        if steps is None:
            self._metrics.game_reported((), (0,), 0.0, record.fallbacks)
        else:
            self._rates.note_gaps(rebucketed(steps))
            self._metrics.game_reported(steps.bounds_s, steps.counts, steps.sum_s, record.fallbacks)
        return {}

    def _spoken(self, record: SpokenRecord) -> Fields:
        self.requests.add_spoken(record)
        return {}

    def forget(self, npc: str | None, player: str | None) -> None:
        """What the memory forgets is shown nowhere else."""
        self.requests.forget(npc, player)
        self._recent_thinks.forget(npc, player)

    # -- for who looks -----------------------------------------------------------------------------

    def figures(self) -> Fields:
        """What `stats` shows beside the queue and the stores."""
        return {
            "rates": self._rates.view(),
            "uptime_s": self._rates.uptime_s,
            "switch": self.switch.view(),
            "game": self._games.view(self._clock()),
        }

    def _stats_history(self, _: Record) -> Fields:
        return {"history": self._rates.history()}

    def _npcs(self, _: Record) -> Fields:
        return {"npcs": self._recent_thinks.views(is_private=self.requests.is_private)}

    def _list_changes(self, record: AuditRecord) -> Fields:
        return {"entries": self._audit.entries(record.limit)}

    def set_switch(self, record: SwitchRecord, on_done: Callable[[Fields | AgentdError], None]) -> None:
        """`on_done` may be called on any thread. `on` left out: nothing changes."""
        if record.on is None:
            on_done({"switch": self.switch.view()})
            return
        before = self.switch.is_on
        self.switch.set(
            on=record.on, by=record.by, on_kept=lambda error: on_done(error or {"switch": self.switch.view()})
        )
        self._audit.note_change(record, "switch", "all calls", before, record.on)
        self.events.emit("switch", self.switch.view())

    def _list_requests(self, record: RequestsRecord) -> Fields:
        rows = self.requests.rows(record)
        return {"requests": rows, "kept": len(self.requests), "bytes": self.requests.bytes}

    def _request(self, record: RequestRecord) -> Fields:
        return {"request": self.requests.detail(record.seq)}

    def _clear_requests(self, record: Change) -> Fields:
        cleared = self.requests.clear()
        self._audit.note_change(record, "clear_requests", "requests", before=cleared)
        return {"cleared": cleared}
