"""The group writer: order, groups, flushing, closing, upkeep, and what a bug in `write` costs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from llm_agentd.util.group_writer import GroupWriter

WAIT_S = 30.0  # never reached; a hang fails instead of hanging the run


class Gate:
    """A `write` that keeps what it gets, and stands still while the gate is shut."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.is_writing = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()

    def write(self, group: list[int]) -> None:
        self.is_writing.set()
        assert self.is_open.wait(WAIT_S)
        self.groups.append(group)

    def shut(self) -> None:
        self.is_writing.clear()
        self.is_open.clear()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.is_open.set()


def test_items_put_during_a_write_are_written_in_order_as_groups(gate: Gate) -> None:
    writer = GroupWriter("writer", gate.write, group_max=3)
    writer.start()
    gate.shut()
    writer.put(0)
    assert gate.is_writing.wait(WAIT_S)
    for item in range(1, 8):
        writer.put(item)
    gate.is_open.set()
    assert writer.flush(WAIT_S)
    assert gate.groups == [[0], [1, 2, 3], [4, 5, 6], [7]]
    assert writer.close(WAIT_S)


def test_items_put_before_start_are_written_at_once_after_it(gate: Gate) -> None:
    writer = GroupWriter("writer", gate.write, group_max=10)
    writer.put(1)
    writer.put(2)
    assert writer.queued == 2
    writer.start()
    assert writer.flush(WAIT_S)
    assert gate.groups == [[1, 2]]
    assert writer.queued == 0
    writer.close(WAIT_S)


def test_flush_while_the_disk_hangs_returns_false_in_time(gate: Gate) -> None:
    writer = GroupWriter("writer", gate.write)
    writer.start()
    gate.shut()
    writer.put(1)
    assert not writer.flush(0.05)
    gate.is_open.set()
    assert writer.close(WAIT_S)


@pytest.mark.parametrize("act", ["flush", "close", "urgent"])
def test_waiting_caller_ends_the_lingering(gate: Gate, act: str) -> None:
    writer = GroupWriter("writer", gate.write, linger_s=10 * WAIT_S)
    writer.start()
    writer.put(1)
    if act == "flush":
        assert writer.flush(WAIT_S)
    elif act == "close":
        assert writer.close(WAIT_S)
    else:
        writer.put(2, urgent=True)
        assert gate.is_writing.wait(WAIT_S)
    assert writer.close(WAIT_S)


def test_close_writes_what_is_queued_and_ends_the_thread(gate: Gate) -> None:
    writer = GroupWriter("a-writer", gate.write, linger_s=10 * WAIT_S, group_max=10)
    writer.start()
    writer.put(1)
    assert writer.close(WAIT_S)
    assert gate.groups == [[1]]
    assert "a-writer" not in {thread.name for thread in threading.enumerate()}


def test_close_while_the_disk_hangs_returns_false(gate: Gate) -> None:
    writer = GroupWriter("writer", gate.write)
    writer.start()
    gate.shut()
    writer.put(1)
    assert not writer.close(0.05)
    gate.is_open.set()
    assert writer.close(WAIT_S)


def test_close_of_a_writer_never_started_returns_true(gate: Gate) -> None:
    writer = GroupWriter("writer", gate.write)
    writer.put(1)
    assert writer.close(WAIT_S)
    assert gate.groups == []


def test_queue_at_its_limit_is_full_until_written(gate: Gate) -> None:
    writer = GroupWriter("writer", gate.write, queue_max=2)
    writer.put(1)
    assert not writer.is_full
    writer.put(2)
    assert writer.is_full
    writer.start()
    assert writer.flush(WAIT_S)
    assert not writer.is_full
    writer.close(WAIT_S)


def test_tick_runs_at_start_after_each_round_and_by_itself(gate: Gate) -> None:
    ticks = threading.Semaphore(0)
    writer = GroupWriter("writer", gate.write, tick=ticks.release, tick_every_s=0.01)
    writer.start()
    for _ in range(3):
        assert ticks.acquire(timeout=WAIT_S)
    writer.close(WAIT_S)


def test_flush_returns_after_the_tick_of_its_round(gate: Gate) -> None:
    seen: list[int] = []
    writer = GroupWriter("writer", gate.write, tick=lambda: seen.append(len(gate.groups)))
    writer.start()
    writer.put(1)
    assert writer.flush(WAIT_S)
    assert seen[-1] == 1
    writer.close(WAIT_S)


def test_exception_in_write_is_logged_and_later_items_are_written(caplog: pytest.LogCaptureFixture) -> None:
    written: list[int] = []

    def write(group: list[int]) -> None:
        if 1 in group:
            raise KeyError("a bug")
        written.extend(group)

    writer = GroupWriter("writer", write)
    writer.start()
    with caplog.at_level(logging.ERROR):
        writer.put(1)
        assert writer.flush(WAIT_S)
    writer.put(2)
    assert writer.close(WAIT_S)
    assert written == [2]
    assert "writer: a bug" in caplog.text
