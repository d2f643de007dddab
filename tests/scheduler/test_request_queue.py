"""The batch queue: order, turns, bounds, ageing, deadlines, and that no request is lost, starved or let out twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llm_agentd.errors import Overloaded
from llm_agentd.scheduler.request_queue import AGED_S, RETRY_AFTER_MS, RequestQueue
from llm_agentd.types import Peer, Priority, Request

WINDOW_S = 0.05
CLASSES: tuple[Priority, ...] = ("spoken", "ambient", "background")
ANNA, BERT = (b"anna",), (b"bert", b"")


def ask(id: str, priority: Priority = "spoken", *, deadline_s: float = 1000.0, owner: str = "") -> Request:
    return Request(
        id=id,
        peer=ANNA,
        op="infer",
        arrived_s=0.0,
        deadline_s=deadline_s,
        prompt="x",
        priority=priority,
        owner=owner,
    )


def queue(*, size: int = 8, queue_max: int = 100) -> RequestQueue:
    return RequestQueue(size=size, window_s=WINDOW_S, queue_max=queue_max)


def ids(requests: list[Request]) -> list[str]:
    return [request.id for request in requests]


def test_empty_queue_waits_for_a_wake_up() -> None:
    empty = queue()
    empty.end_burst()
    assert not empty.due(0.0, idle=True)
    assert empty.wait_s(0.0, idle=True) is None
    assert empty.take(8, 0.0) == []


def test_busy_engine_gets_requests_when_the_window_of_the_oldest_ends() -> None:
    waiting = queue()
    waiting.offer(ask("a"), 1.0)
    waiting.offer(ask("b"), 1.04)
    waiting.end_burst()
    assert not waiting.due(1.04, idle=False)
    assert waiting.wait_s(1.04, idle=False) == pytest.approx(0.01)
    assert waiting.due(1.0 + WINDOW_S, idle=False)
    assert waiting.wait_s(1.0 + WINDOW_S, idle=False) == 0.0


def test_idle_engine_gets_a_burst_at_once_but_not_half_of_it() -> None:
    waiting = queue()
    waiting.offer(ask("a"), 0.0)
    assert not waiting.due(0.0, idle=True), "the burst may go on"
    waiting.end_burst()
    assert waiting.due(0.0, idle=True)
    assert not waiting.due(0.0, idle=False)
    waiting.offer(ask("b"), 0.0)
    assert not waiting.due(0.0, idle=True), "a new burst began"


def test_as_many_requests_as_the_batch_size_end_the_window() -> None:
    waiting = queue(size=2)
    waiting.offer(ask("a"), 0.0)
    assert not waiting.due(0.0, idle=False)
    waiting.offer(ask("b"), 0.0)
    assert waiting.due(0.0, idle=False)
    assert waiting.wait_s(0.0, idle=False) == 0.0


def test_take_goes_by_priority_then_arrival_and_keeps_the_limit() -> None:
    waiting = queue()
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


def test_aged_background_request_goes_as_spoken() -> None:
    waiting = queue()
    waiting.offer(ask("old", "background"), 0.0)
    waiting.offer(ask("young", "background"), 1.0)
    waiting.offer(ask("s", "spoken"), 1.0)
    assert ids(waiting.take(1, AGED_S - 0.01)) == ["s"]
    waiting.offer(ask("s2", "spoken"), 1.5)
    assert ids(waiting.take(3, AGED_S)) == ["s2", "old", "young"]


def test_steady_spoken_load_does_not_starve_the_background() -> None:
    waiting = queue()
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


def test_owners_take_turns_each_with_its_oldest() -> None:
    waiting = queue()
    for id in ("a1", "a2", "a3"):
        waiting.offer(ask(id, owner="anna"), 0.0)
    waiting.offer(ask("b1", owner="bert"), 0.1)
    waiting.offer(ask("c1", owner="cleo"), 0.2)
    waiting.offer(ask("b2", owner="bert"), 0.3)
    assert ids(waiting.take(99, 0.4)) == ["a1", "b1", "c1", "a2", "b2", "a3"]


@pytest.mark.parametrize("priority", CLASSES)
def test_fifty_requests_of_one_player_delay_another_by_one(priority: Priority) -> None:
    waiting = queue()
    for n in range(50):
        waiting.offer(ask(f"greedy{n}", priority, owner="greedy"), 0.0)
    waiting.take(7, 0.0)
    waiting.offer(ask("modest", priority, owner="modest"), 0.0)
    assert "modest" in ids(waiting.take(2, 0.0))


def test_requests_without_an_owner_take_turns_by_peer() -> None:
    waiting = queue()
    for n in range(3):
        waiting.offer(ask(f"a{n}"), 0.0)
    waiting.offer(replace(ask("b"), peer=BERT), 0.0)
    assert ids(waiting.take(2, 0.0)) == ["a0", "b"]


def test_aged_requests_have_one_turn_in_the_round_of_the_spoken() -> None:
    waiting = queue()
    for n in range(4):
        waiting.offer(ask(f"old{n}", "background" if n % 2 else "ambient", owner=f"npc{n}"), n * 0.01)
    now_s = AGED_S + 1
    for n in range(2):
        waiting.offer(ask(f"a{n}", owner="anna"), now_s)
        waiting.offer(ask(f"b{n}", owner="bert"), now_s)
    assert ids(waiting.take(99, now_s)) == ["old0", "a0", "b0", "old1", "a1", "b1", "old2", "old3"]


@given(players=st.integers(1, 4), lesser=st.lists(st.sampled_from(["ambient", "background"]), min_size=1, max_size=8))
def test_lesser_requests_are_served_under_an_endless_spoken_load(players: int, lesser: list[Priority]) -> None:
    """A lesser request is let out, once aged, after a round of the players for each one before it and for itself."""
    waiting = queue(queue_max=1000)
    for n, priority in enumerate(lesser):
        waiting.offer(ask(f"lesser{n}", priority, owner=f"npc{n % 3}"), 0.0)
    taken: list[str] = []
    for step in range(len(lesser) * (players + 1)):
        for player in range(players):
            waiting.offer(ask(f"{player}:{step}", owner=f"player{player}"), AGED_S)
        taken += ids(waiting.take(1, AGED_S))
    assert [id for id in taken if id.startswith("lesser")] == [f"lesser{n}" for n in range(len(lesser))]


@given(
    chatter=st.lists(st.floats(0.0, 5.0), max_size=12).map(sorted),
    crowd=st.lists(st.sampled_from(["anna", "bert", "cleo"]), max_size=12),
    gone=st.integers(0, 5),
)
def test_player_waits_for_one_request_of_each_other_and_one_aged(
    chatter: list[float], crowd: list[str], gone: int
) -> None:
    waiting = queue()
    for n, offered_s in enumerate(chatter):
        waiting.offer(ask(f"npc{n}", "ambient", owner=f"npc{n}"), offered_s)
    for n, owner in enumerate(crowd):
        waiting.offer(ask(f"crowd{n}", owner=owner), 5.0)
    waiting.take(gone, 5.0)
    waiting.offer(ask("new", owner="new"), 5.0)
    before = ids(waiting.take(99, 5.0)).index("new")
    assert before <= len(set(crowd)) + any(5.0 - offered_s >= AGED_S for offered_s in chatter)


def test_best_priority_is_of_the_most_urgent_or_aged() -> None:
    waiting = queue()
    assert waiting.best_priority(0.0) is None
    ranks = []
    for priority in reversed(CLASSES):
        waiting.offer(ask(priority, priority), 0.0)
        ranks.append(waiting.best_priority(AGED_S - 0.01))
    assert ranks == [2, 1, 0]
    waiting.cancel(ANNA, "spoken")
    assert waiting.best_priority(AGED_S - 0.01) == 1
    assert waiting.best_priority(AGED_S) == 0, "aged"


PEERS = st.sampled_from([ANNA, BERT])
WAITING = st.tuples(
    st.sampled_from(CLASSES), st.sampled_from(["anna", "bert", "cleo"]), st.floats(0.0, AGED_S * 2), PEERS
)
Crowd: TypeAlias = list[tuple[Priority, str, float, Peer]]


@given(crowd=st.lists(WAITING, max_size=20), gone=st.integers(0, 6), owner=st.sampled_from(["anna", "bert", "new"]))
def test_ahead_of_a_spoken_newcomer_is_exact(crowd: Crowd, gone: int, owner: str) -> None:
    now_s = AGED_S * 2
    waiting = queue()
    for n, (priority, other, offered_s, peer) in enumerate(sorted(crowd, key=lambda entry: entry[2])):
        waiting.offer(replace(ask(str(n), priority, owner=other), peer=peer), offered_s)
    waiting.take(gone, now_s)
    ahead = waiting.ahead("spoken", now_s, owner=owner, peer=ANNA)
    waiting.offer(ask("new", owner=owner), now_s)
    assert ids(waiting.take(99, now_s)).index("new") == ahead


@given(crowd=st.lists(WAITING, max_size=20), priority=st.sampled_from(["ambient", "background"]))
def test_ahead_of_a_lesser_newcomer_is_not_overestimated(crowd: Crowd, priority: Priority) -> None:
    now_s = AGED_S * 2
    waiting = queue()
    for n, (other_priority, other, offered_s, peer) in enumerate(sorted(crowd, key=lambda entry: entry[2])):
        waiting.offer(replace(ask(str(n), other_priority, owner=other), peer=peer), offered_s)
    ahead = waiting.ahead(priority, now_s, owner="new", peer=ANNA)
    waiting.offer(ask("new", priority, owner="new"), now_s)
    assert ahead <= ids(waiting.take(99, now_s)).index("new")


def test_ahead_of_a_lesser_newcomer_counts_that_it_ages() -> None:
    waiting = queue()
    for n in range(50):
        waiting.offer(ask(str(n), owner="greedy"), 0.0)
    assert waiting.ahead("background", 0.0) == 1
    assert waiting.ahead("spoken", 0.0) == 1
    assert waiting.ahead("spoken", 0.0, owner="greedy", peer=ANNA) == 50
    assert waiting.ahead("spoken", 0.0, peer=ANNA) == 1


def test_full_queue_refuses_with_a_time_to_retry() -> None:
    waiting = queue(queue_max=2)
    waiting.offer(ask("a"), 0.0)
    waiting.offer(ask("b"), 0.0)
    with pytest.raises(Overloaded, match=r"2 requests wait \(batch.queue_max\)") as caught:
        waiting.offer(ask("c"), 0.0)
    assert caught.value.retry_after_ms == RETRY_AFTER_MS
    assert ids(waiting.take(9, 0.0)) == ["a", "b"]


def test_spoken_newcomer_displaces_the_newest_of_the_least_urgent() -> None:
    waiting = queue(queue_max=4)
    for id, priority in (("b1", "background"), ("b2", "background"), ("a1", "ambient"), ("s1", "spoken")):
        assert waiting.offer(ask(id, priority), 0.0) is None  # type: ignore[arg-type]
    displaced = [waiting.offer(ask(f"n{n}"), 0.0) for n in range(3)]
    assert [request and request.id for request in displaced] == ["b2", "b1", "a1"]
    with pytest.raises(Overloaded):
        waiting.offer(ask("n4"), 0.0)
    assert ids(waiting.take(9, 0.0)) == ["s1", "n0", "n1", "n2"]


def test_displaced_request_is_the_newest_of_the_owner_with_most() -> None:
    waiting = queue(queue_max=4)
    for id, owner in (("a1", "anna"), ("a2", "anna"), ("a3", "anna"), ("b1", "bert")):
        waiting.offer(ask(id, "ambient", owner=owner), 0.0)
    displaced = [waiting.offer(ask(f"n{n}"), 0.0) for n in range(4)]
    assert [request and request.id for request in displaced] == ["a3", "a2", "b1", "a1"]


def test_newest_unaged_request_is_displaced_behind_aged_ones() -> None:
    waiting = queue(queue_max=3)
    waiting.offer(ask("a1", "ambient", owner="anna"), 0.0)
    waiting.offer(ask("a2", "ambient", owner="anna"), 0.0)
    waiting.offer(ask("b1", "ambient", owner="bert"), AGED_S)
    displaced = waiting.offer(ask("n"), AGED_S)
    assert displaced is not None
    assert displaced.id == "b1"


@pytest.mark.parametrize("priority", ["ambient", "background"])
def test_lesser_newcomer_displaces_nobody(priority: Priority) -> None:
    waiting = queue(queue_max=1)
    waiting.offer(ask("b", "background"), 0.0)
    with pytest.raises(Overloaded):
        waiting.offer(ask("n", priority), 0.0)


def test_aged_request_is_not_displaced() -> None:
    waiting = queue(queue_max=1)
    waiting.offer(ask("b", "background"), 0.0)
    with pytest.raises(Overloaded):
        waiting.offer(ask("s"), AGED_S)


def test_late_request_is_returned_once_and_wakes_in_time() -> None:
    waiting = queue()
    waiting.offer(ask("a", deadline_s=0.02), 0.0)
    waiting.offer(ask("b", deadline_s=0.03), 0.0)
    assert waiting.wait_s(0.0, idle=False) == pytest.approx(0.02)
    assert waiting.expired(0.019) == []
    assert ids(waiting.expired(0.02)) == ["a"]
    assert waiting.expired(0.02) == []
    assert waiting.wait_s(0.02, idle=False) == pytest.approx(0.01)
    assert ids(waiting.take(9, 0.02)) == ["b"]


def test_deadline_of_a_request_that_left_shortens_one_wait_at_most() -> None:
    waiting = queue()
    waiting.offer(ask("a", deadline_s=0.01), 0.0)
    waiting.offer(ask("b"), 0.0)
    waiting.cancel(ANNA, "a")
    assert waiting.wait_s(0.01, idle=False) == 0.0
    assert waiting.expired(0.01) == []
    assert waiting.wait_s(0.01, idle=False) == pytest.approx(0.04)


def test_cancel_takes_out_the_request_of_that_peer_alone() -> None:
    waiting = queue()
    waiting.offer(ask("a"), 0.0)
    waiting.offer(replace(ask("a"), peer=BERT), 0.0)
    assert waiting.cancel(ANNA, "zzz") is None
    assert waiting.cancel(BERT, "a") == replace(ask("a"), peer=BERT)
    assert waiting.cancel(BERT, "a") is None
    assert waiting.take(9, 0.0) == [ask("a")]


def test_drop_peer_takes_out_all_requests_of_a_peer() -> None:
    waiting = queue()
    waiting.offer(ask("a"), 0.0)
    waiting.offer(replace(ask("b", "background"), peer=BERT), 0.0)
    waiting.offer(replace(ask("c"), peer=BERT), 0.0)
    assert sorted(ids(waiting.drop_peer(BERT))) == ["b", "c"]
    assert waiting.drop_peer(BERT) == []
    assert ids(waiting.take(9, 0.0)) == ["a"]


@pytest.mark.parametrize("priority", CLASSES)
def test_peer_with_a_thousand_owners_delays_another_peer_by_one(priority: Priority) -> None:
    waiting = queue(queue_max=2000)
    for n in range(1000):
        waiting.offer(replace(ask(f"flood{n}", priority, owner=f"npc{n}"), peer=BERT), 0.0)
    waiting.take(3, 0.0)
    assert waiting.ahead(priority, 0.0, owner="ana", peer=ANNA) == 1
    waiting.offer(ask("ana", priority, owner="ana"), 0.0)
    assert "ana" in ids(waiting.take(2, 0.0))


@pytest.mark.parametrize("priority", CLASSES)
def test_full_queue_of_one_peer_makes_room_for_another_until_both_have_as_much(priority: Priority) -> None:
    waiting = queue(queue_max=10)
    for n in range(10):
        waiting.offer(replace(ask(f"flood{n}", priority, owner=f"npc{n}"), peer=BERT), 0.0)
    waiting.require_room(priority, ANNA, 0.0)
    displaced = [waiting.offer(ask(f"a{n}", priority), 0.0) for n in range(5)]
    assert [request.id for request in displaced if request] == [f"flood{n}" for n in (9, 8, 7, 6, 5)]
    with pytest.raises(Overloaded):
        waiting.require_room(priority, ANNA, 0.0)
    with pytest.raises(Overloaded):
        waiting.offer(ask("a5", priority), 0.0)
    assert waiting.waiting_of(ANNA, priority) == 5


def test_newcomer_displaces_none_of_its_own_peer_where_all_of_the_other_are_aged() -> None:
    waiting = queue(queue_max=5)
    for n in range(4):
        waiting.offer(replace(ask(f"old{n}", "ambient"), peer=BERT), 0.0)
    waiting.offer(ask("a1"), AGED_S)
    with pytest.raises(Overloaded):
        waiting.offer(ask("a2"), AGED_S)
    assert waiting.waiting_of(ANNA, "spoken") == 1


def test_full_queue_has_room_for_a_spoken_request_while_lesser_ones_wait() -> None:
    waiting = queue(queue_max=2)
    waiting.offer(ask("a", "ambient"), 0.0)
    waiting.offer(ask("b"), 0.0)
    waiting.require_room("spoken", ANNA, 0.0)
    with pytest.raises(Overloaded):
        waiting.require_room("ambient", ANNA, 0.0)
    with pytest.raises(Overloaded):
        waiting.require_room("spoken", ANNA, AGED_S)


def test_duplicate_id_raises_and_changes_nothing() -> None:
    waiting = queue()
    waiting.offer(ask("a"), 0.0)
    with pytest.raises(ValueError, match="duplicate"):
        waiting.offer(ask("a", "background"), 0.0)
    assert len(waiting) == 1


class WindowMachine(RuleBasedStateMachine):
    """Random offers, takes, cancels and passing time, against a plain dict of who must be waiting."""

    QUEUE_MAX = 6

    def __init__(self) -> None:
        super().__init__()
        self.queue = queue(size=3, queue_max=self.QUEUE_MAX)
        self.waiting: dict[str, tuple[Request, float]] = {}
        self.now_s = 0.0
        self.count = 0

    @rule(
        priority=st.sampled_from(["spoken", "ambient", "background"]),
        patience_s=st.floats(0.001, 6.0),
        peer=st.sampled_from([ANNA, BERT]),
        owner=st.sampled_from(["", "player", "npc"]),
    )
    def offer(self, priority: Priority, patience_s: float, peer: tuple[bytes, ...], owner: str) -> None:
        self.count += 1
        request = replace(ask(str(self.count), priority, deadline_s=self.now_s + patience_s, owner=owner), peer=peer)
        full = len(self.waiting) >= self.QUEUE_MAX
        try:
            displaced = self.queue.offer(request, self.now_s)
        except Overloaded:
            assert full
            return
        assert full == (displaced is not None)
        if displaced is not None:
            assert (priority == "spoken" and displaced.priority != "spoken") or displaced.peer != peer
            del self.waiting[displaced.id]
        self.waiting[request.id] = (request, self.now_s)

    @rule(step_s=st.floats(0.0, 3.0))
    def time_passes(self, step_s: float) -> None:
        self.now_s += step_s

    @rule()
    def end_burst(self) -> None:
        self.queue.end_burst()

    @rule(limit=st.integers(0, 4))
    def take(self, limit: int) -> None:
        taken = self.queue.take(limit, self.now_s)
        assert len(taken) == min(limit, len(self.waiting))
        urgent = [self._urgent(request) for request in taken]
        assert urgent == sorted(urgent, reverse=True), "all that count as spoken go first"
        for owner in {self._owner(request) for request in taken}:
            spoken = [int(r.id) for r in taken if self._owner(r) == owner and r.priority == "spoken"]
            assert spoken == sorted(spoken), "each owner's own go in order of arrival"
        left_urgent = any(self._urgent(r) for r, _ in self.waiting.values() if r not in taken)
        assert not (left_urgent and not all(urgent))
        for request in taken:
            assert self.waiting.pop(request.id)[0] == request

    @rule(pick=st.integers(0, 10))
    def cancel(self, pick: int) -> None:
        known = list(self.waiting.values())
        if pick < len(known):
            request = known[pick][0]
            assert self.queue.cancel(request.peer, request.id) == request
            del self.waiting[request.id]
        else:
            assert self.queue.cancel(ANNA, "nobody") is None

    @rule(peer=st.sampled_from([ANNA, BERT]))
    def drop_peer(self, peer: tuple[bytes, ...]) -> None:
        mine = {request.id for request, _ in self.waiting.values() if request.peer == peer}
        dropped = ids(self.queue.drop_peer(peer))
        assert len(dropped) == len(set(dropped))
        assert set(dropped) == mine
        for id in mine:
            del self.waiting[id]

    @rule()
    def expire(self) -> None:
        late = {request.id for request, _ in self.waiting.values() if request.deadline_s <= self.now_s}
        gone = ids(self.queue.expired(self.now_s))
        assert len(gone) == len(set(gone))
        assert set(gone) == late
        for id in late:
            del self.waiting[id]

    @precondition(lambda self: self.waiting)
    @rule(idle=st.booleans())
    def after_the_wait_something_is_to_do(self, idle: bool) -> None:
        wait_s = self.queue.wait_s(self.now_s, idle=idle)
        assert wait_s is not None
        closes_s = min(offered_s for _, offered_s in self.waiting.values()) + WINDOW_S
        deadline_s = min(request.deadline_s for request, _ in self.waiting.values())
        assert wait_s <= max(0.0, min(closes_s, deadline_s) - self.now_s)
        assert (wait_s == 0.0) or not self.queue.due(self.now_s, idle=idle)

    @invariant()
    def nothing_lost_bounds_kept(self) -> None:
        assert len(self.queue) == len(self.waiting) <= self.QUEUE_MAX
        assert sum(self.queue.depth().values()) == len(self.waiting)
        ranks = [0 if self._urgent(r) else CLASSES.index(r.priority) for r, _ in self.waiting.values()]
        assert self.queue.best_priority(self.now_s) == min(ranks, default=None)

    def teardown(self) -> None:
        rest = self.queue.take(99, self.now_s)
        assert sorted(ids(rest)) == sorted(self.waiting)

    def _owner(self, request: Request) -> str | tuple[bytes, ...]:
        return request.owner or request.peer

    def _urgent(self, request: Request) -> bool:
        return request.priority == "spoken" or self.now_s - self.waiting[request.id][1] >= AGED_S


TestWindowMachine = WindowMachine.TestCase
TestWindowMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
