"""Two minds in one daemon: which one answers, and what becomes of a request whose mind fails, under each policy.

Two stub engines with models and fingerprints of their own stand for the model here and the one elsewhere. All else is
real: threads, queues, cache, socket.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import BadRequest, Cancelled, EngineFailed, Filtered, Overloaded, SwitchedOff, Unavailable
from llm_agentd.memory import SqliteMemory
from llm_agentd.moderation.classifier import ClassifierThread
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.scheduler.batch_size import Curve
from llm_agentd.server.minds.policy import FIRST_SHARE
from llm_agentd.server.pipeline import at_engine
from llm_agentd.types import MemoryTurn
from tests.support.exposition import Exposition
from tests.support.two_minds import LOCAL, NPC, REMOTE, ROLE, WORDS, Mind, Rules, TwoMinds

POLICIES = ("never", "fallback", "quality", "always")
FIRST = {"never": "local", "fallback": "local", "quality": "remote", "always": "remote"}
OTHER = {"local": "remote", "remote": "local"}
MODELS = {"local": LOCAL, "remote": REMOTE}
WAIT_S = 10.0


@pytest.fixture
def two(endpoint: str) -> TwoMinds:
    return TwoMinds(endpoint)


def think(client: Any, said: str = "Hello", **options: Any) -> dict[str, Any]:
    done: dict[str, Any] = client.request("think", npc=NPC, player="Ana", utterance=said, remember=False, **options)
    return done


def is_by(done: dict[str, Any], mind: str) -> bool:
    return done["mind"] == mind and done["model"] == MODELS[mind] and MODELS[mind] in done["text"]


def handed_on(daemon: Any) -> dict[tuple[str, str], float]:
    family = Exposition(daemon.metrics.text(daemon.lanes.load()))["llm_agentd_handed_on_total"]
    counts = {(sample.labels["to"], sample.labels["reason"]): sample.value for sample in family.samples}
    return {key: count for key, count in counts.items() if count}


@pytest.mark.parametrize(("policy", "model"), [("never", LOCAL), ("fallback", LOCAL), ("always", REMOTE)])
def test_embedding_is_asked_of_a_mind_that_computes_any(
    two: TwoMinds, monkeypatch: pytest.MonkeyPatch, policy: Any, model: str
) -> None:
    two.rules = Rules(policy)
    with two.daemon() as daemon, daemon.client() as client:
        assert client.request("embed", text="Hello")["model"] == model
        engine = two.mind("local")
        engine._info = replace(engine.info, features=frozenset({"messages"}))
        monkeypatch.setattr(daemon.lanes.by_mind("local").loop, "info", engine.info)
        if policy == "never":
            with pytest.raises(BadRequest, match="computes no embeddings"):
                client.request("embed", text="Hello")
        else:
            assert client.request("embed", text="Hello")["model"] == REMOTE


# -- who is asked ----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_policy_says_whose_words_are_heard(two: TwoMinds, policy: Any) -> None:
    two.rules = Rules(policy)
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(think(client), FIRST[policy])
        assert handed_on(daemon) == {}
        assert client.request("requests")["requests"][0]["mind"] == FIRST[policy]
    assert two.mind(OTHER[FIRST[policy]]).started == []


@pytest.mark.parametrize(("intent", "role", "mind"), [("quest", "smith", "remote"), ("dialogue", ROLE, "remote"),
    ("dialogue", "smith", "local")])  # fmt: skip
def test_quality_asks_elsewhere_for_what_is_listed_alone(two: TwoMinds, intent: str, role: str, mind: str) -> None:
    two.rules = Rules("quality", ("quest",), (ROLE,))
    with two.daemon() as daemon, daemon.client() as client:
        done = client.request("think", npc=NPC | {"role": role}, utterance="Hello", intent=intent)
        assert is_by(done, mind)
        assert is_by(client.request("infer", prompt="Hello"), "local")


def test_done_has_no_mind_where_there_is_one(client: Any) -> None:
    assert "mind" not in client.request("infer", prompt="Hello")
    assert client.request("requests")["requests"][0]["mind"] is None


# -- what goes on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["fallback", "quality", "always"])
def test_mind_that_fails_before_a_word_was_shown_gives_its_place_to_the_other(two: TwoMinds, policy: Any) -> None:
    two.rules = Rules(policy)
    first = FIRST[policy]
    two.mind(first).fails = True
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(think(client, stream=True), OTHER[first])
        assert handed_on(daemon) == {(OTHER[first], "failed"): 1}


@pytest.mark.parametrize("policy", ["fallback", "always"])
def test_words_that_were_shown_are_said_by_no_other_mind(two: TwoMinds, policy: Any) -> None:
    two.rules = Rules(policy)
    first = FIRST[policy]
    two.mind(first).breaks_off = True
    with two.daemon() as daemon, daemon.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "Hello", "stream": True})
        events = peer.events("a")
        assert [one["event"] for one in events][-1] == "error"
        assert "".join(one.get("text", "") for one in events) == "".join(WORDS[:2])
        assert events[-1]["code"] == "engine_failed"
        assert handed_on(daemon) == {}
    assert two.mind(OTHER[first]).started == []


def test_words_that_broke_off_unshown_are_said_anew_by_the_other(two: TwoMinds) -> None:
    two.rules = Rules("always")
    two.remote.breaks_off = True
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(think(client), "local")


def test_never_asks_nobody_else_whatever_fails(two: TwoMinds) -> None:
    two.rules = Rules("never")
    two.local.fails = True
    with two.daemon() as daemon, daemon.client() as client, pytest.raises(EngineFailed):
        think(client)
    assert two.remote.started == []


def test_both_minds_fail_and_one_error_is_answered(two: TwoMinds) -> None:
    two.local.fails = two.remote.fails = True
    with two.daemon() as daemon, daemon.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "Hello"})
        assert [one.get("code") for one in peer.events("a")] == ["engine_failed"]
        assert len(two.local.started) == len(two.remote.started) == 1


def test_prompt_longer_than_the_local_context_goes_elsewhere(two: TwoMinds) -> None:
    two.local = Mind(LOCAL, context_tokens=64)
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(client.request("infer", prompt="word " * 200, max_tokens=8), "remote")
        assert handed_on(daemon) == {("remote", "context"): 1}


def test_what_the_remote_mind_cannot_do_the_local_one_does_and_not_the_other_way_round(two: TwoMinds) -> None:
    two.rules = Rules("always")
    two.local.has_grammar = True
    ask: dict[str, Any] = {"prompt": "Hello", "grammar": 'root ::= "a"'}
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(client.request("infer", **ask), "local")
        assert handed_on(daemon) == {("local", "refused"): 1}
        two.rules.policy, two.local.has_grammar, two.remote.has_grammar = "fallback", False, True
        with pytest.raises(BadRequest):
            client.request("infer", **ask)


def test_full_queue_of_the_local_engine_buys_nothing(two: TwoMinds) -> None:
    two.local = Mind(LOCAL, max_num_seqs=1)
    two.local.is_free.clear()
    with two.daemon(queue_max=1) as daemon, daemon.client() as client, daemon.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "one"})
        assert two.local.entered.wait(WAIT_S)
        peer.send({"op": "infer", "id": "b", "prompt": "two"}, {"op": "infer", "id": "c", "prompt": "three"})
        with pytest.raises(Overloaded):
            client.request("infer", prompt="four")
        two.local.is_free.set()
        peer.events("a", "b", "c")
    assert two.remote.started == []


def test_full_queue_of_the_remote_mind_goes_to_the_local_one(two: TwoMinds) -> None:
    two.rules = Rules("always")
    two.remote = Mind(REMOTE, max_num_seqs=1)
    two.remote.is_free.clear()
    with two.daemon(remote_queue_max=1) as daemon, daemon.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "one"})
        assert two.remote.entered.wait(WAIT_S)
        peer.send({"op": "infer", "id": "b", "prompt": "two"}, {"op": "infer", "id": "c", "prompt": "three"})
        done = peer.events("c")
        two.remote.is_free.set()
        done += peer.events("a", "b")
        assert {one["id"]: one["mind"] for one in done} == {"a": "remote", "b": "remote", "c": "local"}


# -- the deadline ----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["fallback", "always"])
def test_mind_that_hangs_leaves_the_other_its_share_of_the_deadline(two: TwoMinds, policy: Any) -> None:
    two.rules = Rules(policy)
    first = FIRST[policy]
    two.mind(first).hangs = True
    with two.daemon() as daemon, daemon.client() as client:
        began_s = time.monotonic()
        done = think(client, deadline_ms=1500)
        took_s = time.monotonic() - began_s
        assert is_by(done, OTHER[first])
        assert FIRST_SHARE * 1.5 <= took_s < 1.5, "at the share, and well before the deadline"
        assert two.mind(first).stopped == 1, "what hangs is let go of"
        assert handed_on(daemon) == {(OTHER[first], "deadline"): 1}


def test_mind_that_hangs_has_all_the_time_while_the_other_cannot_be_asked(two: TwoMinds) -> None:
    two.local.hangs = True
    two.problem = "all servers are down"
    with two.daemon() as daemon, daemon.client() as client:
        back = threading.Timer(3.0 * FIRST_SHARE + 0.3, setattr, (two.local, "hangs", False))
        back.start()
        assert is_by(think(client, deadline_ms=3000), "local")
        back.join()


def test_text_that_comes_is_let_finish_behind_the_share(two: TwoMinds) -> None:
    two.rules = Rules("always")
    two.remote = Mind(REMOTE, on_step=lambda _: time.sleep(0.15))
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(think(client, deadline_ms=1000), "remote"), "its last word comes at 0.75 s"
        assert two.local.started == []


def test_text_that_stalls_unshown_behind_the_share_is_said_by_the_other(two: TwoMinds) -> None:
    two.rules = Rules("always")

    def stall(_: int) -> None:
        two.remote.hangs = len(two.remote.started) > 0

    two.remote = Mind(REMOTE, on_step=stall)
    with two.daemon() as daemon, daemon.client() as client:
        began_s = time.monotonic()
        assert is_by(think(client, deadline_ms=2500), "local")
        assert FIRST_SHARE * 2.5 <= time.monotonic() - began_s < 2.5


@pytest.mark.parametrize("policy", ["fallback", "always"])
def test_engine_loop_that_is_stuck_loses_its_request_to_the_other(
    two: TwoMinds, policy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_engine, "LATE_MAX_S", 0.1)
    two.rules = Rules(policy)
    first = two.mind(FIRST[policy])
    first.is_free.clear()
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(think(client, deadline_ms=2000), OTHER[FIRST[policy]])
        first.is_free.set()


def test_forecast_of_the_local_engine_sends_elsewhere_at_once(two: TwoMinds) -> None:
    two.local = Mind(LOCAL, max_num_seqs=1, on_step=lambda _: time.sleep(0.02))
    with two.daemon(curve=Curve({1: 0.02})) as daemon, daemon.client() as client, daemon.peer() as peer:
        local = daemon.engine_loop
        for _ in range(4):  # replies of 500 tokens in steps of 20 ms: it has learnt what it needs
            local._latency.replied(10, 500)
        local._latency.stepped(1, 0.02)
        peer.send({"op": "infer", "id": "a", "prompt": "one", "deadline_ms": 60000, "max_tokens": 500})
        assert two.local.entered.wait(WAIT_S)
        began_s = time.monotonic()
        assert is_by(client.request("infer", prompt="two", deadline_ms=2000, max_tokens=500), "remote")
        assert time.monotonic() - began_s < 2.0 * FIRST_SHARE
        assert handed_on(daemon) == {("remote", "deadline"): 1}
        peer.events("a")


# -- what cannot be asked --------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["quality", "always"])
def test_over_budget_goes_local_and_is_said(two: TwoMinds, policy: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    two.rules = Rules(policy)
    two.problem, two.is_over_budget = "over the daily budget of 10000 tokens until tomorrow", True
    with two.daemon() as daemon, daemon.client() as client:
        assert all(is_by(think(client, said), "local") for said in ("one", "two", "three"))
        assert handed_on(daemon) == {("local", "budget"): 3}
        assert caplog.text.count("not asked: the remote model: over the daily budget") == 1
        (event,) = [one for one in client.request("events", after=0)["events"] if one["kind"] == "mind"]
        assert "over the daily budget of 10000 tokens" in event["problem"]
        stats = client.request("stats")["stats"]["remote"]
        assert stats["over_budget"] is True
        assert "daily budget" in stats["problem"]
        assert stats["spoke"] == {"local": 3, "remote": 0}
        assert stats["handed_on"] == [{"to": "local", "reason": "budget", "count": 3}]
        two.problem, two.is_over_budget = "", False
        assert is_by(think(client, "four"), "remote")
        assert client.request("info")["info"]["remote"]["problem"] == ""


def test_fallback_over_budget_answers_with_what_was_wrong_here(two: TwoMinds) -> None:
    two.local.fails, two.problem = True, "over the daily budget"
    with two.daemon() as daemon, daemon.client() as client, pytest.raises(EngineFailed, match="broke off"):
        think(client)


def test_local_model_that_cannot_be_opened_leaves_the_daemon_on_the_remote_one(
    two: TwoMinds, caplog: pytest.LogCaptureFixture
) -> None:
    two.has_local = False
    with two.daemon() as daemon, daemon.client() as client:
        assert daemon.lanes.require_started().model == REMOTE
        assert "the local model could not be opened" in caplog.text
        assert not daemon.lanes.has_ended
        assert is_by(think(client), "remote")
        assert client.request("ping")["pong"] is True
        info = client.request("info")["info"]
        assert (info["model"], "no such file" in info["remote"]["local_problem"]) == (REMOTE, True)
        two.rules.policy = "never"
        with pytest.raises(Unavailable, match=r"local model.*no such file"):
            think(client, "again")
        two.rules.policy, two.problem = "fallback", "all servers are down"
        with pytest.raises(Unavailable):
            think(client, "once more")


def test_while_the_local_model_is_loading_requests_go_elsewhere(two: TwoMinds) -> None:
    is_loaded = threading.Event()

    def load() -> Mind:
        assert is_loaded.wait(WAIT_S)
        return two.local

    daemon = two.daemon()
    daemon.engine_loop._open_engine = load
    daemon.start()
    try:
        assert daemon.lanes.by_mind("remote").loop.started.wait(WAIT_S)
        with daemon.client() as client:
            assert client.request("ping")["pong"] is True
            assert is_by(think(client), "remote")
            assert handed_on(daemon) == {("remote", "down"): 1}
            is_loaded.set()
            assert daemon.engine_loop.started.wait(WAIT_S)
            assert is_by(think(client, "And now?"), "local")
    finally:
        is_loaded.set()
        daemon.stop(0)


@pytest.mark.parametrize("has_local", [True, False])
def test_watchdog_is_fed_by_the_local_engine_and_by_the_remote_one_only_without_it(
    two: TwoMinds, has_local: bool
) -> None:
    """Else a local engine that hangs would never be found out."""
    two.has_local = has_local
    feeders: set[str] = set()
    feed = lambda: feeders.add(threading.current_thread().name)  # noqa: E731
    with two.daemon(feed_watchdog=feed) as daemon, daemon.client() as client:
        for policy in ("always", "fallback"):
            two.rules.policy = policy
            think(client, policy)
    assert feeders == {"engine" if has_local else "remote"}


def test_local_engine_that_breaks_for_good_ends_the_daemon_for_a_fresh_one(two: TwoMinds) -> None:
    engines = iter([Mind(LOCAL, break_mark="quake")])
    two.local = next(engines)
    daemon = two.daemon()
    daemon.engine_loop._open_engine = lambda: two.local if two.local.started == [] else next(engines)
    with daemon, daemon.client() as client:
        assert is_by(client.request("infer", prompt="quake"), "remote")
        assert daemon.engine_loop.ended.wait(WAIT_S)
        assert daemon.lanes.has_ended


def test_while_the_local_engine_is_opened_again_requests_go_elsewhere(two: TwoMinds) -> None:
    two.local = Mind(LOCAL, break_mark="quake")
    go_on, is_opening = threading.Event(), threading.Event()

    def open_again() -> Mind:
        if two.local.started:
            is_opening.set()
            assert go_on.wait(WAIT_S)
        return Mind(LOCAL) if two.local.started else two.local

    daemon = two.daemon()
    daemon.engine_loop._open_engine = open_again
    with daemon, daemon.client() as client:
        assert is_by(client.request("infer", prompt="quake"), "remote")
        assert is_opening.wait(WAIT_S)
        assert is_by(client.request("infer", prompt="Hello"), "remote")
        go_on.set()
        while daemon.engine_loop.is_reopening:
            time.sleep(0.01)
        assert is_by(client.request("infer", prompt="Hello again"), "local")


@pytest.mark.parametrize("has_local", [True, False], ids=["by the local model", "by rules where it is gone"])
def test_summaries_of_the_memory_never_go_to_the_remote_mind(two: TwoMinds, tmp_path: Path, has_local: bool) -> None:
    two.rules, two.has_local = Rules("always"), has_local
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=2**20, summarize_by="model", idle_s=-1.0)
    with two.daemon(memory=memory) as daemon, daemon.client():
        for number in range(15):
            said = f"I saw tower {number}."
            memory.add_exchange(MemoryTurn("1", "Mira", "Ana", "Oakford", said), "Aye.", time.monotonic())
        facts: list[Any] = []
        ends_s = time.monotonic() + WAIT_S
        while not facts and time.monotonic() < ends_s:
            memory.flush()
            facts = [row for row in memory.list_newest(None, None, 200) if row["kind"] == "fact"]
        assert facts
        assert len(two.local.started) == has_local
        assert two.remote.started == []
    memory.close()


# -- the cache -------------------------------------------------------------------------------------


@pytest.fixture
def kept(two: TwoMinds, tmp_path: Path) -> Any:
    cache = open_cache(True, tmp_path, 300.0, 2**20)
    yield cache
    cache.close()


def test_replies_are_kept_for_each_mind_alone(two: TwoMinds, kept: Any) -> None:
    with two.daemon(cache=kept) as daemon, daemon.client() as client:
        ask: dict[str, Any] = {"prompt": "Hello", "seed": 1}
        assert (is_by(client.request("infer", **ask), "local"), len(two.remote.started)) == (True, 0)
        kept.flush()
        assert client.request("infer", **ask)["cache"] == "hit"
        two.rules.policy = "always"
        done = client.request("infer", **ask)
        assert (done["cache"], done["mind"]) == ("miss", "remote")
        kept.flush()
        done = client.request("infer", **ask)
        assert (done["cache"], done["mind"]) == ("hit", "remote")


def test_fallback_looks_into_both_caches_before_it_pays(two: TwoMinds, kept: Any) -> None:
    ask: dict[str, Any] = {"prompt": "Hello", "seed": 1}
    with two.daemon(cache=kept) as daemon, daemon.client() as client:
        assert is_by(client.request("infer", **ask), "local")
        kept.flush()
        daemon.engine_loop.is_reopening = True  # down, but its kept replies are known
        done = client.request("infer", **ask)
        assert (done["cache"], done["mind"]) == ("hit", "local")
        paid = client.request("infer", prompt="Other", seed=1)
        assert (paid["cache"], paid["mind"]) == ("miss", "remote")
        kept.flush()
        kept_there = client.request("infer", prompt="Other", seed=1)
        assert (kept_there["cache"], kept_there["mind"]) == ("hit", "remote")
        assert len(two.remote.started) == 1


def test_kept_replies_of_the_remote_mind_are_served_over_budget(two: TwoMinds, kept: Any) -> None:
    two.rules = Rules("always")
    with two.daemon(cache=kept) as daemon, daemon.client() as client:
        ask: dict[str, Any] = {"prompt": "Hello", "seed": 1}
        client.request("infer", **ask)
        kept.flush()
        two.problem = "over the daily budget"
        done = client.request("infer", **ask)
        assert (done["cache"], done["mind"]) == ("hit", "remote")
        assert two.local.started == []


# -- cancel, peers, coalescing, the switch ---------------------------------------------------------


@pytest.mark.parametrize("mind", ["local", "remote"])
@pytest.mark.parametrize("how", ["cancel", "drop", "switch"])
def test_what_runs_is_let_go_of_in_either_mind(two: TwoMinds, mind: str, how: str) -> None:
    two.rules = Rules("always" if mind == "remote" else "fallback")
    two.mind(mind).hangs = True
    with two.daemon() as daemon, daemon.client() as client:
        with daemon.peer() as peer:
            peer.send({"op": "infer", "id": "a", "prompt": "Hello", "deadline_ms": 60000})
            assert two.mind(mind).entered.wait(WAIT_S)
            if how == "cancel":
                peer.send({"op": "cancel", "id": "c", "target": "a"})
                assert {one["id"]: one.get("code") for one in peer.events("a", "c")} == {"a": Cancelled.code, "c": None}
            elif how == "switch":
                client.request("switch", on=False)
                (error,) = peer.events("a")
                assert error["reason"] == SwitchedOff.REASON
            else:
                daemon._pipeline._post(
                    lambda: daemon._pipeline.drop_peer(next(iter(daemon._pipeline._at_engine.held))[0])
                )
        ends_s = time.monotonic() + WAIT_S
        while two.mind(mind).stopped == 0 and time.monotonic() < ends_s:
            time.sleep(0.01)
        assert two.mind(mind).stopped == 1
    assert two.mind(OTHER[mind]).started == [], "nobody is asked for what nobody wants"


def test_switch_stops_both_minds_at_once(two: TwoMinds) -> None:
    two.rules = Rules("quality")
    two.local.hangs = two.remote.hangs = True
    with two.daemon() as daemon, daemon.client() as client, daemon.peer() as peer:
        peer.send(
            {"op": "infer", "id": "here", "prompt": "Hello", "deadline_ms": 60000},
            {"op": "think", "id": "there", "npc": NPC, "utterance": "Hello", "deadline_ms": 60000},
        )
        assert two.local.entered.wait(WAIT_S)
        assert two.remote.entered.wait(WAIT_S)
        client.request("switch", on=False)
        assert {one["id"]: one["reason"] for one in peer.events("here", "there")} == dict.fromkeys(
            ("here", "there"), SwitchedOff.REASON
        )
        with pytest.raises(SwitchedOff):
            think(client)


def test_equal_requests_are_one_call_of_the_remote_mind_also_when_handed_on(two: TwoMinds) -> None:
    two.local.fails = True
    two.remote.is_free.clear()
    with two.daemon() as daemon, daemon.peer() as peer:
        peer.send(*({"op": "infer", "id": str(n), "prompt": "Hello"} for n in range(5)))
        assert two.remote.entered.wait(WAIT_S)
        two.remote.is_free.set()
        done = peer.events(*map(str, range(5)))
        assert {one["mind"] for one in done} == {"remote"}
    assert len(two.remote.started) == 1


def test_stop_finishes_what_either_mind_runs(two: TwoMinds) -> None:
    two.rules = Rules("quality")
    two.local.is_free.clear()
    two.remote.is_free.clear()
    with two.daemon() as daemon, daemon.peer() as peer:
        peer.send(
            {"op": "infer", "id": "here", "prompt": "Hello"},
            {"op": "think", "id": "there", "npc": NPC, "utterance": "Hello"},
        )
        assert two.local.entered.wait(WAIT_S)
        assert two.remote.entered.wait(WAIT_S)
        stopping = threading.Thread(target=daemon.lanes.stop, args=(30,))
        stopping.start()
        two.local.is_free.set()
        two.remote.is_free.set()
        assert {one["id"]: one.get("mind") for one in peer.events("here", "there")} == {
            "here": "local", "there": "remote",
        }  # fmt: skip
        stopping.join(WAIT_S)
        assert not stopping.is_alive()


# -- moderation ------------------------------------------------------------------------------------


class Pedant:
    """A classifier that finds nothing; `texts`: all that it was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def category(self, text: str) -> str:
        self.texts.append(text)
        return ""

    def close(self) -> None: ...


