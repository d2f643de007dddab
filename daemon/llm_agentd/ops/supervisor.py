"""Runs the daemon and the HTTP adapter as two child processes and starts again whichever dies, or hangs.

Runs in the main thread of `llm-agentd serve`, with one thread for each child's stdout and one for what the daemon
reports: its engine loop feeds a watchdog, as it would systemd's. Knows commands and exit codes, nothing of what the
children do. With our units it is not used: there each has one of its own, and systemd supervises both. Where a unit
runs it all the same, systemd watches this process, and this one its children.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from llm_agentd.errors import StartError
from llm_agentd.ops import sd_notify
from llm_agentd.ops.exit_status import EXPLAINED_CODES, fix, how_it_ended
from llm_agentd.util.stop_signals import stop_signals

log = logging.getLogger(__name__)

RESTART_MIN_S, RESTART_MAX_S = 0.2, 5.0  # a crash loop must not eat the machine; with the start under `zmq.retry_s`
STEADY_S = 30.0  # a child that ran this long may be restarted at once again
STOP_S = 30.0  # more than any shutdown grace; then the child is killed
WATCHDOG_S = 60.0  # as WatchdogSec in our unit: twice what the engine loop itself takes for a hang
STOOD_STILL_MIN_S = 3.0  # of this process itself: well beyond the POLL_S in which it turns
POLL_S = 1.0  # a child that closed its stdout is looked at no later than this
HAS_SIGTERM = sys.platform != "win32"  # one that a process can catch
SUPERVISED = "LLM_AGENTD_SUPERVISED"  # in the environment of a child: its stdin is the supervisor's pipe


class Child:
    """One process and its command. No dataclass, whose module takes a megabyte: this process has little else."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command = name, list(command)
        self.process: subprocess.Popen[str] | None = None
        self.ready = threading.Event()
        self.ready_facts = ""  # the key=value words of its ready line
        self.started_s = 0.0
        self.restart_in_s = RESTART_MIN_S
        self.fed_s = 0.0  # when it last said that it turns; from its ready line on, as a model may load for minutes


