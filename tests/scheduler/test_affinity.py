"""The engine thread gives way: as configured, it alone, its workers with it, and a kernel that refuses is said."""

from __future__ import annotations

import errno
import logging
import os
import threading

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
def test_the_inference_thread_and_its_workers_give_way(
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

    with InProcess(endpoint, engine=engine, pin_cpus=(cpu,), cpu_priority=priority) as daemon:
        router = daemon.router._thread.native_id or 0
        assert os.sched_getscheduler(router) == before[1]
        assert os.getpriority(os.PRIO_PROCESS, router) == before[2]
    assert seen == [({cpu}, policy, max(nice, before[2]))] * 2
    assert facts_of_this_thread() == before


def test_a_kernel_that_refuses_is_said_and_all_works(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, endpoint: str
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    daemon = InProcess(endpoint, pin_cpus=(0,), cpu_priority="idle")
    with caplog.at_level(logging.WARNING), daemon, daemon.client() as client:
        assert client.ask(op="infer", prompt="Still here?")["event"] == "done"
    pinned, gave_way = (record.getMessage() for record in caplog.records)
    assert pinned.startswith("model.pin_cpus: the kernel refuses (Operation not permitted)")
    assert gave_way.startswith("model.cpu_priority: the kernel refuses idle (Operation not permitted)")


def test_normal_asks_the_kernel_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
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