def test_what_a_player_said_is_classified_once_and_the_words_of_the_mind_that_answers(two: TwoMinds) -> None:
    two.rules = Rules("always")
    two.remote.breaks_off = True
    pedant = Pedant()
    with (
        two.daemon(moderator=Moderator(None, classifier=ClassifierThread(pedant))) as daemon,
        daemon.client() as client,
    ):
        done = think(client, "Good evening, Mira.", stream=True)
        assert is_by(done, "local")
        assert pedant.texts == ["Good evening, Mira.", done["text"]]


def test_words_that_are_held_back_are_asked_of_no_other_mind(two: TwoMinds) -> None:
    two.rules = Rules("always")
    two.remote = Mind(REMOTE, words=("Oh, ", "fuck ", "you."))
    with two.daemon(moderator=Moderator(None)) as daemon, daemon.client() as client:
        with pytest.raises(Filtered):
            think(client)
        assert handed_on(daemon) == {}
    assert two.local.started == []


# -- prompts ---------------------------------------------------------------------------------------


def test_each_mind_has_prompts_of_its_own_form(two: TwoMinds) -> None:
    """The embedded model is told topics and placeholders; a model elsewhere plain chat, and its words are its own."""
    two.local = Mind(LOCAL, topics_of=str(EMBEDDED_MODEL))
    ask: dict[str, Any] = {"npc": NPC, "player": "Ana", "utterance": "Have you seen my lantern?", "remember": False}
    with two.daemon() as daemon, daemon.client() as client:
        assert is_by(client.request("think", **ask), "local")
        (here,) = two.local.started
        two.local.fails = True
        assert is_by(client.request("think", **ask, cache="off"), "remote")
        (there,) = two.remote.started
    assert "Have you seen my lantern?" not in here
    assert "Have you seen my lantern?" in there
    assert "You are Mira" in there


def test_prompt_is_explained_for_the_mind_that_would_be_asked(two: TwoMinds) -> None:
    with two.daemon() as daemon, daemon.client() as client:
        for policy, mind in FIRST.items():
            two.rules.policy = policy  # type: ignore[assignment]
            explained = client.request("think", npc=NPC, utterance="Hello", explain=True)["explanation"]
            assert explained["model"] == MODELS[mind]
    assert two.remote.started == two.local.started == []
