"""CPUs and priority of the engine thread: as configured, for it and its workers alone."""

from __future__ import annotations

import errno
import logging
import os
import threading

import psutil
import pytest

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import StartError
from llm_agentd.scheduler.affinity import NICE, CpuPriority, apply_affinity, pick_cpus
from tests.support.daemon_in_process import InProcess

Facts = tuple[set[int], int, int]  # CPUs, policy, niceness


def facts_of_this_thread() -> Facts:
    thread = threading.get_native_id()
    return os.sched_getaffinity(thread), os.sched_getscheduler(thread), os.getpriority(os.PRIO_PROCESS, thread)


@pytest.mark.parametrize(
    ("priority", "policy", "nice"),
    [
        ("normal", os.SCHED_OTHER, 0),
        ("nice", os.SCHED_OTHER, NICE),
        ("batch", os.SCHED_BATCH, NICE),
        ("idle", os.SCHED_IDLE, 0),
    ],
)
def test_engine_thread_and_its_workers_get_cpu_and_priority_and_the_router_does_not(
    endpoint: str, priority: CpuPriority, policy: int, nice: int
) -> None:
    cpu = min(os.sched_getaffinity(0))
    before = facts_of_this_thread()
    seen: list[Facts] = []

    def engine() -> StubEngine:
        worker = threading.Thread(target=lambda: seen.append(facts_of_this_thread()))  # as OpenMP starts its own
        worker.start()
        worker.join()
        seen.append(facts_of_this_thread())
        return StubEngine()

    with InProcess(endpoint, engine=engine, pin_cpus=(cpu,), cpu_priority=priority):
        router = next(thread for thread in threading.enumerate() if thread.name == "router").native_id or 0
        assert os.sched_getscheduler(router) == before[1]
        assert os.getpriority(os.PRIO_PROCESS, router) == before[2]
    given = max(nice, before[2]) if nice else before[2]
    assert seen == [({cpu}, policy, given)] * 2
    assert facts_of_this_thread() == before


def test_refusal_of_the_kernel_is_logged_and_requests_are_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, endpoint: str
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    daemon = InProcess(endpoint, pin_cpus=(0,), cpu_priority="idle")
    with caplog.at_level(logging.WARNING), daemon, daemon.client() as client:
        assert client.request("infer", prompt="Still here?")["event"] == "done"
    pinned, gave_way = (record.getMessage() for record in caplog.records)
    assert pinned.startswith("model.pin_cpus: the kernel refuses (Operation not permitted)")
    assert gave_way.startswith("model.cpu_priority: the kernel refuses idle (Operation not permitted)")


def test_elsewhere_the_process_gives_way_as_a_whole_and_pinning_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on macOS."""
    nice: list[int] = []
    for name in ("sched_setscheduler", "sched_setaffinity"):
        monkeypatch.delattr(os, name)
    monkeypatch.delattr(psutil.Process, "cpu_affinity")
    monkeypatch.setattr(psutil.Process, "nice", lambda _process, value: nice.append(value))
    apply_affinity((0,), "batch")
    assert nice == [NICE]
    (warning,) = caplog.messages
    assert warning.startswith("model.pin_cpus: the kernel refuses")
    assert "pins no thread" in warning
    apply_affinity((), "normal")
    assert nice == [NICE]


def test_elsewhere_the_process_is_pinned_where_that_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    pinned: list[list[int]] = []
    monkeypatch.delattr(os, "sched_setaffinity")
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda _process, cpus: pinned.append(cpus))
    apply_affinity((0,), "normal")
    assert pinned == [[0]]


def test_normal_priority_without_pinning_makes_no_system_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("asked the kernel")

    for name in ("sched_setscheduler", "sched_setaffinity", "setpriority"):
        monkeypatch.setattr(os, name, never)
    apply_affinity((), "normal")


@pytest.mark.parametrize(
    ("wanted", "available", "picked"),
    [
        ("off", [0, 1, 2], ()),
        ("auto", [0, 1], ()),
        ("auto", [0, 1, 2, 3], (1, 2, 3)),
        ((2, 3), [0, 1, 2, 3], (2, 3)),
    ],
)
def test_pick_cpus_of_those_available(wanted: str | tuple[int, ...], available: list[int], picked: object) -> None:
    assert pick_cpus(wanted, available) == picked


def test_pick_cpus_that_are_missing_is_refused() -> None:
    with pytest.raises(StartError, match=r"no CPU 7"):
        pick_cpus((7,), [0, 1])
