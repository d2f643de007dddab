"""Server-sent events, cut anywhere."""

from __future__ import annotations

import pytest

from llm_agentd.engines.openai.api.sse import LINE_MAX_BYTES, EventReader

STREAM = (
    ": keep-alive\r\n\r\n"
    'data: {"text":"Grüß dich 🌙\u2028und\u0085gut"}\r\n\r\n'
    "event: message\nid: 7\ndata:no space\n\n"
    "data: one\ndata: two\n\n"
    "retry: 10\n\n"
    "\r\rdata: by CR alone\r\r"
    "data: [DONE]"
).encode()
EVENTS = [
    '{"text":"Grüß dich 🌙\u2028und\u0085gut"}'.encode(),
    b"no space",
    b"one\ntwo",
    b"by CR alone",
    b"[DONE]",
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(STREAM)])
def test_events_are_the_same_wherever_the_bytes_are_cut(size: int) -> None:
    reader = EventReader()
    found = [event for at in range(0, len(STREAM), size) for event in reader.feed(STREAM[at : at + size])]
    assert found + reader.end() == EVENTS


def test_byte_order_mark_is_passed_over() -> None:
    assert EventReader().feed(b"\xef\xbb\xbfdata: x\n\n") == [b"x"]


def test_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    reader = EventReader()
    reader.feed(b"x" * (LINE_MAX_BYTES - 1))
    with pytest.raises(ValueError, match="a line of more than"):
        reader.feed(b"xx")
