"""Starts the processes in which bindings are proven and timed (`child`), and hears what they found. Engine thread."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import orjson

# A binding that takes longer is passed over: the model is too slow for this machine, or the machine busy. Three of them
# stay within the 300 s that systemd gives a start.
CHILD_MAX_S = 60.0
# Who had less of its CPUs than this met a busy machine, and may be quick enough at another start.
BUSY_BELOW_SHARE = 0.5
PROGRAM = (sys.executable, "-m", "llm_agentd.engines.proof.child")

Order: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]
# Gives a process that loads a model its turn, with what it is compared with; returns what it found.
Turn: TypeAlias = Callable[[dict[str, Any] | None], Answer]


def start_child(order: Order, *, program: Sequence[str] = PROGRAM, limit_s: float = CHILD_MAX_S) -> Turn:
    """A process that loads at once, and computes when its turn comes. What goes wrong is a fault in its answer."""
    command = [*program, orjson.dumps(order).decode()]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        fault = {"fault": f"no process can be started to prove it ({error})"}
        return lambda reference: fault
    busy_below_s = BUSY_BELOW_SHARE * limit_s * order.get("threads", 1)
    return lambda reference: _answer(process, orjson.dumps(reference) + b"\n", limit_s, busy_below_s)


def _answer(process: subprocess.Popen[bytes], turn: bytes, limit_s: float, busy_below_s: float) -> Answer:
    with process:
        try:
            said, _ = process.communicate(turn, timeout=limit_s)
        except subprocess.TimeoutExpired:
            is_busy = cpu_s(process.pid) < busy_below_s
            process.kill()
            return {"fault": f"it took more than {limit_s:.0f} s to prove itself", "is_busy": is_busy}
    lines = said.splitlines()
    if process.returncode or not lines:
        return {"fault": f"it crashed (the process that proved it ended with {process.returncode})"}
    try:
        answer: Answer = orjson.loads(lines[-1])
    except ValueError:
        return {"fault": "the process that proved it said what nobody understands"}
    return answer


def cpu_s(pid: int) -> float:
    """Seconds that a process has computed; 0 where it has just ended."""
    import psutil  # a megabyte, for a first start

    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
