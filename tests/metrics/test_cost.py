"""What counting costs on the way of a request, and what a look at all of it takes: of processor time."""

from __future__ import annotations

import time
import timeit
from dataclasses import replace

import pytest

from llm_agentd.metrics import Load, Metrics
from llm_agentd.types import Reply, Request, Timing, Usage

REQUEST_MAX_S = 50e-6
LOOK_MAX_S = 20e-3
TOKENS = 64  # the most that an NPC says by default
REQUEST = Request("1", (b"p",), "think", 0.0, 5.0, "prompt")
REPLY = Reply("Well met.", "stop", "miss", "m", usage=Usage(400, 300, TOKENS), timing_ms=Timing(1, 2, 3, 6))

pytestmark = pytest.mark.alone


def count_one(metrics: Metrics, request: Request = REQUEST) -> None:
    """All that is counted of one request that runs by itself: nobody shares the costs of its steps."""
    metrics.looked_up(request)
    metrics.started(400, 300)
    metrics.prefix_looked_up(400, 300)
    for _ in range(TOKENS):
        metrics.batch_size.observe(1)
        metrics.generation_tokens.value += 1
        metrics.inter_token_s.observe(0.02)
    metrics.guarded(())
    metrics.replied(request, REPLY, 0.4)
    metrics.answered(request.op, "done")


def test_counting_one_request_takes_less_than_50_us() -> None:
    metrics = Metrics()
    spent_s = min(timeit.repeat(lambda: count_one(metrics), timer=time.thread_time, number=100, repeat=20)) / 100
    print(f"\ncounting one request of {TOKENS} tokens takes {spent_s * 1e6:.1f} us")
    assert spent_s < REQUEST_MAX_S


def test_a_look_at_all_metrics_takes_less_than_20_ms() -> None:
    metrics = Metrics()
    for number in range(50):
        count_one(metrics, replace(REQUEST, id=str(number)))
    spent_s = min(timeit.repeat(lambda: metrics.text(Load()), timer=time.thread_time, number=5, repeat=5)) / 5
    print(f"\na look at all metrics takes {spent_s * 1e3:.1f} ms")
    assert spent_s < LOOK_MAX_S
