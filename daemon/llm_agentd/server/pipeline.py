"""The way of a request on the router thread, its steps numbered:

    1. decode    bytes → records → a checked record            protocol/wire.py, protocol/schema.py
    2. moderate  what the player says                          moderation/moderator.py
    3. prompt    the record → a Request                        server/request_builder.py, prompt/builder.py
    4. cache     a kept reply? then go on at 6                 scheduler/sequence.py, cached_reply
    5. queue     to the engine thread, whose events come back  scheduler/engine_loop.py
    6. finish    moderate the reply, answer, count, remember   protocol/encode.py

Router thread only; other threads hand it work through the inbox, so there are no locks. Nothing here waits: what takes
long (the engine, a classifier, the memory's disk) goes on elsewhere, and comes back as an event or a callback. Knows no
sockets: bytes come in by `receive`, and `replies` is what the router sends at the end of each round.

What can race, and why it does no harm: a peer may cancel or vanish while its request is with the engine or the
classifier. `open_requests` says who still waits; an event for nobody is dropped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from llm_agentd.cache import CompletionCache
from llm_agentd.errors import AgentdError, Cancelled, Filtered
from llm_agentd.memory.service import PEER as MEMORY_PEER
from llm_agentd.memory.service import MemoryService
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.moderator import Direction, Moderator
from llm_agentd.protocol import encode, schema, wire
from llm_agentd.scheduler.engine_loop import EngineLoop
from llm_agentd.scheduler.sequence import Event, Events, cached_reply
from llm_agentd.server.control import Control
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.types import Delta, ModerationContext, Peer, Reply, Request

log = logging.getLogger(__name__)


class Pipeline:
    """`receive` and `submit_burst` for what comes from peers, `on_events` for what comes from the engine.

    `replies`: records by peer, in the order of answering; the router sends and clears them.
    """

    def __init__(
        self,
        *,
        requests: RequestBuilder,
        moderator: Moderator | None,
        cache: CompletionCache,
        engine_loop: EngineLoop,
        memory: MemoryService,
        control: Control,
        open_requests: OpenRequests,
        metrics: Metrics,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._requests = requests
        self._moderator = moderator
        self._cache = cache
        self._engine_loop = engine_loop
        self._memory = memory
        self._control = control
        self._open_requests = open_requests
        self._metrics = metrics
        self._post = post
        self._burst: list[Request] = []  # what came together goes to the engine together
        self._at_classifier: dict[tuple[Peer, str], Request] = {}
        self.replies: dict[Peer, list[dict[str, Any]]] = {}

    # -- what comes in ---------------------------------------------------------------------------

    def receive(self, peer: Peer, part: bytes) -> None:
        """One message part with any number of records. A bad one is answered by itself and loses no other."""
        for record in wire.decode(part):
            if isinstance(record, wire.DecodeError):
                self._answer(peer, record.id, "unknown", encode.error_fields(record.error))
            else:
                self._take(peer, record)

    def _take(self, peer: Peer, record: dict[str, Any]) -> None:
        """Whatever a record does wrong, or a bug does with it, ends here: as an answer, never as a dead thread."""
        op, request_id = "unknown", record.get("id")
        try:
            op, request_id = schema.envelope(record)
            if op in schema.GENERATIONS:
                self._take_generation(peer, op, record)
                return
            if op == "cancel":
                fields: dict[str, Any] | None = {"found": self._cancel(peer, record)}
            else:
                fields = self._control.run(op, record, self._answer_later(peer, op, request_id))
            if fields is None:
                self._open_requests.open(peer, record)
                return
            fields = encode.done_fields(fields)
        except AgentdError as error:
            fields = encode.error_fields(error)
        except Exception:
            log.exception("a record broke the pipeline")
            fields = encode.error_fields(AgentdError("a bug in the daemon; its log has the details"))
        self._answer(peer, request_id if isinstance(request_id, str) else None, op, fields)

    def _take_generation(self, peer: Peer, op: str, record: dict[str, Any]) -> None:
        """Steps 1 to 5. What it raises is the answer; from step 5 on, every request ends in `finish`."""
        arrived_s = time.monotonic()
        info = self._engine_loop.require_info()

        # 1. decode: every field is checked. A record that is open already was sent again; its answer is on the way.
        checked = schema.validate(schema.GENERATIONS[op], record)
        if self._open_requests.is_resent(peer, record):
            return

        # 2. moderate: the word list, at once. What it takes out of the history does not get into the prompt.
        # 3. prompt: the engine's input, and the key under which its reply is kept.
        if isinstance(checked, schema.ThinkRecord):
            checked, context = self._check_in(checked)
            request = self._requests.think(checked, info, peer=peer, arrived_s=arrived_s, context=context)
        else:
            context = None  # `infer` is a client's own text, not a player's
            request = self._requests.infer(checked, info, peer=peer, arrived_s=arrived_s)

        # 2. moderate: the classifier, where there is one. The request goes on when the verdict is there.
        if self._is_classified(request):
            self._open_requests.open(peer, record)
            if context and context.said:
                self._classify("in", request, context.said, lambda: self._serve(request, record))
                return
        self._serve(request, record)

    def _serve(self, request: Request, record: dict[str, Any]) -> None:
        # 4. cache: a hit is answered in the round in which it came, whatever the engine does.
        reply = cached_reply(self._cache, request, time.monotonic())
        if reply is not None:
            self.finish(request, reply)
            return

        # 5. queue: all that came in one round goes to the engine at its end, by `submit_burst`.
        self._open_requests.open(request.peer, record)
        self._burst.append(request)
        self._memory.give_way()

    def submit_burst(self) -> None:
        """At the end of a round of the router: hands the engine all that came together."""
        burst, self._burst = self._burst, []
        if burst:
            for request, error in self._engine_loop.submit(burst):
                self.finish(request, error)

    def on_events(self, events: Events) -> None:
        """What one step of the engine made."""
        for request, event in events:
            if request.peer == MEMORY_PEER:
                self._on_memory_event(event)
            elif not self._open_requests.is_open(request.peer, request.id):
                continue  # its peer is gone
            elif isinstance(event, Delta):
                self._put(request.peer, request.id, encode.delta_fields(event.text))
            else:
                self.finish(request, event)

    def _on_memory_event(self, event: Event) -> None:
        if not isinstance(event, Delta):
            self._memory.finish(event)

    # -- 2. moderate -----------------------------------------------------------------------------

    def _check_in(self, record: schema.ThinkRecord) -> tuple[schema.ThinkRecord, ModerationContext | None]:
        """The word list on what the player says. Raises Filtered."""
        if self._moderator is None:
            return record, None
        return self._moderator.check_in(record, self._requests.wanted_language(record))

    def _is_classified(self, request: Request) -> bool:
        """Such a request is open from the start, as nothing of it is answered in the round in which it came."""
        return self._moderator is not None and self._moderator.has_classifier and request.moderation is not None

    def _classify(self, direction: Direction, request: Request, text: str, go_on: Callable[[], None]) -> None:
        """Leaves `request` with the classifier; `go_on` is called where it finds nothing wrong.

        The word list has passed the text already. The verdict comes back through the inbox; whoever was cancelled or
        vanished meanwhile is not at the classifier any more.
        """
        moderator, context = self._moderator, request.moderation
        if moderator is None or context is None:
            go_on()
            return
        key = (request.peer, request.id)
        self._at_classifier[key] = request

        def on_verdict(filtered: Filtered | None) -> None:
            if self._at_classifier.get(key) is not request:
                return
            del self._at_classifier[key]
            if filtered is None:
                go_on()
            else:
                self._deliver(request, filtered)

        moderator.classify(direction, context, text, lambda filtered: self._post(lambda: on_verdict(filtered)))

    # -- 6. finish -------------------------------------------------------------------------------

    def finish(self, request: Request, outcome: Reply | AgentdError) -> None:
        """The end of every request: kept, generated and coalesced replies, refusals, failures and cancellations."""
        if isinstance(outcome, Reply) and self._is_classified(request):
            self._classify("out", request, outcome.text, lambda: self._deliver(request, outcome))
        else:
            self._deliver(request, outcome)

    def _deliver(self, request: Request, outcome: Reply | AgentdError) -> None:
        """Answers, counts and remembers. Called once for each request."""
        self._open_requests.close(request.peer, request.id)
        if isinstance(outcome, AgentdError):
            self._answer(request.peer, request.id, request.op, encode.error_fields(outcome))
            return
        self._metrics.replied(outcome, time.monotonic() - request.arrived_s)
        if request.stream and outcome.cache == "hit" and outcome.text:  # nothing of it was shown yet
            self._put(request.peer, request.id, encode.delta_fields(outcome.text))
        self._answer(request.peer, request.id, request.op, encode.reply_fields(outcome))
        if request.chat and request.chat.memory_turn:
            self._memory.note(request.chat.memory_turn, outcome.text, request.arrived_s)

    def _answer_later(self, peer: Peer, op: str, request_id: str) -> Callable[[dict[str, Any] | AgentdError], None]:
        """For a control op that takes its time. To be called on the router thread."""

        def answer(outcome: dict[str, Any] | AgentdError) -> None:
            if not self._open_requests.close(peer, request_id):
                return  # its peer is gone
            fields = encode.error_fields(outcome) if isinstance(outcome, AgentdError) else encode.done_fields(outcome)
            self._answer(peer, request_id, op, fields)

        return answer

    def _answer(self, peer: Peer, request_id: str | None, op: str, fields: dict[str, Any]) -> None:
        """The last record of a request, of whatever op."""
        self._metrics.answered(op, fields.get("code", "done"))
        self._put(peer, request_id, fields)

    def _put(self, peer: Peer, request_id: str | None, fields: dict[str, Any]) -> None:
        self.replies.setdefault(peer, []).append({"id": request_id, **fields})

    # -- what nobody waits for any more ----------------------------------------------------------

    def _cancel(self, peer: Peer, record: dict[str, Any]) -> bool:
        """Whether there was something to cancel; its own answer, `cancelled`, comes by itself."""
        target = schema.validate(schema.CancelRecord, record).target
        waiting = self._at_classifier.pop((peer, target), None)
        if waiting is not None:
            self._deliver(waiting, Cancelled("cancelled by the client"))
            return True
        found = self._open_requests.is_open(peer, target)
        if found:
            self._engine_loop.cancel(peer, target)
        return found

    def drop_peer(self, peer: Peer) -> None:
        """The peer is gone, or does not read: frees all its requests."""
        self._open_requests.close_peer(peer)
        for key in [key for key in self._at_classifier if key[0] == peer]:
            del self._at_classifier[key]
        self._engine_loop.drop_peer(peer)
