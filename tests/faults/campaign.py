"""The campaign's sizes and its ledger: how often each scenario tries, and what became of each try.

`make test` runs the short form, `make test-faults` the long one (FAULTS=long). Each scenario is a test with the fixture
`tally`; it counts with `check` and `lost`, and the test fails where either found something. The table at the end is
made of these counts, also where several worker processes ran the tests (xdist carries them in `user_properties`).

Environment: FAULTS (short or long), FAULTS_SEED (a number; a failure names the one it ran with), FAULTS_JSON (a file
for the table). Knows pytest, nothing of the daemon.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

LONG = os.environ.get("FAULTS", "short") == "long"
SEED = int(os.environ.get("FAULTS_SEED", "1"))
NOTES_MAX = 20  # of one scenario that are printed: the first ones tell what happened
PROPERTY = "faults"
LONGEST_FIRST = (
    "test_kill_daemon",
    "test_kill_chain",
    "test_soak",
    "test_damage",
    "test_fuzz",
    "test_bombs",
    "test_disk",
)


def size(*, short: T, long: T) -> T:
    """How often, or how long, in the form that runs."""
    return long if LONG else short


class Tally:
    """One scenario's line of the table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tried = 0
        self.lost_count = 0
        self.failed = 0
        self.notes: list[str] = []
        self.figures: dict[str, float | int | str] = {}
        self.random = random.Random(f"{SEED} {name}")  # of its own, so that a test alone does what it does in a run

    def check(self, holds: object, what: str) -> bool:
        """One try; `what` says what was wrong where it does not hold."""
        self.tried += 1
        if not holds:
            self.failed += 1
            self._note(f"failed: {what}")
        return bool(holds)

    def passed(self, count: int) -> None:
        """So many tries that need no words."""
        self.tried += count

    def lost(self, what: str) -> None:
        """Something that was acknowledged is gone, or something is there twice or damaged."""
        self.lost_count += 1
        self._note(f"lost: {what}")

    def figure(self, **figures: float | int | str) -> None:
        """What was measured along the way; printed behind the line."""
        self.figures |= {key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()}

    def line(self) -> str:
        more = ", ".join(f"{key} {value}" for key, value in self.figures.items())
        return f"{self.name:44} {self.tried:8} {self.lost_count:6} {self.failed:7}  {more}".rstrip()

    def _note(self, text: str) -> None:
        if len(self.notes) < NOTES_MAX:
            self.notes.append(text)


HEADER = f"{'scenario':44} {'tried':>8} {'lost':>6} {'failed':>7}"


@pytest.fixture
def tally(request: pytest.FixtureRequest, record_property: Any) -> Iterator[Tally]:
    """Counts; `pytest_runtest_call` below fails the test by it."""
    counted = Tally(request.node.name.removeprefix("test_"))
    yield counted
    # A scenario that broke off has failed, whatever it had counted so far.
    if getattr(request.node, "faults_broke_off", False):
        counted.check(False, "broke off, see its traceback")
    record_property(
        PROPERTY,
        {
            "scenario": counted.name,
            "tried": counted.tried,
            "lost": counted.lost_count,
            "failed": counted.failed,
            "notes": counted.notes,
            "figures": counted.figures,
            "line": counted.line(),
        },
    )
    print(f"\n{HEADER}\n{counted.line()}")


@pytest.hookimpl(trylast=True)  # behind the order of tests/conftest.py
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the long form those that take minutes come first, so that none of them is left alone at the end."""
    if LONG:
        items.sort(key=lambda item: LONGEST_FIRST.index(item.path.stem) if item.path.stem in LONGEST_FIRST else 99)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    counted = getattr(item, "funcargs", {}).get("tally")
    try:
        result = yield
    except BaseException:
        item.faults_broke_off = True  # type: ignore[attr-defined]
        raise
    if counted is not None and (counted.lost_count or counted.failed):
        lines = "\n".join(f"  {note}" for note in counted.notes)
        pytest.fail(f"{HEADER}\n{counted.line()}\n{lines}\n  (FAULTS_SEED={SEED})", pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of all scenarios that ran, and FAULTS_JSON."""
    reports = (report for kind in terminalreporter.stats.values() for report in kind)
    ended = [report for report in reports if getattr(report, "when", None) == "teardown"]
    lines = [value for report in ended for name, value in report.user_properties if name == PROPERTY]
    if not lines:
        return
    lines.sort(key=lambda line: line["scenario"])
    terminalreporter.section(f"faults ({'long' if LONG else 'short'} form, seed {SEED})")
    terminalreporter.write_line(HEADER)
    for line in lines:
        terminalreporter.write_line(line["line"], red=bool(line["lost"] or line["failed"]))
    total = {key: sum(line[key] for line in lines) for key in ("tried", "lost", "failed")}
    terminalreporter.write_line(f"{'all':44} {total['tried']:8} {total['lost']:6} {total['failed']:7}")
    if path := os.environ.get("FAULTS_JSON"):
        content = {"form": "long" if LONG else "short", "seed": SEED, "total": total, "scenarios": lines}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
