"""The way of a request on the router thread, its steps numbered:

    1. decode    bytes → records → a checked record             protocol/wire.py, protocol/schema.py
    2. moderate  what the player says, by the word list         moderation.py, moderation/moderator.py
    3. prompt    the record → a Request, for one mind           server/minds/, request_builder.py, prompt/builder.py
    4. classify  what the player says, where configured         moderation.py, moderation/classifier.py
    5. cache     a kept reply? then go on at 8                  scheduler/sequence.py, cached_reply; lookups.py
    6. try       a client's own grammar, where it is new        format_trials.py, engines/llama/grammar/trial.py
    7. queue     to the engine thread, whose events come back   at_engine.py, scheduler/engine_loop.py
    8. finish    classify the reply, answer, count, remember    moderation.py, finish.py, answers.py

What was a hit before, word for word, skips 2 to 4, and is counted when its answer has left (repeated_hits.py). Ops that
act on requests are in request_ops.py.

Router thread only, all of this folder; other threads hand it work through the inbox, so there are no locks. Nothing
here waits: what takes long (the engine, a classifier, another process, the memory's disk) goes on elsewhere, and comes
back as an event or a callback. Knows no sockets: records come in by `take`, and `replies` is what the router sends at
the end of each round.

Where there is a model elsewhere too, there are two minds. A request for a mind that cannot be asked, or that fails
before anything was shown, is built again for the other one and goes on at step 5, by `_go_on`.

A request is in `open_requests` from step 1 until its last record, whatever becomes of it. What can race: a peer may
cancel or vanish while its request is with the engine, the classifier, the grammar trial or the shared cache, or a
deadline pass while the engine hangs. An event or a verdict for a request that is not open any more is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from llm_agentd.cache import CompletionCache
from llm_agentd.engines.llama.grammar.trial import GrammarTrial
from llm_agentd.errors import AgentdError
from llm_agentd.memory.service import MemoryService
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.protocol import encode, schema, wire
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.scheduler.sequence import Event, cached_reply
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.control import Control
from llm_agentd.server.minds.minds import Minds, Tries
from llm_agentd.server.open_requests import Open, OpenRequests
from llm_agentd.server.pipeline.answers import ITSELF, Answers
from llm_agentd.server.pipeline.at_engine import AtEngine
from llm_agentd.server.pipeline.finish import Finish, to_agentd_error
from llm_agentd.server.pipeline.format_trials import FormatTrials
from llm_agentd.server.pipeline.lookups import Lookups
from llm_agentd.server.pipeline.moderation import Moderation
from llm_agentd.server.pipeline.repeated_hits import RepeatedHits
from llm_agentd.server.pipeline.repeats import Known
from llm_agentd.server.pipeline.request_ops import RequestOps
from llm_agentd.server.pipeline.work_credit import WorkCredit
from llm_agentd.server.recent_thinks import RecentThinks
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.types import Peer, Request

FLOOD_WAITING_MAX = 32  # of a peer that floods: four batches of the default size, so that the engine never idles


class Pipeline:
    """`take` and `submit_burst` for what comes from peers, `on_events` for what comes from the engine.

    `replies`: what the router sends at the end of the round.
    """

    def __init__(
        self,
        *,
        request_builder: RequestBuilder,
        moderator: Moderator | None,
        cache: CompletionCache,
        lanes: Lanes,
        minds: Minds,
        memory: MemoryService,
        control: Control,
        grammar_trial: GrammarTrial,
        open_requests: OpenRequests,
        recent_thinks: RecentThinks,
        admin: AdminOps,
        metrics: Metrics,
        post: Callable[[Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._request_builder = request_builder
        self._cache = cache
        self._lanes = lanes
        self._minds = minds
        self._memory = memory
        self._open_requests = open_requests
        self._admin = admin
        self._metrics = metrics
        self._post = post
        self._recent_thinks = recent_thinks
        self._credit = WorkCredit()
        self._clock = clock
        self._cpu_clock = cpu_clock  # a peer pays for work, not for what the thread waits on a busy machine
        self._answers = Answers(metrics)
        self.replies = self._answers.replies
        self._finish = Finish(
            answers=self._answers,
            open_requests=open_requests,
            minds=minds,
            memory=memory,
            admin=admin,
            metrics=metrics,
            clock=clock,
        )
        self._moderation = Moderation(moderator, request_builder, self._finish, post)
        self._lookups = Lookups(clock, metrics.shared_cache_wait_s.observe)  # in the shared cache, for a moment
        self._trials = FormatTrials(grammar_trial, lanes, self._finish, post)
        self._at_engine = AtEngine(
            lanes=lanes,
            memory=memory,
            open_requests=open_requests,
            answers=self._answers,
            finish=self._finish,
            on_outcome=self._moderation.finish,
            on_failure=self._go_on,
            clock=clock,
        )
        self._repeated_hits = RepeatedHits(
            cache=cache,
            lanes=lanes,
            moderation=self._moderation,
            request_builder=request_builder,
            open_requests=open_requests,
            recent_thinks=recent_thinks,
            credit=self._credit,
            answers=self._answers,
            finish=self._finish,
            metrics=metrics,
            clock=clock,
        )
        self._request_ops = RequestOps(
            control=control,
            admin=admin,
            lanes=lanes,
            open_requests=open_requests,
            answers=self._answers,
            finish=self._finish,
            moderation=self._moderation,
            at_engine=self._at_engine,
            waiting=self._waiting,
            post=post,
        )

    def _waiting(self) -> tuple[dict[tuple[Peer, str], Request], ...]:
        """Where a request may be before the engine has it; in one of these at a time."""
        return self._moderation.held, self._trials.held, self._lookups.held, self._at_engine.burst

    # -- what comes in ---------------------------------------------------------------------------

    def ask(self, record: dict[str, Any], on_answer: Callable[[dict[str, Any]], None]) -> None:
        """A record of the daemon's own, through all steps as any client's; `on_answer` gets its last record."""
        self._take(ITSELF, {**record, "id": self._answers.await_own(on_answer)})

    def take(self, peer: Peer, record: dict[str, Any] | wire.DecodeError) -> None:
        """One record. A bad one does not affect the others."""
        if not isinstance(record, wire.DecodeError):
            self._take(peer, record)
        elif record.id is None:
            self._answers.refuse_unnamed(peer, record.error)
        else:
            self._answers.answer(peer, record.id, "unknown", encode.error_fields(record.error))

    def end_part(self, peer: Peer) -> None:
        """All records of a message part were taken."""
        self._answers.end_part(peer)

    def _take(self, peer: Peer, record: dict[str, Any]) -> None:
        """Whatever a record does wrong, or a bug does with it, ends here: as an answer, never as a dead thread."""
        op, request_id = "unknown", record.get("id")
        try:
            op, request_id = schema.envelope(record)
            if op in schema.GENERATIONS:
                self._take_generation(peer, op, record)
                return
            self._finish.settle()  # whoever asks what was, is told of all that was answered
            if op == "forget":
                self._repeated_hits.forget()
            if op == "warm":
                self._answers.answer(peer, request_id, op, encode.done_fields({"warms": self._take_warm(peer, record)}))
            else:
                self._request_ops.take(peer, op, record)
        except Exception as error:
            failure = to_agentd_error(error, str(request_id))
            if op in schema.GENERATIONS:
                self._finish.log_request(peer, Open(record), encode.error_fields(failure))
            if isinstance(request_id, str) and len(request_id) <= wire.ID_MAX_CHARS:
                self._answers.answer(peer, request_id, op, encode.error_fields(failure))
            else:
                self._answers.refuse_unnamed(peer, failure)

    def _take_generation(self, peer: Peer, op: str, record: dict[str, Any]) -> None:
        """Steps 1 to 7. What it raises is the answer."""
        arrived_s = self._clock()
        self._admin.switch.check()  # before anything else: off, nothing is looked up, computed or asked anywhere
        basis = self._repeated_hits.basis(self._lanes.require_info())
        if self._repeated_hits.answer(peer, record, basis, arrived_s):
            return
        began_s = self._cpu_clock()

        # 1. decode: every field is checked. A record that is open already was sent again; its answer is on the way.
        given = schema.validate(schema.GENERATIONS[op], self._recent_thinks.complete(record))
        checked = given.as_infer() if isinstance(given, schema.EmbedRecord) else given
        if not self._open_requests.open(peer, record):
            return
        try:
            tries = self._minds.tries(checked, peer, arrived_s)
            self._require_room(tries)
            # 2. moderate: the word list, at once. What it takes out of the history does not get into the prompt.
            # 3. prompt: the engine's input, and the key under which its reply is kept.
            if isinstance(checked, schema.ThinkRecord):
                self._recent_thinks.note(record, checked)
                tries.checked, tries.context = self._moderation.check_in(checked)
            else:
                tries.checked, tries.context = self._moderation.check_in_chat(checked)
            request = self._minds.first(tries)
            self._open_requests.built(request, tries)

            # 4. classify: the request goes on when the verdict is there.
            if not self._moderation.classify_in(request, lambda: self._serve(request)) and self._serve(request):
                self._repeated_hits.keep(record, basis, Known(tries.checked, request))
        except Exception as error:
            self._finish.close(peer, record["id"], op, encode.error_fields(to_agentd_error(error, record["id"])))
        finally:
            self._credit.spend(peer, self._cpu_clock() - began_s, self._clock())

    def _take_warm(self, peer: Peer, record: dict[str, Any]) -> bool:
        """What comes before the words of a `think`, by steps 1 to 3, for when the engine has nothing else to do.

        False: it does not pay with this model, or the peer asks for too much. It is answered at once and never open:
        nobody waits for it, and whoever asks next may be first.
        """
        self._admin.switch.check()
        self._lanes.require_info()
        arrived_s, began_s = self._clock(), self._cpu_clock()
        checked = schema.validate(schema.WarmRecord, record)
        if not self._credit.has_some(peer, arrived_s):
            return False
        try:
            fit, context = self._moderation.check_in(checked)
            tries = self._minds.tries(fit, peer, arrived_s)
            tries.context = context
            request = self._request_builder.warm(self._minds.first(tries))
            return request is not None and self._lanes.warm(request)
        finally:
            self._credit.spend(peer, self._cpu_clock() - began_s, self._clock())

    def _require_room(self, tries: Tries) -> None:
        """Raises Overloaded for what the queue would refuse, before moderation, memory and prompt are paid for.

        Of a peer that floods, that is all but what the engine can soon begin. Others are refused by a full queue alone:
        a peer that asks no more than usual may find its answer in the cache.
        """
        has_credit = self._credit.has_some(tries.peer, tries.arrived_s)
        self._minds.require_room(tries, None if has_credit else FLOOD_WAITING_MAX)

    def _serve(self, request: Request) -> bool:
        """True: a kept reply was the answer."""
        # 5. cache: a hit is answered in the round in which it came, whatever the engine does. What other daemons keep
        # takes a moment, for which the request is held; then it goes on, found or not.
        is_kept = self._answer_kept(request)
        if not is_kept and not self._look_up_shared(request):
            self._generate(request)
        return is_kept

    def _answer_kept(self, request: Request) -> bool:
        """To explain a request is no hit."""
        reply = None if request.explain else cached_reply(self._cache, request, time.monotonic() - request.arrived_s)
        if reply is not None:
            self._count_look_up(request)
            self._moderation.finish(request, reply)
        return reply is not None

    def _look_up_shared(self, request: Request) -> bool:
        """Holds the request while the cache looks where other daemons keep theirs. False: there is nowhere to look."""
        if request.explain or request.cache != "use":
            return False

        def on_looked_up() -> None:
            if self._lookups.release(request) and not self._answer_kept(request):
                self._generate(request)

        def on_done() -> None:  # on the cache's thread
            self._post(lambda: self._finish.attempt(request, on_looked_up))

        if not self._cache.fetch(request.key, request.variants, on_done):
            return False
        self._lookups.hold(request)
        return True

    def end_lookups(self) -> None:
        """In each round: what the shared cache did not answer in time goes on as a miss."""
        for request in self._lookups.overdue():
            self._finish.attempt(request, self._generate, request)

    @property
    def lookups_poll_ms(self) -> int | None:
        """How long the router may sleep until the next of them; None: there are none."""
        return self._lookups.poll_ms()

    def _generate(self, request: Request) -> None:
        if refusal := self._minds.refusal(request):
            self._go_on(request, refusal, was_asked=False)
            return

        # 6. try: the engine's thread must not be the first to meet a client's own grammar.
        if self._trials.hold(request, self._serve_tried):
            return

        # 7. queue: all that came in one round goes to the engine at its end, by `submit_burst`.
        if tries := self._count_look_up(request):
            self._minds.asks(tries, request)
        self._at_engine.add(request)
        if request.mind != "remote":
            self._memory.give_way()

    def _serve_tried(self, request: Request) -> None:
        """Its grammar has passed, and by now there may be a reply."""
        if not self._answer_kept(request):
            self._generate(request)

    def _count_look_up(self, request: Request) -> Tries | None:
        """Once, however often it is looked up: after its trial, and for another mind, it is again."""
        tries = self._open_requests.tries(request)
        if tries is not None and not tries.is_counted:
            tries.is_counted = True
            self._metrics.looked_up(request)
        return tries

    def _go_on(self, request: Request, error: AgentdError, *, was_asked: bool = True) -> None:
        """The mind of `request` has failed, or cannot be asked: the next one is, or `error` is the answer."""
        tries = self._open_requests.tries(request)
        if tries is None:
            return
        found = self._minds.next(tries, request, error, self._clock(), was_asked=was_asked)
        if isinstance(found, AgentdError):
            self._finish.deliver(request, found)
        else:
            self._open_requests.built(found, tries)
            self._serve(found)

    # -- what the router calls in each round -----------------------------------------------------

    def submit_burst(self) -> None:
        """At the end of a round: hands the engines all that came together."""
        self._at_engine.submit_burst()

    def on_events(self, events: Iterable[tuple[Request, Event]]) -> None:
        """What one step of the engine made, or whom it refused."""
        self._at_engine.on_events(events)

    def answer_late(self) -> None:
        """In place of an engine loop that hangs."""
        self._at_engine.answer_late()

    @property
    def late_look_s(self) -> float:
        """How often `answer_late` wants to be called."""
        return self._at_engine.late_look_s

    def settle(self) -> bool:
        """When the answers of the round are sent: counts and logs what was answered before it was. True: somebody
        watches, and is to be told of it."""
        return self._finish.settle() and self.has_watchers

    @property
    def has_watchers(self) -> bool:
        return self._request_ops.has_watchers

    def answer_watchers(self) -> None:
        """At the end of a round."""
        self._request_ops.answer_watchers()

    def follow_switch(self) -> None:
        """At the start: the master switch may be off."""
        self._request_ops.follow_switch()

    def drop_peer(self, peer: Peer) -> None:
        """The peer is gone, or does not read: frees all its requests."""
        self._request_ops.drop_peer(peer)

    def refuse_open(self) -> None:
        """At the end of the daemon: answers all that is still open."""
        self._finish.refuse_open()
        self._request_ops.end_watchers()
