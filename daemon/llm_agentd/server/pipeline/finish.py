"""Step 8: the one end of every request. It is answered, counted, remembered and logged.

Router thread. Whatever a step raises becomes an answer here, never a dead thread. What nobody waits for (counting and
logging a repeated hit) is kept for `settle`, when the answers of the round have left. Knows no sockets.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from llm_agentd.errors import AgentdError, Unavailable
from llm_agentd.memory.service import MemoryService
from llm_agentd.metrics import Metrics
from llm_agentd.protocol import encode, schema
from llm_agentd.scheduler.engine_loop import RETRY_AFTER_MS
from llm_agentd.scheduler.sequence import may_act
from llm_agentd.server import request_line
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.control import not_kept
from llm_agentd.server.minds.minds import Minds
from llm_agentd.server.open_requests import Open, OpenRequests
from llm_agentd.server.pipeline.answers import Answers
from llm_agentd.types import Explanation, Peer, Reply, Request
from llm_agentd.util.journal import about

log = logging.getLogger(__name__)


class Finish:
    """`deliver` for a request with a prompt, `close` for any that is open."""

    def __init__(
        self,
        *,
        answers: Answers,
        open_requests: OpenRequests,
        minds: Minds,
        memory: MemoryService,
        admin: AdminOps,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._answers = answers
        self._open_requests = open_requests
        self._minds = minds
        self._memory = memory
        self._admin = admin
        self._metrics = metrics
        self._clock = clock
        self._unsettled: list[Callable[[], None]] = []

    def deliver(self, request: Request, outcome: Reply | Explanation | AgentdError) -> None:
        """Answers, counts and remembers: the end of every `Request`."""
        if isinstance(outcome, Explanation):
            self.close(request.peer, request.id, request.op, encode.explanation_fields(outcome))
            return
        if isinstance(outcome, AgentdError):
            self.close(request.peer, request.id, request.op, encode.error_fields(outcome))
            return
        self._metrics.replied(request, outcome, time.monotonic() - request.arrived_s)
        if request.mind:
            self._minds.report.spoke(request.mind)
        if outcome.cache == "hit":
            self.put_kept_text(request.peer, request.id, request, outcome)
        turn = request.chat.memory_turn if request.chat and not outcome.cut else None
        if turn and request.durable:

            def on_written(is_kept: bool) -> None:
                self._answer_written(request, outcome, is_kept)

            self._memory.note(turn, outcome.text, request.arrived_s, on_written)
            return
        self.close(request.peer, request.id, request.op, encode.reply_fields(outcome, request.mind), outcome.raw)
        if turn:
            self._memory.note(turn, outcome.text, request.arrived_s)

    def put_kept_text(self, peer: Peer, request_id: str, request: Request, reply: Reply) -> None:
        """To whom reads along nothing of a hit was shown yet."""
        if request.stream and reply.text:
            self._answers.put(peer, request_id, encode.delta_fields(reply.text, acts=may_act(request)))

    def _answer_written(self, request: Request, reply: Reply, is_kept: bool) -> None:
        fields = encode.reply_fields(reply, request.mind) if is_kept else encode.error_fields(not_kept())
        self.close(request.peer, request.id, request.op, fields, reply.raw)

    def attempt(self, request: Request, step: Callable[..., None], *arguments: object) -> None:
        """For steps that run later than `Pipeline.take`, which guards the others: a bug ends one request, not the
        thread."""
        try:
            step(*arguments)
        except Exception as error:
            self.deliver(request, to_agentd_error(error, request.id, request.npc))

    def close(self, peer: Peer, request_id: str, op: str, fields: dict[str, Any], raw: str = "") -> None:
        """The last record of an open request. Nothing where it was answered before, or its peer is gone."""
        closed = self._open_requests.close(peer, request_id)
        if closed is not None:
            self._answers.answer(peer, request_id, op, fields)
            if op in schema.GENERATIONS:
                self.log_request(peer, closed, fields, raw)

    def refuse_open(self) -> None:
        """At the end of the daemon: answers all that is still open, such as what the classifier did not get to."""
        stopping = encode.error_fields(Unavailable("the daemon is stopping", retry_after_ms=RETRY_AFTER_MS))
        for peer, record in self._open_requests.close_all():
            self._answers.answer(peer, record["id"], record["op"], stopping)

    # -- the request log -------------------------------------------------------------------------

    def log_request(self, peer: Peer, ended: Open, fields: dict[str, Any], raw: str = "") -> None:
        self.settle()  # in the order of answering
        if ended.record.get("explain"):
            return  # an admin's own look
        total_ms = (self._clock() - ended.request.arrived_s) * 1000 if ended.request else None
        fields.pop("embedding", None)  # a thousand numbers that nobody reads there
        self.note(peer, ended, fields, raw, total_ms)

    def note(self, peer: Peer, ended: Open, fields: dict[str, Any], raw: str, total_ms: float | None) -> None:
        """It has its answer already, and no bug of the log takes that back."""
        try:
            request_line.note(ended.record, fields, total_ms)
            self._admin.requests.add(peer, ended.record, ended.request, fields, raw, total_ms)
        except Exception:
            log.exception("a bug in the request log")

    def settle_later(self, work: Callable[[], None]) -> None:
        """For what is to be counted and logged of an answer that is on its way."""
        self._unsettled.append(work)

    def settle(self) -> bool:
        """Counts and logs what was answered before it was. To be called when the answers of the round are sent: nobody
        waits for it, and nobody sees that it is later. True: there was something."""
        unsettled, self._unsettled = self._unsettled, []
        for work in unsettled:
            work()
        return bool(unsettled)


def to_agentd_error(error: Exception, request: str, npc: str = "") -> AgentdError:
    """What is answered where `error` was raised. A bug is logged, and answered `internal`."""
    if isinstance(error, AgentdError):
        return error
    log.error("a bug in the pipeline", exc_info=error, extra=about(request=request, npc=npc))
    return AgentdError("a bug in the daemon; its log has the details")
