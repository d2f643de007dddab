"""The parent's side of a child: starts it at the first order, ends it when idle, kills it when it hangs.

`ask` is called on the event loop; a thread of each worker's own writes to the child and waits for it, so that no pipe
ever blocks the loop. One order at a time. A child that dies or writes nonsense costs the order that it had; the next
one starts another, at once after the first death and after a growing pause when they go on. What it prints is logged.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, Literal, TypeAlias

from llm_agentd.config.speech import Speech
from llm_agentd.errors import AgentdError, BadRequest, SpeechError, TooLarge, Unavailable
from llm_agentd.speech.worker import frames
from llm_agentd.util.killed_after import killed_after

log = logging.getLogger(__name__)

IDLE_S = 300.0  # then its 200 MB are given back
START_MAX_S = 60.0  # of a child on a slow disk
PAUSE_S = 1.0  # before another child after the second death in a row; twice as long each time
PAUSE_MAX_S = 60.0
CALM_S = 300.0  # without a death: those before are forgotten
NO_ENGINE_RETRY_S = 60.0  # an admin may install one meanwhile
LINE_MAX_CHARS = 400  # of what a child prints
_ERRORS: dict[str, type[AgentdError]] = {cls.code: cls for cls in (BadRequest, SpeechError, TooLarge, Unavailable)}

Kind: TypeAlias = Literal["mouth", "ears"]
Answer: TypeAlias = tuple[dict[str, Any], bytes]


class Died(SpeechError):
    """The child ended, or was ended, in the midst of an order."""


class Worker:
    """`ask` and `wake` from one event loop, then `close`."""

    def __init__(
        self,
        kind: Kind,
        speech: Speech,
        *,
        cpus: Sequence[int] = (),
        command: Sequence[str] | None = None,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cpus`: where it may run; none: anywhere. `command`: of the child; tests give others."""
        self._kind = kind
        self._order = {"kind": kind, "speech": speech.model_dump(mode="json"), "cpus": list(cpus)}
        self._command = command or (sys.executable, "-m", "llm_agentd.speech.worker.child")
        self._idle_s = idle_s
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()  # `_child` and `_is_closed`: the loop kills what the thread starts
        self._is_closed = False
        self._idle_timer: asyncio.TimerHandle | None = None
        self._deaths = 0  # in a row
        self._died_s = 0.0
        self._not_before_s = 0.0
        self._problem = ""  # why there is no engine, until `_not_before_s`
        self.facts: dict[str, Any] = {}  # of the engine, once one was opened: `engine`, `languages`

    # -- the event loop ----------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        child = self._child
        return None if child is None else child.pid

    async def ask(self, order: dict[str, Any], data: bytes = b"", *, limit_s: float) -> Answer:
        """The child's answer. Raises what it answered with; Died, with the child killed, where none comes in time."""
        self._check()
        thread = self._ensure_thread()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, self._ask, order, data, limit_s)
        finally:
            self._end_when_idle()

    def wake(self) -> None:
        """Starts the child where there is none: somebody is about to need it."""
        if self._child is None and not self._is_closed and self._clock() >= self._not_before_s:
            self._ensure_thread().submit(self._wake)
            self._end_when_idle()

    def _ensure_thread(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, f"speech {self._kind}")
        return self._thread

    def _end_when_idle(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if not self._is_closed:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._end_idle)

    def _check(self) -> None:
        """Raises Unavailable while no child may be started."""
        left_s = self._not_before_s - self._clock()
        if self._is_closed:
            raise Unavailable("the HTTP adapter is stopping")
        if self._child is None and left_s > 0:
            raise Unavailable(
                self._problem or "the process that speaks died several times in a row; it is started again shortly",
                retry_after_ms=int(left_s * 1000),
            )

    def _end_idle(self) -> None:
        if self._thread is not None:
            self._thread.submit(self._end)

    def close(self) -> None:
        """Kills the child, also in the midst of an order, which then fails."""
        with self._lock:
            self._is_closed = True
            if self._child is not None:
                self._child.kill()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._thread is not None:
            self._thread.submit(self._end)
            self._thread.shutdown(wait=False)
            self._thread = None

    # -- the thread --------------------------------------------------------------------------------

    def _ask(self, order: dict[str, Any], data: bytes, limit_s: float) -> Answer:
        self._check()  # the order before may have ended the child
        if self._child is None:
            self._start()
        return _checked(self._exchange(frames.pack(order, data), limit_s))

    def _wake(self) -> None:
        with suppress(AgentdError):  # whoever asks next is told
            self._check()
            if self._child is None:
                self._start()

    def _start(self) -> None:
        try:
            child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            self._pause(f"does not start: {error}")
            raise Died(f"the process that {_does(self._kind)} does not start ({error.strerror})") from None
        assert child.stderr is not None
        threading.Thread(target=_log_lines, args=(self._kind, child.stderr), daemon=True).start()
        with self._lock:
            self._child = child
            if self._is_closed:
                child.kill()
        facts, _ = self._exchange(frames.pack(self._order), START_MAX_S)
        if "error" in facts:
            self._end()
            self._problem, self._not_before_s = facts["error"]["message"], self._clock() + NO_ENGINE_RETRY_S
            raise Unavailable(self._problem, retry_after_ms=int(NO_ENGINE_RETRY_S * 1000))
        self._problem, self.facts = "", facts

    def _exchange(self, frame: bytes, limit_s: float) -> Answer:
        """Writes a frame and reads one. Raises Died, and there is no child any more."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        with killed_after(child, limit_s) as is_late:
            try:
                child.stdin.write(frame)
                child.stdin.flush()
                return frames.read(child.stdout)
            except frames.BadFrame as error:
                why = str(error)
            except (EOFError, OSError):
                why = ""
        self._end()
        if is_late.is_set():
            why = f"was ended: no answer in {limit_s:g} s"
        self._pause(why or f"ended with {child.returncode}")
        raise Died(f"the process that {_does(self._kind)} {why or f'ended with {child.returncode}'}")

    def _pause(self, why: str) -> None:
        now_s = self._clock()
        self._deaths = self._deaths + 1 if now_s - self._died_s < CALM_S else 1
        self._died_s = now_s
        pause_s = 0.0 if self._deaths == 1 else min(PAUSE_MAX_S, PAUSE_S * 2.0 ** (self._deaths - 2))
        self._not_before_s = now_s + pause_s
        if not self._is_closed:
            log.warning("speech: the process that %s %s; another one in %g s", _does(self._kind), why, pause_s)

    def _end(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # what was not flushed goes nowhere, as its reader is gone
                pipe.close()  # type: ignore[union-attr]


def _checked(answer: Answer) -> Answer:
    """Raises the error that the child answered with."""
    error = answer[0].get("error")
    if error is not None:
        raise _ERRORS.get(error["code"], SpeechError)(error["message"], retry_after_ms=error.get("retry_after_ms"))
    return answer


def _log_lines(kind: Kind, stream: IO[bytes]) -> None:
    """What libraries print, in single lines that no player's text can break."""
    with stream:
        for raw in stream:
            line = "".join(letter if letter.isprintable() else " " for letter in raw.decode(errors="replace")).strip()
            if line:
                log.warning("speech (%s): %s", kind, line[:LINE_MAX_CHARS])


def _does(kind: Kind) -> str:
    return "speaks" if kind == "mouth" else "listens"
