"""CPUs and scheduling priority of the engine thread, so that it gives way to the game.

Called by the engine thread for itself, before its first decode: both hold for a thread alone, and the engine's own
threads, which it starts later, inherit them. That is Linux; elsewhere both are the whole process's, which gives way to
the game just as well, and macOS pins nothing.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
from collections.abc import Sequence
from typing import Literal, TypeAlias

from llm_agentd.errors import StartError

log = logging.getLogger(__name__)

CpuPriority: TypeAlias = Literal["normal", "nice", "batch", "idle"]
NICE = 10  # the router's and the game's threads win the CPU; p99 of an echo beside a full decode fell 3.6 → 0.3 ms


def pick_cpus(wanted: str | Sequence[int], available: Sequence[int]) -> tuple[int, ...]:
    """CPUs of the engine thread; () = wherever the kernel likes.

    `auto` leaves the first CPU to the game where there are more than two; with one or two there is none to spare, and
    niceness alone decides. Raises StartError for a CPU this machine does not lend.
    """
    if wanted == "off":
        return ()
    if wanted == "auto":
        return tuple(available[1:]) if len(available) > 2 else ()
    missing = sorted(set(map(int, wanted)) - set(available))
    if missing:
        raise StartError(f"model.pin_cpus: no CPU {missing[0]} here; available: {', '.join(map(str, available))}")
    return tuple(map(int, wanted))


def apply_affinity(pin_cpus: Sequence[int], priority: CpuPriority) -> None:
    """Pins the calling thread and lowers its priority; warns where the kernel refuses: all works without.

    `normal`: as the process was started. `nice`: +10. `batch`: that, and never woken in another's turn. `idle`: only
    what nobody else wants.
    """
    thread = threading.get_native_id()
    try:
        if pin_cpus:
            _pin(thread, pin_cpus)
    except OSError as error:
        log.warning("model.pin_cpus: the kernel refuses (%s); the engine thread runs on any CPU", error.strerror)
    try:
        _give_way(thread, priority)
    except OSError as error:
        log.warning(
            "model.cpu_priority: the kernel refuses %s (%s); the model may take time from the game: "
            "allow sched_setscheduler and setpriority in the sandbox, or start the daemon under `nice`",
            priority,
            error.strerror,
        )


def _pin(thread: int, cpus: Sequence[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(thread, cpus)
        return
    import psutil  # a megabyte, which Linux needs not

    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):
        raise OSError(errno.ENOTSUP, f"{sys.platform} pins no thread to a CPU")
    process.cpu_affinity(list(cpus))


def _give_way(thread: int, priority: CpuPriority) -> None:
    if not hasattr(os, "sched_setscheduler"):
        import psutil

        if priority != "normal":
            psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICE))
        return
    if priority in ("nice", "batch"):
        os.setpriority(os.PRIO_PROCESS, thread, max(NICE, os.getpriority(os.PRIO_PROCESS, thread)))
    policy = {"batch": os.SCHED_BATCH, "idle": os.SCHED_IDLE}.get(priority)
    if policy is not None:
        os.sched_setscheduler(thread, policy, os.sched_param(0))
