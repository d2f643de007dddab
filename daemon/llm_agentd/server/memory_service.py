"""The router thread's side of memory: its ops, what is kept of each reply, and the model's quiet hour.

Router thread only, but for `call`, by which the memory's writer thread hands work over. While nothing at all is open
the model may be asked to summarize old exchanges, at background priority; whatever is asked meanwhile cancels that, and
it is tried again later. Knows no sockets and no SQL.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from llm_agentd.engines.base import EngineInfo
from llm_agentd.errors import AgentdError, EngineFailed
from llm_agentd.memory import ForgetCounts, Memory, Outcome, SummaryJob, summarize
from llm_agentd.protocol import schema
from llm_agentd.scheduler.batch import Event
from llm_agentd.scheduler.engine_loop import EngineLoop
from llm_agentd.server import pipeline as intake
from llm_agentd.types import Peer, Reply, Request, Sampling

log = logging.getLogger(__name__)

OPS = ("remember", "forget", "memories")
PEER: Peer = (b"", b"memory")  # no socket's: a DEALER's envelope has one part, a REQ's second is empty
MODEL_MIN_PARAMETERS = 1_000_000_000  # smaller ones write down what was never said
SUMMARY_TIMEOUT_S = 120.0  # nobody waits for it
TEMPERATURE = 0.2  # notes, not stories
CLOSED_AFTER = 3  # failures in a row of the model, then the rules are taken

Answer = Callable[[Peer, str, dict[str, Any]], None]
Post = Callable[[Callable[[], None]], None]


class MemoryService:
    """`inference` is set before the first record; `post` runs a function on the router thread."""

    def __init__(self, memory: Memory, *, answer: Answer, post: Post, is_busy: Callable[[], bool]) -> None:
        self._memory = memory
        self._answer = answer
        self._post = post
        self._is_busy = is_busy
        self._job: SummaryJob | None = None
        self._jobs = 0
        self._failed = 0
        self.engine_loop: EngineLoop

    def start(self) -> None:
        self._memory.start(lambda job: self._post(lambda: self._ask(job)))

    # -- ops -------------------------------------------------------------------------------------

    def take(self, peer: Peer, op: str, record: dict[str, Any]) -> dict[str, Any] | None:
        """Fields of the answer; None: it comes later, by `answer`."""
        if op == "remember":
            lines = schema.validate(schema.RememberRecord, record).lines
            outcomes = [Outcome(x.npc, x.name or "", x.player or "", x.place or "", x.text) for x in lines]
            return {"kept": self._memory.add_outcomes(outcomes)}
        if op == "memories":
            wanted = schema.validate(schema.MemoriesRecord, record)
            return {"memories": self._memory.list_newest(wanted.npc, wanted.player, wanted.limit)}
        asked = schema.validate(schema.ForgetRecord, record)

        def done(counts: ForgetCounts | None) -> None:
            self._post(lambda: self._answer(peer, asked.id, _forgotten(counts)))

        self._memory.forget(asked.npc, asked.player, done)
        return None

    def heard(self, request: Request, reply: str) -> None:
        """A reply is done and on its way."""
        if request.memory_turn is not None:
            self._memory.add_exchange(request.memory_turn, reply, request.arrived_s)

    # -- summarizing -----------------------------------------------------------------------------

    def give_way(self) -> None:
        """Somebody asks: what the model does for the memory ends at once."""
        if self._job is not None:
            self.engine_loop.cancel(PEER, self._id())

    def _ask(self, job: SummaryJob) -> None:
        info = self.engine_loop.info
        if info is None or self._is_busy() or self._job is not None:
            self._memory.return_job(job)
        elif not self._wants_model(info) or self._failed >= CLOSED_AFTER:
            self._failed = 0
            self._memory.finish_job(job, None)
        else:
            self._jobs += 1
            self._job = job
            for _, error in self.engine_loop.submit([self._request(job)]):
                self.event(error)

    def _wants_model(self, info: EngineInfo) -> bool:
        if "messages" not in info.features:
            return False
        return self._memory.summarize_by == "model" or info.parameters >= MODEL_MIN_PARAMETERS

    def _request(self, job: SummaryJob) -> Request:
        now_s = time.monotonic()
        return Request(
            id=self._id(),
            peer=PEER,
            op="infer",
            arrived_s=now_s,
            deadline_s=now_s + SUMMARY_TIMEOUT_S,
            messages=summarize.prompt_messages(job.rows),
            sampling=Sampling(max_tokens=summarize.REPLY_TOKENS, temperature=TEMPERATURE),
            priority="background",
            cache="off",
        )

    def event(self, event: Event) -> None:
        """What became of the job that the model has."""
        job, self._job = self._job, None
        if job is None:
            return
        if isinstance(event, Reply):
            self._failed = 0
            self._memory.finish_job(job, event.text)
            return
        if isinstance(event, AgentdError) and event.code not in ("cancelled", "unavailable", "overloaded"):
            self._failed += 1
            log.info("old exchanges were not summarized: %s", event)
        self._memory.return_job(job)

    def _id(self) -> str:
        return f"summary-{self._jobs}"


def _forgotten(counts: ForgetCounts | None) -> dict[str, Any]:
    if counts is None:
        return intake.error(EngineFailed("nothing was forgotten: the disk failed, the daemon's log has the reason"))
    return {"event": "done", "forgotten": counts}