class Supervisor:
    """`run` starts both children, prints the one ready line, restarts what dies, stops both on SIGTERM or Ctrl-C."""

    def __init__(self, *, daemon: Sequence[str], http: Sequence[str] = (), watchdog_s: float = WATCHDOG_S) -> None:
        """The commands of the two children; no `http`: of the daemon alone. Each prints a line `ready KEY=VALUE …` when
        it can answer.

        A daemon that then says nothing for `watchdog_s` is killed, and started again.
        """
        self._daemon = Child("daemon", daemon)
        self._http = Child("http", http)
        self._children = (self._daemon, self._http) if http else (self._daemon,)
        # Wakes `run`. Not an Event: a signal handler runs in the midst of what the main thread does, and an Event whose
        # lock that thread holds just then would wait for itself for ever. A SimpleQueue's `put` may be called anywhere.
        self._wakeups: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopping = False
        self._is_ready = False
        self._watchdog_s = watchdog_s
        self._listener: sd_notify.Listener | None = None
        self._turned_s = time.monotonic()
        self._own_watchdog = sd_notify.Watchdog()

    def run(self) -> int:
        """Returns the exit code. Raises StartError where a child dies before both are ready and has not said why."""
        for number in stop_signals():
            signal.signal(number, self._on_signal)
        self._listen()
        try:
            for child in self._children:
                self._start(child)
            while not self._stopping:
                self._wait(POLL_S)
                self._print_ready()
                self._end_silent_daemon()
                for child, status in self._dead():
                    if not self._is_ready and not child.ready.is_set():
                        return self._failed_start(child, status)
                    self._restart(child, status)
            return 0
        finally:
            self._stop()

    def _on_signal(self, *_: object) -> None:
        self._stopping = True
        self._wakeups.put(None)

    def _wait(self, timeout_s: float) -> None:
        """Until a signal comes, or a child is ready or has ended; at most so long, and never longer than POLL_S."""
        self._own_watchdog.feed()
        with suppress(queue.Empty):
            self._wakeups.get(timeout=min(timeout_s, POLL_S))

    # -- the daemon's watchdog -------------------------------------------------------------------

    def _listen(self) -> None:
        try:
            self._listener = sd_notify.Listener()
        except OSError as error:
            log.warning("a daemon that hangs will not be noticed: %s", error)
            return
        threading.Thread(target=self._hear, args=(self._listener,), name="watchdog", daemon=True).start()

    def _hear(self, listener: sd_notify.Listener) -> None:
        """A thread: notes what the daemon reports. A message of one that was just killed costs a period at most."""
        with suppress(OSError):  # closed
            while True:
                if "WATCHDOG=1" in listener.receive():
                    self._daemon.fed_s = time.monotonic()

    def _end_silent_daemon(self) -> None:
        """Kills a daemon whose engine loop hangs: it cannot stop by itself, and `_dead` finds it then.

        Where this process itself stood still (Ctrl-Z, a debugger, a machine asleep), the daemon gets a whole period.
        """
        child, now_s = self._daemon, time.monotonic()
        stood_still = now_s - self._turned_s > max(self._watchdog_s / 2, STOOD_STILL_MIN_S)
        self._turned_s = now_s
        if stood_still:
            child.fed_s = now_s
        if self._listener is None or child.process is None or not child.ready.is_set():
            return
        if now_s - child.fed_s > self._watchdog_s and child.process.poll() is None:
            log.error("the engine loop of the daemon process is silent for %.0f s: it is killed", now_s - child.fed_s)
            child.process.kill()
            child.process.wait()

    # -- start and stop --------------------------------------------------------------------------

    def _start(self, child: Child) -> None:
        child.ready.clear()
        child.started_s = time.monotonic()
        child.process = subprocess.Popen(
            child.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**sd_notify.without_supervisor(os.environ), **self._reports_to(child), SUPERVISED: "1"},
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops both in their order; not on Windows
        )
        threading.Thread(target=self._read, args=(child, child.process), daemon=True).start()

    def _reports_to(self, child: Child) -> dict[str, str]:
        """Of its environment; only the daemon has a loop that feeds a watchdog."""
        return self._listener.environ(self._watchdog_s) if self._listener and child is self._daemon else {}

    def _read(self, child: Child, process: subprocess.Popen[str]) -> None:
        """A thread of each child: takes the ready line out of what it prints and passes the rest on."""
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready "):
                child.ready_facts = line.removeprefix("ready ").strip()
                child.fed_s = time.monotonic()
                child.ready.set()
                self._wakeups.put(None)
            else:
                print(line, end="", flush=True)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._wakeups.put(None)

    def _print_ready(self) -> None:
        if not self._is_ready and all(child.ready.is_set() for child in self._children):
            zmq, _, rest = self._daemon.ready_facts.partition(" ")
            line = " ".join(filter(None, ("ready", zmq, self._http.ready_facts, rest)))
            # In one write: the threads that pass on what children print would put theirs before its end.
            print(f"{line}\n", end="", flush=True)
            sd_notify.ready(line)
            self._is_ready = True

    def _dead(self) -> list[tuple[Child, int]]:
        """Children that ended by themselves, each with its exit status."""
        if self._stopping:
            return []
        statuses = [(child, child.process.poll()) for child in self._children if child.process is not None]
        return [(child, status) for child, status in statuses if status is not None]

    def _failed_start(self, child: Child, status: int) -> int:
        """The exit code where the child has printed its reason; where it could not, the reason as a StartError."""
        if status in EXPLAINED_CODES:
            return status
        raise StartError(f"the {child.name} process {how_it_ended(status)} while it was starting: {fix(status)}")

    def _restart(self, child: Child, status: int) -> None:
        if time.monotonic() - child.started_s > STEADY_S:
            child.restart_in_s = RESTART_MIN_S
        reason = f"the {child.name} process {how_it_ended(status)}; starting it again in {child.restart_in_s:.1f} s"
        log.warning(reason)
        sd_notify.notify(f"STATUS={reason}")
        deadline_s = time.monotonic() + child.restart_in_s
        while not self._stopping and (left_s := deadline_s - time.monotonic()) > 0:
            self._wait(left_s)
        child.restart_in_s = min(child.restart_in_s * 2, RESTART_MAX_S)
        if not self._stopping:
            self._start(child)

    def _stop(self) -> None:
        """HTTP first, so that no client asks a daemon that is stopping."""
        sd_notify.stopping()
        for child in reversed(self._children):
            if child.process is None or child.process.poll() is not None:
                continue
            _ask_to_stop(child.process)
            try:
                child.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                log.error("the %s process did not stop within %.0f s and is killed", child.name, STOP_S)
                child.process.kill()
                child.process.wait()
        if self._listener is not None:
            self._listener.close()


def without_own(sets: Sequence[str]) -> Sequence[str]:
    """In the daemon, what the admin set: `supervise.supervisor` has put two behind it."""
    return sets[:-2]


def _ask_to_stop(process: subprocess.Popen[str]) -> None:
    """SIGTERM; on Windows the end of the child's stdin, which means the same."""
    if HAS_SIGTERM:
        process.send_signal(signal.SIGTERM)
    elif process.stdin is not None:
        process.stdin.close()


def end_with_supervisor() -> bool:
    """In a child, once it starts: it stops as SIGTERM would have it when the supervisor is gone, however that ended.

    The supervisor never writes into the child's stdin, and the kernel closes its end of that pipe with the process: so
    nothing it started lives on behind one that was killed with -9, on every system. Returns whether it is such a child.
    """
    is_child = os.environ.pop(SUPERVISED, None) is not None
    if is_child:
        threading.Thread(target=_stop_at_end_of_stdin, name="supervisor", daemon=True).start()
    return is_child


def _stop_at_end_of_stdin() -> None:
    os.read(sys.stdin.fileno(), 1)
    signal.raise_signal(signal.SIGTERM)
