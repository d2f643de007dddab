"""How many sequences pay: curves of all shapes, measured with a fake clock, remembered in a real file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.scheduler.batch_size import FILE, Curve, find_curve, load_curve, measure_curve, save_curve
from tests.support.damage import damages

SIZES = (1, 2, 4, 8, 16)


class Machine:
    """A clock that only its steps move."""

    def __init__(self, step_s: Callable[[int], float]) -> None:
        self.now_s = 0.0
        self.steps: list[int] = []
        self._step_s = step_s

    def clock(self) -> float:
        return self.now_s

    def step(self, size: int) -> float:
        self.steps.append(size)
        seconds = self._step_s(size)
        self.now_s += seconds
        return seconds


@pytest.mark.parametrize(
    ("step_s", "useful"),
    [
        (lambda size: 0.01 * size, 1),  # flat: computing is all there is
        (lambda size: 0.01, 16),  # a step costs the same at any size
        (lambda size: 0.01 + max(0, size - 4) * 0.02, 4),  # a knee
        (lambda size: 0.05 + 0.001 * size, 16),
    ],
)
def test_useful_size_is_the_smallest_that_is_as_good_as_the_best(step_s: Callable[[int], float], useful: int) -> None:
    machine = Machine(step_s)
    assert measure_curve(machine.step, 16, clock=machine.clock).useful_size(16) == useful


@given(st.lists(st.floats(0.001, 1.0), min_size=5, max_size=5), st.integers(1, 16))
def test_useful_size_is_within_the_maximum_and_near_the_best_rate(seconds: list[float], size_max: int) -> None:
    curve = Curve(dict(zip(SIZES, sorted(seconds), strict=True)))
    useful = curve.useful_size(size_max)
    assert 1 <= useful <= size_max
    best = max(size / curve.step_s(size) for size in (*SIZES, size_max) if size <= size_max)
    assert useful / curve.step_s(useful) >= 0.949 * best


def test_measuring_a_slow_engine_keeps_the_budget() -> None:
    machine = Machine(lambda size: 0.5 + 0.05 * size)
    curve = measure_curve(machine.step, 16, budget_s=2.0, clock=machine.clock)
    assert machine.now_s < 3.5
    assert set(curve.measured_s) >= {1, 2, 4}


def test_measuring_a_quick_engine_takes_five_rounds() -> None:
    machine = Machine(lambda size: 0.001)
    measure_curve(machine.step, 8, clock=machine.clock)
    assert {size: machine.steps.count(size) for size in (1, 2, 4, 8)} == dict.fromkeys((1, 2, 4, 8), 5)


@pytest.mark.parametrize("size_max", [1, 3, 5, 6, 12])
def test_maximum_size_itself_is_measured(size_max: int) -> None:
    machine = Machine(lambda size: 0.001)
    assert measure_curve(machine.step, size_max, clock=machine.clock).largest == size_max


def test_larger_batch_is_allowed_where_little_is_lost() -> None:
    assert Curve({1: 1.0, 2: 1.0, 4: 2.1}).allows(4)
    assert not Curve({1: 1.0, 2: 1.0, 4: 2.6}).allows(4)
    assert not Curve({1: 1.0, 2: 1.0}).allows(3), "nobody measured it"


@pytest.mark.parametrize("steps", [{}, {0: 1.0}, {1: 0.0}, {1: float("nan")}])
def test_invalid_curve_is_refused(steps: dict[int, float]) -> None:
    with pytest.raises(ValueError, match=r"curve|step"):
        Curve(steps)


def test_curve_is_loaded_by_its_key(tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert load_curve(path, "a") is None
    for key, seconds in (("a", 1.0), ("b", 2.0)):
        save_curve(path, key, Curve({1: seconds}))
    assert load_curve(path, "a") == Curve({1: 1.0})
    assert load_curve(path, "b") == Curve({1: 2.0})
    assert load_curve(path, "c") is None
    assert list(tmp_path.iterdir()) == [path], "no half-written file is left"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"a": 3}', b'{"a": {"1": 1}}', b'{"a": {"measured_s": {"1": -1}, "is_confirmed": false}}'],
)
def test_damaged_file_loads_no_curve_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    assert load_curve(path, "a") is None
    save_curve(path, "a", Curve({1: 1.0}, is_confirmed=True))
    assert load_curve(path, "a") == Curve({1: 1.0}, is_confirmed=True)


def test_curve_is_found_and_a_later_one_kept_in_its_place(tmp_path: Path) -> None:
    engine = StubEngine(max_num_seqs=2)
    curve, keep = find_curve(engine, tmp_path)
    assert not curve.is_confirmed
    keep(Curve({1: 1.0}, is_confirmed=True))
    assert find_curve(engine, tmp_path)[0] == Curve({1: 1.0}, is_confirmed=True)
    assert find_curve(engine, None)[0] == curve


def test_200_damages_load_a_curve_or_none_and_are_replaced(tmp_path: Path) -> None:
    path, curve = tmp_path / FILE, Curve({1: 0.01, 2: 0.015, 4: 0.03})
    for damage in damages(200, seed=5):
        path.unlink(missing_ok=True)
        for key in ("model a", "model b"):
            save_curve(path, key, curve)
        damage.apply([path])
        load_curve(path, "model a")
        save_curve(path, "model a", curve)
        assert load_curve(path, "model a") == curve


def test_unwritable_folder_is_logged_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_curve(tmp_path / "none" / FILE, "a", Curve({1: 1.0}))
    assert "measured at each start" in caplog.text


def test_file_is_for_its_owner_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save_curve(tmp_path / "sizes.json", "a", Curve({1: 1.0}))
    finally:
        os.umask(before)
    assert (tmp_path / "sizes.json").stat().st_mode & 0o777 == 0o600
