"""What a reply is forecast to take, and that refusing by it refuses only what would have been late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.scheduler.latency import OPTIMISM, REPLIES_MIN, LatencyEstimate

STEP_S, TOKEN_S, PROMPT, REPLY, WIDTH = 0.1, 0.005, 60, 32, 8
OWN_S = PROMPT * TOKEN_S + REPLY * STEP_S
EACH_S = PROMPT * TOKEN_S + REPLY * STEP_S / WIDTH


def learned(step_s: float = STEP_S) -> LatencyEstimate:
    latency = LatencyEstimate()
    for _ in range(REPLIES_MIN):
        latency.stepped(WIDTH, step_s)
        latency.prompted(PROMPT, PROMPT * TOKEN_S)
        latency.replied(PROMPT, REPLY)
    return latency


def forecast(latency: LatencyEstimate, ahead: int, live: int = WIDTH, max_tokens: int = 64) -> float:
    seconds = latency.forecast_s(ahead, live, WIDTH, max_tokens)
    assert seconds is not None
    return seconds


def test_nobody_is_refused_on_a_guess() -> None:
    latency = LatencyEstimate()
    for _ in range(REPLIES_MIN - 1):
        latency.stepped(8, 1.0)
        latency.replied(10, 10)
    assert latency.forecast_s(99, 8, 8, 64) is None


def test_alone_on_the_machine_it_is_tried() -> None:
    assert learned(1000.0).forecast_s(0, 0, WIDTH, 64) is None


def test_the_sum_is_what_the_parts_cost() -> None:
    latency = learned()
    assert abs(forecast(latency, 0, live=3) - OPTIMISM * OWN_S) < 1e-9
    assert abs(forecast(latency, 4) - OPTIMISM * (5 * EACH_S + OWN_S)) < 1e-9
    assert abs(forecast(latency, 0, live=3, max_tokens=2) - OPTIMISM * (PROMPT * TOKEN_S + 2 * STEP_S)) < 1e-9


@given(st.integers(0, 50), st.integers(1, 64))
def test_more_before_and_more_words_never_take_less(ahead: int, max_tokens: int) -> None:
    latency = learned()
    assert forecast(latency, ahead + 1, max_tokens=max_tokens) >= forecast(latency, ahead, max_tokens=max_tokens)
    assert forecast(latency, ahead, max_tokens=max_tokens + 1) >= forecast(latency, ahead, max_tokens=max_tokens)


def test_a_machine_that_slept_is_not_slow_and_one_that_got_slow_is_known() -> None:
    latency = learned()
    before = forecast(latency, 4)
    latency.stepped(WIDTH, 480.0)
    assert forecast(latency, 4) < 2 * before
    for _ in range(15):
        latency.stepped(WIDTH, 3 * STEP_S)
    assert 2 * before < forecast(latency, 4) < 3 * before


@given(st.lists(st.floats(0.5, 60.0), min_size=1, max_size=40))
def test_only_what_would_have_been_late_is_refused(patience_s: list[float]) -> None:
    """A queue served in order by a machine of these costs: whoever is refused by forecast is late without it."""
    latency = learned()
    for ahead, left_s in enumerate(patience_s):
        done_s = max(0, ahead + 1) * EACH_S + OWN_S  # eight run, `ahead` wait, none was refused
        if forecast(latency, ahead) > left_s:
            assert done_s > left_s
