"""The control ops: what a record may ask for that needs no step of the engine.

Router thread. Each op is one short method that gives the fields of its answer; an op whose answer takes its time gives
None and calls `answer` later, through `post`. `cancel` is not here: it acts on what the pipeline holds. Knows no
sockets.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from llm_agentd import __version__
from llm_agentd.cache import CompletionCache
from llm_agentd.errors import AgentdError, EngineFailed
from llm_agentd.memory import ForgetCounts, Memory, Outcome
from llm_agentd.metrics import Metrics
from llm_agentd.protocol import schema
from llm_agentd.roles import Roles
from llm_agentd.scheduler.engine_loop import EngineLoop
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.request_builder import RequestDefaults

Fields: TypeAlias = dict[str, Any]
Answer: TypeAlias = Callable[[Fields | AgentdError], None]


class Control:
    """`default_language`: what NPCs speak where nobody names one. `post` runs work on the router thread."""

    def __init__(
        self,
        *,
        engine_loop: EngineLoop,
        roles: Roles,
        memory: Memory,
        cache: CompletionCache,
        metrics: Metrics,
        open_requests: OpenRequests,
        defaults: RequestDefaults,
        default_language: str,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._engine_loop = engine_loop
        self._roles = roles
        self._memory = memory
        self._cache = cache
        self._metrics = metrics
        self._open_requests = open_requests
        self._defaults = defaults
        self._default_language = default_language
        self._post = post
        self._ops: dict[str, Callable[[Fields, Answer], Fields | None]] = {
            "ping": self._ping,
            "info": self._info,
            "stats": self._stats,
            "metrics": self._metrics_text,
            "roles": self._list_roles,
            "set_role": self._set_role,
            "remember": self._remember,
            "memories": self._memories,
            "forget": self._forget,
        }

    def run(self, op: str, record: Fields, answer: Answer) -> Fields | None:
        """Fields of the `done` record; None: `answer` is called later. Raises AgentdError."""
        return self._ops[op](record, answer)

    def _ping(self, record: Fields, _: Answer) -> Fields:
        schema.validate(schema.Record, record)
        self._engine_loop.require_info()  # an answer says that requests are served, not only that a thread lives
        return {"pong": True}

    def _info(self, record: Fields, _: Answer) -> Fields:
        schema.validate(schema.Record, record)
        info = self._engine_loop.require_info()
        facts = asdict(info) | {"features": sorted(info.features), "version": __version__, "pid": os.getpid()}
        facts["max_sequences"] = facts.pop("max_num_seqs")  # as `info` has always called it
        languages = {"languages": list(self._defaults.languages_of(info)), "language": self._default_language}
        roles = {"roles": self._roles.names(), "roles_version": self._roles.version()}
        return {"info": facts | languages | roles}

    def _stats(self, record: Fields, _: Answer) -> Fields:
        schema.validate(schema.Record, record)
        stats = {
            "queue": self._engine_loop.depth(),
            "open": len(self._open_requests),
            "cache": self._cache.stats(),
            "memory": self._memory.stats(),
        }
        return {"stats": stats | self._engine_loop.stats()}

    def _metrics_text(self, record: Fields, _: Answer) -> Fields:
        schema.validate(schema.Record, record)
        return {"text": self._metrics.text(self._engine_loop.depth())}

    def _list_roles(self, record: Fields, _: Answer) -> Fields:
        schema.validate(schema.Record, record)
        return self._roles.listing()

    def _set_role(self, record: Fields, _: Answer) -> Fields:
        checked = schema.validate(schema.SetRoleRecord, record)
        return self._roles.set(checked.name, checked.role)

    def _remember(self, record: Fields, _: Answer) -> Fields:
        lines = schema.validate(schema.RememberRecord, record).lines
        outcomes = [Outcome(x.npc, x.name or "", x.player or "", x.place or "", x.text) for x in lines]
        return {"kept": self._memory.add_outcomes(outcomes)}

    def _memories(self, record: Fields, _: Answer) -> Fields:
        checked = schema.validate(schema.MemoriesRecord, record)
        return {"memories": self._memory.list_newest(checked.npc, checked.player, checked.limit)}

    def _forget(self, record: Fields, answer: Answer) -> None:
        """Answered when it is done on the disk, as the word is given to a player."""
        checked = schema.validate(schema.ForgetRecord, record)

        def on_done(counts: ForgetCounts | None) -> None:  # on the memory's writer thread
            failed = EngineFailed("nothing was forgotten: the disk failed, the daemon's log has the reason")
            self._post(lambda: answer(failed if counts is None else {"forgotten": counts}))

        self._memory.forget(checked.npc, checked.player, on_done)
