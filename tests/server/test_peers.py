"""Peers of all kinds: REQ, those that come back, those that vanish, those that never read."""

from __future__ import annotations

import pytest
import zmq

from llm_agentd.engines.stub.engine import StubEngine
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.exposition import Exposition


def test_req_peer_gets_all_answers_in_one_message(daemon: InProcess) -> None:
    with daemon.peer(zmq.REQ) as req:
        for _ in range(2):
            req.send(
                {"op": "infer", "id": "a", "prompt": "One", "stream": True},
                {"op": "nonsense", "id": "b"},
            )
            records = req.receive()
            assert {r["id"] for r in records if r["event"] != "delta"} == {"a", "b"}


def test_identical_record_in_flight_is_a_resend_and_answered_once(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as client:
        record = {"op": "infer", "id": "same", "prompt": "Only once"}
        client.send(record)
        assert gate.entered.wait(5)
        client.send(record)
        client.request(op="ping")
        gate.open()
        client.events("same")
        assert client.request(op="stats")["stats"]["open"] == 0


def test_same_id_with_other_content_is_refused(gated: InProcess, gate: Gate) -> None:
    with gated.peer() as client:
        client.send({"op": "infer", "id": "same", "prompt": "One"})
        assert gate.entered.wait(5)
        client.send({"op": "infer", "id": "same", "prompt": "Another"})
        refused = client.receive()[0]
        assert refused["code"] == "bad_request"
        assert "in flight" in refused["message"]
        gate.open()
        assert client.events("same")[-1]["event"] == "done"


def test_peer_that_vanishes_or_never_reads_does_not_disturb_others(endpoint: str) -> None:
    with InProcess(endpoint) as daemon:
        with daemon.peer() as gone:
            gone.send(*({"op": "infer", "id": str(i), "prompt": f"For nobody {i}"} for i in range(20)))
        with daemon.peer() as deaf, daemon.peer() as client:
            deaf.send(*({"op": "ping", "id": str(i)} for i in range(1000)))
            assert client.request(op="infer", prompt="And me?")["event"] == "done"
            assert client.request(op="stats")["stats"]["open"] <= 20


def test_unread_replies_are_dropped_at_the_limit_and_counted(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_agentd.server.router.SEND_HWM_PARTS", 1)
    monkeypatch.setattr("llm_agentd.server.control.METRICS_KEEP_S", 0)
    big = "x" * 100_000
    engine = lambda: StubEngine(script=lambda _: [big.encode()])  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.peer() as deaf, daemon.peer() as client:
        deaf.socket.setsockopt(zmq.RCVHWM, 1)
        for number in range(400):
            deaf.send({"op": "infer", "id": f"d{number}", "prompt": f"Shout {number}"})
        for number in range(400):
            assert client.request(op="infer", prompt=f"Whisper {number}")["event"] == "done"
            if Exposition(client.request(op="metrics")["text"]).value("llm_agentd_dropped_total", reason="peer_slow"):
                break
        else:
            pytest.fail("nothing was dropped")


def test_reconnected_peer_with_its_identity_gets_the_answer(gated: InProcess, gate: Gate) -> None:
    record = {"op": "infer", "id": "a", "prompt": "Who was I?"}
    with gated.peer(identity=b"http") as before:
        before.send(record)
        assert gate.entered.wait(5)
    with gated.peer(identity=b"http") as after:
        after.send(record)
        after.request(op="ping")
        gate.open()
        assert after.events("a")[-1]["event"] == "done"
