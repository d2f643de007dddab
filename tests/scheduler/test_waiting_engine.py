"""An engine that waits for another process: what it tells of usage, model and failures, and who wakes it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from llm_agentd.cache import NullCache
from llm_agentd.engines.base import Engine, Piece, Prompt
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import AgentdError, Overloaded
from llm_agentd.metrics import Load, Metrics
from llm_agentd.prefix_cache import NullPrefixStore, PrefixCache
from llm_agentd.scheduler.batch_size import find_curve
from llm_agentd.scheduler.engine_loop import EngineLoop
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.scheduler.sequence import Events
from llm_agentd.types import Delta, Reply, Request, Sampling, Usage

WAIT_S = 10.0
SLOTS = 64


class Waiting(StubEngine):
    """`say` what comes next; a step waits for it, or for `wake`."""

    def __init__(self) -> None:
        super().__init__(max_num_seqs=SLOTS)
        self._info = replace(self._info, is_remote=True, features=frozenset({"messages"}))
        self._pieces: list[Piece] = []
        self._something = threading.Event()
        self.is_waiting = threading.Event()
        self.started: list[dict[str, Any]] = []
        self.stopped: list[int] = []

    def say(self, *pieces: Piece) -> None:
        self._pieces += pieces
        self._something.set()

    def learn(self, **facts: Any) -> None:
        self._info = replace(self._info, **facts)

    def encode(self, *arguments: Any) -> Prompt:
        return replace(super().encode(*arguments), is_estimate=True)

    def start(self, seq: int, *_: Any, session_id: str = "", deadline_s: float = 0.0, **__: Any) -> int:
        self.started.append({"seq": seq, "session_id": session_id, "deadline_s": deadline_s})
        return 0

    def step(self) -> list[Piece]:
        self.is_waiting.set()
        assert self._something.wait(WAIT_S), "nobody woke it"
        self._something.clear()
        pieces, self._pieces = self._pieces, []
        return pieces

    def time_step(self, num_seqs: int) -> float:
        raise AssertionError("there is nothing to time: another process computes")

    def wake(self) -> None:
        self._something.set()

    def stop(self, seq: int) -> None:
        self.stopped.append(seq)


class Running:
    def __init__(self) -> None:
        self.engine = Waiting()
        self.metrics = Metrics()
        self._events: queue.Queue[Events] = queue.Queue()
        self.loop = EngineLoop(
            open_engine=self._open,
            emit=self._events.put,
            queue=RequestQueue(size=8, window_s=0.0, queue_max=100),
            cache=NullCache(),
            metrics=self.metrics,
            open_prefix_cache=lambda _: PrefixCache(0, NullPrefixStore()),
            find_curve=lambda engine: find_curve(engine, None),
        )

    def _open(self) -> Engine:
        return self.engine

    def submit(self, id: str, **more: Any) -> None:
        request = Request(id, (b"ana",), "infer", 0.0, float("inf"), id, key=id.encode(), **more)
        assert self.loop.submit([request]) == []

    def last(self) -> Reply | AgentdError:
        while True:
            for _, event in self._events.get(timeout=WAIT_S):
                if isinstance(event, (Reply, AgentdError)):
                    return event
                assert isinstance(event, Delta)

    def counted(self, name: str) -> float:
        text = self.metrics.text(Load({}))
        return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1])


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    running.loop.start()
    assert running.loop.started.wait(WAIT_S)
    yield running
    running.loop.stop(0)


def begin(running: Running, id: str = "one", **more: Any) -> None:
    """Returns when the engine waits for its first piece."""
    running.engine.is_waiting.clear()
    running.submit(id, **more)
    assert running.engine.is_waiting.wait(WAIT_S)


def test_what_the_server_counted_takes_the_place_of_what_was_guessed(running: Running) -> None:
    begin(running, "a prompt of some words")
    usage = Usage(prompt_tokens=31, reused_tokens=16, completion_tokens=12)
    running.engine.say(Piece(0, b"Well met."), Piece(0, tokens=0, finish="stop", usage=usage, model="qwen-3b"))
    reply = running.last()
    assert isinstance(reply, Reply)
    assert (reply.usage, reply.model, reply.text) == (usage, "qwen-3b", "Well met.")
    assert running.counted("llm_agentd_prompt_tokens_total") == 31
    assert running.counted("llm_agentd_prompt_tokens_cached_total") == 16
    assert running.counted("llm_agentd_generation_tokens_total") == 12


def test_guess_is_counted_where_the_server_tells_nothing(running: Running) -> None:
    begin(running, "x" * 40)
    running.engine.say(Piece(0, b"Well"), Piece(0, b" met."), Piece(0, tokens=0, finish="stop"))
    reply = running.last()
    assert isinstance(reply, Reply)
    assert reply.usage == Usage(10, 0, 2)
    assert reply.model == "stub"
    assert running.counted("llm_agentd_prompt_tokens_total") == 10


def test_what_comes_in_the_same_step_behind_the_end_of_a_reply_is_dropped(running: Running) -> None:
    """The engine cannot know that a stop string ended it; the rest of the stream was read by then."""
    begin(running, sampling=Sampling(stop=("\n",)))
    running.engine.say(Piece(0, b"Well met.\n"), Piece(0, b"And"), Piece(0, tokens=0, finish="stop"))
    reply = running.last()
    assert isinstance(reply, Reply)
    assert reply.text == "Well met."
    begin(running, "two")
    running.engine.say(
        Piece(running.engine.started[-1]["seq"], b"Still here."),
        Piece(running.engine.started[-1]["seq"], finish="stop"),
    )
    assert isinstance(running.last(), Reply)


def test_failed_sequence_is_answered_with_the_error_that_it_brings(running: Running) -> None:
    begin(running)
    error = Overloaded("over the daily budget", retry_after_ms=5)
    running.engine.say(Piece(0, tokens=0, finish="failed", error="x", answer=error))
    assert running.last() is error


def test_engine_that_waits_is_woken_by_a_new_request_and_by_a_cancel(running: Running) -> None:
    begin(running, "one")
    begin(running, "two", session_id="bram")
    assert [start["session_id"] for start in running.engine.started] == ["", "bram"]
    running.loop.cancel((b"ana",), "one")
    assert getattr(running.last(), "code", "") == "cancelled"
    assert running.engine.stopped == [0]


def test_all_its_slots_are_used_and_no_step_of_it_is_timed(running: Running) -> None:
    for number in range(SLOTS):
        running.submit(str(number))
    begin(running, "one too many")
    running.engine.wake()
    assert len(running.engine.started) == SLOTS


def test_deadline_goes_to_the_engine(running: Running) -> None:
    begin(running)
    assert running.engine.started[0]["deadline_s"] == float("inf")


def test_what_is_learnt_of_a_server_later_is_seen(running: Running) -> None:
    begin(running)
    running.engine.learn(context_tokens=777)
    begin(running, "two")
    assert running.loop.info is not None
    assert running.loop.info.context_tokens == 777
