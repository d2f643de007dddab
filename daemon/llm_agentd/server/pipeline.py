"""The way of a request on the router thread, its steps numbered:

    1. decode    bytes → records → a checked record             protocol/wire.py, protocol/schema.py
    2. moderate  what the player says, by the word list         moderation/moderator.py
    3. prompt    the record → a Request, for one mind           server/minds/, request_builder.py, prompt/builder.py
    4. classify  what the player says, where configured         moderation/classifier.py
    5. cache     a kept reply? then go on at 8                  scheduler/sequence.py, cached_reply; server/lookups.py
    6. try       a client's own grammar, where it is new        engines/llama/grammar/trial.py
    7. queue     to the engine thread, whose events come back   scheduler/engine_loop.py
    8. finish    classify the reply, answer, count, remember    protocol/encode.py

What was a hit before, word for word, skips 2 to 4, and is counted when its answer has left (server/repeats.py).

Router thread only; other threads hand it work through the inbox, so there are no locks. Nothing here waits: what takes
long (the engine, a classifier, another process, the memory's disk) goes on elsewhere, and comes back as an event or a
callback. Knows no sockets: bytes come in by `receive`, and `replies` is what the router sends at the end of each round.

Where there is a model elsewhere too, there are two minds. A request for a mind that cannot be asked, or that fails
before anything was shown, is built again for the other one and goes on at step 5, by `_go_on`.

A request is in `open_requests` from step 1 until its last record, whatever becomes of it. What can race: a peer may
cancel or vanish while its request is with the engine, the classifier, the grammar trial or the shared cache, or a
deadline pass while the engine hangs. An event or a verdict for a request that is not open any more is dropped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Any

from llm_agentd.cache import CompletionCache
from llm_agentd.engines.base import EngineInfo
from llm_agentd.engines.llama.grammar.trial import ENGINES_TRIED, GrammarTrial
from llm_agentd.errors import AgentdError, Cancelled, DeadlineExceeded, SwitchedOff, Unavailable
from llm_agentd.memory.service import PEER as MEMORY_PEER
from llm_agentd.memory.service import MemoryService
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.moderator import Direction, Moderator, Verdict
from llm_agentd.protocol import encode, schema, wire
from llm_agentd.protocol.admin_records import EventsRecord, SwitchRecord
from llm_agentd.protocol.record import Record
from llm_agentd.scheduler.engine_loop import RETRY_AFTER_MS, late
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.scheduler.sequence import Event, cached_reply, may_act
from llm_agentd.server import request_line
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.control import Control, not_kept
from llm_agentd.server.lookups import Lookups
from llm_agentd.server.minds.minds import Minds, Tries
from llm_agentd.server.open_requests import Open, OpenRequests
from llm_agentd.server.recent_thinks import RecentThinks
from llm_agentd.server.repeats import Known, Repeats
from llm_agentd.server.replies import Replies
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.server.work_credit import WorkCredit
from llm_agentd.types import Delta, Explanation, Message, ModerationContext, Peer, Reply, Request
from llm_agentd.util.journal import about

log = logging.getLogger(__name__)

ITSELF: Peer = (b"", b"itself")  # no socket's: a DEALER's envelope has one part, a REQ's second is empty
UNNAMED_MAX = 8  # records of a part whose ids cannot be read, and that are answered one by one
HAND_ON_LOOK_S = 0.25  # where another mind could have what is left of the time
REPEAT_COST_S = 60e-6  # of the CPU, measured; to look at its clock twice would be a tenth of that
LATE_LOOK_S = 1.0  # between looks for requests that a silent engine loop does not answer
LATE_MAX_S = 2.0  # past its deadline, with an engine loop that is silent as long: the router answers in its place
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
        self._moderator = moderator
        self._cache = cache
        self._lanes = lanes
        self._minds = minds
        self._memory = memory
        self._control = control
        self._grammar_trial = grammar_trial
        self._open_requests = open_requests
        self._admin = admin
        self._metrics = metrics
        self._post = post
        # By peer and id:
        self._burst: dict[tuple[Peer, str], Request] = {}  # what came together goes to the engine together
        self._held: dict[tuple[Peer, str], Request] = {}  # by the classifier or the grammar trial, until their verdict
        self._lookups = Lookups(clock, metrics.shared_cache_wait_s.observe)  # in the shared cache, for a moment
        self._at_engine: dict[tuple[Peer, str], Request] = {}  # until its last event
        self._next_late_look_s = 0.0
        self._recent_thinks = recent_thinks
        self._repeats = Repeats()
        self._unsettled: list[Callable[[], None]] = []
        self._credit = WorkCredit()
        self._clock = clock
        self._cpu_clock = cpu_clock  # a peer pays for work, not for what the thread waits on a busy machine
        self._asked: dict[str, Callable[[dict[str, Any]], None]] = {}  # of `ask`, by id
        self._asked_count = 0
        self._unnamed: dict[Peer, list[AgentdError]] = {}  # what is wrong without an id, of the part that is taken
        self.replies = Replies()

    # -- what comes in ---------------------------------------------------------------------------

    def ask(self, record: dict[str, Any], on_answer: Callable[[dict[str, Any]], None]) -> None:
        """A record of the daemon's own, through all steps as any client's; `on_answer` gets its last record."""
        self._asked_count += 1
        request_id = str(self._asked_count)
        self._asked[request_id] = on_answer
        self._take(ITSELF, {**record, "id": request_id})

    def take(self, peer: Peer, record: dict[str, Any] | wire.DecodeError) -> None:
        """One record. A bad one does not affect the others."""
        if not isinstance(record, wire.DecodeError):
            self._take(peer, record)
        elif record.id is None:
            self._refuse_unnamed(peer, record.error)
        else:
            self._answer(peer, record.id, "unknown", encode.error_fields(record.error))

    def _refuse_unnamed(self, peer: Peer, error: AgentdError) -> None:
        """For a record whose id cannot be read: nobody can tell the answers apart, so a few of a part are enough."""
        errors = self._unnamed.setdefault(peer, [])
        errors.append(error)
        if len(errors) <= UNNAMED_MAX:
            self._answer(peer, None, "unknown", encode.error_fields(error))

    def end_part(self, peer: Peer) -> None:
        """All records of a message part were taken: one answer for the bad ones that had none yet."""
        errors = self._unnamed.pop(peer, [])
        more = len(errors) - UNNAMED_MAX
        if more > 0:
            last = errors[-1]
            message = f"{more} more records of this message are bad and have no id; the last: {last.message}"
            self._answer(peer, None, "unknown", encode.error_fields(type(last)(message)))

    def _take(self, peer: Peer, record: dict[str, Any]) -> None:
        """Whatever a record does wrong, or a bug does with it, ends here: as an answer, never as a dead thread."""
        op, request_id = "unknown", record.get("id")
        try:
            op, request_id = schema.envelope(record)
            if op in schema.GENERATIONS:
                self._take_generation(peer, op, record)
                return
            self.settle()  # whoever asks what was, is told of all that was answered
            if op == "forget":
                self._repeats.clear()  # they hold what players said
            if op == "warm":
                self._answer(peer, request_id, op, encode.done_fields({"warms": self._take_warm(peer, record)}))
            elif op == "switch":
                self._take_later(peer, record, SwitchRecord, self._switch)
            elif op == "events":
                self._take_events(peer, record)
            elif op == "cancel":
                self._answer(peer, request_id, op, encode.done_fields({"found": self._cancel(peer, record)}))
            elif op in self._control.later:
                self._take_later(peer, record, schema.RECORDS[op], self._control.later[op])
            elif op == "remember" and record.get("durable") is True:
                self._take_later(peer, record, schema.RememberRecord, self._control.remember_durably)
            else:
                self._answer(peer, request_id, op, encode.done_fields(self._control.run(peer, op, record)))
        except Exception as error:
            failure = _to_agentd_error(error, str(request_id))
            if op in schema.GENERATIONS:
                self._log_request(peer, Open(record), encode.error_fields(failure))
            if isinstance(request_id, str) and len(request_id) <= wire.ID_MAX_CHARS:
                self._answer(peer, request_id, op, encode.error_fields(failure))
            else:
                self._refuse_unnamed(peer, failure)

    def _take_generation(self, peer: Peer, op: str, record: dict[str, Any]) -> None:
        """Steps 1 to 7. What it raises is the answer."""
        arrived_s = self._clock()
        self._admin.switch.check()  # before anything else: off, nothing is looked up, computed or asked anywhere
        basis = self._basis(self._lanes.require_info())
        if self._answer_repeat(peer, record, basis, arrived_s):
            self._credit.spend(peer, REPEAT_COST_S, arrived_s)
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
                tries.checked, tries.context = self._check_in(checked)
            else:
                tries.checked, tries.context = self._check_in_chat(checked)
            request = self._minds.first(tries)
            self._open_requests.built(request, tries)

            # 4. classify: the request goes on when the verdict is there.
            context = tries.context
            if context and context.player_text and self._is_classified(request):
                self._classify("in", request, context.player_text, lambda: self._serve(request))
            elif self._serve(request) and not self._is_classified(request):
                self._repeats.keep(record, basis, Known(tries.checked, request))
        except Exception as error:
            self._close(peer, record["id"], op, encode.error_fields(_to_agentd_error(error, record["id"])))
        finally:
            self._credit.spend(peer, self._cpu_clock() - began_s, self._clock())

    def _basis(self, info: EngineInfo) -> Hashable:
        """What steps 1 to 3 depend on beside the record; None where they may also depend on which mind is asked."""
        if self._lanes.remote is not None:
            return None
        moderator = self._moderator
        rules = None if moderator is None or moderator.is_off else moderator.tag
        return info, rules, *self._request_builder.basis

    def _answer_repeat(self, peer: Peer, record: dict[str, Any], basis: Hashable, arrived_s: float) -> bool:
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
        self._put_kept_text(peer, record["id"], request, reply)
        self._put(peer, record["id"], fields)
        self._unsettled.append(lambda: self._settle_repeat(peer, record, known, reply, fields))
        return True

    def _settle_repeat(
        self, peer: Peer, record: dict[str, Any], known: Known, reply: Reply, fields: dict[str, Any]
    ) -> None:
        """What is counted and kept of an answer that is on its way."""
        if isinstance(known.checked, schema.ThinkRecord):
            self._recent_thinks.note(record, known.checked)
        self._metrics.looked_up(known.request)
        self._metrics.replied(known.request, reply, reply.timing_ms.total / 1000)
        self._metrics.answered(known.request.op, _outcome_of(fields))
        self._log(peer, Open(record, known.request), fields, "", reply.timing_ms.total)

    def settle(self) -> bool:
        """Counts and logs what was answered before it was. To be called when the answers of the round are sent: nobody
        waits for it, and nobody sees that it is later. True: somebody watches, and is to be told of it.
        """
        unsettled, self._unsettled = self._unsettled, []
        for work in unsettled:
            work()
        return bool(unsettled) and self.has_watchers

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
            fit, context = self._check_in(checked)
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
            self._finish(request, reply)
        return reply is not None

    def _look_up_shared(self, request: Request) -> bool:
        """Holds the request while the cache looks where other daemons keep theirs. False: there is nowhere to look."""
        if request.explain or request.cache != "use":
            return False

        def on_looked_up() -> None:
            if self._lookups.release(request) and not self._answer_kept(request):
                self._generate(request)

        def on_done() -> None:  # on the cache's thread
            self._post(lambda: self._attempt(request, on_looked_up))

        if not self._cache.fetch(request.key, request.variants, on_done):
            return False
        self._lookups.hold(request)
        return True

    def end_lookups(self) -> None:
        """In each round: what the shared cache did not answer in time goes on as a miss."""
        for request in self._lookups.overdue():
            self._attempt(request, self._generate, request)

    @property
    def lookups_poll_ms(self) -> int | None:
        """How long the router may sleep until the next of them; None: there are none."""
        return self._lookups.poll_ms()

    def _generate(self, request: Request) -> None:
        if refusal := self._minds.refusal(request):
            self._go_on(request, refusal, was_asked=False)
            return

        # 6. try: the engine's thread must not be the first to meet a client's own grammar.
        if request.has_client_format and self._try_format(request):
            return

        # 7. queue: all that came in one round goes to the engine at its end, by `submit_burst`.
        if tries := self._count_look_up(request):
            self._minds.asks(tries, request)
        self._burst[request.peer, request.id] = request
        if request.mind != "remote":
            self._memory.give_way()

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
            self._deliver(request, found)
        else:
            self._open_requests.built(found, tries)
            self._serve(found)

    def submit_burst(self) -> None:
        """At the end of a round of the router: hands the engines all that came together, and what one of them refuses
        to the other."""
        while self._burst:
            burst, self._burst = self._burst, {}
            self._at_engine |= burst
            self.on_events(self._lanes.submit(list(burst.values())))

    def on_events(self, events: Iterable[tuple[Request, Event]]) -> None:
        """What one step of the engine made, or whom it refused."""
        for request, event in events:
            if request.peer == MEMORY_PEER:
                self._on_memory_event(event)
            elif self._at_engine.get((request.peer, request.id)) is not request:
                continue  # its peer is gone, or it was answered already; another may be open under its id by now
            elif isinstance(event, Delta):
                if request.mind and (tries := self._open_requests.tries(request)):
                    tries.is_shown = True
                self._put(request.peer, request.id, encode.delta_fields(event.text, acts=event.acts))
            else:
                del self._at_engine[request.peer, request.id]
                step = self._go_on if isinstance(event, AgentdError) else self._finish
                self._attempt(request, step, request, event)

    def answer_late(self) -> None:
        """For an engine loop that hangs, or whose step takes far too long: what is past its deadline is answered here,
        and what another mind has the time for goes to that one.

        To be called in each round; it looks once in LATE_LOOK_S. A loop that turns answers the late ones by itself.
        """
        now_s = self._clock()
        if now_s < self._next_late_look_s or not self._at_engine:
            return
        self._next_late_look_s = now_s + self.late_look_s
        silent = [lane.mind for lane in self._lanes if lane.loop.silent_s() > LATE_MAX_S]
        if not silent:
            return
        for request in [one for one in self._at_engine.values() if one.mind in silent]:
            if request.deadline_s + LATE_MAX_S < now_s:
                waited_ms = round((now_s - request.arrived_s) * 1000)
                reason = f"not done after {waited_ms} ms: the engine is silent; try again later, or raise deadline_ms"
                self._end_at_engine(request, DeadlineExceeded(reason, retry_after_ms=RETRY_AFTER_MS))
            elif request.hand_on_s < now_s < request.deadline_s and not self._is_shown(request):
                self._end_at_engine(request, late(request, now_s))
        self.submit_burst()

    @property
    def late_look_s(self) -> float:
        """Between two looks. With two minds time is worth more: what the first one leaves is the other's."""
        return LATE_LOOK_S if self._lanes.remote is None else HAND_ON_LOOK_S

    def _is_shown(self, request: Request) -> bool:
        tries = self._open_requests.tries(request)
        return tries is None or tries.is_shown

    def _end_at_engine(self, request: Request, error: AgentdError) -> None:
        """Answers now, or asks another mind. The engine frees it when it can; what it has to say then is dropped."""
        del self._at_engine[request.peer, request.id]
        self._lanes.cancel(request)
        self._attempt(request, self._go_on, request, error)

    def _on_memory_event(self, event: Event) -> None:
        if isinstance(event, (Reply, AgentdError)):
            self._memory.end_job(event)

    # -- 6. try ----------------------------------------------------------------------------------

    def _try_format(self, request: Request) -> bool:
        """Has a grammar compiled that is new; the request goes on with the verdict. False: it may go on now.

        Raises BadRequest for one that has failed before, Overloaded.
        """
        engine = self._lanes.engine_name(request.mind)
        if engine not in ENGINES_TRIED or self._grammar_trial.known(request.sampling):
            return False
        key = (request.peer, request.id)

        def on_verdict(error: AgentdError | None) -> None:
            if self._held.get(key) is not request:
                return
            del self._held[key]
            if error is not None:
                raise error
            if not self._answer_kept(request):  # by now it may be
                self._generate(request)

        def on_tried(error: AgentdError | None) -> None:  # on the trial's thread
            self._post(lambda: self._attempt(request, on_verdict, error))

        self._grammar_trial.submit(engine, request.sampling, request.deadline_s, on_tried)
        self._held[key] = request
        return True

    # -- 2. moderate, 4. classify ----------------------------------------------------------------

    def _check_in(self, record: schema.ThinkRecord) -> tuple[schema.ThinkRecord, ModerationContext | None]:
        """The word list on what the player says. Raises Filtered."""
        if self._moderator is None or self._moderator.is_off:
            return record, None
        return self._moderator.check_in(record, self._request_builder.wanted_language(record))

    def _check_in_chat(self, record: schema.InferRecord) -> tuple[schema.InferRecord, ModerationContext | None]:
        """The same for an `infer`, which is a client's own text: only where the client asks for it."""
        if not record.moderate or self._moderator is None or self._moderator.is_off:
            return record, None
        chat = record.messages or (Message("user", record.prompt or ""),)
        language = self._request_builder.default_language
        fit, context = self._moderator.check_in_chat(chat, record.player or "", language)
        return (record if fit == chat else replace(record, messages=fit)), context

    def _is_classified(self, request: Request) -> bool:
        return self._moderator is not None and self._moderator.has_classifier and request.moderation is not None

    def _classify(self, direction: Direction, request: Request, text: str, go_on: Callable[[], object]) -> None:
        """Hands `text` to the classifier; `go_on` is called where it finds nothing wrong. Only where `_is_classified`.

        The word list has passed the text already. The verdict comes back through the inbox; whoever was cancelled or
        vanished meanwhile is not at the classifier any more, so nothing of theirs is held back or logged.
        """
        moderator, context = self._moderator, request.moderation
        assert moderator is not None
        assert context is not None
        key = (request.peer, request.id)
        self._held[key] = request

        def on_verdict(verdict: Verdict | None) -> None:
            if self._held.get(key) is not request:
                return
            del self._held[key]
            if verdict is None:
                go_on()
            else:
                self._deliver(request, moderator.hold_back(direction, context, text, verdict))

        moderator.classify(text, lambda verdict: self._post(lambda: self._attempt(request, on_verdict, verdict)))

    # -- 8. finish -------------------------------------------------------------------------------

    def _finish(self, request: Request, outcome: Reply | Explanation | AgentdError) -> None:
        """What the cache or the engine has for a request: a reply is classified first, where that is configured."""
        if isinstance(outcome, Reply) and self._is_classified(request):
            self._classify("out", request, outcome.text, lambda: self._deliver(request, outcome))
        else:
            self._deliver(request, outcome)

    def _deliver(self, request: Request, outcome: Reply | Explanation | AgentdError) -> None:
        """Answers, counts and remembers: the end of every `Request`."""
        if isinstance(outcome, Explanation):
            self._close(request.peer, request.id, request.op, encode.explanation_fields(outcome))
            return
        if isinstance(outcome, AgentdError):
            self._close(request.peer, request.id, request.op, encode.error_fields(outcome))
            return
        self._metrics.replied(request, outcome, time.monotonic() - request.arrived_s)
        if request.mind:
            self._minds.report.spoke(request.mind)
        if outcome.cache == "hit":
            self._put_kept_text(request.peer, request.id, request, outcome)
        turn = request.chat.memory_turn if request.chat and not outcome.cut else None
        if turn and request.durable:

            def on_written(is_kept: bool) -> None:
                self._answer_written(request, outcome, is_kept)

            self._memory.note(turn, outcome.text, request.arrived_s, on_written)
            return
        self._close(request.peer, request.id, request.op, encode.reply_fields(outcome, request.mind), outcome.raw)
        if turn:
            self._memory.note(turn, outcome.text, request.arrived_s)

    def _put_kept_text(self, peer: Peer, request_id: str, request: Request, reply: Reply) -> None:
        """To whom reads along nothing of a hit was shown yet."""
        if request.stream and reply.text:
            self._put(peer, request_id, encode.delta_fields(reply.text, acts=may_act(request)))

    def _answer_written(self, request: Request, reply: Reply, is_kept: bool) -> None:
        fields = encode.reply_fields(reply, request.mind) if is_kept else encode.error_fields(not_kept())
        self._close(request.peer, request.id, request.op, fields, reply.raw)

    def _attempt(self, request: Request, step: Callable[..., None], *arguments: object) -> None:
        """For steps that run later than `_take`, which guards the others: a bug ends one request, not the thread."""
        try:
            step(*arguments)
        except Exception as error:
            self._deliver(request, _to_agentd_error(error, request.id, request.npc))

    def _close(self, peer: Peer, request_id: str, op: str, fields: dict[str, Any], raw: str = "") -> None:
        """The last record of an open request. Nothing where it was answered before, or its peer is gone."""
        closed = self._open_requests.close(peer, request_id)
        if closed is not None:
            self._answer(peer, request_id, op, fields)
            if op in schema.GENERATIONS:
                self._log_request(peer, closed, fields, raw)

    def _log_request(self, peer: Peer, ended: Open, fields: dict[str, Any], raw: str = "") -> None:
        self.settle()  # in the order of answering
        if ended.record.get("explain"):
            return  # an admin's own look
        total_ms = (self._clock() - ended.request.arrived_s) * 1000 if ended.request else None
        fields.pop("embedding", None)  # a thousand numbers that nobody reads there
        self._log(peer, ended, fields, raw, total_ms)

    def _log(self, peer: Peer, ended: Open, fields: dict[str, Any], raw: str, total_ms: float | None) -> None:
        """It has its answer already, and no bug of the log takes that back."""
        try:
            request_line.note(ended.record, fields, total_ms)
            self._admin.requests.add(peer, ended.record, ended.request, fields, raw, total_ms)
        except Exception:
            log.exception("a bug in the request log")

    def refuse_open(self) -> None:
        """At the end of the daemon: answers all that is still open, such as what the classifier did not get to."""
        stopping = encode.error_fields(Unavailable("the daemon is stopping", retry_after_ms=RETRY_AFTER_MS))
        for peer, record in self._open_requests.close_all():
            self._answer(peer, record["id"], record["op"], stopping)
        for peer, request_id, fields in self._admin.events.end():
            self._answer(peer, request_id, "events", encode.done_fields(fields))

    def _answer(self, peer: Peer, request_id: str | None, op: str, fields: dict[str, Any]) -> None:
        """The last record of whatever was sent, in the metrics and on its way."""
        self._metrics.answered(op, _outcome_of(fields))
        self._put(peer, request_id, fields)

    def _put(self, peer: Peer, request_id: str | None, fields: dict[str, Any]) -> None:
        if peer is ITSELF:
            if fields["event"] != "delta":
                self._asked.pop(str(request_id))(fields)
            return
        self.replies.put(peer, {"id": request_id, **fields})

    # -- ops that act on requests or take their time ----------------------------------------------

    def _take_later(self, peer: Peer, record: dict[str, Any], model: type[Record], start: Callable[..., None]) -> None:
        """Open until it is done, like a generation. `start` takes the checked record, and whom to call then."""
        checked = schema.validate(model, record)
        if not self._open_requests.open(peer, record):
            return

        def on_done(outcome: dict[str, Any] | AgentdError) -> None:
            fields = encode.error_fields(outcome) if isinstance(outcome, AgentdError) else encode.done_fields(outcome)
            self._close(peer, record["id"], record["op"], fields)

        try:
            start(checked, on_done)
        except Exception as error:
            on_done(_to_agentd_error(error, record["id"]))

    def _take_events(self, peer: Peer, record: dict[str, Any]) -> None:
        """No open request while it waits: who watches is not a reason to be busy."""
        fields = self._admin.events.take(peer, schema.validate(EventsRecord, record))
        if fields is not None:
            self._answer(peer, record["id"], "events", encode.done_fields(fields))

    @property
    def has_watchers(self) -> bool:
        """Somebody waits for events, and for the end of the time to wait."""
        return self._admin.events.has_waiting

    def answer_watchers(self) -> None:
        """In each round, at its end."""
        for peer, request_id, fields in self._admin.events.due():
            self._answer(peer, request_id, "events", encode.done_fields(fields))

    def _switch(self, record: SwitchRecord, on_done: Callable[[dict[str, Any] | AgentdError], None]) -> None:
        """The master switch. Off, all that is open ends now, wherever it is."""
        self._admin.set_switch(record, lambda outcome: self._post(lambda: on_done(outcome)))
        if record.on is not None:
            self.follow_switch()

    def follow_switch(self) -> None:
        """Tells those who call models how it stands; also at the start."""
        switch = self._admin.switch
        if self._moderator is not None:
            self._moderator.switch(on=switch.is_on)
        self._lanes.switch(None if switch.is_on else switch.refusal)
        if not switch.is_on:
            waiting = [*self._held.values(), *self._lookups.held.values(), *self._burst.values()]
            self._held.clear()
            self._lookups.held.clear()
            self._burst.clear()
            for request in waiting:
                self._deliver(request, switch.refusal())

    def _cancel(self, peer: Peer, record: dict[str, Any]) -> bool:
        """Whether there was something to cancel; its own answer, `cancelled`, comes by itself."""
        key = (peer, schema.validate(schema.CancelRecord, record).target)
        if self._admin.events.cancel(*key):
            self._answer(*key, "events", encode.error_fields(Cancelled("cancelled by the client")))
            return True
        waiting = self._held.pop(key, None) or self._lookups.held.pop(key, None) or self._burst.pop(key, None)
        if waiting is not None:
            self._deliver(waiting, Cancelled("cancelled by the client"))
            return True
        found = self._open_requests.is_open(*key)
        running = self._at_engine.get(key)
        if running is not None and self._lanes.by_mind(running.mind).loop.silent_s() > LATE_MAX_S:
            self._end_at_engine(running, Cancelled("cancelled by the client"))
        elif running is not None:
            self._lanes.cancel(running)
        return found

    def drop_peer(self, peer: Peer) -> None:
        """The peer is gone, or does not read: frees all its requests."""
        self._open_requests.close_peer(peer)
        self._admin.events.drop_peer(peer)
        for waiting in (self._held, self._lookups.held, self._burst, self._at_engine):
            for key in [key for key in waiting if key[0] == peer]:
                del waiting[key]
        self._lanes.drop_peer(peer)


def _outcome_of(fields: dict[str, Any]) -> str:
    """As the metrics count it: what an admin's switch refuses is no failure, and told apart from one."""
    return SwitchedOff.REASON if fields.get("reason") == SwitchedOff.REASON else fields.get("code", "done")


def _to_agentd_error(error: Exception, request: str, npc: str = "") -> AgentdError:
    """What is answered where `error` was raised. A bug is logged, and answered `internal`."""
    if isinstance(error, AgentdError):
        return error
    log.error("a bug in the pipeline", exc_info=error, extra=about(request=request, npc=npc))
    return AgentdError("a bug in the daemon; its log has the details")
