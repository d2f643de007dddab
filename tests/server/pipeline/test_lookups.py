"""Requests that are held for the shared cache: a fake clock, and a cache that answers when the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from llm_agentd.cache import CacheEntry, NullCache
from llm_agentd.cache.base import FETCH_MAX_S
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.server.pipeline.lookups import POLL_STEP_S, Lookups
from llm_agentd.types import Request
from tests.support.daemon_in_process import InProcess

ENTRY = CacheEntry("Kept elsewhere.", "stop", "stub")


class SharedLater(NullCache):
    """What `fetch` looks for is there once the test calls `answer`. It asks nobody while `is_away`."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], None]] = []
        self.was_asked = threading.Semaphore(0)
        self.found: CacheEntry | None = None
        self.at_once: CacheEntry | None = None
        self.is_away = False

    def get(self, key: bytes, variants: int) -> CacheEntry | None:
        return self.found

    def fetch(self, key: bytes, variants: int, on_done: Callable[[], None]) -> bool:
        if self.is_away:
            return False
        self.asked.append(on_done)
        self.was_asked.release()
        if self.at_once:
            self.answer(self.at_once)
        return True

    def answer(self, entry: CacheEntry | None) -> None:
        self.found = entry
        self.asked[-1]()


@pytest.fixture
def cache() -> SharedLater:
    return SharedLater()


@pytest.fixture
def daemon(endpoint: str, cache: SharedLater) -> Iterator[InProcess]:
    with InProcess(endpoint, cache=cache) as daemon:
        yield daemon


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def request(name: str) -> Request:
    return Request(id=name, op="infer", peer=(b"p",), key=b"k", prompt="", arrived_s=0.0, deadline_s=1.0)


# -- the wait, by a fake clock -----------------------------------------------------------------------


def test_what_is_not_answered_in_time_is_overdue_once_and_its_wait_is_told() -> None:
    clock, waits = Clock(), list[float]()
    lookups = Lookups(clock, waits.append)
    first, second = request("1"), request("2")
    lookups.hold(first)
    clock.now_s += 0.001
    lookups.hold(second)
    assert lookups.overdue() == []
    clock.now_s += FETCH_MAX_S - POLL_STEP_S - 0.0005
    assert lookups.overdue() == [first]
    assert not lookups.release(first)
    assert lookups.release(second)
    clock.now_s += 1
    assert lookups.overdue() == []
    assert lookups.poll_ms() is None
    assert max(waits) <= FETCH_MAX_S


def test_poll_ends_within_the_bound_though_it_counts_whole_milliseconds() -> None:
    clock = Clock()
    lookups = Lookups(clock, lambda _: None)
    assert lookups.poll_ms() is None
    lookups.hold(request("1"))
    sleep_ms = lookups.poll_ms()
    assert sleep_ms is not None
    assert sleep_ms / 1000 + POLL_STEP_S <= FETCH_MAX_S + 1e-9
    clock.now_s += sleep_ms / 1000
    assert len(lookups.overdue()) == 1


def test_cancelled_request_is_not_overdue_and_its_id_may_be_held_anew() -> None:
    clock = Clock()
    lookups = Lookups(clock, lambda _: None)
    first, again = request("1"), request("1")
    lookups.hold(first)
    lookups.held.clear()  # as the pipeline does
    clock.now_s += 0.003
    lookups.hold(again)
    clock.now_s += 0.0015
    assert lookups.overdue() == []
    assert not lookups.release(first)
    clock.now_s += FETCH_MAX_S
    assert lookups.overdue() == [again]


# -- on the way of a request -------------------------------------------------------------------------


def test_answer_of_the_shared_cache_is_a_hit(daemon: InProcess, cache: SharedLater) -> None:
    cache.at_once = ENTRY  # from within `fetch`, so that no machine is too slow for it
    with daemon.client() as client:
        reply = client.infer("Who is there?")
    assert (reply.cache, reply.text) == ("hit", ENTRY.text)


def test_request_goes_on_as_a_miss_where_no_answer_comes_and_a_late_one_is_dropped(
    daemon: InProcess, cache: SharedLater
) -> None:
    with daemon.client() as client:
        reply = client.infer("Who is there?")
        cache.answer(ENTRY)
        assert (reply.cache, len(cache.asked)) == ("miss", 1)
        assert client.infer("Who is there?").cache == "hit"


def test_nothing_is_looked_up_with_refresh_off_or_a_shared_cache_that_is_away(
    daemon: InProcess, cache: SharedLater
) -> None:
    with daemon.client() as client:
        assert client.infer("a", cache="refresh").cache == "miss"
        assert client.infer("a", cache="off").cache == "off"
        cache.is_away = True
        assert client.infer("a").cache == "miss"
    assert cache.asked == []


def test_held_request_can_be_cancelled_and_its_late_answer_is_dropped(
    endpoint: str, cache: SharedLater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_agentd.server.pipeline.lookups.FETCH_MAX_S", 60.0)
    with InProcess(endpoint, engine=StubEngine, cache=cache) as daemon, daemon.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "x"})
        assert cache.was_asked.acquire(timeout=5)
        peer.send({"op": "cancel", "id": "c", "target": "a"})
        ended = {record["id"]: record for record in peer.events("a", "c")}
        assert (ended["a"]["code"], ended["c"]["found"]) == ("cancelled", True)
        cache.answer(ENTRY)
        assert peer.request(op="ping")["pong"]
        peer.send({"op": "infer", "id": "a", "prompt": "x"})
        assert peer.events("a")[-1]["text"] == ENTRY.text


def test_held_request_of_a_peer_that_is_gone_is_forgotten(
    endpoint: str, cache: SharedLater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_agentd.server.pipeline.lookups.FETCH_MAX_S", 60.0)
    with InProcess(endpoint, cache=cache) as daemon, daemon.peer(identity=b"gone") as peer, daemon.peer() as other:
        peer.send({"op": "infer", "id": "a", "prompt": "x"})
        assert cache.was_asked.acquire(timeout=5)
        assert other.request(op="stats")["stats"]["open"] == 1
        daemon.router._inbox.post(lambda: daemon._pipeline.drop_peer((b"gone",)))
        cache.answer(ENTRY)
        other.request(op="ping")  # of the round in which the inbox is emptied
        assert other.request(op="stats")["stats"]["open"] == 0
