"""Replies that need no engine: kept ones, and those of coalesced requests."""

from __future__ import annotations

from pathlib import Path

from llm_agentd.cache import open_cache
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.server.request_builder import RequestDefaults
from tests.support.daemon_in_process import Gate, InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}
TRADE = {"name": "offer_trade", "params": {"properties": {"item": {"enum": ["apple"]}}, "required": ["item"]}}
OFFER = {"op": "think", "npc": NPC, "player": "Ana", "utterance": "A potion?", "intent": "trade", "actions": [TRADE]}


def test_hit_with_an_action_is_streamed_as_one_delta(endpoint: str, tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with (
        InProcess(endpoint, cache=cache, defaults=RequestDefaults(think_variants=1)) as daemon,
        daemon.peer() as client,
    ):
        first = client.request(**OFFER)
        client.send({**OFFER, "id": "again", "stream": True})
        delta, again = client.events("again")
        assert (again["cache"], delta["text"], again["text"]) == ("hit", first["text"], first["text"])
        assert again["action"] == first["action"]
        other = {**TRADE, "params": {"type": "object", "properties": {"item": {"enum": ["bread"]}}}}
        assert client.request(**{**OFFER, "actions": [other]})["cache"] == "miss"
    cache.close()


def test_coalesced_requests_run_once(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as one, gated.peer() as two:
        one.send({"op": "infer", "id": "a", "prompt": "The very same", "stream": True})
        assert gate.entered.wait(5)
        gate.step()
        two.send({"op": "infer", "id": "b", "prompt": "The very same", "stream": True})
        two.request(op="ping")
        gate.open()
        *_, first = one.events("a")
        *deltas, second = two.events("b")
        assert (first["cache"], second["cache"]) == ("miss", "joined")
        assert first["text"] == second["text"] == "".join(delta["text"] for delta in deltas)
        assert max(gate.batch_sizes) == 1


def test_second_request_is_a_hit_unless_refresh_or_off(endpoint: str, tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with InProcess(endpoint, cache=cache) as daemon, daemon.client() as client:
        prompt = "Repeat after me"
        first, second = client.infer(prompt), client.infer(prompt)
        assert (first.cache, second.cache) == ("miss", "hit")
        assert first.text == second.text
        assert client.infer(prompt, cache="refresh").cache == "miss"
        assert client.infer(prompt, cache="off").cache == "off"
        assert client.infer(prompt, temperature=0.1).cache == "miss"
    cache.close()


def test_think_has_three_variants_before_it_repeats(endpoint: str, tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with (
        InProcess(endpoint, cache=cache, defaults=RequestDefaults(think_variants=3)) as daemon,
        daemon.client() as client,
    ):
        replies = [client.think(NPC, "Hello!", player="Ana") for _ in range(9)]
    cache.close()
    assert [reply.cache for reply in replies[:3]] == ["miss"] * 3
    assert all(reply.cache == "hit" for reply in replies[3:])
    assert {reply.text for reply in replies[3:]} == {reply.text for reply in replies[:3]}


def test_request_that_comes_in_the_last_step_of_its_equal_is_answered_from_the_cache(
    endpoint: str, tmp_path: Path, gate: Gate
) -> None:
    """It missed the cache on arrival, and when its turn comes there is no sequence left to join."""
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    engine = StubEngine(on_step=gate.on_step, script=lambda _: [b"A", b" short", b" one."])
    with InProcess(endpoint, engine=lambda: engine, cache=cache) as daemon, daemon.peer() as one, daemon.peer() as two:
        one.send({"op": "infer", "id": "a", "prompt": "The very same", "stream": True})
        shown = ""
        while shown != "A short one.":
            assert gate.entered.wait(5)
            gate.entered.clear()
            gate.step()
            shown += "".join(record["text"] for record in one.receive())
        assert gate.entered.wait(5)  # the step that ends the reply, and has no text
        two.send({"op": "infer", "id": "b", "prompt": "The very same"})
        two.request(op="ping")
        gate.open()
        assert one.events("a")[-1]["cache"] == "miss"
        assert two.events("b")[-1]["cache"] == "hit"
    cache.close()
