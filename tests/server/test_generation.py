"""Requests to replies, through real threads and a real socket, with the stub engine."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import TooLarge
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.raw_peer import RawPeer

DEADLINE_MS = 200  # long enough for a request to reach the engine on a busy machine

NPC = {"id": "1", "name": "Mira", "role": "healer"}
TRADE = {"name": "offer_trade", "params": {"properties": {"item": {"enum": ["apple"]}}, "required": ["item"]}}
OFFER: dict[str, Any] = {
    "op": "think",
    "npc": NPC,
    "player": "Ana",
    "utterance": "A potion?",
    "intent": "trade",
    "actions": [TRADE],
}


def test_infer_is_answered_with_text_usage_and_timing(client: Client) -> None:
    done = client.request("infer", prompt="Say something.")
    assert done["event"] == "done"
    assert "Say something" in done["text"]
    assert done["finish"] == "stop"
    assert done["cache"] == "miss"
    assert done["model"] == "stub"
    assert done["action"] is None
    assert done["usage"]["prompt_tokens"] > 0
    assert done["usage"]["completion_tokens"] > 0
    assert done["timing_ms"]["total"] >= done["timing_ms"]["decode"] >= 0


def test_deltas_of_a_stream_make_up_the_text(client: Client) -> None:
    with client.stream(npc=NPC, utterance="Hello café", player="Ana") as stream:
        pieces = list(stream)
    assert len(pieces) > 1
    assert "".join(pieces) == stream.reply.text
    assert "�" not in stream.reply.text


def test_think_is_answered_as_the_npc(client: Client) -> None:
    text = client.think(NPC, "Good morning!", player="Ana", context={"time": "morning"}).text
    assert "Mira" in text or "Good morning" in text


def test_action_of_the_json_form_is_no_part_of_the_text(client: Client) -> None:
    done = client.request(**OFFER)
    assert done["event"] == "done"
    assert not done["text"].startswith("{")
    assert done["action"] == {"name": "offer_trade", "params": {"item": "apple"}}


GESTURE = {**OFFER, "utterance": "Be a bird!", "intent": "gesture", "actions": []}
FLAP = {"frames": [{"at": 0.5, "joints": {"Arm_Left": [0, 0, 90], "Arm_Right": [0, 0, -90]}}], "times": 3}


def test_intent_gesture_without_actions_is_answered_by_a_gesture_with_a_name(client: Client) -> None:
    assert client.request(**GESTURE)["action"] == {"name": "emote", "params": {"kind": "wave"}}


def test_gesture_that_a_model_makes_up_comes_as_joints_angles_and_times(endpoint: str) -> None:
    form = json.dumps({"say": "Like this!", "do": {"action": "gesture", **FLAP}}).encode()
    with InProcess(endpoint, engine=lambda: StubEngine(script=lambda _: [form])) as daemon, daemon.client() as client:
        done = client.request(**GESTURE)
    assert (done["text"], done["action"]) == ("Like this!", {"name": "gesture", "params": FLAP})


def test_words_of_the_json_form_stream_before_the_action_is_known(endpoint: str, gate: Gate) -> None:
    form = [b'{"say":"A potion,', b" is it", b'? Hm.","do":{"act', b'ion":"offer_trade","item":"apple"}}']
    engine = lambda: StubEngine(on_step=gate.on_step, script=lambda _: form)  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.peer() as one, daemon.peer() as two:
        one.send({**OFFER, "id": "a", "stream": True})
        gate.step()
        gate.step()
        records = one.receive()
        assert {record["event"] for record in records} == {"delta"}  # two of four steps are done at most
        shown = "".join(record["text"] for record in records)
        two.send({**OFFER, "id": "b", "stream": True}, {"op": "ping", "id": "p"})
        before = [record for record in two.events("p") if record["id"] == "b"]
        gate.open()
        *first, done = one.events("a")
        *second, joined = [*before, *two.events("b")]
        assert (done["cache"], joined["cache"]) == ("miss", "joined")
        assert shown + "".join(delta["text"] for delta in first) == done["text"] == "A potion, is it? Hm."
        assert "".join(delta["text"] for delta in second) == joined["text"] == done["text"]
        assert done["action"] == joined["action"] == {"name": "offer_trade", "params": {"item": "apple"}}


@pytest.mark.parametrize(
    ("reply", "words", "action"),
    [
        ("Gladly, Ana.", "Gladly, Ana.", None),
        ('{"say": "Gladly.", "do": "offer_trade"}', "Gladly.", None),
        ('{"say": "Gladly.", "do": {"action": "offer_trade", "item": "gold"}}', "Gladly.", None),
        ('{"say": "Gladly.", "do": {"action": "offer_trade", "item": "apple"}}', "Gladly.", {"item": "apple"}),
        ('{"say": "Gladly.", "do": {"action": "offer_tra', "Gladly.", None),
    ],
)
def test_action_from_an_engine_without_grammar_is_checked(
    endpoint: str, reply: str, words: str, action: dict[str, object] | None
) -> None:
    engine = lambda: StubEngine(script=lambda _: [reply.encode()])  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as client:
        done = client.request(**OFFER)
    assert done["text"] == words
    assert done["action"] == ({"name": "offer_trade", "params": action} if action else None)


def test_max_tokens_limit_the_words_and_the_action_still_comes(client: Client) -> None:
    done = client.request(**OFFER, max_tokens=6)
    assert done["finish"] in ("sentence", "length")
    assert len(done["text"].split()) <= 6
    assert done["action"] == {"name": "offer_trade", "params": {"item": "apple"}}


def test_fifty_records_in_one_part_are_all_answered(peer: RawPeer) -> None:
    peer.send(*({"op": "infer", "id": str(i), "prompt": f"Question {i}"} for i in range(50)))
    done = peer.events(*map(str, range(50)))
    assert sorted(int(record["id"]) for record in done) == list(range(50))


def test_requests_of_one_part_run_in_one_batch(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as client:
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Prompt {i}"} for i in range(3)))
        assert gate.entered.wait(5)
        assert gate.batch_sizes[0] == 3
        gate.open()
        client.events("0", "1", "2")


def test_request_that_comes_later_joins_the_batch_between_steps(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as client:
        client.send({"op": "infer", "id": "first", "prompt": "A first prompt to answer"})
        assert gate.entered.wait(5)
        client.send({"op": "infer", "id": "second", "prompt": "And a second one"})
        client.request(op="ping")  # the router has handed the second on
        gate.open()
        client.events("first", "second")
        assert 2 in gate.batch_sizes


def test_cancel_of_a_running_request_frees_its_slot(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as client:
        client.send({"op": "infer", "id": "long", "prompt": "Talk long"})
        assert gate.entered.wait(5)
        client.send({"op": "cancel", "id": "c", "target": "long"})
        assert client.events("c")[-1]["found"] is True
        gate.open()
        assert client.events("long")[-1]["code"] == "cancelled"
        assert client.request(op="cancel", target="long")["found"] is False
        assert client.request(op="infer", prompt="Still there?")["event"] == "done"


def test_deadline_that_passes_while_running_is_answered_deadline_exceeded(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as client:
        client.send({"op": "infer", "id": "late", "prompt": "Be quick", "deadline_ms": DEADLINE_MS})
        assert gate.entered.wait(5)
        time.sleep(DEADLINE_MS / 1000)  # the router and the engine's thread read the real clock
        gate.open()
        assert client.events("late")[-1]["code"] == "deadline_exceeded"


def test_request_to_a_full_queue_is_answered_overloaded_with_a_time_to_retry(endpoint: str, gate: Gate) -> None:
    engine = lambda: StubEngine(max_num_seqs=1, on_step=gate.on_step)  # noqa: E731
    with InProcess(endpoint, engine=engine, queue_max=2) as daemon, daemon.peer() as client:
        client.send({"op": "infer", "id": "runs", "prompt": "Runs"})
        assert gate.entered.wait(5)
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Waits {i}"} for i in range(3)))
        refused = client.events("2")[-1]
        assert refused["code"] == "overloaded"
        assert refused["retry_after_ms"] > 0
        gate.open()
        assert all(record["event"] == "done" for record in client.events("runs", "0", "1"))


def test_request_that_fails_leaves_the_others_alone(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(fail_mark="poison")) as daemon, daemon.peer() as client:
        client.send(
            {"op": "infer", "id": "good", "prompt": "A good one"},
            {"op": "infer", "id": "bad", "prompt": "poison"},
        )
        by_id = {record["id"]: record for record in client.events("good", "bad")}
    assert by_id["good"]["event"] == "done"
    assert by_id["bad"]["code"] == "engine_failed"


def test_prompt_longer_than_the_context_is_too_large(client: Client) -> None:
    with pytest.raises(TooLarge, match="context"):
        client.infer("word " * 20_000)
