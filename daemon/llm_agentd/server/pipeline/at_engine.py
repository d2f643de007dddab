"""Step 7: to the engine thread, and its events back.

Router thread. What came in one round goes to the engine together, at its end. An event for a request that is not here
any more is dropped: it was answered already, its peer is gone, or another request is open under its id by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from llm_agentd.errors import AgentdError, Cancelled, DeadlineExceeded
from llm_agentd.memory.service import PEER as MEMORY_PEER
from llm_agentd.memory.service import MemoryService
from llm_agentd.protocol import encode
from llm_agentd.scheduler.engine_loop import RETRY_AFTER_MS, late
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.scheduler.sequence import Event
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.pipeline.answers import Answers
from llm_agentd.server.pipeline.finish import Finish
from llm_agentd.types import Delta, Explanation, Peer, Reply, Request

HAND_ON_LOOK_S = 0.25  # where another mind could have what is left of the time
LATE_LOOK_S = 1.0  # between looks for requests that a silent engine loop does not answer
LATE_MAX_S = 2.0  # past its deadline, with an engine loop that is silent as long: the router answers in its place


class AtEngine:
    """`on_outcome` gets each reply, `on_failure` each error: another mind may be asked then."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        memory: MemoryService,
        open_requests: OpenRequests,
        answers: Answers,
        finish: Finish,
        on_outcome: Callable[[Request, Reply | Explanation], None],
        on_failure: Callable[[Request, AgentdError], None],
        clock: Callable[[], float],
    ) -> None:
        self._lanes = lanes
        self._memory = memory
        self._open_requests = open_requests
        self._answers = answers
        self._finish = finish
        self._on_outcome = on_outcome
        self._on_failure = on_failure
        self._clock = clock
        # By peer and id:
        self.burst: dict[tuple[Peer, str], Request] = {}  # until the end of the round
        self.held: dict[tuple[Peer, str], Request] = {}  # until its last event
        self._next_late_look_s = 0.0

    def add(self, request: Request) -> None:
        self.burst[request.peer, request.id] = request

    def submit_burst(self) -> None:
        """At the end of a round of the router: hands the engines all that came together, and what one of them refuses
        to the other."""
        while self.burst:
            burst, self.burst = self.burst, {}
            self.held |= burst
            self.on_events(self._lanes.submit(list(burst.values())))

    def on_events(self, events: Iterable[tuple[Request, Event]]) -> None:
        """What one step of the engine made, or whom it refused."""
        for request, event in events:
            if request.peer == MEMORY_PEER:
                if isinstance(event, (Reply, AgentdError)):
                    self._memory.end_job(event)
            elif self.held.get((request.peer, request.id)) is not request:
                continue
            elif isinstance(event, Delta):
                if request.mind and (tries := self._open_requests.tries(request)):
                    tries.is_shown = True
                self._answers.put(request.peer, request.id, encode.delta_fields(event.text, acts=event.acts))
            else:
                del self.held[request.peer, request.id]
                step = self._on_failure if isinstance(event, AgentdError) else self._on_outcome
                self._finish.attempt(request, step, request, event)

    def answer_late(self) -> None:
        """For an engine loop that hangs, or whose step takes far too long: what is past its deadline is answered here,
        and what another mind has the time for goes to that one.

        To be called in each round; it looks once in LATE_LOOK_S. A loop that turns answers the late ones by itself.
        """
        now_s = self._clock()
        if now_s < self._next_late_look_s or not self.held:
            return
        self._next_late_look_s = now_s + self.late_look_s
        silent = [lane.mind for lane in self._lanes if lane.loop.silent_s() > LATE_MAX_S]
        if not silent:
            return
        for request in [one for one in self.held.values() if one.mind in silent]:
            if request.deadline_s + LATE_MAX_S < now_s:
                waited_ms = round((now_s - request.arrived_s) * 1000)
                reason = f"not done after {waited_ms} ms: the engine is silent; try again later, or raise deadline_ms"
                self._end(request, DeadlineExceeded(reason, retry_after_ms=RETRY_AFTER_MS))
            elif request.hand_on_s < now_s < request.deadline_s and not self._is_shown(request):
                self._end(request, late(request, now_s))
        self.submit_burst()

    @property
    def late_look_s(self) -> float:
        """Between two looks. With two minds time is worth more: what the first one leaves is the other's."""
        return LATE_LOOK_S if self._lanes.remote is None else HAND_ON_LOOK_S

    def cancel(self, key: tuple[Peer, str]) -> None:
        """Its answer comes by itself from a loop that turns; in place of a silent one it is answered here."""
        running = self.held.get(key)
        if running is not None and self._lanes.by_mind(running.mind).loop.silent_s() > LATE_MAX_S:
            self._end(running, Cancelled("cancelled by the client"))
        elif running is not None:
            self._lanes.cancel(running)

    def _is_shown(self, request: Request) -> bool:
        tries = self._open_requests.tries(request)
        return tries is None or tries.is_shown

    def _end(self, request: Request, error: AgentdError) -> None:
        """Answers now, or asks another mind. The engine frees it when it can; what it has to say then is dropped."""
        del self.held[request.peer, request.id]
        self._lanes.cancel(request)
        self._finish.attempt(request, self._on_failure, request, error)
