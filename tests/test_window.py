"""The batch window: order, bounds, ageing, deadlines, and that no request is lost or let out twice."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llm_agentd.errors import Overloaded
from llm_agentd.serving.request import Priority, Request
from llm_agentd.serving.window import AGED_S, RETRY_AFTER_MS, Window

WINDOW_S = 0.05
ANNA, BERT = (b"anna",), (b"bert", b"")


def ask(id: str, priority: Priority = "spoken", *, deadline_s: float = 1000.0) -> Request:
    return Request(id=id, peer=ANNA, op="infer", arrived_s=0.0, deadline_s=deadline_s, prompt="x", priority=priority)


def window(*, size: int = 8, queue_max: int = 100) -> Window:
    return Window(size=size, window_s=WINDOW_S, queue_max=queue_max)


def ids(requests: list[Request]) -> list[str]:
    return [request.id for request in requests]


def test_an_empty_window_waits_for_a_wake_up() -> None:
    empty = window()
    empty.burst_end()
    assert not empty.due(0.0, idle=True)
    assert empty.wait_s(0.0, idle=True) is None
    assert empty.take(8, 0.0) == []


def test_a_busy_engine_gets_requests_when_the_window_of_the_oldest_closes() -> None:
    waiting = window()
    waiting.offer(ask("a"), 1.0)
    waiting.offer(ask("b"), 1.04)
    waiting.burst_end()
    assert not waiting.due(1.04, idle=False)
    assert waiting.wait_s(1.04, idle=False) == pytest.approx(0.01)
    assert waiting.due(1.0 + WINDOW_S, idle=False)
    assert waiting.wait_s(1.0 + WINDOW_S, idle=False) == 0.0


def test_an_idle_engine_gets_a_burst_at_once_but_not_half_of_it() -> None:
    waiting = window()
    waiting.offer(ask("a"), 0.0)
    assert not waiting.due(0.0, idle=True), "the burst may go on"
    waiting.burst_end()
    assert waiting.due(0.0, idle=True)
    assert not waiting.due(0.0, idle=False)
    waiting.offer(ask("b"), 0.0)
    assert not waiting.due(0.0, idle=True), "a new burst began"


def test_size_waiting_requests_close_the_window() -> None:
    waiting = window(size=2)
    waiting.offer(ask("a"), 0.0)
    assert not waiting.due(0.0, idle=False)
    waiting.offer(ask("b"), 0.0)
    assert waiting.due(0.0, idle=False)
    assert waiting.wait_s(0.0, idle=False) == 0.0


def test_taken_by_priority_then_arrival_and_never_more_than_the_limit() -> None:
    waiting = window()
    for id, priority in (
        ("b1", "background"),
        ("a1", "ambient"),
        ("s1", "spoken"),
        ("a2", "ambient"),
        ("s2", "spoken"),
    ):
        waiting.offer(ask(id, priority), 0.0)  # type: ignore[arg-type]
    assert waiting.depth() == {"spoken": 2, "ambient": 2, "background": 1}
    assert waiting.take(0, 0.0) == []
    assert ids(waiting.take(3, 0.0)) == ["s1", "s2", "a1"]
    assert ids(waiting.take(99, 0.0)) == ["a2", "b1"]
    assert len(waiting) == 0


def test_an_aged_background_request_goes_as_spoken() -> None:
    waiting = window()
    waiting.offer(ask("old", "background"), 0.0)
    waiting.offer(ask("young", "background"), 1.0)
    waiting.offer(ask("s", "spoken"), 1.0)
    assert ids(waiting.take(1, AGED_S - 0.01)) == ["s"]
    waiting.offer(ask("s2", "spoken"), 1.5)
    assert ids(waiting.take(3, AGED_S)) == ["old", "s2", "young"]


def test_steady_spoken_load_does_not_starve_the_background() -> None:
    waiting = window()
    waiting.offer(ask("bg", "background"), 0.0)
    taken: list[str] = []
    for step in range(100):
        now_s = step * 0.1
        waiting.offer(ask(f"s{step}a"), now_s)
        waiting.offer(ask(f"s{step}b"), now_s)  # twice what is taken
        taken += ids(waiting.take(1, now_s))
        if "bg" in taken:
            assert now_s >= AGED_S
            return
    raise AssertionError("starved")


def test_a_full_queue_refuses_with_a_time_to_come_back() -> None:
    waiting = window(queue_max=2)
    waiting.offer(ask("a"), 0.0)
    waiting.offer(ask("b"), 0.0)
    with pytest.raises(Overloaded, match=r"2 requests wait \(batch.queue_max\)") as caught:
        waiting.offer(ask("c"), 0.0)
    assert caught.value.retry_after_ms == RETRY_AFTER_MS
    assert ids(waiting.take(9, 0.0)) == ["a", "b"]


def test_a_spoken_newcomer_displaces_the_newest_of_the_least_urgent() -> None:
    waiting = window(queue_max=4)
    for id, priority in (("b1", "background"), ("b2", "background"), ("a1", "ambient"), ("s1", "spoken")):
        assert waiting.offer(ask(id, priority), 0.0) is None  # type: ignore[arg-type]
    displaced = [waiting.offer(ask(f"n{n}"), 0.0) for n in range(3)]
    assert [request and request.id for request in displaced] == ["b2", "b1", "a1"]
    with pytest.raises(Overloaded):
        waiting.offer(ask("n4"), 0.0)
    assert ids(waiting.take(9, 0.0)) == ["s1", "n0", "n1", "n2"]


@pytest.mark.parametrize("priority", ["ambient", "background"])
def test_only_a_spoken_newcomer_displaces(priority: Priority) -> None:
    waiting = window(queue_max=1)
    waiting.offer(ask("b", "background"), 0.0)
    with pytest.raises(Overloaded):
        waiting.offer(ask("n", priority), 0.0)


def test_an_aged_request_keeps_its_place() -> None:
    waiting = window(queue_max=1)
    waiting.offer(ask("b", "background"), 0.0)
    with pytest.raises(Overloaded):
        waiting.offer(ask("s"), AGED_S)


def test_a_late_request_is_given_back_once_and_wakes_in_time() -> None:
    waiting = window()
    waiting.offer(ask("a", deadline_s=0.02), 0.0)
    waiting.offer(ask("b", deadline_s=0.03), 0.0)
    assert waiting.wait_s(0.0, idle=False) == pytest.approx(0.02)
    assert waiting.expired(0.019) == []
    assert ids(waiting.expired(0.02)) == ["a"]
    assert waiting.expired(0.02) == []
    assert waiting.wait_s(0.02, idle=False) == pytest.approx(0.01)
    assert ids(waiting.take(9, 0.02)) == ["b"]


def test_a_wait_cut_short_by_a_request_that_left_is_made_good() -> None:
    waiting = window()
    waiting.offer(ask("a", deadline_s=0.01), 0.0)
    waiting.offer(ask("b"), 0.0)
    waiting.cancel(ANNA, "a")
    assert waiting.wait_s(0.01, idle=False) == 0.0
    assert waiting.expired(0.01) == []
    assert waiting.wait_s(0.01, idle=False) == pytest.approx(0.04)


def test_cancel_takes_out_the_one_of_that_peer() -> None:
    waiting = window()
    waiting.offer(ask("a"), 0.0)
    waiting.offer(replace(ask("a"), peer=BERT), 0.0)
    assert waiting.cancel(ANNA, "zzz") is None
    assert waiting.cancel(BERT, "a") == replace(ask("a"), peer=BERT)
    assert waiting.cancel(BERT, "a") is None
    assert waiting.take(9, 0.0) == [ask("a")]


def test_a_peer_that_went_away_takes_its_requests_along() -> None:
    waiting = window()
    waiting.offer(ask("a"), 0.0)
    waiting.offer(replace(ask("b", "background"), peer=BERT), 0.0)
    waiting.offer(replace(ask("c"), peer=BERT), 0.0)
    assert sorted(ids(waiting.drop_peer(BERT))) == ["b", "c"]
    assert waiting.drop_peer(BERT) == []
    assert ids(waiting.take(9, 0.0)) == ["a"]


def test_a_duplicate_id_is_the_callers_bug_and_changes_nothing() -> None:
    waiting = window()
    waiting.offer(ask("a"), 0.0)
    with pytest.raises(ValueError, match="duplicate"):
        waiting.offer(ask("a", "background"), 0.0)
    assert len(waiting) == 1


class WindowMachine(RuleBasedStateMachine):
    """Random offers, takes, cancels and passing time, against a plain dict of who must be waiting."""

    QUEUE_MAX = 6

    def __init__(self) -> None:
        super().__init__()
        self.window = window(size=3, queue_max=self.QUEUE_MAX)
        self.waiting: dict[str, tuple[Request, float]] = {}
        self.now_s = 0.0
        self.count = 0

    @rule(
        priority=st.sampled_from(["spoken", "ambient", "background"]),
        patience_s=st.floats(0.001, 6.0),
        peer=st.sampled_from([ANNA, BERT]),
    )
    def offer(self, priority: Priority, patience_s: float, peer: tuple[bytes, ...]) -> None:
        self.count += 1
        request = replace(ask(str(self.count), priority, deadline_s=self.now_s + patience_s), peer=peer)
        full = len(self.waiting) >= self.QUEUE_MAX
        try:
            displaced = self.window.offer(request, self.now_s)
        except Overloaded:
            assert full
            return
        assert full == (displaced is not None)
        if displaced is not None:
            assert priority == "spoken"
            assert displaced.priority != "spoken"
            del self.waiting[displaced.id]
        self.waiting[request.id] = (request, self.now_s)

    @rule(step_s=st.floats(0.0, 3.0))
    def time_passes(self, step_s: float) -> None:
        self.now_s += step_s

    @rule()
    def burst_end(self) -> None:
        self.window.burst_end()

    @rule(limit=st.integers(0, 4))
    def take(self, limit: int) -> None:
        taken = self.window.take(limit, self.now_s)
        assert len(taken) == min(limit, len(self.waiting))
        urgent = [self._urgent(request) for request in taken]
        assert urgent == sorted(urgent, reverse=True), "all that count as spoken go first"
        left_urgent = any(self._urgent(r) for r, _ in self.waiting.values() if r not in taken)
        assert not (left_urgent and not all(urgent))
        for request in taken:
            assert self.waiting.pop(request.id)[0] == request

    @rule(pick=st.integers(0, 10))
    def cancel(self, pick: int) -> None:
        known = list(self.waiting.values())
        if pick < len(known):
            request = known[pick][0]
            assert self.window.cancel(request.peer, request.id) == request
            del self.waiting[request.id]
        else:
            assert self.window.cancel(ANNA, "nobody") is None

    @rule(peer=st.sampled_from([ANNA, BERT]))
    def drop_peer(self, peer: tuple[bytes, ...]) -> None:
        mine = {request.id for request, _ in self.waiting.values() if request.peer == peer}
        dropped = ids(self.window.drop_peer(peer))
        assert len(dropped) == len(set(dropped))
        assert set(dropped) == mine
        for id in mine:
            del self.waiting[id]

    @rule()
    def expire(self) -> None:
        late = {request.id for request, _ in self.waiting.values() if request.deadline_s <= self.now_s}
        gone = ids(self.window.expired(self.now_s))
        assert len(gone) == len(set(gone))
        assert set(gone) == late
        for id in late:
            del self.waiting[id]

    @precondition(lambda self: self.waiting)
    @rule(idle=st.booleans())
    def after_the_wait_something_is_to_do(self, idle: bool) -> None:
        wait_s = self.window.wait_s(self.now_s, idle=idle)
        assert wait_s is not None
        closes_s = min(offered_s for _, offered_s in self.waiting.values()) + WINDOW_S
        deadline_s = min(request.deadline_s for request, _ in self.waiting.values())
        assert wait_s <= max(0.0, min(closes_s, deadline_s) - self.now_s)
        assert (wait_s == 0.0) or not self.window.due(self.now_s, idle=idle)

    @invariant()
    def nothing_lost_bounds_kept(self) -> None:
        assert len(self.window) == len(self.waiting) <= self.QUEUE_MAX
        assert sum(self.window.depth().values()) == len(self.waiting)

    def teardown(self) -> None:
        rest = self.window.take(99, self.now_s)
        assert sorted(ids(rest)) == sorted(self.waiting)

    def _urgent(self, request: Request) -> bool:
        return request.priority == "spoken" or self.now_s - self.waiting[request.id][1] >= AGED_S


TestWindowMachine = WindowMachine.TestCase
TestWindowMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
