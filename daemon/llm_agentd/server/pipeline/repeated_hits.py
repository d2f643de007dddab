"""The short way of a record that was a hit before, word for word: to the kept reply without steps 1 to 4.

Router thread. What those steps made is kept in `repeats.py`; here is asked whether it still holds, and whether there is
still a reply. What is counted and logged of the answer is settled when it has left. Anything else goes the whole way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from llm_agentd.cache import CompletionCache
from llm_agentd.engines.base import EngineInfo
from llm_agentd.metrics import Metrics
from llm_agentd.protocol import encode, schema
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.scheduler.sequence import cached_reply
from llm_agentd.server.open_requests import Open, OpenRequests
from llm_agentd.server.pipeline.answers import Answers, outcome_of
from llm_agentd.server.pipeline.finish import Finish
from llm_agentd.server.pipeline.moderation import Moderation
from llm_agentd.server.pipeline.repeats import Known, Repeats
from llm_agentd.server.pipeline.work_credit import WorkCredit
from llm_agentd.server.recent_thinks import RecentThinks
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.types import Peer, Reply

REPEAT_COST_S = 60e-6  # of the CPU, measured; to look at its clock twice would be a tenth of that


class RepeatedHits:
    """`answer` before step 1, `keep` behind a hit."""

    def __init__(
        self,
        *,
        cache: CompletionCache,
        lanes: Lanes,
        moderation: Moderation,
        request_builder: RequestBuilder,
        open_requests: OpenRequests,
        recent_thinks: RecentThinks,
        credit: WorkCredit,
        answers: Answers,
        finish: Finish,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._cache = cache
        self._lanes = lanes
        self._moderation = moderation
        self._request_builder = request_builder
        self._open_requests = open_requests
        self._recent_thinks = recent_thinks
        self._credit = credit
        self._answers = answers
        self._finish = finish
        self._metrics = metrics
        self._clock = clock
        self._repeats = Repeats()

    def basis(self, info: EngineInfo) -> Hashable:
        """What steps 1 to 3 depend on beside the record; None where they may also depend on which mind is asked."""
        if self._lanes.remote is not None:
            return None
        return info, self._moderation.rules, *self._request_builder.basis

    def answer(self, peer: Peer, record: dict[str, Any], basis: Hashable, arrived_s: float) -> bool:
        """A record that was a hit before is answered without steps 1 to 4, which would make the same of it again.

        False: it goes the whole way, as there is no reply any more, or no room for it, or it is open already.
        """
        known = self._repeats.find(record, basis) if basis is not None else None
        if known is None or self._open_requests.is_open(peer, record["id"]):
            return False
        request = known.request
        if not (
            self._credit.has_some(peer, arrived_s) and self._lanes.by_mind("").loop.has_room(request.priority, peer)
        ):
            return False
        reply = cached_reply(self._cache, request, self._clock() - arrived_s)
        if reply is None:
            return False
        fields = encode.reply_fields(reply)
        self._finish.put_kept_text(peer, record["id"], request, reply)
        self._answers.put(peer, record["id"], fields)
        self._finish.settle_later(lambda: self._settle(peer, record, known, reply, fields))
        self._credit.spend(peer, REPEAT_COST_S, arrived_s)
        return True

    def keep(self, record: dict[str, Any], basis: Hashable, known: Known) -> None:
        """A hit, for when its record comes again. With a classifier each is judged anew, and nothing is kept."""
        if not self._moderation.is_classified(known.request):
            self._repeats.keep(record, basis, known)

    def forget(self) -> None:
        """They hold what players said."""
        self._repeats.clear()

    def _settle(self, peer: Peer, record: dict[str, Any], known: Known, reply: Reply, fields: dict[str, Any]) -> None:
        """What is counted and kept of an answer that is on its way."""
        if isinstance(known.checked, schema.ThinkRecord):
            self._recent_thinks.note(record, known.checked)
        self._metrics.looked_up(known.request)
        self._metrics.replied(known.request, reply, reply.timing_ms.total / 1000)
        self._metrics.answered(known.request.op, outcome_of(fields))
        self._finish.note(peer, Open(record, known.request), fields, "", reply.timing_ms.total)
