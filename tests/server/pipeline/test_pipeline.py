"""The pipeline without sockets: the test is the router; the engine and the classifier are stand-ins that wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from llm_agentd.cache import CacheEntry, NullCache
from llm_agentd.engines.base import EngineInfo
from llm_agentd.engines.llama.grammar.trial import GrammarTrial, OnVerdict
from llm_agentd.errors import AgentdError, BadRequest, Cancelled, Overloaded
from llm_agentd.memory import NullMemory
from llm_agentd.memory.service import MemoryService
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.classifier import ClassifierThread
from llm_agentd.moderation.moderator import Moderator, Verdict
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.protocol import wire
from llm_agentd.roles import Roles
from llm_agentd.scheduler.engine_loop import EngineLoop
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.server.admin.event_stream import EventStream
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.admin.rates import Rates
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.admin.switch import MasterSwitch
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.server.control import Control
from llm_agentd.server.minds.minds import Minds
from llm_agentd.server.minds.report import Report
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.pipeline.pipeline import FLOOD_WAITING_MAX, Pipeline
from llm_agentd.server.recent_thinks import RecentThinks
from llm_agentd.server.request_builder import RequestBuilder, RequestDefaults
from llm_agentd.types import Peer, Priority, Reply, Request, Sampling

ANA: Peer = (b"ana",)
NPC = {"id": "1", "name": "Mira", "role": "healer"}
INFER = {"op": "infer", "id": "a", "prompt": "Hello"}
THINK = {"op": "think", "id": "a", "npc": NPC, "player": "Ana", "utterance": "Hello", "remember": False}
ENTRY = CacheEntry("Well met.", "stop", "stub", None, 1, 1, "healer", "x")


class FakeEngineLoop:
    engine = "stub"
    failure = None
    is_reopening = False

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.is_full = False
        self.waiting_max: list[int | None] = []
        self.cancelled: list[str] = []
        self.requests: list[Request] = []
        self.silence_s = 0.0

    def silent_s(self) -> float:
        return self.silence_s

    def require_info(self) -> EngineInfo:
        return self.info

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(self.engine, "stub", "f", 2048, 8, features=frozenset({"messages"}))

    def require_room(self, priority: Priority, peer: Peer, *, waiting_max: int | None) -> None:
        self.waiting_max.append(waiting_max)
        if self.is_full:
            raise Overloaded("the queue is full")

    def submit(self, requests: Sequence[Request]) -> list[tuple[Request, AgentdError]]:
        self.submitted += [request.id for request in requests]
        self.requests += requests
        return []

    def cancel(self, peer: Peer, request_id: str) -> None:
        self.cancelled.append(request_id)

    def drop_peer(self, peer: Peer) -> None: ...


class FakeTrial(GrammarTrial):
    """Whose verdicts the test gives. `good`: the grammars that have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.good: set[str] = set()
        self.verdicts: list[OnVerdict] = []

    def known(self, sampling: Sampling) -> bool:
        return sampling.grammar in self.good

    def submit(self, engine: str, sampling: Sampling, deadline_s: float, on_verdict: OnVerdict) -> None:
        self.verdicts.append(on_verdict)


