"""The engine thread, and peers that submit, cancel and vanish meanwhile: no request is lost or taken for another.

No sockets: the test is the router thread, and `events` is what it would get.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from llm_agentd.cache import NullCache
from llm_agentd.engines.base import Prompt
from llm_agentd.engines.stub.engine import STEP_S, StubEngine
from llm_agentd.errors import Unavailable
from llm_agentd.metrics import Metrics
from llm_agentd.prefix_cache import NullPrefixStore, PrefixCache
from llm_agentd.scheduler.batch_size import Curve
from llm_agentd.scheduler.curve_watch import QUIET_S
from llm_agentd.scheduler.engine_loop import SILENT_MAX_S, SILENT_MIN_S, EngineLoop
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.scheduler.sequence import Events
from llm_agentd.types import PrefixState, Reply, Request
from tests.support.daemon_in_process import Gate

WAIT_S = 10.0
ANA, BEN = (b"ana",), (b"ben",)


class SlowStart(StubEngine):
    """Starting `prompt` waits for the test, as encoding a long prompt would."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_starting, self.may_start = threading.Event(), threading.Event()

    def encode(self, prompt: str | None, *arguments: Any) -> Prompt:
        if prompt == "slow":
            self.is_starting.set()
            assert self.may_start.wait(WAIT_S)
        return super().encode(prompt, *arguments)


class Running:
    """An engine loop with one slot, whose steps wait at `gate`."""

    def __init__(self, gate: Gate, max_num_seqs: int, **options: Any) -> None:
        self.gate = gate
        self.engine = SlowStart(max_num_seqs=max_num_seqs, on_step=gate.on_step, script=lambda _: [b"one ", b"two "])
        self._events: queue.Queue[Events] = queue.Queue()
        self.loop = EngineLoop(
            open_engine=lambda: self.engine,
            emit=self._events.put,
            queue=RequestQueue(size=8, window_s=0.0, queue_max=100),
            cache=NullCache(),
            metrics=Metrics(),
            **{
                "open_prefix_cache": lambda _: PrefixCache(0, NullPrefixStore()),
                "find_curve": lambda _: (Curve({1: 1.0, 2: 1.0}, is_confirmed=True), lambda curve: None),
                **options,
            },
        )

    def submit(self, id: str, prompt: str = "", peer: tuple[bytes, ...] = ANA) -> Request:
        request = Request(id, peer, "infer", 0.0, float("inf"), prompt or id, key=(prompt or id).encode())
        assert self.loop.submit([request]) == []
        return request

    def endings(self, count: int) -> list[str]:
        """The last events of `count` requests, sorted: the id with `done` or an error's code."""
        found: list[str] = []
        while len(found) < count:
            for request, event in self._events.get(timeout=WAIT_S):
                found.append(f"{request.id} {'done' if isinstance(event, Reply) else getattr(event, 'code', 'delta')}")
        return sorted(found)


