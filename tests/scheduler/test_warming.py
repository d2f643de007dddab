"""Prompts that are computed before anybody speaks: what a think is spared, and that nobody waits for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.memory import SqliteMemory
from llm_agentd.scheduler.warm_list import FRESH_S, WAITING_MAX, WarmList
from llm_agentd.types import Request
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.raw_peer import RawPeer
from tests.support.wait import wait_until

NPC = {"id": "bram", "name": "Bram", "role": "smith", "persona": "He counts his nails each evening. " * 40}
WARM = {"op": "warm", "npc": NPC, "player": "Robin"}
THINK = {"op": "think", "npc": NPC, "player": "Robin", "utterance": "Good evening!", "max_tokens": 4}
ASK = {"op": "infer", "prompt": "The river", "max_tokens": 4}
ANA, BEN = (b"ana",), (b"ben",)


@contextmanager
def running(endpoint: str, gate: Gate) -> Iterator[tuple[InProcess, RawPeer]]:
    make = InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=4, on_step=gate.on_step), window_s=60.0)
    with make as daemon, daemon.peer() as client:
        try:
            yield daemon, client
        finally:
            gate.open()


@pytest.fixture
def daemon(endpoint: str) -> Iterator[InProcess]:
    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=4)) as daemon:
        yield daemon


def test_a_think_after_its_warm_computes_its_own_words_alone(endpoint: str, daemon: InProcess) -> None:
    with daemon.peer() as client:
        assert client.request(**WARM)["warms"] is True
        wait_until(lambda: daemon.engine_loop.steps and not daemon.engine_loop.load().requests_running)
        usage = client.request(**THINK)["usage"]
    assert usage["prompt_tokens"] > 256, "more than one step"
    assert usage["prompt_tokens"] - usage["reused_tokens"] < 20


def test_a_warm_is_no_request_that_runs_and_none_that_is_counted(endpoint: str, daemon: InProcess) -> None:
    with daemon.peer() as client:
        client.request(**WARM)
        wait_until(lambda: daemon.engine_loop.steps)
        assert daemon.engine_loop.load().requests_running == 0
        text = client.request(op="metrics")["text"]
        assert 'llm_agentd_requests_total{op="warm",outcome="done"} 1.0' in text
        assert "llm_agentd_prompt_tokens_total 0.0" in text
        assert "llm_agentd_generation_tokens_total 0.0" in text
        assert client.request(op="requests")["requests"] == []


def asked_while_warming(endpoint: str, record: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """The answer to a record that came while a warm's first step ran, and the sizes of all steps."""
    gate = Gate()
    with running(endpoint, gate) as (_, client):
        client.request(**WARM)
        assert gate.entered.wait(10)
        client.send({**record, "id": "own"})
        client.request(op="ping")
        gate.open()
        return client.events("own")[-1], gate.batch_sizes


def test_whoever_asks_ends_a_warm_that_runs_before_the_next_step(endpoint: str) -> None:
    """And does not wait for the batch window, as it would behind somebody's reply."""
    _, batch_sizes = asked_while_warming(endpoint, ASK)
    assert max(batch_sizes) == 1, "never beside each other"


def test_a_warm_waits_until_nobody_asks(endpoint: str) -> None:
    gate = Gate()
    with running(endpoint, gate) as (daemon, client):
        client.send({**ASK, "id": "own"})
        assert gate.entered.wait(10)
        client.request(**WARM)
        assert max(gate.batch_sizes) == 1
        gate.open()
        client.events("own")
        wait_until(lambda: daemon.engine_loop.stats()["prefixes"]["entries"] > 0)  # that of Bram's prompt
        assert max(gate.batch_sizes) == 1


def test_what_was_computed_of_a_warm_that_ended_early_is_not_computed_again(endpoint: str) -> None:
    reply, _ = asked_while_warming(endpoint, THINK)
    assert reply["usage"]["reused_tokens"] == 256, "the part that ran meanwhile"


