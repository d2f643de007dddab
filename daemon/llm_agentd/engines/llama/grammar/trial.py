"""Compiles grammars that nobody knows yet in another process, so that none that hangs or kills llama.cpp gets further.

A thread of its own, with one long-lived child (`trial_child.py`), started at the first grammar and ended after some
idle minutes. A child that takes too long is killed, and the next grammar starts a new one. What passed or failed is
remembered, so grammars that are seen over and over cost a look into a table. Knows no engine, no queue and no sockets:
verdicts come by callback, on this thread.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import orjson

from llm_agentd.config.values import LLAMA_ENGINES
from llm_agentd.engines.llama.grammar.trial_child import CPU_MAX_S
from llm_agentd.errors import AgentdError, BadRequest, DeadlineExceeded, Overloaded, Unavailable
from llm_agentd.types import Sampling
from llm_agentd.util.killed_after import killed_after

log = logging.getLogger(__name__)

ENGINES_TRIED = LLAMA_ENGINES  # the others have no grammars, or follow them in Python
WAITING_MAX = 32  # grammars that wait for the child; good ones take milliseconds each, and a second at most
REMEMBERED_MAX = 1024  # verdicts, by hash: 64 bytes each, and the reason of a bad one
WALL_MAX_S = 12.0  # of one grammar: its CPU limit, on a machine as busy as may be
START_MAX_S = 60.0  # of a child on a slow disk
IDLE_S = 300.0  # then its 40 MB are given back
STOP_MAX_S = 5.0
RETRY_AFTER_MS = 1000

OnVerdict: TypeAlias = Callable[[AgentdError | None], None]
Job: TypeAlias = tuple[str, bytes, float, OnVerdict]  # engine, the line for the child, deadline, who waits


class _Failed(Exception):
    """The child ended, or was ended. `args[0]`: how, for the user."""


class GrammarTrial:
    """`start`, `known` and `submit` from one other thread, `stop`."""

    def __init__(
        self,
        command: Callable[[str], Sequence[str]] | None = None,
        *,
        wall_max_s: float = WALL_MAX_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`command`: of the child for an engine; tests give others."""
        self._command = command or _child_command
        self._wall_max_s = wall_max_s
        self._clock = clock
        self._jobs: queue.Queue[Job | None] = queue.Queue(WAITING_MAX)
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()  # of the two below
        self._verdicts: OrderedDict[bytes, str] = OrderedDict()  # by hash of the line; "" = good
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="grammar trial", daemon=True)

    # -- from another thread -----------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def known(self, sampling: Sampling) -> bool:
        """Whether this grammar or schema has passed. Raises BadRequest where it has not."""
        with self._lock:
            reason = self._verdicts.get(_key(_line(sampling)))
        if reason:
            raise BadRequest(reason)
        return reason is not None

    @property
    def child_pid(self) -> int | None:
        child = self._child
        return None if child is None else child.pid

    def submit(self, engine: str, sampling: Sampling, deadline_s: float, on_verdict: OnVerdict) -> None:
        """`on_verdict` gets None where the grammar is good. Raises Overloaded where too many wait."""
        try:
            self._jobs.put_nowait((engine, _line(sampling), deadline_s, on_verdict))
        except queue.Full:
            reason = f"{WAITING_MAX} grammars that are new wait to be tried; try again shortly"
            raise Overloaded(reason, retry_after_ms=RETRY_AFTER_MS) from None

    def stop(self) -> None:
        """Ends the thread and the child, in the midst of a grammar if need be; who waits is not told."""
        with self._lock:
            self._is_stopped = True
        self._kill()
        with suppress(queue.Full):  # then the thread sees that it is to stop when it takes the next one
            self._jobs.put_nowait(None)
        if self._thread.is_alive():
            self._thread.join(STOP_MAX_S)

    # -- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopped:
            try:
                job = self._jobs.get(timeout=IDLE_S if self._child else None)
            except queue.Empty:
                self._close()
                continue
            if job is None or self._is_stopped:
                break
            engine, line, deadline_s, on_verdict = job
            verdict = self._verdict(engine, line, deadline_s)
            if not self._is_stopped:
                on_verdict(verdict)
        self._close()

    def _verdict(self, engine: str, line: bytes, deadline_s: float) -> AgentdError | None:
        if self._clock() > deadline_s:
            return DeadlineExceeded("not done in time: the grammar waited to be tried; raise deadline_ms")
        key = _key(line)
        reason = self._verdicts.get(key)  # two may have come before the first was tried
        if reason is None:
            try:
                child = self._open_child(engine)
            except (_Failed, OSError) as error:
                log.warning("a grammar cannot be tried: the process for it does not start (%s)", error)
                return Unavailable("the grammar cannot be tried just now; try again", retry_after_ms=RETRY_AFTER_MS)
            reason = self._tried(child, line)
            with self._lock:
                self._verdicts[key] = reason
                if len(self._verdicts) > REMEMBERED_MAX:
                    self._verdicts.popitem(last=False)
        return BadRequest(reason) if reason else None

    def _tried(self, child: subprocess.Popen[bytes], line: bytes) -> str:
        """Why the grammar is none to use; "" if it is."""
        try:
            return str(self._ask(child, line, self._wall_max_s)["error"])
        except (_Failed, OSError) as error:
            name = "grammar" if line.startswith(b'{"grammar"') else "json_schema"
            log.warning("a client's %s was refused: the process that tried it %s", name, error)
            return f"{name}: llama.cpp hangs or breaks on it (the process that tried it {error}); simplify it"

    def _open_child(self, engine: str) -> subprocess.Popen[bytes]:
        child = self._child
        if child is None:
            child = subprocess.Popen(self._command(engine), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            with self._lock:
                self._child = child
            if self._is_stopped:
                self._kill()
            self._ask(child, b"", START_MAX_S)
        return child

    def _ask(self, child: subprocess.Popen[bytes], line: bytes, limit_s: float) -> dict[str, Any]:
        """The child's answer. Raises _Failed, and there is no child any more, where none comes within the limit."""
        assert child.stdin is not None
        assert child.stdout is not None
        with killed_after(child, limit_s) as is_late, suppress(BrokenPipeError, ValueError):
            if line:
                child.stdin.write(line)
                child.stdin.flush()
            answer = child.stdout.readline()
            if answer.endswith(b"\n"):
                return dict(orjson.loads(answer))
        self._close()
        if is_late.is_set():
            raise _Failed(f"took longer than {limit_s:g} s")
        is_over_cpu = child.returncode == -getattr(signal, "SIGXCPU", 0)
        raise _Failed(f"took more than {CPU_MAX_S} s of CPU" if is_over_cpu else f"ended with {child.returncode}")

    def _kill(self) -> None:
        child = self._child
        if child is not None:
            child.kill()

    def _close(self) -> None:
        child = self._child
        with self._lock:
            self._child = None
        if child is not None:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()
            with suppress(OSError):  # what was not flushed goes nowhere, as its reader is gone
                child.stdin.close()  # type: ignore[union-attr]


def _child_command(engine: str) -> list[str]:
    return [sys.executable, "-m", "llm_agentd.engines.llama.grammar.trial_child", engine]


def _line(sampling: Sampling) -> bytes:
    """What the child is asked; a schema in the order of its keys, which is the order of the text."""
    if sampling.grammar is not None:
        return orjson.dumps({"grammar": sampling.grammar.encode(errors="replace").decode()}) + b"\n"
    try:
        return orjson.dumps({"json_schema": sampling.json_schema}) + b"\n"
    except (TypeError, ValueError) as error:
        raise BadRequest(f"json_schema: not JSON ({error})") from error


def _key(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=16).digest()
