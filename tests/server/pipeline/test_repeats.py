"""A hit that comes again word for word is not made anew, and whatever it depends on still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache.lmdb_cache import LmdbCache
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.protocol import schema
from llm_agentd.roles import Roles
from llm_agentd.server.pipeline import at_engine, repeats
from llm_agentd.server.pipeline.repeats import Known, Repeats
from llm_agentd.server.request_builder import RequestBuilder, RequestDefaults
from llm_agentd.types import ChatPrompt, MemoryTurn, Request, Sampling
from tests.support.daemon_in_process import InProcess
from tests.support.raw_peer import RawPeer

INFER = {"op": "infer", "prompt": "Ana: Good evening, Mira!"}
NPC = {"id": "1", "name": "Mira", "role": "healer"}
THINK = {"op": "think", "npc": NPC, "player": "Ana", "utterance": "Good evening!", "remember": False, "seed": 1}


class Watched(InProcess):
    """`built`: requests made of records so far. `now_s`: of its cache, which keeps for 300 s."""

    def __init__(self, endpoint: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built = 0
        self.now_s = 1000.0
        self.cache = LmdbCache(folder / "cache", 300, 1 << 20, now=lambda: self.now_s)
        roles = Roles.load(folder)
        super().__init__(endpoint, cache=self.cache, moderator=Moderator(None), roles=roles, state_folder=folder)
        for op in ("infer", "think"):
            monkeypatch.setattr(RequestBuilder, op, self._counted(getattr(RequestBuilder, op)))

    def _counted(self, build: Callable[..., Request]) -> Callable[..., Request]:
        def counted(*args: Any) -> Request:
            self.built += 1
            return build(*args)

        return counted

    def on_router(self, work: Callable[[], object]) -> None:
        def run() -> None:
            work()

        self.router._inbox.post(run)
        self.router.wait_for_posted()


@pytest.fixture
def watched(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    daemon = Watched(endpoint, tmp_path, monkeypatch)
    with daemon:
        yield daemon
    daemon.cache.close()


@pytest.fixture
def peer(watched: Watched) -> Iterator[RawPeer]:
    with watched.peer() as peer:
        yield peer


def make_repeat(peer: RawPeer, record: dict[str, Any]) -> dict[str, Any]:
    """A miss and a hit; from here on it is a repeat."""
    assert peer.request(**record)["cache"] == "miss"
    hit = peer.request(**record)
    assert hit["cache"] == "hit"
    return hit


@pytest.mark.parametrize("record", [INFER, THINK], ids=["infer", "think"])
def test_repeat_is_answered_as_the_first_hit_and_built_no_more(
    watched: Watched, peer: RawPeer, record: dict[str, Any]
) -> None:
    hit = make_repeat(peer, record)
    built = watched.built
    again = peer.request(**record)
    assert watched.built == built
    assert {**again, "id": 0, "timing_ms": 0} == {**hit, "id": 0, "timing_ms": 0}


def test_repeat_that_streams_is_given_its_text_first(watched: Watched, peer: RawPeer) -> None:
    record = {**INFER, "stream": True}
    make_repeat(peer, INFER)
    for request_id in ("first", "second"):  # the second is a repeat of the first
        peer.send({**record, "id": request_id})
        delta, done = peer.events(request_id)
        assert delta["text"] == done["text"]


def test_repeat_is_counted_and_logged_like_any_other(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, THINK)
    peer.send({**THINK, "id": "again"}, {"op": "requests", "id": "log"}, {"op": "metrics", "id": "counts"})
    again, log, counts = peer.events("again", "log", "counts")
    rows = log["requests"]
    assert [row["cache"] for row in rows] == ["hit", "hit", "miss"]
    first, second = ({**row, "seq": 0, "time": 0, "timing_ms": 0} for row in rows[:2])
    assert first == second
    assert rows[0]["timing_ms"] == again["timing_ms"]
    for line in (
        'requests_total{op="think",outcome="done"} 3.0',
        "reply_cache_queries_total 3.0",
        "reply_cache_hits_total 2.0",
        'e2e_request_latency_seconds_count{op="think"} 3.0',
    ):
        assert f"llm_agentd_{line}" in counts["text"].splitlines()
    npcs = peer.request(op="npcs")["npcs"]
    assert npcs[0]["thinks"] == 3


def test_who_watches_is_told_of_a_repeat_at_once(
    watched: Watched, peer: RawPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_engine, "LATE_LOOK_S", 600)  # else the router would wake by itself
    make_repeat(peer, INFER)
    seq = peer.request(op="events", after=-1)["seq"]
    with watched.peer() as other:
        peer.send({"op": "events", "id": "watch", "after": seq, "wait_ms": 20_000})
        peer.request(op="ping")
        other.request(**INFER)
        (told,) = peer.events("watch")
    assert [event["cache"] for event in told["events"]] == ["hit"]


def test_repeat_with_another_field_goes_the_whole_way(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, INFER)
    assert peer.request(**INFER, temperature=0.1)["cache"] == "miss"
    assert peer.request(**INFER, deadline_ms=0)["code"] == "bad_request"
    assert peer.request(**INFER, nonsense=1)["code"] == "bad_request"


def test_repeat_is_a_miss_where_its_reply_expired_or_was_purged(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, INFER)
    watched.now_s += 301
    make_repeat(peer, INFER)
    watched.cache.purge(None)
    assert peer.request(**INFER)["cache"] == "miss"


def test_repeat_of_words_that_are_blocked_by_now_is_held_back(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, THINK)
    moderator = watched._moderator
    assert moderator is not None
    watched.on_router(lambda: moderator._use("teen", strict=False, blocked=("evening",), allowed=()))
    assert peer.request(**THINK)["code"] == "filtered"


def test_repeat_under_other_defaults_is_another_request(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, INFER)
    other = RequestDefaults(Sampling(max_tokens=3))
    watched.on_router(lambda: watched._pipeline._request_builder.configure(other, "en"))
    assert peer.request(**INFER)["cache"] == "miss"


def test_repeat_of_a_role_that_an_admin_changed_has_the_new_prompt(watched: Watched, peer: RawPeer) -> None:
    record = {**THINK, "npc": {**NPC, "role": "watch"}}
    for persona in ("Mira keeps the watch.", "Mira sleeps."):
        role = {"title": "the watch", "persona": persona}
        assert peer.request(op="set_role", name="watch", role=role)["event"] == "done"
        make_repeat(peer, record)


def test_forgetting_a_player_leaves_no_repeat(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, THINK)
    repeats_kept = watched._pipeline._repeated_hits._repeats
    assert len(repeats_kept) == 1
    assert peer.request(op="forget", player="Ana")["event"] == "done"
    assert len(repeats_kept) == 0


def test_repeat_is_refused_while_all_is_switched_off(watched: Watched, peer: RawPeer) -> None:
    make_repeat(peer, INFER)
    peer.request(op="switch", on=False)
    assert peer.request(**INFER)["reason"] == "switched_off"


def known(**fields: Any) -> Known:
    request = Request(id="a", peer=(b"ana",), op="infer", arrived_s=0, deadline_s=9, prompt="Hm", **fields)
    return Known(schema.InferRecord(op="infer", id="a", prompt="Hm"), request)


def test_only_the_id_of_a_repeat_may_differ() -> None:
    kept = Repeats()
    assert kept.find({"op": "infer", "id": "a", "seed": 1}, 1) is None
    kept.keep({"op": "infer", "id": "a", "seed": 1}, 1, first := known())
    assert kept.find({"op": "infer", "id": "b", "seed": 1}, 1) is first
    for other in ({"seed": True}, {"seed": 1.0}, {"seed": "1"}, {}):
        assert kept.find({"op": "infer", "id": "a", **other}, 1) is None
    assert kept.find({"op": "infer", "id": "b", "seed": 1}, 2) is None
    assert kept.find({"op": "infer", "id": "b", "seed": 1}, 1) is None  # nor when the old basis is back


def test_what_memory_was_told_and_long_records_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "RECORD_MAX_BYTES", 40)
    kept = Repeats()
    kept.find({"id": "a"}, 1)
    with_memory = known()
    turn = MemoryTurn("1", "Mira", "Ana", "", "Hm")
    object.__setattr__(with_memory.request, "prompt", ChatPrompt((), memory_turn=turn))
    kept.keep({"id": "a", "n": 1}, 1, with_memory)
    kept.keep({"id": "a", "n": 40 * "x"}, 1, known())
    kept.keep({"id": "a", "n": 2}, 2, known())  # its basis is not the one that holds
    assert len(kept) == 0


def test_longest_unasked_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "KEPT_MAX", 2)
    kept = Repeats()
    kept.find({"id": "a"}, 1)
    kept.keep({"id": "a", "n": 1}, 1, known())
    kept.keep({"id": "a", "n": 2}, 1, known())
    assert kept.find({"id": "a", "n": 1}, 1)
    kept.keep({"id": "a", "n": 3}, 1, known())
    assert [kept.find({"id": "a", "n": n}, 1) is not None for n in (1, 2, 3)] == [True, False, True]
