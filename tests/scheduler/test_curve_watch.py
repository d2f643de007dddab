"""When the curve of batch sizes is measured again, and which of two measurements holds: a fake engine, a fake clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from llm_agentd.scheduler.batch_size import ROUNDS, Curve
from llm_agentd.scheduler.curve_watch import OBSERVED_STEPS, PAUSE_MIN_S, QUIET_S, STEP_MAX_S, CurveWatch

FLAT = {1: 0.01, 2: 0.01, 4: 0.01, 8: 0.01}  # seconds of a step where more at once cost nothing
BUSY = {1: 0.01, 2: 0.03, 4: 0.06, 8: 0.12}  # the same, where a game computed beside the larger ones


class Watched:
    """A watch over an engine whose steps take what `step_s` says."""

    def __init__(self, measured_s: dict[int, float], step_s: Callable[[int], float], *, is_confirmed: bool) -> None:
        self.kept: list[Curve] = []
        self.steps: list[int] = []
        self.step_s = step_s
        self.now_s = 0.0
        self.watch = CurveWatch(Curve(measured_s, is_confirmed=is_confirmed), 8, self.kept.append)

    def observe(self, size: int, seconds: float, times: int = OBSERVED_STEPS) -> None:
        for _ in range(times):
            self.watch.stepped(size, seconds)

    def is_due(self) -> bool:
        return self.watch.is_due(self.now_s, QUIET_S)

    def measure(self) -> None:
        """To the end, as a quiet engine loop does."""

        def timed(size: int) -> float:
            self.steps.append(size)
            return self.step_s(size)

        while not self.watch.measure_one(timed, self.now_s):
            assert self.is_due()


def test_curve_of_a_busy_start_is_measured_again_once_it_is_quiet() -> None:
    watched = Watched(BUSY, lambda size: 0.01, is_confirmed=False)
    assert watched.watch.curve.useful_size(8) == 1
    assert not watched.watch.is_due(0.0, QUIET_S - 1)
    assert watched.is_due()
    watched.measure()
    assert watched.watch.curve == watched.kept[0] == Curve(FLAT, is_confirmed=True)
    assert watched.watch.curve.useful_size(8) == 8
    assert not watched.is_due(), "it was measured twice"
    assert {size: watched.steps.count(size) for size in FLAT} == dict.fromkeys(FLAT, ROUNDS)


def test_quicker_steps_of_both_measurements_hold() -> None:
    watched = Watched({1: 0.02, 2: 0.02, 4: 0.02, 8: 0.02}, BUSY.__getitem__, is_confirmed=False)
    watched.measure()
    assert watched.watch.curve.measured_s == {1: 0.01, 2: 0.02, 4: 0.02, 8: 0.02}


@pytest.mark.parametrize("ratio", [0.5, 4.0])
def test_steps_that_belie_the_curve_have_it_measured_again(ratio: float) -> None:
    watched = Watched(FLAT, lambda size: 0.01 * ratio, is_confirmed=True)
    assert not watched.is_due()
    watched.observe(2, 0.01 * ratio, OBSERVED_STEPS - 1)
    assert not watched.is_due(), "too few to be believed"
    watched.observe(2, 0.01 * ratio, 1)
    assert watched.is_due()
    watched.measure()
    assert watched.watch.curve.measured_s == dict.fromkeys(FLAT, 0.01 * ratio)


@pytest.mark.parametrize("ratio", [0.9, 1.0, 2.5])
def test_steps_behind_a_context_and_under_a_grammar_belie_nothing(ratio: float) -> None:
    watched = Watched(FLAT, lambda size: 0.01, is_confirmed=True)
    watched.observe(4, 0.01 * ratio)
    watched.observe(3, 0.01, OBSERVED_STEPS // 2)
    assert not watched.is_due()


def test_outliers_and_engines_that_do_not_tell_are_not_believed() -> None:
    watched = Watched(FLAT, lambda size: 0.01, is_confirmed=True)
    watched.observe(2, 9.0, OBSERVED_STEPS // 2)
    watched.observe(2, 0.01, OBSERVED_STEPS // 2 + 1)
    watched.observe(1, 0.0)
    assert not watched.is_due()


def test_machine_that_stays_busy_is_measured_less_and_less_often() -> None:
    watched = Watched(FLAT, lambda size: 0.01, is_confirmed=True)
    waits_s = []
    for _ in range(4):
        watched.observe(1, 0.05)
        asked_s = watched.now_s
        while not watched.is_due():
            watched.now_s += 60
        waits_s.append(watched.now_s - asked_s)
        watched.measure()
    assert waits_s == [0, PAUSE_MIN_S, 2 * PAUSE_MIN_S, 4 * PAUSE_MIN_S]


def test_sizes_beyond_one_whose_step_takes_long_are_not_measured() -> None:
    watched = Watched({1: 0.1}, lambda size: STEP_MAX_S * size / 3, is_confirmed=False)
    watched.measure()
    assert watched.steps.count(8) == 0
    assert watched.steps.count(4) == ROUNDS
    assert set(watched.watch.curve.measured_s) == {1, 2, 4}
