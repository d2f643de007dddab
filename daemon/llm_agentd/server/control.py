"""The control ops: what a record may ask for that needs no step of the engine.

Router thread. Each op is one short method, from the checked record to the fields of its answer; those in `later` take
their time, and have their answer by a callback. `cancel` is not here: it acts on what the pipeline holds. Knows no
sockets.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from llm_agentd import __version__
from llm_agentd.cache import CompletionCache
from llm_agentd.errors import AgentdError, EngineFailed
from llm_agentd.memory import ForgetCounts, Memory, Outcome
from llm_agentd.metrics import Metrics
from llm_agentd.protocol import schema
from llm_agentd.protocol.admin_records import ReportRecord
from llm_agentd.protocol.record import Record
from llm_agentd.roles import Roles
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.server.minds.minds import Minds
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.server.self_check import SelfCheck
from llm_agentd.server.steering.ops import Later, SteeringOps
from llm_agentd.types import Peer

METRICS_KEEP_S = 1.0  # nobody scrapes more often

Fields: TypeAlias = dict[str, Any]  # of the `done` record


class Control:
    """`post` runs work on the router thread."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        minds: Minds,
        roles: Roles,
        memory: Memory,
        cache: CompletionCache,
        metrics: Metrics,
        open_requests: OpenRequests,
        request_builder: RequestBuilder,
        self_check: Callable[[], Fields],
        admin: AdminOps,
        steering: SteeringOps,
        audit: AuditLog,
        post: Callable[[Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = lanes
        self._minds = minds
        self._roles = roles
        self._memory = memory
        self._cache = cache
        self._metrics = metrics
        self._open_requests = open_requests
        self._request_builder = request_builder
        self._admin = admin
        self._audit = audit
        self._post = post
        self._self_check = SelfCheck(self_check, post)
        self._instance = secrets.token_hex(8)  # tells a daemon that came back from another that took its place
        self._clock = clock
        self._metrics_kept: tuple[float, Fields] = (0.0, {})  # until when, and the answer
        self._ops: dict[str, Callable[[Any], Fields]] = {  # each takes its model in `schema.RECORDS`
            "ping": self._ping,
            "info": self._info,
            "stats": self._stats,
            "metrics": self._metrics_text,
            "roles": self._list_roles,
            "set_role": self._set_role,
            "remember": self._remember,
            "memories": self._memories,
            **admin.by_name,
            **steering.now,
        }
        self.later: dict[str, Later] = {"forget": self._forget, "doctor": self._doctor, **steering.later}

    def run(self, peer: Peer, op: str, record: dict[str, Any]) -> Fields:
        """Any op but those in `later`. Raises AgentdError."""
        checked = schema.validate(schema.RECORDS[op], record)
        if isinstance(checked, ReportRecord):
            return self._admin.report(peer, checked)
        return self._ops[op](checked)

    def _ping(self, _: Record) -> Fields:
        self._lanes.require_info()  # an answer says that requests are served, not only that a thread lives
        return {"pong": True, "instance": self._instance}

    def _info(self, _: Record) -> Fields:
        info = self._lanes.require_info()
        facts = asdict(info) | {"features": sorted(info.features), "version": __version__, "pid": os.getpid()}
        builder = self._request_builder
        languages = {"languages": list(builder.languages_of(info)), "language": builder.default_language}
        roles = {"roles": self._roles.names(), "roles_version": self._roles.version()}
        return {"info": facts | languages | roles | self._minds.facts()}

    def _stats(self, _: Record) -> Fields:
        stats = {
            "queue": self._lanes.depth(),
            "open": len(self._open_requests),
            "cache": self._cache.stats(),
            "memory": self._memory.stats(),
        }
        load = self._lanes.load()
        now = {
            "waiting": dict(load.waiting),
            "running": load.requests_running,
            "batch_mean": self._lanes.batch_mean,
        }
        return {"stats": stats | self._lanes.stats() | now | self._admin.figures() | self._minds.view()}

    def _metrics_text(self, _: Record) -> Fields:
        """Dear to make, so at most once in METRICS_KEEP_S: whoever asks more often is told the same again."""
        ends_s, fields = self._metrics_kept
        now_s = self._clock()
        if now_s >= ends_s:
            fields = {"text": self._metrics.text(self._lanes.load())}
            self._metrics_kept = now_s + METRICS_KEEP_S, fields
        return fields

    def _list_roles(self, _: Record) -> Fields:
        return self._roles.listing()

    def _set_role(self, record: schema.SetRoleRecord) -> Fields:
        before = self._roles.own_fields(record.name)
        answer = self._roles.set(record.name, record.role)
        after = self._roles.own_fields(record.name)
        if after != before:  # what is saved again as it was is no change
            what = "delete_role" if after is None else "set_role"
            self._audit.note_change(record, what, record.name, before, after)
        return answer

    def _remember(self, record: schema.RememberRecord) -> Fields:
        return {"kept": self._memory.add_outcomes(_outcomes(record))}

    def _memories(self, record: schema.MemoriesRecord) -> Fields:
        return {"memories": self._memory.list_newest(record.npc, record.player, record.limit, record.before)}

    def remember_durably(self, record: schema.RememberRecord, on_done: Callable[[Fields | AgentdError], None]) -> None:
        """`on_done` is called when it is on the disk."""

        def on_written(is_kept: bool) -> None:  # on the memory's writer thread
            self._post(lambda: on_done({"kept": kept} if is_kept else not_kept()))

        kept = self._memory.add_outcomes(_outcomes(record), on_written)

    def _doctor(self, _: Record, on_done: Callable[[Fields | AgentdError], None]) -> None:
        self._self_check.run(on_done)

    def _forget(self, record: schema.ForgetRecord, on_done: Callable[[Fields | AgentdError], None]) -> None:
        """`on_done` is called when it is done on the disk: a player was promised that it is gone."""

        def on_written(counts: ForgetCounts | str) -> None:  # on the memory's writer thread
            self._post(lambda: on_done(EngineFailed(counts) if isinstance(counts, str) else {"forgotten": counts}))
            names = " and ".join(name for name in (record.npc, record.player) if name is not None)
            self._audit.note_change(record, "forget", names or "all", after=counts)

        self._admin.forget(record.npc, record.player)
        self._memory.forget(record.npc, record.player, on_written)


def not_kept() -> EngineFailed:
    """The answer to a `durable` request whose memory the disk did not take."""
    return EngineFailed("it was not remembered: the disk failed, or the memory is off; the daemon's log has the reason")


def _outcomes(record: schema.RememberRecord) -> list[Outcome]:
    return [Outcome(x.npc, x.name or "", x.player or "", x.place or "", x.text) for x in record.lines]
