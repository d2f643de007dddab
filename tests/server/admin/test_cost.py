"""What the request log costs on the way of a request, and a look at it: of processor time."""

from __future__ import annotations

import time
import timeit

import pytest

from llm_agentd.protocol.admin_records import RequestsRecord
from llm_agentd.protocol.schema import validate
from llm_agentd.server.admin.event_stream import EventStream
from llm_agentd.server.admin.rates import Rates
from llm_agentd.server.admin.request_log import Entry, RequestLog
from llm_agentd.types import ChatPrompt, Message, Request

REQUEST_MAX_S = 50e-6
LOOK_MAX_S = 20e-3  # less than a player notices, and seldom
PEER = (b"peer",)
RECORD = {
    "op": "think", "id": "1", "npc": {"id": "n", "name": "Ann", "role": "healer"}, "player": "Robin",
    "utterance": "Have you seen my cow?", "context": {"time": "evening"}, "deadline_ms": 8000, "max_tokens": 64,
}  # fmt: skip
PROMPT = ChatPrompt(tuple(Message(role, "x" * 2000) for role in ("system", "user", "assistant", "user")), lang="en")
REQUEST = Request("1", PEER, "think", 0.0, 5.0, PROMPT)
ANSWER = {
    "event": "done", "text": "It went to the mill, I think.", "finish": "stop", "cache": "miss", "model": "m",
    "usage": {"prompt_tokens": 400, "reused_tokens": 300, "completion_tokens": 12},
    "timing_ms": {"queue": 0.4, "prefill": 21.0, "decode": 30.2, "total": 51.9},
}  # fmt: skip

pytestmark = pytest.mark.alone


def test_noting_one_request_in_log_rates_and_events_takes_less_than_50_us() -> None:
    log = RequestLog()
    rates, events = Rates(clock=time.monotonic, now_s=time.time), EventStream(time.monotonic)

    def on_add(entry: Entry) -> None:
        rates.note(entry)
        events.emit("said", entry)

    log.on_add = on_add

    def note() -> None:
        log.add(PEER, RECORD, REQUEST, ANSWER, "raw", 51.9)

    for _ in range(600):  # so that each one more pushes one out
        note()
    spent_s = min(timeit.repeat(note, timer=time.thread_time, number=1000, repeat=20)) / 1000
    print(f"\nnoting one request takes {spent_s * 1e6:.1f} us")
    assert spent_s < REQUEST_MAX_S


@pytest.mark.parametrize("filters", [{"limit": 200}, {"limit": 50}, {"grep": "nothing has this"}])
def test_a_look_at_the_log_takes_less_than_20_ms(filters: dict[str, object]) -> None:
    log = RequestLog()
    for _ in range(600):
        log.add(PEER, RECORD, REQUEST, ANSWER, "raw", 51.9)
    wanted = validate(RequestsRecord, {"op": "requests", "id": "r", **filters})
    spent_s = min(timeit.repeat(lambda: log.rows(wanted), timer=time.thread_time, number=3, repeat=5)) / 3
    print(f"\na look with {filters} takes {spent_s * 1e3:.1f} ms")
    assert spent_s < LOOK_MAX_S