def test_a_greeting_with_the_same_prompt_does_not_join_a_warm(endpoint: str) -> None:
    reply, _ = asked_while_warming(endpoint, THINK | {"utterance": None})
    assert (reply["cache"], reply["usage"]["completion_tokens"] > 1) == ("miss", True)


def test_what_was_said_last_is_computed_before_the_next_line(tmp_path: Path, endpoint: str) -> None:
    """As the game sends it: after the answer, of the pair that has just spoken. Where facts stand before the words, the
    next prompt has these at another place: nothing of them is left from the answer.
    """
    place = {"context": {"place": "Oakford"}}
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=2**24, summarize_by="rules", idle_s=math.inf)
    words = "Have you seen the miller's wagon on the road by the lake? " * 8
    try:
        with InProcess(endpoint, memory=memory) as daemon, daemon.peer() as client:
            client.request(**THINK | place | {"utterance": words})
            stepped = daemon.engine_loop.steps
            client.request(**WARM, **place)
            wait_until(lambda: daemon.engine_loop.steps > stepped and not daemon.engine_loop.load().requests_running)
            usage = client.request(**THINK, **place)["usage"]
    finally:
        memory.close()
    assert usage["prompt_tokens"] - usage["reused_tokens"] < 60


def test_words_have_no_place_in_a_warm(daemon: InProcess) -> None:
    with daemon.peer() as client:
        error = client.request(**WARM, utterance="Hello")
    assert (error["code"], "utterance" in error["message"]) == ("bad_request", True)


def test_a_model_that_is_told_topics_is_not_warmed(endpoint: str) -> None:
    with (
        InProcess(endpoint, engine=lambda: StubEngine(topics_of=str(EMBEDDED_MODEL))) as daemon,
        daemon.peer() as client,
    ):
        assert client.request(**WARM)["warms"] is False
        assert daemon.engine_loop.steps == 0


def test_a_switched_off_daemon_warms_nothing(daemon: InProcess) -> None:
    with daemon.peer() as client:
        client.request(op="switch", on=False)
        assert client.request(**WARM)["reason"] == "switched_off"


# -- the list ------------------------------------------------------------------------------------


def warm(npc: str, player: str = "Robin", peer: tuple[bytes, ...] = ANA, arrived_s: float = 0.0) -> Request:
    return Request(f"{npc}{player}", peer, "warm", arrived_s, float("inf"), "", session_id=npc, owner=player)


def taken(warm_list: WarmList, now_s: float = 0.0) -> list[str]:
    found = []
    while (request := warm_list.take(now_s)) is not None:
        found.append(request.session_id)
    return found


def test_the_newest_goes_first_and_a_pair_once() -> None:
    warm_list = WarmList()
    for npc in ("bram", "mira", "bram", "tilda"):
        warm_list.put(warm(npc))
    assert taken(warm_list) == ["tilda", "bram", "mira"]


def test_two_players_of_an_npc_and_two_games_are_pairs_of_their_own() -> None:
    warm_list = WarmList()
    for request in (warm("bram", "Ana"), warm("bram", "Ben"), warm("bram", "Ana", BEN)):
        warm_list.put(request)
    assert len(warm_list) == 3
    warm_list.drop_peer(ANA)
    assert len(warm_list) == 1


def test_a_full_list_forgets_its_oldest() -> None:
    warm_list = WarmList()
    for number in range(WAITING_MAX + 1):
        warm_list.put(warm(str(number)))
    assert taken(warm_list) == [str(number) for number in range(WAITING_MAX, 0, -1)]


def test_what_waited_too_long_is_forgotten() -> None:
    warm_list = WarmList()
    warm_list.put(warm("bram"))
    warm_list.put(warm("mira", arrived_s=5.0))
    assert taken(warm_list, FRESH_S + 1.0) == ["mira"]
    assert len(warm_list) == 0