@pytest.fixture(params=[1, 2], ids=["one slot", "two slots"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    gate = Gate()
    running = Running(gate, request.param)
    running.loop.start()
    assert running.loop.started.wait(WAIT_S)
    yield running
    gate.open()
    running.engine.may_start.set()
    running.loop.stop(0)


@pytest.mark.parametrize("id", ["running", "waiting", "new"])
def test_request_submitted_after_its_peer_was_dropped_is_answered(running: Running, id: str) -> None:
    """A peer that comes back with its routing id, before the engine has noticed that it was gone."""
    running.submit("running")
    assert running.gate.entered.wait(WAIT_S)
    running.submit("waiting")
    running.loop.drop_peer(ANA)
    running.submit(id)
    running.submit("other", peer=BEN)
    running.gate.open()
    assert running.endings(2) == sorted([f"{id} done", "other done"])


@pytest.mark.parametrize("id", ["running", "waiting", "new"])
def test_request_submitted_after_a_cancel_of_its_id_is_answered(running: Running, id: str) -> None:
    running.submit("running")
    assert running.gate.entered.wait(WAIT_S)
    running.submit("waiting")
    for cancelled in ("running", "waiting"):
        running.loop.cancel(ANA, cancelled)
    assert running.endings(1) == ["waiting cancelled"], "at once, whatever the engine does"
    running.submit(id, prompt="again")
    running.gate.open()
    assert running.endings(2) == sorted([f"{id} done", "running cancelled"])


@pytest.mark.parametrize("is_dropped", [True, False], ids=["dropped", "cancelled"])
def test_request_submitted_while_another_starts_is_not_taken_for_the_one_that_ended(is_dropped: bool) -> None:
    gate = Gate()
    running = Running(gate, 2)
    running.loop.start()
    assert running.loop.started.wait(WAIT_S)
    try:
        running.submit("slow", peer=BEN)
        assert running.engine.is_starting.wait(WAIT_S)
        if is_dropped:
            running.loop.drop_peer(ANA)
        else:
            running.loop.cancel(ANA, "a")
        running.submit("a")
        gate.open()
        running.engine.may_start.set()
        assert running.endings(2) == ["a done", "slow done"]
    finally:
        gate.open()
        running.engine.may_start.set()
        running.loop.stop(0)


class Clock:
    """Moved by the test."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_loop_that_does_not_turn_is_unavailable_with_the_reason_and_comes_back() -> None:
    gate, clock, beats = Gate(), Clock(), threading.Semaphore(0)
    running = Running(gate, 1, clock=clock, feed_watchdog=beats.release, idle_wait_max_s=0.01)
    running.loop.start()
    assert running.loop.started.wait(WAIT_S)
    running.submit("a")
    assert gate.entered.wait(WAIT_S)
    clock.now_s += SILENT_MAX_S  # a step may take as long as that
    assert running.loop.require_info()
    clock.now_s += 1
    with pytest.raises(Unavailable, match="silent for 31 s"):
        running.loop.require_info()
    gate.open()
    assert running.endings(1) == ["a done"]
    while beats.acquire(blocking=False):
        pass
    assert beats.acquire(timeout=WAIT_S)
    assert beats.acquire(timeout=WAIT_S)  # one that began after the clock was moved
    assert running.loop.require_info()
    clock.now_s += 1000  # an idle loop turns too
    assert beats.acquire(timeout=WAIT_S)
    assert beats.acquire(timeout=WAIT_S)
    assert running.loop.require_info()
    running.loop.stop(0)


def test_loop_whose_steps_are_short_is_found_silent_sooner() -> None:
    gate, clock = Gate(), Clock()
    running = Running(gate, 1, clock=clock)
    running.loop.start()
    assert running.loop.started.wait(WAIT_S)
    running.submit("a")
    while len(gate.batch_sizes) < 2:  # the first step took no time by this clock
        gate.step()
    clock.now_s += SILENT_MIN_S
    assert running.loop.require_info()
    clock.now_s += 1
    with pytest.raises(Unavailable, match="silent for 11 s"):
        running.loop.require_info()
    gate.open()
    assert running.endings(1) == ["a done"]
    running.loop.stop(0)


def test_curve_that_a_busy_start_measured_is_measured_again_in_a_quiet_moment() -> None:
    """The stub's own steps cost the same at any size; a batch of two looked twice as slow as one when it started."""
    kept: queue.Queue[Curve] = queue.Queue()
    gate, clock, beats = Gate(), Clock(), threading.Semaphore(0)
    busy = Curve({1: 0.002, 2: 0.004})
    running = Running(
        gate,
        2,
        clock=clock,
        feed_watchdog=beats.release,
        idle_wait_max_s=0.01,
        find_curve=lambda _: (busy, kept.put),
    )
    gate.open()
    running.loop.start()
    assert running.loop.started.wait(WAIT_S)
    assert running.loop.stats()["useful_batch_size"] == 1
    running.submit("a")
    assert running.endings(1) == ["a done"]
    assert beats.acquire(timeout=WAIT_S)
    assert kept.empty(), "nobody has to wait for it right behind a question"
    clock.now_s += QUIET_S + 1
    assert kept.get(timeout=WAIT_S) == Curve({1: STEP_S, 2: STEP_S}, is_confirmed=True)
    running.submit("b")  # its answer comes from a later turn
    assert running.endings(1) == ["b done"]
    assert running.loop.stats()["useful_batch_size"] == 2
    running.loop.stop(0)


def test_idle_loop_gives_kept_states_back_when_the_machine_gets_short() -> None:
    """Nothing is added and nothing looked up then, which would make room as well."""
    prefixes = PrefixCache(100, NullPrefixStore(), lambda _: room_bytes)
    room_bytes = 100
    prefixes.add(PrefixState((1, 2), bytes(50), ((1, 2.0),)), "", persist=False)
    assert prefixes.stats()["bytes"] == 50
    room_bytes = 10
    gate = Gate()
    running = Running(gate, 1, open_prefix_cache=lambda _: prefixes, idle_wait_max_s=0.01)
    running.loop.start()
    deadline_s = time.monotonic() + WAIT_S
    while prefixes.stats()["bytes"] and time.monotonic() < deadline_s:
        time.sleep(0.01)
    running.loop.stop(0)
    assert prefixes.stats()["bytes"] == 0
