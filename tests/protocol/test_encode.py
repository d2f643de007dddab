"""Fields of replies and errors as they stand on the wire."""

from __future__ import annotations

from llm_agentd.errors import Filtered, Overloaded
from llm_agentd.protocol import encode, wire
from llm_agentd.types import Reply, Timing, Usage

REPLY = Reply(
    text="Well met.",
    finish="stop",
    cache="miss",
    model="tiny",
    usage=Usage(7, 5, 3),
    timing_ms=Timing(queue=1.0, prefill=2.0, decode=3.0, total=6.0),
)


def test_reply_has_the_fields_of_the_contract() -> None:
    assert encode.reply_fields(REPLY) == {
        "event": "done",
        "text": "Well met.",
        "finish": "stop",
        "cache": "miss",
        "model": "tiny",
        "action": None,
        "usage": {"prompt_tokens": 7, "reused_tokens": 5, "completion_tokens": 3},
        "timing_ms": {"queue": 1.0, "prefill": 2.0, "decode": 3.0, "total": 6.0},
    }


def test_error_says_when_to_come_back_and_whose_words_were_held_back() -> None:
    full = encode.error_fields(Overloaded("the queue is full", retry_after_ms=500))
    assert full == {"event": "error", "code": "overloaded", "message": "the queue is full", "retry_after_ms": 500}
    held = encode.error_fields(Filtered("held back", text="Mind your tongue.", by="player"))
    assert (held["code"], held["text"], held["by"]) == ("filtered", "Mind your tongue.", "player")


def test_record_over_the_limit_gives_its_place_to_the_error() -> None:
    (record,) = wire.decode(encode.record_bytes({"id": "a", "text": "x" * wire.RECORD_MAX_BYTES}))
    assert isinstance(record, dict)
    assert (record["id"], record["event"], record["code"]) == ("a", "error", "too_large")
