"""The forecast of how long a reply takes, held against a simulated machine: it may be early, it must not be late."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from llm_agentd.scheduler.latency import REPLIES_MIN, LatencyEstimate

STEP_S, PROMPT_TOKEN_S, PROMPT_TOKENS, REPLY_TOKENS, BATCH_SIZE = 0.1, 0.005, 60, 32, 8
LONG_TOKENS = 64  # more than any reply has

progress = st.lists(st.integers(1, REPLY_TOKENS), min_size=BATCH_SIZE, max_size=BATCH_SIZE)


def learned(step_s: float = STEP_S) -> LatencyEstimate:
    """What a machine of these costs has taught."""
    estimate = LatencyEstimate()
    for _ in range(REPLIES_MIN):
        estimate.stepped(BATCH_SIZE, step_s)
        estimate.prompted(PROMPT_TOKENS, PROMPT_TOKENS * PROMPT_TOKEN_S)
        estimate.replied(PROMPT_TOKENS, REPLY_TOKENS)
    return estimate


def forecast(estimate: LatencyEstimate, ahead: int, running: int = BATCH_SIZE, max_tokens: int = LONG_TOKENS) -> float:
    seconds = estimate.forecast_s(ahead, running, BATCH_SIZE, max_tokens)
    assert seconds is not None
    return seconds


def simulate(running: list[int], ahead: int) -> float:
    """Seconds until a newcomer behind `ahead` others is done. `running`: the tokens that each slot has still to make.

    Prompts are computed one after the other between steps; each step gives every running sequence a token.
    """
    now_s, left, waiting = 0.0, dict(enumerate(running)), [*range(BATCH_SIZE, BATCH_SIZE + ahead + 1)]
    newcomer = waiting[-1]
    while waiting or newcomer in left:
        while waiting and len(left) < BATCH_SIZE:
            now_s += PROMPT_TOKENS * PROMPT_TOKEN_S
            left[waiting.pop(0)] = REPLY_TOKENS
        now_s += STEP_S
        left = {sequence: tokens - 1 for sequence, tokens in left.items() if tokens > 1}
    return now_s


def test_before_a_few_replies_there_is_no_forecast() -> None:
    estimate = LatencyEstimate()
    for _ in range(REPLIES_MIN - 1):
        estimate.stepped(BATCH_SIZE, 1.0)
        estimate.replied(10, 10)
    assert estimate.forecast_s(99, BATCH_SIZE, BATCH_SIZE, LONG_TOKENS) is None


def test_alone_on_the_machine_there_is_no_forecast_however_slow_it_was() -> None:
    assert learned(1000.0).forecast_s(0, 0, BATCH_SIZE, LONG_TOKENS) is None


@given(st.integers(1, REPLY_TOKENS), st.integers(0, 60))
def test_forecast_is_never_later_than_a_machine_whose_sequences_end_one_after_the_other(first: int, ahead: int) -> None:
    """As those of a busy machine do. So nothing is refused that would have been in time."""
    apart = REPLY_TOKENS // BATCH_SIZE
    running = [(first + number * apart) % REPLY_TOKENS + 1 for number in range(BATCH_SIZE)]
    assert forecast(learned(), ahead) <= simulate(running, ahead)


@given(progress, st.integers(0, 60))
@example([1] * BATCH_SIZE, 7)
def test_forecast_is_at_most_an_eighth_later_where_all_sequences_end_together(running: list[int], ahead: int) -> None:
    assert forecast(learned(), ahead) <= 1.125 * simulate(running, ahead)


@given(st.integers(0, 60))
def test_forecast_is_at_least_two_fifths_of_what_the_machine_takes(ahead: int) -> None:
    """Else nobody would ever be refused."""
    assert forecast(learned(), ahead) >= 0.4 * simulate([REPLY_TOKENS] * BATCH_SIZE, ahead)


@given(st.integers(0, 50), st.integers(1, BATCH_SIZE - 1), st.integers(1, LONG_TOKENS))
def test_more_waiting_more_running_and_more_tokens_never_take_less(ahead: int, running: int, max_tokens: int) -> None:
    estimate = learned()
    base = forecast(estimate, ahead, running, max_tokens)
    assert forecast(estimate, ahead + 1, running, max_tokens) >= base
    assert forecast(estimate, ahead, running + 1, max_tokens) >= base
    assert forecast(estimate, ahead, running, max_tokens + 1) >= base


def test_short_reply_is_forecast_to_take_less_than_a_long_one() -> None:
    assert forecast(learned(), 0, max_tokens=2) < forecast(learned(), 0, max_tokens=REPLY_TOKENS)


def test_one_step_on_a_machine_that_slept_does_not_double_the_forecast() -> None:
    estimate = learned()
    before = forecast(estimate, 4)
    estimate.stepped(BATCH_SIZE, 480.0)
    assert forecast(estimate, 4) < 2 * before


def test_machine_that_got_three_times_slower_is_known_after_fifteen_steps() -> None:
    estimate = learned()
    before = forecast(estimate, 4)
    for _ in range(15):
        estimate.stepped(BATCH_SIZE, 3 * STEP_S)
    assert 2 * before < forecast(estimate, 4) < 3 * before
