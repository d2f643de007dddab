"""How many sequences pay: curves of all shapes, measured with a fake clock, remembered in a real file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.scheduler.batch_size import Curve, measure, remember, remembered

WIDTHS = (1, 2, 4, 8, 16)


class Machine:
    """A clock that only its steps move."""

    def __init__(self, step_s: Callable[[int], float]) -> None:
        self.now_s = 0.0
        self.steps: list[int] = []
        self._step_s = step_s

    def clock(self) -> float:
        return self.now_s

    def step(self, width: int) -> float:
        self.steps.append(width)
        seconds = self._step_s(width)
        self.now_s += seconds
        return seconds


@pytest.mark.parametrize(
    ("step_s", "useful"),
    [
        (lambda width: 0.01 * width, 1),  # flat: computing is all there is
        (lambda width: 0.01, 16),  # a step costs the same at any width
        (lambda width: 0.01 + max(0, width - 4) * 0.02, 4),  # a knee
        (lambda width: 0.05 + 0.001 * width, 16),
    ],
)
def test_the_smallest_width_that_is_as_good_as_the_best(step_s: Callable[[int], float], useful: int) -> None:
    machine = Machine(step_s)
    assert measure(machine.step, 16, clock=machine.clock).useful(16) == useful


@given(st.lists(st.floats(0.001, 1.0), min_size=5, max_size=5), st.integers(1, 16))
def test_never_wider_than_asked_and_never_much_slower_than_the_best(seconds: list[float], cap: int) -> None:
    curve = Curve(dict(zip(WIDTHS, sorted(seconds), strict=True)))
    useful = curve.useful(cap)
    assert 1 <= useful <= cap
    best = max(width / curve.step_s(width) for width in (*WIDTHS, cap) if width <= cap)
    assert useful / curve.step_s(useful) >= 0.949 * best


def test_a_slow_engine_is_measured_within_the_budget() -> None:
    machine = Machine(lambda width: 0.5 + 0.05 * width)
    curve = measure(machine.step, 16, budget_s=2.0, clock=machine.clock)
    assert machine.now_s < 3.5
    assert set(curve.measured_s) >= {1, 2, 4}


def test_a_quick_engine_is_measured_several_times() -> None:
    machine = Machine(lambda width: 0.001)
    measure(machine.step, 8, clock=machine.clock)
    assert {width: machine.steps.count(width) for width in (1, 2, 4, 8)} == dict.fromkeys((1, 2, 4, 8), 5)


@pytest.mark.parametrize("cap", [1, 3, 5, 6, 12])
def test_the_cap_itself_is_measured(cap: int) -> None:
    machine = Machine(lambda width: 0.001)
    assert measure(machine.step, cap, clock=machine.clock).widest == cap


def test_widening_pays_where_little_is_lost() -> None:
    assert Curve({1: 1.0, 2: 1.0, 4: 2.1}).pays(4)
    assert not Curve({1: 1.0, 2: 1.0, 4: 2.6}).pays(4)
    assert not Curve({1: 1.0, 2: 1.0}).pays(3), "nobody measured it"


@pytest.mark.parametrize("steps", [{}, {0: 1.0}, {1: 0.0}, {1: float("nan")}])
def test_what_is_no_curve(steps: dict[int, float]) -> None:
    with pytest.raises(ValueError, match=r"curve|step"):
        Curve(steps)


def test_remembered_by_its_key(tmp_path: Path) -> None:
    path = tmp_path / "widths.json"
    assert remembered(path, "a") is None
    for key, seconds in (("a", 1.0), ("b", 2.0)):
        remember(path, key, Curve({1: seconds}))
    assert remembered(path, "a") == Curve({1: 1.0})
    assert remembered(path, "b") == Curve({1: 2.0})
    assert remembered(path, "c") is None
    assert list(tmp_path.iterdir()) == [path], "no half-written file is left"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 3}', b'{"a": {"x": 1}}', b'{"a": {"1": -1}}'])
def test_a_damaged_file_means_measuring_again(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "widths.json"
    path.write_bytes(content)
    assert remembered(path, "a") is None
    remember(path, "a", Curve({1: 1.0}))
    assert remembered(path, "a") == Curve({1: 1.0})


def test_a_disk_that_refuses_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    remember(tmp_path / "none" / "widths.json", "a", Curve({1: 1.0}))
    assert "measured at each start" in caplog.text