class FakeModerator(Moderator):
    """With a classifier whose verdicts the test gives, and a log that may be broken."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.is_broken = False
        super().__init__(self, classifier=cast(ClassifierThread, object()))
        self.verdicts: list[Callable[[Verdict | None], None]] = []

    def classify(self, text: str, on_verdict: Callable[[Verdict | None], None]) -> None:
        self.verdicts.append(on_verdict)

    def write(self, entry: dict[str, Any]) -> None:
        if self.is_broken:
            raise ValueError("the log is broken")
        self.entries.append(entry)


class FakeCache(NullCache):
    def __init__(self) -> None:
        self.entry: CacheEntry | None = None
        self.is_broken = False

    def get(self, key: bytes, variants: int = 1) -> CacheEntry | None:
        if self.is_broken:
            raise ValueError("the cache is broken")
        return self.entry


def decoded(encoded: bytes) -> dict[str, Any]:
    (record,) = wire.decode(encoded)
    assert isinstance(record, dict)
    return record


class Harness:
    def __init__(self) -> None:
        self.engine_loop, self.moderator, self.cache = FakeEngineLoop(), FakeModerator(), FakeCache()
        self.open_requests, self.trial = OpenRequests(), FakeTrial()
        self.sent: list[bytes] = []
        self.now_s = self.cpu_s = self.tick_s = 0.0
        loop = cast(EngineLoop, self.engine_loop)
        memory = MemoryService(
            NullMemory(),
            submit=loop.submit,
            cancel=loop.cancel,
            engine_info=lambda: None,
            post=lambda work: work(),
            is_busy=lambda: True,
        )
        recent_thinks = RecentThinks()
        request_builder = RequestBuilder(PromptBuilder(Roles.load()), RequestDefaults(), self.moderator)
        events, metrics = EventStream(self.read_clock), Metrics()
        lanes = Lanes(loop)
        self.pipeline = Pipeline(
            request_builder=request_builder,
            moderator=self.moderator,
            cache=self.cache,
            lanes=lanes,
            minds=Minds(lanes=lanes, request_builder=request_builder, report=Report(events, metrics)),
            memory=memory,
            control=cast(Control, None),
            grammar_trial=self.trial,
            open_requests=self.open_requests,
            recent_thinks=recent_thinks,
            admin=AdminOps(
                requests=RequestLog(),
                events=events,
                rates=Rates(clock=self.read_clock, now_s=self.read_clock),
                switch=MasterSwitch(None),
                recent_thinks=recent_thinks,
                audit=AuditLog(None),
                metrics=metrics,
            ),
            metrics=metrics,
            post=lambda work: work(),
            clock=self.read_clock,
            cpu_clock=self.read_cpu_clock,
        )

    def read_clock(self) -> float:
        return self.now_s

    def read_cpu_clock(self) -> float:
        """Each look at it takes `tick_s`, so a request costs one of them."""
        self.cpu_s += self.tick_s
        return self.cpu_s

    def receive(self, *records: dict[str, Any]) -> None:
        """One part, in a round of its own."""
        for record in wire.decode(b"".join(map(wire.encode, records))):
            self.pipeline.take(ANA, record)
        self.pipeline.end_part(ANA)
        self.pipeline.submit_burst()

    def answers(self) -> dict[str, str]:
        """How each id ended so far: `done` or a code."""
        self.sent += self.pipeline.replies.take().get(ANA, [])
        return {record["id"]: record.get("code", record["event"]) for record in map(decoded, self.sent)}


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_cancel_in_the_part_of_its_request_ends_it_before_the_engine(harness: Harness) -> None:
    harness.receive(INFER, {"op": "cancel", "id": "c", "target": "a"})
    assert harness.answers() == {"a": "cancelled", "c": "done"}
    assert harness.engine_loop.submitted == harness.engine_loop.cancelled == []


@pytest.mark.parametrize("step", ["in its round", "after its verdict"])
def test_bug_behind_the_prompt_is_answered_internal_and_leaves_nothing_open(harness: Harness, step: str) -> None:
    harness.cache.is_broken = True
    record = INFER if step == "in its round" else THINK
    for _ in range(2):  # sent again, it is taken again
        harness.receive(record)
        if record is THINK:
            harness.moderator.verdicts.pop()(None)
        assert harness.answers() == {"a": "internal"}
        assert len(harness.open_requests) == 0
        harness.sent.clear()


def test_broken_audit_log_ends_only_the_request_that_is_held_back(harness: Harness) -> None:
    harness.moderator.is_broken = True
    harness.receive(THINK)
    harness.moderator.verdicts.pop()(Verdict("classifier: violence"))
    assert harness.answers() == {"a": "internal"}
    assert len(harness.open_requests) == 0


@pytest.mark.parametrize("is_cancelled", [True, False], ids=["cancelled", "vanished"])
def test_verdict_for_nobody_is_not_in_the_audit_log(harness: Harness, is_cancelled: bool) -> None:
    harness.receive(THINK)
    if is_cancelled:
        harness.receive({"op": "cancel", "id": "c", "target": "a"})
    else:
        harness.pipeline.drop_peer(ANA)
    harness.moderator.verdicts.pop()(Verdict("classifier: violence"))
    assert harness.moderator.entries == []
    assert harness.answers().get("a") == ("cancelled" if is_cancelled else None)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_refuse_open_answers_what_the_classifier_has(harness: Harness, direction: str) -> None:
    harness.cache.entry = ENTRY
    harness.receive(THINK)
    if direction == "out":
        harness.moderator.verdicts.pop()(None)
    assert harness.answers() == {}
    harness.pipeline.refuse_open()
    assert harness.answers() == {"a": "unavailable"}


def test_bad_words_beside_a_line_to_translate_are_a_bad_request(harness: Harness) -> None:
    harness.receive({**THINK, "utterance": "fuck you", "translate": "Good day."})
    assert harness.answers() == {"a": "bad_request"}
    assert harness.moderator.entries == []


# -- a client's own grammar ------------------------------------------------------------------------

GRAMMAR = 'root ::= "a"'


@pytest.fixture
def tried(harness: Harness) -> Harness:
    """Its engine is one whose grammars are tried."""
    harness.engine_loop.engine = "llama"
    return harness


@pytest.mark.parametrize("record", [INFER | {"grammar": GRAMMAR}, THINK | {"json_schema": {"type": "null"}}])
def test_new_grammar_of_a_client_waits_for_its_trial_and_holds_nobody_up(
    tried: Harness, record: dict[str, Any]
) -> None:
    if record["op"] == "think":
        tried.receive(record)
        tried.moderator.verdicts.pop()(None)
        tried.pipeline.submit_burst()
    else:
        tried.receive(record)
    tried.receive(INFER | {"id": "plain"})
    assert tried.engine_loop.submitted == ["plain"]
    tried.trial.verdicts.pop()(None)
    tried.trial.good.add(GRAMMAR)
    assert tried.answers() == {}


def test_grammar_that_passed_goes_to_the_engine(tried: Harness) -> None:
    tried.receive(INFER | {"grammar": GRAMMAR})
    tried.trial.good.add(GRAMMAR)
    tried.trial.verdicts.pop()(None)
    tried.pipeline.submit_burst()
    assert tried.engine_loop.submitted == ["a"]
    tried.receive(INFER | {"id": "again", "grammar": GRAMMAR})
    assert tried.engine_loop.submitted == ["a", "again"]
    assert tried.trial.verdicts == []


def test_grammar_that_failed_is_answered_with_the_reason(tried: Harness) -> None:
    tried.receive(INFER | {"grammar": GRAMMAR})
    tried.trial.verdicts.pop()(BadRequest("grammar: it hangs"))
    assert tried.answers() == {"a": "bad_request"}
    assert tried.engine_loop.submitted == []


@pytest.mark.parametrize("end", ["cancel", "vanish"])
def test_verdict_on_a_grammar_nobody_waits_for_is_dropped(tried: Harness, end: str) -> None:
    tried.receive(INFER | {"grammar": GRAMMAR})
    if end == "cancel":
        tried.receive({"op": "cancel", "id": "c", "target": "a"})
    else:
        tried.pipeline.drop_peer(ANA)
    tried.receive(INFER | {"grammar": GRAMMAR})  # with the same id: the old verdict is not for this one
    old, new = tried.trial.verdicts
    old(None)
    tried.pipeline.submit_burst()
    assert tried.engine_loop.submitted == []
    tried.trial.good.add(GRAMMAR)
    new(None)
    tried.pipeline.submit_burst()
    assert tried.engine_loop.submitted == ["a"]


@pytest.mark.parametrize("engine", ["llama", "stub"])
def test_what_the_daemon_builds_and_other_engines_are_not_tried(harness: Harness, engine: str) -> None:
    harness.engine_loop.engine = engine
    harness.receive(INFER if engine == "llama" else INFER | {"json_schema": {"type": "null"}})
    assert harness.engine_loop.submitted == ["a"]
    assert harness.trial.verdicts == []


def test_full_queue_refuses_before_moderation_prompt_and_cache_are_paid_for(harness: Harness) -> None:
    harness.engine_loop.is_full = harness.cache.is_broken = True
    harness.receive({**THINK, "utterance": "fuck you", "npc": {**NPC, "role": "nobody"}})
    assert harness.answers() == {"a": "overloaded"}
    assert harness.moderator.entries == []
    assert len(harness.open_requests) == 0


def test_wrong_field_is_named_by_a_full_queue_too(harness: Harness) -> None:
    harness.engine_loop.is_full = True
    harness.receive({**THINK, "deadline_ms": 1, "lang": 3})
    assert harness.answers() == {"a": "bad_request"}


def test_peer_that_takes_too_much_of_the_routers_time_may_have_little_waiting(harness: Harness) -> None:
    harness.tick_s = 0.05
    for number in range(300):
        harness.receive({**INFER, "id": str(number)})
    assert harness.engine_loop.waiting_max[:20] == [None] * 20
    assert harness.engine_loop.waiting_max[-1] == FLOOD_WAITING_MAX
    harness.now_s += 60
    harness.receive({**INFER, "id": "later"})
    assert harness.engine_loop.waiting_max[-1] is None


# -- an engine that hangs ---------------------------------------------------------------------------

REPLY = Reply("Well met.", "stop", "miss", "stub")


def test_late_request_is_answered_for_an_engine_that_is_silent(harness: Harness) -> None:
    harness.receive({**INFER, "deadline_ms": 1500}, {**INFER, "id": "b", "deadline_ms": 60_000})
    harness.now_s, harness.engine_loop.silence_s = 3.4, 3.4
    harness.pipeline.answer_late()
    assert harness.answers() == {}
    harness.now_s, harness.engine_loop.silence_s = 4.5, 0.1  # a loop that turns answers by itself
    harness.pipeline.answer_late()
    assert harness.answers() == {}
    harness.now_s, harness.engine_loop.silence_s = 5.6, 5.6
    harness.pipeline.answer_late()
    assert harness.answers() == {"a": "deadline_exceeded"}
    assert harness.engine_loop.cancelled == ["a"]
    assert len(harness.open_requests) == 1


def test_what_a_silent_engine_says_later_is_not_for_a_newer_request_of_that_id(harness: Harness) -> None:
    harness.receive({**INFER, "deadline_ms": 1000})
    harness.now_s = harness.engine_loop.silence_s = 4.0
    harness.pipeline.answer_late()
    harness.receive({**INFER, "deadline_ms": 1000})
    old, new = harness.engine_loop.requests
    harness.pipeline.on_events([(old, Cancelled("cancelled by the client"))])
    assert harness.answers() == {"a": "deadline_exceeded"}
    harness.pipeline.on_events([(new, REPLY)])
    assert harness.answers() == {"a": "done"}


def test_cancel_is_answered_while_the_engine_is_silent(harness: Harness) -> None:
    harness.receive(INFER)
    harness.engine_loop.silence_s = 4.0
    harness.receive({"op": "cancel", "id": "c", "target": "a"})
    assert harness.answers() == {"a": "cancelled", "c": "done"}
    assert harness.engine_loop.cancelled == ["a"]
