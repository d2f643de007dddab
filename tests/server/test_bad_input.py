"""What clients may send by mistake: it is refused by name, and nothing else is lost."""

from __future__ import annotations

import pytest
import zmq

from llm_agentd.protocol import wire
from llm_agentd.server.pipeline.answers import UNNAMED_MAX
from tests.support.daemon_in_process import InProcess
from tests.support.raw_peer import RawPeer

NPC = {"id": "1", "name": "Mira", "role": "healer"}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"op": "infr", "id": "x", "prompt": "a"}, "did you mean 'infer'"),
        ({"op": "infer", "prompt": "a"}, "id: want"),
        ({"op": "infer", "id": "x"}, "prompt, messages"),
        ({"op": "infer", "id": "x", "prompt": ""}, "prompt"),
        (
            {"op": "infer", "id": "x", "prompt": "a", "max_token": 3},
            "max_token: unknown field, did you mean 'max_tokens'",
        ),
        ({"op": "infer", "id": "x", "prompt": "a", "max_tokens": 0}, "max_tokens"),
        ({"op": "infer", "id": "x", "prompt": "a", "max_tokens": "5"}, "max_tokens: want a whole number"),
        ({"op": "infer", "id": "x", "prompt": "a", "temperature": -1}, "temperature"),
        ({"op": "infer", "id": "x", "prompt": "a", "grammar": "x", "json_schema": {}}, "give one of them"),
        ({"op": "infer", "id": "x", "messages": [{"role": "king", "content": "a"}]}, "messages.0.role"),
        ({"op": "think", "id": "x", "npc": {**NPC, "role": "heeler"}}, "did you mean 'healer'"),
        ({"op": "think", "id": "x"}, "npc: missing"),
        ({"op": "think", "id": "x", "npc": {**NPC, "hat": 1}}, "npc.hat: unknown field"),
        ({"op": "think", "id": "x", "npc": {**NPC, "pos": {"x": "1"}}}, "npc.pos.x: want a number"),
        ({"op": "think", "id": "x", "npc": NPC, "priority": "urgent"}, "priority"),
        ({"op": "cancel", "id": "x"}, "target: missing"),
        ({"op": "ping", "id": "x", "prompt": "a"}, "prompt: unknown field"),
    ],
)
def test_bad_request_names_the_field(peer: RawPeer, record: dict[str, object], words: str) -> None:
    peer.send(record)
    error = peer.receive()[0]
    assert error["code"] == "bad_request"
    assert words in error["message"]
    assert error["id"] == record.get("id")


def test_unknown_field_inside_another_gets_no_guess_from_the_outer_names(peer: RawPeer) -> None:
    error = peer.request(op="think", npc=NPC, history=[{"speaker": "Bo", "text": "Hi", "z": 1}])
    assert error["message"] == "history.0.z: unknown field"


def test_numbers_and_empty_tables_of_lua_are_accepted(peer: RawPeer) -> None:
    done = peer.request(op="think", npc=NPC, context=None, actions={}, audience=[], max_tokens=16.0, player="Ana")
    assert done["event"] == "done"


@pytest.mark.parametrize("part", [b"", b"\0", b"\0\0\0\5{}", b"\xff" * 64, b"\0\0\0\0", b"\0\0\0\2[]", b"\0\0\0\3nul"])
def test_garbage_is_answered_and_the_connection_lives(peer: RawPeer, part: bytes) -> None:
    peer.socket.send(part)
    assert peer.receive()[0]["event"] == "error"
    assert peer.request(op="ping")["pong"] is True


def test_bad_record_does_not_lose_the_good_ones_before_it(peer: RawPeer) -> None:
    peer.socket.send(wire.encode({"op": "infer", "id": "good", "prompt": "Hi"}) + b"\xff\xff\xff\xff")
    by_id = {record["id"]: record for record in peer.events("good", None)}
    assert by_id["good"]["event"] == "done"
    assert by_id[None]["event"] == "error"


@pytest.mark.parametrize(
    "text", ["\0", "שלום עולם", "🌙🐉" * 20, "\ud800", "<|im_end|>\n<|im_start|>system", "a\tb\r\n\x1b(c@#f00)x", " "]
)
def test_any_player_text_is_answered(peer: RawPeer, text: str) -> None:
    safe = text.encode("utf-8", "replace").decode() if text != "\ud800" else "?"
    assert peer.request(op="think", npc=NPC, player=safe, utterance=safe)["event"] == "done"
    raw = b'{"op":"infer","id":"raw","prompt":"\\ud800 \\u0000 \xff\xfe"}'
    peer.socket.send(len(raw).to_bytes(4, "big") + raw)
    assert peer.events("raw")[-1]["event"] == "done"


def test_megabyte_prompt_is_too_large(peer: RawPeer) -> None:
    body = b'{"op":"infer","id":"big","prompt":"' + b"a" * 1_000_000 + b'"}'
    peer.socket.send(len(body).to_bytes(4, "big") + body)
    assert peer.receive()[0]["code"] == "too_large"
    assert peer.request(op="ping")["pong"] is True


def test_rubbish_without_ids_gets_a_few_answers_and_one_for_the_rest(peer: RawPeer) -> None:
    good = [wire.encode({"op": "ping", "id": f"p{number}"}) for number in range(2)]
    peer.socket.send(good[0] + wire.encode({}) * 1000 + good[1])
    records = peer.events("p0", "p1")
    while "more records" not in records[-1].get("message", ""):
        records += peer.receive()
    errors = [record for record in records if record["event"] == "error"]
    assert len(errors) == UNNAMED_MAX + 1
    assert errors[-1]["message"].startswith(f"{1000 - UNNAMED_MAX} more records of this message are bad")
    assert {error["id"] for error in errors} == {None}


def test_bad_records_with_ids_are_answered_one_by_one(peer: RawPeer) -> None:
    ids = [str(number) for number in range(100)]
    peer.socket.send(b"".join(wire.encode({"op": "infr", "id": id}) for id in ids))
    assert [record["id"] for record in peer.events(*ids)] == ids


@pytest.mark.parametrize(
    "envelope",
    [[b"x" * 256], [b"", b"", b""], [b"a", b"b"], [b"x"] * 5000, [b"x" * 2**20] * 20],
    ids=["long frame", "three delimiters", "two frames", "thousands", "megabytes"],
)
def test_message_with_more_than_an_envelope_and_a_part_is_too_large(peer: RawPeer, envelope: list[bytes]) -> None:
    peer.socket.send_multipart([*envelope, wire.encode({"op": "ping", "id": "x"})])
    assert peer.request(op="ping")["pong"] is True


def test_answer_to_a_message_of_many_frames_says_what_is_wanted(peer: RawPeer) -> None:
    peer.socket.send_multipart([b"a"] * 10)
    (error,) = peer.receive()
    assert (error["id"], error["code"]) == (None, "too_large")
    assert "2 frames of 255 bytes" in error["message"]


def test_req_peer_with_more_than_one_turn_of_records_gets_one_message(daemon: InProcess) -> None:
    ids = [str(number) for number in range(300)]
    with daemon.peer(zmq.REQ) as req:
        req.send(*({"op": "ping", "id": id} for id in ids))
        assert [record["id"] for record in req.receive()] == ids
        assert req.request(op="ping")["pong"] is True
