"""The router thread's side of memory: what is kept of each reply, and summaries that the model writes when idle.

Router thread only, but for the memory's writer thread, which hands work over by `post`. While no request is open, the
model may summarize old exchanges, at background priority; any request that comes meanwhile cancels that, and it is
tried again later. Knows no sockets, no SQL and no scheduler: what it needs of the engine are arguments.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from llm_agentd.errors import AgentdError
from llm_agentd.memory import Memory, SummaryJob, summarize
from llm_agentd.types import ChatPrompt, MemoryTurn, Peer, Reply, Request, Sampling

log = logging.getLogger(__name__)

PEER: Peer = (b"", b"memory")  # no socket's: a DEALER's envelope has one part, a REQ's second is empty
MODEL_MIN_PARAMETERS = 1_000_000_000  # smaller ones write down what was never said
SUMMARY_TIMEOUT_S = 120.0  # nobody waits for it
TEMPERATURE = 0.2  # notes, not stories
FAILURES_MAX = 3  # of the model in a row; then the next job is summarized by rules, and the model is tried again

Submit: TypeAlias = Callable[[Sequence[Request]], list[tuple[Request, AgentdError]]]


class ModelFacts(Protocol):
    """Of the engine's `EngineInfo`, what decides whether the model may write summaries."""

    @property
    def parameters(self) -> int: ...

    @property
    def features(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class _NoModel:
    parameters: int = 0
    features: frozenset[str] = frozenset()


NO_MODEL: ModelFacts = _NoModel()  # there will be none: rules summarize


class MemoryService:
    """`submit`, `cancel` and `engine_info` are the engine's; `post` runs a function on the router thread.

    `is_busy`: whether anybody waits for an answer.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        submit: Submit,
        cancel: Callable[[Peer, str], None],
        engine_info: Callable[[], ModelFacts | None],
        post: Callable[[Callable[[], None]], None],
        is_busy: Callable[[], bool],
    ) -> None:
        self._memory = memory
        self._submit = submit
        self._cancel = cancel
        self._engine_info = engine_info
        self._post = post
        self._is_busy = is_busy
        self._job: SummaryJob | None = None  # what the model has now; one at a time
        self._jobs = 0
        self._failures = 0

    def start(self) -> None:
        self._memory.start(lambda job: self._post(lambda: self._summarize(job)))

    def note(
        self, turn: MemoryTurn, reply: str, arrived_s: float, on_written: Callable[[bool], None] | None = None
    ) -> None:
        """A reply is on its way: what was said to whom is kept. `on_written` is called on the router thread."""
        if on_written is None:
            self._memory.add_exchange(turn, reply, arrived_s)
        else:
            self._memory.add_exchange(turn, reply, arrived_s, lambda is_kept: self._post(lambda: on_written(is_kept)))

    def give_way(self) -> None:
        """A request came: what the model does for the memory ends at once."""
        if self._job is not None:
            self._cancel(PEER, self._request_id())

    def end_job(self, outcome: Reply | AgentdError) -> None:
        """What became of the job that the model has. Each job ends in `finish_job` or `return_job`, exactly once."""
        job, self._job = self._job, None
        if job is None:
            return
        if isinstance(outcome, Reply):
            self._failures = 0
            self._memory.finish_job(job, outcome.text)
            return
        if outcome.code not in ("cancelled", "unavailable", "overloaded"):
            self._failures += 1
            log.info("old exchanges were not summarized: %s", outcome)
        self._memory.return_job(job)

    def _summarize(self, job: SummaryJob) -> None:
        info = self._engine_info()
        if info is None or self._is_busy() or self._job is not None:
            self._memory.return_job(job)
        elif not self._wants_model(info) or self._failures >= FAILURES_MAX:
            self._failures = 0
            self._memory.finish_job(job, None)
        else:
            self._jobs += 1
            self._job = job
            for _, error in self._submit([self._request(job)]):
                self.end_job(error)

    def _wants_model(self, info: ModelFacts) -> bool:
        if "messages" not in info.features:
            return False
        return self._memory.summarize_by == "model" or info.parameters >= MODEL_MIN_PARAMETERS

    def _request(self, job: SummaryJob) -> Request:
        now_s = time.monotonic()
        return Request(
            id=self._request_id(),
            peer=PEER,
            op="infer",
            arrived_s=now_s,
            deadline_s=now_s + SUMMARY_TIMEOUT_S,
            prompt=ChatPrompt(summarize.prompt_messages(job.rows)),
            sampling=Sampling(max_tokens=summarize.REPLY_TOKENS, temperature=TEMPERATURE),
            priority="background",
            cache="off",
        )

    def _request_id(self) -> str:
        return f"summary-{self._jobs}"
