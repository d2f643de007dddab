"""The engine hangs, the daemon hangs or dies, a request kills it time and again: `serve` mends that, `/readyz` says so.

A thread that hangs is made by ptrace, which stops one thread of another process and no other; the engine's is known by
its scheduling (`model.cpu_priority=batch`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.faults.campaign import Tally, size
from tests.faults.host import Host, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

NOT_READY_MAX_S = 45.0  # until /readyz says so: a step of the model may take 30 s
BACK_MAX_S = 100.0  # the watchdog waits a minute; then another process starts
LONG_ANSWER = "root ::= [a-z ]{900,1000}"
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207


def hold_thread(tid: int, until: threading.Event) -> threading.Thread:
    """Stops that thread of another process until the event, or for ever where the process is killed first."""
    held = threading.Event()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def hold() -> None:  # ptrace wants all calls of one tracer to come from one thread, and lets go where it ends
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            assert libc.ptrace(request, tid, None, None) == 0, os.strerror(ctypes.get_errno())
        held.set()
        while not until.wait(0.1) and not is_dead(tid):  # a dead thread can be buried once its tracer lets go of it
            pass

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert held.wait(10), "ptrace is not allowed here"
    return thread


def is_dead(tid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{tid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "ZX"
    return True


def engine_threads(pid: int) -> list[int]:
    tids = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    return [tid for tid in tids if os.sched_getscheduler(tid) == os.SCHED_BATCH]


def pid_of_daemon(http: httpx2.Client) -> int | None:
    with contextlib.suppress(Exception):
        return int(http.get("/info").json()["pid"])
    return None


def is_answered(http: httpx2.Client, prompt: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return http.post("/infer", json={"prompt": prompt}).status_code == 200
    return False


def is_another_ready(http: httpx2.Client, old: int) -> bool:
    return pid_of_daemon(http) not in (None, old) and readiness(http) == 200


def readiness(http: httpx2.Client) -> int:
    with contextlib.suppress(httpx2.HTTPError):
        return http.get("/readyz").status_code
    return 0


HANGS = size(
    short=(), long=("daemon_hangs", "engine_thread_hangs")
)  # each takes a minute, as a watchdog must be patient


@pytest.mark.parametrize("what", ["daemon_killed", *HANGS])
def test_engine(tally: Tally, tmp_path: Path, what: str) -> None:
    with Host(tmp_path, "model.cpu_priority=batch") as host:
        serve = host.ready("serve")
        with host.http() as http:
            for number in range(size(short=1, long=3) if what == "daemon_killed" else 1):
                assert is_answered(http, f"Before {number}")
                pid = pid_of_daemon(http)
                assert pid is not None
                let_go, begun_s = threading.Event(), time.monotonic()
                if what == "daemon_killed":
                    os.kill(pid, signal.SIGKILL)
                elif what == "daemon_hangs":
                    os.kill(pid, signal.SIGSTOP)
                else:
                    for tid in engine_threads(pid):
                        hold_thread(tid, let_go)
                    threading.Thread(target=is_answered, args=(host.http(), "There is work to do"), daemon=True).start()
                told = wait_until(lambda: readiness(http) == 503, 5 if what == "daemon_killed" else NOT_READY_MAX_S)
                told_s = time.monotonic() - begun_s
                # One that is only killed may be back before anybody has asked.
                tally.check(told or what == "daemon_killed", f"/readyz did not say 503 within {told_s:.0f} s")
                back = wait_until(lambda old=pid: is_another_ready(http, old), BACK_MAX_S)  # type: ignore[misc]
                tally.check(back, f"no other daemon within {BACK_MAX_S:.0f} s: {serve.errors()[-500:]}")
                tally.figure(told_s=told_s, back_s=time.monotonic() - begun_s)
                let_go.set()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                tally.check(wait_until(lambda: is_answered(http, "After it"), BACK_MAX_S), "not served afterwards")
            lines = [line for line in serve.errors().splitlines() if "starting it again" in line]
            tally.check(lines, f"the supervisor says nothing: {serve.errors()[-500:]!r}")
        tally.check(serve.stop() == 0, f"exit code {serve.popen.returncode}")


def test_request_that_kills_the_daemon(tally: Tally, tmp_path: Path) -> None:
    """Whoever has it dies before it is answered: it is given up, in time, and all others are served."""
    with Host(tmp_path, "model.engine=auto", "zmq.retry_s=20") as host:
        serve = host.ready("serve")
        answers: list[httpx2.Response] = []
        deadline_ms = 25_000

        def ask_for_death() -> None:
            body = {"prompt": "Kill me", "deadline_ms": deadline_ms, "max_tokens": 1000, "grammar": LONG_ANSWER}
            with host.http(timeout_s=90) as http:
                answers.append(http.post("/infer", json=body))

        with host.http() as http:
            deaths, begun_s = 0, time.monotonic()
            thread = threading.Thread(target=ask_for_death, daemon=True)
            thread.start()
            killed: set[int] = set()
            while thread.is_alive() and time.monotonic() - begun_s < 60:
                # The answer takes seconds: by then the daemon that has the request is dead.
                for child in psutil.Process(serve.pid).children():
                    with contextlib.suppress(psutil.Error):
                        waiting = child.pid not in killed and "http" not in child.cmdline()
                        if waiting and is_computing(host):
                            child.kill()
                            killed.add(child.pid)
                            deaths += 1
                time.sleep(0.01)
            thread.join(60)
            took_s = time.monotonic() - begun_s
            tally.check(answers, "it was not answered")
            if answers:
                is_given_up = answers[0].status_code in (502, 504)
                tally.check(is_given_up, f"{answers[0].status_code} {answers[0].text[:300]}")
            tally.check(deaths <= 3, f"{deaths} daemons died of it")
            tally.check(took_s < deadline_ms / 1000 + 10, f"answered after {took_s:.0f} s")
            tally.check(
                wait_until(lambda: is_answered(http, "And now?"), BACK_MAX_S), "others are not served afterwards"
            )
            tally.figure(deaths=deaths, answered_s=took_s)
        tally.check(serve.stop() == 0, f"exit code {serve.popen.returncode}")


def is_computing(host: Host) -> bool:
    """Whether the daemon that runs now has a request that it has not answered."""
    with contextlib.suppress(Exception), host.client(timeout_s=1) as client:
        return bool(client.stats()["open"])
    return False
