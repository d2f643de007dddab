"""The tries of a request: built for the mind that is asked first, and built anew for the other where that one fails.

Router thread. Each mind has prompts of its own form and a cache key of its own, as its model is another; so a request
for another mind is another `Request`, under the same id. A mind that cannot be asked now still has its kept replies:
the pipeline looks into the cache for it and goes on. Knows no sockets, queues or caches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_agentd.config.remote import Policy
from llm_agentd.errors import AgentdError, Overloaded, Unavailable
from llm_agentd.protocol.schema import InferRecord, ThinkRecord
from llm_agentd.scheduler.engine_loop import RETRY_AFTER_MS
from llm_agentd.scheduler.lanes import Lane, Lanes
from llm_agentd.server.minds import policy
from llm_agentd.server.minds.report import Report
from llm_agentd.server.request_builder import Place, RequestBuilder
from llm_agentd.types import ModerationContext, Peer, Request

STARTING = Unavailable("the model is still loading; try again shortly", retry_after_ms=RETRY_AFTER_MS)


@dataclass(frozen=True, slots=True)
class Never:
    """The rules where there is no remote mind."""

    policy: Policy = "never"
    quality_intents: tuple[str, ...] = ()
    quality_roles: tuple[str, ...] = ()


@dataclass(slots=True)
class Tries:
    """`left`: the minds that were not tried yet. `is_shown`: words of the one that was asked are on their way.

    `error`: of the last one that was asked; of the first one that could not be asked where none was. `why`: the reason
    for which it goes on to the next.
    """

    checked: InferRecord | ThinkRecord
    peer: Peer
    arrived_s: float
    left: list[Lane]
    context: ModerationContext | None = None
    is_shown: bool = False
    is_counted: bool = False  # as one that may be given a kept reply
    error: AgentdError | None = None
    why: str = ""


class Minds:
    """`is_over_budget`: whether that is why the remote mind is not ready. `stats`: of its servers."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        request_builder: RequestBuilder,
        report: Report,
        rules: policy.Rules = Never(),
        is_over_budget: Callable[[], bool] = lambda: False,
        stats: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._lanes = lanes
        self._request_builder = request_builder
        self._rules = rules
        self._is_over_budget = is_over_budget
        self._stats = stats
        self.report = report

    def configure(self, rules: policy.Rules) -> bool:
        """Other rules, for requests from now on. False: there is no remote mind, and only a restart makes one."""
        if self._lanes.remote is None:
            return rules.policy == "never"
        self._rules = rules
        return True

    def tries(self, checked: InferRecord | ThinkRecord, peer: Peer, arrived_s: float) -> Tries:
        if self._lanes.remote is None:
            return Tries(checked, peer, arrived_s, [self._lanes.by_mind("")])
        intent, role = (checked.intent, checked.npc.role) if isinstance(checked, ThinkRecord) else ("", "")
        lanes = [self._lanes.by_mind(mind) for mind in policy.order(self._rules, intent, role)]
        if checked.op == "embed":  # most models compute none: it goes to one that does
            lanes = [lane for lane in lanes if lane.info and "embeddings" in lane.info.features] or lanes[:1]
        return Tries(checked, peer, arrived_s, lanes)

    def require_room(self, tries: Tries, waiting_max: int | None) -> None:
        """Raises Overloaded where no mind would take it, before anything is paid for it. A model elsewhere is no room:
        what the one here is flooded with is not to be paid for.
        """
        for lane in tries.left:
            try:
                lane.loop.require_room(tries.checked.priority, tries.peer, waiting_max=waiting_max)
                return
            except Overloaded:
                if lane is tries.left[-1] or lane.mind == "local":
                    raise

    def first(self, tries: Tries) -> Request:
        """Raises what keeps all from being asked, or what is wrong with the request."""
        found = self._next(tries)
        if isinstance(found, AgentdError):
            raise found
        return found

    def refusal(self, request: Request) -> AgentdError | None:
        """Why its mind cannot be asked now, where there is a choice of minds."""
        return self._refusal(self._lanes.by_mind(request.mind)) if request.mind else None

    def next(
        self, tries: Tries, request: Request, error: AgentdError, now_s: float, *, was_asked: bool
    ) -> Request | AgentdError:
        """For the next mind, after `error` of the one that `request` was for; or what is answered.

        Nothing of it may have been shown: what one mind began, no other ends.
        """
        if was_asked or tries.error is None:
            tries.error = error
        if tries.is_shown or not tries.left:
            return tries.error
        if not policy.may_go_on(error, tries.left[0].mind, request.deadline_s - now_s):
            return tries.error
        is_over_budget = request.mind == "remote" and self._problem() != "" and self._is_over_budget()
        tries.why = policy.reason(error, is_over_budget=is_over_budget)
        return self._next(tries)

    def asks(self, tries: Tries, request: Request) -> None:
        """`request` goes to the engine of its mind."""
        if tries.why:
            self.report.handed_on(request.mind, tries.why)

    def _next(self, tries: Tries) -> Request | AgentdError:
        while tries.left:
            lane = tries.left.pop(0)
            if lane.info is not None:
                return self._build(tries, lane)
            refusal = self._refusal(lane) or STARTING  # it has opened just now
            tries.error = tries.error or refusal
            tries.why = tries.why or policy.reason(refusal, is_over_budget=False)
        assert tries.error is not None
        return tries.error

    def _build(self, tries: Tries, lane: Lane) -> Request:
        info, checked = lane.info, tries.checked
        assert info is not None
        # Only where the other one can be asked: else this one has all the time there is.
        can_go_on = any(self._refusal(other) is None for other in tries.left)
        place = Place(tries.peer, tries.arrived_s, lane.mind, policy.FIRST_SHARE if can_go_on else None)
        if isinstance(checked, ThinkRecord):
            return self._request_builder.think(checked, info, place, tries.context)
        return self._request_builder.infer(checked, info, place, tries.context)

    def _refusal(self, lane: Lane) -> AgentdError | None:
        refusal = lane.refusal()
        if lane.mind == "remote":
            if refusal:
                self.report.look(refusal.message, is_over_budget=self._is_over_budget())
            else:
                self.report.look("", is_over_budget=False)
        return refusal

    def _problem(self) -> str:
        """Why the remote mind cannot be asked now; "" where it can. Tells of it."""
        remote = self._lanes.remote
        refusal = self._refusal(remote) if remote is not None else None
        return refusal.message if refusal else ""

    def facts(self) -> dict[str, Any]:
        """What `info` shows beside the engine; nothing where there is one mind."""
        remote = self._lanes.remote
        if remote is None:
            return {}
        facts = {"policy": self._rules.policy, "model": remote.info.model if remote.info else None}
        return {"remote": facts | {"problem": self._problem(), "local_problem": self._lanes.local_problem}}

    def view(self) -> dict[str, Any]:
        """What `stats` shows: of two minds, and of the servers, if any."""
        if self._lanes.remote is None:
            servers = self._stats()
            return {"remote": servers} if servers else {}
        more = self.report.view() | {"over_budget": self._is_over_budget()}
        return {"remote": self.facts()["remote"] | more | self._stats()}
